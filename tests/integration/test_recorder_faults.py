"""What goes wrong around a running recording, and that nothing which was acknowledged is lost by it."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub import links, models
from hub.config import Config
from hub.db import Database
from hub.ids import new_id, utc_now
from hub.rpc import RpcError
from hub.services.store import ObjectExists, ObjectStore
from recorder import spool
from recorder.catalogue import Catalogue
from recorder.main import Recorder
from recorder.store import DirectoryStore, open_store
from tests.support.fake_worker import FakeWorker, Network
from tests.support.points import CHAIR, COMMUNE, FRAMES_PER_S
from tests.support.postgres import Cluster
from tests.support.recording_world import (
    RecorderProcess,
    archived,
    close_recording,
    control,
    make_hearing,
    open_recording,
    quick,
    read_archive,
    recorder_here,
    until,
)
from tests.support.schema import make_schema

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300), pytest.mark.media]


async def test_a_recorder_away_for_longer_than_workers_keep_leaves_a_gap_that_says_so(
    config: Config, sqlite_url: str
) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    seat = taped.seats[0].id
    recorder = RecorderProcess(config)
    recorder.start()
    async with control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, seat)
            playing = asyncio.create_task(worker.play(14))
            await asyncio.sleep(3)
            recorder.kill()
            await asyncio.sleep(8)
            recorder.start()
            await playing
            await until(lambda: client.connected and worker.buffer.waiting <= 2, 40)
            assert worker.buffer.lost > 0
            await close_recording(client, database, taped)
            await archived(database, taped.recording_id)
    recorder.terminate()
    archive = await read_archive(database, open_store(config), taped.recording_id)
    for source in ("camera", "microphone"):
        lost = [gap for gap in archive.gaps_of(seat, source) if gap.cause == "recorder_lost"]
        assert sum(gap.end_ms - gap.start_ms for gap in lost) > 1000
    await database.close()


async def test_a_new_worker_goes_on_and_the_gap_between_says_worker_lost(config: Config, sqlite_url: str) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    seat = taped.seats[0].id
    async with recorder_here(config, database), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, seat)
            await worker.play(3)
        await asyncio.sleep(1)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, seat)
            await worker.play(3)
            await close_recording(client, database, taped)
            await archived(database, taped.recording_id)
    archive = await read_archive(database, open_store(config), taped.recording_id)
    assert len(archive.tracks) == 4
    for source in ("camera", "microphone"):
        lost = [gap for gap in archive.gaps_of(seat, source) if gap.cause == "worker_lost"]
        assert len(lost) == 1
        assert lost[0].end_ms - lost[0].start_ms >= 900
    await database.close()


async def test_a_bad_network_is_repaired_from_retransmissions(config: Config, sqlite_url: str) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    network = Network(loss=0.05, swap=0.05, twice=0.05, seed=7)
    async with recorder_here(config, database), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir, network=network).run() as worker:
            worker.open(taped.recording_id, COMMUNE, taped.seats[1].id)
            await worker.play(6)
            await asyncio.sleep(0.3)
            worker._send_later()
            worker.tap.flush(time.monotonic_ns())
            await close_recording(client, database, taped)
            await archived(database, taped.recording_id)
    archive = await read_archive(database, open_store(config), taped.recording_id)
    counters = archive.decoded(taped.seats[1].id, "camera").counters(COMMUNE.code)
    assert [counter for _, counter in counters] == list(range(6 * FRAMES_PER_S))
    assert len(archive.decoded(taped.seats[1].id, "microphone").pieces) <= 2
    await database.close()


async def test_muting_and_recess_are_gaps_with_their_cause(config: Config, sqlite_url: str) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    seat = taped.seats[0].id
    async with recorder_here(config, database), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            sender = worker.open(taped.recording_id, CHAIR, seat)
            for cause in ("", "muted", "recess", ""):
                if cause != sender.paused:
                    worker.pause(sender, cause)
                await worker.play(2)
            await close_recording(client, database, taped)
            await archived(database, taped.recording_id)
    archive = await read_archive(database, open_store(config), taped.recording_id)
    for source in ("camera", "microphone"):
        causes = [gap.cause for gap in archive.gaps_of(seat, source) if gap.cause != "lost"]
        assert causes == ["muted", "recess"]
        assert all(segment.begins_with_keyframe for segment in archive.of(seat, source)[:1])
    assert archive.manifest["gaps"]
    await database.close()


async def test_the_database_away_delays_rows_and_loses_nothing(config: Config, own_postgres: Cluster) -> None:
    url = own_postgres.new_database()
    make_schema(url)
    config = quick(config, database_url=url)
    database = Database(config.database)
    taped = await make_hearing(database)
    async with recorder_here(config, database) as recorder, control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(2)
            await asyncio.to_thread(own_postgres.stop)
            await worker.play(6)
            await until(lambda: not recorder.archiver.database_away.fine)
            await until(lambda: recorder.health().segments_waiting == 0)  # the store still takes what is finished
            await asyncio.to_thread(own_postgres.start)
            await close_recording(client, database, taped)
        await archived(database, taped.recording_id, 60)
    archive = await read_archive(database, open_store(config), taped.recording_id)
    counters = archive.decoded(taped.seats[0].id, "camera").counters(CHAIR.code)
    assert len(counters) == 8 * FRAMES_PER_S
    assert not list(config.spool_dir.iterdir())
    await database.close()


async def test_no_hearing_opens_on_a_nearly_full_disk_and_everyone_is_warned_before(
    config: Config, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    free = os.statvfs(config.data_dir).f_bavail * os.statvfs(config.data_dir).f_frsize // 1_000_000
    low = replace(config, spool_warn_mb=free * 2, spool_min_mb=0)
    async with recorder_here(low, database) as recorder:
        assert (recorder.health().warns, recorder.health().accepts) == (True, True)
    full = replace(config, spool_warn_mb=free * 3, spool_min_mb=free * 2)
    async with recorder_here(full, database) as recorder, control(full) as client:
        assert (recorder.health().warns, recorder.health().accepts) == (True, False)
        with pytest.raises(RpcError):
            await client.call(links.OpenRecording(new_id(), 1, utc_now().isoformat()))
        assert isinstance(await client.call(links.AskHealth()), links.RecorderHealth)
    assert not list(config.spool_dir.iterdir())
    await database.close()


async def test_a_recording_nobody_closed_is_closed_when_its_hearing_is_over(
    config: Config, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    async with recorder_here(config, database), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(2)
    closed_at = utc_now()
    await _set_closed(database, taped.hearing.id, closed_at)
    async with recorder_here(config, database) as recorder:
        await recorder.archiver._close_abandoned()
        assert recorder.capture.open_ids() == [taped.recording_id], "the web process still has a minute to do it"
        monkeypatch.setattr("recorder.archive.utc_now", lambda: utc_now() + timedelta(minutes=2))
        await recorder.archiver._close_abandoned()
        row = await archived(database, taped.recording_id)
    assert row.duration_ms is not None
    assert abs(row.duration_ms - (closed_at - row.started_at) / timedelta(milliseconds=1)) < 100
    await database.close()


async def _set_closed(database: Database, hearing_id: str, closed_at: datetime) -> None:
    async with database.transaction() as db:
        hearing = await db.get_one(models.Hearing, hearing_id)
        hearing.state, hearing.closed_at = models.HearingState.CLOSED, closed_at


async def test_a_second_upload_of_the_same_segment_changes_nothing(data_dir: Path) -> None:
    store: ObjectStore = DirectoryStore.make(data_dir / "objects")
    first = store.put_bytes("recordings/r/t/000000.webm", b"one", media_type="video/webm")
    with pytest.raises(ObjectExists):
        store.put_bytes("recordings/r/t/000000.webm", b"two", media_type="video/webm")
    assert store.head("recordings/r/t/000000.webm") == first


async def test_every_way_to_leave_the_spool_ends_with_an_archived_recording(config: Config, sqlite_url: str) -> None:
    """The recorder is stopped after each of its turns; whatever it had done, the next one goes on."""
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    async with recorder_here(config, database), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(4)
            await close_recording(client, database, taped)
    for _ in range(20):
        if not list(spool.recordings(config.spool_dir)):
            break
        recorder = Recorder(config, database, open_store(config))
        recorder.capture.recover()
        await recorder.packaging.recover()
        await recorder.packaging.turn()
        await recorder.archiver.turn()
        for work in recorder.packaging.works.values():
            work.catalogue.close()
    await archived(database, taped.recording_id, 1)
    await database.close()


async def test_a_catalogue_survives_its_recording_dir_being_read_twice(config: Config) -> None:
    folder = spool.RecordingDir(config.spool_dir, "r1")
    folder.make()
    Catalogue(folder.catalogue).close()
    assert [found.recording_id for found in spool.recordings(config.spool_dir)] == ["r1"]
