"""Around a party: who speaks for it, what it needs, what it handed over, and a case that may not be here."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.cases import Party
from hub.models.people import Account


class RepresentationKind(StrEnum):
    GROUP = "group"
    """One of a group, chosen by all of it (Law on Citizen Reception 42/2013 Art 29)."""
    AUTHORISED = "authorised"
    LAWYER = "lawyer"
    LEGAL = "legal"
    """By law: of an organisation, of a minor, of a person without legal capacity."""


class Representation(Base):
    """A person who speaks for the party of a case; their identity is sealed like any other."""

    __tablename__ = "representation"

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"))
    kind: Mapped[RepresentationKind] = mapped_column(String(16))
    document_number: Mapped[str] = mapped_column(String(80), default="")
    """Of the authorisation, the appointment, or what makes this person the legal representative."""
    document_day: Mapped[date | None] = mapped_column(Date)
    scope: Mapped[str] = mapped_column(String(500), default="")
    """What the person may do."""
    card_number: Mapped[str] = mapped_column(String(40), default="")
    """A lawyer's card."""
    signed_by_all: Mapped[bool] = mapped_column(default=False)
    """The written appointment of a group's representative bears everybody's signature."""
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]

    party: Mapped[Party] = relationship(lazy="joined")


class PartyNeed(Base):
    """What a person needs to be heard; no row: nothing out of the ordinary."""

    __tablename__ = "party_need"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    nationality: Mapped[str] = mapped_column(String(60), default="")
    """Empty: Viet Nam."""
    language: Mapped[str] = mapped_column(String(60), default="")
    """Empty: Vietnamese."""
    interpreter: Mapped[bool] = mapped_column(default=False)
    needs: Mapped[str] = mapped_column(String(300), default="")
    """Disability, sign language, wheelchair: what the room must provide."""


class Receipt(Base):
    """What was handed over at one time (giấy biên nhận). Never changed: what comes later is another receipt."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"))
    number: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    officer: Mapped[Account] = relationship(lazy="joined")
    items: Mapped[list[ReceiptItem]] = relationship(
        lazy="selectin", order_by="ReceiptItem.position", cascade="all, delete-orphan"
    )


class ReceiptItem(Base):
    __tablename__ = "receipt_item"
    __table_args__ = (UniqueConstraint("receipt_id", "position"),)

    id: Mapped[str] = id_column()
    receipt_id: Mapped[str] = mapped_column(ForeignKey("receipt.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    pages: Mapped[int]
    originals: Mapped[int]
    copies: Mapped[int]


class StateSecret(Base):
    """A case that turned out to hold a state secret: nothing of it is here, and where it is kept instead."""

    __tablename__ = "state_secret"

    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    register_entry: Mapped[str] = mapped_column(String(200))
    """Where the offline register has it: number and place, nothing of what it is about."""
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)

    officer: Mapped[Account] = relationship(lazy="joined")
