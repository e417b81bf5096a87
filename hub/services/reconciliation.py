"""The rows against the store and the store against the rows: what is missing, extra, of another size or altered.

Sizes of everything, checksums of a sample that changes every time; ``hub verify`` reads everything of a recording.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest as form
from hub import models, seals
from hub.db import Database
from hub.ids import utc_now
from hub.models import DestructionState, RecordingState, SegmentState
from hub.services import destruction
from hub.services import store as stores
from hub.services.store import ObjectMissing, ObjectStore, StoredObject

NAMED = 100
"""So many of each kind are kept by name; all are counted."""
KINDS = ("missing", "extra", "corrupt", "hidden")
RECORDINGS, ATTACHMENTS, DOCUMENTS = "recordings/", "attachments/", "documents/"

Progress = Callable[[int], None]
"""Called with how many objects were compared so far."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A row's object. ``size_bytes`` and ``sha256`` None: only that it is there is known."""

    key: str
    version: str = ""
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(slots=True)
class Report:
    started_at: datetime
    objects: int = 0
    size_bytes: int = 0
    expected: int = 0
    sampled: int = 0
    sampled_bytes: int = 0
    unstored: int = 0
    """Segments that are still in the spool."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    named: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def ok(self) -> bool:
        return not any(self.counts.values())

    def note(self, kind: str, key: str) -> None:
        self.counts[kind] += 1
        if len(self.named[kind]) < NAMED:
            self.named[kind].append(key)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "objects": self.objects,
            "size_bytes": self.size_bytes,
            "expected": self.expected,
            "sampled": self.sampled,
            "sampled_bytes": self.sampled_bytes,
            "unstored": self.unstored,
            "counts": self.counts,
            "named": self.named,
        }


async def run(
    database: Database, store: ObjectStore, *, sample_bytes: int, progress: Progress = lambda _count: None
) -> Report:
    """Compare everything and keep the outcome. Raises ``StoreAway``; what is uploaded meanwhile is no fault."""
    report = Report(utc_now())
    before = await _recordings(database)
    chosen: list[Expected] = []
    seen: set[str] = set()
    groups = groupby(stores.everything(store, ""), key=lambda found: _group(found.key))
    while (group := await asyncio.to_thread(_next, groups)) is not None:
        name, objects = group
        seen.add(name)
        chosen += await _compare(database, report, name, objects)
        progress(report.objects)
    for name in [f"{RECORDINGS}{each}/" for each in before] + [ATTACHMENTS, DOCUMENTS]:
        if name not in seen:
            chosen += await _compare(database, report, name, [])
    await _sample(store, report, chosen, sample_bytes)
    async with database.transaction() as db:
        spooled = select(func.count()).select_from(models.Segment).where(models.Segment.state == SegmentState.SPOOLED)
        report.unstored = await db.scalar(spooled) or 0
        row = models.Reconciliation(started_at=report.started_at, finished_at=utc_now(), report=report.as_json())
        db.add(row)
    return report


async def last(db: AsyncSession) -> models.Reconciliation | None:
    wanted = select(models.Reconciliation).order_by(models.Reconciliation.finished_at.desc()).limit(1)
    found: models.Reconciliation | None = await db.scalar(wanted)
    return found


def _next(groups: Iterator[tuple[str, Iterator[StoredObject]]]) -> tuple[str, list[StoredObject]] | None:
    for name, objects in groups:
        return name, list(objects)
    return None


def _group(key: str) -> str:
    """Stores list by key, so a recording's objects come one after the other."""
    parts = key.split("/")
    if key.startswith(RECORDINGS) and len(parts) > 2:
        return f"{RECORDINGS}{parts[1]}/"
    return f"{parts[0]}/" if len(parts) > 1 else ""


async def _recordings(database: Database) -> list[str]:
    async with database.reading() as db:
        return list(await db.scalars(select(models.Recording.id)))


async def _compare(database: Database, report: Report, name: str, objects: list[StoredObject]) -> list[Expected]:
    """One recording's objects with its rows; gives what its sample may be taken from."""
    wanted, allowed = await _expected(database, name)
    report.expected += len(wanted)
    present: dict[str, list[StoredObject]] = {}
    for found in objects:
        if not found.deleted:
            report.objects += 1
            report.size_bytes += found.size_bytes
        present.setdefault(found.key, []).append(found)
    for expected in wanted.values():
        _match(report, expected, present.pop(expected.key, []))
    for key, found_there in present.items():
        if key not in allowed and not all(each.deleted for each in found_there):
            report.note("extra", key)
    return [each for each in wanted.values() if each.sha256 is not None]


