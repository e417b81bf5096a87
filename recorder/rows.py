"""Facts to rows: what the catalogue says, written to the database. Idempotent; a row that is there is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub import models
from hub.db import Database
from hub.ids import utc_now
from hub.services import custody, retention
from hub.tap import TrackOpened
from recorder.catalogue import GapFact, SegmentFact
from recorder.packaging import Work

log = structlog.get_logger(__name__)


async def write(database: Database, work: Work) -> None:
    """Bring the rows up to what the catalogue says. Does nothing when the recording's own row is not there."""
    if not work.rows_read:
        await _read(database, work)
    if not _something_new(work):
        return
    try:
        async with database.transaction() as db:
            recording = await db.get(models.Recording, work.folder.recording_id)
            if recording is None:
                log.warning("recording without a row stays in the spool", recording=work.folder.recording_id)
                return
            added = await _insert(db, work)
            stored = await _mark_stored(db, work)
            _close(recording, work)
    except IntegrityError:
        work.rows_read = False  # somebody else wrote some of them: look again before the next attempt
        raise
    work.rows |= added
    work.rows_stored |= stored
    work.row_closed = work.catalogue.closed is not None


def complete(work: Work) -> bool:
    """Whether every segment is stored and every fact has its row."""
    catalogue = work.catalogue
    return (
        work.row_closed
        and work.rows_stored >= catalogue.segments.keys()
        and work.rows >= catalogue.tracks.keys()
        and all(gap.id in work.rows for gap in catalogue.gaps)
    )


async def archived(
    database: Database, recording_id: str, key: str, sha256: str, sealed_at: datetime, seal_key: str
) -> None:
    """The manifest and its seal are in the store, and with them everything else. Idempotent."""
    async with database.transaction() as db:
        await db.execute(
            update(models.Recording)
            .where(models.Recording.id == recording_id, models.Recording.state != models.RecordingState.DESTROYED)
            .values(state=models.RecordingState.ARCHIVED, manifest_key=key, manifest_sha256=sha256)
        )
        await _sealed(db, recording_id, sealed_at, seal_key)
        await retention.choose(db, await db.get_one(models.Recording, recording_id))


async def archived_as(database: Database, recording_id: str) -> str | None:
    """The SHA-256 of the manifest of a recording that is archived; None of one that is not."""
    async with database.reading() as db:
        recording = await db.get_one(models.Recording, recording_id)
    return recording.manifest_sha256 if recording.state == models.RecordingState.ARCHIVED else None


async def sealed(database: Database, recording_id: str, sealed_at: datetime, key: str) -> None:
    """The seal is in the store; ``key`` is the public key's fingerprint. Idempotent."""
    async with database.transaction() as db:
        await _sealed(db, recording_id, sealed_at, key)


async def stamped(database: Database, recording_id: str, at: datetime) -> None:
    """The time stamp is in the store; ``at`` is what the authority says. Idempotent."""
    async with database.transaction() as db:
        recording = await db.get_one(models.Recording, recording_id, with_for_update=True)
        if recording.stamped_at is None:
            recording.stamped_at = at
            await custody.record(
                db, None, recording_id, "stamp", unit_path=await _unit_path(db, recording), stamped_at=at.isoformat()
            )


async def _sealed(db: AsyncSession, recording_id: str, sealed_at: datetime, key: str) -> None:
    recording = await db.get_one(models.Recording, recording_id, with_for_update=True)
    if recording.sealed_at is None:
        recording.sealed_at, recording.seal_key = sealed_at, key
        await custody.record(
            db,
            None,
            recording_id,
            "seal",
            unit_path=await _unit_path(db, recording),
            key=key,
            manifest_sha256=recording.manifest_sha256,
        )


async def _unit_path(db: AsyncSession, recording: models.Recording) -> str:
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    return hearing.unit.path


async def hearing_over_at(database: Database, recording_id: str) -> datetime | None:
    """When the recording's hearing was closed or cancelled; None while it is not."""
    async with database.reading() as db:
        query = (
            select(models.Hearing.state, models.Hearing.closed_at)
            .join(models.Recording, models.Recording.hearing_id == models.Hearing.id)
            .where(models.Recording.id == recording_id)
        )
        found = (await db.execute(query)).one_or_none()
    return found[1] if found and found[0] in models.OVER_STATES else None


