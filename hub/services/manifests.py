"""A finished recording's manifest, collected from its rows. The format and the chain are in ``hub.manifest``."""

from __future__ import annotations

import hashlib
from datetime import datetime
from importlib import metadata
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import envelope, models
from hub import manifest as form
from hub.seals import PublicKey

TOLD = frozenset({"text", "name", "reason"})
"""Fields of events that somebody typed, or that name somebody."""


async def build(db: AsyncSession, recording_id: str, key: PublicKey) -> bytes:
    """The manifest of a recording whose rows are complete; the same rows always give the same bytes. ``key`` is the
    one that it will be sealed with."""
    return form.seal(await facts(db, recording_id, key))


async def facts(db: AsyncSession, recording_id: str, key: PublicKey) -> dict[str, Any]:
    """What a manifest says, before the chain is written into it.

    Cases appear by number, seats by label: no citizen is named. What people typed is given in full, except when a case
    is a denunciation: then only its SHA-256 is (Law on Denunciations 2018 Art 56), which proves the text all the same.
    """
    recording = await db.get_one(models.Recording, recording_id)
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    secret = any(case.party.secret or case.type == models.CaseType.DENUNCIATION for case in hearing.cases)
    return {
        "format": form.FORMAT,
        "software": f"citizen-reception-hub {_version()}",
        "recording": {
            "id": recording.id,
            "started_at": instant(recording.started_at),
            "ended_at": instant(recording.ended_at),
            "duration_ms": recording.duration_ms,
            **await _encryption(db, recording_id),
        },
        "key": {"algorithm": "Ed25519", "sha256": key.fingerprint, "public_key": key.pem},
        "hearing": {
            "number": hearing.number,
            "kind": str(hearing.kind),
            "cases": sorted(case.number for case in hearing.cases),
            "seats": [
                {
                    "id": seat.id,
                    "kind": str(seat.kind),
                    "label": seat.label,
                    "point": seat.point.code if seat.point else None,
                }
                for seat in hearing.seats
            ],
        },
        "points": _points(hearing),
        "tracks": await tracks(db, recording_id),
        "gaps": await gaps(db, recording_id),
        "events": [_written(row, secret=secret) for row in await event_rows(db, hearing.id)],
    }


async def _encryption(db: AsyncSession, recording_id: str) -> dict[str, Any]:
    row = await db.get(models.RecordingKey, recording_id)
    return {} if row is None else {"encryption": {"format": envelope.FORMAT, "key_sha256": row.sha256}}


def _points(hearing: models.Hearing) -> list[dict[str, str]]:
    points = {seat.point.code: seat.point for seat in hearing.seats if seat.point}
    return [{"code": code, "name": points[code].name, "unit": points[code].unit.name} for code in sorted(points)]


async def tracks(db: AsyncSession, recording_id: str) -> list[dict[str, Any]]:
    rows = await db.scalars(
        select(models.Segment)
        .where(models.Segment.recording_id == recording_id)
        .order_by(models.Segment.track_id, models.Segment.number)
    )
    segments: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        segments.setdefault(row.track_id, []).append(
            {
                "number": row.number,
                "start_ms": row.start_ms,
                "duration_ms": row.duration_ms,
                "media_type": row.media_type,
                "begins_with_keyframe": row.begins_with_keyframe,
                "size_bytes": row.size_bytes,
                "sha256": row.sha256,
                "stored": _stored(row),
                "key": row.object_key,
            }
        )
    found = await db.scalars(
        select(models.Track).where(models.Track.recording_id == recording_id).order_by(models.Track.id)
    )
    return [
        {
            "id": track.id,
            "seat": track.seat_id,
            "source": track.source,
            "kind": track.kind,
            "codec": track.codec,
            "segments": segments.get(track.id, []),
        }
        for track in found
    ]


def _stored(row: models.Segment) -> dict[str, Any]:
    """What lies in the store: other bytes than were recorded when they are encrypted."""
    stored: dict[str, Any] = {
        "size_bytes": row.size_bytes if row.stored_size_bytes is None else row.stored_size_bytes,
        "sha256": row.stored_sha256 or row.sha256,
    }
    if row.encrypted:
        stored["format"] = envelope.FORMAT
    if row.version:
        stored["version"] = row.version
    return stored


async def gaps(db: AsyncSession, recording_id: str) -> list[dict[str, Any]]:
    rows = await db.scalars(
        select(models.Gap).where(models.Gap.recording_id == recording_id).order_by(models.Gap.start_ms, models.Gap.id)
    )
    return [{"track": row.track_id, "start_ms": row.start_ms, "end_ms": row.end_ms, "cause": row.cause} for row in rows]


async def event_rows(db: AsyncSession, hearing_id: str) -> list[models.HearingEvent]:
    """Up to the end of the hearing: who closes a window afterwards is not part of it."""
    rows = await db.scalars(
        select(models.HearingEvent)
        .where(models.HearingEvent.hearing_id == hearing_id)
        .order_by(models.HearingEvent.seq)
    )
    events: list[models.HearingEvent] = []
    for row in rows:
        events.append(row)
        if row.kind == "ended":
            break
    return events


def written(row: models.HearingEvent) -> list[dict[str, Any]]:
    """How a manifest may give an event: in full, or with what people typed hidden."""
    return [_written(row, secret=False), _written(row, secret=True)]


def _written(row: models.HearingEvent, *, secret: bool) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": instant(row.at),
        "kind": row.kind,
        "seat": row.seat_id,
        "account": row.account_id,
        "payload": form.plain(_hidden(row.payload) if secret else dict(row.payload)),
    }


def _hidden(payload: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in payload.items() if name not in TOLD}
    for name in TOLD & payload.keys():
        kept[f"{name}_sha256"] = hashlib.sha256(str(payload[name]).encode()).hexdigest()
    return kept


def instant(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds") if value else None


def _version() -> str:
    try:
        return metadata.version("citizen-reception-hub")
    except metadata.PackageNotFoundError:
        return "unknown"
