"""Cases registered, found and edited, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hub.errors import BadInput, Forbidden, NotFound, Stale
from hub.models import Case, CaseType, PartyWord
from hub.services import cases, hearings, identity
from hub.services.cases import CaseEdit, CaseQuery
from hub.services.identity import Identity
from tests.support.domain import make_world, new_case

pytestmark = pytest.mark.asyncio


async def register(world, officer="officer.XA1", **changes) -> Case:
    async with world.database.transaction() as db:
        return await cases.register(db, world.vault, world.actor(officer), new_case(**changes))


async def found(world, text="", reader="officer.XA1", **query) -> list[str]:
    async with world.database.reading() as db:
        rows = await cases.find(db, world.vault, world.actor(reader), CaseQuery(text=text, **query))
    return [row.summary for row in rows]


def edited(case: Case, **changes) -> CaseEdit:
    given = {"type": CaseType(case.type), "summary": case.summary, "content": case.content}
    return CaseEdit(**(given | changes))


async def test_cases_are_numbered_per_unit_and_year_without_a_hole(database):
    world = await make_world(database)
    with pytest.raises(BadInput):
        await register(world, summary="")
    numbers = [(await register(world, type=kind)).number for kind in CaseType]
    year = numbers[0].split("-")[2]
    assert numbers == [f"{p}-XA1-{year}-{n:06d}" for n, p in enumerate(("KN", "TC", "KIN", "PA"), 1)]
    assert (await register(world, "officer.XA2")).number.endswith("000001")


async def test_a_refused_entry_leaves_nothing_behind(database):
    world = await make_world(database)
    with pytest.raises(BadInput) as refused:
        await register(world, summary="", name="", phone="?")
    assert set(refused.value.fields) == {"summary", "name", "phone"}
    assert await found(world) == []


async def test_an_officer_registers_in_his_unit_and_below_and_nobody_else_does(database):
    world = await make_world(database)
    assert (await register(world, "officer.TINH1", unit_id=world.units["XA2"].id)).unit.code == "XA2"
    for officer, unit in (("officer.XA1", "TINH1"), ("officer.XA1", "XA2"), ("leader.TINH1", "TINH1")):
        with pytest.raises(Forbidden):
            await register(world, officer, unit_id=world.units[unit].id)


@pytest.mark.parametrize(
    "text",
    [
        "thu hồi đất",
        "THU HOI DAT",
        "dat thu hoi",
        "dien tich",
        "Nguyễn Thị Đào",
        "nguyen thi dao",
        "ĐÀO",
        "001162004217",
    ],
)
async def test_a_case_is_found_with_and_without_diacritics_by_words_name_and_id_number(database, text):
    world = await make_world(database)
    await register(world)
    await register(world, summary="Phản ánh mùi khét", content="", name="Mai Thắm", id_number="001188000111", birth="")
    assert await found(world, text) == ["Khiếu nại thu hồi đất ở thôn Đông"]


async def test_a_case_is_found_by_its_number_or_a_part_of_it(database):
    world = await make_world(database)
    case = await register(world)
    for text in (case.number, case.number.lower(), "000001"):
        assert len(await found(world, text)) == 1


@pytest.mark.parametrize("text", ["thu hồi nhà", "%", "_", "00116200421", "dao zzz"])
async def test_what_is_not_there_is_not_found(database, text):
    world = await make_world(database)
    await register(world)
    assert await found(world, text) == []


async def test_hits_with_the_very_diacritics_come_first(database):
    world = await make_world(database)
    await register(world, summary="Về con dao bị thu giữ", content="")
    await register(world, summary="Về bà con tên Đào", content="", name="Lê Văn Tám")
    await register(world, summary="Về hàng đảo", content="", name="Lê Văn Chín")
    assert (await found(world, "đảo"))[0] == "Về hàng đảo"
    assert (await found(world, "Đào"))[:2] == ["Về bà con tên Đào", "Về con dao bị thu giữ"]
    assert len(await found(world, "dao")) == 3


async def test_a_denouncer_is_found_by_neither_name_nor_number(database):
    world = await make_world(database)
    await register(world, type=CaseType.DENUNCIATION, summary="Tố cáo nhận tiền", content="")
    assert await found(world, "nhan tien") == ["Tố cáo nhận tiền"]
    assert await found(world, "Đào") == await found(world, "001162004217") == []


async def test_lists_end_where_the_scope_ends(database):
    world = await make_world(database)
    for officer in ("officer.XA1", "officer.XA2", "officer.XA9"):
        await register(world, officer, summary=f"Vụ {officer}")
    assert set(await found(world, reader="officer.TINH1")) == {"Vụ officer.XA1", "Vụ officer.XA2"}
    assert set(await found(world, reader="auditor.XA1")) == {"Vụ officer.XA1"}
    assert len(await found(world, reader="auditor.TW")) == 3
    with pytest.raises(Forbidden):
        await found(world, reader="technician.TW")


async def test_filters_and_pages(database):
    world = await make_world(database)
    for n in range(5):
        await register(world, summary=f"Vụ {n}", type=CaseType.FEEDBACK if n % 2 else CaseType.PETITION)
    assert await found(world, type=CaseType.FEEDBACK) == ["Vụ 3", "Vụ 1"]
    async with world.database.reading() as db:
        actor = world.actor("officer.XA1")
        first = await cases.find(db, world.vault, actor, CaseQuery(limit=1))
    assert await found(world, limit=2, after=first[0].cursor) == ["Vụ 3", "Vụ 2"]


async def test_reading_a_case_needs_the_scope_or_a_seat_in_its_hearing(database):
    world = await make_world(database)
    case = await register(world)
    async with database.transaction() as db:
        for reader in ("officer.XA1", "officer.TINH1", "leader.TW", "secretary.TINH1", "auditor.TINH1"):
            assert (await cases.get(db, world.actor(reader), case.id)).id == case.id
        for reader in ("officer.XA2", "auditor.XA1", "administrator.TW", "technician.TW"):
            if reader != "auditor.XA1":
                with pytest.raises(Forbidden):
                    await cases.get(db, world.actor(reader), case.id)
        with pytest.raises(NotFound):
            await cases.get(db, world.actor("officer.XA1"), "không có")


async def test_the_chair_of_its_hearing_reads_a_case_that_lies_elsewhere(database):
    world = await make_world(database)
    case = await register(world, "officer.TINH1", unit_id=world.units["XA2"].id)
    chair = world.accounts["leader.XA1"]
    async with database.transaction() as db:
        with pytest.raises(Forbidden):
            await cases.get(db, world.actor("leader.XA1"), case.id)
        booking = world.booking(unit_id=world.units["XA1"].id, chair_id=chair.id, case_ids=(case.id,))
        await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
        assert (await cases.get(db, world.actor("leader.XA1"), case.id)).id == case.id


async def test_an_edit_raises_the_version_and_is_found_by_its_new_words(database):
    world = await make_world(database)
    case = await register(world)
    async with database.transaction() as db:
        wanted = edited(case, summary="Khiếu nại cấp sổ đỏ")
        saved = await cases.edit(db, world.vault, world.actor("officer.XA1"), case.id, 1, wanted)
        assert saved.version == 2
    assert await found(world, "so do") == ["Khiếu nại cấp sổ đỏ"]
    assert await found(world, "thu hoi") == []


async def test_who_saves_second_is_told_who_saved_first(database):
    world = await make_world(database)
    case = await register(world)
    async with database.transaction() as db:
        await cases.edit(
            db, world.vault, world.actor("officer.TINH1"), case.id, 1, edited(case, summary="Bản của tỉnh")
        )
    async with database.transaction() as db:
        with pytest.raises(Stale, match=r"Ông officer\.TINH1 đã sửa vụ việc này lúc"):
            await cases.edit(
                db, world.vault, world.actor("officer.XA1"), case.id, 1, edited(case, summary="Bản của xã")
            )
    assert await found(world) == ["Bản của tỉnh"]


async def test_an_edit_obeys_the_rules_of_an_entry(database):
    world = await make_world(database)
    case = await register(world)
    async with database.transaction() as db:
        with pytest.raises(BadInput) as refused:
            await cases.edit(db, world.vault, world.actor("officer.XA1"), case.id, 1, edited(case, summary=""))
        assert set(refused.value.fields) == {"summary"}
        with pytest.raises(Forbidden):
            await cases.edit(db, world.vault, world.actor("leader.XA1"), case.id, 1, edited(case))


async def test_a_denouncers_sealed_name_is_kept_out_of_later_edits(database):
    world = await make_world(database)
    case = await register(world, type=CaseType.DENUNCIATION)
    async with database.transaction() as db:
        wanted = edited(case, summary="Tố cáo của bà nguyễn thị ĐÀO")
        with pytest.raises(BadInput) as refused:
            await cases.edit(db, world.vault, world.actor("officer.XA1"), case.id, 1, wanted)
    assert set(refused.value.fields) == {"summary"}
    assert "Đào" not in str(refused.value)


async def test_a_complaint_that_proves_a_denunciation_leaves_every_index_and_never_comes_back(database):
    world = await make_world(database)
    case = await register(world)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        secret = await cases.edit(db, world.vault, officer, case.id, 1, edited(case, type=CaseType.DENUNCIATION))
        assert secret.party.secret
        assert secret.party.pseudonym.startswith("Người tố cáo")
        assert (await db.execute(select(PartyWord))).first() is None
        await cases.edit(db, world.vault, officer, case.id, 2, edited(case, type=CaseType.COMPLAINT))
    assert await found(world, "Đào") == await found(world, "001162004217") == []


async def test_a_corrected_name_is_sealed_and_indexed_anew(database):
    world = await make_world(database)
    case = await register(world)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        wanted = edited(case, identity=Identity(name="Nguyễn Thị  Đoan", address="Thôn Tây"))
        await cases.edit(db, world.vault, officer, case.id, 1, wanted)
        read = await identity.read_identity(db, world.vault, officer, case.party_id, "đối chiếu")
    assert read == Identity(name="Nguyễn Thị Đoan", address="Thôn Tây")
    assert len(await found(world, "doan")) == 1
    assert await found(world, "dao") == []


async def test_the_timeline_tells_what_was_done_with_the_case_and_by_whom(database):
    world = await make_world(database)
    case = await register(world)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        await cases.edit(db, world.vault, officer, case.id, 1, edited(case, summary="Sửa lại"))
        booking = world.booking(case_ids=(case.id,))
        hearing = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
        await hearings.cancel(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, "công dân xin rút đơn")
    async with database.reading() as db:
        told = await cases.timeline(db, officer, case.id)
        with pytest.raises(Forbidden):
            await cases.timeline(db, world.actor("officer.XA2"), case.id)
    assert [entry.kind for entry in told] == [
        "case_registered",
        "case_edited",
        "hearing_booked",
        "hearing_cancelled",
    ]
    assert (told[-1].who, told[-1].reason) == ("Ông officer.TINH1", "công dân xin rút đơn")
    assert hearing.number in str(told[-1].text)


async def test_warnings_are_given_and_do_not_stop_the_entry(database):
    world = await make_world(database)
    odd = new_case(id_number="999")
    assert set(cases.warnings(odd)) == {"id_number"}
    assert (await register(world, id_number="999")).number
