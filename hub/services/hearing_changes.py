"""What follows from a change of a booked hearing: its series lets go of it, what was posted is posted anew with the
reason, that another leader receives is recorded, and everybody invited is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.ids import utc_now
from hub.models import Hearing, HearingState, Occurrence, Replacement, SeatKind
from hub.services import invitations, postings
from hub.services.identity import Vault


@dataclass(frozen=True, slots=True)
class Before:
    """What a hearing was before it was changed."""

    starts_at: datetime
    ends_at: datetime
    chair_id: str | None
    points: tuple[str, ...]

    @classmethod
    def of(cls, hearing: Hearing) -> Before:
        points = tuple(seat.point_id for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point_id)
        return cls(hearing.starts_at, hearing.ends_at, chair_of(hearing), points)


def chair_of(hearing: Hearing) -> str | None:
    return next((seat.account_id for seat in hearing.seats if seat.kind == SeatKind.CHAIR), None)


async def changed(db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, before: Before, reason: str) -> None:
    """Called in the transaction of the change, after it. Raises ``BadInput`` for a reason that may not be posted."""
    occurrence = await db.get(Occurrence, hearing.id)
    if occurrence is not None:
        occurrence.detached = True
    now = Before.of(hearing)
    notice = _notice(hearing, before, now)
    if before.chair_id and now.chair_id and before.chair_id != now.chair_id:
        row = Replacement(
            hearing_id=hearing.id,
            at=utc_now(),
            account_id=actor.account_id,
            before_id=before.chair_id,
            after_id=now.chair_id,
            reason=reason,
        )
        db.add(row)
    if notice:
        await postings.post_change(db, vault, actor, hearing, notice, reason)
    await db.flush()
    await invitations.follow(db, hearing)


def _notice(hearing: Hearing, before: Before, now: Before) -> str:
    """What the public page says of the change; empty when nothing that was posted is another."""
    if hearing.state in (HearingState.CANCELLED, HearingState.POSTPONED):
        return str(hearing.state)
    if (before.starts_at, before.ends_at) != (now.starts_at, now.ends_at):
        return "postponed" if now.starts_at > before.starts_at else "changed"
    if before.chair_id != now.chair_id:
        return "replaced"
    return "changed" if before.points != now.points else ""


async def replacements(db: AsyncSession, hearing_id: str) -> list[Replacement]:
    """Who stood in for whom, oldest first."""
    wanted = select(Replacement).where(Replacement.hearing_id == hearing_id).order_by(Replacement.at)
    return list((await db.execute(wanted)).unique().scalars())
