"""Whether a recording is still what was recorded: every file read again and hashed, every fault named."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models
from hub import manifest as form
from hub.auth import Action, Actor
from hub.db import Database
from hub.errors import NotFound
from hub.i18n import N_
from hub.services import audit
from hub.services.hearing_lists import record_target
from hub.services.store import ObjectMissing, ObjectStore

PROGRESS_EVERY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """``kind``: ``missing``, ``altered``, ``extra`` (an object), ``unrecorded`` (row and manifest differ),
    ``broken_chain``, ``unreadable`` (the manifest) or ``not_archived``."""

    kind: str
    key: str
    """The object's key, or the recording's id."""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.key}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """``ok``: archived, every byte as recorded, nothing missing and nothing extra."""

    recording_id: str
    ok: bool
    objects: int
    bytes_read: int
    faults: list[Fault]
    manifest_sha256: str | None


@dataclass(frozen=True, slots=True)
class _Expected:
    key: str
    sha256: str
    size_bytes: int


Progress = Callable[[int, int], None]
"""Called with (bytes read, bytes in all), about once a megabyte."""


async def verify(
    db: AsyncSession, store: ObjectStore, recording_id: str, progress: Progress | None = None
) -> VerifyReport:
    """Read the manifest and every segment again. Raises ``NotFound``, and ``StoreAway`` when the store is.

    A recording that is not archived yet is checked too, against its rows, and is never ``ok``.
    """
    recording = await db.get(models.Recording, recording_id)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    rows = list(
        await db.scalars(
            select(models.Segment)
            .where(models.Segment.recording_id == recording_id)
            .order_by(models.Segment.track_id, models.Segment.number)
        )
    )
    expected = [_Expected(r.object_key, r.sha256, r.size_bytes) for r in rows if r.state == models.SegmentState.STORED]
    known = {row.object_key for row in rows}
    check = _Check(store, recording_id, recording.manifest_sha256, expected, known, progress)
    archived = recording.state == models.RecordingState.ARCHIVED
    await asyncio.to_thread(check.run, archived=archived)
    if not archived:
        check.faults.append(Fault("not_archived", recording_id, recording.state))
    return VerifyReport(
        recording_id=recording_id,
        ok=not check.faults,
        objects=check.objects,
        bytes_read=check.bytes_read,
        faults=check.faults,
        manifest_sha256=recording.manifest_sha256,
    )


async def verify_as(
    database: Database, store: ObjectStore, actor: Actor, recording_id: str, progress: Progress | None = None
) -> VerifyReport:
    """``verify`` for somebody: within his scope only, and kept in the audit trail with its outcome.

    Hours of recording take minutes to read, and a hearing that runs meanwhile must be able to write: the database is
    only read until the outcome is known.
    """
    async with database.reading() as db:
        recording = await db.get(models.Recording, recording_id)
        if recording is None:
            raise NotFound(N_("Không tìm thấy bản ghi."))
        hearing = await db.get_one(models.Hearing, recording.hearing_id)
        auth.require(actor, Action.VERIFY_RECORDING, record_target(hearing))
        report = await verify(db, store, recording_id, progress)
    async with database.transaction() as db:
        await audit.record(
            db,
            actor,
            "recording.verify",
            "recording",
            recording_id,
            unit_path=hearing.unit.path,
            ok=report.ok,
            objects=report.objects,
            bytes_read=report.bytes_read,
            faults=len(report.faults),
        )
    return report


class _Check:
    """The blocking part, for a thread."""

    def __init__(
        self,
        store: ObjectStore,
        recording_id: str,
        manifest_sha256: str | None,
        expected: list[_Expected],
        known: set[str],
        progress: Progress | None,
    ) -> None:
        self._store, self._recording_id = store, recording_id
        self._manifest_sha256, self._expected, self._known = manifest_sha256, expected, known
        self._progress, self._told = progress, 0
        self._total = sum(entry.size_bytes for entry in expected)
        self.faults: list[Fault] = []
        self.objects = self.bytes_read = 0

    def run(self, *, archived: bool) -> None:
        keys = set(self._known)
        if archived:
            keys.add(form.key_of(self._recording_id))
            self._manifest()
        for entry in self._expected:
            self._object(entry)
        for found in self._store.list(f"recordings/{self._recording_id}/"):
            if found.key not in keys:
                self.faults.append(Fault("extra", found.key))
        if self._progress:
            self._progress(self.bytes_read, max(self._total, self.bytes_read))

    def _object(self, entry: _Expected) -> None:
        try:
            digest, size = self._hash(entry.key)
        except ObjectMissing:
            self.faults.append(Fault("missing", entry.key))
            return
        self.objects += 1
        if digest != entry.sha256:
            self.faults.append(Fault("altered", entry.key, f"{size} bytes, sha256 {digest}, recorded {entry.sha256}"))

    def _manifest(self) -> None:
        key = form.key_of(self._recording_id)
        try:
            data = b"".join(self._store.read(key))
        except ObjectMissing:
            self.faults.append(Fault("missing", key))
            return
        self.objects += 1
        self._read(len(data))
        digest = hashlib.sha256(data).hexdigest()
        if digest != self._manifest_sha256:
            self.faults.append(Fault("altered", key, f"sha256 {digest}, recorded {self._manifest_sha256}"))
        try:
            document = json.loads(data)
            self.faults += [Fault("broken_chain", link) for link in form.broken_links(document)]
            self._compare({str(s["key"]): str(s["sha256"]) for s in form.segments(document)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.faults.append(Fault("unreadable", key, repr(error)))

    def _compare(self, listed: dict[str, Any]) -> None:
        rows = {entry.key: entry.sha256 for entry in self._expected}
        for key in sorted(listed.keys() | rows.keys()):
            if listed.get(key) != rows.get(key):
                detail = f"manifest {listed.get(key, 'nothing')}, row {rows.get(key, 'nothing')}"
                self.faults.append(Fault("unrecorded", key, detail))

    def _hash(self, key: str) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        for chunk in self._store.read(key):
            digest.update(chunk)
            size += len(chunk)
            self._read(len(chunk))
        return digest.hexdigest(), size

    def _read(self, count: int) -> None:
        self.bytes_read += count
        if self._progress and self.bytes_read - self._told >= PROGRESS_EVERY_BYTES:
            self._told = self.bytes_read
            self._progress(self.bytes_read, max(self._total, self.bytes_read))
