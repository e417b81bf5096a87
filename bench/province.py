"""``make bench-province``: every commune of a province in one hearing, through sign-in, WebSocket and media.

197 points, ten of which publish; each receives the chair's and the floor's picture and up to three voices. Measured:
how long until all are in, what a steady stretch costs and loses, and how long the floor takes to pass for everyone.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from bench import cpu, province_report, report
from bench.crowd import Crowd, background, begin_checking, own_cpu_s, stop_sending
from bench.hub_seats import SignIns
from bench.hub_server import Hub, serving
from bench.load.dtls import Identity
from bench.load.wire import Wire
from bench.province_points import Hall, Noise, Pass
from hub.net import machine_addresses

BETWEEN_PASSES_S = 1.5
PASS_LIMIT_S = 15.0
WARM_UP_S = 3.0


@dataclass(frozen=True, slots=True)
class Plan:
    points: int
    publishers: int
    seconds: float
    passes: int
    samples: int
    address: str
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """Everything measured; times in seconds unless named otherwise, loss in packets."""

    sign_in_s: float = 0.0
    all_in_s: float = 0.0
    in_after_s: list[float] = field(default_factory=list)
    """Each point's own time from the beginning of the rush to its first whole keyframe."""
    join_cpu_s: dict[str, float] = field(default_factory=dict)
    window_s: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    resident: dict[str, int] = field(default_factory=dict)
    client_cores: float = 0.0
    video_expected: int = 0
    video_lost: int = 0
    audio_expected: int = 0
    audio_lost: int = 0
    forwarded: int = 0
    checked: int = 0
    faults: int = 0
    dropped_by_client: int = 0
    delays_ms: list[float] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    offers_during_passes: int = 0
    pictures_limited: int = 0


async def run(plan: Plan) -> Outcome:
    outcome = Outcome()
    with serving([plan.points], plan.address, own_accounts=True, settings=plan.settings) as hub:
        async with SignIns(hub.address) as sign_ins:
            booked = hub.hearings[0]
            began = time.monotonic()
            await sign_ins.all([booked.chair.username, *(place.username for place in booked.points)])
            outcome.sign_in_s = time.monotonic() - began
            print(f"signed in after {outcome.sign_in_s:.1f} s", flush=True)
            with Wire() as wire:
                crowd = Crowd()
                hall = Hall(sign_ins, booked, crowd, wire, Identity("SRTP_AEAD_AES_128_GCM"), plan.address)
                try:
                    async with background(crowd.run()):
                        await _hold(plan, hub, hall, outcome)
                finally:
                    await hall.close()
    return outcome


async def _hold(plan: Plan, hub: Hub, hall: Hall, outcome: Outcome) -> None:
    """The hearing itself: open, let everybody in, be steady, pass the floor."""
    await hall.open_by_chair()
    before, began = _cpu(hub), time.monotonic()
    await hall.let_in(plan.publishers, plan.samples)
    outcome.all_in_s = time.monotonic() - began
    outcome.in_after_s = [point.in_at - began for point in hall.points]
    outcome.join_cpu_s = _spent(hub, before)
    print(f"all {plan.points} in after {outcome.all_in_s:.1f} s", flush=True)
    await hall.let_speak()
    first = await hall.pass_floor(hall.speakers[0], PASS_LIMIT_S)
    print(f"{len(hall.speakers)} speak, the floor came after {first.everybody_ms:.0f} ms", flush=True)
    await asyncio.sleep(WARM_UP_S)
    async with background(Noise(hall).run()):
        await _steady(plan, hub, hall, outcome)
    used = ", ".join(f"{part} {seconds / outcome.window_s:.2f}" for part, seconds in outcome.cpu_s.items())
    print(
        f"steady: lost {outcome.video_lost} packets of pictures, {outcome.audio_lost} of sound,"
        f" {outcome.dropped_by_client} of them by the client; {used}, client {outcome.client_cores:.2f} cores",
        flush=True,
    )
    offers = hall.offers
    for n in range(plan.passes):
        speaker = hall.speakers[(n + 1) % len(hall.speakers)]
        outcome.passes.append(await hall.pass_floor(speaker, PASS_LIMIT_S))
        print(f"floor: {outcome.passes[-1].everybody_ms:.0f} ms", flush=True)
        await asyncio.sleep(BETWEEN_PASSES_S)
    outcome.offers_during_passes = hall.offers - offers
    outcome.pictures_limited = hall.limited


async def _steady(plan: Plan, hub: Hub, hall: Hall, outcome: Outcome) -> None:
    """Chair and floor on every screen, nobody comes or goes."""
    await stop_sending(hall.publishers)
    listeners = [point.peer for point in hall.points]
    begin_checking(listeners)
    hall.mark()
    before, client, began = _cpu(hub), own_cpu_s(), time.monotonic()
    for publisher in hall.publishers:
        publisher.running.set()
    await asyncio.sleep(plan.seconds)
    outcome.window_s = time.monotonic() - began
    outcome.client_cores = (own_cpu_s() - client) / outcome.window_s
    await stop_sending(hall.publishers)
    outcome.cpu_s = _spent(hub, before)
    outcome.resident = {part: cpu.resident_bytes(pids) for part, pids in hub.parts.items()}
    tally = hall.tally()
    outcome.video_expected, outcome.video_lost = tally.video_expected, tally.video_lost
    outcome.audio_expected, outcome.audio_lost = tally.audio_expected, tally.audio_lost
    outcome.forwarded = tally.forwarded
    outcome.dropped_by_client = sum(peer.dropped for peer in listeners)
    for peer in listeners:
        outcome.faults += peer.forged
        for checked in peer.checked.values():
            outcome.checked += checked.packets
            outcome.faults += checked.faults
            outcome.delays_ms += [delay / 1e6 for delay in checked.delays_ns]
    for publisher in hall.publishers:
        publisher.running.set()


def _cpu(hub: Hub) -> dict[str, float]:
    return {part: cpu.cpu_time(pids).total_s for part, pids in hub.parts.items()}


def _spent(hub: Hub, before: dict[str, float]) -> dict[str, float]:
    return {part: seconds - before[part] for part, seconds in _cpu(hub).items()}


def arguments() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.province", description=__doc__)
    parser.add_argument("--points", type=int, default=197)
    parser.add_argument("--publishers", type=int, default=10, help="points that send sound and picture")
    parser.add_argument("--seconds", type=float, default=30, help="length of the steady stretch")
    parser.add_argument("--passes", type=int, default=20, help="times the floor passes")
    parser.add_argument("--samples", type=int, default=5, help="points that decrypt and check every packet")
    parser.add_argument("--set", action="append", default=[], metavar="HUB_NAME=VALUE", help="a setting of the hub")
    given = parser.parse_args()
    return Plan(
        points=given.points,
        publishers=given.publishers,
        seconds=given.seconds,
        passes=given.passes,
        samples=given.samples,
        address=next((one for one in machine_addresses() if ":" not in one), "127.0.0.1"),
        # Two pictures for each: the floor's and the chair's.
        settings={"HUB_MEDIA_LAST_N": "2", **dict(pair.split("=", 1) for pair in given.set)},
    )


def main() -> None:
    plan = arguments()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(run(plan))
    text, figures = province_report.summarize(outcome, points=plan.points)
    print(text)
    report.finish("province", figures)


if __name__ == "__main__":
    main()
