"""Papers made from cases: numbered without gaps, kept with their proof, sealed where they name a denouncer."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
import pytest_asyncio
import zxingcpp
from docx import Document as WordFile
from sqlalchemy import select

from hub import forms, pdf, signing_keys
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden, NotFound, NotReady
from hub.ids import new_id
from hub.models import AuditEvent, Case, CaseType, Document
from hub.services import cases, document_checks, document_scans, documents, form_facts, receipts, reconciliation
from hub.services.documents import Wanted
from hub.services.form_facts import About
from hub.services.receipts import Item
from hub.text import fold
from recorder.directory_store import DirectoryStore
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio

NAME, ADDRESS, ID_NUMBER = "Quàng Thị Mười Hai", "Bản Huổi Khon", "011175009876"
SCAN = b"%PDF-1.4 signed and stamped"


class Office:
    """A world with a store, and an officer of XA1 who makes papers."""

    def __init__(self, world: World, config: Config) -> None:
        self.world, self.config, self.database = world, config, world.database
        (config.data_dir / "objects").mkdir()
        self.store = DirectoryStore(config.data_dir / "objects")
        self.officer = world.actor("officer.XA1")

    async def case(self, kind: CaseType = CaseType.COMPLAINT) -> Case:
        about = new_case(type=kind, name=NAME, address=ADDRESS, id_number=ID_NUMBER, birth="1975", summary="Thu tiền")
        async with self.database.transaction() as db:
            found = await cases.register(db, self.world.vault, self.officer, about)
            await receipts.make(db, self.world.vault, self.officer, found.id, [Item("Đơn viết tay", 2, 1, 0)])
            return found

    async def wanted(self, case: Case, code: str, *, named: bool = True, **typed: str) -> Wanted:
        async with self.database.reading() as db:
            found = await form_facts.draft(db, self.officer, About(case_id=case.id), code)
        filled = forms.defaults(found.form, found.facts)
        filled |= {one.name: "x" for one in forms.fields_of(found.form) if one.required and not filled[one.name]}
        return Wanted(code, filled | typed, named, About(case_id=case.id))

    async def make(self, case: Case, code: str = "receipt", *, actor: Actor | None = None, **rest: object) -> Document:
        wanted = await self.wanted(case, code, **rest)  # type: ignore[arg-type]
        return await self.send(case, wanted, new_id(), actor)

    async def send(self, case: Case, wanted: Wanted, document_id: str, actor: Actor | None = None) -> Document:
        who = actor or self.officer
        vault, config = self.world.vault, self.config
        return await documents.make(self.database, self.store, vault, config, who, document_id, wanted)

    async def pdf(self, row: Document, actor: Actor | None = None, reason: str = "") -> bytes:
        who, vault = actor or self.officer, self.world.vault
        return (await documents.open_pdf(self.database, self.store, vault, who, row.id, reason)).data

    async def scan(self, row: Document, data: bytes = SCAN) -> object:
        vault, most = self.world.vault, 1_000_000
        return await document_scans.add(
            self.database, self.store, vault, self.officer, About(case_id=row.case_id), row.id, data, max_bytes=most
        )

    async def events(self, action: str) -> list[AuditEvent]:
        async with self.database.reading() as db:
            return list(await db.scalars(select(AuditEvent).where(AuditEvent.action == action)))


@pytest_asyncio.fixture
async def office(database: Database, config: Config) -> AsyncIterator[Office]:
    yield Office(await make_world(database), config)


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def text_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return " ".join("\n".join(page.get_textpage().get_text_bounded() for page in document).split())


def qr_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        found = zxingcpp.read_barcodes(document[len(document) - 1].render(scale=3).to_numpy())
    return found[0].text


async def test_a_paper_carries_its_number_and_its_qr_code_leads_to_its_proof(office: Office) -> None:
    row = await office.make(await office.case())
    data = await office.pdf(row)
    assert row.number == "01/GBN-UBND"
    assert "Đơn viết tay" in text_of(data)
    assert f"Số: {row.number}" in text_of(data)
    assert NAME in text_of(data)
    assert ID_NUMBER in text_of(data)
    token = qr_of(data).rpartition("/verify/")[2]
    assert len(token) >= 22
    keys = signing_keys.public_keys(office.config)
    async with office.database.reading() as db:
        verdict = await document_checks.check(db, keys, token)
    assert verdict.genuine
    assert (verdict.number, verdict.unit, verdict.sha256) == (row.number, "UBND XA1", row.sha256)
    assert NAME not in str(verdict)


async def test_a_row_that_was_changed_is_no_longer_called_genuine(office: Office) -> None:
    row = await office.make(await office.case())
    keys = signing_keys.public_keys(office.config)
    for name, value in (
        ("number", "99/GBN-UBND"),
        ("sha256", "0" * 64),
        ("day", date(2020, 1, 1)),
        ("signature", "zz"),
    ):
        async with office.database.transaction() as db:
            found = await db.get_one(Document, row.id)
            before = getattr(found, name)
            setattr(found, name, value)
        async with office.database.reading() as db:
            assert not (await document_checks.check(db, keys, row.token)).genuine, name
        async with office.database.transaction() as db:
            setattr(await db.get_one(Document, row.id), name, before)
    async with office.database.reading() as db:
        assert (await document_checks.check(db, keys, row.token)).genuine
        for wrong in ("", "x" * 33, "nonsense", row.token.swapcase()):
            with pytest.raises(NotFound):
                await document_checks.check(db, keys, wrong)


async def test_many_officers_at_once_get_numbers_without_gaps_or_doubles(office: Office) -> None:
    case = await office.case()
    wanted = await office.wanted(case, "receipt")
    faulty = replace(wanted, typed=wanted.typed | {"where": ""})

    async def one(number: int) -> str | None:
        try:
            return (await office.send(case, faulty if number % 3 == 0 else wanted, new_id())).number
        except BadInput:
            return None

    made = [number for number in await asyncio.gather(*(one(n) for n in range(18))) if number]
    assert sorted(made) == [f"{n:02d}/GBN-UBND" for n in range(1, 13)]


async def test_sending_the_same_form_twice_makes_one_paper(office: Office) -> None:
    case, document_id = await office.case(), new_id()
    wanted = await office.wanted(case, "receipt")
    one, other = await asyncio.gather(*(office.send(case, wanted, document_id) for _ in range(2)))
    assert one.number == other.number
    assert (await office.pdf(one)).startswith(b"%PDF")
    elsewhere = replace(wanted, about=About(case_id=(await office.case()).id))
    with pytest.raises(Conflict):
        await office.send(case, elsewhere, document_id)


async def test_a_paper_that_was_cut_off_is_finished_under_its_number(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, document_id = await office.case(), new_id()
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "TIMEOUT_S", 0.001)
        with pytest.raises(NotReady):
            await office.send(case, await office.wanted(case, "receipt"), document_id)
    async with office.database.reading() as db:
        row = await documents.get(db, office.officer, About(case_id=case.id), document_id)
    assert row.sha256 is None
    with pytest.raises(Conflict):
        await office.pdf(row)
    vault, config = office.world.vault, office.config
    done = await documents.finish(office.database, office.store, vault, config, office.officer, document_id)
    assert done.number == "01/GBN-UBND"
    assert "Số: 01/GBN-UBND" in text_of(await office.pdf(done))


async def test_word_says_the_same_and_is_logged_as_taken_away(office: Office) -> None:
    row = await office.make(await office.case())
    opened = await documents.open_word(office.database, office.world.vault, office.officer, row.id)
    read = WordFile(io.BytesIO(opened.data))
    assert any(NAME in paragraph.text for paragraph in read.paragraphs)
    assert opened.file_name == f"01-GBN-UBND-{row.year}.docx"
    assert len(await office.events("document_exported")) == 1


async def test_a_denunciations_paper_for_others_knows_the_pseudonym_only(office: Office) -> None:
    case = await office.case(CaseType.DENUNCIATION)
    row = await office.make(case, "denunciation_transfer", body="Thanh tra tỉnh")
    told = text_of(await office.pdf(row))
    assert case.party.pseudonym in told
    assert NAME not in told
    assert not row.named
    assert row.sealed
    assert await office.events("vault_opened") == []
    # Who reads the case reads this paper, without a reason.
    assert await office.pdf(row, office.world.actor("auditor.TINH1"))


async def test_a_paper_for_the_denouncer_carries_the_name_only_where_the_maker_may_know_it(office: Office) -> None:
    case, above = await office.case(CaseType.DENUNCIATION), office.world.actor("officer.TINH1")
    row = await office.make(case, "receipt")
    assert row.named
    assert row.sealed
    assert [event.reason for event in await office.events("vault_opened")] == ["Lập văn bản: Giấy biên nhận"]
    other = await office.make(case, "receipt", actor=above)
    assert not other.named
    assert NAME not in text_of(await office.pdf(other))
    assert not (await office.make(case, "receipt", named=False)).named
    # The store holds nothing readable, and opening asks for the right and a reason.
    assert b"%PDF" not in stored(office.config.data_dir / "objects")
    with pytest.raises(BadInput):
        await office.pdf(row)
    with pytest.raises(BadInput):
        await office.pdf(row, reason=f"In cho {NAME}")
    with pytest.raises(Forbidden):
        await office.pdf(row, above, "In lại")
    assert NAME in text_of(await office.pdf(row, reason="In lại cho người tố cáo"))
    assert (await office.events("document_opened"))[-1].reason == "In lại cho người tố cáo"


async def test_nobody_may_type_the_denouncers_name_into_a_paper(office: Office) -> None:
    case = await office.case(CaseType.DENUNCIATION)
    with pytest.raises(BadInput) as told:
        await office.make(case, "denunciation_transfer", body="Thanh tra", subject_matter=f"Đơn của {NAME.lower()}")
    assert set(told.value.fields) == {"subject_matter"}
    async with office.database.reading() as db:
        assert (await db.execute(select(Document.id))).first() is None


async def test_papers_made_before_a_case_became_a_denunciation_are_sealed_with_it(office: Office) -> None:
    case = await office.case()
    row = await office.make(case)
    await office.scan(row)
    vault, officer = office.world.vault, office.officer
    async with office.database.transaction() as db:
        edit = cases.CaseEdit(type=CaseType.DENUNCIATION, summary="Thu tiền", content="")
        await cases.edit(db, vault, officer, case.id, case.version, edit)
    assert await cases.seal_pending(office.database, office.store, vault) == 2
    assert b"%PDF" not in stored(office.config.data_dir / "objects")
    with pytest.raises(BadInput):
        await office.pdf(row)
    assert NAME in text_of(await office.pdf(row, reason="Đối chiếu"))


async def test_a_signed_scan_is_added_beside_the_paper_and_replaces_nothing(office: Office) -> None:
    row = await office.make(await office.case())
    original = await office.pdf(row)
    await office.scan(row)
    await office.scan(row, b"\xff\xd8\xff picture")
    for refused in (SCAN, original, b"", b"MZ program", b"PK\x03\x04"):
        with pytest.raises(BadInput) as told:
            await office.scan(row, refused)
        assert set(told.value.fields) == {"file"}
    async with office.database.reading() as db:
        row = await documents.get(db, office.officer, About(case_id=row.case_id), row.id)
    assert [scan.media_type for scan in row.scans] == ["application/pdf", "image/jpeg"]
    vault = office.world.vault
    opened = await document_scans.open_scan(
        office.database, office.store, vault, office.officer, About(case_id=row.case_id), row.id, row.scans[0].id
    )
    assert opened.data == SCAN
    assert await office.pdf(row) == original
    report = await reconciliation.run(office.database, office.store, sample_bytes=10**9)
    assert report.ok
    assert report.sampled == 3


async def test_who_may_not_make_papers_is_refused(office: Office) -> None:
    case = await office.case()
    wanted = await office.wanted(case, "receipt")
    for name in ("secretary.TINH1", "auditor.TINH1", "officer.XA2", "administrator.TW"):
        with pytest.raises(Forbidden):
            await office.send(case, wanted, new_id(), office.world.actor(name))
    with pytest.raises(NotFound):
        await office.send(case, Wanted("extension", {}, named=True, about=About(case_id=case.id)), new_id())


async def test_what_is_looked_at_first_has_no_number_and_uses_none_up(office: Office) -> None:
    case = await office.case()
    wanted = await office.wanted(case, "receipt")
    pages = await documents.preview(office.database, office.world.vault, office.officer, wanted)
    assert pages[0].startswith(b"\x89PNG")
    assert [one.reason for one in await office.events("identity_read")] == ["Xem trước văn bản: Giấy biên nhận"]
    assert (await office.make(case)).number == "01/GBN-UBND"


async def test_no_file_of_a_denunciation_tells_who_in_its_name_or_properties(office: Office) -> None:
    """Even of a paper that carries the name on its face: a file's properties are shown by every folder and search."""
    case = await office.case(CaseType.DENUNCIATION)
    made = [await office.make(case, "receipt"), await office.make(case, "denunciation_transfer", body="Thanh tra")]
    assert [row.named for row in made] == [True, False]
    for row in made:
        vault, reason = office.world.vault, "In cho người tố cáo"
        known = office.database, office.store, vault, office.officer, row.id, reason
        as_pdf = await documents.open_pdf(*known)
        as_word = await documents.open_word(office.database, vault, office.officer, row.id, reason)
        told = [as_pdf.file_name, as_word.file_name, *properties_of_pdf(as_pdf.data), *parts_of_word(as_word.data)]
        if not row.named:
            told += [text_of(as_pdf.data), str(word_text(as_word.data))]
        for identity in (NAME, ADDRESS, ID_NUMBER, "1975", fold(NAME), office.officer.name):
            if identity == office.officer.name and not row.named:
                continue  # who made it may stand on the paper
            assert not [one for one in told if identity.casefold() in one.casefold()], identity
        assert any("Giấy biên nhận" in one or "Phiếu chuyển" in one for one in told)  # they were read at all


def properties_of_pdf(data: bytes) -> list[str]:
    """The document's information, its outline, and the XMP packet, which PDF/A keeps readable."""
    with pypdfium2.PdfDocument(data) as document:
        found = [f"{key}: {value}" for key, value in document.get_metadata_dict().items()]
        found += [one.get_title() for one in document.get_toc()]
    packet = data[data.index(b"<?xpacket begin") : data.index(b"<?xpacket end")]
    return [*found, packet.decode()]


def parts_of_word(data: bytes) -> list[str]:
    """Every part but the text itself, and the names of all."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        parts = [name for name in file.namelist() if name != "word/document.xml"]
        return [*file.namelist(), *(file.read(name).decode(errors="replace") for name in parts)]


def word_text(data: bytes) -> list[str]:
    read = WordFile(io.BytesIO(data))
    return [one.text for one in read.paragraphs]
