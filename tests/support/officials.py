"""Officials at their browsers: each method is something a person does on a page, by the words and buttons they see."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, ElementHandle, Locator, Page, expect

from hub.services import demo
from tests.support import routes
from tests.support.barriers import SCRIPTS
from tests.support.hub_process import HubProcess
from tests.support.points import Point
from web.translate import catalogue

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

# Four browsers and a hub share the machine with whatever else runs there.
expect.set_options(timeout=40_000)


class Official:
    """One account in one browser. ``complaints`` collects what the page's console said that nobody should see."""

    def __init__(self, hub: HubProcess, context: BrowserContext, username: str, point: Point | None = None) -> None:
        self.hub, self.username, self.point = hub, username, point
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"{username}: {error}"))
        self.page.on("console", self._console)
        self.seat_id = ""
        self.words = catalogue("vi").gettext

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"{self.username}: {message.text}")

    def go(self, path: str) -> None:
        self.page.goto(self.hub.address + path)

    def sign_in(self, password: str = demo.PASSWORD) -> None:
        self.go("/sign-in")
        self.page.locator("[name=username]").fill(self.username)
        self.page.locator("[name=password]").fill(password)
        self.page.locator("form[action='/sign-in'] [type=submit]").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def reads(self, language: str) -> None:
        """All pages in this language from now on, by the menu of the account."""
        self.page.locator(".top-side details.pop summary").click()
        self.page.locator(f".languages [lang={language}]").click()
        expect(self.page.locator("html")).to_have_attribute("lang", language)
        self.words = catalogue(language).gettext

    # Before the hearing -------------------------------------------------------------------------------------------

    def register_case(self, *, kind: str, summary: str, content: str, name: str, address: str) -> str:
        """Register a citizen's case; its address on the hub."""
        page = self.page
        self.go("/cases/new")
        page.locator(f"[name=type][value={kind}]").check()
        page.locator("[name=summary]").fill(summary)
        page.locator("[name=content]").fill(content)
        page.locator("[name=party_kind][value=individual]").check()
        page.locator("[name=name]").fill(name)
        page.locator("[name=address]").fill(address)
        page.locator("[name=identity_note]").fill("Quen biết, cùng thôn")
        page.locator("[data-case-form] [type=submit]").click()
        page.wait_for_url(re.compile(r"/cases/(?!new)[^/?]+"))
        return page.url.removeprefix(self.hub.address).split("?")[0]

    def finds_case(self, words: str, summary: str) -> None:
        self.go("/cases")
        self.page.locator("main [name=q]").fill(words)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("main").get_by_text(summary).first).to_be_visible()

    def cancel_hearing(self, path: str, reason: str) -> None:
        self.go(path)
        self.page.locator("[data-opens=cancel]").click()
        self.page.locator("#cancel-reason").fill(reason)
        self.page.locator("#cancel [type=submit]").click()
        expect(self.page.locator("main").get_by_text(reason).first).to_be_visible()

    def book_hearing(
        self,
        *,
        title: str,
        chair: str,
        secretary: str,
        bridge: str,
        points: Sequence[str],
        case_words: str | Sequence[str],
    ) -> str:
        """Book a hearing that begins in a moment; its address on the hub."""
        page = self.page
        self.go("/hearings/new")
        page.locator("[name=title]").fill(title)
        page.locator("[name=kind][value=regular]").check()
        begin = datetime.now(LOCAL) + timedelta(minutes=2)
        if begin.hour < 23:  # else the form's own proposal, tomorrow morning
            page.locator("[name=day]").fill(f"{begin:%d/%m/%Y}")
            page.locator("[name=starts]").fill(f"{begin:%H:%M}")
            end = min(begin + timedelta(hours=2), begin.replace(hour=23, minute=59))
            page.locator("[name=ends]").fill(f"{end:%H:%M}")
        for field, name in (("chair_id", chair), ("secretary_id", secretary), ("bridge_point_id", bridge)):
            option = page.locator(f"[name={field}] option", has_text=name).first
            page.locator(f"[name={field}]").select_option(value=option.get_attribute("value"))
        for name in points:
            page.locator("label", has_text=name).locator("[name=point_ids]").check()
        for words in [case_words] if isinstance(case_words, str) else case_words:
            page.locator("[data-case-search]").fill("")
            page.locator("[data-case-search]").press_sequentially(words)
            page.locator("#case-results [role=option]").first.click()
        page.locator("[data-booking] [type=submit]").last.click()
        page.wait_for_url(re.compile(r"/hearings/(?!new)[^/?]+"))
        return page.url.removeprefix(self.hub.address).split("?")[0]

    # Entering -----------------------------------------------------------------------------------------------------

    def enter(self, hearing: str, seat_words: str = "", *, by_keyboard: bool = False) -> None:
        """Take the seat and go through the device check (and the notice) to the waiting room."""
        page, press = self.page, self.reaches if by_keyboard else Locator.click
        self.go(hearing)
        seats = page.locator(f"a[href^='{hearing}/seats/']")
        (seats.filter(has_text=seat_words) if seat_words else seats).first.click()
        page.wait_for_selector("body[data-phase=check]")
        self.seat_id = page.evaluate("() => JSON.parse(document.getElementById('live').textContent).seatId")
        if by_keyboard:
            page.keyboard.press("Enter")  # the question has the focus: its first answer
        else:
            page.locator("[data-action=check-start]").click()
        for step in ("camera", "microphone", "loudspeaker", "connection"):
            section = page.locator(f"[data-step={step}]:not([hidden])")
            expect(section).to_be_visible()
            if self.point is None and step in ("camera", "microphone"):
                press(section.locator("[data-action=check-skip]"))
                continue
            if step == "microphone":
                expect(section.locator(".heard")).to_have_text(self.words("Đã thu được tiếng."))
            if step == "loudspeaker":
                press(section.locator("[data-action=check-tone]"))
            press(section.locator("[data-action=check-yes]"))
        if self.point is not None:
            expect(page.locator(".summary-line")).to_have_text(self.words("Mọi thứ đều tốt."))
        press(page.locator("[data-action=check-done]"))

    def reaches(self, button: Locator) -> None:
        """Press it without a mouse: from where the focus is, by Tab alone."""
        expect(button).to_be_enabled()
        for _ in range(8):
            if button.evaluate("button => button === document.activeElement"):
                return self.page.keyboard.press("Enter")
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.username} does not come to {button} by keyboard")

    def confirm_notice(self, *, by_keyboard: bool = False) -> None:
        button = self.page.locator("[data-action=confirm-notice]")
        (self.reaches if by_keyboard else Locator.click)(button)

    def meets_no_barrier(self) -> None:
        """What axe-core finds by WCAG 2.2 AA on the page as it is now; and nothing is wider than the screen."""
        for script in SCRIPTS:
            self.page.evaluate(script.read_text(encoding="utf-8"))
        found = self.page.evaluate("async () => [...(await barriers(false)), ...tooWide()]")
        assert not found, f"{self.username}: " + "\n".join(found)

    def waits(self) -> None:
        expect(self.page.locator("#phase-hall .waiting")).to_be_visible()

    def is_on_stage(self) -> None:
        expect(self.page.locator("#phase-hall .stage")).to_be_visible()

    # In the hearing -----------------------------------------------------------------------------------------------

    def press(self, action: str) -> None:
        """A button of the hearing's page by what it does."""
        self.page.locator(f"[data-action={action}]:visible").first.click()

    def press_for(self, action: str, other: Official) -> None:
        """The chair's button for one seat."""
        self.page.locator(f".point[data-seat-id='{other.seat_id}'] [data-action={action}]").click()

    def picture(self, other: Official, *, timeout_ms: int = 3_000) -> ElementHandle:
        return self._element(f".tile-camera[data-seat-id='{other.seat_id}'] video", timeout_ms)

    def sound(self, other: Official, *, timeout_ms: int = 3_000) -> ElementHandle:
        return self._element(f".voices audio[data-seat-id='{other.seat_id}'][data-source=microphone]", timeout_ms)

    def _element(self, selector: str, timeout_ms: int) -> ElementHandle:
        try:
            found = self.page.wait_for_selector(selector, state="attached", timeout=timeout_ms)
        except Exception as error:
            raise routes.RouteCut(f"{self.username} has no {selector}") from error
        assert found is not None
        return found

    def sees_and_hears(self, others: Sequence[Official], *, within_s: float = 60) -> None:
        """Each of the others; media that has only been asked for is given time to arrive. Raises ``RouteCut``."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                pairs = [(self.picture(other), self.sound(other), _point(other)) for other in others]
                return routes.check_all(self.page, pairs)
            except routes.RouteCut:
                if time.monotonic() > deadline:
                    raise

    def hears(self, other: Official, *, within_s: float = 60) -> None:
        """The other's tone, whatever becomes of the picture. Raises ``RouteCut``."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                return routes.check_sound(self.page, self.sound(other), _point(other), listen_ms=1_200)
            except routes.RouteCut:
                if time.monotonic() > deadline:
                    raise

    def stops_hearing(self, other: Official, *, within_s: float = 30) -> None:
        """Silence in place of the other's tone; what is still on its way is given time to run out."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            try:
                routes.check_sound(self.page, self.sound(other), _point(other), listen_ms=1_200)
            except routes.RouteCut:
                return
        raise AssertionError(f"{self.username} still hears {other.username} after {within_s} s")

    # Afterwards ---------------------------------------------------------------------------------------------------

    def opens_replay(self, hearing: str, reason: str) -> None:
        self.go(hearing)
        self.page.locator("[data-opens=replay]").click()
        self.page.locator("#replay-reason").fill(reason)
        self.page.locator("#replay [type=submit]").click()
        self.page.wait_for_url(re.compile(r"/replays/"))
        expect(self.page.locator(".replay-tile").first).to_be_visible()

    def sees_and_hears_replayed(self, seat_id: str, point: Point, *, within_s: float = 60) -> None:
        """The player shows the point's picture moving and plays its sound alone (others are switched off before)."""
        tile = f".replay-tile[data-seat-id='{seat_id}']"
        video, audio = self._element(f"{tile} video", 15_000), self._element(f"{tile} audio", 15_000)
        deadline = time.monotonic() + within_s
        while True:
            try:
                return routes.check_all(self.page, [(video, audio, point)])
            except routes.RouteCut:
                if time.monotonic() > deadline:
                    raise


def _point(official: Official) -> Point:
    assert official.point is not None
    return official.point
