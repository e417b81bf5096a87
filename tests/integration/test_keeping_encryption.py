"""Encrypted recordings: nothing readable leaves the machine, and everything works as with others."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import sys
import zipfile
from asyncio import to_thread
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import envelope, key_rings, models
from hub.cli import archiving, seal_checks
from hub.cli.findings import Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError
from hub.services import custody, recording_keys, recordings, verification
from recorder.store import open_store
from tests.support.evidence import add_segments, archive
from tests.support.fake_worker import FakeWorker
from tests.support.memory_store import MemoryStore
from tests.support.pages import running_pages
from tests.support.points import CHAIR
from tests.support.recording_world import (
    Taped,
    archived,
    close_recording,
    control,
    make_hearing,
    open_recording,
    quick,
    recorder_here,
)
from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, S3Server

pytestmark = pytest.mark.asyncio

PAGE = Path(__file__).parents[2] / "docs" / "encryption.md"


async def rows_of(database: Database, recording_id: str) -> list[models.Segment]:
    async with database.reading() as db:
        wanted = select(models.Segment).where(models.Segment.recording_id == recording_id)
        return list(await db.scalars(wanted.order_by(models.Segment.track_id, models.Segment.number)))


async def key_of(database: Database, config: Config, recording_id: str) -> bytes | None:
    async with database.reading() as db:
        return (await recording_keys.find(db, config, recording_id)).data_key


async def kinds(config: Config, database: Database, store: object, recording_id: str) -> set[str]:
    async with database.reading() as db:
        report = await verification.verify(db, store, verification.trust(config), recording_id)  # type: ignore[arg-type]
    assert report.ok == (not report.faults)
    return {fault.kind for fault in report.faults}


async def test_what_a_recorder_stores_is_unreadable_and_verifies(
    config: Config, database: Database, s3: S3Server, tmp_path: Path
) -> None:
    config = quick(
        config,
        encrypt_recordings=True,
        store_url=f"s3://{s3.new_bucket()}/hub",
        s3_endpoint=s3.endpoint,
        s3_access_key=ACCESS_KEY,
        s3_secret_key=SECRET_KEY,
    )
    store, taped = open_store(config), await make_hearing(database)
    async with recorder_here(config, database), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(2)
            await close_recording(client, database, taped)
            await archived(database, taped.recording_id)
    rows = await rows_of(database, taped.recording_id)
    assert rows
    data_key = await key_of(database, config, taped.recording_id)
    for row in rows:
        stored = b"".join(store.read(row.object_key))
        assert stored.startswith(envelope.MAGIC)
        assert b"webm" not in stored
        assert len(stored) == row.stored_size_bytes
        assert b"webm" in b"".join(recording_keys.read(store, data_key, row, 0, 64))
    assert not await kinds(config, database, store, taped.recording_id)
    manifest = json.loads(b"".join(store.read(f"recordings/{taped.recording_id}/manifest.json")))
    listed = [segment for track in manifest["tracks"] for segment in track["segments"]]
    assert [s["sha256"] for s in listed] == [row.sha256 for row in rows]
    assert [s["stored"]["sha256"] for s in listed] == [row.stored_sha256 for row in rows]
    assert {s["stored"]["format"] for s in listed} == {envelope.FORMAT}
    assert data_key is not None
    stored = b"".join(store.read(rows[0].object_key))
    the_documented_program_decrypts(data_key, rows[0], stored, tmp_path)


def the_documented_program_decrypts(data_key: bytes, row: models.Segment, stored: bytes, folder: Path) -> None:
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert program
    (folder / "stored").write_bytes(stored)
    arguments = [data_key.hex(), row.object_key, "stored", "plain"]
    subprocess.run([sys.executable, "-c", program[1], *arguments], cwd=folder, check=True, timeout=100)
    summed = subprocess.run(["sha256sum", "plain"], cwd=folder, check=True, capture_output=True, text=True, timeout=100)
    assert summed.stdout.split()[0] == row.sha256


async def encrypted(config: Config, database: Database) -> tuple[MemoryStore, Taped, list[models.Segment]]:
    store, taped = MemoryStore(), await make_hearing(database)
    data_key = await recording_keys.ensure(database, config, taped.recording_id)
    segments = await add_segments(database, store, taped, data_key=data_key)
    await archive(config, database, store, taped)
    return store, taped, segments


async def test_each_damage_to_an_encrypted_recording_is_named(config: Config, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    try:
        store, taped, (one, two, _) = await encrypted(config, database)
        whole = dict(store.objects)

        async def found() -> set[str]:
            return await kinds(config, database, store, taped.recording_id)

        assert not await found()
        store.objects[one.object_key] = whole[one.object_key][:-1] + b"?"
        assert await found() == {"altered"}
        store.objects.update({one.object_key: whole[two.object_key], two.object_key: whole[one.object_key]})
        assert await found() == {"swapped"}
        store.objects.update(whole)
        async with database.transaction() as db:
            (await db.get_one(models.Segment, one.id)).stored_sha256 = "0" * 64
        assert await found() == {"altered", "unrecorded"}
        async with database.transaction() as db:
            (await db.get_one(models.Segment, one.id)).stored_sha256 = one.stored_sha256
            row = await db.get_one(models.RecordingKey, taped.recording_id)
            other = key_rings.masters(config).current()
            row.wrapped = envelope.wrap(other.key, b"n" * 12, b"another key, but of the right len", row.recording_id)
        assert "undecipherable" in await found()
        async with database.transaction() as db:
            (await db.get_one(models.RecordingKey, taped.recording_id)).master = "0" * 16
        assert await found() == {"key_missing"}
    finally:
        await database.close()


async def test_without_its_key_a_recording_is_gone_for_everybody_but_its_manifest(
    config: Config, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    try:
        store, taped, segments = await encrypted(config, database)
        async with database.transaction() as db:
            assert await recording_keys.destroy(db, taped.recording_id)
        assert await kinds(config, database, store, taped.recording_id) == {"key_destroyed"}
        with pytest.raises(recording_keys.KeyGone):
            async with database.reading() as db:
                await recording_keys.to_read(db, config, taped.recording_id)
        with pytest.raises(recording_keys.KeyGone):
            await recording_keys.ensure(database, config, taped.recording_id)
        with pytest.raises(envelope.Undecipherable):
            b"".join(recording_keys.read(store, None, segments[0]))
    finally:
        await database.close()


async def test_a_new_master_key_takes_the_place_of_the_old_one(config: Config, database: Database) -> None:
    store, taped, _ = await encrypted(config, database)
    before, data_key = key_rings.masters(config).current(), await key_of(database, config, taped.recording_id)
    assert await recording_keys.renew_master(database, config) == 1
    after = key_rings.masters(config).current()
    assert after != before
    assert key_rings.masters(config).known() == [after], "the old one is gone"
    assert await key_of(database, config, taped.recording_id) == data_key
    assert not await kinds(config, database, store, taped.recording_id)

    configured = [base64.b64encode(secrets.token_bytes(32)).decode(), base64.b64encode(after.key).decode()]
    moved = replace(config, master_keys=tuple(configured))
    assert await recording_keys.renew_master(database, moved) == 1
    assert await key_of(database, replace(config, master_keys=(configured[0],)), taped.recording_id) == data_key
    with pytest.raises(ConfigError, match="is missing"):
        await key_of(database, config, taped.recording_id)


async def test_a_change_of_keys_that_was_broken_off_goes_on(config: Config, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    try:
        _, taped, _ = await encrypted(config, database)
        data_key = await key_of(database, config, taped.recording_id)
        key_rings.masters(config).begin_renewal()  # and then the power went
        assert await key_of(database, config, taped.recording_id) == data_key
        current = key_rings.masters(config).current()
        assert await recording_keys.renew_master(database, config) == 1
        assert key_rings.masters(config).known() == [current]
        assert await key_of(database, config, taped.recording_id) == data_key
    finally:
        await database.close()


async def test_a_missing_master_key_is_told_by_hub_check(config: Config, sqlite_url: str) -> None:
    config = replace(config, database_url=sqlite_url)
    database = Database(sqlite_url)
    await encrypted(config, database)
    await database.close()

    def verdicts() -> list[Verdict]:
        return [finding.verdict for finding in seal_checks.recording_keys(config)]

    assert await to_thread(verdicts) == [Verdict.OK]
    (config.key_dir / "master.key").rename(config.key_dir / "elsewhere")
    assert await to_thread(verdicts) == [Verdict.FAULT]


async def test_on_the_pages_it_plays_in_ranges_and_downloads_as_it_was_recorded(config: Config) -> None:
    async with running_pages(config) as pages:
        async with pages.database.transaction() as db:
            found = select(models.Hearing).where(models.Hearing.kind == models.HearingKind.REGULAR)
            hearing = (await db.execute(found)).unique().scalar_one()
            recording = await recordings.open_recording(db, hearing.id)
        taped = Taped(None, hearing, recording.id, 0, list(hearing.seats))  # type: ignore[arg-type]
        data_key = await recording_keys.ensure(pages.database, pages.config, recording.id)
        segments = await add_segments(pages.database, pages.store, taped, data_key=data_key)
        await archive(pages.config, pages.database, pages.store, taped)
        plain = b"sound 1" * 100
        auditor = await pages.person("thanhtra")
        await auditor.get(f"/recordings/{recording.id}")
        replay = await auditor.post(f"/recordings/{recording.id}/replay", {"reason": "Kiểm tra"})
        path = f"/api{replay.path}/segments/{segments[1].id}"
        assert (await auditor.get(path)).body == plain
        part = await auditor.get(path, headers={"Range": "bytes=100-199"})
        assert (part.status, part.body) == (206, plain[100:200])

        answer = await auditor.post(f"/recordings/{recording.id}/download", {"download_reason": "Tòa án yêu cầu"})
        with zipfile.ZipFile(BytesIO(answer.body)) as package:
            name = next(name for name in package.namelist() if name.endswith("000001.webm"))
            assert package.read(name) == plain

        async with pages.database.transaction() as db:
            await recording_keys.destroy(db, recording.id)
        assert (await auditor.get(path)).status == 410
        answer = await auditor.post(f"/recordings/{recording.id}/download", {"download_reason": "Tòa án yêu cầu"})
        assert answer.status == 410


async def test_a_key_is_handed_out_for_a_reason_that_is_kept(
    config: Config, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(config, database_url=sqlite_url)
    database = Database(sqlite_url)
    try:
        _, taped, _ = await encrypted(config, database)
        await to_thread(archiving.show_key, config, taped.recording_id, "Tòa án yêu cầu")
        data_key = await key_of(database, config, taped.recording_id)
        assert data_key is not None
        assert capsys.readouterr().out.strip() == data_key.hex()
        async with database.reading() as db:
            last = (await custody.entries(db, taped.recording_id))[-1]
        assert (last.action, last.reason) == ("key", "Tòa án yêu cầu")
    finally:
        await database.close()
