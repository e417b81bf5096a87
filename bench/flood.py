"""``make bench-flood``: a hearing of twenty points while strangers flood the media port with junk.

One stretch without a flood, then one for each kind of junk: what the hearing lost, how late its packets came, what the
worker used, and what the kernel had to drop before the worker could look at it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import cpu, report
from bench.crowd import Crowd, background, begin_checking, stop_sending
from bench.flooder import KINDS
from bench.hub_seats import Seat, SignIns, close_seats, open_seat
from bench.hub_server import Hub, serving
from bench.load import sdp
from bench.load.dtls import Identity
from bench.load.peer import Peer
from bench.load.publisher import Load, Publisher
from bench.load.wire import Wire
from bench.world import Booked
from hub.net import machine_addresses

WARM_UP_S = 3.0
LEAD_S = 0.5
"""The flood begins so long before the measured stretch, and ends after it."""
CAMERA = Load(pictures_per_s=25, packets_per_picture=5, packet_bytes=1100, keyframe_packets=20)


@dataclass(frozen=True, slots=True)
class Plan:
    points: int
    publishers: int
    seconds: float
    rate: float
    kinds: tuple[str, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Stretch:
    kind: str
    flood_per_s: float
    worker_cores: float
    received: int
    lost: int
    """Packets that a publisher sent and a point never had, repeats counted."""
    kernel_drops: int
    forged: int
    """Media that points got and that the worker cannot have protected."""
    delays_ms: tuple[float, ...]

    def figures(self) -> dict[str, object]:
        return {
            "flood": self.kind,
            "flood_packets_per_s": round(self.flood_per_s),
            "worker_cores": round(self.worker_cores, 3),
            "received": self.received,
            "lost": self.lost,
            "kernel_drops": self.kernel_drops,
            "forged": self.forged,
            "delay_ms": {name: round(report.percentile(self.delays_ms, share), 2) for name, share in SHARES},
        }


SHARES = (("median", 0.5), ("p99", 0.99), ("worst", 1.0))


class Hearing:
    """Everybody receives, and checks, what the chair and some points send."""

    def __init__(self, sign_ins: SignIns, booked: Booked, crowd: Crowd, wire: Wire, address: str) -> None:
        self.publishers: list[Publisher] = []
        self.listeners: list[Peer] = []
        self.seats: list[Seat] = []
        self._sign_ins, self._booked, self._crowd = sign_ins, booked, crowd
        self._wire, self._address, self._identity = wire, address, Identity("SRTP_AEAD_AES_128_GCM")
        self._sending: list[asyncio.Task[None]] = []

    def _peer(self, *, checks: bool) -> Peer:
        peer = Peer(self._wire, self._identity, self._address, checks=checks)
        self._crowd.peers.append(peer)
        return peer

    async def begin(self, publishers: int) -> None:
        """The chair opens and lets everybody in; all receive, ``publishers`` points and the chair send."""
        places = [self._booked.chair, *self._booked.points]
        self.seats = [await open_seat(self._sign_ins, self._booked.hearing_id, place) for place in places]
        chair, *points = self.seats
        await asyncio.gather(*(seat.join() for seat in self.seats))
        await chair.send("open")
        await chair.event("opened")
        await chair.send("set_publishing", policy="all")
        await chair.send("admit")
        await asyncio.gather(*(seat.event("admitted", seat.place.seat_id) for seat in points))
        for who, seat in enumerate([chair, *points[:publishers]]):
            publisher = await seat.publish(self._peer(checks=False), CAMERA, who)
            self.publishers.append(publisher)
            self._sending.append(asyncio.create_task(publisher.run()))
        for seat in points:
            self.listeners.append(self._peer(checks=True))
            await seat.subscribe(self.listeners[-1])
        await asyncio.gather(*(asyncio.wait_for(peer.connected.wait(), 30) for peer in self.listeners))

    @property
    def server(self) -> sdp.Remote:
        """How the worker describes itself to a point."""
        found = self.seats[1].offer
        assert found is not None
        return found

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await close_seats(self.seats)
        for peer in self._crowd.peers:
            peer.close()


async def run(plan: Plan) -> list[Stretch]:
    with serving([plan.points], plan.address) as hub:
        async with SignIns(hub.address) as sign_ins:
            booked = hub.hearings[0]
            await sign_ins.all([booked.chair.username, *(place.username for place in booked.points)])
            with Wire() as wire:
                crowd = Crowd()
                hearing = Hearing(sign_ins, booked, crowd, wire, plan.address)
                try:
                    async with background(crowd.run()):
                        await hearing.begin(plan.publishers)
                        await asyncio.sleep(WARM_UP_S)
                        return [await _stretch(plan, hub, hearing, kind) for kind in ("none", *plan.kinds)]
                finally:
                    await hearing.close()


async def _stretch(plan: Plan, hub: Hub, hearing: Hearing, kind: str) -> Stretch:
    port = hearing.server.address[1]
    await stop_sending(hearing.publishers)
    begin_checking(hearing.listeners)
    flooder = None if kind == "none" else await _begin_flood(plan, hearing, kind)
    await asyncio.sleep(LEAD_S)
    used, drops, began = cpu.cpu_time(hub.parts["worker"]), kernel_drops(port), time.monotonic()
    for publisher in hearing.publishers:
        publisher.running.set()
    await asyncio.sleep(plan.seconds)
    took_s = time.monotonic() - began
    spent = cpu.cpu_time(hub.parts["worker"]) - used
    await stop_sending(hearing.publishers)
    flooded = 0 if flooder is None else int((await flooder.communicate())[0])
    checked = [one for peer in hearing.listeners for one in peer.checked.values()]
    stretch = Stretch(
        kind=kind,
        flood_per_s=flooded / _flood_s(plan),
        worker_cores=spent.total_s / took_s,
        received=sum(one.packets for one in checked),
        lost=sum(len(one.holes) for one in checked),
        kernel_drops=kernel_drops(port) - drops,
        forged=sum(peer.forged for peer in hearing.listeners),
        delays_ms=tuple(delay / 1e6 for one in checked for delay in one.delays_ns),
    )
    for publisher in hearing.publishers:
        publisher.running.set()
    print("  ".join(map(str, _row(stretch))), flush=True)
    return stretch


async def _begin_flood(plan: Plan, hearing: Hearing, kind: str) -> asyncio.subprocess.Process:
    host, port = hearing.server.address
    video = hearing.publishers[0].video
    assert video is not None
    said = ("--ufrag", hearing.server.ufrag, "--ssrc", str(video.numbers.ssrc), "--kind", kind)
    pace = ("--rate", str(plan.rate), "--seconds", str(_flood_s(plan)))
    command = (sys.executable, "-m", "bench.flooder", host, str(port), *said, *pace)
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


def _flood_s(plan: Plan) -> float:
    return plan.seconds + 2 * LEAD_S


def kernel_drops(port: int) -> int:
    """Datagrams that found the port's receive buffers full: the last column of /proc/net/udp."""
    found = 0
    for table in ("udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                found += int(fields[-1])
    return found


def _row(stretch: Stretch) -> tuple[object, ...]:
    return (
        stretch.kind,
        f"{stretch.flood_per_s:,.0f}",
        f"{stretch.worker_cores:.2f}",
        f"{stretch.received:,}",
        f"{stretch.lost / max(1, stretch.lost + stretch.received):.3%}",
        stretch.kernel_drops,
        stretch.forged,
        *(f"{report.percentile(stretch.delays_ms, part):.1f}" for _, part in SHARES),
    )


def table(stretches: Sequence[Stretch]) -> str:
    heads = ("flood", "packets/s", "worker cores", "received", "lost", "kernel drops", "forged")
    return report.table((*heads, *(f"{name} ms" for name, _ in SHARES)), [_row(each) for each in stretches])


def arguments() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--publishers", type=int, default=3, help="points that send sound and picture")
    parser.add_argument("--seconds", type=float, default=8, help="length of each stretch")
    parser.add_argument("--rate", type=float, default=20_000, help="junk datagrams a second")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which kinds of junk, comma-separated")
    given = parser.parse_args()
    address = next((one for one in machine_addresses() if ":" not in one), "127.0.0.1")
    kinds = tuple(given.kinds.split(","))
    return Plan(given.points, given.publishers, given.seconds, given.rate, kinds, address)


def main() -> None:
    plan = arguments()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        stretches = runner.run(run(plan))
    print(table(stretches))
    report.finish("flood", {"points": plan.points, "stretches": [each.figures() for each in stretches]})


if __name__ == "__main__":
    main()
