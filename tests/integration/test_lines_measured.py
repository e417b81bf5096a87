"""What a real worker measures of a real browser's line: the network between them has known losses and delays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from hub.config import Config
from hub.lines import Way
from signaling.media import control
from signaling.media.control import PeerStats
from tests.support.bad_line import BadLine
from tests.support.media import Browser, Worker, hearing
from tests.support.media_chromium import Seat, page
from tests.support.media_relay import Relay

pytestmark = pytest.mark.asyncio

ROUNDS = 8
"""Measurements that are averaged: some seconds each."""


def of(worker: Worker, peer_id: str) -> list[PeerStats]:
    rounds = [event.peers for event in worker.events if isinstance(event, control.RouterStats)]
    return [one for peers in rounds for one in peers if one.peer_id == peer_id]


async def measured(worker: Worker, peer_id: str, more: int = ROUNDS) -> list[PeerStats]:
    """So many further rounds of the peer's figures."""
    begin = len(of(worker, peer_id))
    async with asyncio.timeout(90):
        while len(of(worker, peer_id)) < begin + more:  # noqa: ASYNC110 - events are collected, not awaited by number
            await asyncio.sleep(0.1)
    return of(worker, peer_id)[begin:]


def mean(ways: list[Way | None]) -> float:
    known = [way.loss for way in ways if way is not None]
    return sum(known) / len(known)


@pytest.mark.e2e
async def test_losses_round_trips_and_heights_are_those_of_the_line(config: Config) -> None:
    async with Worker(config, addresses=("127.0.0.1",)) as worker, page() as opened:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        port = (await worker.state()).udp_port
        slow = {"delay_ms": 40.0}
        async with (
            Relay(("127.0.0.1", port), up=BadLine(loss=0.1, seed=3, **slow), down=BadLine(**slow)) as sending,
            Relay(("127.0.0.1", port), up=BadLine(**slow), down=BadLine(loss=0.08, seed=4, **slow)) as receiving,
        ):
            chair = Seat(opened, worker, "h1", "chair", sending.bend)
            commune = Seat(opened, worker, "h1", "commune", receiving.bend)
            tracks = await chair.publish()
            await commune.subscribe(list(tracks.values()))
            await measured(worker, "commune", 4)  # let both find their rate
            here, there = await asyncio.gather(measured(worker, "chair"), measured(worker, "commune"))
            await commune.close()
    up, down = [one.up for one in here], [one.down for one in there]
    assert 0.05 < mean(up) < 0.16
    assert 0.03 < mean(down) < 0.15
    assert here[-1].down is None
    assert there[-1].up is None
    last = up[-1]
    assert last is not None
    # Chromium answers our reference times: the line takes 80 ms there and back, and nobody waits half a second more.
    assert last.round_trip_ms is not None
    assert 75 < last.round_trip_ms < 600
    assert last.height == 360
    assert last.bps > 100_000
    assert sum(way.nacks for way in up if way is not None) > 10
    assert {one.source: one.stalled for one in here[-1].sources} == {"camera": False, "microphone": False}
    received = down[-1]
    assert received is not None
    assert received.round_trip_ms is not None
    assert 75 < received.round_trip_ms < 600
    assert received.height == 360
    assert sum(way.nacks for way in down if way is not None) > 5


@pytest.mark.e2e
async def test_a_microphone_without_sound_is_noticed_and_one_with_sound_is_not(config: Config) -> None:
    async with Worker(config) as worker, page() as opened:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        silent, sounding = Seat(opened, worker, "h1", "silent"), Seat(opened, worker, "h1", "sounding")
        await silent.publish()
        await sounding.publish()
        await opened.evaluate(
            """async () => {
              const context = new AudioContext();
              const tone = context.createOscillator(), none = context.createGain();
              const out = context.createMediaStreamDestination();
              none.gain.value = 0;
              tone.connect(none).connect(out);
              tone.start();
              const quiet = out.stream.getAudioTracks()[0];
              const sender = connection("silent-out").getSenders().find((one) => one.track?.kind === "audio");
              await sender.replaceTrack(quiet);
            }"""
        )
        async with asyncio.timeout(90):
            while not any(one.microphone_silent for one in of(worker, "silent")):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.2)
        assert not any(one.microphone_silent for one in of(worker, "sounding"))


class Bent:
    """A worker whose answers to publishers lead through a relay."""

    def __init__(self, worker: Worker, relay: Relay) -> None:
        self._worker, self._relay = worker, relay
        self.event, self.events = worker.event, worker.events

    async def call(self, request: Any) -> Any:
        reply = await self._worker.call(request)
        if isinstance(reply, control.Published):
            return replace(reply, sdp=self._relay.bend(reply.sdp))
        return reply


async def test_what_a_publishers_line_loses_is_not_counted_against_who_receives_it(config: Config) -> None:
    async with Worker(config, addresses=("127.0.0.1",)) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        port = (await worker.state()).udp_port
        async with Relay(("127.0.0.1", port), up=BadLine(loss=0.2, seed=7)) as relay:
            commune = Browser(Bent(worker, relay), "h1", "commune")  # type: ignore[arg-type]
            chair = Browser(worker, "h1", "chair")
            try:
                published = await commune.publish(video=False)
                await chair.subscribe([info.producer_id for info in published.producers])
                await measured(worker, "chair", 2)
                there, here = await asyncio.gather(measured(worker, "commune", 5), measured(worker, "chair", 5))
            finally:
                await commune.close()
                await chair.close()
    assert 0.1 < mean([one.up for one in there]) < 0.3
    assert mean([one.down for one in here]) < 0.03
    assert any(one.down is not None and one.down.bps > 10_000 for one in here)


async def test_a_camera_that_is_on_and_sends_nothing_has_stalled(config: Config) -> None:
    async with hearing(config, "chair") as (worker, (chair,)):
        await chair.publish()
        first = (await measured(worker, "chair", 2))[-1]
        assert not any(one.stalled for one in first.sources)
        await _stop_camera(chair)
        last = (await measured(worker, "chair", 4))[-1]
        assert {one.source for one in last.sources if one.stalled} == {"camera"}
        camera = next(info for info in (await worker.state()).routers[0].producers if info.source == "camera")
        await worker.call(control.Pause(router_id="h1", producer_id=camera.producer_id, cause="muted"))
        muted = (await measured(worker, "chair", 2))[-1]
        assert not any(one.stalled for one in muted.sources), "what is switched off has not stalled"


async def _stop_camera(browser: Browser) -> None:
    """The track stays negotiated, and no frame comes any more."""
    assert browser.publishing
    for sender in browser.publishing.getSenders():
        if sender.track is not None and sender.track.kind == "video":
            sender.replaceTrack(None)
