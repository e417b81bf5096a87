"""No clash is ever booked, however many book at once; points with several rooms; the next free times."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from hub import calendar, schedule
from hub.errors import Conflict
from hub.ids import utc_now
from hub.models import Hearing
from hub.schedule import Slot
from hub.services import hearings
from hub.services.bookings import slot_of
from hub.services.free_slots import next_free
from hub.services.occupied import occupied
from tests.support.domain import World, make_world

START = utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
POINTS = ("TINH1", "TINH1B", "XA1", "XA2")
CHAIRS = ("leader.TINH1", "leader2.TINH1", "leader.TW")


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


slots = st.builds(
    lambda start, length, points: Slot(at(start), at(start + length), points=frozenset(points)),
    st.integers(0, 10),
    st.integers(1, 4),
    st.sets(st.sampled_from("AB"), min_size=1),
)


@given(slots, st.lists(slots, max_size=8), st.integers(1, 3))
def test_a_point_is_full_exactly_when_at_some_minute_all_its_rooms_are_taken(wanted, others, rooms):
    full = schedule.full(wanted, others, {"A": rooms})
    hours = [wanted.starts_at + timedelta(minutes=30 * n) for n in range(8) if at(0) <= wanted.starts_at]
    hours = [one for one in hours if one < wanted.ends_at]
    most = max(sum("A" in o.points and o.starts_at <= hour < o.ends_at for o in others) for hour in hours)
    assert ("A" in full) == ("A" in wanted.points and most >= rooms)


async def rush(world: World, seed: int) -> list[Hearing]:
    """Twelve bookings at once, each of some people and points at some hour; those that were not refused."""
    chance, actor = random.Random(seed), world.actor("officer.TINH1")

    async def one(points: list[str], chair: str, hour: int) -> None:
        booking = world.booking(*points, starts_at=at(hour), hours=2, chair_id=world.accounts[chair].id)
        try:
            async with world.database.transaction() as db:
                await hearings.book(db, world.vault, actor, booking)
        except Conflict:
            return

    await asyncio.gather(
        *(one(chance.sample(POINTS, 2), chance.choice(CHAIRS), chance.randint(0, 4)) for _ in range(12))
    )
    async with world.database.reading() as db:
        return list((await db.execute(select(Hearing))).unique().scalars())


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(4))
async def test_of_many_bookings_at_once_no_two_that_clash_get_through(database, seed):
    world = await make_world(database)
    world_point = world.points["XA1"]
    async with database.transaction() as db:
        (await db.merge(world_point)).capacity = 2
    booked = await rush(world, seed)
    assert booked
    rooms = {point.id: point.capacity for point in world.points.values()} | {world_point.id: 2}
    taken = [slot_of(hearing) for hearing in booked]
    for number, slot in enumerate(taken):
        others = taken[:number] + taken[number + 1 :]
        assert not any(schedule.clashes(slot, others, rooms))


@pytest.mark.asyncio
async def test_a_point_of_two_rooms_holds_two_hearings_and_no_third(database):
    world = await make_world(database)
    async with database.transaction() as db:
        (await db.merge(world.points["XA1"])).capacity = 2
    actor = world.actor("officer.TINH1")
    async with database.transaction() as db:
        for chair in CHAIRS[:2]:
            booking = world.booking("XA1", starts_at=at(0), hours=2, chair_id=world.accounts[chair].id)
            await hearings.book(db, world.vault, actor, booking)
            taken = {one.id for one in await occupied(db, actor, at(0), at(1))}
            assert (world.points["XA1"].id in taken) == (chair == CHAIRS[1])
        third = world.booking("XA1", starts_at=at(1), hours=2, chair_id=world.accounts[CHAIRS[2]].id)
        with pytest.raises(Conflict) as refused:
            await hearings.book(db, world.vault, actor, third)
        assert refused.value.field == "point_ids"
        later = world.booking("XA1", starts_at=at(2), hours=2, chair_id=world.accounts[CHAIRS[2]].id)
        await hearings.book(db, world.vault, actor, later)


@pytest.mark.asyncio
async def test_the_next_free_times_are_free_for_everybody_on_working_days(database):
    world = await make_world(database)
    actor = world.actor("officer.TINH1")
    people, points = frozenset({world.accounts["leader.TINH1"].id}), frozenset({world.points["XA1"].id})
    async with database.transaction() as db:
        first = (await next_free(db, actor, people, points, START, timedelta(hours=2)))[0]
        booking = world.booking("XA1", starts_at=first.starts_at, hours=2)
        await hearings.book(db, world.vault, actor, booking)
        found = await next_free(db, actor, people, points, START, timedelta(hours=2))
        assert len(found) == 4
        assert found[0].starts_at >= first.ends_at
        for one in found:
            local = calendar.local(one.starts_at)
            assert local.isoweekday() < 6
            assert "07:30" <= f"{local:%H:%M}" <= "15:00"
            await hearings.book(db, world.vault, actor, world.booking("XA1", starts_at=one.starts_at, hours=2))
