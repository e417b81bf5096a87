"""Officials in Chromium windows of their own, and what they do over and over."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.support.pages import Pages
from web import format as formats
from web.security import SESSION_COOKIE

TODAY = formats.short_date(formats.today())
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Keyboard:
    """Presses keys and nothing else, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
            self.pressed += 1

    async def type(self, text: str) -> None:
        """As an input method does: one press a letter, Vietnamese ones composed beforehand."""
        for letter in text:
            if letter.isascii():
                await self.page.keyboard.press("Space" if letter == " " else letter)
            else:
                await self.page.keyboard.insert_text(letter)
            self.pressed += 1


async def window(pages: Pages, running: Browser, username: str) -> Page:
    """A window of its own in which somebody is signed in."""
    signed_in = await pages.person(username)
    address = str(pages.server.make_url("/"))
    [token] = [c.value for c in signed_in.session.cookie_jar if c.key == SESSION_COOKIE]
    context = await running.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", base_url=address)
    context.set_default_timeout(60_000)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
    return await context.new_page()


async def step(page: Page, case_id: str, code: str, *, document: bool = False) -> None:
    """Of the case's course, on today's date."""
    await page.goto(f"/cases/{case_id}/moves/{code}")
    if document:
        await page.get_by_label("Số, ký hiệu văn bản").fill("15/UBND-TD")
        await page.get_by_label("Ngày văn bản").fill(TODAY)
    await page.get_by_role("button", name="Ghi bước này").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã ghi bước xử lý")
