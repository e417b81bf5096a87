"""``make soak``: a hearing of twenty points for hours, with people coming, going, losing their line and being muted.

Every half minute memory, open files, tasks and the sizes of tables are taken of each of the hub's processes. At the
end: how much each grows an hour, with its error, and whether that is a leak; drawn in ``docs/soak.svg``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
import urllib.request
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import uvloop

from bench import report
from bench.crowd import Crowd, background
from bench.hub_seats import SignIns
from bench.hub_server import Hub, serving
from bench.load.wire import Wire
from bench.plot import Chart, page
from bench.soak_hearing import SoakHearing
from bench.soak_report import Slope, slope
from hub.net import machine_addresses
from hub.rpc import RpcClient
from signaling.media import control

DRAWING = Path(__file__).parents[1] / "docs" / "soak.svg"
ALLOWED = {"rss": 5e6, "pss": 5e6, "fds": 2.0, "blocks": 20_000.0}
"""Growth per hour that is no leak; of everything else, half an entry per percent of its mean (see ``allowed``)."""
LAST_WORDS_S = 3.0

Series = dict[str, list[tuple[float, float]]]


async def run(hours: float, points: int, every_s: float, event_s: float, seed: int) -> tuple[Series, SoakHearing]:
    address = next((one for one in machine_addresses() if ":" not in one), "127.0.0.1")
    with serving([points], address) as hub:
        async with SignIns(hub.address) as sign_ins:
            booked = hub.hearings[0]
            await sign_ins.all([booked.chair.username, *(place.username for place in booked.points)])
            with Wire() as wire:
                crowd = Crowd()
                hearing = SoakHearing(sign_ins, booked, crowd, wire, address, seed)
                socket = hub.process.data_dir / "var" / "run" / "worker-0.sock"
                worker = RpcClient(socket, control.WorkerSends)
                async with background(crowd.run(), worker.run()):
                    try:
                        await hearing.begin()
                        async with background(hearing.live(event_s)):
                            series = await _watch(hub, worker, hearing, hours * 3600, every_s)
                    finally:
                        await hearing.end()
                        await asyncio.sleep(LAST_WORDS_S)
    return series, hearing


async def _watch(hub: Hub, worker: RpcClient, hearing: SoakHearing, seconds: float, every_s: float) -> Series:
    series: Series = defaultdict(list)
    began = time.monotonic()
    while (at := time.monotonic() - began) < seconds:
        for name, value in (await _sample(hub, worker)).items():
            series[name].append((at, value))
        _say(f"{at / 60:6.1f} min  {sum(hearing.done.values())} events, {sum(hearing.refused.values())} refused")
        await asyncio.sleep(every_s)
    return series


async def _sample(hub: Hub, worker: RpcClient) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, pids in hub.parts.items():
        found |= {f"{part} {name}": value for pid in pids for name, value in _process(pid).items()}
    state = await worker.call(control.AskState(kept=True))
    found |= {f"worker {name}": float(value) for name, value in state.kept.items()}
    text = await asyncio.to_thread(_metrics, hub.address)
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name in ("hub_web_tasks", "hub_web_blocks", "hub_signaling_sockets", "hub_signaling_hearings"):
            found[f"web {name.rpartition('_')[2]}"] = float(value)
    return found


def _metrics(address: str) -> str:
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def _process(pid: int) -> dict[str, float]:
    """Bytes resident, bytes of its own share (PSS), open files. The last two only root may see of others."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    found = {"rss": float(pages * os.sysconf("SC_PAGE_SIZE"))}
    with suppress(PermissionError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                found["pss"] = float(line.split()[1]) * 1024
        found["fds"] = float(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()))
    return found


def allowed(name: str, found: Slope) -> float:
    return ALLOWED.get(name.rpartition(" ")[2], max(1.0, 0.05 * found.mean))


def verdicts(series: Series) -> list[tuple[str, Slope, str]]:
    slopes = [(name, slope(samples)) for name, samples in series.items() if len(samples) > 2]
    return [(name, one, one.verdict(allowed(name, one))) for name, one in slopes]


def drawing(series: Series) -> str:
    def lines(*names: str, scale: float = 1.0) -> list[tuple[str, list[tuple[float, float]]]]:
        return [
            (
                name.partition(" ")[0] if scale != 1.0 or "fds" in name else name.partition(" ")[2],
                [(at / 60, value / scale) for at, value in series[name]],
            )
            for name in names
            if name in series
        ]

    parts = ("worker", "web", "recorder")
    return page(
        [
            Chart("Memory (PSS)", "minutes", "MB", lines(*(f"{part} pss" for part in parts), scale=1e6)),
            Chart("Open files", "minutes", "files", lines(*(f"{part} fds" for part in parts))),
            Chart("Blocks of memory", "minutes", "thousands", lines("worker blocks", "web blocks", scale=1e3)),
            Chart(
                "Tables of the worker",
                "minutes",
                "entries",
                lines("worker fragments", "worker addresses", "worker consumers", "worker tasks"),
            ),
        ]
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--every", type=float, default=30, help="seconds between samples")
    parser.add_argument("--events", type=float, default=1.5, help="seconds between events, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawing", type=Path, default=DRAWING, help="where the SVG goes")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        series, hearing = runner.run(run(given.hours, given.points, given.every, given.events, given.seed))
    found = verdicts(series)
    rows = [(name, f"{one.mean:,.1f}", f"{one.per_hour:+,.1f}", f"{one.error:,.1f}", say) for name, one, say in found]
    _say(report.table(("series", "mean", "per hour", "± error", "verdict"), rows))
    _say(f"events: {dict(hearing.done)}; refused: {dict(hearing.refused)}")
    given.drawing.write_text(drawing(series))
    growing = [name for name, _, verdict in found if verdict == "grows"]
    _say(f"verdict: {'grows: ' + ', '.join(growing) if growing else 'nothing grows'}")
    report.finish(
        "soak",
        {
            "hours": given.hours,
            "points": given.points,
            "events": dict(hearing.done),
            "refused": dict(hearing.refused),
            "series": {
                name: {"mean": round(one.mean, 1), "per_hour": round(one.per_hour, 1), "error": round(one.error, 1)}
                for name, one, _ in found
                if one.error != float("inf")
            },
            "growing": growing,
        },
    )
    sys.exit(1 if growing else 0)


if __name__ == "__main__":
    main()
