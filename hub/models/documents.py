"""Papers made from cases and visits: numbered per unit and year, never replaced; signed scans are added beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.cases import Case
from hub.models.people import Account, OrgUnit


class Document(Base):
    """One paper. Its number is given out first and its PDF made after, so ``sha256`` is empty until it is whole."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("unit_id", "year", "counter"),)

    id: Mapped[str] = id_column()
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    """None: of a visit that belongs to no case."""
    visit_id: Mapped[str | None] = mapped_column(ForeignKey("visit.id"), index=True)
    """The reception that the paper is about, where it is about one."""
    receipt_id: Mapped[str | None] = mapped_column(ForeignKey("receipt.id"), index=True)
    """The list of what was handed over that the paper was made from."""
    hearing_id: Mapped[str | None] = mapped_column(ForeignKey("hearing.id"), index=True)
    """Of a hearing's minutes or conclusion; then there is neither a case nor a visit."""
    source_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    """The version of minutes, annex or conclusion that it sets out: one paper of each."""
    text_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of that text as it was frozen or sealed; printed on the paper."""
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"))
    form_code: Mapped[str] = mapped_column(String(64))
    edition: Mapped[date] = mapped_column(Date)
    """The day from which the form's edition holds."""
    year: Mapped[int]
    counter: Mapped[int | None]
    """1, 2, 3 … within the unit and year; None: an annex, which goes by the number of its minutes."""
    number: Mapped[str] = mapped_column(String(80))
    """As on the paper: ``12/GBN-UBND``."""
    day: Mapped[date] = mapped_column(Date)
    named: Mapped[bool]
    """Carries the identity of who came; in a denunciation only who may read that may open it."""
    sealed_paper: Mapped[bytes] = mapped_column(LargeBinary)
    """The ``hub.papers.Paper`` as JSON, sealed: the Word file is built from it, and the PDF if it was cut off."""
    token: Mapped[str] = mapped_column(String(32), unique=True)
    """128 random bits in the address that the QR code leads to."""
    object_key: Mapped[str | None] = mapped_column(String(200))
    sealed: Mapped[bool]
    """The object is encrypted. ``sha256`` and ``size_bytes`` are of the document itself."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int | None]
    signature: Mapped[str | None] = mapped_column(String(128))
    """Ed25519 over what the verify page shows, in hex."""
    signed_with: Mapped[str | None] = mapped_column(String(64))
    """The key's fingerprint."""
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    voided_at: Mapped[datetime | None]
    """Since when it no longer counts; number, text and file stay."""
    voided_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    void_reason: Mapped[str] = mapped_column(String(500), default="", server_default="")

    case: Mapped[Case | None] = relationship(lazy="joined")
    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    maker: Mapped[Account] = relationship(lazy="joined", foreign_keys=[created_by])
    voider: Mapped[Account | None] = relationship(lazy="joined", foreign_keys=[voided_by])
    scans: Mapped[list[DocumentScan]] = relationship(
        lazy="selectin", order_by="DocumentScan.created_at", back_populates="document"
    )

    @property
    def signed(self) -> list[DocumentScan]:
        """Its signed copies, without what was entered by mistake."""
        return [one for one in self.scans if one.mistake is None]

    @property
    def numbered_scans(self) -> list[tuple[int, DocumentScan]]:
        """All of them under the numbers that they keep, those entered by mistake last."""
        return sorted(enumerate(self.scans, 1), key=lambda one: one[1].mistake is not None)

    @property
    def secret(self) -> bool:
        """About a denunciation, or of a hearing, where anybody may be named. A visit without a case is of nobody who
        denounces."""
        return self.hearing_id is not None or (self.case is not None and self.case.party.secret)


class Markable:
    """A scan that may be said to have been entered by mistake."""

    @declared_attr
    def marks(cls) -> Mapped[list[ScanMark]]:  # noqa: N805 - of the class that is mapped
        return relationship(
            lazy="selectin", order_by="ScanMark.created_at", cascade="all, delete-orphan", passive_deletes=True
        )

    @property
    def mistake(self) -> ScanMark | None:
        return last_mistake(self.marks)


class DocumentScan(Markable, Base):
    """A signed copy of a document as it came back on paper. There may be several; none replaces another."""

    __tablename__ = "document_scan"

    id: Mapped[str] = id_column()
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    object_key: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bool]
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    document: Mapped[Document] = relationship(lazy="joined", back_populates="scans")
    maker: Mapped[Account] = relationship(lazy="joined")


class ScanMark(Base):
    """That a signed scan was entered by mistake, or that it was not after all. Append-only: the last of a scan counts,
    and the scan itself stays."""

    __tablename__ = "scan_mark"

    id: Mapped[str] = id_column()
    document_scan_id: Mapped[str | None] = mapped_column(ForeignKey("document_scan.id", ondelete="CASCADE"), index=True)
    minutes_scan_id: Mapped[str | None] = mapped_column(ForeignKey("minutes_scan.id", ondelete="CASCADE"), index=True)
    """Of minutes; exactly one of the two is there."""
    mistaken: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    maker: Mapped[Account] = relationship(lazy="joined")


def last_mistake(marks: Sequence[ScanMark]) -> ScanMark | None:
    """The mark that says that the scan does not count, where the last one says so."""
    return marks[-1] if marks and marks[-1].mistaken else None
