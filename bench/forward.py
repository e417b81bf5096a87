"""``make bench-forward``: one publisher to many subscribers, through the hub and through Janus, by the same client.

Each size is measured several times in turns (hub, Janus, hub, Janus …); medians count, the range is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from bench import cpu, janus, report
from bench.crowd import Crowd, background, begin_checking, join_all, own_cpu_s, stop_sending
from bench.forward_report import summarize
from bench.hub_seats import SignIns, seated
from bench.hub_server import serving as hub_serving
from bench.load.dtls import PROFILES, Identity
from bench.load.peer import Peer, media_packets
from bench.load.publisher import Load, Publisher
from bench.load.wire import Wire
from hub.net import machine_addresses

WARM_UP_S = 2.0
JOIN_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. ``reports``: receivers send RTCP. ``settings`` are the hub's."""

    sizes: tuple[int, ...]
    seconds: float
    address: str
    repeats: int = 3
    servers: tuple[str, ...] = ("hub", "janus")
    profile: str = "SRTP_AEAD_AES_128_GCM"
    samples: int = 3
    joins_at_once: int = 16
    janus_loops: int = 0
    reports: bool = True
    load: Load = Load()
    settings: dict[str, str] = field(default_factory=dict)


def plan(**choices: Any) -> Plan:
    """At the machine's own address: Janus announces no loopback ones; the traffic stays inside all the same."""
    return Plan(address=next((one for one in machine_addresses() if ":" not in one), "127.0.0.1"), **choices)


@dataclass(slots=True)
class Run:
    """One server with one number of subscribers, measured once. Times in seconds unless named otherwise."""

    server: str
    size: int
    sent: int = 0
    forwarded: int = 0
    lost: int = 0
    dropped_by_client: int = 0
    faults: int = 0
    checked: int = 0
    cpu_s: dict[str, float] = field(default_factory=dict)
    """Of the measured stretch, by part; ``media`` are all that touch a packet."""
    window_s: float = 0.0
    delays_ms: list[float] = field(default_factory=list)
    resident: dict[str, int] = field(default_factory=dict)
    """Bytes with everybody in, by part."""
    per_subscriber: float = 0.0
    """Bytes of resident memory of the media parts."""
    joins_per_s: float = 0.0
    join_cpu_ms: float = 0.0
    """Processor time of all parts per join."""
    client_cpu: float = 0.0
    """Cores that the load client used."""

    @property
    def us_per_packet(self) -> float:
        return self.cpu_s["media"] / self.forwarded * 1e6 if self.forwarded else 0.0


@dataclass(slots=True)
class Side:
    """A server that is up with its room or hearing, ready for the publisher and then for subscribers."""

    parts: dict[str, list[int]]
    media: tuple[str, ...]
    publish: Callable[[Peer, Load], Awaitable[Publisher]]
    subscribe: Callable[[Peer, int], Awaitable[None]]

    def cpu(self) -> dict[str, float]:
        return self._with_media({part: cpu.cpu_time(pids).total_s for part, pids in self.parts.items()})

    def resident(self) -> dict[str, float]:
        return self._with_media({part: cpu.resident_bytes(pids) for part, pids in self.parts.items()})

    def _with_media(self, figures: dict[str, float]) -> dict[str, float]:
        return {**figures, "media": sum(figures[part] for part in self.media)}


@asynccontextmanager
async def hub_side(plan: Plan, size: int) -> AsyncIterator[Side]:
    """A hearing that its chair has opened, with everybody admitted."""
    with hub_serving([size], plan.address, settings=plan.settings) as hub:
        booked = hub.hearings[0]
        async with SignIns(hub.address) as sign_ins:
            places = [booked.chair, *booked.points]
            await sign_ins.all(place.username for place in places)
            async with seated(sign_ins, booked.hearing_id, places) as (chair, *points):
                await chair.send("open")
                await chair.event("opened")
                await chair.send("admit")
                await asyncio.gather(*(seat.event("admitted", seat.place.seat_id) for seat in points))
                yield Side(
                    hub.parts,
                    ("worker", "recorder"),
                    chair.publish,
                    lambda peer, number: points[number].subscribe(peer),
                )


@asynccontextmanager
async def janus_side(plan: Plan, _size: int) -> AsyncIterator[Side]:
    with janus.serving(plan.address, event_loops=plan.janus_loops) as daemon:
        async with janus.session(daemon) as api:
            feed = 0

            async def publish(peer: Peer, load: Load) -> Publisher:
                nonlocal feed
                publisher, feed = await api.publish(peer, load, (secrets.randbits(31), secrets.randbits(31)))
                return publisher

            yield Side({"janus": daemon.pids}, ("janus",), publish, lambda peer, _: api.subscribe(peer, feed))


SIDES = {"hub": hub_side, "janus": janus_side}


