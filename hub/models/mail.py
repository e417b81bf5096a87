"""Letters on their way: a row is written with what it tells, and kept after it was sent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import Account


class MailState(StrEnum):
    WAITING = "waiting"
    NO_ADDRESS = "no_address"
    """The account has no e-mail address; it waits for one."""
    SENT = "sent"
    FAILED = "failed"
    """Refused for good, or tried too often; stays until somebody retries."""
    EXPIRED = "expired"
    """Was of no use any more when it could have been sent."""


class OutgoingMail(Base):
    """One letter to one person. Texts are kept untranslated: the language is the reader's when it is sent."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        UniqueConstraint("notice_key", "recipient"),
        Index("ix_outgoing_mail_state_next_at", "state", "next_at"),
    )

    id: Mapped[str] = id_column()
    notice_key: Mapped[str] = mapped_column(String(160))
    recipient: Mapped[str] = mapped_column(String(254))
    """The account's id, or the address of somebody who has none."""
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)
    address: Mapped[str] = mapped_column(String(254), default="")
    """Where it goes, or went; of an account it is looked up when it is sent."""
    name: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(8), default="vi")
    unit_path: Mapped[str] = mapped_column(String(400), default="")
    """Whose administrators see it."""
    subject: Mapped[dict[str, Any]]
    lines: Mapped[list[Any]]
    path: Mapped[str] = mapped_column(String(300), default="")
    """Never with a secret in it: an invitation's is made when the letter leaves (``hub.services.invitations.link``)."""
    files: Mapped[list[Any]]
    state: Mapped[MailState] = mapped_column(String(16), default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=utc_now)
    claimed_by: Mapped[str] = mapped_column(String(32), default="")
    claimed_until: Mapped[datetime | None]
    """Until then nobody else sends it."""
    fault: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    account: Mapped[Account | None] = relationship(lazy="joined")
