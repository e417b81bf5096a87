"""Series of regular reception, what was posted, replacements and heads of units"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    _series()
    _postings()
    op.create_table(
        "unit_head",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("rule_code", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_unit_head_unit_id_org_unit")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_unit_head_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_head")),
    )
    op.create_index(op.f("ix_unit_head_unit_id"), "unit_head", ["unit_id"])
    op.create_index(op.f("ix_unit_head_account_id"), "unit_head", ["account_id"])


def _series() -> None:
    people = ("chair_id", "deputy_id", "secretary_id", "created_by")
    op.create_table(
        "reception_series",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("starts", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("chair_id", sa.String(length=32), nullable=False),
        sa.Column("deputy_id", sa.String(length=32), nullable=True),
        sa.Column("secretary_id", sa.String(length=32), nullable=True),
        sa.Column("bridge_point_id", sa.String(length=32), nullable=True),
        sa.Column("point_ids", sa.JSON(), nullable=False),
        sa.Column("follows_id", sa.String(length=32), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_reception_series_unit_id_org_unit")),
        sa.ForeignKeyConstraint(
            ["bridge_point_id"], ["point.id"], name=op.f("fk_reception_series_bridge_point_id_point")
        ),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["reception_series.id"], name=op.f("fk_reception_series_follows_id_reception_series")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["account.id"], name=op.f(f"fk_reception_series_{name}_account"))
            for name in people
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reception_series")),
    )
    op.create_index(op.f("ix_reception_series_unit_id"), "reception_series", ["unit_id"])
    op.create_index(op.f("ix_reception_series_chair_id"), "reception_series", ["chair_id"])
    op.create_table(
        "occurrence",
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("series_id", sa.String(length=32), nullable=False),
        sa.Column("rule_day", sa.Date(), nullable=False),
        sa.Column("detached", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_occurrence_hearing_id_hearing")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["reception_series.id"], name=op.f("fk_occurrence_series_id_reception_series")
        ),
        sa.PrimaryKeyConstraint("hearing_id", name=op.f("pk_occurrence")),
    )
    op.create_index(op.f("ix_occurrence_series_id"), "occurrence", ["series_id"])


def _postings() -> None:
    op.create_table(
        "posting",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leader", sa.String(length=260), nullable=False),
        sa.Column("participants", sa.String(length=500), nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("place", sa.String(length=1000), nullable=False),
        sa.Column("notice", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_posting_hearing_id_hearing")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_posting_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_hearing_id"), "posting", ["hearing_id"])
    op.create_table(
        "replacement",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hearing_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("before_id", sa.String(length=32), nullable=False),
        sa.Column("after_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_replacement_hearing_id_hearing")),
        *(
            sa.ForeignKeyConstraint([name], ["account.id"], name=op.f(f"fk_replacement_{name}_account"))
            for name in ("account_id", "before_id", "after_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replacement")),
    )
    op.create_index(op.f("ix_replacement_hearing_id"), "replacement", ["hearing_id"])
