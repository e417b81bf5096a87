"""Addresses that change under a browser, and ICE restarts, with a real browser: how long media is away."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from hub.config import Config
from signaling.media import control
from tests.integration.test_media_chromium import TRIES, decodes, stage
from tests.support.media_chromium import Seat
from tests.support.nat_relay import NatRelay

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e]

MOST_S = 1.0
"""Longer than this without media is not to be borne."""


async def test_media_follows_a_new_address_without_waiting_for_a_check(config: Config) -> None:
    """A router forgets its table in mid-stream. The browser's next check would tell, but that is seconds away."""
    async with stage(config, ("127.0.0.1",)) as (worker, opened):
        target = ("127.0.0.1", (await worker.state()).udp_port)
        async with NatRelay(target) as up, NatRelay(target) as down:
            chair = Seat(opened, worker, "h1", "chair", up.bend)
            commune = Seat(opened, worker, "h1", "commune", down.bend)
            tracks = await chair.publish(320, 180)
            await commune.publish(320, 180)
            await commune.subscribe(list(tracks.values()))
            await decodes(commune, 30)
            gaps_s: dict[str, list[float]] = {"of who sends": [], "of who sends and receives": []}
            for (name, found), relay in zip(gaps_s.items(), (up, down), strict=True):
                # A machine that stands still for a second looks the same: what is asked is whether media follows.
                while len(found) < TRIES and (not found or found[-1] >= MOST_S):
                    relay.hold_checks()
                    began = time.monotonic()
                    relay.rebind()
                    await asyncio.sleep(2)
                    found.append(round(down.longest_gap_s(began), 3))
                    relay.let_checks()
                    await decodes(commune, 10)
                assert found[-1] < MOST_S, f"{name}: {found}"
            sys.stdout.write(f"\nwithout media after a new address: {gaps_s} s\n")
            await commune.close()


async def test_an_ice_restart_of_either_side_leads_around_a_dead_way(config: Config) -> None:
    async with stage(config, ("127.0.0.1",)) as (worker, opened):
        target = ("127.0.0.1", (await worker.state()).udp_port)
        async with NatRelay(target) as old, NatRelay(target) as new:
            ways = {"now": old}

            def bend(sdp: str) -> str:
                return ways["now"].bend(sdp)

            chair = Seat(opened, worker, "h1", "chair", bend)
            commune = Seat(opened, worker, "h1", "commune", bend)
            tracks = await chair.publish(320, 180)
            await commune.subscribe(list(tracks.values()))
            await decodes(commune, 30)
            took_s: list[float] = []
            dead, living = old, new
            while len(took_s) < TRIES and (not took_s or took_s[-1] >= MOST_S):
                dead.blocked, living.blocked, ways["now"] = True, False, living
                began = time.monotonic()
                assert await chair.restart_ice() == tracks
                await worker.call(control.Subscribe(router_id="h1", peer_id="commune", generation=1, restart=True))
                took_s.append(round(await first_media(living, began) - began, 3))
                await decodes(commune, 30)
                dead, living = living, dead
            sys.stdout.write(f"\nwithout media during an ICE restart of both sides: {took_s} s\n")
            assert took_s[-1] < MOST_S, took_s
            await commune.close()


async def first_media(relay: NatRelay, began: float) -> float:
    """When media left for a browser this way, after ``began``."""
    while not relay.media_down or relay.media_down[-1] <= began:
        assert time.monotonic() - began < 60
        await asyncio.sleep(0.01)
    return next(at for at in relay.media_down if at > began)
