"""An officer's day in Chromium, in Vietnamese: from the citizen at the door to the closed case."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select

from hub.config import Config
from hub.models import Case, RegisterEntry, Visit
from tests.support import chromium
from tests.support.officers import PDF, TODAY, Keyboard, step, window
from tests.support.pages import Pages, running_pages

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(300)]
SUMMARY = "Đề nghị nạo vét mương Cầu Bến trước mùa mưa"
expect.set_options(timeout=40_000)


async def test_from_the_citizen_at_the_door_to_the_result_delivered(config: Config) -> None:
    async with running_pages(config) as pages, async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium.executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            officer, head = await window(pages, running, "canbotantien"), await window(pages, running, "chutichxa")
            case_id = await registered_by_keyboard(pages, officer)
            await receipt_taken_home(officer, case_id)
            await entered_in_the_register(officer)
            await assigned_and_taken_up(head, officer, case_id)
            await settled(officer, case_id)
            await told_with_proof(officer, case_id)
            await closed(pages, officer, case_id)
        finally:
            await running.close()


async def registered_by_keyboard(pages: Pages, page: Page) -> str:
    """Case and reception with nothing but keys."""
    await page.goto("/cases")
    keys = Keyboard(page)
    await keys.press("n")
    await page.wait_for_url("**/cases/new")
    await page.wait_for_function("document.activeElement?.name === 'type'")
    await keys.press("3")
    for text in ("012175000123", "1975", "Nông Thị Ếch"):
        await keys.type(text)
        await keys.press("Tab")
    await keys.type("Thôn Đông")
    await keys.press("Alt+t")
    await keys.type(SUMMARY)
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Đã đăng ký vụ việc.")).to_be_visible()
    async with pages.database.reading() as db:
        case = (await db.execute(select(Case).where(Case.summary == SUMMARY))).unique().scalar_one()
        visit = (await db.execute(select(Visit).where(Visit.case_id == case.id))).unique().scalar_one()
    assert (case.type, visit.identity_method) == ("petition", "citizen_id")
    return case.id


async def receipt_taken_home(page: Page, case_id: str) -> None:
    """Two documents, the second on a line that was added; the paper is a PDF with both and the person's name."""
    await page.get_by_role("link", name="Lập giấy biên nhận").click()
    await page.get_by_label("Tên tài liệu").fill("Đơn kiến nghị viết tay")
    await page.get_by_role("button", name="Thêm một tài liệu").click()
    await page.keyboard.type("Ảnh chụp mương")
    await page.locator("[name=pages_2]").fill("3")
    await page.get_by_role("button", name="Lập giấy biên nhận").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã lập giấy biên nhận")
    address = await page.get_by_role("link", name="PDF").get_attribute("href")
    assert address is not None
    assert case_id in address
    answer = await page.context.request.get(address)
    with pypdfium2.PdfDocument(io.BytesIO(await answer.body())) as document:
        said = " ".join(document[0].get_textpage().get_text_bounded().split())
    for text in ("GIẤY BIÊN NHẬN", "Nông Thị Ếch", "1 Đơn kiến nghị viết tay 1 1 -", "2 Ảnh chụp mương 3 1 -"):
        assert text in said, text


async def entered_in_the_register(page: Page) -> None:
    await page.goto("/register")
    row = page.get_by_role("row").filter(has_text=SUMMARY)
    await expect(row).to_contain_text("Nông Thị Ếch")
    await expect(row).to_contain_text(TODAY)


async def assigned_and_taken_up(head: Page, officer: Page, case_id: str) -> None:
    await head.goto(f"/cases/{case_id}/assign")
    await head.get_by_label("Cán bộ", exact=True).select_option(label="Hoàng Văn Đức – Cán bộ tiếp dân xã Tân Tiến")
    await head.get_by_role("button", name="Giao", exact=True).click()
    await expect(head.get_by_role("status")).to_contain_text("Đã giao xử lý")
    await officer.goto("/tasks?owner=me")
    await officer.get_by_role("link", name="Đề nghị nạo vét").first.click()
    await officer.get_by_role("button", name="Nhận xử lý").click()
    await expect(officer.get_by_role("status")).to_contain_text("Bạn đã nhận xử lý")


async def settled(page: Page, case_id: str) -> None:
    await step(page, case_id, "classify")
    for code in ("accept", "answer"):
        await step(page, case_id, code, document=True)


async def told_with_proof(page: Page, case_id: str) -> None:
    """By post, with the day of receipt and the slip."""
    await page.goto(f"/cases/{case_id}/told/answer")
    await page.get_by_text("Bưu điện").click()
    await page.get_by_label("Số bưu gửi").fill("EA123456789VN")
    await page.get_by_role("button", name="Ghi", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Đã ghi việc báo công dân")
    await page.get_by_label("Ngày công dân nhận").first.fill(TODAY)
    await page.get_by_role("button", name="Ghi ngày nhận").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã ghi ngày công dân nhận")
    slip = {"name": "bao-phat.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await page.set_input_files("input[type=file]", slip)
    await page.get_by_role("button", name="Thêm bằng chứng").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã thêm bằng chứng")


async def closed(pages: Pages, page: Page, case_id: str) -> None:
    await step(page, case_id, "close")
    await expect(page.get_by_text("Vụ việc đã kết thúc.")).to_be_visible()
    async with pages.database.reading() as db:
        assert (await db.get_one(Case, case_id)).state == "closed"
        entries = (await db.execute(select(RegisterEntry).where(RegisterEntry.case_id == case_id))).unique().all()
    assert len(entries) == 1
