"""A case with a state secret becomes a pointer without content; receipts of what was handed over."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub.cases import NewCase
from hub.errors import BadInput, Conflict, Forbidden
from hub.models import CaseState, HearingState, IdentityMethod
from hub.services import (
    assignments,
    case_timeline,
    cases,
    conclusions,
    hearings,
    identity,
    minutes_locking,
    minutes_reading,
    minutes_scans,
    postings,
    receipts,
    scan_marks,
    state_secrets,
    visits,
)
from hub.services.assignments import WantedAssignment
from hub.services.attachments import AttachmentUpload
from hub.services.cases import CaseQuery
from hub.services.conclusions import WantedTask
from hub.services.hearing_documents import Papers
from hub.services.postings import PostingInput
from hub.services.receipts import Item
from hub.services.store import StoreAway
from hub.visits import NewVisit
from recorder.directory_store import DirectoryStore
from tests.support.domain import make_world, new_case
from tests.support.memory_store import MemoryStore
from tests.support.minutes import CHAIR, SECRETARY, hold

pytestmark = pytest.mark.asyncio
PDF = b"%PDF-1.7\nsecret\n%%EOF"
ENTRY = "Sổ mật 03/2026, mục 12"
WORDS = ("Thôn Đông", "thon dong", "đo đạc", "do dac", "Nguyễn Thị Đào", "Kho vũ khí", "kho vu khi")


async def given(database):
    """A case with everything that a case may have."""
    world, store = await make_world(database), MemoryStore()
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, officer, new_case())
        visit = NewVisit(identity_method=IdentityMethod.CITIZEN_ID, case_id=case.id, requested="Kho vũ khí ở đâu")
        await visits.record(db, world.vault, officer, visit)
        await receipts.make(db, world.vault, officer, case.id, [Item("Bản đồ Kho vũ khí", 2, 1, 0)])
        turn = WantedAssignment(to_id=world.accounts["officer.XA1"].id, instruction="Xem lại Kho vũ khí")
        given = await assignments.assign(db, world.vault, world.actor("leader.XA1"), case.id, turn)
        await assignments.finish(db, world.vault, officer, given.id, "Đã xem Kho vũ khí")
        told = {entry.reason for entry in await case_timeline.timeline(db, officer, case.id)}
        assert {"Xem lại Kho vũ khí", "Đã xem Kho vũ khí"} <= told
    upload = AttachmentUpload("Kho vũ khí.pdf", PDF)
    await cases.add_attachment(database, store, world.vault, officer, case.id, upload, max_bytes=1000)
    return world, store, case


async def flag(world, store, case, actor="leader.XA1", **changes):
    given = {"register_entry": ENTRY, "confirmed": case.number} | changes
    await state_secrets.flag(world.database, store, world.vault, world.actor(actor), case.id, case.version, **given)


async def everything(database) -> str:
    """Every text in every table, as it lies in the database."""
    found = []
    async with database.reading() as db:
        from hub.models import Base

        for name in sorted(Base.metadata.tables):
            found += [str(row) for row in (await db.execute(text(f'SELECT * FROM "{name}"'))).all()]
    return "\n".join(found)


async def book(world, *case_ids):
    async with world.database.transaction() as db:
        booking = world.booking(case_ids=case_ids, title="Về Kho vũ khí")
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def test_nothing_is_left_but_number_day_who_and_where(database):
    world, store, case = await given(database)
    before = await everything(database)
    assert any(one in before for one in WORDS)
    await flag(world, store, case)
    left = await everything(database)
    assert [one for one in WORDS if one in left] == []
    assert store.objects == {}
    async with database.transaction() as db:
        officer = world.actor("officer.XA1")
        found = await cases.get(db, officer, case.id)
        pointer = await state_secrets.pointer(db, found)
        assert (found.state, found.summary, found.content) == (CaseState.STATE_SECRET, "", "")
        assert (pointer.register_entry, pointer.officer.full_name) == (ENTRY, "Ông leader.XA1")
        who = await identity.read_identity(db, world.vault, officer, found.party_id, "kiểm tra")
        assert (who.name, who.id_number, who.address) == (state_secrets.GONE, "", "")
        for words in ("thon dong", "nguyen thi dao", "001162004217"):
            assert await cases.find(db, world.vault, officer, CaseQuery(text=words)) == []
        assert len(await cases.find(db, world.vault, officer, CaseQuery(text=case.number))) == 1


async def test_hearings_to_come_lose_the_case_and_one_about_nothing_else_is_cancelled(database):
    world, store, case = await given(database)
    async with database.transaction() as db:
        other = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(summary="Việc khác"))
    both = await book(world, case.id, other.id)
    await flag(world, store, case)
    async with database.reading() as db:
        hearing = await hearings.get(db, world.actor("officer.TINH1"), both.id)
        assert ([one.id for one in hearing.cases], hearing.title) == ([other.id], state_secrets.TITLE)
        assert hearing.state == HearingState.SCHEDULED
    with pytest.raises(Conflict, match="xử lý ngoài hệ thống"):
        await book(world, case.id)


async def test_a_hearing_about_it_alone_is_cancelled(database):
    world, store, case = await given(database)
    alone = await book(world, case.id)
    async with database.transaction() as db:
        said = PostingInput(content="Về Kho vũ khí", accept_late=True)
        await postings.post(db, world.vault, world.actor("officer.TINH1"), [alone.id], said)
    await flag(world, store, case)
    async with database.reading() as db:
        assert (await hearings.get(db, world.actor("officer.TINH1"), alone.id)).state == HearingState.CANCELLED
        last = (await postings.latest(db, [alone.id]))[alone.id]
        assert (last.notice, last.content, last.reason) == ("cancelled", state_secrets.TITLE, state_secrets.REASON)
    assert "vũ khí" not in await everything(database)


async def test_minutes_conclusions_and_their_papers_lose_it_even_when_locked(database, config):
    """Beside it another case was heard, of which what was written stays."""
    held = await hold(database, new_case(), new_case(summary="Việc khác", content="", name="Lý Văn Khác"))
    world, case = held.world, held.cases[0]
    (config.data_dir / "objects").mkdir(exist_ok=True)
    store = DirectoryStore(config.data_dir / "objects")
    await held.write("Kho vũ khí ở thôn Đông", key=held.key("presents"))
    await held.write("Chuyện hàng rào", key=held.key("presents", 1))
    secretary, chair = held.actor(SECRETARY), held.actor(CHAIR)
    async with database.transaction() as db:
        await minutes_reading.freeze(db, world.vault, secretary, held.hearing.id)
    async with database.transaction() as db:
        said = db, world.vault, held.actor("officer.XA1"), held.hearing.id, held.seat("XA1")
        await minutes_reading.answer(*said, version=1, position="objected", words="Kho vũ khí khác")
    await held.happen("ended")
    upload = AttachmentUpload("ký.pdf", PDF)
    signed = await minutes_scans.add_scan(
        database, store, world.vault, secretary, held.hearing.id, upload, seat_id="", max_bytes=10_000
    )
    async with database.transaction() as db:
        await minutes_locking.lock(db, world.vault, config, secretary, held.hearing.id, "XA2 vắng")
        task = WantedTask(text="Dọn Kho vũ khí", owner=world.units["XA1"].id, working_days=5)
        draft = conclusions.Draft(text="Về Kho vũ khí", case_id=case.id, tasks=(task,))
        found = await conclusions.create(db, world.vault, secretary, held.hearing.id, draft)
    async with database.transaction() as db:
        await minutes_locking.add_annex(db, world.vault, config, secretary, held.hearing.id, "Sai: Kho vũ khí")
        await conclusions.issue(db, config, chair, found.id, 1)
        where = secretary, held.hearing.id, signed.id
        await scan_marks.mark_minutes(db, world.vault, *where, "Kho vũ khí là việc khác", mistaken=True)
    papers = Papers(database, store, world.vault, config)
    await papers.of_minutes(secretary, held.hearing.id)
    await papers.of_conclusion(secretary, found.id)
    await flag(world, store, case)
    left = await everything(database)
    assert [one for one in WORDS if one in left] == []
    assert "Chuyện hàng rào" in left
    assert [one for one in (config.data_dir / "objects").rglob("*") if one.is_file()] == []
    with pytest.raises(Conflict):
        await held.write("Kho vũ khí", key=held.key("presents"))


async def test_while_a_hearing_about_it_goes_on_it_must_be_ended_first(database):
    world, store, case = await given(database)
    hearing = await book(world, case.id)
    async with database.transaction() as db:
        (await hearings.get(db, world.actor("officer.TINH1"), hearing.id)).state = HearingState.OPEN
    with pytest.raises(Conflict, match="đang diễn ra"):
        await flag(world, store, case)
    assert len(store.objects) == 1


async def test_nothing_more_is_written_to_it(database):
    world, store, case = await given(database)
    await flag(world, store, case)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        visit = NewVisit(identity_method=IdentityMethod.CITIZEN_ID, case_id=case.id, requested="Hỏi lại")
        with pytest.raises(Conflict):
            await visits.record(db, world.vault, officer, visit)
        with pytest.raises(Conflict):
            await receipts.make(db, world.vault, officer, case.id, [Item("Đơn", 1, 1, 0)])
        edit = cases.CaseEdit(type=case.type, summary="Lại có", content="")
        with pytest.raises(Conflict):
            await cases.edit(db, world.vault, officer, case.id, case.version + 1, edit)
    upload = AttachmentUpload("a.pdf", PDF)
    with pytest.raises(Conflict):
        await cases.add_attachment(database, store, world.vault, officer, case.id, upload, max_bytes=1000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"confirmed": "KN-XA1"}, "confirmed"),
        ({"confirmed": ""}, "confirmed"),
        ({"register_entry": " "}, "register_entry"),
    ],
)
async def test_it_is_confirmed_by_the_number_and_says_where_the_register_is(database, changes, field):
    world, store, case = await given(database)
    with pytest.raises(BadInput) as refused:
        await flag(world, store, case, **changes)
    assert set(refused.value.fields) == {field}
    assert len(store.objects) == 1


async def test_with_the_store_away_nothing_is_erased(database):
    world, store, case = await given(database)
    store.away = True
    with pytest.raises(StoreAway):
        await flag(world, store, case)
    async with database.reading() as db:
        assert (await cases.get(db, world.actor("officer.XA1"), case.id)).summary == NewCase.cleaned(new_case()).summary


async def test_nobody_from_elsewhere_flags_it(database):
    world, store, case = await given(database)
    for name in ("officer.XA2", "auditor.XA1", "secretary.TINH1"):
        with pytest.raises(Forbidden):
            await flag(world, store, case, name)


async def test_a_receipt_lists_what_was_handed_over_and_is_numbered_per_unit(database):
    world, _store, case = await given(database)
    officer = world.actor("officer.XA1")
    async with database.transaction() as db:
        made = await receipts.make(db, world.vault, officer, case.id, [Item(" Đơn ", 3, 1, 2), Item("Sổ đỏ", 1, 0, 1)])
        found = await receipts.of_case(db, case)
    assert made.number.startswith("BN-XA1-")
    assert [one.number[-6:] for one in found] == ["000001", "000002"]
    assert [(one.name, one.pages, one.originals, one.copies) for one in made.items] == [
        ("Đơn", 3, 1, 2),
        ("Sổ đỏ", 1, 0, 1),
    ]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (Item("", 1, 1, 0), "name_1"),
        (Item("Đơn", 0, 1, 0), "pages_1"),
        (Item("Đơn", 1, 0, 0), "originals_1"),
        (Item("Đơn", 1, -1, 2), "originals_1"),
    ],
)
async def test_a_receipt_that_says_nothing_sure_is_refused(database, item, field):
    world, _store, case = await given(database)
    async with database.transaction() as db:
        with pytest.raises(BadInput) as refused:
            await receipts.make(db, world.vault, world.actor("officer.XA1"), case.id, [item])
    assert set(refused.value.fields) == {field}
