"""Who goes leaves nothing behind: after many have come and gone, a worker keeps what it kept before."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref

import pytest

from hub.config import Config
from hub.tap import Hello
from signaling.media import control
from signaling.media.plane import Plane
from signaling.media.router import Router
from signaling.media.tap import TapBuffer
from signaling.media.transport import Transport
from tests.support.media import LIMIT_S, Worker
from tests.support.raw_seat import Hall, hall, packet, send
from tests.unit.test_media_sdp import OFFER

pytestmark = [pytest.mark.asyncio, pytest.mark.media]

ROUNDS = 4
SOURCES = {"0": "microphone", "1": "camera"}
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


async def test_a_floor_that_passes_a_hundred_times_and_a_mute_fifty_times_leave_nothing(config: Config) -> None:
    """Each time lines change hands and a microphone stops and begins; what is kept is what was kept after the first."""
    async with Worker(config) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id="r1"))
        async with hall(worker) as made:
            speakers = [
                await made.publish(
                    f"speaker-{who}", [("0", "audio", 10 + who), ("1", "video", 20 + who)], SOURCES, generation=1
                )
                for who in range(2)
            ]
            tracks = [{one.source: one.producer_id for one in published.producers} for _, published in speakers]
            await made.watch("listener", [*tracks[0].values(), *tracks[1].values()])
            sizes: list[dict[str, int]] = []
            for turn in range(101):
                who = turn % 2
                order = [tracks[who]["camera"], tracks[0]["microphone"], tracks[1]["microphone"]]
                await worker.call(control.Consume(router_id="h1", peer_id="listener", producer_ids=order))
                if turn % 2:
                    for cause in ("muted", ""):
                        pause = control.Pause(router_id="h1", producer_id=tracks[0]["microphone"], cause=cause)
                        await worker.call(pause)
                for number, (peer, _) in enumerate(speakers):
                    peer.send_datagram(peer.protect(packet("video", 20 + number, turn, number)))
                    peer.send_datagram(peer.protect(packet("audio", 10 + number, turn, number, {1: b"\x8a"})))
                if turn in (2, 100):
                    await asyncio.sleep(3)  # reports and figures come every second or two
                    sizes.append(await kept(made))
            assert sizes[1] == sizes[0]


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


async def test_a_connection_that_has_ended_is_gone_without_the_garbage_collector() -> None:
    """It holds a hundred kilobytes, and a worker's collector looks rarely: a pause would be heard."""
    plane = Plane(["127.0.0.1"], TapBuffer(Hello(worker=0, start_id="x")), lambda _: None, tcp=False)
    plane.open(0)
    router = Router(plane, "h1")
    ended: list[weakref.ref[Transport]] = []
    gc.collect()
    gc.disable()
    try:
        for number in range(5):
            request = control.Publish(
                router_id="h1", peer_id="p", generation=number, sdp=OFFER, sources=SOURCES, allowed=[*SOURCES.values()]
            )
            published = router.publish(request)
            router.subscribe("s", number)
            wanted = [one.producer_id for one in published.producers]
            router.consume(control.Consume(router_id="h1", peer_id="s", producer_ids=wanted))
            ended += [weakref.ref(one) for one in router.transports()]
            await asyncio.sleep(0.05)
        router.close()
        router.tick(time.monotonic_ns())
        async with asyncio.timeout(LIMIT_S):
            while any(one() is not None for one in ended):  # noqa: ASYNC110 - the loop's last callbacks hold them
                await asyncio.sleep(0.05)
    finally:
        gc.enable()
        await plane.close()
