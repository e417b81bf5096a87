"""Recordings are destroyed when two people approve of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "destruction",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("proposed_name", sa.String(length=120), nullable=False),
        sa.Column("proposed_at", instant, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("approved_name", sa.String(length=120), nullable=False),
        sa.Column("approved_at", instant, nullable=True),
        sa.Column("approve_reason", sa.String(length=500), nullable=False),
        sa.Column("closed_at", instant, nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("objects_left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_destruction_recording_id_recording")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_destruction_proposed_by_account")),
        sa.ForeignKeyConstraint(["approved_by"], ["account.id"], name=op.f("fk_destruction_approved_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction")),
    )
    op.create_index(op.f("ix_destruction_recording_id"), "destruction", ["recording_id"])
    op.create_index(op.f("ix_destruction_state"), "destruction", ["state"])
