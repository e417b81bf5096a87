"""Who goes leaves nothing behind: after many have come and gone, a worker keeps what it kept before."""

from __future__ import annotations

import asyncio

import pytest

from hub.config import Config
from signaling.media import control
from tests.support.media import Worker
from tests.support.raw_seat import Hall, hall, packet, send

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(90)]

ROUNDS = 4
UNSTEADY = frozenset({"blocks", "tasks", "tap_waiting"})
"""Tasks come and go with the control socket's requests."""


async def kept(hall: Hall) -> dict[str, int]:
    state = await hall.worker.call(control.AskState(kept=True))
    return {name: size for name, size in state.kept.items() if name not in UNSTEADY}


async def come_and_go(hall: Hall, number: int) -> None:
    """One publishes and speaks, one receives; they leave by their browsers' word, the hub's, or none at all."""
    tracks = [("0", "audio", 10 + number), ("1", "video", 2000 + number)]
    names = f"sender-{number}", f"receiver-{number}"
    sender, published = await hall.publish(names[0], tracks, {"0": "microphone", "1": "camera"}, generation=number + 1)
    receiver = await hall.watch(names[1], [one.producer_id for one in published.producers])
    loud = {1: bytes([0x80 | 10])}
    await send(sender, [packet("audio", 10 + number, n, 1, loud) for n in range(20)])
    await send(sender, [packet("video", 2000 + number, n, 1) for n in range(5)])
    assert (await kept(hall))["fragments"] == 2
    for name in names:
        if number % 2:
            await hall.worker.call(control.ClosePeer(router_id="h1", peer_id=name))
    for peer in (sender, receiver):
        hall.crowd.peers.remove(peer)
        peer.close()
    if not number % 2:
        for name in names:
            await hall.worker.call(control.ClosePeer(router_id="h1", peer_id=name))
    await asyncio.sleep(0.3)


async def test_nothing_is_kept_of_who_has_gone(config: Config) -> None:
    async with Worker(config) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        async with hall(worker) as made:
            before = await kept(made)
            for number in range(ROUNDS):
                await come_and_go(made, number)
            assert await kept(made) == before
            await worker.call(control.CloseRouter(router_id="h1"))
            assert (await worker.state()).routers == []


async def test_connections_that_are_replaced_for_ever_are_as_few_as_the_last(config: Config) -> None:
    """A browser that is loaded again and again, and never says goodbye."""
    async with Worker(config) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        async with hall(worker) as made:
            sizes = []
            for number in range(5):
                await made.publish("sender", [("1", "video", 7)], {"1": "camera"}, generation=number + 1)
                await asyncio.sleep(0.3)
                sizes.append(await kept(made))
            assert sizes[-1] == sizes[0]
