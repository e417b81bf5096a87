"""A leader's month in Chromium, in Vietnamese: a series made, a holiday avoided, posted, postponed, replaced."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.async_api import CDPSession, Locator, Page, async_playwright, expect
from sqlalchemy import select

from hub.config import Config
from hub.models import OutgoingMail
from tests.support.chromium import executable
from tests.support.pages import Pages, running_pages
from web import format as formats
from web.security import SESSION_COOKIE

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e, pytest.mark.timeout(300)]


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
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        base = str(pages.server.make_url("/")).rstrip("/")
        officer, administrator, citizen = [await page_of(pages, chromium, one) for one in ("canbotinh", "quantri", "")]
        series = await _makes_a_series(officer, f"{base}/series/new")
        day = await _day_in_row(officer, series, 4)
        await _declares_a_holiday(administrator, f"{base}/holidays/new", day)
        await _finds_the_holiday_avoided(officer, series, 4)
        await _posts(officer, f"{base}/postings", [await _day_in_row(officer, series, number) for number in (1, 2)])
        await _postpones(officer, series, 1, "Bão số 9")
        await _lets_another_chair(officer, series, 2, "Lê Thị Ngọc Ánh – Phó Chủ tịch UBND tỉnh", "Họp Trung ương")
        notice = await _reads_the_notice(citizen, f"{base}/notice/ANBINH")
        for said in ("Đã hoãn", "Bão số 9", "Đổi người tiếp", "Lê Thị Ngọc Ánh", "Họp Trung ương"):
            assert said in notice
        await officer.goto(f"{base}/minimums")
        assert "Chưa ghi người đứng đầu" in await officer.inner_text("main")
        await chromium.close()


async def _makes_a_series(officer: Page, address: str) -> str:
    """On the second Tuesday and the last Thursday of each month; where it is shown."""
    await officer.goto(address)
    await officer.check('input[value="2TU"]')
    await officer.check('input[value="-1TH"]')
    await officer.select_option("#f-chair_id", label="Trần Quang Minh – Chủ tịch UBND tỉnh")
    await officer.check('#f-point_ids label:has-text("xã Tân Tiến") input')
    await officer.click('button[value="create"]')
    await officer.wait_for_url("**/series/0*")
    return officer.url


async def _day_in_row(officer: Page, series: str, number: int) -> str:
    await officer.goto(series)
    return await officer.locator("tbody tr").nth(number).locator("a").first.inner_text()


async def _declares_a_holiday(administrator: Page, address: str, day: str) -> None:
    await administrator.goto(address)
    await administrator.fill("#f-day", day.split(", ")[1])
    await administrator.check('input[name="kind"][value="holiday"]')
    await administrator.fill("#f-name", "Ngày lễ mới")
    await administrator.fill("#f-legal_basis", "Quyết định 1/QĐ")
    await administrator.check('input[name="certainty"][value="text"]')
    await administrator.fill('[name="reason"]', "Mới ban hành")
    await administrator.click("main button[type=submit].primary")
    await administrator.wait_for_url("**/holidays/0*")


async def _finds_the_holiday_avoided(officer: Page, series: str, number: int) -> None:
    await officer.goto(series)
    assert "nghỉ lễ: Ngày lễ mới" in await officer.locator("tbody tr").nth(number).inner_text()


async def _posts(officer: Page, address: str, days: list[str]) -> None:
    """Late where the calendar wants it so: a test runs on any day."""
    await officer.goto(address)
    for day in days:
        await officer.check(f'input[aria-label="Niêm yết buổi {day}"]')
    await officer.fill("#f-participants", "Ban Tiếp công dân tỉnh")
    await officer.click('button:has-text("Niêm yết các buổi đã chọn")')
    if await officer.locator("#f-accept_late input").count() and await officer.locator(".message.danger").count():
        await officer.check("#f-accept_late input")
        await officer.click('button:has-text("Niêm yết các buổi đã chọn")')
    await officer.locator(".message.good").wait_for()


async def _postpones(officer: Page, series: str, number: int, reason: str) -> None:
    dialog = await _opens(officer, series, number, "postpone")
    await dialog.locator("textarea").fill(reason)
    await dialog.locator("button[type=submit]").click()
    await officer.locator(".message.good").wait_for()


async def _lets_another_chair(officer: Page, series: str, number: int, who: str, reason: str) -> None:
    dialog = await _opens(officer, series, number, "replace")
    await dialog.locator("select").select_option(label=who)
    await dialog.locator("textarea").fill(reason)
    await dialog.locator("button[type=submit]").click()
    await officer.locator(".message.good").wait_for()


async def _opens(officer: Page, series: str, number: int, dialog: str) -> Locator:
    """A dialog on the page of the reception in that row."""
    await officer.goto(series)
    await officer.locator("tbody tr").nth(number).locator("a").first.click()
    await officer.click(f'[data-opens="{dialog}"]')
    return officer.locator(f"dialog#{dialog}")


async def _reads_the_notice(citizen: Page, address: str) -> str:
    """Of this month and the next ones, as anybody may."""
    await citizen.goto(address)
    text = await citizen.inner_text("main")
    for _ in range(2):
        await citizen.click('a[rel="next"]')
        text += await citizen.inner_text("main")
    return text


async def test_the_calendar_by_keyboard_and_by_pointer(config: Config) -> None:
    """Arrows, Enter, a new hearing at a free time with a named officer; moved by dragging, and by keyboard alone."""
    async with running_pages(config) as pages, async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = await page_of(pages, chromium, "canbotinh")
        month = (formats.today().replace(day=1) + timedelta(days=62)).replace(day=1)
        calendar = f"{str(pages.server.make_url('/')).rstrip('/')}/calendar?view=month&day={month.replace(day=10)}"
        await _goes_about(page, calendar)
        hearing_id = await _books_a_free_time(page)
        await _moves(page, pages, calendar, hearing_id)
        await _by_finger(page, calendar, hearing_id)
        await _sees_who_is_taken(page, calendar)
        await chromium.close()


async def _goes_about(page: Page, calendar: str) -> None:
    await page.goto(calendar)
    await page.locator('[role="gridcell"][tabindex="0"]').focus()
    for key, day in (("ArrowRight", 11), ("ArrowDown", 18), ("ArrowLeft", 17), ("ArrowUp", 10)):
        await page.keyboard.press(key)
        assert (await _focused(page, "day")).startswith(f"{day:02d}/")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**view=day**-17**")
    await page.go_back()
    await page.locator('[role="gridcell"][tabindex="0"]').focus()
    await page.keyboard.press("n")
    await page.wait_for_url("**/hearings/new?day=10**")


async def _books_a_free_time(page: Page) -> str:
    """With an officer named for the point; the hearing's id."""
    await page.fill("#f-title", "Tiếp công dân về đất đai")
    await page.select_option("#f-chair_id", label="Trần Quang Minh – Chủ tịch UBND tỉnh")
    await page.check('#f-point_ids label:has-text("xã Tân Tiến") input')
    row = page.locator("[data-staff-of]:visible")
    await expect(row).to_have_count(1)
    officer = row.locator("select").first
    await officer.select_option(label="Hoàng Văn Đức – Cán bộ tiếp dân xã Tân Tiến")
    await page.click("[data-free-ask]")
    free = page.locator("[data-free-list] button").first
    shown = await free.inner_text()
    await free.click()
    starts = await page.input_value("#f-starts")
    assert starts in shown
    assert await page.input_value("#f-day") in shown
    await page.click("[data-booking] [type=submit] >> nth=-1")
    await page.wait_for_url(re.compile(r"/hearings/[0-9a-f]{32}"))
    assert "Người tiếp: Hoàng Văn Đức" in await page.inner_text("main")
    return page.url.split("/hearings/")[1][:32]


