"""Turns of citizens in a reception, and the addresses of the boards that show them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import Point


class TicketState(StrEnum):
    BOOKED = "booked"
    WAITING = "waiting"
    CALLED = "called"
    DONE = "done"
    ABSENT = "absent"


class QueueTicket(Base):
    """One turn at one point of a hearing; the board shows its number and nothing else."""

    __tablename__ = "queue_ticket"
    __table_args__ = (UniqueConstraint("hearing_id", "point_id", "number"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"))
    point_id: Mapped[str] = mapped_column(ForeignKey("point.id"), index=True)
    number: Mapped[int]
    slot_at: Mapped[datetime]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"))
    state: Mapped[TicketState] = mapped_column(String(16), default=TicketState.BOOKED)
    called_at: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)


class BoardToken(Base):
    """The secret address of one point's board; a new one voids the old. Only the SHA-256 is kept."""

    __tablename__ = "board_token"

    point_id: Mapped[str] = mapped_column(ForeignKey("point.id"), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    point: Mapped[Point] = relationship(lazy="joined")
