"""Receptions of people (lượt tiếp), about a case or none, refusals too"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

REFERENCES = (
    ("unit_id", "org_unit", False),
    ("point_id", "point", True),
    ("account_id", "account", False),
    ("hearing_id", "hearing", True),
    ("case_id", "case_record", True),
    ("party_id", "party", True),
    ("decided_by", "account", True),
)


def upgrade() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.String(length=32), nullable=empty) for name, _table, empty in REFERENCES),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("people_count", sa.Integer(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("identity_method", sa.String(length=16), nullable=False),
        sa.Column("identity_note", sa.String(length=300), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("advised", sa.Text(), nullable=False),
        sa.Column("refusal_ground", sa.String(length=8), nullable=True),
        sa.Column("refusal_reason", sa.String(length=1000), nullable=False),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("document_day", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_visit_{name}_{table}"))
            for name, table, _empty in REFERENCES
        ),
    )
    op.create_index("ix_visit_unit_id_day", "visit", ["unit_id", "day"])
    for name in ("hearing_id", "case_id", "party_id"):
        op.create_index(op.f(f"ix_visit_{name}"), "visit", [name])
