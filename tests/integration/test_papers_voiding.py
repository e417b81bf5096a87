"""Papers that no longer count, receipts made from what was handed over, and notices of a refusal without a case."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pypdfium2
import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Account, AuditEvent, Case, CaseType, Document, Receipt, Visit
from tests.support.pages import Answer, Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

LINE = {"name_1": "Đơn viết tay", "pages_1": "2", "originals_1": "1", "copies_1": "0"}
REFUSED = {
    "identity_method": "citizen_id",
    "name": "Lò Văn Tám",
    "address": "Bản Nà Hin",
    "people_count": "1",
    "refused": "yes",
    "refusal_ground": "9.2",
    "refusal_reason": "Xé nội quy, chửi cán bộ",
}


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def receipts_of(pages: Pages) -> str:
    """The address of a complaint's receipts."""
    async with pages.database.reading() as db:
        case_id = (await db.execute(select(Case.id).where(Case.type == CaseType.COMPLAINT))).scalar_one()
    return f"/cases/{case_id}/receipts/new"


async def fields_of(officer: Browser, address: str) -> dict[str, str]:
    page = (await officer.get(address)).text
    found = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL))
    found.pop("csrf_token", None)
    return found


async def row_of(pages: Pages, answer: Answer) -> Document:
    assert answer.status == 303, answer.text
    async with pages.database.reading() as db:
        return await db.get_one(Document, answer.path.rpartition("#d-")[2])


def text_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return " ".join("\n".join(page.get_textpage().get_text_bounded() for page in document).split())


async def receipt(pages: Pages, officer: Browser, **changes: str) -> Document:
    address = await receipts_of(pages)
    return await row_of(pages, await officer.post(address, {**(await fields_of(officer, address)), **LINE, **changes}))


