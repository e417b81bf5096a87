"""The next times at which everybody and every point of a booking are free, on working days in office hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, schedule
from hub.auth import Action, Actor, Target, require, scopes
from hub.ids import utc_now
from hub.models import Hearing, Point, Seat
from hub.schedule import LONGEST, Slot
from hub.services.booking_staff import taken_by
from hub.services.bookings import OCCUPYING, slot_of
from hub.services.hearing_lists import get
from hub.services.legal_rules import rule_book
from hub.working_days import ONE_DAY, WorkCalendar

HORIZON = timedelta(days=45)
STEP = timedelta(minutes=30)
COUNT = 4
OFFICE_HOURS = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))
"""As most public offices keep; a longer hearing may go on through the noon break."""


@dataclass(frozen=True, slots=True)
class FreeSlot:
    starts_at: datetime
    ends_at: datetime


async def next_free(
    db: AsyncSession,
    actor: Actor,
    people: frozenset[str],
    points: frozenset[str],
    after: datetime,
    length: timedelta,
    *,
    but: str = "",
    count: int = COUNT,
) -> list[FreeSlot]:
    """At most ``count`` of them, one a day at most after the first day, so that there is something to choose from.

    For who may book somewhere. Raises ``Forbidden``.
    """
    require(actor, Action.BOOK_HEARING, Target(paths=tuple(scopes(actor, Action.BOOK_HEARING))))
    after = max(after, utc_now())
    if not timedelta(0) < length <= LONGEST:
        return []
    busy = select(Seat.hearing_id).where(taken_by(people) | Seat.point_id.in_(points))
    wanted = (
        select(Hearing)
        .where(Hearing.state.in_(OCCUPYING), Hearing.id != but, Hearing.id.in_(busy))
        .where(Hearing.starts_at < after + HORIZON, Hearing.ends_at > after)
    )
    taken = [slot_of(one) for one in (await db.execute(wanted)).unique().scalars()]
    rooms = select(Point).where(Point.id.in_(points))
    capacity = {point.id: point.capacity for point in (await db.execute(rooms)).unique().scalars()}
    days = (await rule_book(db)).days
    found: list[FreeSlot] = []
    for starts_at in _starts(after, length, days):
        if found and calendar.local_day(found[-1].starts_at) == calendar.local_day(starts_at):
            continue
        slot = Slot(starts_at, starts_at + length, people, points)
        near = [other for other in taken if schedule.overlap(slot, other)]
        if not any(schedule.clashes(slot, near, capacity)):
            found.append(FreeSlot(slot.starts_at, slot.ends_at))
            if len(found) == count:
                break
    return found


async def elsewhere(
    db: AsyncSession, actor: Actor, hearing_id: str, after: datetime, length: timedelta
) -> list[FreeSlot]:
    """The next times for a booked hearing with everybody and every point of it. Raises ``Forbidden``, ``NotFound``."""
    hearing = await get(db, actor, hearing_id)
    now = slot_of(hearing)
    found = await next_free(db, actor, now.people, now.points, after, length, but=hearing.id, count=COUNT + 1)
    return [one for one in found if one.starts_at != hearing.starts_at][:COUNT]


def _starts(after: datetime, length: timedelta, days: WorkCalendar) -> Iterator[datetime]:
    """Every half hour of office hours from which the hearing would end within them; of each day first the hour that
    was asked for."""
    day = calendar.local_day(after)
    last = calendar.local_day(after + HORIZON)
    wanted = calendar.local(after).time()
    while day <= last:
        found = [starts_at for starts_at in _of_day(day, length) if starts_at >= after]
        if days.is_working(day):
            yield from sorted(found, key=lambda starts_at: calendar.local(starts_at).time() != wanted)
        day += ONE_DAY


def _of_day(day: date, length: timedelta) -> Iterator[datetime]:
    closes = calendar.at(day, OFFICE_HOURS[-1][1])
    for opens, ends in OFFICE_HOURS:
        starts_at = calendar.at(day, opens)
        while starts_at < calendar.at(day, ends):
            limit = calendar.at(day, ends) if length <= timedelta(hours=4) else closes
            if starts_at + length <= limit:
                yield starts_at
            starts_at += STEP
