"""Whether a recording is still what was recorded: every file read again and hashed, manifest, seal, time stamp and
chain of custody checked, every fault named."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, calendar, models, signing_keys
from hub.auth import Action, Actor
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, ConfigError, NotFound
from hub.i18n import N_, Text
from hub.services import custody, identity, manifests, recording_keys
from hub.services.faults import Fault
from hub.services.hearing_lists import record_target
from hub.services.identity import Vault
from hub.services.recording_keys import Found
from hub.services.replays import REASON_MAX
from hub.services.rereading import Facts, Progress, Reading, Trust
from hub.services.store import ObjectStore

__all__ = ["Fault", "Progress", "Trust", "VerifyReport", "accept_reason", "choose", "trust", "verify", "verify_as"]

AT_REST = (models.RecordingState.ARCHIVED, models.RecordingState.DESTROYED)
NAMED = 20
"""So many faults are kept by name with a verification; their number is kept in any case."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """``ok``: archived, sealed, every byte as recorded, nothing missing and nothing extra."""

    recording_id: str
    ok: bool
    objects: int
    bytes_read: int
    faults: list[Fault]
    manifest_sha256: str | None


def trust(config: Config) -> Trust:
    """What this hub trusts. Reads files. Raises ``ConfigError`` when a key's file is damaged."""
    return Trust(signing_keys.public_keys(config), config.timestamp_ca, config)


async def choose(db: AsyncSession, first_day: date | None = None, last_day: date | None = None) -> list[str]:
    """The archived and destroyed recordings that began on these local days (both included), the oldest first."""
    wanted = select(models.Recording.id).where(models.Recording.state.in_(AT_REST))
    if first_day:
        wanted = wanted.where(models.Recording.started_at >= calendar.day_bounds(first_day)[0])
    if last_day:
        wanted = wanted.where(models.Recording.started_at < calendar.day_bounds(last_day)[1])
    return list(await db.scalars(wanted.order_by(models.Recording.started_at, models.Recording.id)))


async def verify(
    db: AsyncSession, store: ObjectStore, trusted: Trust, recording_id: str, progress: Progress | None = None
) -> VerifyReport:
    """Read everything again. Raises ``NotFound``, and ``StoreAway`` when the store is.

    A recording that is not archived yet is checked too, against its rows, and is never ``ok``.
    """
    recording = await _recording(db, recording_id)
    facts = await _facts(db, trusted, recording)
    reading = Reading(store, trusted, facts, progress)
    await asyncio.to_thread(reading.run)
    faults = reading.faults
    if not facts.archived:
        faults.append(Fault("not_archived", recording_id, recording.state))
    faults += [Fault(found.kind, str(found.seq)) for found in await custody.breaks(db, recording_id)]
    return VerifyReport(
        recording_id=recording_id,
        ok=not faults,
        objects=reading.objects,
        bytes_read=reading.bytes_read,
        faults=faults,
        manifest_sha256=recording.manifest_sha256,
    )


async def verify_as(
    database: Database,
    store: ObjectStore,
    trusted: Trust,
    actor: Actor,
    recording_id: str,
    reason: str = "",
    *,
    progress: Progress | None = None,
) -> VerifyReport:
    """``verify`` for somebody: within his scope only, and kept in the chain of custody with its outcome.

    Hours of recording take minutes to read, and a hearing that runs meanwhile must be able to write: the database is
    only read until the outcome is known.
    """
    async with database.reading() as db:
        unit_path = await require(db, actor, recording_id)
        report = await verify(db, store, trusted, recording_id, progress)
    async with database.transaction() as db:
        await custody.record(
            db,
            actor,
            recording_id,
            "verify",
            reason,
            unit_path=unit_path,
            ok=report.ok,
            objects=report.objects,
            bytes_read=report.bytes_read,
            faults=len(report.faults),
            named=[[fault.kind, fault.key, fault.detail] for fault in report.faults[:NAMED]],
        )
    return report


async def accept_reason(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str) -> str:
    """Why it is verified, as it may be kept; nobody has to say so.

    Raises ``NotFound``, ``Forbidden``, and ``BadInput`` when it is too long or names a denouncer.
    """
    recording = await _recording(db, recording_id)
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    auth.require(actor, Action.VERIFY_RECORDING, record_target(hearing))
    reason = " ".join(reason.split())
    if len(reason) > REASON_MAX:
        text = N_("Lý do kiểm tra không được quá %(limit)s ký tự.")
        raise BadInput(text, fields={"verify_reason": Text(text, {"limit": REASON_MAX})}, limit=REASON_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason, field="verify_reason")
    return reason


async def require(db: AsyncSession, actor: Actor, recording_id: str) -> str:
    """The path of the unit that holds the hearing. Raises ``NotFound``, or ``Forbidden`` to who may not verify it."""
    recording = await _recording(db, recording_id)
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    auth.require(actor, Action.VERIFY_RECORDING, record_target(hearing))
    return hearing.unit.path


async def _recording(db: AsyncSession, recording_id: str) -> models.Recording:
    recording = await db.get(models.Recording, recording_id)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    return recording


async def _facts(db: AsyncSession, trusted: Trust, recording: models.Recording) -> Facts:
    unstored = select(models.Segment.object_key).where(
        models.Segment.recording_id == recording.id, models.Segment.state != models.SegmentState.STORED
    )
    return Facts(
        recording_id=recording.id,
        archived=recording.state in AT_REST,
        destroyed=recording.state == models.RecordingState.DESTROYED,
        left=await _left(db, recording.id),
        manifest_sha256=recording.manifest_sha256,
        sealed_at=recording.sealed_at,
        seal_key=recording.seal_key,
        stamped_at=recording.stamped_at,
        started_at=manifests.instant(recording.started_at) or "",
        duration_ms=recording.duration_ms,
        tracks=await manifests.tracks(db, recording.id),
        gaps=await manifests.gaps(db, recording.id),
        events={row.seq: manifests.written(row) for row in await manifests.event_rows(db, recording.hearing_id)},
        unstored=frozenset(await db.scalars(unstored)),
        key=await _key(db, trusted, recording.id),
        versions=recording.versions or {},
        locked=recording.locked_until,
    )


async def _left(db: AsyncSession, recording_id: str) -> int:
    """How many files of a destroyed recording may still be there, because they are locked."""
    wanted = select(models.Destruction.objects_left).where(
        models.Destruction.recording_id == recording_id,
        models.Destruction.state == models.DestructionState.DONE,
    )
    return await db.scalar(wanted) or 0


async def _key(db: AsyncSession, trusted: Trust, recording_id: str) -> Found:
    if trusted.config is None:
        return Found()
    try:
        return await recording_keys.find(db, trusted.config, recording_id)
    except ConfigError as error:
        row = await db.get_one(models.RecordingKey, recording_id)
        return Found(sha256=row.sha256, why=str(error))
