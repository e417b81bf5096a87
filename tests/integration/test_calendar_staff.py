"""Officers and interpreters named for points: never at two places at once, invited, on their calendars."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub import schedule
from hub.errors import BadInput, Conflict
from hub.ids import utc_now
from hub.models import Hearing
from hub.services import hearings, invitation_answers, invitations
from hub.services.booking_staff import Staff
from hub.services.bookings import booking_of, slot_of
from hub.services.free_slots import next_free
from hub.services.occupied import occupied
from tests.support.domain import World, make_world

pytestmark = pytest.mark.asyncio

START = utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
OFFICERS = {"XA1": ("officer.XA1", "officer.TINH1"), "XA2": ("officer.XA2", "officer.TINH1")}
INTERPRETERS = ("secretary.TINH1", "auditor.TINH1", "officer.XA1", "")
CHAIRS = ("leader.TINH1", "leader2.TINH1", "leader.TW")


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def staff(world: World, code: str, officer: str = "", interpreter: str = "") -> Staff:
    ids = [world.accounts[name].id if name else "" for name in (officer, interpreter)]
    return Staff(world.points[code].id, *ids)


async def book(
    world: World, *points: str, hour: float = 0, chair: str = CHAIRS[0], named: tuple[Staff, ...] = ()
) -> Hearing:
    chair_id = world.accounts[chair].id
    booking = world.booking(*points, starts_at=at(hour), hours=2, chair_id=chair_id, staff=named)
    async with world.database.transaction() as db:
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


@pytest.mark.parametrize("seed", range(3))
async def test_of_many_bookings_at_once_no_officer_or_interpreter_is_at_two_places(database, seed):
    """Points with room for everybody, so that people alone clash."""
    world, chance = await make_world(database), random.Random(seed)
    async with database.transaction() as db:
        for code in OFFICERS:
            (await db.merge(world.points[code])).capacity = 20

    async def one(code: str, officer: str, interpreter: str, chair: str, hour: int) -> None:
        try:
            await book(world, code, hour=hour, chair=chair, named=(staff(world, code, officer, interpreter),))
        except (Conflict, BadInput):
            return

    codes = [chance.choice(tuple(OFFICERS)) for _ in range(14)]
    await asyncio.gather(
        *(
            one(
                code,
                chance.choice(OFFICERS[code]),
                chance.choice(INTERPRETERS),
                chance.choice(CHAIRS),
                chance.randint(0, 4),
            )
            for code in codes
        )
    )
    async with database.reading() as db:
        slots = [slot_of(one) for one in (await db.execute(select(Hearing))).unique().scalars()]
    assert slots
    rooms = {world.points[code].id: 20 for code in OFFICERS}
    for number, slot in enumerate(slots):
        assert not any(schedule.clashes(slot, slots[:number] + slots[number + 1 :], rooms))


async def test_a_clash_names_the_officer_and_stands_at_that_field(database):
    world = await make_world(database)
    await book(world, "XA1", named=(staff(world, "XA1", "officer.TINH1"),))
    for part, named in (("officer", ("officer.TINH1", "")), ("interpreter", ("", "officer.TINH1"))):
        with pytest.raises(Conflict) as refused:
            await book(world, "XA2", hour=1, chair=CHAIRS[1], named=(staff(world, "XA2", *named),))
        assert refused.value.field == f"{part}_{world.points['XA2'].id}"
        assert world.accounts["officer.TINH1"].full_name in str(refused.value)
    actor = world.actor("officer.TINH1")
    people = frozenset({world.accounts["officer.TINH1"].id})
    async with database.reading() as db:
        assert people <= {one.id for one in await occupied(db, actor, at(0), at(1))}
        free = await next_free(db, actor, people, frozenset(), START, timedelta(hours=1), count=9)
    assert free
    assert all(one.ends_at <= at(0) or one.starts_at >= at(2) for one in free)


async def test_only_who_may_receive_there_is_named_and_nobody_twice(database):
    world = await make_world(database)
    for officer, interpreter in (("officer.XA2", ""), ("leader.XA1", ""), ("", "officer.XA9"), ("officer.XA1",) * 2):
        with pytest.raises(BadInput):
            await book(world, "XA1", named=(staff(world, "XA1", officer, interpreter),))
    with pytest.raises(BadInput):
        await book(world, "XA1", named=(staff(world, "XA2", "officer.XA2"),))
    with pytest.raises(BadInput):
        await book(world, "XA1", named=(staff(world, "XA1", "", CHAIRS[0]),))


async def test_who_is_named_is_invited_and_told_for_what_and_the_others_of_the_unit_are_not(database):
    world = await make_world(database)
    hearing = await book(world, "XA1", "XA2", named=(staff(world, "XA1", "officer.TINH1", "auditor.TINH1"),))
    async with database.reading() as db:
        found = await hearings.get(db, world.actor("officer.TINH1"), hearing.id)
        names = {account.username for account in (await invitations.concerned(db, found)).values()}
    assert {"officer.tinh1", "auditor.tinh1", "officer.xa2"} <= names
    assert "officer.xa1" not in names


async def test_named_officers_see_the_hearing_on_their_calendar_and_feed_and_others_of_the_unit_do_not(database):
    world = await make_world(database)
    hearing = await book(world, "XA1", named=(staff(world, "XA1", "officer.TINH1", "officer.XA2"),))
    for name, there in (("officer.TINH1", True), ("officer.XA2", True), ("officer.XA1", False)):
        actor = world.actor(name)
        async with database.transaction() as db:
            mine = await hearings.find(db, actor, hearings.HearingQuery(person_id=actor.account_id))
            token = await invitation_answers.new_feed(db, actor)
            file = await invitation_answers.feed(db, token)
        assert ([one.id for one in mine] == [hearing.id]) is there, name
        assert (str(UUID(hearing.id)).encode() in file) is there, name
    async with database.reading() as db:
        assert (await hearings.get(db, world.actor("officer.XA2"), hearing.id)).id == hearing.id  # interprets there


async def test_a_change_keeps_names_or_others_and_a_postponement_asks_whether_they_are_free(database):
    world = await make_world(database)
    actor = world.actor("officer.TINH1")
    first = await book(world, "XA1", named=(staff(world, "XA1", "officer.TINH1"),))
    second = await book(world, "XA2", hour=3, chair=CHAIRS[1], named=(staff(world, "XA2", "officer.TINH1"),))
    async with database.transaction() as db:
        with pytest.raises(Conflict):
            await hearings.postpone(db, world.vault, actor, second.id, 1, "Bận", starts_at=at(1), ends_at=at(3))
    async with database.transaction() as db:
        found = await hearings.get(db, actor, first.id)
        assert booking_of(found).staff == (staff(world, "XA1", "officer.TINH1"),)
        booking = world.booking("XA1", starts_at=at(0), hours=2, staff=(staff(world, "XA1", "officer.XA1"),))
        changed = await hearings.change(db, world.vault, actor, first.id, 1, booking, "Đổi cán bộ")
        assert [seat.officer.username for seat in changed.seats if seat.officer] == ["officer.xa1"]
