"""Officers and interpreters named for points: never at two places at once, invited, on their calendars."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hub import calendar, schedule
from hub.errors import BadInput, Conflict
from hub.ids import utc_now
from hub.models import Hearing, Invitation
from hub.services import hearings, invitation_answers, invitations, postings, series, series_changes
from hub.services.booking_staff import Staff
from hub.services.bookings import booking_of, slot_of
from hub.services.free_slots import next_free
from hub.services.occupied import occupied
from hub.services.postings import PostingInput
from hub.services.series import SeriesInput
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


TUESDAY = calendar.local_day(START) + timedelta(days=14)
TUESDAY += timedelta(days=(2 - TUESDAY.isoweekday()) % 7)


def weekly(world: World, *named: Staff, **changes: object) -> SeriesInput:
    """Four Tuesdays, 08:00-11:00."""
    given: dict[str, object] = {
        "unit_id": world.units["TINH1"].id,
        "title": "Tiếp công dân định kỳ",
        "rule": "FREQ=WEEKLY;BYDAY=TU",
        "first_day": TUESDAY,
        "last_day": TUESDAY + timedelta(days=21),
        "starts": "08:00",
        "ends": "11:00",
        "chair_id": world.accounts[CHAIRS[0]].id,
        "point_ids": (world.points["XA1"].id, world.points["XA2"].id),
        "staff": named,
    }
    return SeriesInput(**(given | changes))  # type: ignore[arg-type]


async def named_by_day(world: World, *series_ids: str) -> dict[int, list[str]]:
    """Weeks from the first Tuesday, with who is named at the points."""
    found = {}
    async with world.database.reading() as db:
        for series_id in series_ids:
            for row in await series.rows_of(db, series_id):
                people = [one.username for seat in row.hearing.seats for one in (seat.officer, seat.interpreter) if one]
                found[(calendar.local_day(row.hearing.starts_at) - TUESDAY).days // 7] = people
    return found


async def change_series(world: World, series_id: str, *named: Staff, from_day: date | None = None) -> series.Made:
    actor = world.actor("officer.TINH1")
    async with world.database.transaction() as db:
        row = await series.get(db, actor, series_id)
        wanted = replace(series.input_of(row), staff=named)
        return await series_changes.change(
            db, world.vault, actor, row.id, row.version, wanted, "Đổi cán bộ", from_day=from_day
        )


async def test_a_series_names_who_receives_and_this_this_and_following_and_all_keep_it_right(database):
    world = await make_world(database)
    actor, first = world.actor("officer.TINH1"), staff(world, "XA2", "officer.XA2", "auditor.TINH1")
    async with database.transaction() as db:
        made = await series.create(db, world.vault, actor, weekly(world, first))
    both = ["officer.xa2", "auditor.tinh1"]
    assert await named_by_day(world, made.series.id) == dict.fromkeys(range(4), both)
    async with database.transaction() as db:  # this one alone
        one = made.hearings[1]
        found = await hearings.get(db, actor, one.id)
        booking = replace(booking_of(found), staff=(staff(world, "XA1", "officer.XA1"),))
        await hearings.change(db, world.vault, actor, one.id, 1, booking, "Đổi cán bộ")
    # This and following: those before stay, and what was changed by itself too.
    later = await change_series(
        world, made.series.id, staff(world, "XA2", "officer.TINH1"), from_day=TUESDAY + timedelta(days=14)
    )
    named = await named_by_day(world, made.series.id, later.series.id)
    assert named == {0: both, 1: ["officer.xa1"], 2: ["officer.tinh1"], 3: ["officer.tinh1"]}
    # All of the first series: a point that nobody is named for is any officer's again.
    await change_series(world, made.series.id)
    assert await named_by_day(world, made.series.id) == {0: [], 1: ["officer.xa1"]}
    async with database.transaction() as db:
        assert not (await db.execute(select(Invitation))).all(), "nobody is invited before it is posted"
        await postings.post(db, world.vault, actor, [later.hearings[0].id], PostingInput(content="Tiếp dân"))
        invited = (await db.execute(select(Invitation))).unique().scalars()
        names = {one.account.username for one in invited}
    assert "officer.tinh1" in names
    assert not names & {"officer.xa2", "auditor.tinh1"}, "no longer named"


async def test_a_series_is_refused_where_who_is_named_is_taken_and_says_whom_and_when(database):
    world = await make_world(database)
    actor, officer = world.actor("officer.TINH1"), staff(world, "XA1", "officer.TINH1")
    async with database.transaction() as db:
        await series.create(db, world.vault, actor, weekly(world, officer, point_ids=(world.points["XA1"].id,)))
    other = weekly(
        world,
        staff(world, "XA2", "", "officer.TINH1"),
        chair_id=world.accounts[CHAIRS[1]].id,
        point_ids=(world.points["XA2"].id,),
        first_day=TUESDAY + timedelta(days=7),
        last_day=TUESDAY + timedelta(days=28),
    )
    async with database.transaction() as db:
        planned = await series.preview(db, world.vault, actor, other)
    assert [bool(one.clash) for one in planned] == [True, True, True, False]
    async with database.transaction() as db:
        with pytest.raises(Conflict) as refused:
            await series.create(db, world.vault, actor, other)
        assert world.accounts["officer.TINH1"].full_name in str(refused.value)
    async with database.transaction() as db:
        with pytest.raises(BadInput) as unfit:
            await series.create(db, world.vault, actor, weekly(world, staff(world, "XA1", "officer.XA2")))
    assert set(unfit.value.fields) == {f"officer_{world.points['XA1'].id}"}
