"""Object Lock on a real S3 server: what is locked stays until its day, whatever is put or deleted; then it can go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import manifest as form
from hub import models
from hub.config import Config
from hub.db import Database
from hub.services import custody, recording_keys, verification
from hub.services.store import ObjectLocked, ObjectMissing
from recorder.locking import Locking
from recorder.s3_store import S3Store
from recorder.store import open_store
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
)
from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, S3Server

pytestmark = pytest.mark.asyncio
KEY = "recordings/r1/t1/000000.webm"


def locked_bucket(s3: S3Server) -> dict[str, str]:
    return {
        "store_url": f"s3://{s3.new_bucket(lock=True)}/hub",
        "s3_endpoint": s3.endpoint,
        "s3_access_key": ACCESS_KEY,
        "s3_secret_key": SECRET_KEY,
    }


@pytest.fixture
def store(s3: S3Server) -> S3Store:
    opened = open_store(Config(**locked_bucket(s3)))
    assert isinstance(opened, S3Store)
    return opened


async def test_a_bucket_says_whether_it_locks(s3: S3Server, store: S3Store) -> None:
    assert store.locking()
    plain = S3Store(bucket=s3.new_bucket(), endpoint=s3.endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    assert not plain.locking()
    assert plain.put_bytes(KEY, b"x", media_type="video/webm").version == ""


async def test_a_locked_version_survives_deleting_and_putting_again(s3: S3Server, store: S3Store) -> None:
    version = store.put_bytes(KEY, b"ours", media_type="video/webm").version
    day = datetime.now(UTC) + timedelta(days=1)
    store.lock(KEY, version, day)
    with pytest.raises(ObjectLocked):
        store.delete(KEY)
    with pytest.raises(ObjectLocked):
        store.lock(KEY, version, day - timedelta(hours=1))
    bucket, name = store._bucket, store._name(KEY)
    s3.client.put_object(Bucket=bucket, Key=name, Body=b"theirs")
    assert b"".join(store.read(KEY)) == b"theirs"
    assert b"".join(store.read_version(KEY, version)) == b"ours"
    s3.client.delete_object(Bucket=bucket, Key=name)
    with pytest.raises(ObjectMissing):
        store.read(KEY)
    assert b"".join(store.read_version(KEY, version, 1, 2)) == b"ur"
    assert [each.deleted for each in store.versions(KEY)].count(True) == 1
    until_then = store.locked_until(KEY, version)
    assert until_then is not None
    assert until_then >= day
    store.lock(KEY, version, day + timedelta(days=1))
    with pytest.raises(ObjectMissing):
        list(store.read_version(KEY, "0" * 32))


async def test_after_its_day_a_version_can_be_deleted_for_good(store: S3Store) -> None:
    for lasts_s in (2, 10, 50):  # asked too late, a store may delete: once more, with more time to ask
        version = store.put_bytes(KEY, b"ours", media_type="video/webm").version
        until = datetime.now(UTC) + timedelta(seconds=lasts_s)  # the store's own clock
        store.lock(KEY, version, until)
        try:
            store.delete_version(KEY, version)
        except ObjectLocked:
            break
        assert datetime.now(UTC) > until, "deleted before its day"
    else:
        pytest.fail("no answer came in time")
    await asyncio.sleep((until - datetime.now(UTC)).total_seconds() + 2)
    store.delete(KEY)
    assert list(store.versions(KEY)) == []
    with pytest.raises(ObjectMissing):
        store.read_version(KEY, version)


@dataclass
class Locked:
    config: Config
    database: Database
    store: S3Store
    recording_id: str

    async def row(self) -> models.Recording:
        async with self.database.reading() as db:
            return await db.get_one(models.Recording, self.recording_id)

    async def segments(self) -> list[models.Segment]:
        async with self.database.reading() as db:
            wanted = select(models.Segment).where(models.Segment.recording_id == self.recording_id)
            return list(await db.scalars(wanted))

    async def faults(self) -> set[tuple[str, str]]:
        async with self.database.reading() as db:
            report = await verification.verify(db, self.store, verification.trust(self.config), self.recording_id)
        return {(fault.kind, fault.key) for fault in report.faults}


@pytest_asyncio.fixture
async def locked(config: Config, sqlite_url: str, s3: S3Server) -> Locked:  # type: ignore[misc]
    """What a recorder makes of two seconds where the bucket locks."""
    config = quick(config, database_url=sqlite_url, **locked_bucket(s3))
    database, store = Database(sqlite_url), open_store(config)
    assert isinstance(store, S3Store)
    taped = await make_hearing(database)
    async with recorder_here(config, database, store), control(config) as client:
        await open_recording(client, taped)
        async with FakeWorker(config.run_dir).run() as worker:
            worker.open(taped.recording_id, CHAIR, taped.seats[0].id)
            await worker.play(2)
            await close_recording(client, database, taped)
            await archived(database, taped.recording_id)
        world = Locked(config, database, store, taped.recording_id)
        async with asyncio.timeout(90):
            while (await world.row()).locked_until is None:  # noqa: ASYNC110 - the recorder does it by itself
                await asyncio.sleep(0.1)
    yield world
    await database.close()


async def test_where_the_bucket_locks_everything_is_encrypted_locked_and_read_by_version(
    locked: Locked, s3: S3Server
) -> None:
    row, segments, store = await locked.row(), await locked.segments(), locked.store
    assert row.retain_until is not None
    assert (row.retain_until - row.started_at).days // 365 == 5, "the rule for hearings without a case"
    assert row.locked_until == row.retain_until
    assert segments
    assert all(segment.encrypted and segment.version for segment in segments)
    assert set(row.versions or {}) == {"manifest.json", "SHA256SUMS", "SHA256SUMS.sig"}
    assert await locked.faults() == set()

    async with locked.database.reading() as db:
        assert "lock" in [entry.action for entry in await custody.entries(db, locked.recording_id)]
        data_key = await recording_keys.to_read(db, locked.config, locked.recording_id)
    one, manifest = segments[0], form.key_of(locked.recording_id)
    before = b"".join(recording_keys.read(store, data_key, one))
    s3.client.put_object(Bucket=store._bucket, Key=store._name(one.object_key), Body=b"theirs")
    s3.client.delete_object(Bucket=store._bucket, Key=store._name(manifest))
    assert b"".join(recording_keys.read(store, data_key, one)) == before
    assert await locked.faults() == {("extra_version", one.object_key), ("hidden", manifest)}


async def test_a_longer_retention_locks_longer_and_a_hold_holds(locked: Locked) -> None:
    row = await locked.row()
    assert row.retain_until is not None
    longer = row.retain_until + timedelta(days=100)
    async with locked.database.transaction() as db:
        (await db.get_one(models.Recording, row.id)).retain_until = longer
    await Locking(locked.config, locked.database, locked.store).turn()
    one = (await locked.segments())[0]
    found = locked.store.locked_until(one.object_key, one.version)
    assert found is not None
    assert found >= longer
    assert (await locked.row()).locked_until == longer
    assert await locked.faults() == set()
    async with locked.database.transaction() as db:
        (await db.get_one(models.Recording, row.id)).locked_until = longer + timedelta(days=1)
    kinds = {kind for kind, _ in await locked.faults()}
    assert kinds == {"unlocked"}, "a lock that is only in the rows is none"
