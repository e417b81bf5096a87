"""The pages of papers: made and opened by who may, verified by anybody, and never anything but text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Case, CaseType, Document
from tests.support.pages import Answer, Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

LINE = {"name_1": "Đơn viết tay", "pages_1": "2", "originals_1": "1", "copies_1": "0"}
HOSTILE = '<script>alert(1)</script> {{ 7*7 }} #panic("x")'


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def case_of(pages: Pages, kind: CaseType = CaseType.COMPLAINT) -> str:
    async with pages.database.reading() as db:
        return str((await db.execute(select(Case.id).where(Case.type == kind))).scalar_one())


async def form_of(officer: Browser, address: str) -> dict[str, str]:
    """The form's fields as the page fills them in."""
    page = (await officer.get(address)).text
    found = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL))
    found.pop("csrf_token", None)
    return found


async def made(pages: Pages, officer: Browser, case_id: str, code: str = "", **changes: str) -> Document:
    """A paper by its form; without one a receipt of one document."""
    address = f"/cases/{case_id}/documents/new/{code}" if code else f"/cases/{case_id}/receipts/new"
    fields = {**(await form_of(officer, address)), **({} if code else LINE), **changes}
    answer = await officer.post(address, fields)
    assert answer.status == 303, answer.text
    return await row_of(pages, answer)


async def row_of(pages: Pages, answer: Answer) -> Document:
    async with pages.database.reading() as db:
        return await db.get_one(Document, answer.path.rpartition("#d-")[2])


async def test_from_the_case_to_the_paper_and_its_signed_scan(pages: Pages) -> None:
    officer, case_id = await pages.person("canbotantien"), await case_of(pages)
    assert f"/cases/{case_id}/documents" in (await officer.get(f"/cases/{case_id}")).text
    row = await made(pages, officer, case_id)
    here = f"/cases/{case_id}/documents/{row.id}"
    shown = await officer.get(f"{here}/pdf")
    assert shown.body.startswith(b"%PDF")
    assert shown.header("Content-Disposition").startswith("inline")
    assert "default-src 'none'" in shown.header("Content-Security-Policy")
    taken = await officer.get(f"{here}/word")
    assert taken.body.startswith(b"PK")
    refused = await officer.upload(f"{here}/scans", "ky.exe", b"MZ")
    assert refused.status == 400
    assert "PDF, JPEG" in refused.text
    added = await officer.upload(f"{here}/scans", "ky.pdf", b"%PDF-1.4 signed")
    assert added.status == 303
    page = (await officer.get(f"/cases/{case_id}/documents")).text
    scan = re.search(r'href="([^"]*/scans/\w+)"', page)
    assert scan
    opened = await officer.get(scan.group(1))
    assert opened.body == b"%PDF-1.4 signed"
    assert opened.header("Content-Disposition").startswith("attachment")


async def test_anybody_who_holds_a_paper_may_verify_it_and_learns_nothing_else(pages: Pages) -> None:
    officer, case_id = await pages.person("canbotantien"), await case_of(pages)
    row = await made(pages, officer, case_id)
    stranger = pages.browser()
    answer = await stranger.get(f"/verify/{row.token}")
    assert answer.status == 200
    for told in (row.number, row.sha256, "UBND xã Tân Tiến", "Giấy biên nhận"):
        assert str(told) in answer.text
    case = await (await pages.person("canbotantien")).get(f"/cases/{case_id}")
    number = re.search(r"KN-TANTIEN-\d+-\d+", case.text)
    assert number
    beside = await (await pages.person("canbodongson")).get(f"/verify/{row.token}")
    for kept in (number.group(), case_id, row.id, "Nguyễn", "320 m²", "Hoàng Văn Đức"):
        assert kept not in answer.text + beside.text
    assert f'href="/cases/{case_id}/documents"' in (await officer.get(f"/verify/{row.token}")).text


async def test_guessing_codes_is_slowed_down_while_right_ones_go_on_working(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    row = await made(pages, officer, await case_of(pages))
    stranger = pages.browser()
    assert (await stranger.get(f"/verify/{row.token}")).status == 200
    statuses = [(await stranger.get(f"/verify/guess{n}")).status for n in range(25)]
    assert statuses[:20] == [404] * 20
    assert statuses[-1] == 429
    assert (await stranger.get(f"/verify/{row.token}")).status == 200


async def test_what_is_typed_stays_text_on_the_page_and_on_the_paper(pages: Pages) -> None:
    officer, case_id = await pages.person("canbotantien"), await case_of(pages)
    address = f"/cases/{case_id}/documents/new/reception_minutes"
    fields = await form_of(officer, address) | {"requested": HOSTILE, "where": HOSTILE, "do": "preview"}
    shown = await officer.post(address, fields)
    assert shown.status == 200
    assert "data:image/png;base64" in shown.text
    assert "<script>alert" not in shown.text
    assert await made(pages, officer, case_id, name_1=HOSTILE, where=HOSTILE)


async def test_faults_are_told_beside_their_fields_and_what_was_typed_stays(pages: Pages) -> None:
    officer, case_id = await pages.person("canbotantien"), await case_of(pages)
    address = f"/cases/{case_id}/documents/new/reception_minutes"
    answer = await officer.post(address, {"where": "Phòng 3", "subject_matter": ""})
    assert answer.status == 400
    assert 'data-error-for="subject_matter"' in answer.text
    assert 'value="Phòng 3"' in answer.text


async def test_the_list_of_forms_says_which_numbers_are_not_certain(pages: Pages) -> None:
    page = (await (await pages.person("thuky")).get("/forms")).text
    assert "Phiếu chuyển đơn tố cáo" in page
    assert "Chưa kiểm chứng" in page
    assert "chưa rõ" in page
