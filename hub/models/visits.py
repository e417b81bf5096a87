"""Who was received when: a reception of a person (lượt tiếp), which is neither a case nor a number of people."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.cases import Case, Party
from hub.models.people import Account, OrgUnit, Point


class IdentityMethod(StrEnum):
    """How the officer knew who it was (Law on Citizen Reception 42/2013 Art 7, as amended by 136/2025)."""

    CITIZEN_ID = "citizen_id"
    PASSPORT = "passport"
    VNEID = "vneid"
    OTHER_PAPER = "other_paper"
    NO_PAPER = "no_paper"
    """No papers at all: how the person was identified is written beside it."""
    UNKNOWN = "unknown"
    """Did not say who they are: possible in a refusal, or where the person was only guided."""


class RefusalGround(StrEnum):
    """Law on Citizen Reception 42/2013 Art 9."""

    INCAPABLE = "9.1"
    MISCONDUCT = "9.2"
    SETTLED = "9.3"
    OTHER = "9.4"


class Visit(Base):
    """One reception. It may be about a case or none, and may end in a refusal; the row is kept either way."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_unit_id_day", "unit_id", "day"),)

    id: Mapped[str] = id_column()
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"))
    point_id: Mapped[str | None] = mapped_column(ForeignKey("point.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    """The officer who received."""
    at: Mapped[datetime] = mapped_column(default=utc_now)
    day: Mapped[date] = mapped_column(Date)
    """The local day of ``at``."""
    hearing_id: Mapped[str | None] = mapped_column(ForeignKey("hearing.id"), index=True)
    """Set when the citizen was received over video."""
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    party_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"), index=True)
    """Who came: the case's party, or one of the visit's own when there is no case. None: did not say."""
    people_count: Mapped[int] = mapped_column(default=1)
    first: Mapped[bool] = mapped_column(default=True)
    """The first reception of this matter; False when it was received before."""
    identity_method: Mapped[IdentityMethod] = mapped_column(String(16))
    identity_note: Mapped[str] = mapped_column(String(300), default="")
    requested: Mapped[str] = mapped_column(Text, default="")
    """What the citizen asked for (yêu cầu, đề nghị)."""
    advised: Mapped[str] = mapped_column(Text, default="")
    """What the officer answered or advised."""
    refusal_ground: Mapped[RefusalGround | None] = mapped_column(String(8))
    """Set: the person was refused, on this ground."""
    refusal_reason: Mapped[str] = mapped_column(String(1000), default="")
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    """Who decided the refusal."""
    document_number: Mapped[str] = mapped_column(String(80), default="")
    """Of the written notice that the matter is settled (ground 9.3) or of the refusal itself."""
    document_day: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    point: Mapped[Point | None] = relationship(lazy="joined")
    officer: Mapped[Account] = relationship(lazy="joined", foreign_keys=[account_id])
    decider: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=[decided_by])
    case: Mapped[Case | None] = relationship(lazy="joined")
    party: Mapped[Party | None] = relationship(lazy="joined")
