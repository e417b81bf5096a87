"""Papers of minutes, annexes and conclusions: numbered with the unit's other papers, proved by their QR code."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pypdfium2
import pytest
import pytest_asyncio
import zxingcpp
from docx import Document as WordFile
from sqlalchemy import select

from hub import signing_keys
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden
from hub.models import AuditEvent, CaseType, ConclusionTask, Document
from hub.services import (
    conclusions,
    document_checks,
    document_scans,
    documents,
    minutes_locking,
    minutes_reading,
    minutes_scans,
)
from hub.services.attachments import AttachmentUpload
from hub.services.conclusions import Draft, WantedTask
from hub.services.document_checks import Verdict
from hub.services.form_facts import About
from hub.services.hearing_documents import Papers
from recorder.directory_store import DirectoryStore
from tests.support.domain import new_case
from tests.support.minutes import CHAIR, OFFICER, SECRETARY, Held, hold

pytestmark = pytest.mark.asyncio

SCAN = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


class Office:
    """A hearing that was held, and what its secretary and chair make of it."""

    def __init__(self, held: Held, config: Config) -> None:
        self.held, self.config, self.database, self.vault = held, config, held.world.database, held.world.vault
        (config.data_dir / "objects").mkdir(exist_ok=True)
        self.store = DirectoryStore(config.data_dir / "objects")
        self.papers = Papers(self.database, self.store, self.vault, config)

    async def freeze(self) -> str:
        """The version's hash."""
        async with self.database.transaction() as db:
            found = await minutes_reading.freeze(db, self.vault, self.held.actor(SECRETARY), self.held.hearing.id)
            return found.sha256

    async def minutes(self, who: str = SECRETARY) -> Document:
        return await self.papers.of_minutes(self.held.actor(who), self.held.hearing.id)

    async def lock(self) -> None:
        secretary, hearing_id = self.held.actor(SECRETARY), self.held.hearing.id
        upload = AttachmentUpload("ký.pdf", SCAN)
        await minutes_scans.add_scan(
            self.database, self.store, self.vault, secretary, hearing_id, upload, max_bytes=10_000
        )
        await self.held.happen("ended")
        async with self.database.transaction() as db:
            await minutes_locking.lock(db, self.vault, self.config, secretary, hearing_id, "Không liên lạc được")

    async def annex(self, text: str) -> str:
        async with self.database.transaction() as db:
            args = db, self.vault, self.config, self.held.actor(SECRETARY), self.held.hearing.id, text
            return (await minutes_locking.add_annex(*args)).id

    async def conclusion(self) -> str:
        task = WantedTask(text="Đo lại thửa đất", owner=self.held.world.accounts[OFFICER].id, working_days=5)
        draft = Draft(text="Giao xã đo lại.", case_id=self.held.cases[0].id, tasks=(task,))
        async with self.database.transaction() as db:
            args = db, self.vault, self.held.actor(SECRETARY), self.held.hearing.id, draft
            return (await conclusions.create(*args)).id

    async def issue(self, conclusion_id: str) -> str:
        """The sealed text's hash."""
        async with self.database.transaction() as db:
            return (await conclusions.issue(db, self.config, self.held.actor(CHAIR), conclusion_id, 1)).sha256

    async def pdf(self, row: Document, who: str = SECRETARY) -> bytes:
        return (await documents.open_pdf(self.database, self.store, self.vault, self.held.actor(who), row.id)).data

    async def verdict(self, row: Document) -> Verdict:
        async with self.database.reading() as db:
            return await document_checks.check(db, signing_keys.public_keys(self.config), row.token)


@pytest_asyncio.fixture
async def office(database: Database, config: Config) -> AsyncIterator[Office]:
    held = await hold(database)
    await held.write("Mất ba mố cầu.", key=held.key("presents"))
    yield Office(held, config)


def text_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        said = " ".join("\n".join(page.get_textpage().get_text_bounded() for page in document).split())
    return said.replace("\u200b", "").replace("\N{NON-BREAKING HYPHEN}", "-")


def qr_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return zxingcpp.read_barcodes(document[len(document) - 1].render(scale=3).to_numpy())[0].text


async def test_the_paper_of_minutes_has_a_number_what_was_frozen_its_hash_and_a_code_that_proves_it(
    office: Office,
) -> None:
    with pytest.raises(Conflict):
        await office.minutes()
    sha256 = await office.freeze()
    row = await office.minutes()
    data = await office.pdf(row)
    said = text_of(data)
    assert row.number == "01/BB-UBND"
    for words in ("Số: 01/BB-UBND", "Mất ba mố cầu.", office.held.hearing.number, "Điểm cầu XA1"):
        assert words in said, words
    assert sha256 in said.replace(" ", "")
    assert qr_of(data).endswith(f"/verify/{row.token}")
    verdict = await office.verdict(row)
    assert verdict.genuine
    assert (verdict.number, verdict.text_sha256, verdict.voided_at) == (row.number, sha256, None)
    word = (await documents.open_word(office.database, office.vault, office.held.actor(SECRETARY), row.id)).data
    assert any("Mất ba mố cầu." in paragraph.text for paragraph in WordFile(io.BytesIO(word)).paragraphs)
    async with office.database.reading() as db:
        events = set(await db.scalars(select(AuditEvent.action).where(AuditEvent.object_id == office.held.hearing.id)))
    assert {"document_made", "document_opened", "document_exported"} <= events


