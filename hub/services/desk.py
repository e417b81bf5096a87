"""What hearings still ask of who prepares and runs them: postings, minutes to lock, conclusions to issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from hub import calendar
from hub.auth import Action, Actor, may_somewhere
from hub.ids import utc_now
from hub.models import Conclusion, ConclusionState, Hearing, HearingState, Minutes, MinutesState, Seat, SeatKind
from hub.services import postings

AHEAD = timedelta(days=21)
"""A posting is asked for when its hearing is no further away."""
_BARE = lazyload("*")
"""Of a hearing only the row: what is shown is its time and title."""
WRITERS = (SeatKind.CHAIR, SeatKind.SECRETARY)


class Duty(StrEnum):
    POST = "post"
    MINUTES = "minutes"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True)
class Left:
    """``path`` is where it is done; ``due`` the last day for posting, None where the law names none."""

    duty: Duty
    hearing: Hearing
    path: str
    due: date | None = None
    late: bool = False


async def left(db: AsyncSession, actor: Actor, *, limit: int) -> list[Left]:
    """The actor's own, postings first and then the oldest hearing first."""
    found = await _postings(db, actor, limit) if may_somewhere(actor, Action.BOOK_HEARING) else []
    found += await _conclusions(db, actor, limit)
    found += await _minutes(db, actor, limit)
    return found[:limit]


async def _postings(db: AsyncSession, actor: Actor, limit: int) -> list[Left]:
    found = await postings.unposted(db, actor, calendar.local_day(utc_now()) + AHEAD, limit=limit)
    return [
        Left(Duty.POST, row.hearing, f"/postings?hearing={row.hearing.id}", row.due.day if row.due else None, row.late)
        for row in found
    ]


async def _conclusions(db: AsyncSession, actor: Actor, limit: int) -> list[Left]:
    wanted = select(Conclusion.id, Hearing).join(Hearing, Hearing.id == Conclusion.hearing_id)
    wanted = wanted.where(Conclusion.state == ConclusionState.DRAFT, _seated(actor, (SeatKind.CHAIR,)))
    rows = (await db.execute(wanted.order_by(Hearing.starts_at, Hearing.id).limit(limit).options(_BARE))).all()
    return [Left(Duty.ISSUE, hearing, f"/conclusions/{conclusion_id}") for conclusion_id, hearing in rows]


async def _minutes(db: AsyncSession, actor: Actor, limit: int) -> list[Left]:
    locked = exists().where(Minutes.hearing_id == Hearing.id, Minutes.state == MinutesState.LOCKED)
    wanted = select(Hearing).where(Hearing.state == HearingState.CLOSED, _seated(actor, WRITERS), ~locked)
    found = await db.execute(wanted.order_by(Hearing.starts_at, Hearing.id).limit(limit).options(_BARE))
    return [Left(Duty.MINUTES, one, f"/hearings/{one.id}/minutes") for one in found.scalars()]


def _seated(actor: Actor, kinds: Sequence[SeatKind]) -> ColumnElement[bool]:
    """Gathered: asked of each hearing, who never ran one would have all of them looked through for nothing."""
    mine = select(Seat.hearing_id).where(Seat.account_id == actor.account_id, Seat.kind.in_(kinds))
    return Hearing.id.in_(mine)
