"""What about: parties (identity apart and encrypted), cases and their attachments."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import OrgUnit


class CaseType(StrEnum):
    """Law on Citizen Reception 42/2013 Art 2; Law on Complaints Art 2; Law on Denunciations Art 2."""

    COMPLAINT = "complaint"  # khiếu nại
    DENUNCIATION = "denunciation"  # tố cáo
    PETITION = "petition"  # kiến nghị
    FEEDBACK = "feedback"  # phản ánh


class PartyKind(StrEnum):
    INDIVIDUAL = "individual"
    ORGANISATION = "organisation"
    GROUP = "group"


class CaseState(StrEnum):
    """``hub.case_moves`` says which leads to which. "Overdue" is none of them: it follows from the clocks."""

    RECEIVED = "received"
    CLASSIFIED = "classified"
    NEED_INFO = "need_info"
    GUIDED = "guided"
    TRANSFERRED = "transferred"
    NOT_ACCEPTED = "not_accepted"
    FILED = "filed"  # xếp lưu
    ACCEPTED = "accepted"  # thụ lý
    VERIFYING = "verifying"
    DIALOGUE = "dialogue"
    DECIDED = "decided"  # complaints
    CONCLUDED = "concluded"  # denunciations
    ANSWERED = "answered"  # petitions and feedback
    NOTIFIED = "notified"
    ENFORCING = "enforcing"
    SUSPENDED = "suspended"  # tạm đình chỉ
    DISCONTINUED = "discontinued"  # đình chỉ
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    STATE_SECRET = "state_secret"  # noqa: S105 - a state, no password
    """Nothing of it is left here but its number: it is handled offline."""


class Complexity(StrEnum):
    """Complaints know two; a denunciation is complex by one and specially complex by two criteria of Decree 31/2019."""

    ORDINARY = "ordinary"
    COMPLEX = "complex"
    SPECIAL = "special"


class Scan(StrEnum):
    """What the virus scanner said of a document."""

    NONE = "none"
    """No scanner was set up then."""
    CLEAN = "clean"
    PENDING = "pending"
    """The scanner was away; nobody gets the document before it has answered."""


class LinkKind(StrEnum):
    SPLIT = "split"
    """The case is a part that was taken out of the other's mixed content."""
    SECOND_COMPLAINT = "second_complaint"
    """The case is the second complaint, the other the first."""
    DUPLICATE = "duplicate"
    DISTINCT = "distinct"
    """Somebody looked and found them to be two, so that they are not suggested again."""


class Party(Base):
    """Who came. ``sealed_identity`` is AES-256-GCM over a JSON identity; it is opened in one logged function only.
    It is empty for who is ``secret``: that identity lies in ``DenouncerIdentity``.

    ``pseudonym`` (for example ``Người tố cáo 7F3A``) is what everything else may show when the case is a denunciation.
    """

    __tablename__ = "party"

    id: Mapped[str] = id_column()
    kind: Mapped[PartyKind] = mapped_column(String(16))
    secret: Mapped[bool] = mapped_column(default=False)
    """True for a denouncer: the name is in no index and is shown nowhere (Law on Denunciations 2018 Art 56)."""
    pseudonym: Mapped[str] = mapped_column(String(40), unique=True)
    sealed_identity: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PartyWord(Base):
    """A blind index: keyed hashes of the folded words of a name, so that names are found without being stored."""

    __tablename__ = "party_word"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    word_hash: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


NOT_CLOSED = text("state <> 'closed'")
"""Of the index of open cases: a list that wants only these writes it the same way, with the value in the statement."""


_CLOSED = text("state = 'closed'")
"""Most are, and the newest of them lie behind all that is open."""


class Case(Base):
    """A case (vụ việc). ``folded`` is summary, content and number without marks, for search without diacritics."""

    __tablename__ = "case_record"
    __table_args__ = (
        Index("ix_case_record_unit_id_received_at_id", "unit_id", "received_at", "id"),
        Index("ix_case_record_received_at_id", "received_at", "id"),
        Index("ix_case_record_closed", "received_at", "id", "type", postgresql_where=_CLOSED, sqlite_where=_CLOSED),
        Index("ix_case_record_open", "unit_id", "id", "type", postgresql_where=NOT_CLOSED, sqlite_where=NOT_CLOSED),
    )

    id: Mapped[str] = id_column()
    number: Mapped[str] = mapped_column(String(40), unique=True)
    type: Mapped[CaseType] = mapped_column(String(16), index=True)
    state: Mapped[CaseState] = mapped_column(String(24), default=CaseState.RECEIVED)
    summary: Mapped[str] = mapped_column(String(300))
    content: Mapped[str] = mapped_column(Text, default="")
    folded: Mapped[str] = mapped_column(Text, default="")
    lowered: Mapped[str] = mapped_column(Text, default="")
    """The same in lower case with its marks: exact hits are ranked first (SQLite's lower() knows only ASCII)."""
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"))
    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), index=True)
    people_count: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)
    level: Mapped[int] = mapped_column(default=1, server_default="1")
    """2: a second complaint."""
    complexity: Mapped[Complexity] = mapped_column(String(16), default=Complexity.ORDINARY, server_default="ordinary")
    remote: Mapped[bool] = mapped_column(default=False, server_default=false())
    """In a remote area with difficult travel: the Law on Complaints gives more time there."""
    several_places: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A denunciation to be checked in several places or by delegation (Law on Denunciations Art 24.1)."""
    competent: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether it is for the unit that received it to settle."""
    forwarded: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Came from another body, which is to be told the result (Law on Citizen Reception Art 27.2)."""

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    party: Mapped[Party] = relationship(lazy="joined")
    attachments: Mapped[list[Attachment]] = relationship(lazy="selectin", order_by="Attachment.created_at")


class CaseEvent(Base):
    """One step of a case's course, never changed: its clocks are counted from these. ``day`` is when it happened."""

    __tablename__ = "case_event"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"))
    seq: Mapped[int]
    """1, 2, 3 … within the case."""
    code: Mapped[str] = mapped_column(String(32))
    """Of ``hub.case_moves.MoveCode``."""
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    from_state: Mapped[CaseState] = mapped_column(String(24))
    to_state: Mapped[CaseState] = mapped_column(String(24))
    document_number: Mapped[str] = mapped_column(String(80), default="")
    document_day: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(1000), default="")


class CaseLink(Base):
    """Two cases that belong together, or were found not to."""

    __tablename__ = "case_link"
    __table_args__ = (UniqueConstraint("case_id", "other_id"),)

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"))
    other_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    kind: Mapped[LinkKind] = mapped_column(String(24))
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Attachment(Base):
    """A document brought by the citizen, kept in the object store under a name that says nothing."""

    __tablename__ = "attachment"

    id: Mapped[str] = id_column()
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    object_key: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bool] = mapped_column(default=False)
    """True for a denunciation: the object is encrypted. ``sha256`` and ``size_bytes`` are of the document itself."""
    scan: Mapped[Scan] = mapped_column(String(8), default=Scan.NONE, server_default="none")
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