async def test_each_version_has_one_paper_however_often_it_is_asked_for_at_once(office: Office) -> None:
    await office.freeze()
    made = await asyncio.gather(*(office.minutes() for _ in range(4)))
    assert {row.number for row in made} == {"01/BB-UBND"}
    async with office.database.reading() as db:
        assert len(list(await db.scalars(select(Document.id)))) == 1


async def test_minutes_that_are_opened_again_make_their_paper_void_and_get_another(office: Office) -> None:
    await office.freeze()
    first = await office.minutes()
    async with office.database.transaction() as db:
        args = db, office.vault, office.held.actor(SECRETARY), office.held.hearing.id, "Sai tên thôn"
        await minutes_reading.reopen(*args)
    assert (await office.verdict(first)).voided_at is not None
    await office.freeze()
    second = await office.minutes()
    assert second.number == "02/BB-UBND"
    assert (await office.verdict(second)).voided_at is None


async def test_a_conclusions_paper_shares_the_units_numbers_and_its_signed_scan_stands_beside_it(
    office: Office,
) -> None:
    await office.freeze()
    await office.minutes()
    conclusion_id = await office.conclusion()
    chair = office.held.actor(CHAIR)
    with pytest.raises(Conflict):
        await office.papers.of_conclusion(chair, conclusion_id)
    sha256 = await office.issue(conclusion_id)
    row = await office.papers.of_conclusion(chair, conclusion_id)
    assert row.number == "02/TB-UBND"
    said = text_of(await office.pdf(row, OFFICER))  # the owner of its task
    assert "Đo lại thửa đất" in said
    assert sha256 in said.replace(" ", "")
    about = About(hearing_id=office.held.hearing.id)
    args = office.database, office.store, office.vault
    scan = await document_scans.add(*args, chair, about, row.id, SCAN, max_bytes=1_000)
    opened = await document_scans.open_scan(*args, chair, about, row.id, scan.id)
    assert opened.data == SCAN
    with pytest.raises(Forbidden):
        await document_scans.add(*args, office.held.actor(OFFICER), about, row.id, SCAN + b" ", max_bytes=1_000)
    async with office.database.reading() as db:
        assert await db.scalar(select(ConclusionTask.id))


async def test_an_annex_goes_by_the_number_of_its_minutes(office: Office) -> None:
    await office.freeze()
    await office.lock()
    annexes = [await office.annex(text) for text in ("Bốn mố cầu.", "Thôn Hạ.")]
    rows = [await office.papers.of_annex(office.held.actor(SECRETARY), one) for one in annexes]
    assert [row.number for row in rows] == ["01/BB-UBND-PL1", "01/BB-UBND-PL2"]
    said = text_of(await office.pdf(rows[1]))
    assert "PHỤ LỤC II" in said
    assert "(Kèm theo Biên bản số 01/BB-UBND)" in said
    assert "Số:" not in said
    assert (await office.minutes()).number == "01/BB-UBND"


async def test_who_may_not_read_every_part_opens_no_paper_and_who_does_not_write_makes_none(
    database: Database, config: Config
) -> None:
    held = await hold(database, new_case(type=CaseType.DENUNCIATION))
    await held.write("Người tố cáo trình bày.", key=held.key("presents"))
    office = Office(held, config)
    await office.freeze()
    for who in (OFFICER, "officer.TINH1"):
        with pytest.raises(Forbidden):
            await office.minutes(who)
    row = await office.minutes()
    assert b"%PDF" in await office.pdf(row, OFFICER)  # their unit received the denunciation
    with pytest.raises(Forbidden):
        await office.pdf(row, "officer.XA2")


async def test_a_scan_with_a_denouncers_writing_wants_the_vaults_right_and_a_reason(
    database: Database, config: Config
) -> None:
    held = await hold(database, new_case(type=CaseType.DENUNCIATION))
    await held.write("Người tố cáo trình bày.", key=held.key("presents"))
    office = Office(held, config)
    await office.freeze()
    row = await office.minutes()
    about, args = About(hearing_id=held.hearing.id), (database, office.store, office.vault)
    scan = await document_scans.add(*args, held.actor(SECRETARY), about, row.id, SCAN, max_bytes=1_000)
    with pytest.raises(Forbidden):
        await document_scans.open_scan(*args, held.actor(SECRETARY), about, row.id, scan.id, "Đối chiếu")
    with pytest.raises(BadInput):
        await document_scans.open_scan(*args, held.actor(OFFICER), about, row.id, scan.id)
    assert (
        await document_scans.open_scan(*args, held.actor(OFFICER), about, row.id, scan.id, "Đối chiếu")
    ).data == SCAN
