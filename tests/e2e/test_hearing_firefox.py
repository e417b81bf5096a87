"""A hearing between Debian's Firefox and itself: it chairs and it is a point, sees, hears, and is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from hub.services import demo
from tests.support import archive, hub_process
from tests.support.chromium import PROBE
from tests.support.firefox import FAKE_DEVICES, Firefox, firefox
from tests.support.hub_process import HubProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.alone, pytest.mark.timeout(400)]

CLICK = """selector => {
  const found = [...document.querySelectorAll(selector)].find((one) => one.checkVisibility() && !one.disabled);
  found?.click();
  return found !== undefined;
}"""
RECEIVED = """async () => {
  const found = { pictures: 0, sounds: 0 };
  for (const connection of mediaProbe.connections) {
    if (connection.connectionState !== "connected") continue;
    (await connection.getStats()).forEach((report) => {
      if (report.type !== "inbound-rtp") return;
      if (report.kind === "video") found.pictures += report.framesDecoded ?? 0;
      else found.sounds += report.packetsReceived ?? 0;
    });
  }
  return found;
}"""
SHOWN = """async seat => {
  const video = document.querySelector(`.tile-camera[data-seat-id='${seat}'] video`);
  let frames = 0;
  if (video) {
    await new Promise((done) => {
      const count = () => { frames += 1; video.requestVideoFrameCallback(count); };
      video.requestVideoFrameCallback(count);
      setTimeout(done, 2000);
    });
  }
  return frames;
}"""
"""Frames painted in two seconds; what ``getVideoPlaybackQuality`` counts, Firefox does not count for streams."""


@dataclass
class Person:
    hub: HubProcess
    browser: Firefox
    username: str
    seat_id: str = ""

    async def click(self, selector: str) -> None:
        await self.browser.until(CLICK, selector)

    async def press(self, action: str) -> None:
        await self.click(f"[data-action={action}]")

    async def sign_in(self) -> None:
        await self.browser.go(f"{self.hub.address}/sign-in")
        await self.browser.evaluate(
            """(name, password) => {
              document.querySelector("[name=username]").value = name;
              document.querySelector("[name=password]").value = password;
            }""",
            self.username,
            demo.PASSWORD,
        )
        await self.click("form[action='/sign-in'] [type=submit]")
        await self.browser.until("() => !location.pathname.includes('/sign-in') && document.readyState === 'complete'")

    async def enter(self, hearing: str, seat_words: str = "") -> None:
        await self.browser.go(self.hub.address + hearing)
        find = "[...document.querySelectorAll(`a[href^='${path}/seats/']`)].find((a) => a.textContent.includes(words))"
        seat = await self.browser.evaluate(f"(path, words) => {find}.getAttribute('href')", hearing, seat_words)
        await self.browser.go(self.hub.address + seat)
        await self.browser.until("() => document.body.dataset.phase === 'check'")
        self.seat_id = await self.browser.evaluate(
            "() => JSON.parse(document.getElementById('live').textContent).seatId"
        )
        await self.press("check-start")
        for step in ("camera", "microphone", "loudspeaker", "connection"):
            if step == "loudspeaker":
                await self.click(f"[data-step={step}] [data-action=check-tone]")
            await self.click(f"[data-step={step}] [data-action=check-yes]")
        await self.press("check-done")

    async def sees_and_hears(self, other: Person) -> None:
        """Some seconds of both, anew."""
        before = await self.browser.evaluate(RECEIVED)
        async with asyncio.timeout(60):
            while True:
                shown, now = await self.browser.evaluate(SHOWN, other.seat_id), await self.browser.evaluate(RECEIVED)
                more = now["pictures"] - before["pictures"], now["sounds"] - before["sounds"]
                if min(more) > 40 and shown > 10:
                    return


@pytest_asyncio.fixture
async def people() -> AsyncIterator[tuple[Person, Person]]:
    async with AsyncExitStack() as stack:
        hub = stack.enter_context(hub_process.running())
        found = []
        for username in ("chutri", "canbotantien"):
            browser = await stack.enter_async_context(firefox(preferences=FAKE_DEVICES))
            await browser.with_script(PROBE.read_text())
            found.append(Person(hub, browser, username))
        yield found[0], found[1]


async def test_firefox_chairs_and_is_a_point_and_both_are_recorded(people: tuple[Person, Person]) -> None:
    chair, point = people
    hub = chair.hub
    await asyncio.gather(chair.sign_in(), point.sign_in())
    await chair.browser.go(f"{hub.address}/hearings")
    hearing = await chair.browser.evaluate(
        "() => document.querySelector(\"main th a[href^='/hearings/']\").getAttribute('href')"
    )
    await chair.enter(hearing)
    await point.enter(hearing, "Tân Tiến")
    await point.press("confirm-notice")
    await point.browser.until("() => document.querySelector('#phase-hall .waiting')?.checkVisibility()")
    await chair.press("open")
    await chair.press("admit-all")
    await asyncio.gather(chair.sees_and_hears(point), point.sees_and_hears(chair))
    # The floor passes and comes back; the point is muted and heard again, on the same connections.
    for action in ("give-floor", "mute", "unmute"):
        await chair.click(f".point[data-seat-id='{point.seat_id}'] [data-action={action}]")
        await asyncio.sleep(0.5)
    await asyncio.gather(chair.sees_and_hears(point), point.sees_and_hears(chair))
    for action in ("end", "end-continue", "end-confirm"):
        await chair.press(action)
    await point.browser.until("() => document.querySelector('#phase-over')?.checkVisibility()")
    found = await asyncio.to_thread(archive.wait_for, hub.data_dir / "var" / "objects", 120)
    for person in people:
        assert len(found.track(person.seat_id, "camera").media.frames) > 30, person.username
        assert found.track(person.seat_id, "microphone").media.pieces, person.username
    await asyncio.to_thread(hub.command, "verify", found.recording_id)
    assert not chair.browser.complaints + point.browser.complaints
