"""What search looks in, and searches that people keep; the index is filled at the next start"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0018"
down_revision = "0017"

FTS = """CREATE VIRTUAL TABLE search_fts USING fts5(
    tokens, content='search_doc', content_rowid='id', columnsize=0,
    tokenize="unicode61 remove_diacritics 0 tokenchars '=:_#-'")"""
FORGET = "INSERT INTO search_fts(search_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
KEEP = "INSERT INTO search_fts(rowid, tokens) VALUES (new.id, new.tokens);"
TRIGGERS = {"insert": KEEP, "delete": FORGET, "update": FORGET + KEEP}


def upgrade() -> None:
    op.create_table(
        "search_doc",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tokens", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_doc")),
        sa.UniqueConstraint("object_id", "kind", "seq", name=op.f("uq_search_doc_object_id")),
    )
    op.create_index("ix_search_doc_kind_at_id", "search_doc", ["kind", "at", "id"])
    if op.get_bind().dialect.name == "postgresql":
        # Without the pending list: a search would read through it.
        op.execute("CREATE INDEX ix_search_doc_tokens ON search_doc USING gin (tokens) WITH (fastupdate = off)")
    else:
        op.get_bind().exec_driver_sql(FTS)
        for what, does in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER search_doc_{what} AFTER {what} ON search_doc BEGIN {does} END")
    op.create_table(
        "saved_search",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_search_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    op.create_index(op.f("ix_saved_search_account_id"), "saved_search", ["account_id"])


def downgrade() -> None:
    op.drop_table("saved_search")
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE search_fts")
    op.drop_table("search_doc")