async def _moves(page: Page, pages: Pages, calendar: str, hearing_id: str) -> None:
    """By dragging to another day, by Escape not at all, and by keyboard alone: each asks for the reason and tells."""
    chip = page.locator(f'[data-movable="{hearing_id}"]')
    await page.goto(calendar)
    told, first = await _letters(pages, hearing_id), await _shown_on(chip)
    dialog = page.locator("dialog#move")
    await _drags(page, chip, _other(first, 18), lets_go=False)
    assert page.url == calendar
    await expect(dialog).to_be_hidden()
    await _drags(page, chip, _other(first, 18))
    await dialog.locator("textarea").fill("Trùng lịch họp")
    await dialog.locator("[type=submit]").click()
    await page.locator(".message.good").wait_for()
    dragged = await _shown_on(chip)
    assert dragged.startswith(f"{_other(first, 18)}/")

    await chip.focus()
    await page.keyboard.press("m")
    moved = _day_of(calendar).replace(day=int(_other(first, 24)))
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(formats.short_date(moved))
    while await page.evaluate("document.activeElement.name") != "reason":
        await page.keyboard.press("Tab")
    await page.keyboard.type("Chủ tịch đi công tác")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(chip.locator("xpath=ancestor::td")).to_have_attribute("data-day", formats.short_date(moved))
    again = await _letters(pages, hearing_id)
    assert again == {who: count + 2 for who, count in told.items()}, "everybody invited is told of both"
    assert len(told) >= 2


