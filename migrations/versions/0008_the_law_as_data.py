"""Rules and holidays are dated rows"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "legal_rule",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=24), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("certainty", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=600), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        *_kept(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_rule")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_legal_rule_code")),
        sa.UniqueConstraint("shipped_key", name=op.f("uq_legal_rule_shipped_key")),
    )
    op.create_table(
        "holiday",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("certainty", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=600), nullable=False),
        *_kept(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
        sa.UniqueConstraint("day", name=op.f("uq_holiday_day")),
        sa.UniqueConstraint("shipped_key", name=op.f("uq_holiday_shipped_key")),
    )


def _kept() -> list[sa.Column[object]]:
    return [
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("shipped_key", sa.String(length=100), nullable=True),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    ]
