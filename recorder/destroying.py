"""Carries out what two people have approved: the key first, then every file in every version, then the certificate.

Found by state and repeatable: broken off anywhere, the next turn goes on. Files that are still locked stay, as bytes
that nobody can read any more, and go when their lock ends. Manifest, seal and certificate stay for good, locked where
the store locks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select

from hub import manifest as form
from hub import models, retention, seals, signing_keys
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.models import DestructionState, RecordingState
from hub.services import custody, destruction, recording_keys
from hub.services import retention as rules_of_keeping
from hub.services import store as stores
from hub.services.destruction import NAME, SIGNATURE
from hub.services.store import LockingStore, ObjectLocked, ObjectStore
from recorder.locking import lock_version
from recorder.turns import Faulty, for_ever

LOOK_EVERY_S = 5
LOCKED_AGAIN_S = 3600

log = structlog.get_logger(__name__)


class CannotCertify(Exception):
    """Something else lies where the certificate belongs; it must never get our signature."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of a destroyed recording. ``versions`` by name; ``locked_until`` None: the store does not lock."""

    certificate: bytes
    versions: dict[str, str]
    locked_until: datetime | None


class Destroying:
    """One per recorder process."""

    def __init__(self, config: Config, database: Database, store: ObjectStore) -> None:
        self._config, self._database, self._store = config, database, store
        self._looked_at_locked = 0.0
        self._faulty = Faulty()

    async def run(self) -> None:
        """Destroy until cancelled, beside the archiver."""
        await for_ever("destroy", self.turn, LOOK_EVERY_S)

    async def turn(self) -> None:
        """Everything that is approved, and once an hour what was left because it was locked."""
        for found in await self._in(DestructionState.APPROVED):
            if found.recording_id in self._faulty.ids():
                continue
            try:
                await self._destroy(found)
            except CannotCertify:
                self._faulty.add(found.recording_id)
                log.exception("destruction cannot be certified", recording=found.recording_id)
        now = asyncio.get_running_loop().time()
        if not self._looked_at_locked or now - self._looked_at_locked > LOCKED_AGAIN_S:
            await self.sweep()
            self._looked_at_locked = now

    async def sweep(self) -> None:
        """Delete what was left behind locked, where the lock has ended."""
        for found in await self._in(DestructionState.DONE):
            if found.objects_left:
                left = await asyncio.to_thread(self._delete, found.recording_id, await self._keys(found.recording_id))
                if left < found.objects_left:
                    await self._note_left(found.id, left)

    async def _in(self, state: DestructionState) -> list[models.Destruction]:
        async with self._database.reading() as db:
            return list(await db.scalars(select(models.Destruction).where(models.Destruction.state == state)))

    async def _keys(self, recording_id: str) -> set[str]:
        async with self._database.reading() as db:
            wanted = select(models.Segment.object_key).where(models.Segment.recording_id == recording_id)
            return set(await db.scalars(wanted))

    async def _destroy(self, found: models.Destruction) -> None:
        recording_id = found.recording_id
        async with self._database.transaction() as db:
            recording = await db.get_one(models.Recording, recording_id, with_for_update=True)
            recording.state = RecordingState.DESTROYED
            await recording_keys.destroy(db, recording_id)
        left = await asyncio.to_thread(self._delete, recording_id, await self._keys(recording_id))
        async with self._database.reading() as db:
            certificate = await destruction.certificate(db, found, left)
            recording = await db.get_one(models.Recording, recording_id)
            until = retention.papers_until(await rules_of_keeping.rules(db), utc_now())
        kept = await asyncio.to_thread(self._put_certificate, recording, certificate, until)
        await self._done(found.id, kept, left)
        log.info("recording destroyed", recording=recording_id, kind=str(found.kind), objects_left=left)

    def _delete(self, recording_id: str, keys: set[str]) -> int:
        """Every version of every segment; how many objects are still locked. Blocks. Raises ``StoreAway``."""
        left = set()
        for each in list(stores.everything(self._store, form.folder_of(recording_id))):
            if each.key not in keys:
                continue
            try:
                if each.version and isinstance(self._store, LockingStore):
                    self._store.delete_version(each.key, each.version)
                else:
                    self._store.delete(each.key)
            except ObjectLocked:
                left.add(each.key)
        return len(left)

    def _put_certificate(self, recording: models.Recording, data: bytes, until: datetime) -> Kept:
        """Beside the manifest, signed as that is, and locked with it; what lies there now, for one from before a crash
        stays. Blocks. Raises ``CannotCertify``, ``StoreAway``."""
        where, key = form.folder_of(recording.id), signing_keys.signing_key(self._config)
        versions = dict(recording.versions or {})
        versions[NAME] = stores.put_bytes(self._store, where + NAME, data, media_type="application/json")
        kept = b"".join(stores.read(self._store, where + NAME, versions[NAME]))
        if not destruction.same(kept, data):
            raise CannotCertify(where + NAME)
        signature = seals.sign(key, kept)
        versions[SIGNATURE] = stores.put_bytes(
            self._store, where + SIGNATURE, signature, media_type="application/octet-stream"
        )
        if b"".join(stores.read(self._store, where + SIGNATURE, versions[SIGNATURE])) != signature:
            raise CannotCertify(where + SIGNATURE)
        return Kept(kept, versions, self._lock(where, versions, until))

    def _lock(self, where: str, versions: dict[str, str], until: datetime) -> datetime | None:
        """Lock what stays, in the versions that are ours; until when, or None where the store does not lock."""
        if not stores.locks(self._store) or not isinstance(self._store, LockingStore):
            return None
        for name, version in versions.items():
            if version:
                lock_version(self._store, where + name, version, until)
        return until

    async def _done(self, destruction_id: str, kept: Kept, left: int) -> None:
        async with self._database.transaction() as db:
            found = await db.get_one(models.Destruction, destruction_id, with_for_update=True)
            recording = await db.get_one(models.Recording, found.recording_id, with_for_update=True)
            hearing = await db.get_one(models.Hearing, recording.hearing_id)
            found.state, found.closed_at = DestructionState.DONE, utc_now()
            found.certificate, found.objects_left = kept.certificate.decode(), left
            detail = {}
            if kept.locked_until is not None:
                recording.versions, recording.locked_until = kept.versions, kept.locked_until
                detail = {"until": kept.locked_until.isoformat()}
            await custody.record(
                db,
                None,
                found.recording_id,
                "destroy",
                unit_path=hearing.unit.path,
                kind=str(found.kind),
                objects_left=left,
                **detail,
            )

    async def _note_left(self, destruction_id: str, left: int) -> None:
        async with self._database.transaction() as db:
            (await db.get_one(models.Destruction, destruction_id)).objects_left = left
