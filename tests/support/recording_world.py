"""A hearing with its recording row, a recorder process, and what came of it: for tests of recorder and archive."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
from sqlalchemy import select

from hub import links, models, webm
from hub.config import Config
from hub.db import Database
from hub.ids import monotonic_ns, new_id, utc_now
from hub.rpc import RpcClient
from hub.services import recordings
from hub.services.store import ObjectStore
from recorder import main as recorder_main
from recorder.store import open_store
from tests.support import process
from tests.support.decoding import Decoded, decode
from tests.support.domain import World, make_world
from tests.support.points import HEIGHT, WIDTH


@dataclass
class Taped:
    """One hearing under way."""

    world: World
    hearing: models.Hearing
    recording_id: str
    epoch_ns: int
    seats: list[models.Seat]


async def make_hearing(database: Database, world: World | None = None, *, points: tuple[str, ...] = ("XA1",)) -> Taped:
    """A hearing of TINH1 that is open, with a chair's seat and one per point, and its recording row."""
    world = world or await make_world(database)
    async with database.transaction() as db:
        hearing = models.Hearing(
            number=f"TCD-{new_id()[-8:]}",
            kind=models.HearingKind.REGULAR,
            title="Tiếp công dân định kỳ",
            state=models.HearingState.OPEN,
            starts_at=utc_now(),
            ends_at=utc_now() + timedelta(hours=1),
            unit_id=world.units["TINH1"].id,
            created_by=world.accounts["officer.TINH1"].id,
            opened_at=utc_now(),
        )
        db.add(hearing)
        await db.flush()
        chair = models.Seat(
            hearing_id=hearing.id,
            kind=models.SeatKind.CHAIR,
            position=0,
            label="Chủ trì",
            account_id=world.accounts["leader.TINH1"].id,
        )
        others = [
            models.Seat(
                hearing_id=hearing.id,
                kind=models.SeatKind.POINT,
                position=index + 1,
                label=f"Điểm cầu {code}",
                point_id=world.points[code].id,
            )
            for index, code in enumerate(points)
        ]
        db.add_all([chair, *others])
        await db.flush()
        epoch_ns = monotonic_ns()
        recording = await recordings.open_recording(db, hearing.id)
    return Taped(world, hearing, recording.id, epoch_ns, [chair, *others])


@asynccontextmanager
async def control(config: Config) -> AsyncIterator[RpcClient]:
    """The web process's link to the recorder."""
    client = RpcClient(config.run_dir / "recorder.sock", links.RecorderSends)
    task = asyncio.create_task(client.run())
    try:
        await until(lambda: client.connected)
        yield client
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def recorder_here(
    config: Config, database: Database, store: ObjectStore | None = None
) -> AsyncIterator[recorder_main.Recorder]:
    """The recorder in this process, ended cleanly."""
    await asyncio.to_thread((config.run_dir / "tap.sock").unlink, missing_ok=True)
    recorder = recorder_main.Recorder(config, database, store or open_store(config))
    task = asyncio.create_task(recorder.run())
    try:
        await until(lambda: task.done() or (config.run_dir / "tap.sock").exists())
        yield recorder
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class RecorderProcess:
    """The recorder as a process of its own, to be killed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._log = config.data_dir / "recorder.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        settings = {f"HUB_{name.upper()}": str(value) for name, value in _set(self._config).items()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*process.dying_with_us(), sys.executable, "-m", "tests.support.run_recorder"],
                env={**os.environ, **settings, **environment},
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        assert self._process is not None
        process.stop(self._process, signal.SIGKILL)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def terminate(self) -> None:
        assert self._process is not None
        process.stop(self._process, signal.SIGTERM, 20)

    def log(self) -> str:
        return process.tail(self._log, 20_000)


def _set(config: Config) -> dict[str, Any]:
    chosen = ("data_dir", "database_url", "store_url", "s3_endpoint", "s3_access_key", "s3_secret_key")
    numbers = ("segment_max_s", "spool_warn_mb", "spool_min_mb")
    return {name: getattr(config, name) for name in (*chosen, *numbers) if getattr(config, name) not in ("", None)}


async def open_recording(client: RpcClient, taped: Taped) -> links.RecordingReady:
    async with asyncio.timeout(60):
        ready = await client.call(links.OpenRecording(taped.recording_id, taped.epoch_ns, utc_now().isoformat()))
    assert isinstance(ready, links.RecordingReady)
    return ready


async def close_recording(client: RpcClient, database: Database, taped: Taped) -> int:
    """End the hearing now, as the web process does; gives its length in milliseconds."""
    end_ns = monotonic_ns()
    duration_ms = (end_ns - taped.epoch_ns) // 1_000_000
    async with database.transaction() as db:
        await recordings.close_recording(db, taped.recording_id, duration_ms=duration_ms)
    await client.call(links.CloseRecording(taped.recording_id, end_ns))
    return duration_ms


async def archived(database: Database, recording_id: str, limit_s: float = 120) -> models.Recording:
    """The recording's row once everything is archived."""
    deadline = time.monotonic() + limit_s
    while True:
        async with database.reading() as db:
            row = await db.get_one(models.Recording, recording_id)
        if row.state == models.RecordingState.ARCHIVED:
            return row
        if time.monotonic() > deadline:
            raise AssertionError(f"not archived after {limit_s} s but {row.state}")
        await asyncio.sleep(0.1)


