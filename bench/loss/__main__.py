"""``make bench-loss``: what Chromium shows and hears behind bad lines, through the hub and through Janus.

The same Chromium publishes the same moving picture (VP8 640×360, at most 700 kbit/s) and a sound; another connection
of it watches. Between one of the two and the server lies a relay that loses or delays packets by seeded draws, in
both directions alike. The other end's line is good.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import ExitStack
from typing import Any

from bench import report
from bench.loss.relay import leading_to
from bench.loss.servers import SERVERS
from tests.support.media_chromium import page
from tests.support.process import DidNotStart

LINES: dict[str, dict[str, Any]] = {
    "5 % loss": {"loss": 0.05},
    "10 % loss": {"loss": 0.10},
    "20 % loss": {"loss": 0.20},
    "200 ± 50 ms": {"delay_ms": 100, "jitter_ms": 25},
}
"""Delays are of each direction: 100 ± 25 ms there and as much back."""
BEGIN_LIMIT_S = 25.0
WARM_UP_S = 4.0
HEADS = (
    "line",
    "bad side",
    "server",
    "frames/s",
    "height",
    "freezes",
    "frozen s",
    "concealed %",
    "FEC",
    "sound ms",
    "picture ms",
)


async def seen(opened: Any, name: str) -> dict[str, float]:
    """The counters that Chromium keeps of what it receives."""
    reports = await opened.evaluate("n => stats(n)", name)
    found: dict[str, float] = {}
    for one in reports:
        if one["type"] == "inbound-rtp":
            kind = one["kind"]
            for key, value in one.items():
                if isinstance(value, int | float):
                    found[f"{kind}.{key}"] = value
    return found


async def measure_one(server: str, line: dict[str, Any], side: str, seconds: float) -> dict[str, float]:
    """One fresh browser, one server, one line."""
    async with page() as opened, SERVERS[server](opened) as (publish, watch):
        with ExitStack() as relays:

            def bad(sdp: str) -> str:
                return relays.enter_context(leading_to(sdp, line))

            await publish("out", bad if side == "up" else str)
            await watch("in", bad if side == "down" else str)
            async with asyncio.timeout(BEGIN_LIMIT_S):
                while (await seen(opened, "in")).get("video.framesDecoded", 0) < 10:  # noqa: ASYNC110 - it is asked
                    await asyncio.sleep(0.1)
            await asyncio.sleep(WARM_UP_S)
            before = await seen(opened, "in")
            await asyncio.sleep(seconds)
            return figures(before, await seen(opened, "in"), seconds)


def figures(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    def grew(key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    def mean(total: str, count: str) -> float:
        return grew(total) / grew(count) if grew(count) else 0.0

    return {
        "frames_per_s": round(grew("video.framesDecoded") / seconds, 1),
        "height": after.get("video.frameHeight", 0),
        "freezes": grew("video.freezeCount"),
        "frozen_s": round(grew("video.totalFreezesDuration"), 2),
        "concealed_percent": round(100 * mean("audio.concealedSamples", "audio.totalSamplesReceived"), 2),
        "fec_packets": grew("audio.fecPacketsReceived"),
        "sound_delay_ms": round(1000 * mean("audio.jitterBufferDelay", "audio.jitterBufferEmittedCount"), 0),
        "picture_delay_ms": round(1000 * mean("video.jitterBufferDelay", "video.jitterBufferEmittedCount"), 0),
    }


async def measure(servers: tuple[str, ...], sides: tuple[str, ...], seconds: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for side in sides:
        for name, line in LINES.items():
            for server in servers:
                try:
                    found = await measure_one(server, line, side, seconds)
                except DidNotStart:
                    # A daemon that did not start: once more, in a fresh folder.
                    found = await measure_one(server, line, side, seconds)
                rows.append({"line": name, "bad_side": side, "server": server, **found})
                print("  ".join(map(str, rows[-1].values())), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.loss", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="measured of each line, after the warm-up")
    parser.add_argument(
        "--sides", default="down,up", help="down: who watches is behind the bad line; up: who publishes"
    )
    parser.add_argument("--hub-only", action="store_true")
    given = parser.parse_args()
    servers = ("hub",) if given.hub_only else ("hub", "janus")
    rows = asyncio.run(measure(servers, tuple(given.sides.split(",")), given.seconds))
    print(report.table(HEADS, [tuple(row.values()) for row in rows]))
    report.finish("loss", {"seconds": given.seconds, "rows": rows})


if __name__ == "__main__":
    main()
