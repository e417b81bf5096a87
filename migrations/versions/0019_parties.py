"""Representatives and needs of parties, receipts, pointers to state secrets, and what a virus scan said"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def _id(name: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=32), nullable=empty)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.create_table(
        "representation",
        _id("id"),
        _id("case_id"),
        _id("party_id"),
        _text("kind", 16),
        _text("document_number", 80),
        sa.Column("document_day", sa.Date(), nullable=True),
        _text("scope", 500),
        _text("card_number", 40),
        sa.Column("signed_by_all", sa.Boolean(), nullable=False),
        _id("created_by"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representation")),
        _reference("representation", "case_id", "case_record"),
        _reference("representation", "party_id", "party"),
        _reference("representation", "created_by", "account"),
    )
    op.create_index(op.f("ix_representation_case_id"), "representation", ["case_id"])
    op.create_table(
        "party_need",
        _id("party_id"),
        _text("nationality", 60),
        _text("language", 60),
        sa.Column("interpreter", sa.Boolean(), nullable=False),
        _text("needs", 300),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_need")),
        _reference("party_need", "party_id", "party"),
    )
    op.create_table(
        "receipt",
        _id("id"),
        _id("case_id"),
        _text("number", 40),
        sa.Column("day", sa.Date(), nullable=False),
        _id("account_id"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_receipt_case_id")),
        _reference("receipt", "case_id", "case_record"),
        _reference("receipt", "account_id", "account"),
    )
    op.create_table(
        "receipt_item",
        _id("id"),
        _id("receipt_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        _text("name", 200),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("originals", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_item")),
        sa.UniqueConstraint("receipt_id", "position", name=op.f("uq_receipt_item_receipt_id")),
        _reference("receipt_item", "receipt_id", "receipt"),
    )
    op.create_table(
        "state_secret",
        _id("case_id"),
        _text("register_entry", 200),
        _id("account_id"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_state_secret")),
        _reference("state_secret", "case_id", "case_record"),
        _reference("state_secret", "account_id", "account"),
    )
    op.add_column("attachment", sa.Column("scan", sa.String(length=8), server_default="none", nullable=False))


def downgrade() -> None:
    op.drop_column("attachment", "scan")
    for table in ("state_secret", "receipt_item", "receipt", "party_need", "representation"):
        op.drop_table(table)
