"""Who handles a case: assignments, transfers between units, and what the citizen is told; on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import calendar
from hub.case_clocks import ClockState
from hub.case_moves import MoveCode
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden, HubError, NotFound
from hub.ids import utc_now
from hub.models import (
    AssignmentState,
    AuditEvent,
    Case,
    CaseState,
    CaseType,
    Channel,
    LinkKind,
    OutgoingMail,
    Transfer,
    TransferState,
)
from hub.services import (
    assignments,
    case_course,
    case_links,
    case_steps,
    cases,
    citizen_notices,
    identity,
    transfers,
)
from hub.services.assignments import WantedAssignment
from hub.services.case_course import Assessment, WantedMove
from hub.services.citizen_notices import WantedNotice
from hub.services.transfers import WantedTransfer
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio

M = MoveCode
TODAY = calendar.local_day(utc_now())
NAME = "Trần Văn Tố"


@pytest_asyncio.fixture
async def world(database: Database) -> World:
    return await make_world(database)


async def register(world: World, unit: str = "XA1", **changes: object) -> Case:
    async with world.database.transaction() as db:
        given = {"type": CaseType.DENUNCIATION, "name": NAME, "content": "Chủ tịch xã nhận tiền của dân."} | changes
        return await cases.register(db, world.vault, world.actor(f"officer.{unit}"), new_case(**given))


async def move(world: World, case: Case, code: MoveCode, who: str = "officer.XA1") -> None:
    async with world.database.transaction() as db:
        now = await db.get(Case, case.id)
        wanted = WantedMove(code=code, day=TODAY, document_number="9/VB", document_day=TODAY, reason="theo hồ sơ")
        await case_steps.take(db, world.vault, world.actor(who), case.id, now.version, wanted)


async def send(world: World, case: Case, to: str = "TINH1", who: str = "officer.XA1", **changes: object) -> Transfer:
    async with world.database.transaction() as db:
        now = await db.get(Case, case.id)
        given = {"unit_id": world.units[to].id if to else "", "day": TODAY, "document_number": "12/PC"} | changes
        wanted = WantedTransfer(document_day=TODAY, **given)
        return await transfers.send(db, world.vault, world.actor(who), case.id, now.version, wanted)


async def take(world: World, sent: Transfer, who: str = "officer.TINH1", day: date | None = TODAY) -> Case:
    async with world.database.transaction() as db:
        return await transfers.acknowledge(db, world.vault, world.actor(who), sent.id, day)


async def assign(world: World, case: Case, to: str, who: str, **changes: object):
    async with world.database.transaction() as db:
        wanted = WantedAssignment(to_id=world.accounts[to].id, **changes)
        return await assignments.assign(db, world.vault, world.actor(who), case.id, wanted)


async def state(world: World, case: Case) -> CaseState:
    async with world.database.reading() as db:
        return CaseState((await db.get(Case, case.id)).state)


async def clocks(world: World, case: Case, who: str = "officer.XA1") -> dict[str, ClockState]:
    async with world.database.reading() as db:
        course = await case_course.course(db, world.actor(who), await db.get(Case, case.id))
    return {clock.spec.code: clock.state for clock in course.clocks}


async def letters(world: World) -> dict[str, str]:
    """Who gets one, and about what."""
    async with world.database.reading() as db:
        found = (await db.execute(select(OutgoingMail))).unique().scalars()
        return {row.account.username: row.subject["text"] for row in found}


async def refused(kind: type[HubError], doing) -> HubError:
    with pytest.raises(kind) as told:
        await doing
    return told.value


# Assignment --------------------------------------------------------------------------------------------------------


async def test_a_leader_gives_a_case_to_an_officer_who_accepts_and_finishes_it(world):
    case = await register(world)
    given = await assign(world, case, "officer.XA1", "leader.XA1", due=TODAY + timedelta(days=3), instruction="Xem kỹ.")
    assert await letters(world) == {"officer.xa1": "Bạn được giao xử lý vụ việc %(number)s."}
    officer = world.actor("officer.XA1")
    async with world.database.transaction() as db:
        await assignments.accept(db, officer, given.id)
        await assignments.finish(db, world.vault, officer, given.id, "Đã gọi hỏi.")
    async with world.database.reading() as db:
        [turn] = await assignments.of_case(db, case.id)
        assert (turn.state, turn.answer) == (AssignmentState.DONE, "Đã gọi hỏi.")
        assert await assignments.current(db, case.id) is None
        entries = await cases.timeline(db, officer, case.id)
    told = [entry.kind for entry in entries]
    assert [kind for kind in told if "assign" in kind] == ["case_assigned", "assignment_accepted", "assignment_done"]


async def test_an_officer_returns_it_with_a_reason_that_names_no_denouncer(world):
    case = await register(world)
    given = await assign(world, case, "officer.XA1", "leader.XA1")
    officer = world.actor("officer.XA1")
    for reason in ("", f"Tôi là em của {NAME}"):
        async with world.database.transaction() as db:
            await refused(BadInput, assignments.give_back(db, world.vault, officer, given.id, reason))
    async with world.database.transaction() as db:
        await assignments.give_back(db, world.vault, officer, given.id, "Tôi là người thân.")
    assert "leader.xa1" in await letters(world)
    async with world.database.transaction() as db:
        await refused(Conflict, assignments.accept(db, officer, given.id))


async def test_only_a_leader_assigns_and_only_within_the_unit(world):
    case = await register(world)
    await refused(Forbidden, assign(world, case, "officer.XA1", "officer.TINH1"))
    await refused(
        Forbidden, assign(world, case, "officer.XA1", "leader.XA9" if "leader.XA9" in world.accounts else "officer.XA9")
    )
    error = await refused(BadInput, assign(world, case, "officer.TINH1", "leader.XA1"))
    assert list(error.fields) == ["to_id"]
    error = await refused(BadInput, assign(world, case, "officer.XA1", "leader.XA1", due=TODAY - timedelta(days=1)))
    assert list(error.fields) == ["due"]
    given = await assign(world, case, "officer.XA1", "officer.XA1")
    assert given.state == AssignmentState.ACCEPTED, "an officer takes what nobody has"
    async with world.database.transaction() as db:
        await refused(Forbidden, assignments.accept(db, world.actor("leader.XA1"), given.id))


async def test_of_two_leaders_who_assign_at_once_the_second_is_told(world):
    case = await register(world)
    first = await assign(world, case, "officer.XA1", "leader.XA1")
    await refused(Conflict, assign(world, case, "officer.XA1", "leader.TINH1"))
    await assign(world, case, "officer.XA1", "leader.TINH1", seen=first.id)
    async with world.database.reading() as db:
        assert [one.state for one in await assignments.of_case(db, case.id)] == ["sent", "replaced"]


# Transfer ----------------------------------------------------------------------------------------------------------


async def test_a_transferred_case_is_taken_over_settled_and_its_result_told_back(world):
    case = await register(world, type=CaseType.FEEDBACK)
    await move(world, case, M.CLASSIFY)
    sent = await send(world, case)
    assert "officer.tinh1" in await letters(world)
    assert await state(world, case) == CaseState.TRANSFERRED
    received = await take(world, sent)
    assert received.forwarded
    assert received.unit_id == world.units["TINH1"].id
    assert received.summary == case.summary
    async with world.database.reading() as db:
        above = world.actor("officer.TINH1")  # may read both
        assert not await case_links.suggestions(db, above, await db.get(Case, received.id)), "no duplicate of itself"
        assert not await case_links.suggestions(db, above, await db.get(Case, case.id))
    for code in (M.CLASSIFY, M.ACCEPT, M.ANSWER):
        await move(world, received, code, "officer.TINH1")
    assert (await clocks(world, received, "officer.TINH1"))["forwarded_result"] == ClockState.RUNNING
    await move(world, received, M.REPORT_RESULT, "officer.TINH1")
    assert (await clocks(world, received, "officer.TINH1"))["forwarded_result"] == ClockState.MET
    assert (await clocks(world, case))["result_to_citizen"] == ClockState.RUNNING
    async with world.database.reading() as db:
        [now] = await transfers.of_case(db, case.id)
    assert (now.state, now.result_number) == (TransferState.REPORTED, "9/VB")


async def test_what_comes_back_is_where_it_was_and_its_clocks_never_stopped(world):
    case = await register(world)
    async with world.database.transaction() as db:
        await case_course.assess(db, world.actor("officer.XA1"), case.id, 1, Assessment(competent=False))
    await move(world, case, M.CLASSIFY)
    running = await clocks(world, case)
    sent = await send(world, case)
    assert (await clocks(world, case))["transfer_denunciation"] == ClockState.MET
    async with world.database.transaction() as db:
        await refused(BadInput, transfers.give_back(db, world.vault, world.actor("officer.TINH1"), sent.id, " "))
        await transfers.give_back(db, world.vault, world.actor("officer.TINH1"), sent.id, "Không thuộc thẩm quyền.")
    assert await state(world, case) == CaseState.CLASSIFIED
    assert await clocks(world, case) == running
    error = await refused(BadInput, send(world, case))
    assert list(error.fields) == ["unit_id"], "not to who returned it"
    assert (await send(world, case, "TW")).state == TransferState.SENT


async def test_the_same_denunciation_is_transferred_once_only(world):
    first = await register(world)
    await move(world, first, M.CLASSIFY)
    await send(world, first)
    again = await register(world, summary="Đơn gửi lần nữa", content="Chủ tịch xã  NHẬN tiền của dân.")
    await move(world, again, M.CLASSIFY)
    error = await refused(Conflict, send(world, again, "TW"))
    assert "Thông tư 05/2021/TT-TTCP" in str(error)
    other = await register(world, summary="Viết khác", content="Ông chủ tịch lấy tiền.")
    await move(world, other, M.CLASSIFY)
    async with world.database.transaction() as db:
        now = await db.get(Case, other.id)
        await case_links.link(db, world.actor("officer.XA1"), other.id, now.version, first.number, LinkKind.DUPLICATE)
    await refused(Conflict, send(world, other, "TW"))
    assert await state(world, other) == CaseState.CLASSIFIED, "nothing half done"


async def test_the_recipient_sees_the_case_and_the_sender_its_state_but_not_the_other_way_round(world):
    case = await register(world)
    await move(world, case, M.CLASSIFY)
    stranger = world.actor("officer.XA2")
    async with world.database.reading() as db:
        await refused(Forbidden, cases.get(db, stranger, case.id))
    sent = await send(world, case, "XA2")
    async with world.database.reading() as db:
        await cases.get(db, stranger, case.id)
        await refused(Forbidden, cases.get(db, world.actor("officer.XA9"), case.id))
    received = await take(world, sent, "officer.XA2")
    async with world.database.reading() as db:
        await refused(Forbidden, cases.get(db, world.actor("officer.XA1"), received.id))
    await refused(Forbidden, take(world, sent, "officer.XA9"))


async def test_a_denouncers_identity_goes_to_who_settles_it_alone_and_that_is_logged(world):
    case = await register(world)
    await move(world, case, M.CLASSIFY)
    recipient = world.actor("officer.XA2")

    async def read(of: Case, who):
        async with world.database.transaction() as db:
            return await identity.read_identity(db, world.vault, who, of.party_id, "kiểm tra")

    sent = await send(world, case, "XA2")
    await refused(Forbidden, read(case, recipient))
    received = await take(world, sent, "officer.XA2")
    assert (await read(received, recipient)).name == NAME
    await refused(Forbidden, read(received, world.actor("officer.TINH1")))
    await refused(Forbidden, read(received, world.actor("officer.XA1")))
    assert received.party_id != case.party_id
    async with world.database.reading() as db:
        logged = (await db.execute(select(AuditEvent).where(AuditEvent.action == "identity_handed_over"))).scalars()
        assert [event.object_id for event in logged] == [case.id]
        mail = [
            str(row.subject) + str(row.lines) for row in (await db.execute(select(OutgoingMail))).unique().scalars()
        ]
    assert not any(NAME in text or "tiền" in text for text in mail)


async def test_a_body_outside_is_named_and_its_answer_is_written_by_hand(world):
    case = await register(world, type=CaseType.PETITION)
    await move(world, case, M.CLASSIFY)
    error = await refused(BadInput, send(world, case, ""))
    assert list(error.fields) == ["unit_id"]
    sent = await send(world, case, "", to_name="Tòa án nhân dân tỉnh")
    assert sent.to_unit_id is None
    async with world.database.transaction() as db:
        await refused(NotFound, transfers.acknowledge(db, world.vault, world.actor("officer.TINH1"), sent.id, TODAY))
    await move(world, case, M.RESULT_RECEIVED)
    assert (await clocks(world, case))["result_to_citizen"] == ClockState.RUNNING


async def test_a_transfer_is_answered_once_and_not_before_it_was_sent(world):
    case = await register(world)
    await move(world, case, M.CLASSIFY)
    sent = await send(world, case)
    for day in (None, TODAY - timedelta(days=1), TODAY + timedelta(days=1)):
        await refused(BadInput, take(world, sent, day=day))
    await take(world, sent)
    await refused(Conflict, take(world, sent))


# Told the citizen --------------------------------------------------------------------------------------------------


async def tell(world: World, case: Case, about: MoveCode, channel: Channel = Channel.HANDED, **changes: object):
    async with world.database.transaction() as db:
        now = await db.get(Case, case.id)
        given = {"day": TODAY} | changes
        wanted = WantedNotice(about=about, channel=channel, **given)
        return await citizen_notices.tell(db, world.vault, world.actor("officer.XA1"), case.id, now.version, wanted)


async def test_the_reply_clock_stops_when_the_citizen_is_told_and_not_before(world):
    case = await register(world, type=CaseType.COMPLAINT)
    await move(world, case, M.CLASSIFY)
    await move(world, case, M.ACCEPT)
    assert (await clocks(world, case))["reply"] == ClockState.RUNNING
    await tell(world, case, M.ACCEPT)
    assert (await clocks(world, case))["reply"] == ClockState.MET


async def test_a_denunciations_acceptance_is_told_by_the_step_that_the_law_has_for_it(world):
    case = await register(world)
    for code in (M.CLASSIFY, M.ACCEPT):
        await move(world, case, code)
    await tell(world, case, M.ACCEPT)
    found = await clocks(world, case)
    assert (found["acceptance_notice"], found["reply"]) == (ClockState.MET, ClockState.MET)


async def test_the_citizens_own_time_runs_from_the_day_the_decision_arrived(world):
    case = await register(world, type=CaseType.COMPLAINT)
    for code in (M.CLASSIFY, M.ACCEPT, M.VERIFY, M.DECIDE):
        await move(world, case, code)
    error = await refused(BadInput, tell(world, case, M.DECIDE, Channel.POST))
    assert list(error.fields) == ["proof"]
    notice = await tell(world, case, M.DECIDE, Channel.POST, proof="EA123456789VN")
    assert await state(world, case) == CaseState.NOTIFIED
    officer = world.actor("officer.XA1")
    async with world.database.transaction() as db:
        now = await db.get(Case, case.id)
        await citizen_notices.confirm(db, world.vault, officer, case.id, now.version, notice.id, TODAY, "")
    async with world.database.reading() as db:
        now = await db.get(Case, case.id)
        events = (await case_course.events_of(db, [case.id]))[case.id]
        [told] = [one for one in await citizen_notices.of_case(db, now) if one.outcome.happened.code is M.DECIDE]
    assert [event.code for event in events][-2:] == ["notify", "delivered"]
    assert (told.notices[0].delivered, told.notices[0].proof) == (TODAY, "EA123456789VN")


async def test_nothing_is_told_that_has_not_come_about_and_no_proof_names_the_denouncer(world):
    case = await register(world)
    await refused(NotFound, tell(world, case, M.CONCLUDE))
    for code in (M.CLASSIFY, M.ACCEPT):
        await move(world, case, code)
    await refused(BadInput, tell(world, case, M.ACCEPT, Channel.POST, proof=f"gửi {NAME}"))
    await refused(BadInput, tell(world, case, M.ACCEPT, day=TODAY + timedelta(days=1)))
    await refused(BadInput, tell(world, case, M.ACCEPT, day=None))
