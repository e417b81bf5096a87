"""Searches that are shared with a unit: choices only, never words that were typed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "shared_search",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("query", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_shared_search_unit_id_org_unit")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_shared_search_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_search")),
        sa.UniqueConstraint("unit_id", "query", name=op.f("uq_shared_search_unit_id")),
    )


def downgrade() -> None:
    op.drop_table("shared_search")
