"""A case in Chromium, in Vietnamese, sent to the province: transferred, taken over, settled, its result told back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from sqlalchemy import select

from hub.config import Config
from hub.models import Case, CaseType
from hub.services import cases
from hub.services.people import actor_of
from tests.support import chromium
from tests.support.domain import new_case
from tests.support.officers import TODAY, step, window
from tests.support.pages import Pages, running_pages

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(300)]

Look = Callable[[Page, str], Coroutine[Any, Any, None]]


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def registered(pages: Pages) -> str:
    """A petition at Tân Tiến, which is not for the commune to settle."""
    async with pages.database.transaction() as db:
        from hub.models import Account

        wanted = select(Account).where(Account.username == "canbotantien")
        officer = (await db.execute(wanted)).unique().scalar_one()
        new = new_case(type=CaseType.PETITION, summary="Đề nghị sửa đường liên xã qua thôn Đông")
        return (await cases.register(db, pages.vault, actor_of(officer), new)).id


async def nothing(_page: Page, _name: str) -> None:
    """Whoever wants to see the pages passes another."""


async def a_day(pages: Pages, running: Browser, look: Look = nothing) -> None:
    case_id = await registered(pages)
    officer, province = await window(pages, running, "canbotantien"), await window(pages, running, "canbotinh")

    await step(officer, case_id, "classify")
    await officer.goto(f"/cases/{case_id}/transfer")
    await officer.get_by_label("Cơ quan nhận").select_option(label="UBND tỉnh An Bình")
    await officer.get_by_label("Số, ký hiệu văn bản").fill("12/PC-UBND")
    await officer.get_by_label("Ngày văn bản").fill(TODAY)
    await look(officer, "transfer")
    await officer.get_by_role("button", name="Chuyển", exact=True).click()
    await expect(officer.get_by_role("status")).to_contain_text("Đã chuyển")
    await look(officer, "case-transferred")

    await province.goto("/tasks")
    await expect(province.locator("nav.tabs [aria-current] .figures")).to_be_visible()
    await look(province, "tasks-arrived")
    await province.get_by_role("link", name="Trả lời").click()
    await look(province, "arrival")
    await province.get_by_role("button", name="Tiếp nhận").click()
    await expect(province.get_by_role("status")).to_contain_text("Đã tiếp nhận")
    received = province.url.rsplit("/", 1)[-1]
    assert received != case_id
    await step(province, received, "classify")
    for code in ("accept", "answer"):
        await step(province, received, code, document=True)

    await told(province, received, "answer", look)
    await step(province, received, "report_result", document=True)

    await officer.goto(f"/cases/{case_id}")
    await expect(officer.get_by_text("Kết quả: 15/UBND-TD")).to_be_visible()
    await told(officer, case_id, "result_received", look)
    await look(officer, "case-told")
    async with pages.database.reading() as db:
        assert (await db.get(Case, case_id)).state == "transferred"
        assert (await db.get(Case, received)).state == "notified"


async def told(page: Page, case_id: str, about: str, look: Look) -> None:
    await page.goto(f"/cases/{case_id}/told/{about}")
    await page.get_by_text("Bưu điện").click()
    await page.get_by_label("Số bưu gửi").fill("EA123456789VN")
    await look(page, f"told-{about}")
    await page.get_by_role("button", name="Ghi", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Đã ghi việc báo công dân")


async def test_a_case_goes_to_the_province_and_its_result_comes_back_to_the_citizen(pages: Pages) -> None:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium.executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            await a_day(pages, running)
        finally:
            await running.close()