def _match(report: Report, expected: Expected, there: list[StoredObject]) -> None:
    mine = [each for each in there if not each.deleted and each.version == (expected.version or each.version)]
    if not mine:
        report.note("missing", expected.key)
        return
    if expected.size_bytes is not None and all(each.size_bytes != expected.size_bytes for each in mine):
        report.note("corrupt", expected.key)
    if any(each.deleted for each in there):
        report.note("hidden", expected.key)
    if expected.version and any(not each.deleted and each.version != expected.version for each in there):
        report.note("extra", expected.key)


async def _expected(database: Database, name: str) -> tuple[dict[str, Expected], set[str]]:
    """What must be there by key, and what besides it may be: what is under way, or left because it is locked."""
    if name in (ATTACHMENTS, DOCUMENTS):
        return await _documents(database, name), set()
    if not name.startswith(RECORDINGS):
        return {}, set()
    recording_id = name.removeprefix(RECORDINGS).rstrip("/")
    async with database.reading() as db:
        recording = await db.get(models.Recording, recording_id)
        if recording is None:
            return {}, set()
        mine = select(models.Segment).where(models.Segment.recording_id == recording_id)
        segments = list(await db.scalars(mine))
        left = await db.scalar(
            select(func.sum(models.Destruction.objects_left)).where(
                models.Destruction.recording_id == recording_id, models.Destruction.state == DestructionState.DONE
            )
        )
    keys = {segment.object_key for segment in segments}
    papers = {form.folder_of(recording_id) + each for each in ("manifest.json", seals.SUMS, seals.SIGNATURE)}
    if recording.state == RecordingState.DESTROYED:
        papers |= {form.folder_of(recording_id) + each for each in (destruction.NAME, destruction.SIGNATURE)}
        return _papers(recording, papers), (keys if left else set()) | {seals.key_of(recording_id, seals.STAMP)}
    wanted = {
        each.object_key: Expected(
            each.object_key,
            each.version,
            each.size_bytes if each.stored_size_bytes is None else each.stored_size_bytes,
            each.stored_sha256 or each.sha256,
        )
        for each in segments
        if each.state == SegmentState.STORED
    }
    if recording.state != RecordingState.ARCHIVED:
        # The recorder is at work: what it has put and not yet written down is no surprise.
        folder_keys = keys | papers | {seals.key_of(recording_id, seals.STAMP)}
        return wanted, folder_keys
    return wanted | _papers(recording, papers), {seals.key_of(recording_id, seals.STAMP)}


async def _documents(database: Database, name: str) -> dict[str, Expected]:
    """What citizens brought, or papers and their signed scans; of sealed ones the checksum is of what is inside."""
    found = {}
    async with database.reading() as db:
        for kind in (models.Attachment,) if name == ATTACHMENTS else (models.Document, models.DocumentScan):
            columns = (kind.object_key, kind.sha256, kind.size_bytes, kind.sealed)
            for key, sha256, size_bytes, sealed in await db.execute(select(*columns)):
                if key is not None:
                    found[key] = Expected(key) if sealed else Expected(key, "", size_bytes, sha256)
    return found


def _papers(recording: models.Recording, keys: set[str]) -> dict[str, Expected]:
    versions = recording.versions or {}
    return {
        key: Expected(
            key,
            versions.get(key.rpartition("/")[2], ""),
            sha256=recording.manifest_sha256 if key == form.key_of(recording.id) else None,
        )
        for key in keys
    }


async def _sample(store: ObjectStore, report: Report, chosen: list[Expected], budget_bytes: int) -> None:
    for expected in random.sample(chosen, len(chosen)):
        if report.sampled_bytes >= budget_bytes:
            return
        found = await asyncio.to_thread(_digest, store, expected)
        if found is None:
            continue  # missing, said already
        report.sampled, report.sampled_bytes = report.sampled + 1, report.sampled_bytes + found[1]
        if found[0] != expected.sha256 and expected.key not in report.named["corrupt"]:
            report.note("corrupt", expected.key)


def _digest(store: ObjectStore, expected: Expected) -> tuple[str, int] | None:
    digest, size = hashlib.sha256(), 0
    try:
        for piece in stores.read(store, expected.key, expected.version):
            digest.update(piece)
            size += len(piece)
    except ObjectMissing:
        return None
    return digest.hexdigest(), size
