"""Recordings may be encrypted, each with a key of its own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("segment", sa.Column("encrypted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("segment", sa.Column("stored_size_bytes", sa.BigInteger(), nullable=True))
    op.add_column("segment", sa.Column("stored_sha256", sa.String(length=64), nullable=True))
    op.create_table(
        "recording_key",
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("master", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_key_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_key")),
    )
