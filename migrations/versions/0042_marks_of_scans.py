"""Signed scans that were entered by mistake"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.create_table(
        "scan_mark",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("document_scan_id", sa.String(length=32), nullable=True),
        sa.Column("minutes_scan_id", sa.String(length=32), nullable=True),
        sa.Column("mistaken", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_scan_id"],
            ["document_scan.id"],
            name=op.f("fk_scan_mark_document_scan_id_document_scan"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["minutes_scan_id"],
            ["minutes_scan.id"],
            name=op.f("fk_scan_mark_minutes_scan_id_minutes_scan"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_scan_mark_created_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_mark")),
    )
    op.create_index(op.f("ix_scan_mark_document_scan_id"), "scan_mark", ["document_scan_id"])
    op.create_index(op.f("ix_scan_mark_minutes_scan_id"), "scan_mark", ["minutes_scan_id"])


def downgrade() -> None:
    op.drop_table("scan_mark")
