"""What is due besides cases stands on the page of tasks: for who has to do it, and for who is above."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import update

from hub import calendar
from hub.ids import utc_now
from hub.models import Answer, ConclusionTask, HearingKind, Invitation, UnitHead
from hub.services import (
    conclusion_tasks,
    conclusions,
    dues,
    duties,
    hearings,
    law_loading,
    legal_rules,
    postings,
    tasks,
)
from hub.services.conclusions import Draft, WantedTask
from hub.services.postings import PostingInput
from hub.services.tasks import NOBODY, Bucket, TaskQuery
from hub.tasks import Day, Task, TaskKind
from tests.support.domain import World, make_world
from tests.support.minutes import CHAIR, OFFICER, hold

pytestmark = pytest.mark.asyncio

TODAY = calendar.local_day(utc_now())
LAST = (TODAY.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
"""Of the month: what has not been received by then cannot be made up for."""


async def of(world: World, who: str, kind: TaskKind, on: date = TODAY, **asked: object) -> list[Task]:
    async with world.database.reading() as db:
        day = Day.of(on, await legal_rules.rule_book(db))
        query = TaskQuery(**asked)  # type: ignore[arg-type]
        found = await tasks.find(db, world.actor(who), query, dues.mark_of(day.book), day)
    return [one for one in found.tasks if one.kind is kind]


async def with_rules(database) -> World:
    world = await make_world(database)
    async with database.transaction() as db:
        await db.run_sync(law_loading.load)
    return world


async def book(world: World, days: int = 20, **changes: object):
    start = calendar.at(TODAY + timedelta(days=days), time(8, 30))
    async with world.database.transaction() as db:
        wanted = world.booking("XA1", starts_at=start, title="Tiếp định kỳ", **changes)
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), wanted)


async def test_a_conclusions_task_is_shown_to_its_owner_and_to_who_follows_it_and_to_nobody_else(database, config):
    held = await hold(database)
    owner = held.world.accounts[OFFICER].id
    wanted = Draft(text="Giao đo lại", tasks=(WantedTask(text="Đo đạc lại", owner=owner, working_days=5),))
    async with database.transaction() as db:
        draft = await conclusions.create(db, held.world.vault, held.actor(CHAIR), held.hearing.id, wanted)
    async with database.transaction() as db:
        await conclusions.issue(db, config, held.actor(CHAIR), draft.id, 1)
    for who in (OFFICER, CHAIR, "leader.XA1"):
        [duty] = await of(held.world, who, TaskKind.CONCLUSION)
        assert (duty.title, duty.owner_id, duty.left) == ("Đo đạc lại", owner, 5)
    assert await of(held.world, "officer.XA2", TaskKind.CONCLUSION) == []
    assert await of(held.world, CHAIR, TaskKind.CONCLUSION, owner=NOBODY) == []
    assert await of(held.world, CHAIR, TaskKind.CONCLUSION, type="complaint") == []
    async with database.transaction() as db:
        await db.execute(update(ConclusionTask).values(due=TODAY - timedelta(days=7)))
    assert [one.bucket for one in await of(held.world, OFFICER, TaskKind.CONCLUSION)] == [Bucket.OVERDUE]
    async with database.transaction() as db:
        await conclusion_tasks.report(db, held.world.vault, held.actor(OFFICER), draft.tasks[0].id, "Đã đo")
    assert await of(held.world, OFFICER, TaskKind.CONCLUSION) == []
    assert await of(held.world, OFFICER, TaskKind.CONFIRM) == []
    assert len(await of(held.world, CHAIR, TaskKind.CONFIRM)) == 1


async def test_a_reception_is_to_be_posted_by_the_laws_day_until_it_is_posted(database, monkeypatch):
    world = await with_rules(database)
    hearing = await book(world, kind=HearingKind.REGULAR)
    async with database.reading() as db:
        due = await postings.due_of(db, hearing)
    for who in ("officer.TINH1", "leader.TINH1", "leader.TW"):
        [duty] = await of(world, who, TaskKind.POSTING)
        assert (duty.due, duty.number) == (due.day, hearing.number)
    with monkeypatch.context() as few:
        few.setattr(duties, "MOST", 0)
        async with database.reading() as db:
            day = Day.of(TODAY, await legal_rules.rule_book(db))
            asked = (db, world.actor("officer.TINH1"), TaskQuery(kinds=frozenset({TaskKind.POSTING})), "", day)
            cut, counted = await tasks.find(*asked), await tasks.counts(*asked)
    assert (cut.tasks, cut.more, Bucket.LATER in counted.more) == ([], True, True), "that there are more, is said"
    assert await of(world, "officer.XA1", TaskKind.POSTING) == []
    async with database.transaction() as db:
        text = PostingInput(content="Tiếp công dân", accept_late=True)
        await postings.post(db, world.vault, world.actor("officer.TINH1"), [hearing.id], text)
    assert await of(world, "officer.TINH1", TaskKind.POSTING) == []


async def test_an_invitation_is_the_invited_persons_and_the_bookers_until_it_is_answered(database):
    world = await with_rules(database)
    hearing = await book(world)
    chair = world.accounts["leader.TINH1"].id
    [mine] = await of(world, "leader.TINH1", TaskKind.INVITATION, owner=chair)
    assert mine.due == calendar.local_day(hearing.starts_at)
    assert chair in {one.owner_id for one in await of(world, "officer.TINH1", TaskKind.INVITATION)}
    assert await of(world, "leader.XA1", TaskKind.INVITATION) == []
    async with database.transaction() as db:
        await db.execute(update(Invitation).values(answer=Answer.ACCEPTED))
    assert await of(world, "leader.TINH1", TaskKind.INVITATION) == []


async def test_a_minimum_out_of_reach_is_the_heads_and_is_shown_to_who_is_above(database):
    world = await with_rules(database)
    unit = world.units["XA1"].id
    async with database.transaction() as db:
        db.add(
            UnitHead(
                unit_id=unit,
                account_id=world.accounts["leader.XA1"].id,
                rule_code="reception_commune_chair",
                valid_from=date(2020, 1, 1),
            )
        )
    [duty] = await of(world, "leader.XA1", TaskKind.MINIMUM, on=LAST)
    assert (duty.owner_id, duty.count > 0) == (world.accounts["leader.XA1"].id, True)
    assert duty.bucket is Bucket.OVERDUE
    assert await of(world, "leader.TW", TaskKind.MINIMUM, on=LAST) == [duty]
    assert await of(world, "officer.XA2", TaskKind.MINIMUM, on=LAST) == []
