"""Recordings are kept by dated rules, and locked where the store locks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for table, columns in {
        "recording": [
            sa.Column("retain_until", sa.DateTime(timezone=True), nullable=True),
            sa.Column("retention", sa.JSON(), nullable=True),
            sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
            sa.Column("stamp_locked", sa.Boolean(), server_default=sa.false(), nullable=False),
            sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False),
            sa.Column("versions", sa.JSON(), nullable=True),
        ],
        "segment": [
            sa.Column("version", sa.String(length=1024), server_default="", nullable=False),
            sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        ],
    }.items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "retention_rule",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_type", sa.String(length=16), nullable=False),
        sa.Column("years", sa.Integer(), nullable=True),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rule")),
    )
