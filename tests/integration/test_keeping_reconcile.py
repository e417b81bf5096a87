"""Rows and store are compared both ways, and a broken machine's spool is archived by another."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import manifest as form
from hub import models
from hub.cli import archiving
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.services import reconciliation, verification
from hub.services.store import StoreAway
from recorder.reconciling import Reconciling
from recorder.store import open_store
from tests.support.evidence import add_events, add_segments, archive
from tests.support.fake_worker import FakeWorker
from tests.support.memory_store import MemoryStore
from tests.support.pages import running_pages
from tests.support.points import CHAIR
from tests.support.recording_world import RecorderProcess, control, make_hearing, open_recording, quick

pytestmark = pytest.mark.asyncio
ALL = 10**9


async def test_each_difference_is_found_and_named(config: Config, database: Database) -> None:
    store, taped, other = MemoryStore(), await make_hearing(database), None
    segments = await add_segments(database, store, taped)
    await add_events(database, taped)
    await archive(config, database, store, taped)
    other = await make_hearing(database, taped.world)
    lost = await add_segments(database, store, other)
    report = await reconciliation.run(database, store, sample_bytes=ALL)
    assert report.ok, report.named
    assert (report.objects, report.expected) == (9, 9)
    assert report.sampled == 7
    assert report.size_bytes == sum(len(data) for data in store.objects.values())

    for segment in lost:
        del store.objects[segment.object_key]
    one, two, three = segments
    store.objects[one.object_key] = store.objects[one.object_key][:-1]
    store.objects[two.object_key] = store.objects[two.object_key][:-1] + b"?"
    store.objects["recordings/nobody/t/000000.webm"] = b"x"
    del store.objects[form.key_of(taped.recording_id)]
    report = await reconciliation.run(database, store, sample_bytes=ALL)
    assert set(report.named["missing"]) == {s.object_key for s in lost} | {form.key_of(taped.recording_id)}
    assert set(report.named["corrupt"]) == {one.object_key, two.object_key}
    assert report.named["extra"] == ["recordings/nobody/t/000000.webm"]
    assert three.object_key not in str(report.named)
    assert not (await reconciliation.run(database, store, sample_bytes=0)).sampled
    store.away = True
    with pytest.raises(StoreAway):
        await reconciliation.run(database, store, sample_bytes=ALL)


async def test_every_night_has_its_turn_and_a_missed_one_is_made_up_for(config: Config, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    try:
        nightly = Reconciling(config, database, MemoryStore())
        assert await nightly.due()
        await nightly.once()
        assert not await nightly.due()
        async with database.transaction() as db:
            row = (await db.scalars(select(models.Reconciliation))).one()
            row.started_at = row.finished_at = utc_now() - timedelta(days=1, minutes=1)
        assert await nightly.due()
    finally:
        await database.close()


async def test_the_page_and_the_metrics_show_it(config: Config) -> None:
    async with running_pages(config) as pages:
        pages.store.put_bytes("recordings/nobody/x", b"123", media_type="text/plain")
        await Reconciling(pages.config, pages.database, pages.store).once()
        administrator = await pages.person("quantri")
        text = (await administrator.get("/archive")).text
        assert "recordings/nobody/x" in text
        assert "không khớp" in text
        figures = (await administrator.get("/metrics")).text
        assert 'hub_archive_faults{kind="extra"} 1.0' in figures
        assert "hub_archive_bytes 3.0" in figures


async def test_the_command_says_what_is_wrong(
    config: Config, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(config, database_url=sqlite_url)
    assert await asyncio.to_thread(archiving.reconcile, config) == 0
    open_store(config).put_bytes("recordings/nobody/x", b"123", media_type="text/plain")
    assert await asyncio.to_thread(archiving.reconcile, config) == 1
    assert "extra    recordings/nobody/x" in capsys.readouterr().out


async def test_another_machine_archives_what_a_broken_one_left(
    config: Config, sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = quick(config, database_url=sqlite_url)
    database = Database(sqlite_url)
    taped = await make_hearing(database)
    rescued = tmp_path / "disk"
    recorder = RecorderProcess(broken)
    recorder.start()
    async with control(broken) as client:
        await open_recording(client, taped)
        async with FakeWorker(broken.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(4)
            recorder.kill()
    shutil.copytree(broken.spool_dir, rescued)  # the disk, as it was when the machine broke
    before = sorted(path.name for path in rescued.rglob("*"))
    shutil.rmtree(broken.spool_dir)
    here = replace(broken, data_dir=tmp_path / "here")
    shutil.copytree(broken.data_dir / "objects", here.data_dir / "objects")
    shutil.copytree(rescued / taped.recording_id, rescued / "nobody-knows-it")
    assert await asyncio.to_thread(archiving.recover, here, rescued) == 1
    told = capsys.readouterr().out
    assert f"{taped.recording_id}: archived." in told
    assert "nobody-knows-it: this database has no such recording" in told
    shutil.rmtree(rescued / "nobody-knows-it")
    assert sorted(path.name for path in rescued.rglob("*")) == before, "the directory stays as it was found"
    async with database.reading() as db:
        report = await verification.verify(db, open_store(here), verification.trust(here), taped.recording_id)
        row = await db.get_one(models.Recording, taped.recording_id)
    assert report.ok, report.faults
    assert report.objects >= 4
    assert (row.duration_ms or 0) > 2000
    assert await asyncio.to_thread(archiving.recover, here, rescued) == 0, "it may be repeated"
    await database.close()
