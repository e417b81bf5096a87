"""Minutes of hearings (biên bản): written, read back, answered, signed, locked; and who has read a case's papers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.documents import Markable
from hub.models.people import Account


class MinutesState(StrEnum):
    WRITING = "writing"
    READING = "reading"
    """Frozen as a version, read back and answered."""
    LOCKED = "locked"


class Position(StrEnum):
    """What a point says to the minutes that were read to it."""

    AGREED = "agreed"
    OBJECTED = "objected"


class Minutes(Base):
    """One hearing's minutes, from the first word on."""

    __tablename__ = "minutes"

    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), primary_key=True)
    state: Mapped[MinutesState] = mapped_column(String(16), default=MinutesState.WRITING, index=True)
    revision: Mapped[int] = mapped_column(default=0)
    """Counts every save, of whatever part."""
    version: Mapped[int] = mapped_column(default=0)
    """The last that was frozen; 0: none."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    locked_at: Mapped[datetime | None]
    locked_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    document: Mapped[str] = mapped_column(Text, default="")
    """What was locked, as canonical JSON: the version, its answers, the scans' checksums."""
    sha256: Mapped[str] = mapped_column(String(64), default="")
    signature: Mapped[str] = mapped_column(String(128), default="")
    """Ed25519 over the document's bytes, hexadecimal."""
    seal_key: Mapped[str] = mapped_column(String(64), default="")
    """Fingerprint of the public key that it is checked with."""


class MinutesSection(Base):
    """One part as it stands now (``hub.minutes`` says which parts there are)."""

    __tablename__ = "minutes_section"

    hearing_id: Mapped[str] = mapped_column(ForeignKey("minutes.hearing_id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    text: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int]
    """``Minutes.revision`` at its last change."""
    edits: Mapped[int] = mapped_column(default=0)
    """How many there were; the number of the last."""


class MinutesEdit(Base):
    """One save of one part, append-only: what changed against the edit before (``hub.minutes_text.Edit``)."""

    __tablename__ = "minutes_edit"
    __table_args__ = (UniqueConstraint("hearing_id", "key", "save_id"),)

    hearing_id: Mapped[str] = mapped_column(ForeignKey("minutes.hearing_id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    save_id: Mapped[str] = mapped_column(String(32))
    """The browser's own name of the save: sent again after a lost answer, it is done once."""
    start: Mapped[int]
    removed: Mapped[int]
    inserted: Mapped[str] = mapped_column(Text)
    sent: Mapped[str | None] = mapped_column(Text)
    """The text as the browser had it, where somebody else's changes were merged in."""


class MinutesVersion(Base):
    """The minutes as they were frozen to be read back; ``body`` is all that is read."""

    __tablename__ = "minutes_version"
    __table_args__ = (UniqueConstraint("hearing_id", "number"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("minutes.hearing_id"))
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the body as canonical JSON."""
    frozen_at: Mapped[datetime] = mapped_column(default=utc_now)
    frozen_by: Mapped[str] = mapped_column(ForeignKey("account.id"))


class MinutesAnswer(Base):
    """What a point said to a version, append-only: the last of a seat counts."""

    __tablename__ = "minutes_answer"

    id: Mapped[str] = id_column()
    version_id: Mapped[str] = mapped_column(ForeignKey("minutes_version.id"), index=True)
    seat_id: Mapped[str] = mapped_column(ForeignKey("seat.id"))
    position: Mapped[Position] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    """The officer who confirms it for the citizen beside them."""
    at: Mapped[datetime] = mapped_column(default=utc_now)


class MinutesScan(Markable, Base):
    """The signed print, scanned, kept in the object store under a name that says nothing."""

    __tablename__ = "minutes_scan"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("minutes.hearing_id"), index=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("minutes_version.id"))
    """What was printed and signed."""
    seat_id: Mapped[str | None] = mapped_column(ForeignKey("seat.id"))
    """Where it was signed; None: at the centre."""
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    object_key: Mapped[str] = mapped_column(String(200))
    attachment_id: Mapped[str | None] = mapped_column(ForeignKey("attachment.id"))
    """Where a denouncer signed: the sealed document of that case. Size and checksum are of the scan itself."""
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    maker: Mapped[Account] = relationship(lazy="joined")

    @property
    def mistaken(self) -> bool:
        return self.mistake is not None


class MinutesAnnex(Base):
    """A correction of locked minutes: numbered, sealed as they are, never changed."""

    __tablename__ = "minutes_annex"
    __table_args__ = (UniqueConstraint("hearing_id", "number"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("minutes.hearing_id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))
    seal_key: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)


class PaperRead(Base):
    """That somebody has read a case's papers before a hearing, and when last."""

    __tablename__ = "paper_read"

    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
