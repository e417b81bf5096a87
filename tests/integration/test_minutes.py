"""Minutes written, read back, answered, signed and locked, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub import signing_keys
from hub.errors import BadInput, Conflict, Forbidden, NotFound, TooLarge
from hub.ids import new_id
from hub.models import AuditEvent, CaseType, CustodyEvent, Minutes, MinutesEdit, Recording
from hub.seals import signed
from hub.services import custody, minutes, minutes_document, minutes_locking, minutes_reading, minutes_scans
from hub.services.attachments import AttachmentUpload
from hub.services.minutes_discretion import Discretion
from recorder.directory_store import DirectoryStore
from tests.support.domain import new_case
from tests.support.minutes import CHAIR, OFFICER, SECRETARY, Held, hold

pytestmark = pytest.mark.asyncio

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


async def text_of(held: Held, key: str = "opening") -> str:
    async with held.world.database.reading() as db:
        return (await minutes.texts(db, held.hearing.id)).get(key, "")


async def freeze(held: Held, who: str = SECRETARY) -> int:
    async with held.world.database.transaction() as db:
        return (await minutes_reading.freeze(db, held.world.vault, held.actor(who), held.hearing.id)).number


async def answer(held: Held, code: str, who: str, position: str, words: str = "", version: int = 1) -> None:
    async with held.world.database.transaction() as db:
        args = db, held.world.vault, held.actor(who), held.hearing.id, held.seat(code)
        await minutes_reading.answer(*args, version=version, position=position, words=words)


async def read(held: Held, who: str = SECRETARY):
    async with held.world.database.reading() as db:
        return await minutes_reading.reading(db, held.actor(who), held.hearing.id)


async def scan(held: Held, config, who: str = SECRETARY, seat: str = ""):
    (config.data_dir / "objects").mkdir(exist_ok=True)
    store = DirectoryStore(config.data_dir / "objects")
    upload = AttachmentUpload("ký.pdf", PDF)
    args = held.world.database, store, held.world.vault, held.actor(who), held.hearing.id, upload
    return store, await minutes_scans.add_scan(*args, seat_id=seat, max_bytes=10_000)


async def lock(held: Held, config, who: str = SECRETARY, reason: str = "") -> Minutes:
    async with held.world.database.transaction() as db:
        return await minutes_locking.lock(db, held.world.vault, config, held.actor(who), held.hearing.id, reason)


async def test_what_two_people_write_at_once_is_all_there(database):
    held = await hold(database)
    first = await held.write("Khai mạc.")
    number = first.sections[0].number
    await asyncio.gather(
        held.write("Khai mạc. Thư ký ghi.", base=number),
        held.write("Khai mạc. Chủ trì ghi.", who=CHAIR, base=number),
    )
    merged = await text_of(held)
    assert "Thư ký ghi." in merged
    assert "Chủ trì ghi." in merged
    assert merged.count("Khai mạc.") == 1


async def test_a_save_sent_again_after_a_lost_answer_is_done_once(database):
    held = await hold(database)
    save_id = new_id()
    await held.write("Mất mạng", save_id=save_id)
    again = await held.write("Mất mạng", save_id=save_id)
    assert again.saved == {save_id: 1}
    await held.write("Mất mạng rồi có lại", base=1, base_sent=True)
    assert await text_of(held) == "Mất mạng rồi có lại"


async def test_who_has_not_seen_what_was_merged_in_does_not_undo_it(database):
    held = await hold(database)
    await held.write("Một.", who=CHAIR)
    mine = await held.write("Hai.")  # derived from nothing: the chair's text is merged in
    assert await text_of(held) == "Một.\nHai."
    await held.write("Hai. Ba.", base=next(iter(mine.saved.values())), base_sent=True)
    assert await text_of(held) == "Một.\nHai. Ba."


async def test_every_save_stays_on_record_with_who_made_it(database):
    held = await hold(database)
    await held.write("a")
    await held.write("ab", base=1, who=CHAIR)
    async with database.reading() as db:
        rows = list(await db.scalars(select(MinutesEdit).order_by(MinutesEdit.number)))
    names = [held.world.accounts[name].id for name in (SECRETARY, CHAIR)]
    assert [(row.account_id, row.inserted) for row in rows] == list(zip(names, ("a", "b"), strict=True))


async def test_only_chair_deputy_and_secretary_write(database):
    held = await hold(database)
    await held.write("a", who="leader2.TINH1")
    for who in (OFFICER, "officer.TINH1", "auditor.TINH1", "leader.XA1"):
        with pytest.raises(Forbidden):
            await held.write("b", who=who)


async def test_a_part_that_is_none_and_a_text_without_end_are_refused_and_nothing_is_kept(database):
    held = await hold(database)
    with pytest.raises(BadInput):
        await held.write("a", key=f"{'0' * 32}.asks")
    with pytest.raises(TooLarge):
        await held.write("a" * 20_001)
    assert await text_of(held) == ""


async def test_the_minutes_of_a_denunciation_never_name_the_denouncer(database):
    held = await hold(database, new_case(type=CaseType.DENUNCIATION, summary="Tố cáo thu tiền"))
    discretion = Discretion()
    for text in ("Bà nguyen thi DAO trình bày", "gọi 0912 345 678"):
        for guard in (None, discretion):
            with pytest.raises(BadInput):
                await held.write(text, held.key("presents"), discretion=guard)
    assert await text_of(held, held.key("presents")) == ""
    async with database.reading() as db:
        compared = await db.scalars(select(AuditEvent.id).where(AuditEvent.action == "identity_compared"))
    assert len(list(compared)) == 3  # twice without the hashes, once for both texts with them


async def test_frozen_minutes_say_who_was_there_and_when_each_case_was_heard(database):
    held = await hold(database, new_case(), new_case(summary="Kiến nghị làm cầu", type=CaseType.PETITION))
    for at, case in ((10, 0), (70, 1)):
        await held.happen("case_called", held.opened_at + timedelta(seconds=at), case_id=held.cases[case].id)
    await held.happen("left", seat=held.seat("XA2"))
    await held.write("[00:15] nêu yêu cầu đo lại", key=held.key("asks"))
    await freeze(held)
    body = (await read(held)).body
    by_case = {one["id"]: one["turns"] for one in body["cases"]}
    assert by_case == {held.cases[0].id: [[10_000, 70_000]], held.cases[1].id: [[70_000, None]]}
    stays = {seat["label"]: seat["stays"] for seat in body["attendance"]}
    assert stays["Điểm cầu XA2"][0]["left_at"] is not None
    assert stays["Điểm cầu XA1"][0]["left_at"] is None
    assert [(one.at_ms, one.text) for one in minutes_document.moments(body)] == [(15_000, "nêu yêu cầu đo lại")]


async def test_frozen_minutes_are_not_written_on_and_opened_ones_are(database):
    held = await hold(database)
    await held.write("Bản một")
    assert await freeze(held) == 1
    with pytest.raises(Conflict):
        await held.write("Bản hai", base=1)
    async with database.transaction() as db:
        args = db, held.world.vault, held.actor(SECRETARY), held.hearing.id
        with pytest.raises(BadInput):
            await minutes_reading.reopen(*args, " ")
        await minutes_reading.reopen(*args, "Điểm cầu đề nghị sửa")
    await held.write("Bản hai", base=1)
    assert await freeze(held) == 2


async def test_empty_minutes_are_not_read_back(database):
    held = await hold(database)
    with pytest.raises(Conflict):
        await freeze(held)


async def test_each_point_answers_for_itself_and_the_last_word_counts(database):
    held = await hold(database)
    await held.write("Nội dung")
    await freeze(held)
    with pytest.raises(BadInput):
        await answer(held, "XA1", OFFICER, "objected")
    with pytest.raises(BadInput):
        await answer(held, "XA1", OFFICER, "maybe")
    for who in ("officer.XA2", SECRETARY, CHAIR):
        with pytest.raises(Forbidden):
            await answer(held, "XA1", who, "agreed")
    await answer(held, "XA1", OFFICER, "objected", "Thiếu yêu cầu thứ hai")
    await answer(held, "XA1", OFFICER, "agreed")
    found = await read(held)
    assert [one.position for one in found.history] == ["objected", "agreed"]
    assert found.answers[held.seat("XA1")].position == "agreed"
    with pytest.raises(Conflict):
        await answer(held, "XA1", OFFICER, "agreed", version=7)


async def test_who_was_not_invited_does_not_read_them(database):
    held = await hold(database)
    await held.write("Nội dung")
    await freeze(held)
    for who in ("officer.XA9", "technician.TINH1"):
        with pytest.raises(Forbidden):
            await read(held, who)
    assert (await read(held, "auditor.TINH1")) is not None


async def test_the_part_of_a_denunciation_is_not_for_the_other_points(database):
    held = await hold(database, new_case(type=CaseType.DENUNCIATION, summary="Tố cáo thu tiền"))
    await held.write("Trình bày việc thu tiền", key=held.key("presents"))
    await freeze(held)
    [there] = (await read(held, "officer.XA2")).body["cases"]
    assert there["hidden"]
    assert "thu tiền" not in json.dumps(there, ensure_ascii=False)
    [here] = (await read(held, OFFICER)).body["cases"]
    assert here["sections"]["presents"] == "Trình bày việc thu tiền"


async def test_minutes_are_locked_when_the_hearing_is_over_answered_and_scanned(database, config):
    held = await hold(database)
    await held.write("Nội dung")
    await freeze(held)
    await answer(held, "XA1", OFFICER, "objected", "Sai diện tích")
    with pytest.raises(Conflict):
        await lock(held, config)  # the hearing goes on
    await held.happen("ended")
    with pytest.raises(Conflict):
        await lock(held, config)  # nothing is signed
    await scan(held, config, OFFICER, held.seat("XA1"))
    with pytest.raises(BadInput) as asked:
        await lock(held, config)  # a point is silent
    assert "XA2" in str(asked.value.text)
    with pytest.raises(Forbidden):
        await lock(held, config, OFFICER, "x")
    found = await lock(held, config, reason="Điểm cầu XA2 mất điện")
    document = json.loads(found.document)
    assert document["scans"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert [one["words"] for one in document["answers"]] == ["Sai diện tích"]
    assert all(stay["left_at"] for seat in document["attendance"] for stay in seat["stays"])
    key = signing_keys.public_keys(config)[found.seal_key].key
    assert signed(key, found.document.encode(), bytes.fromhex(found.signature))
    for wanted in (held.write("Sửa lén", base=1), freeze(held), scan(held, config)):
        with pytest.raises(Conflict):
            await wanted


async def test_the_recordings_chain_of_custody_knows_the_locked_minutes(database, config):
    held = await hold(database)
    await _locked(held, config)
    async with database.reading() as db:
        recording = await db.scalar(select(Recording))
        [entry] = list(await db.scalars(select(CustodyEvent).where(CustodyEvent.action == "minutes_locked")))
        found = await minutes.get(db, held.hearing.id)
        assert entry.detail["sha256"] == found.sha256
        assert await custody.breaks(db, recording.id) == []


async def test_a_correction_of_locked_minutes_is_an_annex(database, config):
    held = await hold(database)
    await held.write("Nội dung")
    await freeze(held)
    with pytest.raises(Conflict):
        await annex(held, config, "Sớm quá")
    await _locked(held, config, frozen=True)
    with pytest.raises(BadInput):
        await annex(held, config, " ")
    await annex(held, config, "Diện tích đúng là 302 m²")
    second = await annex(held, config, "Tên thôn đúng là thôn Đông")
    assert second.number == 2
    assert json.loads(second.document)["minutes_sha256"]


async def test_a_scan_is_read_back_whole_and_the_reading_is_logged(database, config):
    held = await hold(database)
    await held.write("Nội dung")
    with pytest.raises(Conflict):
        await scan(held, config)
    await freeze(held)
    store, row = await scan(held, config)
    args = database, store, held.world.vault, held.actor("auditor.TINH1"), row.id
    assert (await minutes_scans.open_scan(*args)).data == PDF
    async with database.reading() as db:
        assert await db.scalar(select(AuditEvent.id).where(AuditEvent.action == "minutes_scan_opened"))
    with pytest.raises(NotFound):
        await minutes_scans.open_scan(*args[:4], "none")


async def test_the_scan_of_a_denunciation_is_sealed_and_wants_a_reason(database, config):
    held = await hold(database, new_case(type=CaseType.DENUNCIATION, summary="Tố cáo thu tiền"))
    await held.write("Nội dung")
    await freeze(held)
    store, row = await scan(held, config, OFFICER, held.seat("XA1"))
    assert row.attachment_id
    assert PDF not in b"".join(store.read(row.object_key))
    args = database, store, held.world.vault
    with pytest.raises(Forbidden):
        await minutes_scans.open_scan(*args, held.actor("auditor.TINH1"), row.id, "xem")
    with pytest.raises(BadInput):
        await minutes_scans.open_scan(*args, held.actor(OFFICER), row.id)
    assert (await minutes_scans.open_scan(*args, held.actor(OFFICER), row.id, "đối chiếu")).data == PDF


async def annex(held: Held, config, text: str):
    async with held.world.database.transaction() as db:
        args = db, held.world.vault, config, held.actor(SECRETARY), held.hearing.id
        return await minutes_locking.add_annex(*args, text)


async def _locked(held: Held, config, *, frozen: bool = False) -> None:
    if not frozen:
        await held.write("Nội dung")
        await freeze(held)
    await scan(held, config)
    await held.happen("ended")
    await lock(held, config, reason="Không điểm cầu nào có ý kiến")
