"""``make bench-record``: what recording costs, and how many hearings at once this machine records.

Two ways of asking. *The recorder alone*: made-up 720p tracks with sound over the tap, as a media worker hands them
over, so that only capture, packaging and archiving are measured. *The whole hub*: hearings of three points, each of
which sends 720p and sound and sees the others; more are opened until a step is not carried. Archived to a directory.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from bench import cpu, report
from bench.crowd import Crowd, background, own_cpu_s
from bench.hub_seats import SignIns
from bench.hub_server import serving
from bench.load.dtls import Identity
from bench.load.wire import Wire
from bench.province_points import SPEAKING, camera
from bench.record_tap import Alone, alone
from bench.scale import SETTLE_S, Growth
from bench.world import Booked
from hub.net import machine_addresses
from hub.rpc import RpcClient
from signaling.media import control

POINTS_EACH = 3
HEARINGS = (10, 20, 30)
TRACKS = (1, 10, 30)
BEHIND = 1.0
"""Seconds of packets that may wait between worker and recorder in a step that still counts as carried."""


@dataclass(slots=True)
class Step:
    """One stretch of the whole hub; cores and bytes by part."""

    hearings: int
    cores: dict[str, float]
    resident: dict[str, int]
    sent: int
    lost: int
    """Packets that the worker never had."""
    behind_s: float
    """How much of what the worker had the recorder had not on its disk at the end."""
    client_cores: float

    @property
    def carried(self) -> bool:
        return self.lost <= self.sent // 1000 and self.behind_s <= BEHIND


@dataclass(slots=True)
class Recorded(Growth):
    """Hearings in which everybody sends and sees the others."""

    opened: int = 0
    clients: dict[str, RpcClient] = field(default_factory=dict)

    async def open(self, booked: Booked) -> None:
        await Growth.open(self, booked)
        for seat in self.waiting[booked.hearing_id]:
            publisher = await seat.publish(self._peer(), camera(SPEAKING), len(self.publishers))
            self.publishers.append(publisher)
            self._sending.append(asyncio.create_task(publisher.run()))
        for seat in self.seats[-POINTS_EACH:]:
            await seat.subscribe(self._peer())
        self.opened += 1

    async def stretch(self) -> Step:
        await asyncio.sleep(SETTLE_S)
        before, client, began = self._cpu(), own_cpu_s(), time.monotonic()
        sent, state = sum(one.sent for one in self.publishers), await self._state()
        await asyncio.sleep(self.seconds)
        took_s, client_cores = time.monotonic() - began, own_cpu_s() - client
        cores = {part: (used - before[part]) / took_s for part, used in self._cpu().items()}
        sent, after = sum(one.sent for one in self.publishers) - sent, await self._state()
        came = after.packets_in - state.packets_in  # reports and answers to checks too: never fewer than what was sent
        resident = {part: cpu.resident_bytes(pids) for part, pids in self.hub.parts.items()}
        behind_s = after.tap_waiting / max(1.0, sent / took_s)
        return Step(self.opened, cores, resident, sent, max(0, sent - came), behind_s, client_cores / took_s)

    async def _state(self) -> control.WorkerState:
        state = await self.clients["worker"].call(control.AskState())
        assert isinstance(state, control.WorkerState)
        return state


async def hub_steps(hearings: list[int], seconds: float) -> list[Step]:
    address = next((one for one in machine_addresses() if ":" not in one), "127.0.0.1")
    measured: list[Step] = []
    # The chair is one of the three.
    with serving([POINTS_EACH - 1] * max(hearings), address) as hub:
        async with SignIns(hub.address) as sign_ins:
            with Wire() as wire:
                grown = Recorded(hub, sign_ins, wire, Crowd(), Identity("SRTP_AEAD_AES_128_GCM"), address, seconds)
                run = hub.process.data_dir / "var" / "run"
                grown.clients["worker"] = RpcClient(run / "worker-0.sock", control.WorkerSends)
                async with background(grown.crowd.run(), grown.clients["worker"].run()):
                    try:
                        for wanted in hearings:
                            for booked in hub.hearings[grown.opened : wanted]:
                                await grown.open(booked)
                            measured.append(await grown.stretch())
                            print(_line(measured[-1]), flush=True)
                            if not measured[-1].carried:
                                break
                    finally:
                        await grown.close()
    return measured


def _line(step: Step) -> str:
    cores = ", ".join(f"{part} {used:.2f}" for part, used in step.cores.items())
    return f"{step.hearings:>3} hearings: {cores} cores, lost {step.lost} of {step.sent}, behind {step.behind_s:.2f} s"


def tables(tracks: list[Alone], steps: list[Step]) -> str:
    parts = ("worker", "recorder", "web")
    first = report.table(
        ("720p tracks with sound", "recorder cores", "% of a core each", "µs per packet", "recorder MB", "MB each"),
        [
            (one.tracks, f"{one.cores:.3f}", f"{one.each:.2%}", f"{one.us_per_packet:.1f}", one.megabytes, one.mb_each)
            for one in tracks
        ],
    )
    heads = ("hearings", *(f"{p} cores" for p in parts), *(f"{p} MB" for p in parts), "lost", "behind s", "carried")
    second = report.table(
        heads,
        [
            (
                step.hearings,
                *(f"{step.cores[part]:.2f}" for part in parts),
                *(f"{step.resident[part] / 1e6:.0f}" for part in parts),
                step.lost,
                f"{step.behind_s:.2f}",
                "yes" if step.carried else "no",
            )
            for step in steps
        ],
    )
    return f"{first}\n\n{second}" if steps else first


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.record", description=__doc__)
    parser.add_argument("--seconds", type=float, default=12, help="length of each measured stretch")
    parser.add_argument("--tracks", default=",".join(map(str, TRACKS)), help="for the recorder alone")
    parser.add_argument("--hearings", default=",".join(map(str, HEARINGS)), help="for the whole hub; may be empty")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tracks = [runner.run(alone(int(word), given.seconds)) for word in given.tracks.split(",") if word]
    hearings = [int(word) for word in given.hearings.split(",") if word]
    steps: list[Step] = []
    if hearings:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            steps = runner.run(hub_steps(hearings, given.seconds))
    print(tables(tracks, steps))
    report.finish(
        "record",
        {
            "alone": [one.figures() for one in tracks],
            "hearings": [
                {
                    "hearings": step.hearings,
                    "cores": {part: round(used, 3) for part, used in step.cores.items()},
                    "resident_mb": {part: round(size / 1e6, 1) for part, size in step.resident.items()},
                    "lost": step.lost,
                    "sent": step.sent,
                    "behind_s": round(step.behind_s, 2),
                    "client_cores": round(step.client_cores, 2),
                }
                for step in steps
            ],
            "most_hearings_carried": max((step.hearings for step in steps if step.carried), default=0),
        },
    )


if __name__ == "__main__":
    main()
