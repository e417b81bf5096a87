"""Whether a route carries what it should: each raises ``RouteCut`` with what was seen instead."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import ElementHandle, Page

from tests.support.points import FRAMES, FRAMES_PER_S, POINTS, Point

WATCH_MS = 2_500
LISTEN_MS = 2_500


class RouteCut(AssertionError):
    """A point does not see or hear another one although it should."""


def check_picture(page: Page, tile: ElementHandle, point: Point, watch_ms: int = WATCH_MS) -> None:
    """The video element shows this point, now, to a person: the counter in its pixels goes forward in real time."""
    [report] = page.evaluate("([video, ms]) => mediaProbe.watch([video], ms)", [tile, watch_ms])
    judge_picture(report, point)


def judge_picture(report: dict[str, Any], point: Point) -> None:
    """Raise ``RouteCut`` unless the report of ``mediaProbe.watch`` shows the point's picture moving at its own pace."""
    if not report["visible"]:
        raise RouteCut(f"the picture of {point.name} is not visible")
    seen = [sample for sample in report["seen"] if sample["point"]]
    if len(seen) * 2 < len(report["seen"]) or not seen:
        raise RouteCut(f"no picture with a code where {point.name} should be ({report['width']}x{report['height']})")
    wrong = {sample["point"] for sample in seen} - {point.code}
    if wrong:
        raise RouteCut(f"codes {wrong} where {point.name} should be")
    steps = [(b["counter"] - a["counter"]) % FRAMES for a, b in itertools.pairwise(seen)]
    # A step backwards would be nearly a whole turn.
    if any(step > FRAMES // 2 for step in steps):
        raise RouteCut(f"the counter of {point.name} went backwards: {[s['counter'] for s in seen]}")
    expected = (seen[-1]["at"] - seen[0]["at"]) / 1000 * FRAMES_PER_S
    # Wide, because a browser that is short of a processor skips; a frozen picture has no step at all.
    if not 0.3 * expected < sum(steps) < 2 * expected + 2:
        raise RouteCut(f"{point.name} moved {sum(steps)} frames instead of {expected:.0f}")


def check_sound(page: Page, player: ElementHandle, point: Point, listen_ms: int = LISTEN_MS) -> None:
    """The media element plays this point's tone and nobody else's."""
    frequencies = [p.tone_hz for p in POINTS]
    [report] = page.evaluate("([e, f, ms]) => mediaProbe.listen([e], f, ms)", [player, frequencies, listen_ms])
    judge_sound(report, point)


def check_all(page: Page, routes: Sequence[tuple[ElementHandle, ElementHandle, Point]]) -> None:
    """Picture and sound of several points at once: (video element, playing element, whose)."""
    watched, heard = page.evaluate(
        "([videos, players, f, ms]) => Promise.all([mediaProbe.watch(videos, ms), mediaProbe.listen(players, f, ms)])",
        [
            [video for video, _, _ in routes],
            [player for _, player, _ in routes],
            [point.tone_hz for point in POINTS],
            max(WATCH_MS, LISTEN_MS),
        ],
    )
    for (_, _, point), picture, sound in zip(routes, watched, heard, strict=True):
        judge_picture(picture, point)
        judge_sound(sound, point)


def judge_sound(report: dict[str, Any], point: Point, points: Sequence[Point] = POINTS) -> None:
    """Raise ``RouteCut`` unless the report of ``mediaProbe.listen`` names the point's tone, and only it, repeatedly."""
    if report["silent"]:
        raise RouteCut(f"the sound of {point.name} is not being played")
    wins = dict(zip((p.name for p in points), report["wins"], strict=True))
    if wins[point.name] < 3:
        raise RouteCut(f"the tone of {point.name} was not heard: {wins}, {report['powers']}")
    if any(count > 1 for name, count in wins.items() if name != point.name):
        raise RouteCut(f"other tones where {point.name} should be: {wins}")
