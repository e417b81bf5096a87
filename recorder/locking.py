"""Locks archived recordings where the store locks (S3 Object Lock, compliance mode), and locks them longer when they
are to be kept longer. What there is to do is found in the rows; every step may be repeated.

Only what was read back is locked, by its version, and only recordings that are encrypted: a locked file that should
never have been recorded can still be made unreadable by destroying its key.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import or_, select, update

from hub import manifest as form
from hub import models, seals, signing_keys, timestamps
from hub.config import Config
from hub.db import Database
from hub.services import custody, retention
from hub.services.store import LockingStore, ObjectLocked, ObjectMissing, ObjectStore, locks
from recorder.turns import Faulty, for_ever

LOOK_EVERY_S = 2
BATCH = 8
AT_ONCE = 8

log = structlog.get_logger(__name__)


class CannotLock(Exception):
    """What lies in the store is not what the rows say."""


class Locking:
    """One per recorder process."""

    def __init__(self, config: Config, database: Database, store: ObjectStore) -> None:
        self._config, self._database, self._store = config, database, store
        self._faulty = Faulty()

    async def run(self) -> None:
        """Lock until cancelled, beside the archiver."""
        await for_ever("lock", self.turn, LOOK_EVERY_S)

    async def turn(self) -> None:
        """Lock what is not locked long enough. Raises ``NotReady`` (store or database away), ``ConfigError``."""
        if not isinstance(self._store, LockingStore) or not await asyncio.to_thread(locks, self._store):
            return
        for recording_id in await self._waiting():
            try:
                await self._lock(self._store, recording_id)
            except (CannotLock, ObjectMissing):
                self._faulty.add(recording_id)
                log.exception("recording cannot be locked", recording=recording_id)

    async def _waiting(self) -> list[str]:
        """Archived, encrypted, and not locked as far as it must be."""
        wanted = (
            select(models.Recording)
            .join(models.RecordingKey, models.RecordingKey.recording_id == models.Recording.id)
            .where(
                models.Recording.state == models.RecordingState.ARCHIVED,
                models.Recording.sealed_at.is_not(None),
                models.Recording.retention.is_not(None),
                models.Recording.id.not_in(self._faulty.ids()),
                models.RecordingKey.wrapped.is_not(None),
                or_(
                    models.Recording.locked_until.is_(None),
                    models.Recording.retain_until.is_(None),
                    models.Recording.held,
                    models.Recording.locked_until < models.Recording.retain_until,
                    models.Recording.stamped_at.is_not(None) & models.Recording.stamp_locked.is_(False),
                ),
            )
            .order_by(models.Recording.id)
        )
        async with self._database.reading() as db:
            found = [row.id for row in await db.scalars(wanted) if not retention.locked_enough(row)]
        return found[:BATCH]

    async def _lock(self, store: LockingStore, recording_id: str) -> None:
        async with self._database.reading() as db:
            recording = await db.get_one(models.Recording, recording_id)
            until = retention.lock_until(recording)
            unlocked = or_(models.Segment.locked_until.is_(None), models.Segment.locked_until < until)
            mine = select(models.Segment).where(models.Segment.recording_id == recording_id, unlocked)
            segments = list(await db.scalars(mine))
        for start in range(0, len(segments), AT_ONCE):
            await self._lock_segments(store, segments[start : start + AT_ONCE], until)
        versions = await asyncio.to_thread(self._lock_papers, store, recording, until)
        await self._note(recording_id, until, versions)
        log.info("recording locked", recording=recording_id, until=until.isoformat())

    async def _lock_segments(self, store: LockingStore, some: Sequence[models.Segment], until: datetime) -> None:
        for segment in some:
            if not segment.version or not segment.encrypted:
                raise CannotLock(segment.object_key)
        async with asyncio.TaskGroup() as tasks:
            for segment in some:
                tasks.create_task(asyncio.to_thread(lock_version, store, segment.object_key, segment.version, until))
        async with self._database.transaction() as db:
            await db.execute(update(models.Segment), [{"id": segment.id, "locked_until": until} for segment in some])

    def _lock_papers(self, store: LockingStore, recording: models.Recording, until: datetime) -> dict[str, str]:
        """Lock manifest, seal and time stamp, after reading and checking them; their versions. Blocks."""
        known = dict(recording.versions or {})
        names = ["manifest.json", seals.SUMS, seals.SIGNATURE]
        if recording.stamped_at is not None:
            names.append(seals.STAMP)
        read: dict[str, bytes] = {}
        for name in names:
            key = form.folder_of(recording.id) + name
            version = known.get(name) or store.head(key).version
            if not version:
                raise CannotLock(key)
            read[name] = b"".join(store.read_version(key, version))
            known[name] = version
        self._check(recording, read)
        for name in names:
            lock_version(store, form.folder_of(recording.id) + name, known[name], until)
        return known

    def _check(self, recording: models.Recording, read: dict[str, bytes]) -> None:
        if hashlib.sha256(read["manifest.json"]).hexdigest() != recording.manifest_sha256:
            raise CannotLock(form.key_of(recording.id))
        sums, signature = read[seals.SUMS], read[seals.SIGNATURE]
        key = signing_keys.public_keys(self._config).get(recording.seal_key or "")
        if key is None or not seals.signed(key.key, sums, signature):
            raise CannotLock(seals.key_of(recording.id, seals.SIGNATURE))
        if (stamp := read.get(seals.STAMP)) is not None and self._config.timestamp_ca is not None:
            try:
                timestamps.check(self._config.timestamp_ca, signature, stamp)
            except timestamps.NotAStamp as error:
                raise CannotLock(seals.key_of(recording.id, seals.STAMP)) from error

    async def _note(self, recording_id: str, until: datetime, versions: dict[str, str]) -> None:
        async with self._database.transaction() as db:
            recording = await db.get_one(models.Recording, recording_id, with_for_update=True)
            recording.locked_until, recording.versions = until, versions
            recording.stamp_locked = seals.STAMP in versions
            hearing = await db.get_one(models.Hearing, recording.hearing_id)
            await custody.record(db, None, recording_id, "lock", unit_path=hearing.unit.path, until=until.isoformat())


def lock_version(store: LockingStore, key: str, version: str, until: datetime) -> None:
    """Blocks. Raises ``ObjectMissing``, ``StoreAway``."""
    with suppress(ObjectLocked):  # longer already
        store.lock(key, version, until)
