"""The course of real cases, on both databases: moves, facts, links, and two people at one case."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from hub import calendar
from hub.case_clocks import ClockState
from hub.case_moves import MoveCode
from hub.errors import BadInput, Conflict, Forbidden, NotFound, Stale
from hub.ids import utc_now
from hub.likeness import Likeness
from hub.models import Case, CaseEvent, CaseState, CaseType, Complexity, LinkKind
from hub.services import case_course, case_links, cases
from hub.services.case_course import Assessment, WantedMove
from hub.services.cases import CaseEdit
from tests.support.domain import make_world, new_case

pytestmark = pytest.mark.asyncio

M = MoveCode
TODAY = calendar.local_day(utc_now())


async def register(world, officer="officer.XA1", days_ago=0, **changes) -> Case:
    async with world.database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor(officer), new_case(**changes))
        if days_ago:
            await db.execute(update(Case).where(Case.id == case.id).values(received_at=utc_now() - timedelta(days_ago)))
    return case


async def make(world, case, code, who="officer.XA1", version=None, **given) -> Case:
    wanted = {"day": TODAY, "document_number": "12/QĐ-UBND", "document_day": TODAY, "reason": "theo hồ sơ"}
    async with world.database.transaction() as db:
        if version is None:
            version = await db.scalar(select(Case.version).where(Case.id == case.id))
        move = WantedMove(code=code, **(wanted | given))
        return await case_course.make(db, world.vault, world.actor(who), case.id, version, move)


async def course(world, case, who="officer.XA1"):
    async with world.database.reading() as db:
        found = await cases.get(db, world.actor(who), case.id)
        return await case_course.course(db, world.actor(who), found)


async def assess(world, case, **facts) -> Case:
    async with world.database.transaction() as db:
        version = await db.scalar(select(Case.version).where(Case.id == case.id))
        return await case_course.assess(db, world.actor("officer.XA1"), case.id, version, Assessment(**facts))


async def link(world, case, other, kind=LinkKind.DUPLICATE, who="officer.XA1") -> Case:
    async with world.database.transaction() as db:
        version = await db.scalar(select(Case.version).where(Case.id == case.id))
        return await case_links.link(db, world.actor(who), case.id, version, other.number, kind)


async def test_a_complaint_goes_from_reception_to_its_end_and_every_step_is_kept(database):
    world = await make_world(database)
    case = await register(world)
    way = [M.CLASSIFY, M.ACCEPT, M.VERIFY, M.DIALOGUE, M.DECIDE, M.NOTIFY, M.ENFORCE, M.CLOSE]
    for code in way:
        case = await make(world, case, code)
    assert case.state == CaseState.CLOSED
    found = await course(world, case)
    assert [event.code for event in found.events] == way
    assert found.next == ()
    async with database.reading() as db:
        told = await cases.timeline(db, world.actor("auditor.TINH1"), case.id)
    assert [str(entry.text) for entry in told][:3] == ["Đăng ký vụ việc", "Phân loại", "Thụ lý"]
    assert told[2].detail["document"] == "12/QĐ-UBND"


async def test_clocks_start_with_registration_and_stop_with_acceptance(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION)
    assert {clock.spec.code for clock in (await course(world, case)).clocks} == {"check_denunciation", "reply"}
    for code in (M.CLASSIFY, M.ACCEPT):
        await make(world, case, code)
    states = {clock.spec.code: clock.state for clock in (await course(world, case)).clocks}
    assert states["check_denunciation"] is ClockState.MET
    assert states["settlement_denunciation"] is states["reply"] is ClockState.RUNNING
    await make(world, case, M.NOTIFY_ACCEPTANCE)
    states = {clock.spec.code: clock.state for clock in (await course(world, case)).clocks}
    assert states["reply"] is ClockState.MET, "the law asks that the denouncer be told"


async def test_overdue_is_nowhere_stored_and_yet_known(database):
    world = await make_world(database)
    case = await register(world, days_ago=40)
    (notice, reply) = (await course(world, case)).clocks
    assert (notice.state, reply.state) == (ClockState.OVERDUE, ClockState.OVERDUE)
    async with database.reading() as db:
        assert (await case_course.next_dues(db, [case.id]))[case.id].spec.code == "acceptance_complaint"
    assert "overdue" not in {str(state) for state in CaseState}


async def test_a_denunciation_is_extended_as_often_as_its_complexity_allows_and_with_a_decision(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION)
    for code in (M.CLASSIFY, M.ACCEPT):
        await make(world, case, code)
    with pytest.raises(BadInput) as refused:
        await make(world, case, M.EXTEND)
    assert "phức tạp" in str(refused.value.fields["day"])
    await assess(world, case, complexity=Complexity.COMPLEX)
    with pytest.raises(BadInput) as refused:
        await make(world, case, M.EXTEND, document_number="", document_day=None)
    assert set(refused.value.fields) == {"document_number", "document_day"}
    before = next(c for c in (await course(world, case)).clocks if c.spec.code == "settlement_denunciation")
    await make(world, case, M.EXTEND)
    after = next(c for c in (await course(world, case)).clocks if c.spec.code == "settlement_denunciation")
    assert 28 <= (after.due - before.due).days <= 36
    with pytest.raises(BadInput, match="Một số mục"):
        await make(world, case, M.EXTEND)
    await assess(world, case, complexity=Complexity.SPECIAL)
    await make(world, case, M.EXTEND, document_number="13/QĐ")
    with pytest.raises(BadInput):
        await make(world, case, M.EXTEND)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"day": None}, "day"),
        ({"day": TODAY + timedelta(1)}, "day"),
        ({"day": date(2020, 1, 1)}, "day"),
        ({"document_number": "x" * 81}, "document_number"),
        ({"document_day": TODAY + timedelta(1)}, "document_day"),
        ({"reason": "x" * 1001}, "reason"),
        ({"reason": " "}, "reason"),
    ],
)
async def test_a_fault_is_told_beside_its_field_and_nothing_is_kept(database, given, field):
    world = await make_world(database)
    case = await register(world)
    await make(world, case, M.CLASSIFY)
    with pytest.raises(BadInput) as refused:
        await make(world, case, M.REFUSE, **given)
    assert set(refused.value.fields) == {field}
    assert len((await course(world, case)).events) == 1


async def test_what_the_state_does_not_allow_is_refused(database):
    world = await make_world(database)
    case = await register(world)
    for code in (M.ACCEPT, M.REGISTER, M.CLOSE):
        with pytest.raises((Conflict, NotFound), match=r"không cho phép|Không có bước"):
            await make(world, case, code)


@pytest.mark.parametrize(
    ("who", "classifies", "accepts"),
    [
        ("officer.XA1", True, True),
        ("officer.TINH1", True, True),
        ("leader.XA1", False, True),
        ("leader.TINH1", False, True),
        ("secretary.TINH1", False, False),
        ("auditor.TINH1", False, False),
        ("administrator.TINH1", False, False),
        ("technician.TINH1", False, False),
        ("officer.XA2", False, False),
    ],
)
async def test_officers_handle_leaders_decide_and_nobody_else_does_either(database, who, classifies, accepts):
    world = await make_world(database)
    case = await register(world)
    for code, allowed in ((M.CLASSIFY, classifies), (M.ACCEPT, accepts)):
        if allowed:
            await make(world, case, code, who)
            continue
        with pytest.raises(Forbidden):
            await make(world, case, code, who)
        await make(world, case, code)
    if who in ("leader.XA1", "auditor.TINH1"):
        offered = {move.code: may for move, may in (await course(world, case, who)).next}
        assert offered[M.VERIFY] is False
        assert offered[M.SUSPEND] is (who == "leader.XA1")


async def test_who_comes_second_is_told_who_did_what_and_nothing_of_either_is_lost(database):
    world = await make_world(database)
    case = await register(world)
    await make(world, case, M.CLASSIFY, "officer.TINH1", version=1)
    with pytest.raises(Stale, match=r"Ông officer\.TINH1 đã ghi bước “Phân loại” lúc"):
        await make(world, case, M.CLASSIFY, version=1)
    async with database.transaction() as db:
        edit = CaseEdit(type=CaseType.COMPLAINT, summary="Bản của tôi", content="")
        with pytest.raises(Stale, match="Phân loại"):
            await cases.edit(db, world.vault, world.actor("officer.XA1"), case.id, 1, edit)
    assert [event.code for event in (await course(world, case)).events] == [M.CLASSIFY]


async def test_a_reason_may_not_name_the_denouncer(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION)
    for field in ("reason", "document_number"):
        with pytest.raises(BadInput) as refused:
            await make(world, case, M.WITHDRAW, **{field: "Bà NGUYEN THI DAO xin rút"})
        assert set(refused.value.fields) == {field}
    async with database.reading() as db:
        assert (await db.execute(select(CaseEvent))).first() is None


async def test_withdrawn_content_is_taken_up_again_only_after_a_threat(database):
    world = await make_world(database)
    case = await register(world)
    for code in (M.CLASSIFY, M.ACCEPT, M.WITHDRAW_PART, M.WITHDRAW):
        case = await make(world, case, code)
    assert case.state == CaseState.WITHDRAWN
    assert {move.code for move, _ in (await course(world, case)).next} == {M.RECONSIDER, M.CLOSE}
    case = await make(world, case, M.RECONSIDER)
    assert case.state == CaseState.ACCEPTED


async def test_a_second_complaint_is_linked_to_the_first_and_counts_by_its_own_rules(database):
    world = await make_world(database)
    first = await register(world, days_ago=60)
    second = await register(world, summary="Không đồng ý với quyết định giải quyết")
    await link(world, second, first, LinkKind.SECOND_COMPLAINT)
    found = await course(world, second)
    assert "Điều 36" in next(c.rule.legal_basis for c in found.clocks if c.spec.code == "acceptance_complaint")
    assert [event.code for event in (await course(world, first)).events] == [M.SECOND_FILED]
    async with database.reading() as db:
        officer = world.actor("officer.XA1")
        for case, later in ((second, True), (first, False)):
            (one,) = await case_links.linked(db, officer, await cases.get(db, officer, case.id))
            assert (one.kind, one.later, one.readable) == (LinkKind.SECOND_COMPLAINT, later, True)


async def test_a_link_that_makes_no_sense_is_refused(database):
    world = await make_world(database)
    first, second = await register(world, days_ago=60), await register(world)
    petition, elsewhere = await register(world, type=CaseType.PETITION), await register(world, "officer.XA2")
    for case, other, kind in (
        (second, second, LinkKind.DUPLICATE),
        (second, elsewhere, LinkKind.DUPLICATE),
        (second, petition, LinkKind.SECOND_COMPLAINT),
        (first, second, LinkKind.SECOND_COMPLAINT),
    ):
        with pytest.raises(BadInput):
            await link(world, case, other, kind)
    await link(world, second, first, LinkKind.SECOND_COMPLAINT)
    third = await register(world)
    for case, other in ((first, second), (third, first), (third, second)):
        with pytest.raises(BadInput):
            await link(world, case, other, LinkKind.SECOND_COMPLAINT)
    with pytest.raises(Forbidden):
        await link(world, third, first, who="leader.XA1")


async def suggested(world, case, who="officer.XA1"):
    async with world.database.reading() as db:
        found = await case_links.suggestions(db, world.actor(who), await cases.get(db, world.actor(who), case.id))
    return {one.case.id: one.alike for one in found}


async def test_what_may_be_the_same_is_suggested_by_number_name_and_content(database):
    world = await make_world(database)
    case = await register(world)
    other = {"id_number": "001188000111", "birth": "", "name": "Mai Thắm"}
    far = {"summary": "Phản ánh mùi khét từ xưởng nhựa", "content": ""}
    same_number = await register(world, **far, name="Mai Thắm", birth="")
    same_name = await register(world, **far, id_number="001188000111", birth="", name="NGUYỄN thị Đào")
    same_text = await register(world, **other, summary="Khiếu nại THU HỒI đất ở thôn Đông")
    await register(world, **far, **other)
    await register(world, "officer.XA2")
    assert await suggested(world, case) == {
        same_number.id: (Likeness.ID_NUMBER,),
        same_name.id: (Likeness.NAME,),
        same_text.id: (Likeness.CONTENT,),
    }
    assert list(await suggested(world, case)) == [same_number.id, same_name.id, same_text.id]
    await link(world, case, same_text)
    await link(world, case, same_name, LinkKind.DISTINCT)
    assert list(await suggested(world, case)) == [same_number.id]


async def test_a_denunciation_is_never_compared_by_name_nor_with_an_open_case(database):
    world = await make_world(database)
    open_case = await register(world)
    secret = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo thu hồi đất ở thôn Đông")
    again = await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo thu hồi đất ở thôn Đông")
    await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo nhận tiền", content="")
    assert await suggested(world, secret) == {again.id: (Likeness.CONTENT,)}
    assert await suggested(world, open_case) == {}


async def test_of_two_steps_at_the_same_moment_one_is_written_and_the_other_is_told(database):
    world = await make_world(database)
    case = await register(world)
    found = await asyncio.gather(
        *(make(world, case, M.CLASSIFY, who, version=1) for who in ("officer.XA1", "officer.TINH1")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in found) == ["Case", "Stale"]
    events = (await course(world, case)).events
    assert [(event.seq, event.code) for event in events] == [(1, M.CLASSIFY)]
