"""The board on a reception room's screen: the numbers called and waiting, what is on today, and when the next begins.

Everybody in the room reads it: no name of a citizen, no number of a case, and of a reception only what was posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, queueing
from hub.errors import NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import BoardToken, Hearing, HearingKind, HearingState, Posting, QueueTicket, Seat, TicketState
from hub.services import postings
from hub.services.invitations import digest

UNTOLD = (HearingState.POSTPONED, HearingState.CANCELLED)
"""Of these only what was posted is shown: nobody waits for the others."""


@dataclass(frozen=True, slots=True)
class BoardSession:
    """A reception of today at the point. ``leader`` and ``content`` are empty unless posted for everybody."""

    starts_at: datetime
    ends_at: datetime
    kind: HearingKind
    state: HearingState
    leader: str
    content: str


@dataclass(frozen=True, slots=True)
class Board:
    """``called``: last first. ``calls`` rises with every call, also of the same number. ``next_at``: when the next
    reception at this point begins, today or later; None when none is booked."""

    point: str
    unit: str
    now: datetime
    called: Sequence[int]
    waiting: Sequence[int]
    calls: int
    sessions: Sequence[BoardSession]
    next_at: datetime | None


async def of_token(db: AsyncSession, token: str) -> Board:
    """What the board with this secret address shows. Raises ``NotFound``."""
    wanted = select(BoardToken).where(BoardToken.token_sha256 == digest(token))
    row = (await db.execute(wanted)).unique().scalar_one_or_none()
    if row is None or not row.point.active:
        raise NotFound(N_("Địa chỉ màn hình này không đúng hoặc đã được đổi."))
    now = utc_now()
    today = calendar.day_bounds(calendar.local_day(now))
    tickets = await _tickets(db, row.point_id, *today)
    called = [one for one in tickets if one.state == TicketState.CALLED]
    called.sort(key=lambda one: one.called_at or one.created_at, reverse=True)
    coming = _at_point(row.point_id).where(Hearing.state == HearingState.SCHEDULED, Hearing.starts_at > now).limit(1)
    following = (await db.execute(coming)).scalars().first()
    return Board(
        point=row.point.name,
        unit=row.point.unit.name,
        now=now,
        called=[one.number for one in called[: queueing.SHOWN_CALLED]],
        waiting=[one.number for one in tickets if one.state == TicketState.WAITING],
        calls=sum(one.calls for one in tickets),
        sessions=await _sessions(db, row.point_id, *today),
        next_at=following.starts_at if following else None,
    )


async def _tickets(db: AsyncSession, point_id: str, start: datetime, end: datetime) -> list[QueueTicket]:
    """Of receptions that are over or do not take place nobody is called any more."""
    wanted = (
        select(QueueTicket)
        .join(Hearing, Hearing.id == QueueTicket.hearing_id)
        .where(QueueTicket.point_id == point_id, Hearing.starts_at >= start, Hearing.starts_at < end)
        .where(Hearing.state.not_in((*UNTOLD, HearingState.CLOSED)))
        .order_by(QueueTicket.slot_at, QueueTicket.number)
    )
    return list((await db.execute(wanted)).scalars())


async def _sessions(db: AsyncSession, point_id: str, start: datetime, end: datetime) -> list[BoardSession]:
    wanted = _at_point(point_id).where(Hearing.starts_at >= start, Hearing.starts_at < end)
    found = list((await db.execute(wanted)).scalars())
    posted = await postings.latest(db, [one.id for one in found])
    return [_session(one, posted.get(one.id)) for one in found if one.state not in UNTOLD or one.id in posted]


def _session(hearing: Hearing, posted: Posting | None) -> BoardSession:
    return BoardSession(
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        kind=HearingKind(hearing.kind),
        state=HearingState(hearing.state),
        leader=posted.leader if posted else "",
        content=posted.content if posted else "",
    )


def _at_point(point_id: str) -> Select[Hearing]:
    there = select(Seat.hearing_id).where(Seat.point_id == point_id)
    return select(Hearing).where(Hearing.id.in_(there)).order_by(Hearing.starts_at, Hearing.id)
