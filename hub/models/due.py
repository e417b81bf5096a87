"""What is due, derived from the clocks, and who was reminded of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import utc_now
from hub.models.base import Base, id_column


class ReminderKind(StrEnum):
    BEFORE = "before"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


_DATED = text("due IS NOT NULL")


class CaseDue(Base):
    """Derived: when a case's next clock is due, as ``hub.case_clocks`` counts. ``book`` names the rules and days off it
    was counted with; empty or another means that it must be counted anew before anybody is shown it. Of a closed case
    no clock runs, so it has no day.

    ``unit_id`` is the case's own, which never changes; None where an older release wrote, until ``dues.adopt`` asks.
    """

    __tablename__ = "case_due"
    __table_args__ = (
        Index("ix_case_due_book_due_case_id", "book", "due", "case_id"),
        Index(
            *("ix_case_due_order", "book", "due", "case_id", "unit_id"), postgresql_where=_DATED, sqlite_where=_DATED
        ),
        Index(*("ix_case_due_unit", "book", "unit_id", "due", "case_id"), postgresql_where=_DATED, sqlite_where=_DATED),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    unit_id: Mapped[str | None] = mapped_column(String(32))
    due: Mapped[date | None] = mapped_column(Date)
    clock: Mapped[str] = mapped_column(String(40), default="")
    book: Mapped[str] = mapped_column(String(32), default="")


class Reminder(Base):
    """That somebody was reminded of one due day of one thing: each once."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("account_id", "case_id", "clock", "due", "kind"),
        Index("ix_reminder_account_id_day", "account_id", "day"),
    )

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[ReminderKind] = mapped_column(String(16))
    clock: Mapped[str] = mapped_column(String(40))
    """Of ``hub.case_clocks``, or ``assignment``."""
    due: Mapped[date] = mapped_column(Date)
    day: Mapped[date] = mapped_column(Date)


class ReminderRun(Base):
    """A working day whose reminders have gone out."""

    __tablename__ = "reminder_run"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
