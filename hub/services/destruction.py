"""The certificate that remains of a destroyed recording: what it was, who wanted it gone and why, what is left."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest as form
from hub import models
from hub.services.manifests import instant

FORMAT = "citizen-reception-hub/destruction/2"
NAME, SIGNATURE = "destruction.json", "destruction.json.sig"
CHANGING = ("objects_left",)
"""What differs when a destruction that was broken off is gone on with."""


async def certificate(db: AsyncSession, found: models.Destruction, objects_left: int) -> bytes:
    """Canonical JSON (RFC 8785). ``objects_left``: encrypted files that the store keeps until their lock ends."""
    recording = await db.get_one(models.Recording, found.recording_id)
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    key = await db.get(models.RecordingKey, recording.id)
    totals = select(func.count(), func.coalesce(func.sum(models.Segment.size_bytes), 0))
    count, size_bytes = (await db.execute(totals.where(models.Segment.recording_id == recording.id))).one()
    return form.canonical(
        form.plain(
            {
                "format": FORMAT,
                "recording": recording.id,
                "hearing": hearing.number,
                "kind": str(found.kind),
                "started_at": instant(recording.started_at),
                "retention": recording.retention,
                "retain_until": instant(recording.retain_until),
                "manifest_sha256": recording.manifest_sha256,
                "segments": count,
                "size_bytes": int(size_bytes),
                "key_sha256": key.sha256 if key else None,
                "key_destroyed_at": instant(key.destroyed_at) if key else None,
                "objects_left": objects_left,
                "withheld": await _withheld(db, recording.id),
                "approvals": [
                    _approval(found.proposed_by, found.proposed_name, found.proposed_at, found.reason),
                    _approval(found.approved_by, found.approved_name, found.approved_at, found.approve_reason),
                ],
            }
        )
    )


def _approval(account_id: str | None, name: str | None, at: datetime | None, reason: str | None) -> dict[str, object]:
    return {"account": account_id, "name": name, "at": instant(at), "reason": reason}


async def _withheld(db: AsyncSession, recording_id: str) -> list[dict[str, object]]:
    """That passages were withheld, on which ground and from when to when; not where they lay nor of whom, for with the
    manifest's events that would tell who denounced (Law on Denunciations 2018 Art 56)."""
    mine = models.WithheldRange
    rows = await db.scalars(select(mine).where(mine.recording_id == recording_id).order_by(mine.created_at, mine.id))
    return [{"ground": one.ground, "at": instant(one.created_at), "lifted_at": instant(one.lifted_at)} for one in rows]


def same(one: bytes, other: bytes) -> bool:
    """Whether two certificates tell of the same destruction."""
    told = []
    for data in (one, other):
        try:
            document = json.loads(data)
        except ValueError:
            return False
        told.append({name: value for name, value in document.items() if name not in CHANGING})
    return told[0] == told[1]
