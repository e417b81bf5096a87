"""Who was invited to a hearing and what they answered; the secret addresses of personal calendar feeds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import Account


class Answer(StrEnum):
    NONE = "none"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    PROPOSED = "proposed"
    """Another time."""


class Invitation(Base):
    """One person's invitation to one hearing; ``sequence`` is the hearing's version that was told last.

    The link in the letter carries a random token; the table only its SHA-256. It answers this invitation and nothing
    else, until the hearing begins, and only the newest letter's.
    """

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("hearing_id", "account_id"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    sequence: Mapped[int]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    answer: Mapped[Answer] = mapped_column(String(16), default=Answer.NONE)
    answered_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(String(500), default="")
    proposed_starts_at: Mapped[datetime | None]
    proposed_ends_at: Mapped[datetime | None]
    told_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship(lazy="joined")


class CalendarFeed(Base):
    """The secret address of one account's calendar: making a new one voids the old."""

    __tablename__ = "calendar_feed"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    account: Mapped[Account] = relationship(lazy="joined")
