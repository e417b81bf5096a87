"""Somebody is away: who stands in is told and offered, gets no right by it, and work is handed over in one step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete, select

from hub import calendar
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden, NotFound
from hub.ids import new_id, utc_now
from hub.models import (
    Absence,
    Account,
    Assignment,
    AssignmentState,
    AuditEvent,
    Case,
    CaseType,
    OutgoingMail,
    Reminder,
    Role,
    RoleGrant,
)
from hub.services import (
    absences,
    assignments,
    cases,
    dues,
    handing_over,
    identity,
    law_loading,
    legal_rules,
    people,
    reminding,
    tasks,
)
from hub.services.absences import WantedAbsence, reaches
from hub.services.assignments import AwayThen, WantedAssignment
from hub.services.handing_over import WantedHandOver
from hub.services.tasks import TaskQuery
from hub.tasks import Day
from tests.support.domain import World, account, make_world, new_case

pytestmark = pytest.mark.asyncio

TODAY = calendar.local_day(utc_now())
WEEK = timedelta(days=7)
A, B = "officer.XA1", "officer2.XA1"


@pytest_asyncio.fixture
async def world(database: Database) -> World:
    """XA1 with two officers."""
    made = await make_world(database)
    made.accounts[B] = account(B, made.units["XA1"], Role.OFFICER)
    async with database.transaction() as db:
        db.add(made.accounts[B])
        await db.run_sync(law_loading.load)
    return made


async def is_away(
    world: World, who: str = A, stand_in: str = "", first: date = TODAY, last: date | None = TODAY + WEEK, by: str = ""
) -> Absence:
    wanted = WantedAbsence(first_day=first, last_day=last, stand_in_id=world.accounts[stand_in].id if stand_in else "")
    async with world.database.transaction() as db:
        return await absences.add(db, world.actor(by or who), world.accounts[who].id, wanted)


async def register(world: World, days_ago: int = 0, **changes: object) -> Case:
    async with world.database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor(A), new_case(**changes))
        case.received_at -= timedelta(days=days_ago)
        return case


async def give(world: World, case: Case, to: str = A, **changes: str) -> Assignment:
    async with world.database.transaction() as db:
        now = await assignments.current(db, case.id)
        wanted = WantedAssignment(to_id=world.accounts[to].id, seen=now.id if now else "", **changes)
        return await assignments.assign(db, world.vault, world.actor("leader.XA1"), case.id, wanted)


async def hand_over(
    world: World, turns: list[str], to: str = B, reason: str = "Nghỉ hưu", by: str = "leader.XA1"
) -> None:
    wanted = WantedHandOver(to_id=world.accounts[to].id, turns=turns, reason=reason)
    async with world.database.transaction() as db:
        await handing_over.hand_over(db, world.vault, world.actor(by), world.accounts[A].id, wanted)


async def remind(world: World) -> set[tuple[str, str]]:
    """On the next working day: who was told, and which kind."""
    async with world.database.reading() as db:
        book = await legal_rules.rule_book(db)
    day = next(TODAY + timedelta(days=n) for n in range(1, 15) if book.days.is_working(TODAY + timedelta(days=n)))
    await dues.recount_all(world.database)
    async with world.database.transaction() as db:
        await reminding.run(db, book, dues.mark_of(book), day)
    async with world.database.reading() as db:
        told = select(Account.username, Reminder.kind).join(Account, Account.id == Reminder.account_id)
        return {(name, kind) for name, kind in await db.execute(told)}


async def letters(world: World, to: str) -> list[str]:
    async with world.database.reading() as db:
        wanted = select(OutgoingMail).where(OutgoingMail.account_id == world.accounts[to].id)
        rows = (await db.execute(wanted)).unique().scalars()
        return [str(line) for row in rows for line in (row.subject, *row.lines)]


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ({"a": "b"}, "b"),
        ({"a": None}, None),
        ({"a": "b", "b": "c"}, "c"),
        ({"a": "b", "b": None}, None),
        ({"a": "b", "b": "a"}, None),
        ({"a": "b", "b": "c", "c": "b"}, None),
    ],
)
async def test_a_stand_in_who_is_away_hands_on_and_a_circle_reaches_nobody(line, there):
    assert reaches("a", line) == there


@pytest.mark.parametrize("by", [A, "leader.XA1", "administrator.TINH1", "leader.TINH1"])
async def test_oneself_the_head_and_the_administrator_may_say_it(world, by):
    await is_away(world, stand_in=B, by=by)
    async with world.database.reading() as db:
        out = (await absences.away(db, TODAY))[world.accounts[A].id]
    assert (out.stand_in_id, out.last_day) == (world.accounts[B].id, TODAY + WEEK)


@pytest.mark.parametrize("by", [B, "officer.TINH1", "auditor.XA1", "secretary.TINH1", "leader2.TINH1"])
async def test_nobody_else_may(world, by):
    if by == "leader2.TINH1":  # a head, but of another province's commune
        by, who = "leader.TINH1", "officer.XA9"
    else:
        who = A
    with pytest.raises(Forbidden):
        await is_away(world, who=who, by=by)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last": TODAY - WEEK}, "last_day"),
        ({"first": TODAY - 2 * WEEK, "last": TODAY - WEEK}, "last_day"),
        ({"first": TODAY + 999 * WEEK, "last": None}, "first_day"),
        ({"stand_in": A}, "stand_in_id"),
        ({"stand_in": "officer.XA2"}, "stand_in_id"),
    ],
)
async def test_what_cannot_be_is_told_by_field(world, changes, field):
    with pytest.raises(BadInput) as told:
        await is_away(world, **changes)
    assert set(told.value.fields) == {field}


async def test_the_same_form_twice_makes_one_absence(world):
    await is_away(world)
    with pytest.raises(BadInput) as told:
        await is_away(world)
    assert set(told.value.fields) == {"first_day"}


async def test_who_is_away_without_anybody_cannot_stand_in(world):
    await is_away(world, who=B)
    with pytest.raises(BadInput) as told:
        await is_away(world, stand_in=B)
    assert set(told.value.fields) == {"stand_in_id"}


async def test_who_is_back_is_back(world):
    row = await is_away(world, stand_in=B)
    async with world.database.transaction() as db:
        await absences.end(db, world.actor(A), row.id)
    async with world.database.reading() as db:
        assert await absences.away(db, TODAY) == {}
    with pytest.raises(Conflict):
        async with world.database.transaction() as db:
            await absences.end(db, world.actor(A), row.id)


async def test_a_long_absence_that_ends_stays_on_record(world):
    row = await is_away(world, first=TODAY - WEEK)
    async with world.database.transaction() as db:
        await absences.end(db, world.actor(A), row.id)
        kept = await db.get_one(Absence, row.id)
        assert (kept.last_day, kept.withdrawn_at) == (TODAY - timedelta(days=1), None)


async def test_who_is_away_is_given_a_case_only_knowingly(world):
    await is_away(world, stand_in=B)
    case = await register(world)
    with pytest.raises(AwayThen) as told:
        await give(world, case)
    assert (told.value.stand_in_id, set(told.value.fields)) == (world.accounts[B].id, {"to_id"})
    assert (await give(world, case, B)).to_id == world.accounts[B].id
    knowingly = await give(world, case, A, though_away=world.accounts[A].id)
    assert knowingly.to_id == world.accounts[A].id


async def test_who_goes_away_before_the_day_that_is_given_is_warned_of_too(world):
    await is_away(world, first=TODAY + WEEK, last=None)
    case = await register(world)
    with pytest.raises(AwayThen) as told:
        await give(world, case, due=TODAY + 2 * WEEK)
    assert told.value.stand_in_id is None
    await give(world, case, due=TODAY + timedelta(days=3))


async def test_reminders_go_to_the_stand_in_too(world):
    case = await register(world, days_ago=60)
    await give(world, case)
    await is_away(world, stand_in=B, last=None)
    assert await remind(world) >= {("officer.xa1", "overdue"), ("officer2.xa1", "overdue")}
    assert any("đang vắng" in line for line in await letters(world, B))


async def test_with_nobody_to_stand_in_the_head_is_reminded(world):
    case = await register(world, days_ago=60)
    await give(world, case)
    await is_away(world, last=None)
    told = await remind(world)
    assert ("leader.xa1", "overdue") in told
    assert ("officer2.xa1", "overdue") not in told


async def test_a_head_who_is_away_is_stood_in_for_or_the_head_above_is_told(world):
    case = await register(world, days_ago=60)
    await give(world, case)
    await is_away(world, who="leader.XA1", last=None)
    told = await remind(world)
    assert {("leader.xa1", "escalated"), ("leader.tinh1", "escalated")} <= told


async def test_work_of_a_disabled_account_is_the_heads_to_be_reminded_of(world):
    case = await register(world, days_ago=60)
    await give(world, case)
    async with world.database.transaction() as db:
        await people.disable_account(db, world.actor("administrator.TINH1"), world.accounts[A].id, "Nghỉ hưu")
    assert any("1" in line and "bàn giao" in line for line in await letters(world, "leader.XA1"))
    assert ("leader.xa1", "overdue") in await remind(world)


async def test_a_stand_in_who_may_not_read_the_case_is_told_nothing(world):
    """Whoever loses the role between being named and being needed."""
    case = await register(world, days_ago=60)
    await give(world, case)
    await is_away(world, stand_in=B, last=None)
    async with world.database.transaction() as db:
        await db.execute(delete(RoleGrant).where(RoleGrant.account_id == world.accounts[B].id))
    told = await remind(world)
    assert ("officer2.xa1", "overdue") not in told
    assert ("leader.xa1", "overdue") in told


async def test_my_tasks_are_also_those_that_i_stand_in_for(world):
    case = await register(world)
    await give(world, case, due=TODAY + timedelta(days=3))
    mine = TaskQuery(owner=world.accounts[B].id, limit=100)

    async def listed() -> set[str | None]:
        counted = await dues.fresh(world.database)
        async with world.database.reading() as db:
            day = Day.of(TODAY, await legal_rules.rule_book(db))
            found = (await tasks.find(db, world.actor(B), mine, counted.mark, day)).tasks
            counts = await tasks.counts(db, world.actor(B), mine, counted.mark, day)
        assert sum(counts.of.values()) == len(found)
        return {one.owner_id for one in found}

    assert await listed() == set()
    await is_away(world, stand_in=B)
    assert await listed() == {world.accounts[A].id}


async def test_standing_in_opens_no_vault(world):
    world.accounts["clerk.XA1"] = account("clerk.XA1", world.units["XA1"], Role.SECRETARY)
    async with world.database.transaction() as db:
        db.add(world.accounts["clerk.XA1"])
    case = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo")
    turn = await give(world, case)
    await is_away(world, stand_in="clerk.XA1")
    clerk = world.actor("clerk.XA1")
    async with world.database.transaction() as db:
        with pytest.raises(Forbidden):
            await identity.read_identity(db, world.vault, clerk, case.party_id, "Làm thay")
    async with world.database.transaction() as db:
        with pytest.raises(Forbidden):
            await assignments.accept(db, clerk, turn.id)


async def test_all_that_was_ticked_is_handed_over_with_what_was_asked_for(world):
    made = [await register(world, summary=f"Vụ {n}") for n in range(3)]
    turns = [await give(world, case, instruction=f"Việc {n}", due=TODAY + WEEK) for n, case in enumerate(made)]
    await hand_over(world, [one.id for one in turns[:2]])
    async with world.database.reading() as db:
        for nth, case in enumerate(made[:2]):
            now, before = await assignments.of_case(db, case.id)
            assert (now.to_id, now.instruction, now.due) == (world.accounts[B].id, f"Việc {nth}", TODAY + WEEK)
            assert (before.state, before.answer) == (AssignmentState.REPLACED, "Nghỉ hưu")
        kept = await assignments.current(db, made[2].id)
        trail = list(await db.scalars(select(AuditEvent).where(AuditEvent.action.like("%handed_over"))))
    assert kept
    assert kept.to_id == world.accounts[A].id
    assert sorted(row.action for row in trail) == ["case_handed_over", "case_handed_over", "work_handed_over"]
    assert not any("Nghỉ hưu" in str((row.reason, row.detail)) for row in trail), "words stay with the turn"
    assert len([line for line in await letters(world, B) if "bàn giao" in line]) == 2, "one letter, subject and line"


async def test_what_changed_meanwhile_stops_the_whole_handover(world):
    made = [await register(world, summary=f"Vụ {n}") for n in range(2)]
    turns = [await give(world, case) for case in made]
    async with world.database.transaction() as db:
        await assignments.finish(db, world.vault, world.actor(A), turns[1].id, "Xong")
    with pytest.raises(Conflict) as told:
        await hand_over(world, [one.id for one in turns])
    assert made[1].number in str(told.value.text)
    async with world.database.reading() as db:
        now = await assignments.current(db, made[0].id)
        assert now
        assert now.to_id == world.accounts[A].id


async def test_a_handover_sent_twice_is_done_once(world):
    turn = await give(world, await register(world))
    await hand_over(world, [turn.id])
    with pytest.raises(Conflict):
        await hand_over(world, [turn.id])


async def test_a_handover_has_a_reason_a_receiver_of_the_unit_and_something_to_hand_over(world):
    turn = await give(world, await register(world))
    for changes, field in (
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"to": "officer.XA2"}, "to_id"),
        ({"to": A}, "to_id"),
    ):
        with pytest.raises(BadInput) as told:
            await hand_over(world, [turn.id], **changes)
        assert set(told.value.fields) == {field}
    with pytest.raises(BadInput) as told:
        await hand_over(world, [])
    assert "turns" in told.value.fields
    with pytest.raises(NotFound):
        await hand_over(world, [turn.id, new_id()])


async def test_a_reason_must_not_name_a_denouncer(world):
    case = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo", name="Lò Văn Pím")
    turn = await give(world, case)
    with pytest.raises(BadInput) as told:
        await hand_over(world, [turn.id], reason="Bàn giao vụ của Lò Văn Pím")
    assert set(told.value.fields) == {"reason"}


@pytest.mark.parametrize("by", [B, "administrator.TINH1", "secretary.TINH1", "leader.TW"])
async def test_only_heads_hand_over(world, by):
    turn = await give(world, await register(world))
    if by == "leader.TW":
        await hand_over(world, [turn.id], by=by)
        return
    with pytest.raises(Forbidden):
        await hand_over(world, [turn.id], by=by)


async def test_an_administrator_sees_what_is_open_by_number_only(world):
    case = await register(world)
    await give(world, case)
    async with world.database.reading() as db:
        work = await handing_over.open_work(db, world.actor("administrator.TINH1"), world.accounts[A])
    assert [(one.case.number, one.readable) for one in work.turns] == [(case.number, False)]
