"""What becomes of recordings: destructions by two people, and what the store was found to hold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.ids import utc_now
from hub.models.base import Base, id_column


class DestructionKind(StrEnum):
    DUE = "due"  # its retention is over
    EMERGENCY = "emergency"  # it must not exist


class DestructionState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"  # by a second person; being carried out
    REFUSED = "refused"  # or withdrawn, or overtaken by a hold or an extension
    DONE = "done"


class Destruction(Base):
    __tablename__ = "destruction"

    id: Mapped[str] = id_column()
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    kind: Mapped[DestructionKind] = mapped_column(String(16))
    state: Mapped[DestructionState] = mapped_column(String(16), default=DestructionState.PROPOSED, index=True)
    proposed_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    proposed_name: Mapped[str] = mapped_column(String(120))
    proposed_at: Mapped[datetime] = mapped_column(default=utc_now)
    reason: Mapped[str] = mapped_column(String(500))
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    approved_name: Mapped[str] = mapped_column(String(120), default="")
    approved_at: Mapped[datetime | None]
    approve_reason: Mapped[str] = mapped_column(String(500), default="")
    closed_at: Mapped[datetime | None]
    """When it was refused, or carried out."""
    certificate: Mapped[str | None] = mapped_column(Text)
    objects_left: Mapped[int] = mapped_column(default=0)
    """Encrypted files that the store still keeps because they are locked; nobody can read them."""


class Reconciliation(Base):
    """One comparison of rows and store; ``report`` is ``hub.services.reconciliation.Report.as_json``."""

    __tablename__ = "reconciliation"

    id: Mapped[str] = id_column()
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime] = mapped_column(index=True)
    report: Mapped[dict[str, Any]]