async def test_a_receipt_is_listed_once_and_its_paper_says_just_that(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    second = {"name_4": "Sổ đỏ", "pages_4": "4", "originals_4": "0", "copies_4": "2"}
    row = await receipt(pages, officer, **second)
    shown = text_of((await officer.get(f"/cases/{row.case_id}/documents/{row.id}/pdf")).body)
    assert "1 Đơn viết tay 2 1 -" in shown
    assert "2 Sổ đỏ 4 - 2" in shown
    assert "Nguyễn Thị Đào" in shown
    async with pages.database.reading() as db:
        [kept] = (await db.execute(select(Receipt))).unique().scalars()
    assert (row.receipt_id, len(kept.items)) == (kept.id, 2)
    case = (await officer.get(f"/cases/{row.case_id}")).text
    assert f"Giấy số {row.number}" in case
    assert "Lập giấy để in" not in case


async def test_one_line_is_shown_and_another_comes_without_scripts(pages: Pages) -> None:
    officer, address = await pages.person("canbotantien"), await receipts_of(pages)
    fields = await fields_of(officer, address)
    assert "name_1" in fields
    assert "name_2" not in fields
    more = await officer.post(address, fields | LINE | {"do": "add"})
    assert (more.status, 'value="Đơn viết tay"' in more.text, 'name="name_2"' in more.text) == (200, True, True)
    async with pages.database.reading() as db:
        assert (await db.execute(select(Receipt))).first() is None


async def test_a_fault_is_told_at_the_line_where_it_stands_and_sending_twice_makes_one(pages: Pages) -> None:
    officer, address = await pages.person("canbotantien"), await receipts_of(pages)
    fields = await fields_of(officer, address) | {"name_1": ""}
    wrong = await officer.post(address, fields | {"name_3": "Sổ đỏ", "pages_3": "không"})
    assert wrong.status == 400
    assert re.search(r'id="f-pages_1"[^>]*value="không"[^>]*aria-invalid', wrong.text)
    assert (await officer.post(address, fields)).status == 400
    assert (await officer.post(address, fields | LINE | {"where": ""})).status == 400
    once, twice = [await officer.post(address, fields | LINE) for _ in range(2)]
    assert once.path == twice.path
    async with pages.database.reading() as db:
        assert len((await db.execute(select(Receipt))).unique().all()) == 1


async def test_a_void_paper_stays_in_the_list_and_whoever_holds_it_learns_since_when(pages: Pages) -> None:
    officer, stranger = await pages.person("canbotantien"), pages.browser()
    row = await receipt(pages, officer)
    here = f"/cases/{row.case_id}/documents/{row.id}"
    assert "đã bị hủy" not in (await stranger.get(f"/verify/{row.token}")).text
    nothing = await officer.post(f"{here}/void", {"reason": " "})
    assert (nothing.status, "Hãy ghi lý do hủy." in nothing.text) == (400, True)
    assert (await officer.post(f"{here}/void", {"reason": "Ghi nhầm số tờ"})).status == 303
    assert (await officer.post(f"{here}/void", {"reason": "Lần nữa"})).status == 409

    listed = (await officer.get(f"/cases/{row.case_id}/documents")).text
    assert "Lý do: Ghi nhầm số tờ" in listed
    assert row.number in listed
    assert (await officer.get(f"{here}/pdf")).body.startswith(b"%PDF")
    assert (await officer.upload(f"{here}/scans", "ky.pdf", b"%PDF-1.4 signed")).status == 409
    told = (await stranger.get(f"/verify/{row.token}")).text
    async with pages.database.reading() as db:
        again = await db.get_one(Document, row.id)
        assert again.voided_at
        reasons = await db.scalars(select(AuditEvent.reason).where(AuditEvent.action == "document_voided"))
        assert list(reasons) == [""]  # with the paper alone, where a state secret's can be erased
    assert "Văn bản đã bị hủy, không còn giá trị." in told
    assert f"{again.voided_at:%Y}" in told
    assert "Ghi nhầm" not in told

    case = (await officer.get(f"/cases/{row.case_id}")).text
    assert "Lý do: Ghi nhầm số tờ" in case
    address = f"/cases/{row.case_id}/documents/new/receipt?receipt_id={row.receipt_id}"
    assert address in case
    fields = await fields_of(officer, address)
    anew = await row_of(pages, await officer.post(address.partition("?")[0], fields))
    assert (anew.receipt_id, anew.counter) == (row.receipt_id, row.counter + 1)


async def test_a_refusal_without_a_case_has_its_notice(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    async with pages.database.reading() as db:
        chair = (await db.execute(select(Account.id).where(Account.username == "chutichxa"))).scalar_one()
    saved = await officer.post("/visits/new", REFUSED | {"decided_by": chair})
    day = (await officer.get(saved.path)).text
    async with pages.database.reading() as db:
        visit = (await db.execute(select(Visit).where(Visit.refusal_ground.is_not(None)))).unique().scalar_one()
    address = f"/visits/{visit.id}/documents/new/reception_refusal"
    assert address in day
    fields = await fields_of(officer, address)
    shown = await officer.post(address, fields | {"do": "preview"})
    assert "data:image/png;base64" in shown.text
    row = await row_of(pages, await officer.post(address, fields))
    said = text_of((await officer.get(f"/visits/{visit.id}/documents/{row.id}/pdf")).body)
    for part in (
        "Lò Văn Tám",
        "Điều 9 khoản 2",
        "Xé nội quy",
        visit.decider.full_name,
        "TM. ỦY BAN NHÂN DÂN",
        f"Số: {row.number}",
    ):
        assert part in said, part
    assert (await officer.get(f"/visits/{visit.id}/documents/{row.id}/word")).body.startswith(b"PK")
    assert (await officer.upload(f"/visits/{visit.id}/documents/{row.id}/scans", "a.pdf", b"%PDF-1.4")).status == 303
    assert (await pages.browser().get(f"/verify/{row.token}")).status == 200
    other = await pages.person("canbodongson")
    assert (await other.get(f"/visits/{visit.id}/documents/{row.id}/pdf")).status == 404
    assert f"Thông báo số {row.number}" in (await officer.get(saved.path)).text
    assert (await officer.post(f"/visits/{visit.id}/documents/{row.id}/void", {"reason": "Sai ngày"})).status == 303
    assert "Lập thông báo từ chối" in (await officer.get(saved.path)).text


async def test_who_was_received_is_not_refused_on_paper(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    about = {"identity_method": "unknown", "people_count": "1", "requested": "Hỏi đường", "refused": ""}
    await officer.post("/visits/new", about)
    async with pages.database.reading() as db:
        visit = (await db.execute(select(Visit).where(Visit.requested == "Hỏi đường"))).unique().scalar_one()
    assert (await officer.get(f"/visits/{visit.id}/documents/new/reception_refusal")).status == 409
