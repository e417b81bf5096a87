"""The tasks of the day are what counting anew gives, whatever happened; and people are reminded of each once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from hub import calendar
from hub.case_clocks import clocks, next_due
from hub.case_moves import MoveCode
from hub.db import Database
from hub.ids import utc_now
from hub.law import RuleBook
from hub.models import (
    Account,
    Assignment,
    Case,
    CaseDue,
    CaseState,
    CaseType,
    Certainty,
    DayKind,
    Holiday,
    LegalRule,
    OutgoingMail,
    Reminder,
)
from hub.services import assignments, case_course, cases, dues, law_loading, legal_rules, reminding, tasks
from hub.services.assignments import WantedAssignment
from hub.services.case_course import WantedMove
from hub.services.legal_rules import HolidayEdit
from hub.services.tasks import Bucket, TaskQuery
from hub.tasks import GIVEN, Day, TaskKind
from tests.support.domain import World, make_world, new_case

M = MoveCode
TODAY = calendar.local_day(utc_now())
EVERYTHING = TaskQuery(limit=10_000)


@pytest_asyncio.fixture
async def world(database: Database) -> World:
    made = await make_world(database)
    async with database.transaction() as db:
        await db.run_sync(law_loading.load)
    return made


async def register(world: World, unit: str = "XA1", days_ago: int = 0, **changes: object) -> Case:
    async with world.database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor(f"officer.{unit}"), new_case(**changes))
        case.received_at -= timedelta(days=days_ago)
        return case


async def step(world: World, case: Case, code: MoveCode) -> None:
    async with world.database.transaction() as db:
        now = await db.get(Case, case.id)
        wanted = WantedMove(code=code, day=TODAY, document_number="1", document_day=TODAY, reason="x")
        await case_course.make(db, world.vault, world.actor("officer.XA1"), case.id, now.version, wanted)


async def give(world: World, case: Case, due: date | None = None) -> Assignment:
    async with world.database.transaction() as db:
        wanted = WantedAssignment(to_id=world.accounts["officer.XA1"].id, due=due)
        return await assignments.assign(db, world.vault, world.actor("leader.XA1"), case.id, wanted)


async def book_of(world: World) -> RuleBook:
    async with world.database.reading() as db:
        return await legal_rules.rule_book(db)


async def counted_anew(world: World) -> Counter[tuple[str, date]]:
    """The long way: every clock of every case."""
    book = await book_of(world)
    found: Counter[tuple[str, date]] = Counter()
    async with world.database.reading() as db:
        every = (await db.execute(select(Case))).unique().scalars().all()
        events = await case_course.events_of(db, [case.id for case in every])
    for case in every:
        so_far = case_course.happened(case, events[case.id])
        clock = next_due(clocks(case_course.facts_of(case), so_far, book, TODAY, stopped=False))
        if clock is not None and clock.due is not None:
            found[case.id, clock.due] += 1
    return found


async def listed(world: World, who: str = "leader.TW", query: TaskQuery = EVERYTHING) -> list[tasks.Task]:
    counted = await dues.fresh(world.database)
    assert counted.waiting == 0
    day = Day.of(TODAY, await book_of(world))
    async with world.database.reading() as db:
        found = (await tasks.find(db, world.actor(who), query, counted.mark, day)).tasks
        counts = await tasks.counts(db, world.actor(who), query, counted.mark, day)
    shown = [task for task in found if query.bucket in (None, task.bucket)]
    assert shown == found == sorted(found, key=lambda task: task.order)
    assert not counts.more
    if query.bucket is None:
        assert counts.of == {bucket: sum(task.bucket is bucket for task in found) for bucket in Bucket}
    return found


async def page_by_page(world: World, who: str, size: int) -> list[tasks.Task]:
    """As somebody turns the pages; cases that come meanwhile shift nothing."""
    counted = await dues.fresh(world.database)
    day = Day.of(TODAY, await book_of(world))
    found: list[tasks.Task] = []
    while True:
        query = TaskQuery(limit=size, after=found[-1].cursor if found else None)
        async with world.database.reading() as db:
            page = (await tasks.find(db, world.actor(who), query, counted.mark, day)).tasks
        if not page:
            return found
        found += page


def as_counted(found: list[tasks.Task]) -> Counter[tuple[str, date]]:
    return Counter((task.key, task.due) for task in found if task.clock != GIVEN)


STEPS = [M.CLASSIFY, M.ACCEPT, M.VERIFY, M.MORE_TIME, M.WITHDRAW, M.FILE]
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("register"), st.integers(0, 60)),
        st.tuples(
            st.sampled_from([M.CLASSIFY, M.ACCEPT, M.VERIFY, M.MORE_TIME, M.WITHDRAW, M.FILE]), st.integers(0, 5)
        ),
        st.tuples(st.just("day off"), st.integers(1, 30)),
        st.tuples(st.just("rule"), st.integers(1, 60)),
        st.tuples(st.just("look"), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_the_list_is_what_counting_anew_gives_whatever_has_happened(actions):
    """On a database of its own for each example: hypothesis and fixtures do not mix."""
    import asyncio
    import tempfile
    from pathlib import Path

    from tests.support.schema import make_schema

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'h.db'}"
            make_schema(url)
            database = Database(url)
            world = await make_world(database)
            async with database.transaction() as db:
                await db.run_sync(law_loading.load)
            made = [await register(world, days_ago=9)]
            for what, number in actions:
                await act(world, made, what, number)
            assert as_counted(await listed(world)) == await counted_anew(world)
            await database.close()

    asyncio.run(run())


async def act(world: World, made: list[Case], what: object, number: int) -> None:
    from hub.errors import Conflict, HubError

    if what == "register":
        made.append(await register(world, days_ago=number, type=list(CaseType)[number % 4]))
    elif what == "look":
        assert as_counted(await listed(world)) == await counted_anew(world)
    elif what == "day off":
        async with world.database.transaction() as db:
            day = TODAY + timedelta(days=number)
            off = HolidayEdit(day=day, kind=DayKind.HOLIDAY, name="Nghỉ", legal_basis="QĐ", certainty=Certainty.TEXT)
            try:
                await legal_rules.save_holiday(db, world.actor("administrator.TW"), "", 0, off, "thử")
            except HubError:
                assert (await db.execute(select(Holiday).where(Holiday.day == day))).first()
    elif what == "rule":
        async with world.database.transaction() as db:
            await db.execute(update(LegalRule).where(LegalRule.code == "reception_reply").values(value=number))
    else:
        try:
            await step(world, made[number % len(made)], what)  # type: ignore[arg-type]
        except (Conflict, HubError):
            return


@pytest.mark.asyncio
async def test_the_most_pressing_comes_first_and_each_has_its_owner(world):
    late, soon = await register(world, days_ago=40), await register(world, days_ago=12)
    fresh = await register(world)
    await give(world, soon, TODAY)
    found = await listed(world, "leader.XA1")
    assert found[0].key == late.id
    assert found[0].bucket is Bucket.OVERDUE
    assert found[0].owner == ""
    assert {task.clock for task in found if task.key == soon.id} >= {GIVEN}
    assert {task.owner for task in found if task.key == soon.id} == {"Ông officer.XA1"}
    mine = await listed(world, "officer.XA1", TaskQuery(owner=world.accounts["officer.XA1"].id))
    assert {task.key for task in mine} == {soon.id}
    nobody = await listed(world, "officer.XA1", TaskQuery(owner="none"))
    assert {task.key for task in nobody} == {late.id, fresh.id}
    overdue = await listed(world, "officer.XA1", TaskQuery(bucket=Bucket.OVERDUE))
    assert {task.key for task in overdue if task.clock != GIVEN} >= {late.id}


@pytest.mark.asyncio
async def test_a_head_sees_the_units_below_and_nobody_sees_beside(world):
    one, other = await register(world, days_ago=40), await register(world, "XA2", days_ago=40)
    foreign = await register(world, "XA9", days_ago=40)
    assert {task.key for task in await listed(world, "leader.TINH1")} == {one.id, other.id}
    assert {task.key for task in await listed(world, "officer.XA9")} == {foreign.id}
    mark = (await dues.fresh(world.database)).mark
    day = Day.of(TODAY, await book_of(world))
    async with world.database.reading() as db:
        counts = await tasks.counts(db, world.actor("leader.TINH1"), TaskQuery(), mark, day)
    assert {name: its[Bucket.OVERDUE] for _, name, its in counts.units()} == {"UBND XA1": 1, "UBND XA2": 1}
    assert await listed(world, "leader.TINH1", TaskQuery(unit_id=tasks.MINE)) == []
    below = await listed(world, "leader.TINH1", TaskQuery(unit_id=tasks.BELOW))
    assert {task.key for task in below} == {one.id, other.id}
    assert await listed(world, "leader.XA1", TaskQuery(unit_id=world.units["XA9"].id)) == [], "not by its id either"


@pytest.mark.asyncio
async def test_pages_follow_each_other_through_all_kinds_and_what_has_no_day_comes_last(world):
    for days_ago in (40, 40, 12, 0):
        given = await register(world, days_ago=days_ago)
        await give(world, given, TODAY if days_ago == 12 else None)
    whole = await listed(world)
    assert {task.kind for task in whole} == {TaskKind.CASE, TaskKind.ASSIGNED}
    assert whole[-1].bucket is Bucket.UNDATED
    for size in (1, 2, 3, 50):
        assert await page_by_page(world, "leader.TW", size) == whole
    [law] = {task.basis for task in whole if task.kind is TaskKind.CASE}
    assert "Điều" in law, "which text asks for it"


@pytest.mark.asyncio
async def test_a_row_that_was_counted_by_other_rules_is_shown_to_nobody(world):
    await register(world, days_ago=40)
    mark = (await dues.fresh(world.database)).mark
    async with world.database.transaction() as db:
        await db.execute(update(CaseDue).values(book="another"))
    day = Day.of(TODAY, await book_of(world))
    async with world.database.reading() as db:
        assert (await tasks.find(db, world.actor("leader.TW"), EVERYTHING, mark, day)).tasks == []
        assert await dues.count_stale(db, mark) == 1
    assert await dues.recount_all(world.database) == 1


@pytest.mark.asyncio
async def test_after_a_changed_rule_a_page_does_not_wait_and_the_most_pressing_are_counted_first(world, monkeypatch):
    monkeypatch.setattr(dues, "AT_ONCE", 1)
    made = [await register(world, days_ago=days_ago) for days_ago in (3, 40, 20)]
    await dues.recount_all(world.database)
    async with world.database.transaction() as db:
        await db.execute(update(LegalRule).where(LegalRule.code == "reception_reply").values(value=11))
    fresh = await dues.fresh(world.database)
    assert (fresh.waiting, fresh.done, fresh.total) == (3, 0, 3)
    async with world.database.transaction() as db:
        await db.execute(update(Case).where(Case.id == made[0].id).values(version=Case.version + 1))
        await db.execute(update(CaseDue).where(CaseDue.case_id == made[0].id).values(book=""))
    fresh = await dues.fresh(world.database)
    assert (fresh.waiting, fresh.done) == (2, 1), "what somebody has just changed is counted at once"
    async with world.database.transaction() as db:
        assert await dues.recount(db, await legal_rules.rule_book(db), fresh.mark, limit=1) == 1
    day = Day.of(TODAY, await book_of(world))
    async with world.database.reading() as db:
        found = await tasks.find(db, world.actor("leader.TW"), EVERYTHING, fresh.mark, day)
    assert {task.key for task in found.tasks} == {made[0].id, made[1].id}


@pytest.mark.asyncio
async def test_cases_that_came_past_the_hub_are_found(world):
    await register(world, days_ago=40)
    async with world.database.transaction() as db:
        await db.execute(CaseDue.__table__.delete())
        await dues.adopt(db)
    assert len(await listed(world)) == 1
    async with world.database.transaction() as db:
        await db.execute(update(CaseDue).values(unit_id=None))
        await dues.adopt(db)
    assert len(await listed(world, "officer.XA1")) == 1, "an older release had not written down whose it is"


@pytest.mark.asyncio
async def test_of_a_closed_case_nothing_is_due(world):
    late = await register(world, days_ago=40)
    assert len(await listed(world)) == 1
    async with world.database.transaction() as db:
        (await db.get(Case, late.id)).state = CaseState.CLOSED
    assert await listed(world) == []
    async with world.database.reading() as db:
        [row] = (await db.execute(select(CaseDue))).scalars()
    assert (row.due, row.unit_id) == (None, late.unit_id)


# Reminders ---------------------------------------------------------------------------------------------------------


async def working_day(world: World) -> date:
    """Today or the next day on which people are reminded."""
    day, days = TODAY, (await book_of(world)).days
    while not days.is_working(day):
        day += timedelta(days=1)
    return day


async def remind(world: World, day: date) -> int:
    await dues.recount_all(world.database)
    async with world.database.transaction() as db:
        book = await legal_rules.rule_book(db)
        return await reminding.run(db, book, dues.mark_of(book), day)


async def sent(world: World) -> list[tuple[str, str]]:
    async with world.database.reading() as db:
        wanted = select(Account.username, Reminder.kind).join(Account, Account.id == Reminder.account_id)
        return sorted((name, str(kind)) for name, kind in (await db.execute(wanted)).all())


@pytest.mark.asyncio
async def test_the_owner_is_reminded_before_and_after_and_then_the_superior_each_once(world):
    case = await register(world, type=CaseType.FEEDBACK)  # to be answered by Mon 15/3
    await give(world, case)
    async with world.database.transaction() as db:
        await db.execute(update(Assignment).values(due=date(2027, 3, 10)))  # a Wednesday
        await db.execute(update(Case).values(received_at=datetime.combine(date(2027, 3, 1), time(5), calendar.ZONE)))
    assert await remind(world, date(2027, 3, 4)) == 0
    assert await remind(world, date(2027, 3, 6)) == 0, "a Saturday"
    assert await remind(world, date(2027, 3, 5)) == 1
    assert await sent(world) == [("officer.xa1", "before")]
    assert await remind(world, date(2027, 3, 5)) == 0, "once a day"
    assert await remind(world, date(2027, 3, 8)) == 0, "and of each thing once"
    assert await remind(world, date(2027, 3, 11)) >= 1
    assert ("officer.xa1", "overdue") in await sent(world)
    assert await remind(world, date(2027, 3, 12)) >= 1
    found = await sent(world)
    assert ("leader.xa1", "escalated") in found
    assert len(found) == len(set(found)) or Counter(found)["officer.xa1", "before"] == 2


@pytest.mark.asyncio
async def test_what_was_missed_while_the_hub_was_off_is_made_up_for_in_one_letter(world):
    for _ in range(3):
        await register(world, days_ago=60)
    day = await working_day(world)
    assert await remind(world, day) == 2, "the unit's officer and its leader"
    async with world.database.reading() as db:
        letters = (await db.execute(select(OutgoingMail))).unique().scalars().all()
    assert sorted(row.account.username for row in letters) == ["leader.xa1", "officer.xa1"]
    text = str([[row.subject, row.lines] for row in letters])
    assert "thôn Đông" not in text, "what a case is about stays in the hub"


@pytest.mark.asyncio
async def test_without_a_leader_the_nearest_above_is_told(world):
    await register(world, "XA2", days_ago=60)
    await remind(world, await working_day(world))
    assert ("leader.tinh1", "escalated") in await sent(world)


@pytest.mark.asyncio
async def test_who_was_reminded_sees_it_on_the_page(world):
    case = await register(world, days_ago=60)
    await remind(world, await working_day(world))
    async with world.database.reading() as db:
        [one] = await reminding.mine(db, world.actor("officer.XA1"))
    assert (one.case_id, one.kind) == (case.id, "overdue")


@pytest.mark.parametrize(
    ("today", "ahead", "until"), [("2026-11-20", 1, "2026-11-23"), ("2026-11-19", 1, "2026-11-22")]
)
@pytest.mark.asyncio
async def test_days_off_are_reminded_of_on_the_working_day_before(world, today, ahead, until):
    days = (await book_of(world)).days
    assert reminding.horizon(date.fromisoformat(today), ahead, days) == date.fromisoformat(until)
