"""Recordings are sealed, stamped, and have a chain of custody"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("recording", sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recording", sa.Column("seal_key", sa.String(length=64), nullable=True))
    op.add_column("recording", sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recording", sa.Column("custody_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("recording", sa.Column("custody_sha256", sa.String(length=64), server_default="", nullable=False))
    op.create_table(
        "custody_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_custody_event_account_id_account")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_custody_event_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_event")),
        sa.UniqueConstraint("recording_id", "seq", name=op.f("uq_custody_event_recording_id")),
    )
