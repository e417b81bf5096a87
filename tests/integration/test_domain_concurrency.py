"""Several processes and tasks at once, on both databases: nothing is lost and nothing is given twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.errors import Conflict, Stale
from hub.ids import utc_now
from hub.models import Case, Counter, Hearing
from hub.services import cases, hearings
from hub.services.cases import CaseEdit
from tests.support.domain import make_world, new_case
from tests.support.domain_rush import SERIES

ROOT = Path(__file__).parents[2]
PROCESSES = 3


def rush(url: str, *arguments: str) -> list[int]:
    """What all processes printed. They start together, once every one of them is up."""
    command = [sys.executable, "-m", "tests.support.domain_rush", url, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(PROCESSES)]
    printed: list[int] = []
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        out, problems = process.communicate(timeout=150)
        assert process.returncode == 0, problems
        printed += [int(number) for number in out.split()]
    return printed


async def value(database) -> int:
    async with database.reading() as db:
        return (await db.execute(select(Counter.value).where(Counter.series == SERIES))).scalar_one()


@pytest.mark.asyncio
async def test_every_number_is_given_once_to_all_processes_together(database):
    given = await asyncio.to_thread(rush, database.url, "count", "4", "5")
    assert sorted(given) == list(range(1, PROCESSES * 4 * 5 + 1))


@pytest.mark.asyncio
async def test_no_increment_is_lost_between_reading_and_writing(database):
    async with database.transaction() as db:
        db.add(Counter(series=SERIES, value=0))
    await asyncio.to_thread(rush, database.url, "read", "4", "5")
    assert await value(database) == PROCESSES * 4 * 5


@pytest.mark.asyncio
async def test_a_transaction_that_only_reads_does_not_wait_for_one_that_writes(database):
    async with database.transaction() as writing:
        writing.add(Counter(series=SERIES, value=1))
        await writing.flush()
        async with asyncio.timeout(20), database.reading() as db:
            assert (await db.execute(select(Counter))).first() is None


@pytest.mark.asyncio
async def test_of_many_bookings_of_one_chair_at_one_time_exactly_one_gets_through(database):
    world = await make_world(database)
    ids = [world.accounts["officer.TINH1"].id, world.accounts["leader.TINH1"].id, world.points["XA1"].id]
    start = (utc_now() + timedelta(days=1)).isoformat()
    booked = await asyncio.to_thread(rush, database.url, "book", *ids, world.units["TINH1"].id, start, "4")
    assert booked == [1]


@pytest.mark.asyncio
async def test_bookings_that_share_no_one_do_not_stand_in_each_others_way(database):
    world = await make_world(database)
    start = utc_now() + timedelta(days=1)

    async def book(leader: str, point: str) -> None:
        async with database.transaction() as db:
            booking = world.booking(point, chair_id=world.accounts[leader].id, starts_at=start)
            await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)

    await asyncio.gather(book("leader.TINH1", "XA1"), book("leader2.TINH1", "XA2"), book("leader.TW", "TINH1B"))
    async with database.reading() as db:
        found = (await db.execute(select(Hearing))).unique().scalars().all()
    assert len({hearing.number for hearing in found}) == 3


@pytest.mark.asyncio
async def test_crosswise_bookings_end_in_an_answer_and_not_in_a_deadlock(database):
    world = await make_world(database)
    start = utc_now() + timedelta(days=1)

    async def book(leader: str, *points: str) -> bool:
        try:
            async with database.transaction() as db:
                booking = world.booking(*points, chair_id=world.accounts[leader].id, starts_at=start)
                await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
        except Conflict:
            return False
        return True

    for _ in range(3):
        start += timedelta(days=1)
        won = await asyncio.gather(book("leader.TINH1", "XA1", "XA2"), book("leader2.TINH1", "XA2", "XA1"))
        assert sorted(won) == [False, True]


@pytest.mark.asyncio
async def test_of_many_edits_of_the_same_version_exactly_one_is_kept(database):
    world = await make_world(database)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, officer, new_case())

    async def save(number: int) -> int | None:
        wanted = CaseEdit(type=case.type, summary=f"Bản {number}", content="")
        try:
            async with database.transaction() as db:
                await cases.edit(db, world.vault, officer, case.id, 1, wanted)
        except Stale:
            return None
        return number

    kept = [n for n in await asyncio.gather(*(save(n) for n in range(5))) if n is not None]
    async with database.reading() as db:
        stored = await db.get(Case, case.id)
    assert [stored.summary] == [f"Bản {n}" for n in kept]
    assert stored.version == 2


@pytest.mark.asyncio
async def test_cases_registered_at_once_get_numbers_in_a_row(database):
    world = await make_world(database)

    async def register() -> str:
        async with database.transaction() as db:
            return (await cases.register(db, world.vault, world.actor("officer.XA1"), new_case())).number

    numbers = await asyncio.gather(*(register() for _ in range(8)))
    assert sorted(int(number[-6:]) for number in numbers) == list(range(1, 9))
