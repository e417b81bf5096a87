"""Each case's next due day in a table, so that lists need not count a hundred thousand clocks.

It cannot lie: a row names the rules, the days off and the counting code that it was counted with; a change of the case
empties that name in the same transaction (``hub.due_session``), and what has another name than today's is shown to
nobody before it is counted anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, func, insert, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, case_clocks, case_moves, working_days
from hub import law as law_rules
from hub.case_clocks import SOON_WORKING_DAYS, ClockState, clocks, next_due
from hub.db import Database
from hub.errors import NotReady
from hub.ids import utc_now
from hub.law import RuleBook
from hub.models import Case, CaseDue
from hub.services import case_course, legal_rules
from hub.working_days import WorkCalendar

BATCH = 100
"""Counted in one transaction: some tens of milliseconds of a process in which hearings are held."""
AT_ONCE = 200
"""So many a page counts itself before it is shown; more are left to the ``Keeper``."""
BITE = 20
"""After so many others have a turn."""
LOOK_EVERY_S = 5.0
ADOPT_EVERY = 720
"""Turns after which rows are looked for that came into the database past the hub."""

log = structlog.get_logger(__name__)


@cache
def _code_mark() -> bytes:
    """The code that counts: another release may count otherwise."""
    files = [module.__file__ for module in (case_clocks, case_moves, case_course, working_days, law_rules)]
    return b"".join(hashlib.sha256(Path(file).read_bytes()).digest() for file in files if file)


def mark_of(book: RuleBook) -> str:
    """The name of everything that a due day follows from besides the case: of the rules, those that clocks run by."""
    if not _LAST or _LAST[0][0] is not book:
        _LAST[:] = [(book, _mark(book))]
    return _LAST[0][1]


_LAST: list[tuple[RuleBook, str]] = []
"""``legal_rules`` gives the same book again while nothing has changed."""


def _mark(book: RuleBook) -> str:
    days = sorted(book.days.days.items())
    counting = case_clocks.rule_codes()
    said = repr((sorted(repr(rule) for rule in book.rules if rule.code in counting), days)).encode()
    return hashlib.sha256(_code_mark() + said).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class NextDue:
    """When the agency's clock that is due first is due; its state is running, soon or overdue."""

    due: date
    state: ClockState


async def next_days(db: AsyncSession, case_ids: Sequence[str]) -> dict[str, NextDue]:
    """By case, of cases that the actor has been shown in a list. What is not counted yet is counted here."""
    if not case_ids:
        return {}
    book, today = await legal_rules.rule_book(db), calendar.local_day(utc_now())
    wanted = select(CaseDue.case_id, CaseDue.due).where(CaseDue.case_id.in_(case_ids), CaseDue.book == mark_of(book))
    days: dict[str, date | None] = {row.case_id: row.due for row in await db.execute(wanted)}
    uncounted = [one for one in case_ids if one not in days]
    if uncounted:
        days |= {case_id: clock.due for case_id, clock in (await case_course.next_dues(db, uncounted)).items()}
    return {case_id: NextDue(due, _state(due, today, book.days)) for case_id, due in days.items() if due is not None}


def _state(due: date, today: date, days: WorkCalendar) -> ClockState:
    if due < today:
        return ClockState.OVERDUE
    near = working_days.working_days_between(today, due, days) <= SOON_WORKING_DAYS
    return ClockState.SOON if near else ClockState.RUNNING


def stale(mark: str) -> ColumnElement[bool]:
    return (CaseDue.book < mark) | (CaseDue.book > mark)


async def count_stale(db: AsyncSession, mark: str) -> int:
    return int((await db.execute(select(func.count()).select_from(CaseDue).where(stale(mark)))).scalar_one())


async def _next_stale(db: AsyncSession, mark: str, limit: int) -> list[str]:
    """Changed cases first, whose name is empty; of what other rules counted, what was the most pressing under them: a
    list is then soon right where people look."""
    first = select(CaseDue.book).where(stale(mark)).order_by(CaseDue.book).limit(1)
    book = (await db.execute(first)).scalar_one_or_none()
    if book is None:
        return []
    of_book = select(CaseDue.case_id).where(CaseDue.book == book)
    dated = of_book.where(CaseDue.due.is_not(None)).order_by(CaseDue.due, CaseDue.case_id).limit(limit)
    ids = list((await db.execute(dated)).scalars())
    if len(ids) < limit:
        undated = of_book.where(CaseDue.due.is_(None)).order_by(CaseDue.case_id).limit(limit - len(ids))
        ids += (await db.execute(undated)).scalars()
    return ids