async def measure(plan: Plan, server: str, size: int) -> Run:
    """Start the server, let everybody join, measure, end it."""
    run = Run(server, size)
    async with SIDES[server](plan, size) as side:
        with Wire() as wire:
            identity, crowd = Identity(plan.profile), Crowd(reports=plan.reports)
            speaker = Peer(wire, identity, plan.address)
            crowd.peers.append(speaker)
            async with background(crowd.run()):
                publisher = await side.publish(speaker, plan.load)
                async with background(publisher.run()):
                    await asyncio.sleep(1)
                    listeners = [Peer(wire, identity, plan.address, checks=n < plan.samples) for n in range(size)]
                    await _join(run, plan, side, crowd, listeners)
                    await _stretch(run, plan, side, publisher, listeners)
            for peer in crowd.peers:
                peer.close()
    return run


async def _join(run: Run, plan: Plan, side: Side, crowd: Crowd, listeners: list[Peer]) -> None:
    before, cpu_before = side.resident()["media"], side.cpu()
    crowd.peers += listeners
    took_s = await join_all(
        listeners, lambda number: side.subscribe(listeners[number], number), plan.joins_at_once, JOIN_LIMIT_S
    )
    used = sum(seconds - cpu_before[part] for part, seconds in side.cpu().items() if part != "media")
    run.joins_per_s, run.join_cpu_ms = len(listeners) / took_s, used / len(listeners) * 1000
    await asyncio.sleep(WARM_UP_S)
    run.resident = {part: int(size) for part, size in side.resident().items()}
    run.per_subscriber = (run.resident["media"] - before) / len(listeners)


async def _stretch(run: Run, plan: Plan, side: Side, publisher: Publisher, listeners: list[Peer]) -> None:
    """Begins and ends with nothing on its way, so that every packet sent in between is accounted for."""
    await stop_sending([publisher])
    begin_checking(listeners)
    sent, received = publisher.sent, media_packets(listeners)
    before, client, began = side.cpu(), own_cpu_s(), time.monotonic()
    publisher.running.set()
    await asyncio.sleep(plan.seconds)
    publisher.running.clear()
    run.window_s = time.monotonic() - began
    run.client_cpu = (own_cpu_s() - client) / run.window_s
    await stop_sending([publisher])
    run.cpu_s = {part: seconds - before[part] for part, seconds in side.cpu().items()}
    run.sent = publisher.sent - sent
    run.forwarded = media_packets(listeners) - received
    run.lost = run.sent * len(listeners) - run.forwarded
    run.dropped_by_client = sum(peer.dropped for peer in listeners)
    for peer in listeners:
        run.faults += peer.forged
        for checked in peer.checked.values():
            run.faults += checked.faults
            run.checked += checked.packets
            run.delays_ms += [delay / 1e6 for delay in checked.delays_ns]


def measure_all(plan: Plan) -> list[Run]:
    runs = []
    for size in plan.sizes:
        for _ in range(plan.repeats):
            for server in plan.servers:
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    run = runner.run(measure(plan, server, size))
                runs.append(run)
                print(
                    f"{server:>6} {size:>4}: {run.us_per_packet:6.2f} µs/packet, lost {run.lost},"
                    f" delay p99 {report.percentile(run.delays_ms, 0.99):.2f} ms,"
                    f" client {run.client_cpu:.2f} cores",
                    flush=True,
                )
    return runs


def arguments() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.forward", description=__doc__)
    parser.add_argument("--sizes", default="20,60,150", help="numbers of subscribers")
    parser.add_argument("--seconds", type=float, default=10, help="length of each measured stretch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--hub-only", action="store_true", help="without Janus")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="SRTP_AEAD_AES_128_GCM")
    parser.add_argument("--samples", type=int, default=3, help="subscribers that decrypt and check every packet")
    parser.add_argument("--joins-at-once", type=int, default=16)
    parser.add_argument("--janus-loops", type=int, default=0, help="Janus's event_loops; 0: a thread per connection")
    parser.add_argument("--set", action="append", default=[], metavar="HUB_NAME=VALUE", help="a setting of the hub")
    given = parser.parse_args()
    return plan(
        sizes=tuple(int(size) for size in given.sizes.split(",")),
        seconds=given.seconds,
        repeats=given.repeats,
        servers=("hub",) if given.hub_only else ("hub", "janus"),
        profile=given.profile,
        samples=given.samples,
        joins_at_once=given.joins_at_once,
        janus_loops=given.janus_loops,
        settings=dict(pair.split("=", 1) for pair in given.set),
    )


def main() -> None:
    chosen = arguments()
    runs = measure_all(chosen)
    text, figures = summarize(runs)
    print(text)
    circumstances = {"profile": chosen.profile, "seconds": chosen.seconds, "repeats": chosen.repeats}
    report.finish("forward", {**figures, **circumstances})


if __name__ == "__main__":
    main()