@dataclass
class Archive:
    """What the store and the rows hold of a recording."""

    tracks: dict[str, models.Track]
    segments: dict[str, list[models.Segment]]
    gaps: list[models.Gap]
    manifest: dict[str, Any]
    files: dict[str, bytes]

    def of(self, seat_id: str, source: str) -> list[models.Segment]:
        """The segments of a seat's source, in order of time."""
        found = [
            segment
            for track in self.tracks.values()
            if (track.seat_id, track.source) == (seat_id, source)
            for segment in self.segments.get(track.id, [])
        ]
        return sorted(found, key=lambda segment: segment.start_ms)

    def gaps_of(self, seat_id: str, source: str) -> list[models.Gap]:
        ids = [t.id for t in self.tracks.values() if (t.seat_id, t.source) == (seat_id, source)]
        return [gap for gap in self.gaps if gap.track_id in ids]

    def decoded(self, seat_id: str, source: str) -> Decoded:
        """All of it on one time line; what begins without a keyframe is decoded together with what came before."""
        runs: list[list[webm.Frame]] = []
        segments = self.of(seat_id, source)
        for before, segment in zip([None, *segments], segments, strict=False):
            if before is None or before.track_id != segment.track_id or segment.begins_with_keyframe:
                assert segment.begins_with_keyframe, "nothing to decode from"
                runs.append([])
            runs[-1] += frames(self.files[segment.object_key])
        if source == "microphone":
            return decode(webm.audio(run, run[-1].at_ms - run[0].at_ms + 20) for run in runs)
        return decode(webm.video(run, run[-1].at_ms - run[0].at_ms + 50, WIDTH, HEIGHT) for run in runs)


def frames(file: bytes) -> list[webm.Frame]:
    """A file's packets with their times."""
    with av.open(io.BytesIO(file)) as container:
        return [
            webm.Frame(round(packet.pts * float(packet.time_base) * 1000), bytes(packet), packet.is_keyframe)
            for packet in container.demux()
            if packet.pts is not None
        ]


async def read_archive(database: Database, store: ObjectStore, recording_id: str) -> Archive:
    async with database.reading() as db:
        tracks = list(await db.scalars(select(models.Track).where(models.Track.recording_id == recording_id)))
        segments = list(
            await db.scalars(
                select(models.Segment)
                .where(models.Segment.recording_id == recording_id)
                .order_by(models.Segment.number)
            )
        )
        gaps = list(
            await db.scalars(
                select(models.Gap).where(models.Gap.recording_id == recording_id).order_by(models.Gap.start_ms)
            )
        )
        recording = await db.get_one(models.Recording, recording_id)
    by_track: dict[str, list[models.Segment]] = {}
    for segment in segments:
        by_track.setdefault(segment.track_id, []).append(segment)
    files = {segment.object_key: b"".join(store.read(segment.object_key)) for segment in segments}
    manifest = json.loads(b"".join(store.read(recording.manifest_key))) if recording.manifest_key else {}
    return Archive({track.id: track for track in tracks}, by_track, gaps, manifest, files)


async def until(ready: Callable[[], bool], limit_s: float = 120) -> None:
    async with asyncio.timeout(limit_s):
        while not ready():  # noqa: ASYNC110 - what is waited for is in another process, or has no event
            await asyncio.sleep(0.02)


def quick(config: Config, **changes: Any) -> Config:
    """Short segments and no demands on this machine's disk."""
    return replace(config, segment_max_s=3, spool_warn_mb=0, spool_min_mb=0, **changes)
