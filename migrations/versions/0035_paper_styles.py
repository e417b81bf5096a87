"""How a unit's papers are headed and signed, where its administrator has said so"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "paper_style",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("on_behalf", sa.String(length=120), nullable=False),
        sa.Column("head", sa.String(length=80), nullable=False),
        sa.Column("deputy", sa.String(length=80), nullable=False),
        sa.Column("signer", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_paper_style_unit_id_org_unit")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_paper_style")),
    )


def downgrade() -> None:
    op.drop_table("paper_style")
