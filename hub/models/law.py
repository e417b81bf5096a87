"""The law as dated data: rules with their legal basis, and the days that are not what their weekday says."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import Date, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Base, id_column


class RuleUnit(StrEnum):
    WORKING_DAYS = "working_days"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    DAYS_PER_WEEK = "days_per_week"
    """A minimum frequency, as the two below."""
    DAYS_PER_MONTH = "days_per_month"
    TIMES = "times"
    """How often something may be done at most; not a span of time."""
    PEOPLE = "people"
    FOREVER = "forever"
    """Kept without end; the value counts for nothing."""


class Direction(StrEnum):
    AFTER = "after"
    """Within so long after the event."""
    BEFORE = "before"
    """At least so long before the event."""


class Certainty(StrEnum):
    """How sure we are of a row."""

    TEXT = "text"
    """Read in a consolidated text of the law."""
    SECONDARY = "secondary"
    """Told by a newspaper or an official page."""
    UNVERIFIED = "unverified"
    """From memory, computed, or announced and not known to be enacted."""


class DayKind(StrEnum):
    HOLIDAY = "holiday"
    COMPENSATORY = "compensatory"
    """Off because a holiday fell on a weekend (Labour Code 2019 Art 111.3)."""
    SWAPPED_OFF = "swapped_off"
    """A weekday off in exchange for another day."""
    SWAPPED_WORKING = "swapped_working"
    """A Saturday or Sunday worked in exchange."""


class LegalRule(Base):
    """One rule as it stands from ``valid_from`` to ``valid_to``, both included. The program asks by ``code``."""

    __tablename__ = "legal_rule"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    id: Mapped[str] = id_column()
    code: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    value: Mapped[int]
    unit: Mapped[RuleUnit] = mapped_column(String(24))
    direction: Mapped[Direction] = mapped_column(String(8), default=Direction.AFTER)
    legal_basis: Mapped[str] = mapped_column(String(300))
    certainty: Mapped[Certainty] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(600), default="")
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    active: Mapped[bool] = mapped_column(default=True)
    """False: kept for the record, and counts for nothing."""
    shipped_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    """Which row of the shipped files it came from, whatever became of it; None: added by an administrator."""
    edited: Mapped[bool] = mapped_column(default=False)
    """True once an administrator has changed it: later shipped values leave it alone."""
    version: Mapped[int] = mapped_column(default=1)


class Holiday(Base):
    """One day that is not what its weekday says."""

    __tablename__ = "holiday"

    id: Mapped[str] = id_column()
    day: Mapped[date] = mapped_column(Date, unique=True)
    kind: Mapped[DayKind] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    legal_basis: Mapped[str] = mapped_column(String(300))
    certainty: Mapped[Certainty] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(600), default="")
    active: Mapped[bool] = mapped_column(default=True)
    shipped_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    edited: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
