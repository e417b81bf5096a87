"""What goes wrong in the middle of a hearing, with real browsers: everyone is back in place, and the record says so."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support import archive, chromium, hub_process
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(400)]


@dataclass
class World:
    hub: hub_process.HubProcess
    chair: Official
    commune: Official
    office: Browser

    def kill(self, part: str) -> None:
        for pid in self.hub.children()[part]:
            os.kill(pid, signal.SIGKILL)

    def both_see_and_hear_each_other(self) -> None:
        self.chair.sees_and_hears([self.commune])
        self.commune.sees_and_hears([self.chair])


@pytest.fixture
def world() -> Iterator[World]:
    """The demo's hearing, opened, with its chair and one commune in place."""
    with ExitStack() as stack:
        hub = stack.enter_context(hub_process.running())
        playwright = stack.enter_context(sync_playwright())
        chair, commune = (
            Official(hub, chromium.context(stack.enter_context(chromium.browser(playwright, point))), username, point)
            for username, point in (("chutri", CHAIR), ("canbotantien", COMMUNE))
        )
        made = World(hub, chair, commune, stack.enter_context(chromium.browser(playwright)))
        _open(made)
        yield made


def _open(world: World) -> None:
    world.chair.sign_in()
    world.commune.sign_in()
    world.chair.go("/hearings")
    hearing = world.chair.page.locator("main th a[href^='/hearings/']").first.get_attribute("href")
    assert hearing is not None
    world.chair.enter(hearing)
    world.commune.enter(hearing, "Tân Tiến")
    world.commune.confirm_notice()
    world.commune.waits()
    world.chair.press("open")
    expect(world.chair.page.locator(".rec")).to_be_visible()
    world.chair.press("admit-all")
    world.commune.is_on_stage()
    world.both_see_and_hear_each_other()


def test_a_hearing_survives_a_reload_and_the_death_of_each_process_and_its_record_names_the_gaps(world: World):
    took_s = {
        "reload": _timed(world, _reload),
        "web": _timed(world, _web_dies),
        "worker": _timed(world, _worker_dies),
        "recorder": _timed(world, _recorder_dies),
    }
    sys.stdout.write(f"\nback in place after (each includes seconds of looking and listening): {took_s}\n")
    _the_second_browser_asks(world)
    _end(world)
    found = archive.wait_for(world.hub.data_dir / "var" / "objects", limit_s=120)
    kinds = [event["kind"] for event in found.manifest["events"]]
    assert "worker_lost" in kinds
    assert "worker_back" in kinds
    # One hearing, opened once: nobody had to be admitted again because a process died.
    assert kinds.count("opened") == 1
    assert kinds.count("admitted") == 2
    assert found.gaps("worker_lost"), found.manifest["gaps"]
    world.hub.command("verify", found.recording_id)


def _timed(world: World, fault: object) -> float:
    began = time.monotonic()
    fault(world)  # type: ignore[operator]
    world.both_see_and_hear_each_other()
    return round(time.monotonic() - began, 1)


def _reload(world: World) -> None:
    world.commune.page.reload()
    world.commune.is_on_stage()


def _web_dies(world: World) -> None:
    """Mutes are as they were; the chair acts again as soon as the page is connected."""
    chair, commune = world.chair, world.commune
    chair.press_for("mute", commune)
    expect(commune.page.locator("[data-action=microphone]")).to_have_attribute("aria-pressed", "false")
    world.kill("web")
    expect(commune.page.locator("body")).not_to_have_attribute("data-link", "online", timeout=40_000)
    expect(commune.page.locator("body")).to_have_attribute("data-link", "online", timeout=40_000)
    expect(commune.page.locator("[data-action=microphone]")).to_have_attribute("aria-pressed", "false")
    expect(chair.page.locator("body")).to_have_attribute("data-link", "online", timeout=40_000)
    chair.press_for("unmute", commune)
    expect(commune.page.locator("[data-action=microphone]")).to_have_attribute("aria-pressed", "true")


def _worker_dies(world: World) -> None:
    world.kill("worker")
    time.sleep(1)


def _recorder_dies(world: World) -> None:
    """Everyone is told at once; and told again that it records."""
    rec = world.commune.page.locator(".rec")
    world.kill("recorder")
    expect(rec).to_have_attribute("data-lost", "", timeout=40_000)
    expect(rec).not_to_have_attribute("data-lost", "", timeout=40_000)


def _the_second_browser_asks(world: World) -> None:
    """The same seat in another browser: asked first, then the first one is told."""
    second = Official(world.hub, chromium.context(world.office), "canbotantien")
    second.sign_in()
    second.go(world.commune.page.url.removeprefix(world.hub.address))
    second.press("check-start")
    for _ in range(4):
        second.page.locator("[data-step]:not([hidden]) [data-action=check-skip]:visible").first.click()
    second.press("check-done")
    # The citizen was told before; the seat remembers.
    second.press("take-over")
    second.is_on_stage()
    expect(world.commune.page.locator("#phase-over")).to_be_visible()


def _end(world: World) -> None:
    world.chair.press("end")
    world.chair.press("end-continue")
    world.chair.press("end-confirm")
    expect(world.chair.page.locator("#phase-over")).to_be_visible()