async def _drags(page: Page, chip: Locator, day: str, *, lets_go: bool = True) -> None:
    await chip.hover()
    await page.mouse.down()
    await page.locator(f'td[data-day^="{day}/"]:not(.outside)').hover()
    await expect(page.locator("td.over")).to_have_count(1)
    if not lets_go:
        await page.keyboard.press("Escape")
        await expect(page.locator("td.over")).to_have_count(0)
    await page.mouse.up()


async def _by_finger(page: Page, calendar: str, hearing_id: str) -> None:
    """A finger that moves at once scrolls; one that is held drags, and the page stays where it is."""
    chip, ghost, dialog = page.locator(f'[data-movable="{hearing_id}"]'), page.locator(".ghost"), page.locator("#move")
    await page.goto(calendar)
    await chip.scroll_into_view_if_needed()
    finger = await Finger.of(page)
    before = await page.evaluate("scrollY")
    await finger.down(*await _middle(chip))
    for _ in range(12):
        await finger.move(0, 15 if before else -15)
    await finger.up()
    await page.wait_for_function("before => scrollY !== before", arg=before)
    await expect(dialog).to_be_hidden()
    await chip.scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    target = page.locator(f'td[data-day^="{_other(await _shown_on(chip), 16)}/"]:not(.outside)')
    await target.scroll_into_view_if_needed()
    x, y = await _middle(chip)
    to_x, to_y = await _middle(target)
    await finger.down(x, y)
    await expect(ghost).to_be_visible()
    before = await page.evaluate("scrollY")
    for _ in range(5):
        await finger.move((to_x - x) / 5, (to_y - y) / 5)
    await expect(target).to_have_class(re.compile("over"))
    await finger.up()
    await expect(dialog).to_be_visible()
    assert await dialog.locator("[name=day]").input_value() == await target.get_attribute("data-day")
    assert await page.evaluate("scrollY") == before
    await page.keyboard.press("Escape")


@dataclass
class Finger:
    """One finger on the page, by Chromium's own input events."""

    session: CDPSession
    x: float = 0
    y: float = 0

    @classmethod
    async def of(cls, page: Page) -> Finger:
        return cls(await page.context.new_cdp_session(page))

    async def down(self, x: float, y: float) -> None:
        self.x, self.y = x, y
        await self._send("touchStart", [{"x": x, "y": y}])

    async def move(self, by_x: float, by_y: float) -> None:
        self.x, self.y = self.x + by_x, self.y + by_y
        await self._send("touchMove", [{"x": self.x, "y": self.y}])

    async def up(self) -> None:
        await self._send("touchEnd", [])

    async def _send(self, kind: str, points: list[dict[str, float]]) -> None:
        await self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


async def _middle(thing: Locator) -> tuple[float, float]:
    box = await thing.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def _shown_on(chip: Locator) -> str:
    return await chip.locator("xpath=ancestor::td").get_attribute("data-day") or ""


async def _letters(pages: Pages, hearing_id: str) -> Counter[str]:
    """How many about this hearing each of the invited was sent."""
    async with pages.database.reading() as db:
        rows = await db.execute(select(OutgoingMail.recipient).where(OutgoingMail.notice_key.contains(hearing_id)))
        return Counter(rows.scalars())


async def _sees_who_is_taken(page: Page, calendar: str) -> None:
    """At the same hours the officer is not offered as free."""
    chip = page.locator("[data-movable]", has_text="Tiếp công dân về đất đai")
    day, starts, ends = [await chip.get_attribute(f"data-{name}") for name in ("day", "starts", "ends")]
    await page.goto(calendar.split("/calendar", maxsplit=1)[0] + f"/hearings/new?day={day}&starts={starts}&ends={ends}")
    await page.check('#f-point_ids label:has-text("xã Tân Tiến") input')
    officer = page.locator("[data-staff-of]:visible select").first
    await expect(officer.locator("option", has_text="Hoàng Văn Đức")).to_contain_text("(bận)")
    await officer.select_option(label=await officer.locator("option", has_text="Hoàng Văn Đức").inner_text())
    await expect(page.locator("[data-staff-of]:visible .error").first).to_contain_text("Bận")
    await expect(page.locator("[data-sum-clash]")).to_be_visible()


def _other(day: str | None, wanted: int) -> str:
    """A working day's number near ``wanted`` that is not the day itself."""
    return f"{wanted:02d}" if not (day or "").startswith(f"{wanted:02d}/") else f"{wanted + 1:02d}"


def _day_of(calendar: str) -> date:
    return date.fromisoformat(calendar.rpartition("day=")[2])


async def _focused(page: Page, name: str) -> str:
    return str(await page.evaluate(f"document.activeElement.dataset.{name}"))
