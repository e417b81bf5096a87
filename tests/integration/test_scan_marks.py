"""A signed scan that was added by mistake stays with its hash, is said to be a mistake, and counts nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import signing_keys
from hub.case_moves import MoveCode
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden
from hub.models import (
    Attachment,
    Case,
    CaseType,
    CustodyEvent,
    Document,
    DocumentScan,
    Minutes,
    MinutesScan,
    MinutesState,
    ScanMark,
)
from hub.services import (
    case_course,
    cases,
    document_checks,
    document_scans,
    documents,
    minutes_locking,
    minutes_scans,
    scan_marks,
    transfer_items,
)
from hub.services.attachments import AttachmentUpload
from hub.services.case_course import WantedMove
from hub.services.case_timeline import timeline
from hub.services.cases import NewCase
from hub.services.form_facts import About
from tests.integration import test_hearing_documents as of_hearings
from tests.integration.test_handling_documents import TODAY, send
from tests.integration.test_papers_documents import NAME, SCAN, Office
from tests.integration.test_papers_pages import case_of, made
from tests.support.domain import make_world, new_case
from tests.support.minutes import CHAIR, OFFICER, SECRETARY, hold
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio

RIGHT = b"%PDF-1.4 the right one"
WHY = "Nhầm tệp của vụ việc khác"


@pytest_asyncio.fixture
async def office(database: Database, config: Config) -> AsyncIterator[Office]:
    yield Office(await make_world(database), config)


async def mark(
    office: Office, row: Document, scan_id: str, reason: str = WHY, *, who: str = "officer.XA1", mistaken: bool = True
) -> ScanMark:
    async with office.database.transaction() as db:
        about = About(case_id=row.case_id or "")
        where = office.world.actor(who), about, row.id, scan_id
        return await scan_marks.mark(db, office.world.vault, *where, reason, mistaken=mistaken)


async def again(office: Office, row: Document) -> Document:
    async with office.database.reading() as db:
        return await documents.get(db, office.officer, About(case_id=row.case_id or ""), row.id)


async def opened(office: Office, row: Document, scan_id: str, reason: str = "", who: str = "officer.XA1") -> bytes:
    known = office.database, office.store, office.world.vault, office.world.actor(who)
    about = About(case_id=row.case_id or "")
    return (await document_scans.open_scan(*known, about, row.id, scan_id, reason)).data


async def test_a_scan_added_by_mistake_stays_with_its_hash_and_no_longer_counts(office: Office) -> None:
    row = await office.make(await office.case())
    wrong, right = await office.scan(row), await office.scan(row, RIGHT)
    made_ = await mark(office, row, wrong.id)
    row = await again(office, row)
    assert [one.id for one in row.signed] == [right.id]
    assert [(number, one.id) for number, one in row.numbered_scans] == [(2, right.id), (1, wrong.id)]
    assert (wrong.sha256, wrong.created_by) == (row.scans[0].sha256, office.officer.account_id)
    [event] = await office.events("document_scan_mistaken")
    assert (event.detail["scan_id"], event.detail["mark"]) == (wrong.id, made_.id)
    assert event.reason == ""  # kept with the mark alone, which a state secret erases
    async with office.database.reading() as db:
        told = await timeline(db, office.officer, row.case_id or "")
    assert WHY in [entry.reason for entry in told if entry.kind == "document_scan_mistaken"]


async def test_opening_it_wants_a_reason_and_is_logged(office: Office) -> None:
    row = await office.make(await office.case())
    wrong = await office.scan(row)
    await mark(office, row, wrong.id)
    with pytest.raises(BadInput) as told:
        await opened(office, row, wrong.id)
    assert set(told.value.fields) == {"reason"}
    assert await opened(office, row, wrong.id, "Tìm xem của vụ nào") == SCAN
    assert (await office.events("document_opened"))[-1].reason == "Tìm xem của vụ nào"
    with pytest.raises(BadInput, match="đánh dấu thêm nhầm"):
        await office.scan(row)


async def test_the_mark_is_taken_back_by_another_and_neither_is_lost(office: Office) -> None:
    row = await office.make(await office.case())
    scan = await office.scan(row)
    with pytest.raises(Conflict):
        await mark(office, row, scan.id, mistaken=False)
    await mark(office, row, scan.id)
    with pytest.raises(Conflict):
        await mark(office, row, scan.id)
    await mark(office, row, scan.id, "Đúng là bản ký", mistaken=False)
    row = await again(office, row)
    assert [one.id for one in row.signed] == [scan.id]
    assert [(one.mistaken, one.reason) for one in row.scans[0].marks] == [(True, WHY), (False, "Đúng là bản ký")]
    assert await opened(office, row, scan.id) == SCAN
    assert len(await office.events("document_scan_restored")) == 1


async def test_it_wants_a_reason_and_the_right_to_add_scans(office: Office) -> None:
    row = await office.make(await office.case())
    scan = await office.scan(row)
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(BadInput) as told:
            await mark(office, row, scan.id, reason)
        assert set(told.value.fields) == {"reason"}
    for who in ("auditor.TINH1", "officer.XA2"):
        with pytest.raises(Forbidden):
            await mark(office, row, scan.id, who=who)


async def test_the_reason_may_not_name_a_denouncer_then_or_later(office: Office) -> None:
    secret = await office.make(await office.case(CaseType.DENUNCIATION), "denunciation_transfer", body="Thanh tra")
    scan = await office.scan(secret)
    with pytest.raises(BadInput) as told:
        await mark(office, secret, scan.id, f"Bản này có chữ của {NAME}")
    assert set(told.value.fields) == {"reason"}
    case = await office.case()
    row = await office.make(case)
    await mark(office, row, (await office.scan(row, RIGHT)).id, f"Bản này có chữ của {NAME}")
    async with office.database.transaction() as db:
        edit = cases.CaseEdit(type=CaseType.DENUNCIATION, summary="Thu tiền", content="")
        await cases.edit(db, office.world.vault, office.officer, case.id, case.version, edit)
    async with office.database.reading() as db:
        reasons = list(await db.scalars(select(ScanMark.reason)))
    assert reasons == ["Bản này có chữ của người tố cáo"]


async def test_who_knows_of_the_paper_by_a_transfer_may_not_open_what_was_added_by_mistake(office: Office) -> None:
    case = await office.case(CaseType.PETITION)
    row = await office.make(case)
    wrong = await office.scan(row)
    async with office.database.transaction() as db:
        now = await db.get_one(Case, case.id)
        classify = WantedMove(code=MoveCode.CLASSIFY, day=TODAY)
        await case_course.make(db, office.world.vault, office.officer, case.id, now.version, classify)
    await send(office.world, case, row.id)
    assert await opened(office, row, wrong.id, who="officer.XA2") == SCAN
    await mark(office, row, wrong.id)
    with pytest.raises(Forbidden):
        await opened(office, row, wrong.id, "Xem", who="officer.XA2")


async def test_who_scans_the_code_on_the_paper_is_told(office: Office) -> None:
    row = await office.make(await office.case())
    wrong, right = await office.scan(row), await office.scan(row, RIGHT)
    made_ = await mark(office, row, wrong.id)
    async with office.database.reading() as db:
        verdict = await document_checks.check(db, signing_keys.public_keys(office.config), row.token)
    assert verdict.genuine
    assert verdict.signed == (right.sha256,)
    assert verdict.mistaken == ((wrong.sha256, made_.created_at),)


async def test_minutes_are_not_locked_with_a_mistaken_scan_alone(database: Database, config: Config) -> None:
    held = await frozen(database, config)
    secretary, hearing_id = held.held.actor(SECRETARY), held.held.hearing.id
    wrong = await minutes_scan(held, SCAN)
    await held.held.happen("ended")
    await mark_minutes(held, wrong.id)
    with pytest.raises(Conflict, match="quét"):
        await lock(held)
    right = await minutes_scan(held, RIGHT)
    await lock(held)
    async with database.reading() as db:
        found = await db.get_one(Minutes, hearing_id)
    assert [one["id"] for one in json.loads(found.document)["scans"]] == [right.id]
    row = await held.minutes()
    verdict = await held.verdict(row)
    assert (verdict.signed, [sha256 for sha256, _ in verdict.mistaken]) == ((right.sha256,), [wrong.sha256])
    known = database, held.store, held.vault, secretary, wrong.id
    with pytest.raises(BadInput):
        await minutes_scans.open_scan(*known)
    assert (await minutes_scans.open_scan(*known, "Xem của ai")).data == SCAN


async def test_locked_minutes_whose_scan_was_wrong_get_the_right_one_and_the_chain_of_custody_tells(
    database: Database, config: Config
) -> None:
    held = await frozen(database, config)
    wrong = await minutes_scan(held, SCAN)
    await held.held.happen("ended")
    await lock(held)
    with pytest.raises(Conflict):
        await minutes_scan(held, RIGHT)
    async with database.reading() as db:
        sealed = (await db.get_one(Minutes, held.held.hearing.id)).document
    with pytest.raises(Forbidden):
        await mark_minutes(held, wrong.id, OFFICER)  # signed at the centre, not at their point
    await mark_minutes(held, wrong.id)
    right = await minutes_scan(held, RIGHT)
    with pytest.raises(Conflict):
        await minutes_scan(held, b"%PDF-1.4 one more")
    async with database.reading() as db:
        found = await db.get_one(Minutes, held.held.hearing.id)
        chain = list(await db.scalars(select(CustodyEvent.action).order_by(CustodyEvent.seq)))
    assert (found.document, found.state) == (sealed, MinutesState.LOCKED)
    assert right.version_id == wrong.version_id
    assert chain == ["minutes_locked", "minutes_scan_mistaken", "minutes_scanned"]


async def test_a_denouncers_signed_minutes_that_were_wrong_are_not_offered_with_the_case(
    database: Database, config: Config
) -> None:
    held = await frozen(database, config, new_case(type=CaseType.DENUNCIATION))
    wrong = await minutes_scan(held, SCAN)
    case_id = held.held.cases[0].id
    async with database.reading() as db:
        assert [one.id for one in await transfer_items.choices(db, await db.get_one(Case, case_id))] == [
            wrong.attachment_id
        ]
    await mark_minutes(held, wrong.id)
    async with database.reading() as db:
        assert await transfer_items.choices(db, await db.get_one(Case, case_id)) == []
        assert (await db.get_one(Attachment, wrong.attachment_id)).sha256 == wrong.sha256
    known = database, held.store, held.vault
    with pytest.raises(Forbidden):
        await minutes_scans.open_scan(*known, held.held.actor(CHAIR), wrong.id, "Xem")
    assert (await minutes_scans.open_scan(*known, held.held.actor(OFFICER), wrong.id, "Đối chiếu")).data == SCAN


async def frozen(database: Database, config: Config, *heard: NewCase) -> of_hearings.Office:
    held = await hold(database, *heard)
    await held.write("Đã nghe công dân.", key=held.key("presents"))
    office = of_hearings.Office(held, config)
    await office.freeze()
    return office


async def minutes_scan(held: of_hearings.Office, data: bytes) -> MinutesScan:
    known = held.database, held.store, held.vault, held.held.actor(SECRETARY), held.held.hearing.id
    return await minutes_scans.add_scan(*known, AttachmentUpload("ký.pdf", data), max_bytes=10_000)


async def mark_minutes(held: of_hearings.Office, scan_id: str, who: str = SECRETARY) -> None:
    async with held.database.transaction() as db:
        where = held.held.actor(who), held.held.hearing.id, scan_id
        await scan_marks.mark_minutes(db, held.vault, *where, WHY, mistaken=True)


async def lock(held: of_hearings.Office) -> None:
    async with held.database.transaction() as db:
        known = db, held.vault, held.config, held.held.actor(SECRETARY), held.held.hearing.id
        await minutes_locking.lock(*known, "Điểm cầu mất liên lạc")


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def test_the_pages_show_it_struck_out_last_and_say_why(pages: Pages) -> None:
    officer, case_id = await pages.person("canbotantien"), await case_of(pages)
    row = await made(pages, officer, case_id)
    here = f"/cases/{case_id}/documents/{row.id}"
    for data in (SCAN, RIGHT):
        assert (await officer.upload(f"{here}/scans", "ky.pdf", data)).status == 303
    async with pages.database.reading() as db:
        wrong = (await db.scalars(select(DocumentScan.id).order_by(DocumentScan.created_at))).first()
    refused = await officer.post(f"{here}/scans/{wrong}/mark", {"mistaken": "yes", "reason": ""})
    assert refused.status == 400
    assert re.search(rf'id="mark-{wrong}"[^>]*data-open', refused.text)
    assert (await officer.post(f"{here}/scans/{wrong}/mark", {"mistaken": "yes", "reason": WHY})).status == 303
    page = (await officer.get(f"/cases/{case_id}/documents")).text
    assert page.index("Bản ký 2") < page.index("Bản ký 1")
    assert WHY in page
    assert f'href="{here}/scans/{wrong}"' not in page
    assert (await officer.get(f"{here}/scans/{wrong}")).status == 400
    told = (await pages.browser().get(f"/verify/{row.token}")).text
    assert "đã được thêm nhầm" in told
    assert WHY not in told


async def test_a_paper_with_nothing_but_a_mistake_is_not_called_signed(pages: Pages) -> None:
    officer, case_id = await pages.person("canbotantien"), await case_of(pages)
    row = await made(pages, officer, case_id)
    here = f"/cases/{case_id}/documents/{row.id}"
    await officer.upload(f"{here}/scans", "ky.pdf", SCAN)
    assert "đã có bản ký" in (await officer.get(f"/cases/{case_id}")).text
    async with pages.database.reading() as db:
        wrong = (await db.scalars(select(DocumentScan.id))).one()
    await officer.post(f"{here}/scans/{wrong}/mark", {"mistaken": "yes", "reason": WHY})
    page = (await officer.get(f"/cases/{case_id}")).text
    assert "đã có bản ký" not in page
    assert WHY in page  # in the course of the case
