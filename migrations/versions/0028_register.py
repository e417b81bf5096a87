"""The register of receptions: books, and entries chained by their hashes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

REFERENCES = (
    ("unit_id", "org_unit", False),
    ("account_id", "account", False),
    ("visit_id", "visit", False),
    ("case_id", "case_record", True),
    ("party_id", "party", True),
)


def upgrade() -> None:
    op.create_table(
        "register_book",
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=32), nullable=True),
        sa.Column("outcomes_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_register_book_unit_id_org_unit")),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"], name=op.f("fk_register_book_closed_by_account")),
        sa.PrimaryKeyConstraint("unit_id", "year", name=op.f("pk_register_book")),
    )
    op.create_table(
        "register_entry",
        sa.Column("id", sa.String(length=32), nullable=False),
        *(sa.Column(name, sa.String(length=32), nullable=empty) for name, _table, empty in REFERENCES),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("case_type", sa.String(length=16), nullable=True),
        sa.Column("pseudonym", sa.String(length=40), nullable=False),
        sa.Column("people_count", sa.Integer(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("sealed_who", sa.LargeBinary(), nullable=True),
        sa.Column("who_sha256", sa.String(length=64), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("texts_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint("unit_id", "year", "number", name=op.f("uq_register_entry_unit_id")),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_register_entry_{name}_{table}"))
            for name, table, _empty in REFERENCES
        ),
    )
    op.create_index("ix_register_entry_unit_id_day", "register_entry", ["unit_id", "day"])
    for name in ("visit_id", "case_id", "party_id"):
        op.create_index(op.f(f"ix_register_entry_{name}"), "register_entry", [name])


def downgrade() -> None:
    for table in ("register_entry", "register_book"):
        op.drop_table(table)
