"""A long form when the session ended meanwhile, or the line is away: what was typed stays, and is sent."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from sqlalchemy import delete

from hub.config import Config
from hub.models import SignInSession
from hub.services import demo
from tests.support.chromium import executable
from tests.support.pages import Pages, running_pages
from web.security import SESSION_COOKIE

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e, pytest.mark.timeout(300)]

WORDS = "Hỏi thủ tục tách thửa đất, kèm ba trang giải thích"


async def signed_in(context: BrowserContext, pages: Pages, username: str) -> None:
    person = await pages.person(username)
    token = next(c.value for c in person.session.cookie_jar if c.key == SESSION_COOKIE)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": str(pages.server.make_url("/"))}])


async def typed(page: Page) -> None:
    await page.goto("/visits/new")
    await page.select_option("[name=identity_method]", index=1)
    await page.fill("[name=name]", "Hoàng Văn Ốc")
    await page.fill("[name=address]", "Thôn Bắc")
    await page.fill("[name=requested]", WORDS)


async def sign_in_over(page: Page, username: str) -> None:
    dialog = page.get_by_role("dialog", name="Phiên đăng nhập đã hết")
    await dialog.get_by_label("Tên đăng nhập").fill(username)
    await dialog.get_by_label("Mật khẩu").fill(demo.PASSWORD)
    await dialog.get_by_role("button", name="Đăng nhập và gửi").click()


async def test_a_form_outlives_its_session_and_its_line(config: Config) -> None:
    async with running_pages(config) as pages, async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        base = str(pages.server.make_url("/"))
        context = await chromium.new_context(locale="vi-VN", base_url=base)
        context.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        await signed_in(context, pages, "canbotantien")
        page = await context.new_page()
        await typed(page)
        send = page.locator("main form [type=submit].primary").last

        await context.set_offline(True)
        await send.click()
        await expect(page.get_by_role("alert")).to_contain_text("Chưa gửi được")
        await context.set_offline(False)

        async with pages.database.transaction() as db:
            await db.execute(delete(SignInSession))
        await send.click()
        await sign_in_over(page, "canbodongson")
        await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("do một tài khoản khác mở")
        await sign_in_over(page, "canbotantien")
        await page.wait_for_url("**/visits*")
        await expect(page.locator("main")).to_contain_text(WORDS)
        await chromium.close()
