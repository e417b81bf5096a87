"""One of several processes that want the same thing at the same moment. Started by the tests of concurrency.

``python -m tests.support.domain_rush URL count TASKS ROUNDS`` prints the numbers it was given, ``… read TASKS ROUNDS``
adds one to a row that it read before, and ``… book OFFICER LEADER POINT UNIT START TASKS`` prints how many bookings of
the same chair at the same time it got through.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta

from sqlalchemy import select

from hub.db import Database
from hub.errors import Conflict
from hub.models import Account, Counter
from hub.services import hearings, people
from hub.services.bookings import Booking
from hub.services.counters import next_number
from hub.services.identity import Vault
from tests.support.domain import KEY, RING

SERIES = "rush"


async def count(database: Database, rounds: int) -> list[int]:
    given = []
    for _ in range(rounds):
        async with database.transaction() as db:
            given.append(await next_number(db, SERIES))
    return given


async def read_then_write(database: Database, rounds: int) -> list[int]:
    for _ in range(rounds):
        async with database.transaction() as db:
            row = (await db.execute(select(Counter).where(Counter.series == SERIES).with_for_update())).scalar_one()
            await asyncio.sleep(0)
            row.value += 1
    return []


async def book(database: Database, officer: str, leader: str, point: str, unit: str, start: str) -> list[int]:
    starts_at = datetime.fromisoformat(start)
    booking = Booking(
        title="Cùng một lúc",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        chair_id=leader,
        point_ids=(point,),
        unit_id=unit,
    )
    try:
        async with database.transaction() as db:
            account = await db.get(Account, officer)
            assert account is not None
            await hearings.book(db, Vault(KEY, RING), people.actor_of(account), booking)
    except Conflict:
        return []
    return [1]


async def main(url: str, what: str, *given: str) -> None:
    database = Database(url)
    *arguments, tasks, rounds = given if what != "book" else (*given, "0")
    if what == "book":
        work = [book(database, *arguments) for _ in range(int(tasks))]  # type: ignore[arg-type]
    else:
        act = count if what == "count" else read_then_write
        work = [act(database, int(rounds)) for _ in range(int(tasks))]
    sys.stdin.readline()  # all processes are up: go
    sys.stdout.write(" ".join(str(number) for part in await asyncio.gather(*work) for number in part))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
