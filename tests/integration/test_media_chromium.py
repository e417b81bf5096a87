"""A real worker between seats in a real browser: what only Chromium's own congestion control and decoder can show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page

from hub.config import Config
from signaling.media import control
from tests.support.media import Recorder, Worker
from tests.support.media_chromium import Seat, page
from tests.support.media_relay import Relay

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e]

TRIES = 3
"""A machine that stands still for a second looks like a worker that does: a limit in seconds is tried so often."""


@asynccontextmanager
async def stage(config: Config, addresses: tuple[str, ...] = ()) -> AsyncIterator[tuple[Worker, Page]]:
    async with Worker(config, addresses=addresses) as worker, page() as opened:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        yield worker, opened


async def soon(look: Callable[[], Awaitable[Any]], limit_s: float = 60) -> Any:
    """What ``look`` finds, once it finds something."""
    async with asyncio.timeout(limit_s):
        while not (found := await look()):  # noqa: ASYNC110 - the browser is asked, it does not tell
            await asyncio.sleep(0.05)
    return found


async def decodes(seat: Seat, more: int = 10, limit_s: float = 60) -> dict[str, Any]:
    """So many more pictures than now come out of the decoder."""
    now = (await seat.received("video")).get("framesDecoded", 0)

    async def enough() -> dict[str, Any] | None:
        report = await seat.received("video")
        return report if report.get("framesDecoded", 0) >= now + more else None

    return await soon(enough, limit_s)


async def test_picture_sound_and_bandwidth_reach_every_seat(config: Config) -> None:
    async with stage(config) as (worker, opened):
        chair, commune = (Seat(opened, worker, "h1", name) for name in ("chair", "commune"))
        tracks = await chair.publish()
        assert sorted(tracks) == ["camera", "microphone"]
        await commune.subscribe(list(tracks.values()))
        report = await decodes(commune, 30)
        assert (report["frameWidth"], report["frameHeight"]) == (640, 360)
        await soon(lambda: _heard(commune))
        await soon(lambda: _sends_faster_than(chair, 600_000))
        took_s: list[float] = []
        while len(took_s) < TRIES and (not took_s or took_s[-1] >= 2):
            late = Seat(opened, worker, "h1", f"late-{len(took_s)}")
            took_s.append(await _joins(late, list(tracks.values())))
        assert took_s[-1] < 2, took_s
        # The sender's clock arrives with the media, so the browser can keep sound and picture together.
        for kind in ("audio", "video"):
            await soon(lambda kind=kind: commune.stats("in", "remote-outbound-rtp", kind))
        report = await commune.received("video")
        assert report["packetsLost"] == 0
        assert report["freezeCount"] == 0
        await commune.close()


async def _joins(seat: Seat, producer_ids: list[str]) -> float:
    """Seconds until it shows the first picture; then it leaves."""
    asked_at = asyncio.get_running_loop().time()
    await seat.subscribe(producer_ids)
    await decodes(seat, 1)
    took_s = round(asyncio.get_running_loop().time() - asked_at, 3)
    await seat.close()
    return took_s


async def _heard(seat: Seat) -> bool:
    return bool((await seat.received("audio")).get("totalAudioEnergy", 0) > 0)


async def _sends_faster_than(seat: Seat, bits_per_second: int) -> bool:
    pair = await seat.stats("out", "candidate-pair")
    return bool(pair.get("availableOutgoingBitrate", 0) > bits_per_second)


async def test_speaking_seats_are_named_from_their_audio_levels(config: Config) -> None:
    async with stage(config) as (worker, opened):
        await Seat(opened, worker, "h1", "chair").publish()
        # The fake microphone beeps once a second, too short to count as speech; a tone would drown the rest.
        await opened.evaluate("() => tone('chair-out')")
        voices = await worker.event(lambda e: isinstance(e, control.Voices) and e.peer_ids)
        assert voices.peer_ids == ["chair"]


async def test_media_goes_on_after_an_ice_restart_and_a_new_address(config: Config) -> None:
    async with stage(config, ("127.0.0.1",)) as (worker, opened):
        port = (await worker.state()).udp_port
        async with Relay(("127.0.0.1", port)) as relay:
            chair = Seat(opened, worker, "h1", "chair", relay.bend)
            commune = Seat(opened, worker, "h1", "commune", relay.bend)
            tracks = await chair.publish()
            await commune.subscribe(list(tracks.values()))
            await decodes(commune)
            again = await chair.restart_ice()
            assert again == tracks, "an ICE restart keeps the producers"
            await decodes(commune)
            relay.rebind()
            await decodes(commune, 30)
            # Nothing comes through for a while, as when a cable was pulled: the worker says so, and then goes on.
            relay.blocked = True
            await worker.event(lambda e: isinstance(e, control.TransportState) and e.state == "silent", 12)
            relay.blocked = False
            await decodes(commune, 30)
            await commune.close()


async def test_losses_are_made_good_in_both_directions(config: Config) -> None:
    async with Recorder(config.run_dir / "tap.sock") as recorder, stage(config, ("127.0.0.1",)) as (worker, opened):
        await worker.call(control.OpenRouter(router_id="h1", recording_id="r1"))
        port = (await worker.state()).udp_port
        async with (
            Relay(("127.0.0.1", port), loss_up=0.05, seed=3) as up,
            Relay(("127.0.0.1", port), loss_down=0.05, seed=4) as down,
        ):
            chair = Seat(opened, worker, "h1", "chair", up.bend)
            commune = Seat(opened, worker, "h1", "commune", down.bend)
            tracks = await chair.publish()
            await commune.subscribe(list(tracks.values()))
            began, lost_before = await decodes(commune), down.lost
            report = await decodes(commune, 150)
            assert up.lost > 10
            assert down.lost - lost_before > 10
            sent = await chair.stats("out", "outbound-rtp", "video")
            assert sent["nackCount"] > 0
            assert sent["retransmittedPacketsSent"] > 0
            sound = await chair.stats("out", "outbound-rtp", "audio")
            assert sound["retransmittedPacketsSent"] > 0
            assert report["nackCount"] > 0
            assert report["retransmittedPacketsReceived"] > 0
            # Chromium counts a packet as lost although it came again on the other SSRC; nearly all of them do.
            assert report["retransmittedPacketsReceived"] >= 0.9 * report["packetsLost"]
            # A decoder that is given no time asks for a new picture too; without repeats nearly every loss would.
            assert report["pliCount"] - began["pliCount"] < (down.lost - lost_before) / 4
            await asyncio.sleep(1)
            for track in recorder.tracks():
                packets = recorder.packets(track)
                numbers = {int.from_bytes(packet[2:4]) for packet in packets}
                assert len(numbers) == len(packets), "no packet is recorded twice"
                span = max(numbers) - min(numbers) + 1
                assert span > 60_000 or span - len(numbers) < 0.01 * span
            await commune.close()


async def test_a_pause_and_a_new_track_on_an_old_line_play_on(config: Config) -> None:
    async with stage(config) as (worker, opened):
        chair, commune = Seat(opened, worker, "h1", "chair"), Seat(opened, worker, "h1", "commune")
        tracks = await chair.publish()
        await commune.subscribe(list(tracks.values()))
        await decodes(commune)
        for cause in ("recess", ""):
            for producer_id in tracks.values():
                await worker.call(control.Pause(router_id="h1", producer_id=producer_id, cause=cause))
            await asyncio.sleep(1)
        report = await decodes(commune)
        assert report["pliCount"] == 0, "a resumed picture needs no request of the browser"
        # The line is emptied, then carries another producer.
        await commune.subscribe([])
        await asyncio.sleep(0.5)
        await commune.subscribe(list(tracks.values()))
        await soon(lambda: _fresh(commune))
        await decodes(commune)
        await commune.close()


async def _fresh(seat: Seat) -> bool:
    return bool((await seat.received("video")).get("framesDecoded", 0) > 0)


async def test_a_shared_screen_comes_and_goes_on_the_same_connection(config: Config) -> None:
    async with stage(config) as (worker, opened):
        chair, commune = Seat(opened, worker, "h1", "chair"), Seat(opened, worker, "h1", "commune")
        tracks = await chair.publish()
        await commune.subscribe(list(tracks.values()))
        await decodes(commune)
        with_screen = await chair.share_screen()
        assert {source: with_screen[source] for source in tracks} == tracks, "what was there before goes on"
        await commune.subscribe([with_screen["screen"]])

        async def screen_seen() -> bool:
            return bool((await commune.received("video")).get("frameWidth") == 320)

        await soon(screen_seen)
        assert await chair.stop_sharing() == tracks
        ended = await worker.event(lambda e: isinstance(e, control.ProducerEnded))
        assert ended.producer_id == with_screen["screen"]
        await commune.close()
