"""Conclusions drafted, issued, carried out and followed up, on both databases."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from hub import calendar
from hub.conclusions import due_day, left, working_days
from hub.errors import BadInput, Conflict, Forbidden, NotFound, Stale
from hub.ids import utc_now
from hub.models import CaseType, Conclusion, ConclusionTask, CustodyEvent, DayKind, OutgoingMail, Role
from hub.services import absences, conclusion_tasks, conclusions
from hub.services.absences import WantedAbsence
from hub.services.conclusions import Draft, WantedTask
from hub.services.signed_texts import SignedText, genuine
from hub.working_days import SpecialDay, WorkCalendar
from tests.support.domain import account, new_case
from tests.support.minutes import CHAIR, OFFICER, SECRETARY, Held, hold

pytestmark = pytest.mark.asyncio

TEXT = "Giao UBND xã đo đạc lại thửa đất."


def today() -> date:
    return calendar.local_day(utc_now())


def task(held: Held, name: str = OFFICER, **changes: object) -> WantedTask:
    given = {"text": "Đo đạc lại thửa đất", "owner": held.world.accounts[name].id, "working_days": 5}
    return WantedTask(**(given | changes))  # type: ignore[arg-type]


async def draft(held: Held, *tasks: WantedTask, who: str = SECRETARY, case: bool = True) -> Conclusion:
    wanted = Draft(text=TEXT, case_id=held.cases[0].id if case else "", tasks=tasks or (task(held),))
    async with held.world.database.transaction() as db:
        return await conclusions.create(db, held.world.vault, held.actor(who), held.hearing.id, wanted)


async def issue(held: Held, config, found: Conclusion, who: str = CHAIR, version: int = 1) -> Conclusion:
    async with held.world.database.transaction() as db:
        return await conclusions.issue(db, config, held.actor(who), found.id, version)


async def step(held: Held, act, who: str, words: str = "", **more: object) -> ConclusionTask:
    async with held.world.database.transaction() as db:
        task_id = await db.scalar(select(ConclusionTask.id))
        return await act(db, held.world.vault, held.actor(who), task_id, words=words, **more)


async def test_the_chair_issues_what_the_secretary_drafted_with_a_number_and_a_seal(database, config):
    held = await hold(database)
    found = await draft(held)
    for who in (SECRETARY, "leader2.TINH1", OFFICER):
        with pytest.raises(Forbidden):
            await issue(held, config, found, who)
    issued = await issue(held, config, found)
    assert issued.number == f"TBKL-TINH1-{today().year}-000001"
    assert genuine(config, SignedText(issued.document, issued.sha256, issued.signature, issued.seal_key))
    assert json.loads(issued.document)["tasks"][0]["unit"] == "UBND XA1"
    async with database.reading() as db:
        assert await db.scalar(select(CustodyEvent.id).where(CustodyEvent.action == "conclusion_issued"))
    with pytest.raises(Conflict):
        await issue(held, config, found, version=2)


async def test_a_draft_is_for_who_runs_the_hearing(database):
    held = await hold(database)
    found = await draft(held)
    async with database.reading() as db:
        for who in (OFFICER, "officer.TINH1", "auditor.TINH1"):
            with pytest.raises(Forbidden):
                await conclusions.get(db, held.actor(who), found.id)
        assert (await conclusions.get(db, held.actor(CHAIR), found.id)).may_issue


async def test_what_is_missing_is_told_by_field_and_two_editors_do_not_undo_each_other(database):
    held = await hold(database)
    bad = task(held, text=" ", working_days=None)
    with pytest.raises(BadInput) as refused:
        await draft(held, bad, WantedTask(text="x", owner="nobody", due=today() - timedelta(days=40)))
    assert set(refused.value.fields) == {"task1", "due1", "owner2", "due2"}
    assert all(text.params["row"] == int(name[-1]) for name, text in refused.value.fields.items())
    found = await draft(held)
    for version in (1, 1):
        async with database.transaction() as db:
            args = db, held.world.vault, held.actor(CHAIR), found.id, version, Draft(text=TEXT)
            if version == found.version:
                await conclusions.change(*args)
                found.version += 1
            else:
                with pytest.raises(Stale):
                    await conclusions.change(*args)


async def test_a_conclusion_never_names_a_denouncer(database):
    held = await hold(database, new_case(type=CaseType.DENUNCIATION, summary="Tố cáo thu tiền"))
    with pytest.raises(BadInput):
        await draft(held, task(held, text="Mời bà Nguyễn Thị Đào lên làm việc"))


async def test_a_task_is_reported_returned_reported_again_and_confirmed(database, config):
    held = await hold(database)
    await issue(held, config, await draft(held))
    with pytest.raises(NotFound):
        await step(held, conclusion_tasks.report, "officer.XA2", "xong")
    with pytest.raises(BadInput):
        await step(held, conclusion_tasks.report, OFFICER, " ")
    with pytest.raises(Conflict):
        await step(held, conclusion_tasks.confirm, CHAIR)
    await step(held, conclusion_tasks.report, OFFICER, "Đã đo")
    with pytest.raises(Forbidden):
        await step(held, conclusion_tasks.confirm, OFFICER)
    await step(held, conclusion_tasks.give_back, SECRETARY, "Thiếu biên bản đo")
    await step(held, conclusion_tasks.report, OFFICER, "Đã gửi biên bản đo")
    done = await step(held, conclusion_tasks.confirm, CHAIR)
    assert done.state == "done"
    with pytest.raises(Conflict):
        await step(held, conclusion_tasks.report, OFFICER, "lại")
    async with database.reading() as db:
        [history] = (await conclusion_tasks.steps(db, done.conclusion_id)).values()
        assert [one.step for one in history] == ["reported", "returned", "reported", "confirmed"]
        assert await conclusion_tasks.of_owner(db, held.actor(OFFICER)) == []
        assert await conclusion_tasks.not_carried_out(db, held.actor(CHAIR)) == []


async def test_a_units_task_waits_for_everybody_in_it_and_an_accounts_for_one(database, config):
    held = await hold(database)
    mine = task(held, "leader.XA1")
    ours = task(held, text="Lập danh sách", owner=held.world.units["XA1"].id)
    await issue(held, config, await draft(held, mine, ours))
    async with database.reading() as db:
        assert [one.text for one in await conclusion_tasks.of_owner(db, held.actor(OFFICER))] == ["Lập danh sách"]
        assert len(await conclusion_tasks.of_owner(db, held.actor("leader.XA1"))) == 2
        assert await conclusion_tasks.of_owner(db, held.actor("officer.XA2")) == []
        assert len(await conclusion_tasks.not_carried_out(db, held.actor("leader.TW"))) == 2
        assert await conclusion_tasks.not_carried_out(db, held.actor("leader.XA1")) == []


async def test_who_is_late_is_reminded_once_and_again_after_an_extension(database, config):
    held = await hold(database)
    await issue(held, config, await draft(held, task(held, working_days=2)))

    async def letters() -> list[str]:
        async with database.transaction() as db:
            await conclusion_tasks.remind(db)
        async with database.reading() as db:
            rows = await db.scalars(select(OutgoingMail.notice_key).where(OutgoingMail.notice_key.contains("/soon/")))
            return list(rows)

    assert len(await letters()) == 1
    assert len(await letters()) == 1
    with pytest.raises(BadInput):
        await step(held, conclusion_tasks.extend, CHAIR, "Mưa bão", due=today())
    moved = await step(held, conclusion_tasks.extend, CHAIR, "Mưa bão", due=today() + timedelta(days=60))
    assert moved.due >= today() + timedelta(days=60)
    assert len(await letters()) == 1
    async with database.transaction() as db:
        late = await db.scalar(select(ConclusionTask))
        late.due = today() - timedelta(days=1)
    await letters()
    async with database.reading() as db:
        overdue = await db.scalars(select(OutgoingMail).where(OutgoingMail.notice_key.contains("/overdue/")))
        assert len(list(overdue)) == 3  # the owner, the chair, the secretary


@pytest.mark.parametrize(
    ("stand_in", "who"), [("officer2.XA1", {"owner", "stand-in"}), ("", {"owner", "chair", "secretary"})]
)
async def test_while_the_owner_is_away_the_stand_in_is_reminded_or_who_ran_the_hearing(database, config, stand_in, who):
    held = await hold(database)
    accounts = held.world.accounts
    accounts["officer2.XA1"] = account("officer2.XA1", held.world.units["XA1"], Role.OFFICER)
    await issue(held, config, await draft(held, task(held, OFFICER, working_days=2)))
    async with database.transaction() as db:
        db.add(accounts["officer2.XA1"])
    async with database.transaction() as db:
        wanted = WantedAbsence(first_day=today(), stand_in_id=accounts[stand_in].id if stand_in else "")
        await absences.add(db, held.actor(OFFICER), accounts[OFFICER].id, wanted)
        await conclusion_tasks.remind(db)
    named = {"owner": OFFICER, "stand-in": "officer2.XA1", "chair": CHAIR, "secretary": SECRETARY}
    async with database.reading() as db:
        soon = select(OutgoingMail.account_id).where(OutgoingMail.notice_key.contains("/soon/"))
        assert set(await db.scalars(soon)) == {accounts[named[one]].id for one in who}


async def test_working_days_are_counted_by_the_calendar():
    tet = WorkCalendar({date(2027, 2, 5) + timedelta(days=n): _tet(n) for n in range(5)})
    assert due_day(None, 2, date(2027, 2, 4), tet) == date(2027, 2, 11)
    assert due_day(date(2027, 2, 6), None, date(2027, 2, 1), tet) == date(2027, 2, 10)
    assert left(date(2027, 2, 10), date(2027, 2, 4), tet).days == 1
    assert left(date(2027, 2, 3), date(2027, 2, 4), tet).overdue
    assert [working_days(text) for text in ("10", "10 ngày", "0", "23/11/2026", "", "400")] == [
        10,
        10,
        None,
        None,
        None,
        None,
    ]


def _tet(n: int) -> SpecialDay:
    return SpecialDay(date(2027, 2, 5) + timedelta(days=n), DayKind.HOLIDAY, "Tết")
