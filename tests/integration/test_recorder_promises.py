"""What the recorder's three stages promise each by itself: durable before acknowledged, never twice, never on trust."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub import links, models
from hub.config import Config
from hub.db import Database
from hub.ids import monotonic_ns, utc_now
from hub.rpc import RpcError
from recorder import archive, capture, journal_writer, packaging, spool
from recorder.capture import COMMIT_S, Capture
from recorder.journal_writer import JournalWriter, scan
from recorder.main import Recorder
from recorder.spool import RecordingDir
from recorder.store import DirectoryStore, open_store
from tests.support.fake_worker import FakeWorker
from tests.support.points import CHAIR
from tests.support.recording_world import (
    archived,
    close_recording,
    control,
    make_hearing,
    open_recording,
    quick,
    recorder_here,
    until,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300), pytest.mark.media]


class Doubtful(DirectoryStore):
    """Gives back other bytes than it was given for as long as it ``lies``, and says of itself that all is well."""

    lies = True

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        data = b"".join(super().read(key, start, length))
        return iter([data[:-1] + bytes([data[-1] ^ 1]) if self.lies and data else data])


async def test_nothing_is_acknowledged_before_it_is_synced(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every acknowledgement names a record whose bytes an fdatasync had covered."""
    assert COMMIT_S <= 0.25
    synced_bytes = 0
    acknowledged: list[tuple[int, int]] = []
    sync, acknowledge = os.fdatasync, capture.TapConnection.acknowledge

    def syncing(fd: int) -> None:
        nonlocal synced_bytes
        size = os.fstat(fd).st_size
        sync(fd)
        synced_bytes = size

    def acknowledging(self: capture.TapConnection, record: int) -> None:
        acknowledged.append((record, synced_bytes))
        acknowledge(self, record)

    monkeypatch.setattr(journal_writer.os, "fdatasync", syncing)
    monkeypatch.setattr(capture.TapConnection, "acknowledge", acknowledging)
    config.spool_dir.mkdir()
    taking = Capture(config.spool_dir, min_bytes=0)
    await taking.listen(config.run_dir / "tap.sock")
    await taking.open("r1", monotonic_ns(), utc_now().isoformat())
    running = asyncio.create_task(taking.run())
    async with FakeWorker(config.run_dir).run() as worker:
        worker.open("r1", CHAIR, "s1")
        await worker.play(2)
        await until(lambda: worker.buffer.waiting == 0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    data = RecordingDir(config.spool_dir, "r1").journal_file(1).read_bytes()
    for record, size in acknowledged:
        cut = config.data_dir / "cut" / "r1" / "journal"
        cut.mkdir(parents=True, exist_ok=True)
        (cut / "000001.log").write_bytes(data[:size])
        found = scan(RecordingDir(config.data_dir / "cut", "r1"))
        assert found is not None
        assert record == 0 or max(found.last_record.values()) >= record, "acknowledged, and not on the disk"
    assert len({record for record, _ in acknowledged}) > 2


async def test_a_second_recorder_waits_until_the_first_has_let_go_of_the_spool(config: Config, sqlite_url: str) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    config.spool_dir.mkdir()
    held = spool.lock(config.spool_dir)
    assert held is not None
    assert spool.lock(config.spool_dir) is None
    recorder = Recorder(config, database, open_store(config))
    waiting = asyncio.create_task(recorder.run())
    await asyncio.sleep(0.3)
    assert not (config.run_dir / "tap.sock").exists()
    os.close(held)
    await until(lambda: any(task.get_name() == "health" for task in asyncio.all_tasks()))
    assert (config.run_dir / "tap.sock").exists()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    again = spool.lock(config.spool_dir)
    assert again is not None, "a recorder that has ended lets go"
    fcntl.flock(again, fcntl.LOCK_UN)
    os.close(again)
    await database.close()


async def test_what_the_store_gives_back_counts_and_not_what_it_says_of_itself(
    config: Config, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FAULTY_AGAIN_S", 0.2)
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    store = Doubtful.make(config.data_dir / "objects")
    async with recorder_here(config, database, store) as recorder, control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(4)
            await close_recording(client, database, taped)
        await until(lambda: len(recorder.packaging.works[taped.recording_id].faulty) >= 2)
        work = recorder.packaging.works[taped.recording_id]
        for fact in work.catalogue.segments.values():
            path = work.folder.segment_file(fact.track_id, fact.number)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == fact.sha256, "kept, and whole"
        assert recorder.health().segments_waiting >= 2, "somebody is told"
        # A person has seen to it: nobody has to start the recorder again.
        store.lies = False
        await archived(database, taped.recording_id)
    await database.close()


async def test_two_archivers_of_the_same_recording_end_with_one_archive(
    config: Config, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a spool was carried to another machine while the first one lived: one store, one database."""
    monkeypatch.setattr(archive, "FAULTY_AGAIN_S", 0.2)
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    taped = await make_hearing(database)
    away = DirectoryStore.make(config.data_dir / "objects")
    (config.data_dir / "objects").rename(config.data_dir / "unmounted")
    async with recorder_here(config, database, away), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(6)
            await close_recording(client, database, taped)
        await asyncio.sleep(3.5)
    (config.data_dir / "unmounted").rename(config.data_dir / "objects")
    other = replace(config, data_dir=config.data_dir / "other", store_url=f"file://{config.data_dir}/objects")
    await asyncio.to_thread(_copy, config.spool_dir, other.spool_dir)
    recorders = [Recorder(each, database, open_store(other)) for each in (config, other)]
    for recorder in recorders:
        recorder.capture.recover()
        await recorder.packaging.recover()
    for _ in range(60):
        await asyncio.gather(*(_turn(recorder) for recorder in recorders))
        if not any(recorder.packaging.works for recorder in recorders):
            break
        await asyncio.sleep(0.2)
    for recorder in recorders:
        recorder.packaging.close()
    assert not any(recorder.packaging.works for recorder in recorders), "both have come to the end"
    await archived(database, taped.recording_id, 1)
    await database.close()


async def _turn(recorder: Recorder) -> None:
    await recorder.packaging.turn()
    await recorder.archiver.turn()


def _copy(spool_dir: Path, to: Path) -> None:
    for path in sorted(spool_dir.rglob("*")):
        target = to / path.relative_to(spool_dir)
        if path.is_dir():
            target.mkdir(parents=True)
        else:
            target.write_bytes(path.read_bytes())


async def test_a_machine_whose_clock_was_set_back_over_a_restart_records_behind_what_it_has(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RecordingDir(config.spool_dir, "r1")
    started = monotonic_ns()
    writer = JournalWriter(folder, epoch_ns=started, started_at=(utc_now() + timedelta(hours=1)).isoformat())
    folder.make()
    batch = writer.take()
    writer.write(batch)
    found = scan(folder)
    assert found is not None
    found.last_ns = started + 90 * 10**9
    monkeypatch.setattr(spool, "boot_id", lambda: "another boot")
    again = JournalWriter.recover(folder, found)
    assert monotonic_ns() - again.epoch_ns >= 90 * 10**9, "nothing new lies before what is recorded"
    assert again.last_heard_ns <= monotonic_ns()


async def test_a_clock_that_was_set_in_mid_hearing_neither_cuts_off_nor_lengthens_what_nobody_closed(
    config: Config, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)
    for hours in (-1, 1):
        taped = await make_hearing(database, None if hours == -1 else taped.world)  # type: ignore[has-type]  # noqa: F821
        async with recorder_here(config, database) as recorder, control(config) as client:
            await open_recording(client, taped)
            async with FakeWorker(config.run_dir).run() as worker:
                worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
                await worker.play(2)
            async with database.transaction() as db:
                hearing = await db.get_one(models.Hearing, taped.hearing.id)
                hearing.state, hearing.closed_at = models.HearingState.CLOSED, utc_now() + timedelta(hours=hours)
            monkeypatch.setattr("recorder.archive.utc_now", lambda: utc_now() + timedelta(hours=2))
            await recorder.archiver._close_abandoned()
            row = await archived(database, taped.recording_id)
        assert row.duration_ms is not None
        assert 1_900 <= row.duration_ms <= (monotonic_ns() - taped.epoch_ns) / 1e6
    await database.close()


async def test_a_spool_that_cannot_be_written_to_is_said_before_a_hearing_opens(
    config: Config, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = quick(config, database_url=sqlite_url)
    database = Database(config.database)

    def refuse(self: JournalWriter, batch: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(JournalWriter, "write", refuse)
    async with recorder_here(config, database), control(config) as client:
        with pytest.raises(RpcError, match="ghi hình"):
            await client.call(links.OpenRecording("r1", 1, utc_now().isoformat()))
    await database.close()


async def test_packaging_gives_way_to_everything_else(config: Config, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with recorder_here(quick(config, database_url=sqlite_url), database) as recorder:
        nice = await recorder.packaging._aside(os.nice, 0)
        assert nice == os.nice(0) + packaging.NICE
        assert await recorder.capture._aside(os.nice, 0) == os.nice(0)
    await database.close()
