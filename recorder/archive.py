"""Spool to store: upload, read the checksum back, write the rows, and only then delete. Every step may be repeated.

What there is to do is found by looking: segments the catalogue does not call stored, facts the database does not have.
With the store away the spool keeps the segments; with the database away it keeps the facts. Rows are written from the
catalogue, never the other way round.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub import manifest as form
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError, NotReady
from hub.ids import utc_now
from hub.services import manifests, recording_keys, retention
from hub.services.store import ObjectExists, ObjectMissing, ObjectStore, StoreAway, locks
from recorder import rows, spool, storing
from recorder.capture import Capture
from recorder.catalogue import Archived, SegmentFact, Stored
from recorder.packaging import Packaging, Work
from recorder.sealing import CannotSeal, Seal, Sealing

PAUSE_S = 0.5
AT_ONCE = 4
BATCH = 32
BACK_OFF_MAX_S = 30
PROBE_EVERY_S = 10
ABANDONED_EVERY_S = 60
SILENT_FOR = timedelta(hours=24)
FAULTY_AGAIN_S = 60
"""What the store holds wrongly may be put right by a person; nobody should have to restart the recorder then."""
PROBE_KEY = "recordings/probe"

log = structlog.get_logger(__name__)


class BackOff:
    """When to try again something that is away: after 1, 2, 4 … seconds."""

    def __init__(self) -> None:
        self._failures, self._not_before = 0, 0.0

    @property
    def ready(self) -> bool:
        return time.monotonic() >= self._not_before

    @property
    def fine(self) -> bool:
        return self._failures == 0

    def failed(self) -> None:
        self._failures += 1
        self._not_before = time.monotonic() + min(2 ** (self._failures - 1), BACK_OFF_MAX_S)

    def succeeded(self) -> None:
        self._failures, self._not_before = 0, 0.0


class Archiver:
    """``store_away`` and ``database_away`` tell how it stands; nothing is lost while either is away."""

    def __init__(
        self,
        config: Config,
        database: Database,
        store: ObjectStore,
        capture: Capture,
        packaging: Packaging,
        sealing: Sealing,
    ) -> None:
        self._config, self._database, self._store, self._sealing = config, database, store, sealing
        self._capture, self._packaging = capture, packaging
        self.store_away, self.database_away = BackOff(), BackOff()
        self._probed = self._looked = 0.0

    async def run(self) -> None:
        """Archive until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                # A fault here must never end the process, which is recording.
                log.exception("archiving failed")
            await asyncio.sleep(PAUSE_S)

    async def turn(self) -> None:
        """Everything that can be done now, for every recording in the spool."""
        for work in list(self._packaging.works.values()):
            await self._archive(work)
        if time.monotonic() - self._probed > PROBE_EVERY_S and self.store_away.ready:
            self._probed = time.monotonic()
            await self._with_store(lambda: asyncio.to_thread(self._probe))
        if time.monotonic() - self._looked > ABANDONED_EVERY_S:
            self._looked = time.monotonic()
            await self._with_database(self._close_abandoned)

    def waiting(self) -> tuple[int, float]:
        """``(segments not yet in the store, age of the oldest in seconds)``."""
        count, oldest = 0, time.time()
        for work in self._packaging.works.values():
            with work.catalogue.lock:
                unstored = list(work.catalogue.unstored.values())
            for segment in unstored:
                count += 1
                oldest = min(oldest, _made_at(segment))
        return count, max(0.0, time.time() - oldest) if count else 0.0

    # One recording ------------------------------------------------------------------------------------------------

    async def _archive(self, work: Work) -> None:
        if work.catalogue.archived is None:
            await self._with_database(lambda: rows.write(self._database, work))
            if await self._has_key(work):
                await self._with_store(lambda: self._upload(work))
            await self._with_database(lambda: rows.write(self._database, work))
            if _untidy(work):
                await asyncio.to_thread(_tidy, work)
            if work.catalogue.closed is not None and rows.complete(work):
                await self._with_database(lambda: self._finish(work))
        if work.catalogue.archived is not None:
            await asyncio.to_thread(_remove, work)
            self._capture.forget(work.folder.recording_id)
            self._packaging.works.pop(work.folder.recording_id, None)

    async def _has_key(self, work: Work) -> bool:
        """Nothing leaves the spool unencrypted that should be, nor before its key is in the database."""
        if work.key_found or not _unstored(work):
            return True
        locking = False

        async def ask() -> None:
            nonlocal locking
            locking = await asyncio.to_thread(locks, self._store)

        await self._with_store(ask)
        if not self.store_away.fine:
            return False

        async def find() -> None:
            recording_id, wanted = work.folder.recording_id, self._config.encrypt_recordings or locking
            try:
                if wanted:
                    work.data_key = await recording_keys.ensure(self._database, self._config, recording_id)
                else:  # it may have been begun when they were
                    async with self._database.reading() as db:
                        work.data_key = await recording_keys.to_read(db, self._config, recording_id)
                if locking:
                    work.lock_until = await retention.settle(self._database, recording_id)
                work.key_found = work.data_key is not None or not wanted
            except (ConfigError, recording_keys.KeyGone) as error:
                log.warning("recording waits for its key", recording=recording_id, why=str(error))

        await self._with_database(find)
        # What needs no key does not wait for the database.
        return work.key_found or not (self._config.encrypt_recordings or locking)

    async def _upload(self, work: Work) -> None:
        while todo := _unstored(work)[:BATCH]:
            for start in range(0, len(todo), AT_ONCE):
                some = todo[start : start + AT_ONCE]
                jobs = [asyncio.to_thread(self._store_segment, work, segment) for segment in some]
                done = await asyncio.gather(*jobs, return_exceptions=True)
                await asyncio.to_thread(_note_stored, work, [each for each in done if isinstance(each, Stored)])
                for fault in done:
                    if isinstance(fault, BaseException):
                        raise fault

    def _store_segment(self, work: Work, segment: SegmentFact) -> Stored | None:
        """Upload and check; None when the store holds something else under the key. Blocks."""
        path = work.folder.segment_file(segment.track_id, segment.number)
        try:
            version = storing.put(self._store, segment, path, work.data_key)
        except (FileNotFoundError, ValueError) as error:
            stored, why = self._there(segment, work), f"spool file unusable: {error}"
        else:
            stored, why = storing.look(self._store, segment, work.data_key, version), "the store holds other bytes"
        if stored is None:
            self._complain(work, segment, why)
            return None
        return stored if work.lock_until is None else storing.lock(self._store, segment, stored, work.lock_until)

    def _there(self, segment: SegmentFact, work: Work) -> Stored | None:
        """What the store has of a segment whose spool file is gone: another archiver may have been quicker."""
        try:
            version = self._store.head(segment.object_key).version
            return storing.look(self._store, segment, work.data_key, version)
        except ObjectMissing:
            return None

    def _checksum(self, key: str) -> str:
        """The checksum of what the store gives back. What it says of itself proves nothing."""
        digest = hashlib.sha256()
        for chunk in self._store.read(key):
            digest.update(chunk)
        return digest.hexdigest()

    def _complain(self, work: Work, segment: SegmentFact, what: str) -> None:
        work.faulty[segment.id] = time.monotonic() + FAULTY_AGAIN_S
        log.error("segment cannot be archived", recording=work.folder.recording_id, key=segment.object_key, why=what)

    async def _finish(self, work: Work) -> None:
        """All is stored: write the manifest, seal it, check both, and say so in the row."""
        recording_id = work.folder.recording_id
        if not self.store_away.ready or work.faulty.get(recording_id, 0) > time.monotonic():
            return
        if known := await rows.archived_as(self._database, recording_id):
            # By us, before we could note it, or by another archiver of the same spool, perhaps with another key.
            await self._with_store(lambda: self._accept(work, known))
            return
        data = await asyncio.to_thread(_read, work.folder.manifest)
        if data is None:
            async with self._database.reading() as db:
                data = await manifests.build(db, recording_id, await asyncio.to_thread(self._sealing.key))
            await asyncio.to_thread(spool.write_file, work.folder.manifest, data)
        sha256, key = hashlib.sha256(data).hexdigest(), form.key_of(recording_id)
        done: list[Seal] = []
        await self._with_store(lambda: asyncio.to_thread(self._store_manifest, recording_id, data, done))
        if not done:
            if self.store_away.fine:
                work.faulty[recording_id] = time.monotonic() + FAULTY_AGAIN_S
            return
        await rows.archived(self._database, recording_id, key, sha256, done[0].sealed_at, done[0].key)
        await asyncio.to_thread(work.catalogue.append, [Archived(sha256)])
        log.info("recording archived", recording=recording_id, manifest_sha256=sha256)

    async def _accept(self, work: Work, sha256: str) -> None:
        """The row names the manifest; when the store gives it back, there is nothing left to do."""
        key = form.key_of(work.folder.recording_id)
        if await asyncio.to_thread(self._checksum, key) == sha256:
            await asyncio.to_thread(work.catalogue.append, [Archived(sha256)])
        else:
            log.error("the store holds another manifest", recording=work.folder.recording_id, key=key)
            work.faulty[work.folder.recording_id] = time.monotonic() + FAULTY_AGAIN_S

    def _store_manifest(self, recording_id: str, data: bytes, done: list[Seal]) -> None:
        key = form.key_of(recording_id)
        with suppress(ObjectExists):
            self._store.put_bytes(key, data, media_type="application/json")
        if self._checksum(key) != hashlib.sha256(data).hexdigest():
            log.error("the store holds another manifest", recording=recording_id, key=key)
            return
        try:
            done.append(self._sealing.seal(recording_id, data))
        except (CannotSeal, ConfigError):
            log.exception("recording cannot be sealed", recording=recording_id)

    # What may be away ---------------------------------------------------------------------------------------------

    async def _with_store(self, work: Callable[[], Awaitable[None]]) -> None:
        if not self.store_away.ready:
            return
        try:
            await work()
        except (StoreAway, ObjectMissing) as error:
            if self.store_away.fine:
                log.warning("object store away", error=str(error))
            self.store_away.failed()
        else:
            self.store_away.succeeded()

    async def _with_database(self, work: Callable[[], Awaitable[None]]) -> None:
        if not self.database_away.ready:
            return
        try:
            await work()
        except (NotReady, SQLAlchemyError, OSError) as error:
            if self.database_away.fine:
                log.warning("database away", error=repr(error))
            self.database_away.failed()
        else:
            self.database_away.succeeded()

    def _probe(self) -> None:
        """Ask the store for something that need not be there."""
        try:
            for _ in self._store.read(PROBE_KEY):
                return
        except ObjectMissing:
            return

    async def _close_abandoned(self) -> None:
        """Close what nobody closed: the hearing is over, or nothing has come for a day."""
        for recording_id in self._capture.open_ids():
            writer = self._capture.writer(recording_id)
            if writer is None:
                continue
            over_at = await rows.hearing_over_at(self._database, recording_id)
            if over_at is not None and utc_now() - over_at > timedelta(seconds=ABANDONED_EVERY_S):
                started = await rows.started_at(self._database, recording_id)
                end_ns = writer.epoch_ns + (over_at - started) // timedelta(microseconds=1) * 1000
                # The wall clock may have been set in between: no end before what was heard, none in the future.
                end_ns = min(max(end_ns, writer.last_heard_ns), time.monotonic_ns())
            elif time.monotonic_ns() - writer.last_heard_ns > SILENT_FOR // timedelta(microseconds=1) * 1000:
                end_ns = writer.last_heard_ns
            else:
                continue
            log.warning("closing a recording that nobody closed", recording=recording_id)
            await self._capture.close(recording_id, end_ns)


