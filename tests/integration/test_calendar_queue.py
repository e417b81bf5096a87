"""Turns in a reception: slots, numbers, calling, and a board that shows numbers only, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import queueing as rules
from hub.errors import Conflict, Forbidden, NotFound
from hub.ids import utc_now
from hub.models import Hearing, QueueTicket, TicketState
from hub.services import boards, hearings, queueing
from tests.support.domain import World, make_world


async def booked(world: World, hours: float = 2) -> Hearing:
    """One that has just begun: its turns are today's whenever the test runs."""
    async with world.database.transaction() as db:
        booking = world.booking("XA1", "XA2", starts_at=utc_now().replace(microsecond=0), hours=hours)
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def take(world: World, hearing: Hearing, point: str = "XA1", officer: str = "officer.XA1") -> QueueTicket:
    async with world.database.transaction() as db:
        return await queueing.book(db, world.actor(officer), hearing.id, world.points[point].id)


async def go(world: World, ticket: QueueTicket, *states: TicketState) -> None:
    async with world.database.transaction() as db:
        for state in states:
            await queueing.move(db, world.actor("officer.XA1"), ticket.id, state)


async def board(world: World, token: str) -> boards.Board:
    async with world.database.reading() as db:
        return await boards.of_token(db, token)


@pytest.mark.asyncio
async def test_numbers_and_slots_follow_each_other_at_each_point_until_the_session_is_full(database):
    world = await make_world(database)
    hearing = await booked(world)
    tickets = [await take(world, hearing) for _ in range(4)]
    assert [one.number for one in tickets] == [1, 2, 3, 4]
    assert [one.slot_at - hearing.starts_at for one in tickets] == [timedelta(minutes=30 * n) for n in range(4)]
    assert (await take(world, hearing, "XA2", "officer.XA2")).number == 1
    with pytest.raises(Conflict):
        await take(world, hearing)
    await go(world, tickets[1], TicketState.ABSENT)
    again = await take(world, hearing)
    assert (again.number, again.slot_at) == (5, tickets[1].slot_at)


@pytest.mark.asyncio
async def test_two_who_take_a_number_at_once_get_different_ones(database):
    world = await make_world(database)
    hearing = await booked(world)
    tickets = await asyncio.gather(*(take(world, hearing) for _ in range(4)))
    assert sorted(one.number for one in tickets) == [1, 2, 3, 4]
    assert len({one.slot_at for one in tickets}) == 4


@pytest.mark.asyncio
async def test_only_officers_of_the_point_and_who_may_book_give_out_numbers(database):
    world = await make_world(database)
    hearing = await booked(world)
    for stranger in ("officer.XA2", "auditor.TINH1", "technician.TINH1", "officer.XA9"):
        with pytest.raises(Forbidden):
            await take(world, hearing, "XA1", stranger)
    assert (await take(world, hearing, "XA1", "officer.TINH1")).number == 1


@pytest.mark.asyncio
async def test_calling_the_next_finishes_the_one_before_and_the_board_shows_numbers_only(database):
    world = await make_world(database)
    hearing = await booked(world)
    one, two, three = [await take(world, hearing) for _ in range(3)]
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        token = await queueing.new_board(db, officer, world.points["XA1"].id)
        with pytest.raises(Conflict):
            await queueing.call_next(db, officer, hearing.id, world.points["XA1"].id)
    await go(world, two, TicketState.WAITING)
    await go(world, one, TicketState.WAITING)
    shown = asdict(await board(world, token))
    assert (shown["point"], shown["called"], shown["waiting"], shown["calls"]) == ("Điểm cầu XA1", [], [1, 2], 0)
    for called, waiting, calls in (([1], [2], 1), ([2], [], 2)):
        async with database.transaction() as db:
            await queueing.call_next(db, officer, hearing.id, world.points["XA1"].id)
        now = await board(world, token)
        assert (now.called, now.waiting, now.calls) == (called, waiting, calls)
    await go(world, two, TicketState.CALLED)
    assert (await board(world, token)).calls == 3, "called again"
    await go(world, three, TicketState.WAITING, TicketState.ABSENT)
    assert (await board(world, token)).waiting == []


@pytest.mark.asyncio
async def test_a_board_tells_what_is_on_today_and_what_comes_next_and_of_either_only_what_is_posted(database):
    world = await make_world(database)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        token = await queueing.new_board(db, officer, world.points["XA1"].id)
    empty = await board(world, token)
    assert (empty.unit, empty.sessions, empty.next_at) == ("UBND XA1", [], None)
    hearing = await booked(world)
    await go(world, await take(world, hearing), TicketState.WAITING)
    starts_at = utc_now() + timedelta(days=3)
    async with database.transaction() as db:
        booking = world.booking("XA1", starts_at=starts_at, hours=1)
        later = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
    shown = await board(world, token)
    assert [(one.starts_at, one.leader, one.content) for one in shown.sessions] == [(hearing.starts_at, "", "")]
    assert (shown.waiting, shown.next_at) == ([1], later.starts_at)
    async with database.transaction() as db:
        await hearings.cancel(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, "Bão")
    shown = await board(world, token)
    assert (shown.sessions, shown.waiting) == ([], []), "who waited is called no more"


@pytest.mark.asyncio
async def test_a_boards_address_opens_one_point_until_it_is_changed(database):
    world = await make_world(database)
    async with database.transaction() as db:
        old = await queueing.new_board(db, world.actor("officer.XA1"), world.points["XA1"].id)
        with pytest.raises(Forbidden):
            await queueing.new_board(db, world.actor("officer.XA2"), world.points["XA1"].id)
    assert (await board(world, old)).waiting == []
    async with database.transaction() as db:
        new = await queueing.new_board(db, world.actor("officer.XA1"), world.points["XA1"].id)
    for token in (old, "", new[:-1]):
        with pytest.raises(NotFound):
            await board(world, token)
    assert (await board(world, new)).point == "Điểm cầu XA1"


@pytest.mark.parametrize("now", TicketState)
@pytest.mark.asyncio
async def test_a_turn_moves_only_as_the_table_says(now):
    for wanted in TicketState:
        if wanted in rules.NEXT[now] or now is wanted is TicketState.CALLED:
            assert rules.move(now, wanted) is wanted
        else:
            with pytest.raises(Conflict):
                rules.move(now, wanted)


@given(st.integers(1, 720))
def test_turns_fit_into_the_session(minutes):
    start = datetime(2026, 12, 1, tzinfo=UTC)
    found = rules.slots(start, start + timedelta(minutes=minutes))
    assert found[0] == start
    assert all(one + rules.SLOT <= start + timedelta(minutes=minutes) for one in found[1:])
    assert len(set(found)) == len(found) == max(1, minutes // 30)
