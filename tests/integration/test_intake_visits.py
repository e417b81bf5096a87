"""Receptions of people: what is kept, what is refused, who reads it, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import calendar
from hub.errors import BadInput, Forbidden
from hub.ids import utc_now
from hub.models import CaseType, IdentityMethod, RefusalGround
from hub.services import audit, cases, identity, visits
from hub.visits import NewVisit
from tests.support.domain import make_world, new_case

pytestmark = pytest.mark.asyncio


def new_visit(**changes) -> NewVisit:
    given = {
        "identity_method": IdentityMethod.CITIZEN_ID,
        "name": "Hoàng Văn Ốc",
        "address": "Thôn Bắc, xã Tân Tiến",
        "requested": "Hỏi thủ tục tách thửa đất",
    }
    return NewVisit(**(given | changes))


async def record(world, officer="officer.XA1", **changes):
    async with world.database.transaction() as db:
        return await visits.record(db, world.vault, world.actor(officer), new_visit(**changes))


async def register(world, **changes):
    async with world.database.transaction() as db:
        return await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(**changes))


async def of_today(world, reader="officer.XA1", **where):
    today = calendar.local_day(utc_now())
    async with world.database.reading() as db:
        return await visits.between(db, world.actor(reader), today, today, **where)


async def test_a_visit_without_a_case_is_kept_with_who_came_sealed(database):
    world = await make_world(database)
    await record(world, people_count=3, advised="Đã hướng dẫn đến bộ phận một cửa")
    [row] = await of_today(world)
    assert (row.case_number, row.people_count, row.first) == ("", 3, True)
    assert row.pseudonym.startswith("Công dân ")
    assert "Ốc" not in repr(row)


async def test_a_visits_visitor_is_shown_for_a_reason_that_is_written_down(database):
    world = await make_world(database)
    visit = await record(world)
    async with database.transaction() as db:
        with pytest.raises(BadInput):
            await identity.read_visitor(db, world.vault, world.actor("officer.XA1"), visit, " ")
        with pytest.raises(Forbidden):
            await identity.read_visitor(db, world.vault, world.actor("officer.XA2"), visit, "tò mò")
        who = await identity.read_visitor(db, world.vault, world.actor("officer.XA1"), visit, "ghi sổ tiếp công dân")
    assert who.name == "Hoàng Văn Ốc"
    async with database.reading() as db:
        query = audit.AuditQuery(action="identity_read")
        [event] = await audit.list_events(db, world.actor("auditor.TINH1"), query)
    assert (event.object_type, event.object_id, event.reason) == ("visit", visit.id, "ghi sổ tiếp công dân")


async def test_the_second_visit_about_a_case_is_a_repeated_one_and_two_cases_count_apart(database):
    world = await make_world(database)
    one, other = await register(world), await register(world)
    firsts = [(await record(world, name="", case_id=each.id)).first for each in (one, one, other)]
    assert firsts == [True, False, True]
    assert (await record(world, name="", case_id=other.id, first=True)).first is True


async def test_the_same_person_without_a_case_comes_again_by_the_id_number(database):
    world = await make_world(database)
    assert (await record(world, id_number="001162004217")).first
    assert not (await record(world, id_number="001 162 004 217")).first
    assert (await record(world, id_number="001162004218")).first


async def test_a_refusal_needs_its_ground_its_facts_and_who_decided(database):
    world = await make_world(database)
    with pytest.raises(BadInput) as refused:
        await record(world, refusal_ground=RefusalGround.SETTLED)
    assert set(refused.value.fields) == {"refusal_reason", "decided_by", "document_number"}
    kept = await record(
        world,
        name="",
        requested="",
        identity_method=IdentityMethod.UNKNOWN,
        refusal_ground=RefusalGround.INCAPABLE,
        refusal_reason="Say rượu, la hét trong phòng tiếp",
        decided_by=world.accounts["leader.XA1"].id,
    )
    assert kept.party is None
    [row] = await of_today(world)
    assert (row.refusal_ground, row.decided_by, row.pseudonym) == ("9.1", "Ông leader.XA1", "")


async def test_nobody_of_another_unit_decides_a_refusal(database):
    world = await make_world(database)
    for name in ("officer.XA2", "secretary.TINH1", "officer.TINH1"):
        with pytest.raises(BadInput) as refused:
            await record(
                world,
                refusal_ground=RefusalGround.OTHER,
                refusal_reason="Ngoài giờ tiếp",
                decided_by=world.accounts[name].id,
            )
        assert set(refused.value.fields) == {"decided_by"}
    async with database.reading() as db:
        names = [one.full_name for one in await visits.deciders(db, world.units["XA1"])]
    assert names == ["Ông leader.TINH1", "Ông leader.TW", "Ông leader.XA1", "Ông leader2.TINH1", "Ông officer.XA1"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"requested": ""}, "requested"),
        ({"name": ""}, "name"),
        ({"identity_method": IdentityMethod.NO_PAPER}, "identity_note"),
        ({"people_count": 0}, "people_count"),
        ({"at": utc_now() + timedelta(days=1)}, "at"),
        ({"point_id": "elsewhere"}, "point_id"),
        ({"hearing_id": "elsewhere"}, "hearing_id"),
        ({"advised": "x" * 6000}, "advised"),
    ],
)
async def test_what_is_wrong_is_told_by_field_and_nothing_kept(database, changes, field):
    world = await make_world(database)
    with pytest.raises(BadInput) as refused:
        await record(world, **changes)
    assert set(refused.value.fields) == {field}
    assert await of_today(world) == []


async def test_a_denouncers_visit_says_nothing_of_who_it_was(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION, content="")
    with pytest.raises(BadInput) as refused:
        await record(world, case_id=case.id, requested="Bà Nguyễn Thị Đào đề nghị xử lý")
    assert set(refused.value.fields) == {"requested"}
    await record(world, case_id=case.id, requested="Đề nghị xử lý")
    [row] = await of_today(world)
    assert row.secret
    assert row.pseudonym.startswith("Người tố cáo ")


async def test_visits_are_read_by_unit_with_those_below_or_in_the_readers_whole_scope(database):
    world = await make_world(database)
    await record(world)
    await record(world, "officer.XA2")
    await record(world, "officer.TINH1")
    units = {code: unit.id for code, unit in world.units.items()}
    assert len(await of_today(world, "leader.TINH1")) == 3
    assert len(await of_today(world, "leader.TINH1", unit_id=units["TINH1"])) == 1
    assert len(await of_today(world, "leader.TINH1", unit_id=units["TINH1"], below=True)) == 3
    assert len(await of_today(world, "officer.XA1")) == 1
    with pytest.raises(Forbidden):
        await of_today(world, "officer.XA1", unit_id=units["XA2"])
    with pytest.raises(Forbidden):
        await of_today(world, "technician.TW")


async def test_only_who_registers_cases_there_writes_visits(database):
    world = await make_world(database)
    for name in ("leader.XA1", "secretary.TINH1", "auditor.XA1"):
        with pytest.raises(Forbidden):
            await record(world, name)
    with pytest.raises(Forbidden):
        await record(world, "officer.XA2", unit_id=world.units["XA1"].id)
