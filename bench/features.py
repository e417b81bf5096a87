"""``make bench-features``: what parts of the hub's work cost per packet, by leaving them out one at a time.

The recording cannot be left out: without it no hearing opens. What it costs is the recorder's own column. With
``--profile`` the worker runs once more under cProfile (slower, but in proportion) and its costliest functions are told.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import pstats
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvloop

from bench import forward, report
from bench.forward import Plan, Run
from bench.load.publisher import Load

PROFILED = Path(__file__).with_name("profiled")
SHOWN = 25


def variants(plan: Plan) -> dict[str, Plan]:
    """Each differs from the first in one thing."""
    alone = Load(pictures_per_s=300, packets_per_picture=1, keyframe_packets=1)
    return {
        "everything": plan,
        "no UDP GSO": replace(plan, settings={**plan.settings, "HUB_MEDIA_GSO": "off"}),
        "AES-CM/SHA-1 instead of GCM": replace(plan, profile="SRTP_AES128_CM_SHA1_80"),
        "no receiver reports": replace(plan, reports=False),
        "pictures of one packet": replace(plan, load=alone),
    }


def measure(plan: Plan, size: int) -> Run:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(forward.measure(plan, "hub", size))


def compare(plan: Plan, size: int, repeats: int) -> dict[str, list[Run]]:
    """In turns, so that a machine that becomes slower does so for all."""
    runs: dict[str, list[Run]] = {}
    for _ in range(repeats):
        for name, changed in variants(plan).items():
            run = measure(changed, size)
            runs.setdefault(name, []).append(run)
            print(f"{name}: {run.us_per_packet:.2f} µs/packet", flush=True)
    return runs


def rows(runs: dict[str, list[Run]]) -> list[Sequence[object]]:
    def per_packet(group: list[Run], part: str) -> list[float]:
        return [run.cpu_s[part] / max(1, run.forwarded) * 1e6 for run in group]

    whole = report.median(per_packet(runs["everything"], "media"))
    return [
        (
            name,
            report.spread(per_packet(group, "worker"), 2),
            report.spread(per_packet(group, "recorder"), 2),
            f"{report.median(per_packet(group, 'media')) - whole:+.2f}",
            max(run.lost for run in group),
        )
        for name, group in runs.items()
    ]


def profile(plan: Plan, size: int) -> str:
    """The worker's costliest functions by their own time, whole life of the worker."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        target = Path(folder) / "worker.pstats"
        settings = {**plan.settings, "PYTHONPATH": str(PROFILED), "BENCH_PROFILE": str(target)}
        measure(replace(plan, settings=settings), size)
        text = io.StringIO()
        pstats.Stats(str(target), stream=text).strip_dirs().sort_stats("tottime").print_stats(SHOWN)
    lines = text.getvalue().splitlines()
    return "\n".join(line for line in lines[lines.index(next(one for one in lines if "ncalls" in one)) :] if line)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.features", description=__doc__)
    parser.add_argument("--size", type=int, default=60, help="subscribers")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--profile", action="store_true", help="only the profile of the worker")
    given = parser.parse_args()
    plan = forward.plan(sizes=(given.size,), seconds=given.seconds)
    if given.profile:
        print(profile(plan, given.size))
        return
    runs = compare(plan, given.size, given.repeats)
    heads = ("left out or changed", "worker µs/packet", "recorder", "difference", "lost")
    print(report.table(heads, rows(runs)))
    report.finish(
        "features",
        {
            "subscribers": given.size,
            "us_per_packet": {
                name: round(report.median([run.us_per_packet for run in group]), 2) for name, group in runs.items()
            },
        },
    )


if __name__ == "__main__":
    main()
