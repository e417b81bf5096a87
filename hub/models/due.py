"""What is due, derived from the clocks, and who was reminded of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import utc_now
from hub.models.base import Base, id_column


class ReminderKind(StrEnum):
    BEFORE = "before"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


class CaseDue(Base):
    """Derived: when a case's next clock is due, as ``hub.case_clocks`` counts. ``book`` names the rules and days off it
    was counted with; empty or another means that it must be counted anew before anybody is shown it."""

    __tablename__ = "case_due"
    __table_args__ = (Index("ix_case_due_book_due_case_id", "book", "due", "case_id"),)

    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    due: Mapped[date | None] = mapped_column(Date, index=True)
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
