"""``make bench-replay``: how quickly a long recording opens and seeks in Chromium, and how far its points are apart.

The recording is made of generated segments, repeated (``tests.support.long_recording``); the hub is the whole hub and
the player the auditor's own page. A jump has ended when every point shows the picture of the new position.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from rich.progress import Progress

from bench import report
from hub.db import Database
from tests.support import chromium, hub_process, long_recording
from tests.support.long_recording import EIGHT, Loop, Made
from tests.support.officials import Official
from tests.support.points import Point

SCRIPT = Path(__file__).parent / "load" / "replay_timer.js"
REASON = "Đo tốc độ xem lại"
SETTLE_S = 3


def main() -> None:
    arguments = _arguments()
    points = EIGHT[: arguments.points]
    with hub_process.running() as hub:
        with Progress() as progress:
            loops = _loops(points, arguments, progress)
            made = _record(hub, loops, arguments, progress)
        with sync_playwright() as playwright, chromium.browser(playwright) as running:
            figures = [_measure(hub, made, running, arguments, turn) for turn in range(arguments.repeats)]
    _print(figures, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--hours", type=float, default=3)
    parser.add_argument("--lines", type=int, default=540, help="of the pictures; 540 is the most that cameras send")
    parser.add_argument("--frames", type=int, default=24, help="per second")
    parser.add_argument("--kbps", type=int, default=700, help="of each point's picture, at most")
    parser.add_argument("--seeks", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=20, help="of playing, for the offsets")
    parser.add_argument("--repeats", type=int, default=3, help="how often the page is opened")
    return parser.parse_args()


def _loops(points: tuple[Point, ...], arguments: argparse.Namespace, progress: Progress) -> dict[Point, Loop]:
    task = progress.add_task("pictures and sounds", total=len(points))
    size = (arguments.lines * 16 // 9, arguments.lines)
    loops = {}
    for point in points:
        loops[point] = long_recording.loop(point, size=size, frames_per_s=arguments.frames, bps=arguments.kbps * 1000)
        progress.advance(task)
    return loops


def _record(
    hub: hub_process.HubProcess, loops: dict[Point, Loop], arguments: argparse.Namespace, progress: Progress
) -> Made:
    task = progress.add_task("segments", total=None)
    seconds = round(arguments.hours * 3600) // 10 * 10
    var = hub.data_dir / "var"

    async def make() -> Made:
        database = Database(f"sqlite:///{var / 'hub.db'}")
        try:
            return await long_recording.make(
                database,
                var / "objects",
                loops,
                seconds=seconds,
                events=long_recording.course(list(loops), seconds),
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        finally:
            await database.close()

    return asyncio.run(make())


def _measure(
    hub: hub_process.HubProcess, made: Made, running: Browser, arguments: argparse.Namespace, turn: int
) -> dict[str, Any]:
    context = chromium.context(running)
    context.add_init_script(path=SCRIPT)
    auditor = Official(hub, context, "thanhtra")
    page = auditor.page
    auditor.sign_in()
    auditor.go(f"/recordings/{made.recording_id}")
    page.locator("#reason").fill(REASON)
    page.locator("form[action$='/replay'] [type=submit]").click()
    page.wait_for_url(lambda url: "/replays/" in url)
    opened_ms = page.evaluate("() => replayTimer.shown()")
    chance = random.Random(turn)
    last_ms = (arguments.hours * 3600 - 60) * 1000
    still = [_seek(page, chance.uniform(0, last_ms)) for _ in range(arguments.seeks)]
    page.locator("[data-action=play]").click()
    page.wait_for_timeout(SETTLE_S * 1000)
    offsets = page.evaluate("ms => replayTimer.offsets(ms)", arguments.seconds * 1000)
    moving = [_seek(page, chance.uniform(0, last_ms)) for _ in range(arguments.seeks)]
    assert not auditor.complaints, auditor.complaints
    context.close()
    return {"opened_ms": opened_ms, "still_ms": still, "moving_ms": moving, **offsets}


def _seek(page: Page, to_ms: float) -> float:
    """Milliseconds until every point shows its picture of there; the pictures' own counters are looked at too."""
    found = page.evaluate("ms => replayTimer.seek(ms)", round(to_ms))
    assert found["wrong"] == 0, found
    return float(found["ms"])


def _print(figures: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    kinds = {
        "open": [one["opened_ms"] for one in figures],
        "jump while paused": [ms for one in figures for ms in one["still_ms"]],
        "jump while playing": [ms for one in figures for ms in one["moving_ms"]],
        "offset from the clock": [ms for one in figures for ms in one["apart_ms"]],
        "offset of the two furthest apart": [ms for one in figures for ms in one["spread_ms"]],
    }
    figured = {
        name: {
            "median_ms": round(report.median(values), 1),
            "p95_ms": round(report.percentile(values, 0.95), 1),
            "most_ms": round(max(values), 1),
        }
        for name, values in kinds.items()
    }
    print(f"{arguments.points} points, {arguments.hours:g} h, {arguments.lines} lines at {arguments.frames}/s")
    rows = [(name, len(kinds[name]), *(f"{value:.0f}" for value in each.values())) for name, each in figured.items()]
    print(report.table(("milliseconds", "times", "median", "95 %", "most"), rows))
    told = {name: getattr(arguments, name) for name in ("points", "hours", "lines", "frames", "kbps")}
    report.finish("replay", {**told, **{name.replace(" ", "_"): each for name, each in figured.items()}})


if __name__ == "__main__":
    main()
