"""Made-up 720p tracks with sound, handed to a recorder process over the tap as a media worker does it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench import cpu
from bench.load import content
from bench.load.content import Numbers, Place
from bench.province_points import SPEAKING, camera
from hub import tap as wire
from hub.config import Config
from hub.db import Database
from hub.ids import new_id
from signaling.media.tap import Tap, TapBuffer
from tests.support.recording_world import RecorderProcess, Taped, control, make_hearing, open_recording
from tests.support.schema import SqliteSource

LOAD = camera(SPEAKING)
SEGMENT_MAX_S = 10
SETTLE_S = 4.0
STEP_S = 0.01
AUDIO_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Alone:
    """The recorder's use of the machine with so many tracks of picture, each with its sound."""

    tracks: int
    cores: float
    packets_per_s: float
    resident_bytes: int
    empty_bytes: int
    """Before anything was recorded."""

    @property
    def each(self) -> float:
        return self.cores / self.tracks

    @property
    def us_per_packet(self) -> float:
        return self.cores / self.packets_per_s * 1e6

    @property
    def megabytes(self) -> int:
        return self.resident_bytes // 1_000_000

    @property
    def mb_each(self) -> float:
        return round((self.resident_bytes - self.empty_bytes) / 1e6 / self.tracks, 1)

    def figures(self) -> dict[str, float]:
        return {
            "tracks": self.tracks,
            "core_percent_each": round(self.each * 100, 3),
            "us_per_packet": round(self.us_per_packet, 1),
            "resident_mb": self.megabytes,
            "mb_each": self.mb_each,
        }


class Source:
    """One point's picture and sound as packets, without encryption: what a worker has after it."""

    def __init__(self, number: int, taped: Taped, buffer: TapBuffer) -> None:
        self._number, self._buffer = number, buffer
        self._video, self._audio = (
            self._open(taped, kind, number * 2 + n) for n, kind in enumerate(("video", "audio"))
        )
        self._sequences = [0, 0]
        self._pictures = self._sounds = 0
        self.keyframe = True

    @property
    def camera(self) -> int:
        return self._video.track

    def due(self, elapsed_s: float, begin_ns: int) -> int:
        """Hand over what should have come by now; how many packets that was."""
        before = sum(self._sequences)
        while self._pictures / LOAD.pictures_per_s <= elapsed_s:
            self._picture(begin_ns)
        while self._sounds * AUDIO_EVERY_S <= elapsed_s:
            at_ns = begin_ns + round(self._sounds * AUDIO_EVERY_S * 1e9)
            self._send(self._audio, 1, self._sounds * 960, at_ns, b"\xfc", LOAD.audio_bytes, marker=False)
            self._sounds += 1
        return sum(self._sequences) - before

    def _picture(self, begin_ns: int) -> None:
        keyframe, self.keyframe = self.keyframe, False
        count = LOAD.keyframe_packets if keyframe else LOAD.packets_per_picture
        at_ns = begin_ns + round(self._pictures / LOAD.pictures_per_s * 1e9)
        stamp = self._pictures * content.VIDEO_CLOCK // LOAD.pictures_per_s
        for n in range(count):
            start = content.vp8_start(self._pictures, first=n == 0, keyframe=keyframe)
            self._send(self._video, 0, stamp, at_ns, start, LOAD.packet_bytes, marker=n == count - 1)
        self._pictures += 1

    def _send(
        self, track: wire.TrackOpened, which: int, stamp: int, at_ns: int, start: bytes, size: int, *, marker: bool
    ) -> None:
        numbers = Numbers(track.ssrc, track.payload_type)
        head = content.header(numbers, self._sequences[which], stamp, marker=marker)
        body = content.fill(start, size - len(head), self._sequences[which], at_ns, Place(self._number))
        self._buffer.rtp(track.track, at_ns, head + body)
        self._sequences[which] += 1

    def _open(self, taped: Taped, kind: str, number: int) -> wire.TrackOpened:
        opened = wire.TrackOpened(
            track=number + 1,
            track_id=new_id(),
            recording_id=taped.recording_id,
            seat_id=taped.seats[0].id,
            source="camera" if kind == "video" else "microphone",
            kind=kind,
            codec="VP8" if kind == "video" else "opus",
            clock_rate=content.VIDEO_CLOCK if kind == "video" else content.AUDIO_CLOCK,
            payload_type=96 if kind == "video" else 111,
            ssrc=1000 + number,
        )
        self._buffer.open_track(opened, time.monotonic_ns())
        return opened


async def alone(tracks: int, seconds: float) -> Alone:
    """A recorder with a directory and a database of its own, three tracks to a hearing."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    (folder / "run").mkdir()
    url = SqliteSource(folder).new_database(folder / "hub.db")
    config = Config(data_dir=folder, database_url=url, spool_min_mb=0, spool_warn_mb=0, segment_max_s=SEGMENT_MAX_S)
    database, recorder = Database(config.database), RecorderProcess(config)
    recorder.start()
    try:
        return await _measure(config, database, recorder, tracks, seconds)
    finally:
        recorder.kill()
        await database.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(config: Config, database: Database, recorder: RecorderProcess, tracks: int, seconds: float) -> Alone:
    pids = [recorder.pid]
    sources: dict[int, Source] = {}

    def asked(track: int) -> None:
        if track in sources:
            sources[track].keyframe = True

    buffer = TapBuffer(wire.Hello(0, new_id()))
    tap = Tap(config.run_dir / "tap.sock", buffer, asked)
    async with control(config) as client:
        empty, dialling = cpu.resident_bytes(pids), asyncio.create_task(tap.run())
        world = None
        for number in range(tracks):
            if number % 3 == 0:
                taped = await make_hearing(database, world)
                world = taped.world
                await open_recording(client, taped)
            source = Source(number, taped, buffer)
            sources[source.camera] = source
        begin_ns, warm_s = time.monotonic_ns(), SETTLE_S + SEGMENT_MAX_S  # until every step of the work has begun
        await _play(sources, tap, begin_ns, warm_s)
        used, began = cpu.cpu_time(pids).total_s, time.monotonic()
        packets = await _play(sources, tap, begin_ns, warm_s + seconds)
        took_s = time.monotonic() - began
        used = cpu.cpu_time(pids).total_s - used
        dialling.cancel()
        with suppress(asyncio.CancelledError):
            await dialling
    return Alone(tracks, used / took_s, packets / took_s, cpu.resident_bytes(pids), empty)


async def _play(sources: dict[int, Source], tap: Tap, begin_ns: int, until_s: float) -> int:
    """In real time, until so long after the beginning. Packets sent."""
    packets = 0
    while (elapsed_s := (time.monotonic_ns() - begin_ns) / 1e9) < until_s:
        for source in sources.values():
            packets += source.due(elapsed_s, begin_ns)
        tap.flush(time.monotonic_ns())
        await asyncio.sleep(STEP_S)
    return packets
