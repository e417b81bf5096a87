"""``make bench-scale``: how processor time and memory grow with subscribers, and with hearings; drawn as SVG.

One hub for each of the two: people join, a stretch is measured, more join. Every chair sends 720p at 1.1 Mbit/s and
sound, 175 packets a second.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench import cpu, report
from bench.crowd import Crowd, background, join_all, own_cpu_s, stop_sending
from bench.hub_seats import Seat, SignIns, close_seats, open_seat
from bench.hub_server import Hub, serving
from bench.load.dtls import Identity
from bench.load.peer import Peer, media_packets
from bench.load.publisher import Publisher
from bench.load.wire import Wire
from bench.plot import Chart, page
from bench.province_points import SPEAKING, camera
from bench.world import Booked
from hub.net import machine_addresses

SUBSCRIBERS = (10, 25, 50, 100, 150, 200, 250, 300, 350, 400)
MOST_POINTS = 200
"""In one hearing; more subscribers are spread over several."""
HEARINGS = (1, 2, 5, 10, 15, 20)
POINTS_EACH = 5
JOINS_AT_ONCE, JOIN_LIMIT_S, SETTLE_S = 16, 180.0, 2.0
DRAWING = Path(__file__).parents[1] / "docs" / "performance-scale.svg"


@dataclass(slots=True)
class Step:
    """One stretch; cores and bytes by part."""

    hearings: int
    subscribers: int
    cores: dict[str, float]
    resident: dict[str, int]
    packets_per_s: float
    lost: int
    client_cores: float


@dataclass(slots=True)
class Growth:
    """What is there so far on one hub."""

    hub: Hub
    sign_ins: SignIns
    wire: Wire
    crowd: Crowd
    identity: Identity
    address: str
    seconds: float
    seats: list[Seat] = field(default_factory=list)
    publishers: list[Publisher] = field(default_factory=list)
    listeners: dict[str, list[Peer]] = field(default_factory=dict)
    """By hearing."""
    waiting: dict[str, list[Seat]] = field(default_factory=dict)
    """Points that are admitted and do not subscribe yet."""
    _sending: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, booked: Booked) -> None:
        """The chair opens and sends; all points are let in."""
        await self.sign_ins.all([booked.chair.username, *(place.username for place in booked.points)])
        chair = await open_seat(self.sign_ins, booked.hearing_id, booked.chair)
        points = [await open_seat(self.sign_ins, booked.hearing_id, place) for place in booked.points]
        self.seats += [chair, *points]
        await asyncio.gather(*(seat.join() for seat in (chair, *points)))
        await chair.send("open")
        await chair.event("opened")
        await chair.send("admit")
        await asyncio.gather(*(seat.event("admitted", seat.place.seat_id) for seat in points))
        publisher = await chair.publish(self._peer(), camera(SPEAKING), len(self.publishers))
        self.publishers.append(publisher)
        self._sending.append(asyncio.create_task(publisher.run()))
        self.waiting[booked.hearing_id], self.listeners[booked.hearing_id] = points, []

    def _peer(self) -> Peer:
        peer = Peer(self.wire, self.identity, self.address)
        self.crowd.peers.append(peer)
        return peer

    async def subscribe(self, more: int) -> None:
        """So many of those who wait, hearing by hearing."""
        joining: list[tuple[Seat, Peer]] = []
        for hearing_id, waiting in self.waiting.items():
            while waiting and len(joining) < more:
                peer = self._peer()
                joining.append((waiting.pop(0), peer))
                self.listeners[hearing_id].append(peer)
        await join_all(
            [peer for _, peer in joining], lambda n: joining[n][0].subscribe(joining[n][1]), JOINS_AT_ONCE, JOIN_LIMIT_S
        )

    async def measure(self) -> Step:
        await asyncio.sleep(SETTLE_S)
        groups = list(self.listeners.values())
        listeners = [peer for group in groups for peer in group]
        await stop_sending(self.publishers)
        sent, received = [one.sent for one in self.publishers], media_packets(listeners)
        before, client, began = self._cpu(), own_cpu_s(), time.monotonic()
        for publisher in self.publishers:
            publisher.running.set()
        await asyncio.sleep(self.seconds)
        took_s = time.monotonic() - began
        client_cores = (own_cpu_s() - client) / took_s
        await stop_sending(self.publishers)
        cores = {part: (used - before[part]) / took_s for part, used in self._cpu().items()}
        forwarded = media_packets(listeners) - received
        wanted = sum(
            (now.sent - then) * len(group) for now, then, group in zip(self.publishers, sent, groups, strict=True)
        )
        resident = {part: cpu.resident_bytes(pids) for part, pids in self.hub.parts.items()}
        for publisher in self.publishers:
            publisher.running.set()
        return Step(len(groups), len(listeners), cores, resident, forwarded / took_s, wanted - forwarded, client_cores)

    def _cpu(self) -> dict[str, float]:
        return {part: cpu.cpu_time(pids).total_s for part, pids in self.hub.parts.items()}

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await close_seats(self.seats)
        for peer in self.crowd.peers:
            peer.close()


async def grow(sizes: Sequence[int], steps: Sequence[tuple[int, int]], seconds: float) -> list[Step]:
    """``sizes`` are the points of the hearings booked; ``steps`` say how many are open and subscribe in all."""
    address = next((one for one in machine_addresses() if ":" not in one), "127.0.0.1")
    measured: list[Step] = []
    with serving(sizes, address) as hub:
        async with SignIns(hub.address) as sign_ins:
            with Wire() as wire:
                growth = Growth(hub, sign_ins, wire, Crowd(), Identity("SRTP_AEAD_AES_128_GCM"), address, seconds)
                try:
                    async with background(growth.crowd.run()):
                        for hearings, subscribers in steps:
                            for booked in hub.hearings[len(growth.listeners) : hearings]:
                                await growth.open(booked)
                            there = sum(map(len, growth.listeners.values()))
                            await growth.subscribe(subscribers - there)
                            measured.append(await growth.measure())
                            print(_row(measured[-1]), flush=True)
                finally:
                    await growth.close()
    return measured


def _row(step: Step) -> str:
    cores = ", ".join(f"{part} {used:.2f}" for part, used in step.cores.items())
    return (
        f"{step.hearings:>3} hearings, {step.subscribers:>4} subscribers: {cores} cores,"
        f" {step.packets_per_s:,.0f} packets/s, lost {step.lost}, client {step.client_cores:.2f} cores"
    )


def drawing(by_subscribers: Sequence[Step], by_hearings: Sequence[Step]) -> str:
    """Four charts: cores and memory over subscribers, and over hearings."""

    def cores(steps: Sequence[Step], x: str) -> list[tuple[str, list[tuple[float, float]]]]:
        return [(part, [(getattr(s, x), s.cores[part]) for s in steps]) for part in ("worker", "recorder", "web")]

    def memory(steps: Sequence[Step], x: str) -> list[tuple[str, list[tuple[float, float]]]]:
        return [
            (part, [(getattr(s, x), s.resident[part] / 1e6) for s in steps]) for part in ("worker", "recorder", "web")
        ]

    return page(
        [
            Chart("Processor time by subscribers", "subscribers", "cores", cores(by_subscribers, "subscribers")),
            Chart("Memory by subscribers", "subscribers", "resident MB", memory(by_subscribers, "subscribers")),
            Chart("Processor time by hearings", "hearings of five points", "cores", cores(by_hearings, "hearings")),
            Chart("Memory by hearings", "hearings of five points", "resident MB", memory(by_hearings, "hearings")),
        ]
    )


def table(steps: Sequence[Step]) -> str:
    parts = ("worker", "recorder", "web")
    heads = (
        "hearings",
        "subscribers",
        *(f"{p} cores" for p in parts),
        *(f"{p} MB" for p in parts),
        "packets/s",
        "lost",
    )
    return report.table(
        heads,
        [
            (
                step.hearings,
                step.subscribers,
                *(f"{step.cores[part]:.3f}" for part in parts),
                *(f"{step.resident[part] / 1e6:.0f}" for part in parts),
                f"{step.packets_per_s:,.0f}",
                step.lost,
            )
            for step in steps
        ],
    )


def figures(steps: Sequence[Step]) -> list[dict[str, object]]:
    return [
        {
            "hearings": step.hearings,
            "subscribers": step.subscribers,
            "cores": {part: round(used, 3) for part, used in step.cores.items()},
            "resident_mb": {part: round(size / 1e6, 1) for part, size in step.resident.items()},
            "packets_per_s": round(step.packets_per_s),
            "lost_packets": step.lost,
            "client_cores": round(step.client_cores, 2),
        }
        for step in steps
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="length of each measured stretch")
    parser.add_argument("--subscribers", default=",".join(map(str, SUBSCRIBERS)))
    parser.add_argument("--hearings", default=",".join(map(str, HEARINGS)))
    parser.add_argument("--drawing", type=Path, default=DRAWING, help="where the SVG goes")
    given = parser.parse_args()
    subscribers = [int(word) for word in given.subscribers.split(",")]
    hearings = [int(word) for word in given.hearings.split(",")]
    sizes = [min(MOST_POINTS, max(subscribers) - begun) for begun in range(0, max(subscribers), MOST_POINTS)]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        grown = runner.run(grow(sizes, [(-(-n // MOST_POINTS), n) for n in subscribers], given.seconds))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        spread = runner.run(
            grow([POINTS_EACH] * max(hearings), [(n, n * POINTS_EACH) for n in hearings], given.seconds)
        )
    print(table(grown), table(spread), sep="\n\n")
    given.drawing.write_text(drawing(grown, spread))
    report.finish("scale", {"by_subscribers": figures(grown), "by_hearings": figures(spread)})


if __name__ == "__main__":
    main()
