"""Passages of recordings may be withheld from all but a few"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("replay", sa.Column("with_withheld", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "withheld_range",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.String(length=32), nullable=True),
        sa.Column("ground", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_withheld_range_created_by_account")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_withheld_range_recording_id_recording")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld_range")),
    )
    op.create_index(op.f("ix_withheld_range_recording_id"), "withheld_range", ["recording_id"])
