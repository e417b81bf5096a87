"""Cases have a course of events, links to each other, and facts that their deadlines depend on"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name, kind, default in (
        ("level", sa.Integer(), "1"),
        ("complexity", sa.String(length=16), "ordinary"),
        ("remote", sa.Boolean(), sa.false()),
        ("several_places", sa.Boolean(), sa.false()),
        ("competent", sa.Boolean(), sa.true()),
        ("forwarded", sa.Boolean(), sa.false()),
    ):
        op.add_column("case_record", sa.Column(name, kind, server_default=default, nullable=False))
    op.create_table(
        "case_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("from_state", sa.String(length=24), nullable=False),
        sa.Column("to_state", sa.String(length=24), nullable=False),
        sa.Column("document_number", sa.String(length=80), nullable=False),
        sa.Column("document_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_case_event_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_case_event_case_id_case_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_case_event_case_id")),
    )
    op.create_table(
        "case_link",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("fk_case_link_case_id_case_record")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_case_link_created_by_account")),
        sa.ForeignKeyConstraint(["other_id"], ["case_record.id"], name=op.f("fk_case_link_other_id_case_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
        sa.UniqueConstraint("case_id", "other_id", name=op.f("uq_case_link_case_id")),
    )
    op.create_index(op.f("ix_case_link_other_id"), "case_link", ["other_id"])
