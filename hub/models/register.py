"""The register of receptions (sổ tiếp công dân): one book per unit and year, entries that are only ever added."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.cases import Case, CaseType, Party
from hub.models.people import Account, OrgUnit


class RegisterBook(Base):
    """How many entries a book must have and what the last one's hash is: what a chain cannot say of its own end."""

    __tablename__ = "register_book"

    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    outcomes_sha256: Mapped[str] = mapped_column(String(64), default="")
    """Over what was frozen when the year was closed."""


class RegisterEntry(Base):
    """One line. Its hash covers the entry before it and everything here but ``outcome``; of ``texts`` and
    ``sealed_who`` the checksums, so that both can be taken away when the case turns out to be a denunciation."""

    __tablename__ = "register_entry"
    __table_args__ = (
        UniqueConstraint("unit_id", "year", "number"),
        Index("ix_register_entry_unit_id_day", "unit_id", "day"),
    )

    id: Mapped[str] = id_column()
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"))
    year: Mapped[int]
    number: Mapped[int]
    """1, 2, 3 … within the unit and year."""
    at: Mapped[datetime] = mapped_column(default=utc_now)
    """When it was written."""
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    officer: Mapped[str] = mapped_column(String(120))
    """The officer's name as it was then."""
    day: Mapped[date] = mapped_column(Date)
    """Of the reception."""
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"), index=True)
    corrects: Mapped[int | None]
    """The number of the entry that this one corrects."""
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    case_type: Mapped[CaseType | None] = mapped_column(String(16))
    party_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"), index=True)
    pseudonym: Mapped[str] = mapped_column(String(40), default="")
    people_count: Mapped[int] = mapped_column(default=1)
    first: Mapped[bool]
    sealed_who: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The party's sealed identity as it was then; None for denouncers and for whom nobody knows."""
    who_sha256: Mapped[str] = mapped_column(String(64), default="")
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """``content``, ``requested``, ``settled_by``, ``note``, ``reason`` and a random ``salt``."""
    texts_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[dict[str, Any] | None]
    """Handling and result as they stood when the year was closed; derived from the case until then."""

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    writer: Mapped[Account] = relationship(lazy="joined")
    case: Mapped[Case | None] = relationship(lazy="joined")
    party: Mapped[Party | None] = relationship(lazy="joined")
