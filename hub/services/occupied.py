"""Who and what is taken at a time, told while a booking is being filled in and not only when it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import schedule
from hub.auth import Action, Actor, Target, may, require, scopes
from hub.models import Hearing
from hub.schedule import Slot
from hub.services.bookings import OCCUPYING, slot_of
from hub.services.hearing_lists import target


@dataclass(frozen=True, slots=True)
class Occupied:
    """A person's account or a point, and the first booking that takes it."""

    id: str
    number: str
    title: str
    """Empty when it is none of the actor's business."""
    starts_at: datetime
    ends_at: datetime


async def occupied(
    db: AsyncSession, actor: Actor, starts_at: datetime, ends_at: datetime, *, but: str = ""
) -> list[Occupied]:
    """Every account taken and every point full in ``[starts_at, ends_at)``; ``but`` is the booking being changed.

    For who may book somewhere; the title is told to who may read that hearing. Raises ``Forbidden``.
    """
    require(actor, Action.BOOK_HEARING, Target(paths=tuple(scopes(actor, Action.BOOK_HEARING))))
    wanted = (
        select(Hearing)
        .where(Hearing.state.in_(OCCUPYING), Hearing.id != but)
        .where(Hearing.starts_at < ends_at, Hearing.ends_at > starts_at)
        .order_by(Hearing.starts_at)
    )
    rows = (await db.execute(wanted)).unique().scalars().all()
    slots = [slot_of(hearing) for hearing in rows]
    capacity = {seat.point.id: seat.point.capacity for hearing in rows for seat in hearing.seats if seat.point}
    everywhere = Slot(starts_at, ends_at, points=frozenset(capacity))
    no_room = schedule.full(everywhere, slots, capacity)
    found: dict[str, Occupied] = {}
    for hearing, slot in zip(rows, slots, strict=True):
        title = hearing.title if may(actor, Action.READ_HEARING, target(hearing)) else ""
        for one in slot.people | (slot.points & no_room):
            entry = Occupied(one, hearing.number, title, hearing.starts_at, hearing.ends_at)
            found.setdefault(one, entry)
    return list(found.values())
