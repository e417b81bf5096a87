"""What lets room encoders and wall displays in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "device_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_id", sa.String(length=32), nullable=True),
        sa.Column("generation", sa.BigInteger(), nullable=True),
        sa.Column("etag", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_device_token_created_by_account")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_device_token_hearing_id_hearing")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_device_token_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_token")),
        sa.UniqueConstraint("session_id", name=op.f("uq_device_token_session_id")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_device_token_token_sha256")),
    )
    op.create_index("ix_device_token_hearing_id_direction", "device_token", ["hearing_id", "direction"], unique=False)
    op.create_index(op.f("ix_device_token_seat_id"), "device_token", ["seat_id"], unique=False)
