"""Who handles a case: assignments within a unit, transfers between units, notices to the citizen."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.cases import Case
from hub.models.people import Account, OrgUnit


class AssignmentState(StrEnum):
    SENT = "sent"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    """Given back with a reason; the case waits for somebody else."""
    REPLACED = "replaced"
    DONE = "done"


class TransferState(StrEnum):
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    REPORTED = "reported"
    """The recipient has told the result (Law on Citizen Reception Art 27.2)."""


class Channel(StrEnum):
    """How a citizen was told."""

    HANDED = "handed"
    POST = "post"
    EMAIL = "email"
    PHONE = "phone"
    POSTED = "posted"  # niêm yết


NOT_ENDED = text("ended_at IS NULL")


class Assignment(Base):
    """One officer's turn at a case, kept for ever; at most one of a case has no ``ended_at``."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_to_id_ended_at", "to_id", "ended_at"),
        Index("ix_assignment_open", "due", "case_id", postgresql_where=NOT_ENDED, sqlite_where=NOT_ENDED),
    )

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    from_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    to_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    instruction: Mapped[str] = mapped_column(String(1000), default="")
    due: Mapped[date | None] = mapped_column(Date)
    state: Mapped[AssignmentState] = mapped_column(String(16), default=AssignmentState.SENT)
    answer: Mapped[str] = mapped_column(String(1000), default="")
    at: Mapped[datetime] = mapped_column(default=utc_now)
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    to: Mapped[Account] = relationship(foreign_keys=to_id, lazy="joined")
    giver: Mapped[Account] = relationship(foreign_keys=from_id, lazy="joined")


class Transfer(Base):
    """A case sent to the body that is to settle it: a unit of the hub, or one outside, by name."""

    __tablename__ = "transfer"
    __table_args__ = (Index("ix_transfer_to_unit_id_state", "to_unit_id", "state"),)

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    to_unit_id: Mapped[str | None] = mapped_column(ForeignKey("org_unit.id"))
    to_name: Mapped[str] = mapped_column(String(200))
    content_sha256: Mapped[str] = mapped_column(String(64), default="", index=True)
    """Of a denunciation's folded content: the same is transferred once only."""
    document_number: Mapped[str] = mapped_column(String(80))
    document_day: Mapped[date] = mapped_column(Date)
    day: Mapped[date] = mapped_column(Date)
    sent_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    state: Mapped[TransferState] = mapped_column(String(16), default=TransferState.SENT)
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    answered_day: Mapped[date | None] = mapped_column(Date)
    answer: Mapped[str] = mapped_column(String(1000), default="")
    """Why it was returned."""
    received_case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), unique=True)
    """The recipient's own case of it."""
    result_number: Mapped[str] = mapped_column(String(80), default="")
    result_day: Mapped[date | None] = mapped_column(Date)

    case: Mapped[Case] = relationship(foreign_keys=case_id, lazy="joined")
    received: Mapped[Case | None] = relationship(foreign_keys=received_case_id, lazy="joined")
    to_unit: Mapped[OrgUnit | None] = relationship(foreign_keys=to_unit_id, lazy="joined")


class TransferItem(Base):
    """One document of the sender's case that went along: an attachment or a paper made of it, by its id. No foreign
    key: the list of what was sent stays when a document has to be taken away."""

    __tablename__ = "transfer_item"

    transfer_id: Mapped[str] = mapped_column(ForeignKey("transfer.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


class CitizenNotice(Base):
    """That the citizen was told something of the case, by which way, and what proves it."""

    __tablename__ = "citizen_notice"

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    about: Mapped[str] = mapped_column(String(32))
    """The step of the case that was told, of ``hub.case_moves.MoveCode``."""
    channel: Mapped[Channel] = mapped_column(String(16))
    day: Mapped[date] = mapped_column(Date)
    """Handed over, posted, sent or called."""
    delivered: Mapped[date | None] = mapped_column(Date)
    proof: Mapped[str] = mapped_column(String(200), default="")
    """Receipt number, where it was posted, who signed: never a name of the citizen."""
    attachment_id: Mapped[str | None] = mapped_column(ForeignKey("attachment.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