async def started_at(database: Database, recording_id: str) -> datetime:
    async with database.reading() as db:
        return (await db.get_one(models.Recording, recording_id)).started_at


async def _read(database: Database, work: Work) -> None:
    recording_id = work.folder.recording_id
    async with database.reading() as db:
        for table in (models.Track, models.Gap, models.Segment):
            work.rows |= set(await db.scalars(select(table.id).where(table.recording_id == recording_id)))
        stored = select(models.Segment.id).where(
            models.Segment.recording_id == recording_id, models.Segment.state == models.SegmentState.STORED
        )
        # Only what this spool's catalogue knows: it alone says which files may go.
        work.rows_stored |= set(await db.scalars(stored)) & work.catalogue.stored.keys()
    work.rows_read = True


def _something_new(work: Work) -> bool:
    catalogue = work.catalogue
    with catalogue.lock:
        return (
            not work.rows >= catalogue.tracks.keys()
            or not work.rows >= catalogue.segments.keys()
            or any(gap.id not in work.rows for gap in catalogue.gaps)
            or not work.rows_stored >= catalogue.stored.keys()
            or (catalogue.closed is not None and not work.row_closed)
        )


async def _insert(db: AsyncSession, work: Work) -> set[str]:
    catalogue, recording_id = work.catalogue, work.folder.recording_id
    with catalogue.lock:
        tracks = [fact for key, fact in catalogue.tracks.items() if key not in work.rows]
        segments = [fact for key, fact in catalogue.segments.items() if key not in work.rows]
        gaps = [fact for fact in catalogue.gaps if fact.id not in work.rows]
    db.add_all(_track(recording_id, track.opened) for track in tracks)
    await db.flush()
    db.add_all(_segment(recording_id, fact) for fact in segments)
    db.add_all(_gap(recording_id, gap) for gap in gaps)
    await db.flush()
    return {t.opened.track_id for t in tracks} | {s.id for s in segments} | {g.id for g in gaps}


def _track(recording_id: str, opened: TrackOpened) -> models.Track:
    return models.Track(
        id=opened.track_id,
        recording_id=recording_id,
        seat_id=opened.seat_id,
        source=opened.source,
        kind=opened.kind,
        codec=opened.codec,
    )


def _segment(recording_id: str, fact: SegmentFact) -> models.Segment:
    return models.Segment(
        id=fact.id,
        recording_id=recording_id,
        track_id=fact.track_id,
        number=fact.number,
        start_ms=fact.start_ms,
        duration_ms=fact.duration_ms,
        media_type=fact.media_type,
        begins_with_keyframe=fact.begins_with_keyframe,
        size_bytes=fact.size_bytes,
        sha256=fact.sha256,
        object_key=fact.object_key,
        voice=fact.voice,
    )


def _gap(recording_id: str, gap: GapFact) -> models.Gap:
    return models.Gap(
        id=gap.id,
        recording_id=recording_id,
        track_id=gap.track_id,
        start_ms=gap.start_ms,
        end_ms=gap.end_ms,
        cause=gap.cause,
    )


async def _mark_stored(db: AsyncSession, work: Work) -> set[str]:
    with work.catalogue.lock:
        stored = [fact for key, fact in work.catalogue.stored.items() if key not in work.rows_stored]
    now = utc_now()
    if stored:
        values = [
            {
                "id": fact.segment_id,
                "state": models.SegmentState.STORED,
                "stored_at": now,
                "encrypted": fact.encrypted,
                "stored_size_bytes": fact.size_bytes,
                "stored_sha256": fact.sha256,
                "version": fact.version,
                "locked_until": fact.locked_until,
            }
            for fact in stored
        ]
        await db.execute(update(models.Segment), values)
    return {fact.segment_id for fact in stored}


def _close(recording: models.Recording, work: Work) -> None:
    closed = work.catalogue.closed
    if closed is not None and recording.state == models.RecordingState.RECORDING:
        recording.state = models.RecordingState.CLOSED
        recording.duration_ms = closed.duration_ms
        recording.ended_at = recording.started_at + timedelta(milliseconds=closed.duration_ms)
