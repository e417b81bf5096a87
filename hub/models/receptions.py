"""The leaders' reception calendar: series, what was posted, who stood in for whom, and whose duty it is to receive."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.hearings import Hearing
from hub.models.people import Account, OrgUnit


class ReceptionSeries(Base):
    """Regular reception by a rule; its hearings are made ahead. Clock times are ``HH:MM`` in Vietnam."""

    __tablename__ = "reception_series"

    id: Mapped[str] = id_column()
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(String(200))
    """RFC 5545, without the first day and the end."""
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    starts: Mapped[str] = mapped_column(String(5))
    ends: Mapped[str] = mapped_column(String(5))
    chair_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    deputy_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    secretary_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    bridge_point_id: Mapped[str | None] = mapped_column(ForeignKey("point.id"))
    point_ids: Mapped[list[Any]]
    staff: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """``[point, officer, interpreter]``, ids or empty, of the points where anybody is named."""
    follows_id: Mapped[str | None] = mapped_column(ForeignKey("reception_series.id"))
    """The series that this one took over from by a change of "this and following"."""
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    chair: Mapped[Account] = relationship(lazy="joined", foreign_keys=[chair_id])


class Occurrence(Base):
    """Which day of which series a hearing is (RFC 5545 RECURRENCE-ID)."""

    __tablename__ = "occurrence"

    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), primary_key=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("reception_series.id"), index=True)
    rule_day: Mapped[date] = mapped_column(Date)
    """What the rule says; the hearing takes place later where that is a day off."""
    detached: Mapped[bool] = mapped_column(default=False)
    """Changed, postponed or cancelled by itself: a change of the series leaves it as it is."""

    hearing: Mapped[Hearing] = relationship(lazy="joined")


class Posting(Base):
    """What was posted of a reception, word for word (Law on Citizen Reception 42/2013 Art 24); append-only."""

    __tablename__ = "posting"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    leader: Mapped[str] = mapped_column(String(260))
    participants: Mapped[str] = mapped_column(String(500), default="")
    content: Mapped[str] = mapped_column(String(500))
    place: Mapped[str] = mapped_column(String(1000))
    notice: Mapped[str] = mapped_column(String(16))
    """``posted``; or what became of a posted one: ``changed``, ``postponed``, ``cancelled``, ``replaced``."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Public: why it was changed, postponed or cancelled, or another leader receives."""
    due_day: Mapped[date | None] = mapped_column(Date)
    """The last day on which posting was in time, by the rule of that date."""
    late: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship(lazy="joined")


class Replacement(Base):
    """Another leader received instead of the one announced: recorded and reported, not counted for the head."""

    __tablename__ = "replacement"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    before_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    after_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(500))

    account: Mapped[Account] = relationship(lazy="joined", foreign_keys=[account_id])
    before: Mapped[Account] = relationship(lazy="joined", foreign_keys=[before_id])
    after: Mapped[Account] = relationship(lazy="joined", foreign_keys=[after_id])


class UnitHead(Base):
    """Who must receive citizens in person for a unit, from when to when, and by which rule's minimum."""

    __tablename__ = "unit_head"

    id: Mapped[str] = id_column()
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    rule_code: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    account: Mapped[Account] = relationship(lazy="joined")
    unit: Mapped[OrgUnit] = relationship(lazy="joined")
