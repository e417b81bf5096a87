"""An auditor at the player in Chromium: links, search, keyboard, one point large, what is withheld, seal, watermark."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from hub.config import Config
from hub.services.withholding import GROUNDS
from tests.support.chromium import executable
from tests.support.points import COMMUNE
from tests.support.replay_world import HIDDEN_NOTE, MESSAGE, NOTE, PROBE, REASON, TIMER, ReplayWorld, replay_world

# Two browsers' worth of decoders on a machine that others use too.
pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(300)]
expect.set_options(timeout=40_000)


async def test_an_auditor_finds_his_way_through_a_recording_and_is_shown_what_he_may_see(config: Config) -> None:
    async with replay_world(config) as world, auditor(world) as page:
        await a_link_opens_at_its_moment_once_a_reason_is_given(page, world)
        await his_name_and_the_seal_stand_with_the_picture(page)
        await words_are_found_with_or_without_marks(page)
        await keys_steer(page)
        await dragging_shows_the_time_and_goes_there_when_let_go(page)
        await one_point_is_shown_large(page)
        await a_gap_is_told_apart_from_a_picture(page, world)
        await withheld_is_black_and_silent_and_says_why(page, world)
        await a_verification_shows_in_the_badge(page, world)


async def a_link_opens_at_its_moment_once_a_reason_is_given(page: Page, world: ReplayWorld) -> None:
    await page.goto(world.address(f"{world.recording}?t=22s"))
    await page.locator("#reason").fill(REASON)
    await page.locator("form[action$='/replay'] [type=submit]").click()
    await page.wait_for_url(re.compile(r"/replays/.*t=22s"))
    await page.evaluate("() => replayTimer.shown()")
    await expect(page.locator("[data-position]")).to_have_text("0:00:22")
    assert await page.locator(".replay-tile video").count() == 3
    assert (await jump(page, 26_000))["wrong"] == 0


async def his_name_and_the_seal_stand_with_the_picture(page: Page) -> None:
    mark = page.locator(".watermark span").first
    await expect(mark).to_contain_text("thanhtra")
    assert re.search(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}", await mark.inner_text())
    await expect(page.locator(".player-head .badge")).to_have_text("Đã niêm phong, chưa kiểm tra lại")


async def words_are_found_with_or_without_marks(page: Page) -> None:
    shown = page.locator(".jumps li:not([hidden])")
    assert await shown.count() == 6  # four chapters, a note, a message
    await page.keyboard.press("/")
    await page.keyboard.type("thua dat")
    await expect(shown).to_have_count(1)
    await expect(shown).to_contain_text(NOTE)
    await expect(shown.locator("mark").first).to_have_text("thửa")
    await expect(page.locator(".found-count")).to_have_text("1/6 mục")
    await page.keyboard.press("Home")  # of the field, not of the recording
    await jump(page, 0)
    await page.keyboard.press("Enter")
    await position(page, 13_500)
    await page.keyboard.press("Escape")
    await page.locator("[data-action=sort]").select_option("message")
    await expect(shown).to_have_count(1)
    await expect(shown).to_contain_text(MESSAGE)
    await page.locator("[data-action=sort]").select_option("chapter")
    await expect(shown).to_have_count(4)
    await shown.nth(1).locator("button").click()
    await position(page, 10_000)
    await page.locator("[data-action=sort]").select_option("all")


async def keys_steer(page: Page) -> None:
    await page.locator("#main").focus()
    await jump(page, 10_000)
    for key, at_ms in (("ArrowRight", 20_000), ("ArrowLeft", 10_000), (".", 11_000), (",", 10_000), ("n", 13_500)):
        await page.keyboard.press(key)
        await position(page, at_ms)
    await page.keyboard.press("+")
    await expect(page.locator("[data-action=rate]")).to_have_value("1.25")
    await page.keyboard.press("-")
    await page.keyboard.press(" ")
    await expect(page.locator("[data-action=play]")).to_have_attribute("aria-pressed", "true")
    await page.wait_for_function("() => replayPlayer.positionMs > 14500 && document.body.dataset.playing === 'true'")
    await page.keyboard.press(" ")
    await expect(page.locator("[data-action=play]")).to_have_attribute("aria-pressed", "false")


async def dragging_shows_the_time_and_goes_there_when_let_go(page: Page) -> None:
    box = await page.locator(".scrub").bounding_box()
    assert box is not None
    lasts_ms = await page.evaluate("() => replayPlayer.timeline.duration_ms")
    for at_s in (6, 30):
        await page.mouse.move(box["x"] + box["width"] * (at_s + 0.5) * 1000 / lasts_ms, box["y"] + 5, steps=20)
        if at_s == 6:
            await page.mouse.down()
    await expect(page.locator("[data-position]")).to_have_text("0:00:30")
    await expect(page.locator(".lane-hint")).to_contain_text("0:00:30")
    await page.mouse.move(box["x"] + box["width"] * 20_500 / lasts_ms, box["y"] + 5)
    await page.mouse.up()
    await page.wait_for_function("() => Math.floor(replayPlayer.positionMs / 1000) === 20")
    await page.locator("#main").focus()


async def one_point_is_shown_large(page: Page) -> None:
    tiles = page.locator(".replay-tile:not([hidden])")
    alike = await tiles.nth(1).bounding_box()
    await page.keyboard.press("2")
    await expect(tiles.nth(1)).to_have_attribute("data-large", "")
    large, other = await tiles.nth(1).bounding_box(), await tiles.nth(0).bounding_box()
    assert alike is not None
    assert large is not None
    assert other is not None
    assert large["width"] > 1.5 * max(alike["width"], other["width"])
    assert (await jump(page, 5_000))["wrong"] == 0
    await page.keyboard.press("0")
    await expect(tiles.nth(1)).not_to_have_attribute("data-large", "")


async def a_gap_is_told_apart_from_a_picture(page: Page, world: ReplayWorld) -> None:
    seat = world.made.seats[COMMUNE.code]
    await page.evaluate("() => replayPlayer.seek(45000)")
    await expect(page.locator(f"[data-seat-id='{seat}'] .replay-empty")).to_have_text("Không có hình ở thời điểm này")
    await expect(page.locator(".replay-tile video:visible")).to_have_count(2)
    assert await page.locator(f".lane[data-seat-id='{seat}'] .lane-gap").count() == 2


async def withheld_is_black_and_silent_and_says_why(page: Page, world: ReplayWorld) -> None:
    await page.evaluate("() => replayPlayer.seek(32000)")
    await page.keyboard.press(" ")
    await expect(page.locator(".withheld-note")).to_contain_text(GROUNDS[0])
    await expect(page.locator(".replay-empty[data-withheld]:visible")).to_have_count(3)
    await expect(page.locator(".replay-tile video:visible")).to_have_count(0)
    await page.wait_for_function("() => replayPlayer.positionMs > 33000")
    assert await page.evaluate("() => replayPlayer.lanes.every(({ element }) => element.paused)")
    await page.keyboard.press(" ")
    told = (
        await world.auditor.get(f"/api{page.url.split('?')[0].removeprefix(world.address('/')[:-1])}/timeline")
    ).text
    starts = {segment[1] for track in json.loads(told)["tracks"] for segment in track["segments"]}
    assert starts == {0, 10_000, 20_000, 40_000, 50_000}
    assert HIDDEN_NOTE not in told
    assert HIDDEN_NOTE not in await page.content()


async def a_verification_shows_in_the_badge(page: Page, world: ReplayWorld) -> None:
    await world.auditor.get(world.recording)
    assert (await world.auditor.post(f"{world.recording}/verify", {"verify_reason": REASON})).status == 303
    async with asyncio.timeout(60):
        while json.loads((await world.auditor.get(f"/api{world.recording}/verification")).text)["running"]:  # noqa: ASYNC110 - as the page asks
            await asyncio.sleep(0.1)
    await page.reload()
    await expect(page.locator(".player-head .badge")).to_have_text("Nguyên vẹn, đã kiểm tra")


async def jump(page: Page, to_ms: int) -> dict[str, float]:
    """Until every point shows its picture of there; ``wrong`` counts pictures of elsewhere."""
    found: dict[str, float] = await page.evaluate("ms => replayTimer.seek(ms)", to_ms)
    return found


async def position(page: Page, at_ms: int) -> None:
    await page.wait_for_function("ms => Math.abs(replayPlayer.positionMs - ms) < 100", arg=at_ms)


@asynccontextmanager
async def auditor(world: ReplayWorld) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        try:
            context = await chromium.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
            home = world.address("/")
            await context.add_cookies([{"name": n, "value": v, "url": home} for n, v in world.cookies.items()])
            for script in (PROBE, TIMER):
                await context.add_init_script(path=script)
            page = await context.new_page()
            complaints: list[str] = []
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            yield page
            assert not complaints, complaints
        finally:
            await chromium.close()
