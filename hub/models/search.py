"""What search looks in, and the searches that people have kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import Account


class SearchKind(StrEnum):
    """What is found. Minutes and documents will be kinds of their own."""

    CASE = "case"
    HEARING = "hearing"
    NOTE = "note"
    """A note or a message of a hearing's journal."""


class SearchDoc(Base):
    """One thing that can be found, made from other rows (``hub.search_index``) and never the truth about them.

    Left out of backups: ``hub search rebuild`` makes it again. On SQLite triggers keep the table ``search_fts`` (FTS5)
    in step with ``tokens``.
    """

    __tablename__ = "search_doc"
    __table_args__ = (
        UniqueConstraint("object_id", "kind", "seq"),
        Index("ix_search_doc_kind_at_id", "kind", "at", "id"),
        Index("ix_search_doc_tokens", "tokens", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    kind: Mapped[SearchKind] = mapped_column(String(8))
    object_id: Mapped[str] = mapped_column(String(32))
    """Of the case or the hearing."""
    seq: Mapped[int] = mapped_column(default=0)
    """Of a note: its event in the hearing."""
    at: Mapped[datetime]
    """Received, begins, written: what is newest comes first."""
    tokens: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))
    """``hub.search_words``; the last column, so that reading the others is quick on SQLite."""


class SavedSearch(Base):
    """A search that a person gave a name. What they typed may name a citizen, so it is sealed."""

    __tablename__ = "saved_search"

    id: Mapped[str] = id_column()
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Name and filters as JSON, under the vault's key."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SharedSearch(Base):
    """A search that somebody shared with their unit. Only what was chosen from lists, never words that were typed:
    these may name a citizen, a denouncer too."""

    __tablename__ = "shared_search"
    __table_args__ = (UniqueConstraint("unit_id", "query"),)

    id: Mapped[str] = id_column()
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    query: Mapped[str] = mapped_column(String(400))
    """As the page of results understands it; see ``hub.services.shared_searches.canonical``."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship(lazy="joined")
