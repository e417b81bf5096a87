"""Who is away, from when to when, and who stands in for them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import Account


class Absence(Base):
    """One time in which an account is away, both days included. Why is nobody's business here: an illness is sensitive
    data (Law on Personal Data Protection 91/2025)."""

    __tablename__ = "absence"
    __table_args__ = (
        Index("ix_absence_account_id_first_day", "account_id", "first_day"),
        Index("ix_absence_stand_in_id", "stand_in_id"),
    )

    id: Mapped[str] = id_column()
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    """None: until somebody says that it is over."""
    stand_in_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]
    """Taken back before it began, or on its first day."""

    account: Mapped[Account] = relationship(foreign_keys=account_id, lazy="joined")
    stand_in: Mapped[Account | None] = relationship(foreign_keys=stand_in_id, lazy="joined")
