"""Documents of a case, on both databases."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select

from hub.errors import BadInput, Forbidden, NotFound, NotReady, TooLarge
from hub.models import Attachment, CaseType
from hub.services import audit, cases
from hub.services.cases import AttachmentUpload
from hub.services.store import StoreAway
from tests.support.domain import make_world, new_case
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.asyncio
PDF = b"%PDF-1.7\nNguyen Thi Dao\n%%EOF"


async def given(database, kind=CaseType.COMPLAINT):
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case(type=kind))
    return world, MemoryStore(), case


async def add(world, store, case, name="Đơn khiếu nại.PDF", data=PDF, officer="officer.XA1", max_bytes=1000):
    upload = AttachmentUpload(name, data)
    actor = world.actor(officer)
    return await cases.add_attachment(world.database, store, world.vault, actor, case.id, upload, max_bytes=max_bytes)


async def opened(world, store, row, reader="officer.XA1", reason=""):
    return await cases.open_attachment(world.database, store, world.vault, world.actor(reader), row.id, reason)


async def rows(database) -> int:
    async with database.reading() as db:
        return len((await db.execute(select(Attachment))).scalars().all())


async def test_a_document_is_kept_under_a_name_that_says_nothing_and_read_back(database):
    world, store, case = await given(database)
    row = await add(world, store, case)
    assert (row.file_name, row.media_type, row.size_bytes) == ("Đơn khiếu nại.pdf", "application/pdf", len(PDF))
    assert row.sha256 == hashlib.sha256(PDF).hexdigest()
    [key] = store.objects
    assert key == row.object_key
    assert key.startswith("attachments/")
    assert case.id not in key
    assert (await opened(world, store, row)).data == PDF
    async with database.reading() as db:
        assert [a.id for a in (await cases.get(db, world.actor("officer.XA1"), case.id)).attachments] == [row.id]
        told = await cases.timeline(db, world.actor("officer.XA1"), case.id)
    assert [entry.kind for entry in told] == ["case_registered", "attachment_added", "attachment_opened"]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("virus.pdf", b"MZ\x90\x00", "không được nhận"),
        ("trang.html", b"<html>", "không được nhận"),
        ("rong.pdf", b"", "rỗng"),
        ("anh.png", PDF, "không đúng với đuôi"),
        ("khong-duoi", PDF, "không đúng với đuôi"),
    ],
)
async def test_a_forbidden_type_is_refused_by_its_content_and_nothing_is_kept(database, name, data, told):
    world, store, case = await given(database)
    with pytest.raises(BadInput, match=told) as refused:
        await add(world, store, case, name, data)
    assert set(refused.value.fields) == {"file"}
    assert store.objects == {}
    assert await rows(database) == 0


async def test_a_document_that_is_too_large_is_refused_with_the_limit(database):
    world, store, case = await given(database)
    with pytest.raises(TooLarge, match="20 MB"):
        await add(world, store, case, data=PDF.ljust(20_000_001), max_bytes=20_000_000)
    assert store.objects == {}


async def test_with_the_store_away_no_row_is_written(database):
    world, store, case = await given(database)
    store.away = True
    with pytest.raises(StoreAway):
        await add(world, store, case)
    assert await rows(database) == 0


async def test_only_who_may_edit_the_case_adds_to_it(database):
    world, store, case = await given(database)
    for official in ("officer.XA2", "leader.XA1", "auditor.TINH1"):
        with pytest.raises(Forbidden):
            await add(world, store, case, officer=official)
    assert store.objects == {}


async def test_who_may_read_the_case_opens_its_documents(database):
    world, store, case = await given(database)
    row = await add(world, store, case)
    assert (await opened(world, store, row, "auditor.TINH1")).data == PDF
    with pytest.raises(Forbidden):
        await opened(world, store, row, "officer.XA2")
    with pytest.raises(NotFound):
        await cases.open_attachment(database, store, world.vault, world.actor("officer.XA1"), "không có")


async def test_a_denouncers_documents_are_sealed_named_neutrally_and_opened_with_a_reason(database):
    world, store, case = await given(database, CaseType.DENUNCIATION)
    row = await add(world, store, case, "Đơn của Nguyễn Thị Đào.pdf")
    assert row.file_name == "Tài liệu 1.pdf"
    assert b"Dao" not in store.objects[row.object_key]
    with pytest.raises(BadInput) as refused:
        await opened(world, store, row)
    assert set(refused.value.fields) == {"reason"}
    assert (await opened(world, store, row, reason="xác minh")).data == PDF
    with pytest.raises(Forbidden):
        await opened(world, store, row, "auditor.TINH1", "tò mò")
    async with database.reading() as db:
        query = audit.AuditQuery(action="attachment_opened")
        assert [e.reason for e in await audit.list_events(db, world.actor("auditor.TINH1"), query)] == ["xác minh"]


async def test_a_document_that_was_altered_in_the_store_is_not_shown(database):
    world, store, case = await given(database)
    row = await add(world, store, case)
    store.objects[row.object_key] = PDF.replace(b"Dao", b"Hoa")
    with pytest.raises(NotReady, match="không còn nguyên vẹn"):
        await opened(world, store, row)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/đơn.pdf", "đơn.pdf"),
        ("C:\\Users\\a\\đơn.pdf", "đơn.pdf"),
        ('a"b;c.pdf', "abc.pdf"),
        (".pdf", None),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
    ],
)
async def test_a_file_name_keeps_nothing_that_could_do_harm(database, name, kept):
    world, store, case = await given(database)
    if kept is None:
        with pytest.raises(BadInput):
            await add(world, store, case, name)
    else:
        assert (await add(world, store, case, name)).file_name == kept


async def made_a_denunciation(world, case):
    async with world.database.transaction() as db:
        wanted = cases.CaseEdit(type=CaseType.DENUNCIATION, summary="Tố cáo nhận tiền", content="")
        await cases.edit(db, world.vault, world.actor("officer.XA1"), case.id, 1, wanted)


async def seal(world, store) -> int:
    return await cases.seal_pending(world.database, store, world.vault)


async def test_documents_from_before_a_case_became_a_denunciation_are_sealed_and_renamed(database):
    world, store, case = await given(database)
    row = await add(world, store, case, "Đơn của Nguyễn Thị Đào.pdf")
    assert await seal(world, store) == 0
    await made_a_denunciation(world, case)
    assert await seal(world, store) == 1
    assert await seal(world, store) == 0
    [kept] = store.objects.values()
    assert b"Dao" not in kept
    opened_again = await opened(world, store, row, reason="xác minh")
    assert (opened_again.data, opened_again.file_name) == (PDF, "Tài liệu 1.pdf")


@pytest.mark.parametrize("step", ["put_bytes", "delete"])
async def test_sealing_that_is_cut_off_at_any_step_is_finished_the_next_time(database, step, monkeypatch):
    world, store, case = await given(database)
    row = await add(world, store, case)
    await made_a_denunciation(world, case)
    real = getattr(store, step)

    def cut_off(key, *arguments, **options):
        real(key, *arguments, **options)
        if step == "put_bytes" or key == row.object_key:
            raise StoreAway("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(store, step, cut_off)
        with pytest.raises(StoreAway):
            await seal(world, store)
    assert await seal(world, store) == 1
    assert len(store.objects) == 1
    assert (await opened(world, store, row, reason="xác minh")).data == PDF


async def test_a_document_that_is_not_whole_is_left_as_it_is(database):
    world, store, case = await given(database)
    row = await add(world, store, case)
    await made_a_denunciation(world, case)
    store.objects[row.object_key] = b"altered"
    assert await seal(world, store) == 0
    assert store.objects == {row.object_key: b"altered"}
