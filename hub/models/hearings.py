"""When and where: hearings, their seats and everything that happened in them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.cases import Case
from hub.models.people import Account, OrgUnit, Point


class HearingKind(StrEnum):
    REGULAR = "regular"  # định kỳ
    AD_HOC = "ad_hoc"  # đột xuất


class AdHocGround(StrEnum):
    """Law on Citizen Reception 42/2013 Art 18.3."""

    ACUTE = "18.3.a"
    GRAVE = "18.3.b"


class HearingState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    RECESS = "recess"
    INTERRUPTED = "interrupted"
    CLOSED = "closed"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


LIVE_STATES = frozenset({HearingState.OPEN, HearingState.RECESS, HearingState.INTERRUPTED})
OVER_STATES = frozenset({HearingState.CLOSED, HearingState.CANCELLED})


class SeatKind(StrEnum):
    """A seat is one browser's place in a hearing."""

    CHAIR = "chair"
    DEPUTY = "deputy"
    SECRETARY = "secretary"
    POINT = "point"


class Hearing(Base):
    """A reception session (buổi tiếp), booked and then held."""

    __tablename__ = "hearing"
    __table_args__ = (Index("ix_hearing_starts_at_id", "starts_at", "id"),)

    id: Mapped[str] = id_column()
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[HearingKind] = mapped_column(String(16))
    ad_hoc_ground: Mapped[AdHocGround | None] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[HearingState] = mapped_column(String(16), default=HearingState.SCHEDULED, index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    """The unit that holds the hearing; auditors' scopes are compared with its path."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why it was changed, postponed or cancelled; shown to everyone invited."""
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    seats: Mapped[list[Seat]] = relationship(lazy="selectin", order_by="Seat.position", cascade="all, delete-orphan")
    cases: Mapped[list[Case]] = relationship(
        secondary="hearing_case", lazy="selectin", order_by="HearingCase.position, HearingCase.case_id"
    )
    """In the order in which they are to be heard."""


class Seat(Base):
    """A place at the table: the chair, the deputy, the secretary, or a point with its officer and citizens."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("hearing_id", "position"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), index=True)
    kind: Mapped[SeatKind] = mapped_column(String(16))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(200))
    """What the name plate says; for a denunciation it names the point and never the citizen."""
    point_id: Mapped[str | None] = mapped_column(ForeignKey("point.id"), index=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)
    """Set for chair, deputy and secretary; a point's seat is taken by any officer of the point's unit."""
    officer_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)
    """Who is to receive the citizens at this point; None: any officer of its unit."""
    interpreter_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)

    point: Mapped[Point | None] = relationship(lazy="joined")
    account: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=[account_id])
    # Most points name neither: then nothing is asked for.
    officer: Mapped[Account | None] = relationship(lazy="selectin", foreign_keys=[officer_id])
    interpreter: Mapped[Account | None] = relationship(lazy="selectin", foreign_keys=[interpreter_id])

    @property
    def people(self) -> frozenset[str]:
        """Accounts that this seat occupies while the hearing lasts."""
        return frozenset(one for one in (self.account_id, self.officer_id, self.interpreter_id) if one)


class HearingCase(Base):
    __tablename__ = "hearing_case"

    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0, server_default="0")


class HearingEvent(Base):
    """Something that happened in a hearing, append-only; a restarted web process replays them in order of ``seq``.

    ``kind`` and ``payload`` are an event of ``signaling.events``: its tag and its other fields.
    """

    __tablename__ = "hearing_event"

    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    kind: Mapped[str] = mapped_column(String(32))
    seat_id: Mapped[str | None] = mapped_column(String(32))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Attendance(Base):
    """Who sat in which seat, from when to when; one row per stay."""

    __tablename__ = "attendance"
    __table_args__ = (Index("ix_attendance_hearing_id_seat_id", "hearing_id", "seat_id"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"))
    seat_id: Mapped[str] = mapped_column(ForeignKey("seat.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="joined")


class DeviceCheck(Base):
    """What the check before entering found; the centre sees it."""

    __tablename__ = "device_check"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), index=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seat.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    camera: Mapped[str] = mapped_column(String(16))
    microphone: Mapped[str] = mapped_column(String(16))
    loudspeaker: Mapped[str] = mapped_column(String(16))
    connection: Mapped[str] = mapped_column(String(16))
    """Each one of ``ok``, ``failed``, ``skipped``."""
    detail: Mapped[str] = mapped_column(Text, default="")


class RecordingNotice(Base):
    """The officer's confirmation that the citizen was told of the recording and of its legal basis."""

    __tablename__ = "recording_notice"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), index=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seat.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
