"""Registering a case, finding it again, changing it, its documents and its citizen, as an officer does it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import calendar
from hub.config import Config
from hub.ids import utc_now
from hub.models import Attachment, AuditEvent
from tests.support.pages import Answer, Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

CASE = {
    "type": "complaint",
    "party_kind": "individual",
    "summary": "Khiếu nại về bồi thường đất ở ruộng Đồng Ễnh",
    "content": "Diện tích đo sai.\n\nĐề nghị đo lại.",
    "name": "Nông Thị Ếch",
    "address": "Thôn Đông, xã Tân Tiến",
    "people_count": "1",
}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config, attachment_max_mb=1) as running:
        yield running


async def registered(browser: Browser, **fields: str) -> str:
    answer = await browser.post("/cases/new", {**CASE, **fields})
    assert answer.status == 303, answer.text
    return answer.path


def results(answer: Answer) -> str:
    return answer.text.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in answer.text else ""


async def test_a_case_is_registered_and_said_so_once(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    path = await registered(browser)
    page = await browser.get(path)
    assert "Đã đăng ký vụ việc." in page.text
    assert "KN-TANTIEN-" in page.text
    assert "<p>Diện tích đo sai.</p><p>Đề nghị đo lại.</p>" in page.text
    assert "Đã đăng ký vụ việc." not in (await browser.get(path)).text


@pytest.mark.parametrize("words", ["Đồng Ễnh", "dong enh", "DONG   ENH", "nong thi ech", "Nông Thị Ếch"])
async def test_it_is_found_again_with_and_without_diacritics(pages: Pages, words: str) -> None:
    browser = await pages.person("canbotantien")
    await registered(browser)
    assert "Đồng Ễnh" in results(await browser.get(f"/cases?q={words}"))


async def test_a_name_is_nowhere_on_the_page_until_it_is_asked_for_with_a_reason(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    path = await registered(browser, id_number="012175000123", birth="1975")
    assert "Ếch" not in (await browser.get(path)).text
    refused = await browser.post(f"{path}/identity", {"reason": "  "})
    assert refused.status == 400
    assert 'id="identity" aria-labelledby="identity-title" data-open' in refused.text
    shown = await browser.post(f"{path}/identity", {"reason": "Gọi điện hẹn ngày tiếp"})
    assert "Nông Thị Ếch" in shown.text
    assert "012175000123" in shown.text
    assert "Lý do: Gọi điện hẹn ngày tiếp" in (await browser.get(path)).text


async def test_a_denouncers_name_is_never_found_and_only_a_pseudonym_shown(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    fields = {"type": "denunciation", "summary": "Tố cáo thu tiền sai", "content": ""}
    path = await registered(browser, **fields)
    assert re.search(r"Người tố cáo [0-9A-F]{4}", (await browser.get(path)).text)
    assert "Tố cáo thu tiền sai" in results(await browser.get("/cases?q=thu tien sai"))
    assert "Tố cáo thu tiền sai" not in results(await browser.get("/cases?q=nong thi ech"))


async def test_a_denunciation_that_names_the_denouncer_is_sent_back_with_everything_kept(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    fields = {**CASE, "type": "denunciation", "summary": "Bà Nông Thị Ếch tố cáo", "phone": "0912 345 678"}
    answer = await browser.post("/cases/new", fields)
    assert answer.status == 400
    assert 'href="#f-summary"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    for kept in ("Bà Nông Thị Ếch tố cáo", "Đề nghị đo lại.", "0912 345 678", "Thôn Đông, xã Tân Tiến"):
        assert kept in answer.text
    assert 'value="denunciation" required checked' in answer.text


async def test_every_fault_is_told_at_once(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    answer = await browser.post("/cases/new", {"people_count": "vài", "birth": "hôm qua"})
    assert answer.status == 400
    assert 'href="#f-type"' in answer.text
    assert 'href="#f-people_count"' in answer.text


async def test_what_looks_odd_is_asked_about_once(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    fields = {**CASE, "id_number": "012175000123", "birth": "1980"}
    asked = await browser.post("/cases/new", fields)
    assert asked.status == 200
    assert "năm sinh là 1975" in asked.text
    assert "Ễnh" not in results(await browser.get("/cases?q=dong enh"))
    confirmed = await browser.post("/cases/new", {**fields, "confirmed": "yes"})
    assert confirmed.status == 303


async def test_two_editors_lose_nothing_of_either(pages: Pages) -> None:
    first, second = await pages.person("canbotantien"), await pages.person("canbotinh")
    path = await registered(first)
    mine, theirs = await first.get(f"{path}/edit"), await second.get(f"{path}/edit")
    version = re.search(r'name="version" value="(\d+)"', mine.text)
    assert version
    assert version.group(1) in theirs.text
    edit = {"type": "complaint", "people_count": "1", "version": version.group(1)}
    saved = {**edit, "summary": "Bản của cán bộ xã", "content": ""}
    typed = {**edit, "summary": "Bản của cán bộ tỉnh", "content": "Thêm ý của tỉnh"}
    assert (await first.post(f"{path}/edit", saved)).status == 303
    stale = await second.post(f"{path}/edit", typed)
    assert stale.status == 409
    assert "Hoàng Văn Đức" in stale.text
    assert "Bản của cán bộ xã" in stale.text
    assert 'value="Bản của cán bộ tỉnh"' in stale.text
    assert "Thêm ý của tỉnh" in stale.text
    newest = re.search(r'name="version" value="(\d+)"', stale.text)
    assert newest
    assert (await second.post(f"{path}/edit", {**typed, "version": newest.group(1)})).status == 303
    assert "Bản của cán bộ tỉnh" in (await first.get(path)).text


def opened_with(page: Answer) -> dict[str, str]:
    """The version and the digests that a form carries."""
    return dict(re.findall(r'name="(version|base_\w+)" value="([^"]*)"', page.text))


async def test_who_comes_second_keeps_both_and_may_take_the_others_field_by_field(pages: Pages) -> None:
    first, second = await pages.person("canbotantien"), await pages.person("canbotinh")
    path = await registered(first)
    mine, theirs = opened_with(await first.get(f"{path}/edit")), opened_with(await second.get(f"{path}/edit"))
    saved = {"type": "complaint", "people_count": "1", "summary": "Bản của xã", "content": "Nội dung của xã"}
    typed = {"type": "complaint", "people_count": "1", "summary": "Bản của tỉnh", "content": ""}
    base = {**typed, "summary": CASE["summary"], "content": CASE.get("content", ""), "people_count": "1"}
    assert (await first.post(f"{path}/edit", {**saved, **mine})).status == 303
    stale = await second.post(f"{path}/edit", {**base, "summary": "Bản của tỉnh", **theirs})
    assert stale.status == 409
    assert "Hoàng Văn Đức" in stale.text
    assert "Nội dung của xã" in stale.text, "what only the other changed is taken over"
    assert "Những mục bạn không sửa" in stale.text
    again = opened_with(stale)
    form = {**saved, "summary": "Bản của tỉnh", **again}
    taken = await second.post(f"{path}/edit", {**form, "take": "summary"})
    assert taken.status == 200
    assert 'value="Bản của xã"' in taken.text
    assert (await second.post(f"{path}/edit", {**form, "summary": "Ghép cả hai bản"})).status == 303
    assert "Ghép cả hai bản" in (await first.get(path)).text


async def test_what_was_assessed_meanwhile_is_merged_too(pages: Pages) -> None:
    first, second = await pages.person("canbotantien"), await pages.person("canbotinh")
    path = await registered(first)
    mine, theirs = opened_with(await first.get(f"{path}/facts")), opened_with(await second.get(f"{path}/facts"))
    assert (await first.post(f"{path}/facts", {"complexity": "complex", **mine})).status == 303
    stale = await second.post(f"{path}/facts", {"complexity": "ordinary", "remote": "yes", **theirs})
    assert stale.status == 409
    assert "Những mục bạn không sửa" in stale.text
    assert re.search(r'value="complex"[^>]*checked', stale.text)
    form = {"complexity": "complex", "remote": "yes", **opened_with(stale)}
    assert (await second.post(f"{path}/facts", form)).status == 303


async def test_a_step_that_comes_second_is_told_all_that_happened_since(pages: Pages) -> None:
    first, second = await pages.person("canbotantien"), await pages.person("canbotinh")
    path = await registered(first)
    theirs = opened_with(await second.get(f"{path}/moves/classify"))
    edit = {"type": "complaint", "people_count": "1", "summary": "Bản của xã", "content": ""}
    assert (await first.post(f"{path}/edit", {**edit, **opened_with(await first.get(f"{path}/edit"))})).status == 303
    stale = await second.post(f"{path}/moves/classify", {"day": "hôm nay", "reason": "Ý của tỉnh", **theirs})
    today = f"{calendar.local_day(utc_now()):%d/%m/%Y}"
    stale = await second.post(f"{path}/moves/classify", {"day": today, "reason": "Ý của tỉnh", **theirs})
    assert stale.status == 409
    assert "Từ lúc bạn mở trang này" in stale.text
    assert "sửa nội dung" in stale.text
    assert "Ý của tỉnh" in stale.text


async def test_a_document_goes_in_and_comes_out_unchanged(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    path = await registered(browser)
    assert (await browser.upload(f"{path}/attachments", "Đơn khiếu nại.pdf", PDF)).status == 303
    page = await browser.get(path)
    link = re.search(rf'href="({path}/attachments/\w+)"', page.text)
    assert link
    assert "Đơn khiếu nại.pdf" in page.text
    answer = await browser.get(link.group(1))
    assert answer.body == PDF
    assert answer.header("Content-Disposition").startswith("attachment; filename*=UTF-8''%C4%90%C6%A1n")
    assert "sandbox" in answer.header("Content-Security-Policy")


async def test_a_document_of_a_denunciation_needs_a_reason(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    path = await registered(browser, type="denunciation", summary="Tố cáo", content="")
    await browser.upload(f"{path}/attachments", "Nông Thị Ếch.pdf", PDF)
    page = await browser.get(path)
    assert "Ếch" not in page.text
    action = re.search(rf'action="({path}/attachments/\w+)"', page.text)
    assert action
    assert (await browser.get(action.group(1))).status == 400
    assert (await browser.post(action.group(1), {"reason": ""})).status == 400
    opened = await browser.post(action.group(1), {"reason": "Đối chiếu chữ ký"})
    assert opened.body == PDF


@pytest.mark.parametrize(
    ("name", "data", "status", "fault"),
    [
        ("to.pdf", PDF + bytes(1_500_000), 413, "Tệp lớn quá 1 MB"),
        ("virus.exe", b"MZ" + bytes(500), 400, "không được nhận"),
        ("photo.pdf", b"\x89PNG\r\n\x1a\n" + bytes(500), 400, "không đúng với đuôi"),
        ("empty.pdf", b"", 400, "rỗng"),
    ],
)
async def test_a_document_that_cannot_be_kept_says_why(
    pages: Pages, name: str, data: bytes, status: int, fault: str
) -> None:
    browser = await pages.person("canbotantien")
    path = await registered(browser)
    answer = await browser.upload(f"{path}/attachments", name, data)
    assert answer.status == status
    assert fault in answer.text
    assert 'id="upload" aria-labelledby="upload-title" data-open' in answer.text
    async with pages.database.reading() as db:
        assert (await db.execute(select(Attachment))).first() is None


async def test_another_cases_document_cannot_be_had_through_ones_own(pages: Pages) -> None:
    browser, stranger = await pages.person("canbotantien"), await pages.person("canbodongson")
    path = await registered(browser)
    await browser.upload(f"{path}/attachments", "a.pdf", PDF)
    link = re.search(rf"{path}/attachments/(\w+)", (await browser.get(path)).text)
    assert link
    own = await registered(stranger)
    assert (await stranger.get(f"{own}/attachments/{link.group(1)}")).status == 404
    assert (await stranger.get(f"{path}/attachments/{link.group(1)}")).status == 404, "as if there were none"


async def test_what_was_done_to_a_case_stands_in_its_line_of_time_and_in_the_audit_trail(pages: Pages) -> None:
    browser, auditor = await pages.person("canbotantien"), await pages.person("thanhtra")
    path = await registered(browser)
    await browser.post(f"{path}/identity", {"reason": "Đối chiếu giấy tờ"})
    page = await auditor.get(path)
    assert page.text.index("Xem danh tính") < page.text.index("Đăng ký vụ việc")
    trail = await auditor.get("/audit?action=identity_read")
    assert "Đối chiếu giấy tờ" in results(trail)
    assert "Ếch" not in trail.text
    async with pages.database.reading() as db:
        assert "Ếch" not in str([e.detail for e in (await db.execute(select(AuditEvent))).scalars()])


async def test_the_form_looks_cases_up_while_one_types(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    await registered(browser)
    answer = await browser.get("/api/cases?q=dong enh")
    assert '"type":"Khiếu nại"' in answer.text
    assert "Đồng Ễnh" in answer.text