def _unstored(work: Work) -> list[SegmentFact]:
    now = time.monotonic()
    with work.catalogue.lock:
        return [segment for key, segment in work.catalogue.unstored.items() if work.faulty.get(key, 0) <= now]


def _note_stored(work: Work, stored: list[Stored]) -> None:
    if stored:
        with work.catalogue.lock:
            work.catalogue.append(stored)


def _untidy(work: Work) -> bool:
    """Whether ``_tidy`` may find anything: each segment that is stored, and each step of packaging's, changes one."""
    return work.rows_stored != work.deleted or work.first_needed_file != work.tidied_to


def _tidy(work: Work) -> None:
    """Delete what the store has and the rows say, and journal files that no segment still under way needs."""
    with work.catalogue.lock:
        done = [work.catalogue.segments[segment_id] for segment_id in work.rows_stored - work.deleted]
        unstored = list(work.catalogue.unstored.values())
    for segment in done:
        work.folder.segment_file(segment.track_id, segment.number).unlink(missing_ok=True)
        work.deleted.add(segment.id)
    reached = work.first_needed_file
    needed = min([reached, *(segment.first_file for segment in unstored)])
    for number in work.folder.journal_numbers():
        if number < needed:
            work.folder.journal_file(number).unlink(missing_ok=True)
    work.tidied_to = reached


def _remove(work: Work) -> None:
    with work.lock:
        work.catalogue.close()
        if work.folder.path.exists():  # a turn that was cancelled may have come so far
            work.folder.remove()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _made_at(segment: SegmentFact) -> float:
    """Seconds since 1970: identifiers begin with their milliseconds."""
    return int(segment.id[:12], 16) / 1000
