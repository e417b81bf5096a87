"""What a real worker hands the recorder, and what becomes of it when the recorder goes away."""

from __future__ import annotations

import asyncio
import struct
import time

import pytest

from hub import rtp, tap
from hub.config import Config
from signaling.media import control, vp8
from tests.support.media import Recorder, hearing, until

pytestmark = [pytest.mark.asyncio, pytest.mark.media]

RECORD = control.OpenRouter(router_id="h1", recording_id="r1")


def holes(packets: list[bytes]) -> int:
    """Sequence numbers that never came, between the first and the last."""
    unwrapper = rtp.Unwrapper()
    numbers = [unwrapper.unwrap(rtp.sequence(packet)) for packet in packets]
    return max(numbers) - min(numbers) + 1 - len(set(numbers))


async def test_every_packet_of_a_recorded_hearing_reaches_the_recorder(config: Config) -> None:
    async with Recorder(config.run_dir / "tap.sock") as recorder, hearing(config, "chair") as (worker, (chair,)):
        await chair.publish()
        await asyncio.sleep(0.5)
        assert recorder.tracks() == {}, "nothing is recorded before the recording opens"
        await worker.call(RECORD)
        await until(lambda: len(recorder.tracks()) == 2)
        sources = {track["source"]: number for number, track in recorder.tracks().items()}
        await until(lambda: len(recorder.packets(sources["camera"])) > 30)
        await until(lambda: len(recorder.packets(sources["microphone"])) > 50)
        for source, number in sources.items():
            track = recorder.tracks()[number]
            assert (track["recording_id"], track["seat_id"]) == ("r1", "chair")
            packets = recorder.packets(number)
            assert holes(packets) == 0
            assert {rtp.ssrc(packet) for packet in packets} == {track["ssrc"]}
            assert {rtp.payload_type(packet) for packet in packets} == {track["payload_type"]}
            assert track["codec"] == ("VP8" if source == "camera" else "opus")
        await until(lambda: any(kind == tap.SR for kind, _, _ in recorder.frames))
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        await until(lambda: sum(kind == tap.END for kind, _, _ in recorder.frames) == 2)
        await worker.tap_waits_for_at_most(0)


async def test_arrival_times_are_the_machines_monotonic_clock(config: Config) -> None:
    async with Recorder(config.run_dir / "tap.sock") as recorder, hearing(config, "chair") as (worker, (chair,)):
        await worker.call(RECORD)
        await chair.publish(video=False)
        await until(lambda: sum(kind == tap.RTP for kind, _, _ in recorder.frames) > 20)
        times = [struct.unpack_from("!Q", body, 4)[0] for kind, _, body in recorder.frames if kind == tap.RTP]
        assert times == sorted(times)
        assert 0 <= time.monotonic_ns() - times[-1] < 5_000_000_000


async def test_a_muted_track_says_why_and_sends_nothing(config: Config) -> None:
    async with Recorder(config.run_dir / "tap.sock") as recorder, hearing(config, "chair") as (worker, (chair,)):
        await worker.call(RECORD)
        published = await chair.publish(video=False)
        producer_id = published.producers[0].producer_id
        await until(lambda: 1 in recorder.tracks() and len(recorder.packets(1)) > 10)
        await worker.call(control.Pause(router_id="h1", producer_id=producer_id, cause="muted"))
        await until(lambda: recorder.causes(1) == ["muted"])
        packets = len(recorder.packets(1))
        await asyncio.sleep(0.5)
        assert len(recorder.packets(1)) == packets
        await worker.call(control.Pause(router_id="h1", producer_id=producer_id, cause="recess"))
        await worker.call(control.Pause(router_id="h1", producer_id=producer_id, cause=""))
        await until(lambda: recorder.causes(1) == ["muted", "recess", ""])
        await until(lambda: len(recorder.packets(1)) > packets + 10)


async def test_a_recorder_that_comes_back_misses_nothing(config: Config) -> None:
    path = config.run_dir / "tap.sock"
    async with hearing(config, "chair") as (worker, (chair,)):
        async with Recorder(path, acknowledges=False) as before:
            await worker.call(RECORD)
            await chair.publish()
            await until(lambda: len(before.tracks()) == 2)
            await until(lambda: all(len(before.packets(number)) > 20 for number in before.tracks()))
        assert not (await worker.state()).tap_connected
        await asyncio.sleep(1.5)
        async with Recorder(path) as after:
            await until(lambda: len(after.tracks()) == 2)
            await until(lambda: all(len(after.packets(number)) > 60 for number in after.tracks()))
            assert after.frames[0][0] == tap.HELLO
            assert {kind for kind, _, _ in after.frames[1:3]} == {tap.TRACK}
            first, last = before.packets(1), after.packets(1)
            # Nothing had been acknowledged, so all of it came again: no hole, and no packet of the pause is missing.
            assert rtp.sequence(last[0]) == rtp.sequence(first[0])
            assert holes(last) == 0
            records = [record for kind, record, _ in after.frames if kind not in (tap.HELLO, tap.TRACK)]
            assert records == sorted(records)
            await worker.tap_waits_for_at_most(60)


async def test_a_recorder_that_does_not_read_does_not_stop_the_media(config: Config) -> None:
    path = config.run_dir / "tap.sock"
    accepted: list[asyncio.StreamWriter] = []

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        accepted.append(writer)
        await asyncio.Event().wait()

    server = await asyncio.start_unix_server(deaf, path=str(path))
    async with hearing(config, "chair", "commune") as (worker, (chair, commune)):
        await worker.call(RECORD)
        published = await chair.publish()
        await commune.subscribe([info.producer_id for info in published.producers])
        camera = next(info.producer_id for info in published.producers if info.source == "camera")
        await until(lambda: camera in commune.received)
        await commune.received[camera].reach(100)
        # Five seconds are kept, never more.
        assert (await worker.state()).tap_waiting < 5 * 300
    for writer in accepted:
        writer.transport.abort()
    server.close()


async def test_the_recorder_gets_the_keyframe_it_asks_for(config: Config) -> None:
    async with Recorder(config.run_dir / "tap.sock") as recorder, hearing(config, "chair") as (worker, (chair,)):
        await worker.call(RECORD)
        await chair.publish()
        await until(lambda: len(recorder.tracks()) == 2)
        camera = next(number for number, track in recorder.tracks().items() if track["kind"] == "video")

        def keyframes() -> int:
            return sum(vp8.is_keyframe(rtp.payload(packet)) for packet in recorder.packets(camera))

        await until(lambda: len(recorder.packets(camera)) > 30)
        before = keyframes()
        recorder.ask_keyframe(camera)
        await until(lambda: keyframes() > before)


async def test_a_worker_that_is_told_to_end_ends_its_tracks(config: Config) -> None:
    async with Recorder(config.run_dir / "tap.sock") as recorder, hearing(config, "chair") as (worker, (chair,)):
        await worker.call(RECORD)
        await chair.publish()
        await until(lambda: len(recorder.tracks()) == 2)
        await until(lambda: all(len(recorder.packets(number)) > 5 for number in recorder.tracks()))
        worker.process.terminate()
        await until(lambda: worker.process.poll() is not None)
        assert "Traceback" not in worker.log.replace("CancelledError", "")
        await until(lambda: sum(kind == tap.END for kind, _, _ in recorder.frames) == 2)
        assert chair.publishing
        await until(lambda: chair.publishing.connectionState == "closed")  # type: ignore[union-attr]