async def recount(db: AsyncSession, book: RuleBook, mark: str, *, limit: int = BATCH) -> int:
    """Count up to ``limit`` rows anew; how many were. In a writing transaction."""
    ids = await _next_stale(db, mark, limit)
    if not ids:
        return 0
    locked = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update(of=Case)
    cases = (await db.execute(locked.execution_options(populate_existing=True))).unique().scalars().all()
    events = await case_course.events_of(db, ids)
    today = calendar.local_day(utc_now())
    rows = []
    for number, case in enumerate(cases):
        if number % BITE == 0:
            await asyncio.sleep(0)
        so_far = case_course.happened(case, events[case.id])
        clock = next_due(clocks(case_course.facts_of(case), so_far, book, today, stopped=False))
        rows.append(
            {
                "case_id": case.id,
                "unit_id": case.unit_id,
                "due": clock.due if clock else None,
                "clock": clock.spec.code if clock else "",
                "book": mark,
            }
        )
    await db.execute(update(CaseDue), rows)
    return len(rows)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a list may show: rows with this ``mark``; ``waiting`` of ``total`` cases are not counted yet."""

    mark: str
    waiting: int = 0
    total: int = 0

    @property
    def done(self) -> int:
        return self.total - self.waiting


async def fresh(database: Database) -> Fresh:
    """Before a list is shown: count what few cases have changed. After a change of the rules all cases wait, and a page
    must not: it counts none of them and says how far the ``Keeper`` is."""
    async with database.reading() as db:
        book = await legal_rules.rule_book(db)
        mark = mark_of(book)
        changed, waiting = await _at_least(db, CaseDue.book == ""), await _at_least(db, stale(mark))
        many = waiting > AT_ONCE
        if many and not 0 < changed <= AT_ONCE:
            return await progress(db)
    left = changed if many else waiting
    while left > 0:
        async with database.transaction() as db:
            done = await recount(db, book, mark)
        if not done:
            break
        left -= done
    if left <= 0 and not many:
        return Fresh(mark)
    async with database.reading() as db:
        return await progress(db)


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[tuple[AsyncSession, Fresh]]:
    """A session that only reads, for a page that shows due days: as a rule nothing is to be counted before it."""
    async with database.reading() as db:
        mark = mark_of(await legal_rules.rule_book(db))
        if not await _at_least(db, stale(mark), 1):
            yield db, Fresh(mark)
            return
    counted = await fresh(database)
    async with database.reading() as db:
        yield db, counted


async def progress(db: AsyncSession) -> Fresh:
    """How far counting is, for a page that shows no due days. All rows are passed through once, and only then when
    there is something to wait for."""
    mark = mark_of(await legal_rules.rule_book(db))
    if not await _at_least(db, stale(mark), 1):
        return Fresh(mark)
    every = select(func.count().filter(stale(mark)), func.count()).select_from(CaseDue)
    waiting, total = (await db.execute(every)).one()
    return Fresh(mark, waiting, total)


async def _at_least(db: AsyncSession, condition: ColumnElement[bool], most: int = AT_ONCE + 1) -> int:
    """How many rows there are, up to ``most``."""
    return len((await db.execute(select(CaseDue.case_id).where(condition).limit(most))).all())


async def adopt(db: AsyncSession) -> None:
    """Cases that came past the hub's sessions, as from a restored backup; and their units, past an older release."""
    known = select(CaseDue.case_id).where(CaseDue.case_id == Case.id).exists()
    missing = select(Case.id, Case.unit_id, null(), literal(""), literal("")).where(~known)
    await db.execute(insert(CaseDue).from_select(["case_id", "unit_id", "due", "clock", "book"], missing))
    unit = select(Case.unit_id).where(Case.id == CaseDue.case_id).scalar_subquery()
    unknown = update(CaseDue).where(CaseDue.unit_id.is_(None)).values(unit_id=unit)
    await db.execute(unknown.execution_options(synchronize_session=False))


async def recount_all(database: Database, *, rest: bool = False) -> int:
    """Until nothing is stale; how many were. ``rest``: as long as it worked, so that pages stay quick meanwhile."""
    done = 0
    while True:
        begun = time.monotonic()
        async with database.reading() as db:
            book = await legal_rules.rule_book(db)
            mark = mark_of(book)
            if not await _next_stale(db, mark, 1):
                return done
        async with database.transaction() as db:
            done += await recount(db, book, mark)
        await asyncio.sleep(time.monotonic() - begun if rest else 0)


class Keeper:
    """A task of the web process: counts anew, in small bites, what rules or cases have made stale."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        turn = 0
        while True:
            try:
                if turn % ADOPT_EVERY == 0:
                    async with self._database.transaction() as db:
                        await adopt(db)
                turn += 1
                await recount_all(self._database, rest=True)
            except NotReady as error:
                log.warning("due days put off", fault=str(error))
            except Exception:
                # A fault here must never end the process, in which hearings are held.
                log.exception("counting due days failed")
            await asyncio.sleep(LOOK_EVERY_S)
