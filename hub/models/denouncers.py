"""The denouncers' vault: who denounced, under a key that opens nothing else (Law on Denunciations 2018 Art 56).

Everything else knows a denouncer by the pseudonym of ``Party`` alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import utc_now
from hub.models.base import Base


class DenouncerIdentity(Base):
    """The sealed identity of a party that is ``secret``; ``party.sealed_identity`` is empty then."""

    __tablename__ = "denouncer_vault"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    """Of the ring ``denouncers``; empty for a row from before the vault had a key of its own."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(default=utc_now)


class DenouncerDocument(Base):
    """The key of one document of a denunciation, wrapped: changing the vault's key leaves the object as it is."""

    __tablename__ = "denouncer_document"

    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    in_use: Mapped[bool] = mapped_column(default=False)
    """True once the object that the attachment points to is sealed with it."""


class DenouncerPaper(Base):
    """The key of one paper made in a denunciation, or of its signed scan, wrapped as ``DenouncerDocument``'s is."""

    __tablename__ = "denouncer_paper"

    paper_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Of a ``Document`` or a ``DocumentScan``; kept before anything is sealed with it, so it may be of neither yet."""
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
