"""Who and what is taken at a time, told while a booking is being filled in and not only when it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require, scopes
from hub.models import Hearing
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
    """Every account and point taken by another booking in ``[starts_at, ends_at)``; ``but`` is the one being changed.

    For who may book somewhere; the title is told to who may read that hearing. Raises ``Forbidden``.
    """
    require(actor, Action.BOOK_HEARING, Target(paths=tuple(scopes(actor, Action.BOOK_HEARING))))
    wanted = (
        select(Hearing)
        .where(Hearing.state.in_(OCCUPYING), Hearing.id != but)
        .where(Hearing.starts_at < ends_at, Hearing.ends_at > starts_at)
        .order_by(Hearing.starts_at)
    )
    found: dict[str, Occupied] = {}
    for hearing in (await db.execute(wanted)).unique().scalars():
        slot = slot_of(hearing)
        title = hearing.title if may(actor, Action.READ_HEARING, target(hearing)) else ""
        for one in slot.people | slot.points:
            entry = Occupied(one, hearing.number, title, hearing.starts_at, hearing.ends_at)
            found.setdefault(one, entry)
    return list(found.values())
