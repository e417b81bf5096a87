"""What a chair concludes (thông báo kết luận): the document, its tasks with owners and due days, and how they went."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.people import Account, OrgUnit


class ConclusionState(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"


class TaskState(StrEnum):
    """``hub.conclusions`` says which leads to which. "Overdue" is none of them: it follows from the day."""

    OPEN = "open"
    REPORTED = "reported"
    """The owner says that it is done; the chair or the secretary confirms or returns it."""
    DONE = "done"


class TaskStep(StrEnum):
    REPORTED = "reported"
    RETURNED = "returned"
    CONFIRMED = "confirmed"
    EXTENDED = "extended"


class Conclusion(Base):
    """A notice of conclusion of one hearing, about one of its cases or about all."""

    __tablename__ = "conclusion"

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), index=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    """None: about the hearing as a whole."""
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    """The unit that held the hearing and issues it."""
    state: Mapped[ConclusionState] = mapped_column(String(16), default=ConclusionState.DRAFT, index=True)
    number: Mapped[str | None] = mapped_column(String(40), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    issued_at: Mapped[datetime | None]
    issued_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    document: Mapped[str] = mapped_column(Text, default="")
    """What was issued, as canonical JSON, sealed with the hub's key."""
    sha256: Mapped[str] = mapped_column(String(64), default="")
    signature: Mapped[str] = mapped_column(String(128), default="")
    seal_key: Mapped[str] = mapped_column(String(64), default="")
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    tasks: Mapped[list[ConclusionTask]] = relationship(
        lazy="selectin", order_by="ConclusionTask.number", cascade="all, delete-orphan"
    )


class ConclusionTask(Base):
    """One task: what, whose, by which day."""

    __tablename__ = "conclusion_task"
    __table_args__ = (UniqueConstraint("conclusion_id", "number"),)

    id: Mapped[str] = id_column()
    conclusion_id: Mapped[str] = mapped_column(ForeignKey("conclusion.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(1000))
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)
    owner_unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    """The unit that answers for it: the account's own when an account is named."""
    due: Mapped[date] = mapped_column(Date, index=True)
    state: Mapped[TaskState] = mapped_column(String(16), default=TaskState.OPEN, index=True)
    done_at: Mapped[datetime | None]

    owner: Mapped[Account | None] = relationship(lazy="joined")
    owner_unit: Mapped[OrgUnit] = relationship(lazy="joined")


class TaskEvent(Base):
    """A step of a task, append-only."""

    __tablename__ = "conclusion_task_event"
    __table_args__ = (UniqueConstraint("task_id", "seq"),)

    id: Mapped[str] = id_column()
    task_id: Mapped[str] = mapped_column(ForeignKey("conclusion_task.id"))
    seq: Mapped[int]
    step: Mapped[TaskStep] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text, default="")
    due: Mapped[date | None] = mapped_column(Date)
    """The new day, of an extension."""
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=utc_now)
