"""``make bench-resume``: the media worker of a whole province is killed, again and again.

197 points, ten of which publish. Measured from the SIGKILL: when each point has a whole keyframe of the chair again,
through the new worker, after it has negotiated anew as the page does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import time
from dataclasses import dataclass

import uvloop

from bench import cpu, report
from bench.crowd import Crowd, background, own_cpu_s
from bench.hub_seats import SignIns
from bench.hub_server import Hub, serving
from bench.load.dtls import Identity
from bench.load.wire import Wire
from bench.province_points import Hall
from hub.net import machine_addresses

STEADY_S = 5.0
"""Between two deaths; the hub also waits longer each time when a worker dies soon after its start."""
PERCENTILES = (0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    points: int
    publishers: int
    kills: int
    address: str


@dataclass(frozen=True, slots=True)
class Death:
    """Seconds after the kill until all were told of another worker, and until each point had a picture."""

    told_s: float
    points_s: list[float]
    cpu_s: dict[str, float]
    """What it cost, by part of the hub, and the load client."""


async def run(plan: Plan) -> list[Death]:
    with serving([plan.points], plan.address, own_accounts=True, settings={"HUB_MEDIA_LAST_N": "2"}) as hub:
        async with SignIns(hub.address) as sign_ins:
            booked = hub.hearings[0]
            await sign_ins.all([booked.chair.username, *(place.username for place in booked.points)])
            with Wire() as wire:
                crowd = Crowd()
                hall = Hall(sign_ins, booked, crowd, wire, Identity("SRTP_AEAD_AES_128_GCM"), plan.address)
                try:
                    async with background(crowd.run()):
                        return await _hold(plan, hub, hall)
                finally:
                    await hall.close()


async def _hold(plan: Plan, hub: Hub, hall: Hall) -> list[Death]:
    await hall.open_by_chair()
    await hall.let_in(plan.publishers, samples=0)
    await hall.let_speak()
    deaths = []
    for number in range(1, plan.kills + 1):
        await asyncio.sleep(STEADY_S)
        deaths.append(await _kill(hub, hall, number))
        worst = report.percentile(deaths[-1].points_s, 1.0)
        print(f"told after {deaths[-1].told_s:.2f} s, all {plan.points} see again after {worst:.2f} s", flush=True)
    return deaths


async def _kill(hub: Hub, hall: Hall, number: int) -> Death:
    parts = hub.process.children()
    web, client, killed_at = cpu.cpu_time(parts["web"]).total_s, own_cpu_s(), time.monotonic()
    for pid in parts["worker"]:
        os.kill(pid, signal.SIGKILL)
    told = asyncio.create_task(hall.all_told(number))
    await hall.come_back(number)
    parts = hub.process.children()
    spent = {
        "web": cpu.cpu_time(parts["web"]).total_s - web,
        "worker": cpu.cpu_time(parts["worker"]).total_s,
        "client": own_cpu_s() - client,
    }
    return Death(await told - killed_at, [point.in_at - killed_at for point in hall.points], spent)


def arguments() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.resume", description=__doc__)
    parser.add_argument("--points", type=int, default=197)
    parser.add_argument("--publishers", type=int, default=10, help="points that send sound and picture")
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args()
    address = next((one for one in machine_addresses() if ":" not in one), "127.0.0.1")
    return Plan(given.points, given.publishers, given.kills, address)


def main() -> None:
    plan = arguments()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        deaths = runner.run(run(plan))
    spans = {f"p{round(share * 100)}_s": share for share in PERCENTILES}
    rows = [
        [f"{number}", f"{death.told_s:.2f}", *(f"{report.percentile(death.points_s, p):.2f}" for p in PERCENTILES)]
        + [f"{seconds:.2f}" for seconds in death.cpu_s.values()]
        for number, death in enumerate(deaths, start=1)
    ]
    print(report.table(["death", "told, s", *spans, *(f"{part} CPU, s" for part in deaths[0].cpu_s)], rows))
    seen = [seconds for death in deaths for seconds in death.points_s]
    figures = {name: round(report.percentile(seen, share), 3) for name, share in spans.items()}
    report.finish("resume", {"points": plan.points, "kills": plan.kills, **figures})


if __name__ == "__main__":
    main()
