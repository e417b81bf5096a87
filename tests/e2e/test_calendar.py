"""A leader's month in Chromium, in Vietnamese: a series made, a holiday avoided, posted, postponed, replaced."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, async_playwright

from hub.config import Config
from tests.support.chromium import executable
from tests.support.pages import Pages, running_pages
from web.security import SESSION_COOKIE

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e, pytest.mark.timeout(180)]


async def page_of(pages: Pages, chromium, username: str) -> Page:
    context = await chromium.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
    context.set_default_timeout(60_000)
    if username:
        person = await pages.person(username)
        token = next(c.value for c in person.session.cookie_jar if c.key == SESSION_COOKIE)
        base = str(pages.server.make_url("/"))
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": base}])
    return await context.new_page()


async def test_a_leaders_month(config: Config) -> None:
    async with running_pages(config) as pages, async_playwright() as playwright:
        base = str(pages.server.make_url("/")).rstrip("/")
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        officer, administrator = [await page_of(pages, chromium, one) for one in ("canbotinh", "quantri")]
        await officer.goto(f"{base}/series/new")
        await officer.check('input[value="2TU"]')
        await officer.check('input[value="-1TH"]')
        await officer.select_option("#f-chair_id", label="Trần Quang Minh – Chủ tịch UBND tỉnh")
        await officer.check('#f-point_ids label:has-text("xã Tân Tiến") input')
        await officer.click('button[value="create"]')
        await officer.wait_for_url("**/series/0*")
        rows = officer.locator("tbody tr")
        moving = await rows.nth(4).locator("a").first.inner_text()
        series = officer.url

        await administrator.goto(f"{base}/holidays/new")
        await administrator.fill("#f-day", moving.split(", ")[1])
        await administrator.check('input[name="kind"][value="holiday"]')
        await administrator.fill("#f-name", "Ngày lễ mới")
        await administrator.fill("#f-legal_basis", "Quyết định 1/QĐ")
        await administrator.check('input[name="certainty"][value="text"]')
        await administrator.fill('[name="reason"]', "Mới ban hành")
        await administrator.click("main button[type=submit].primary")
        await administrator.wait_for_url("**/holidays/0*")
        await officer.goto(series)
        assert "nghỉ lễ: Ngày lễ mới" in await rows.nth(4).inner_text()

        days = [await rows.nth(number).locator("a").first.inner_text() for number in (1, 2)]
        await officer.goto(f"{base}/postings")
        for day in days:
            await officer.check(f'input[aria-label="Niêm yết buổi {day}"]')
        await officer.fill("#f-participants", "Ban Tiếp công dân tỉnh")
        await officer.click('button:has-text("Niêm yết các buổi đã chọn")')
        if await officer.locator("#f-accept_late input").count() and await officer.locator(".message.danger").count():
            await officer.check("#f-accept_late input")
            await officer.click('button:has-text("Niêm yết các buổi đã chọn")')
        await officer.locator(".message.good").wait_for()

        for number, opens, fields in (
            (1, "postpone", {"day": "", "reason": "Bão số 9"}),
            (2, "replace", {"reason": "Chủ tịch họp Trung ương"}),
        ):
            await officer.goto(series)
            await rows.nth(number).locator("a").first.click()
            await officer.click(f'[data-opens="{opens}"]')
            dialog = officer.locator(f"dialog#{opens}")
            if opens == "replace":
                await dialog.locator("select").select_option(label="Lê Thị Ngọc Ánh – Phó Chủ tịch UBND tỉnh")
            await dialog.locator("textarea").fill(fields["reason"])
            await dialog.locator("button[type=submit]").click()
            await officer.locator(".message.good").wait_for()

        citizen = await page_of(pages, chromium, "")
        await citizen.goto(f"{base}/notice/ANBINH")
        text = await citizen.inner_text("main")
        await citizen.click('a[rel="next"]')
        text += await citizen.inner_text("main")
        await citizen.click('a[rel="next"]')
        text += await citizen.inner_text("main")
        for said in ("Đã hoãn", "Bão số 9", "Đổi người tiếp", "Lê Thị Ngọc Ánh", "Chủ tịch họp Trung ương"):
            assert said in text
        await officer.goto(f"{base}/minimums")
        assert "Chưa ghi người đứng đầu" in await officer.inner_text("main")
        await chromium.close()
