"""The chain of custody: who sealed, replayed, downloaded or verified a recording, when, from where and why.

Each entry is hashed together with the one before it, and the recording's own row says how many there are and what the
last hash is. The audit trail gets the same event in the same transaction, with its number, so that neither can be
shortened without the other telling.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest as form
from hub.auth import Actor
from hub.errors import NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import AuditEvent, CustodyEvent, Recording
from hub.services import audit

NUMBER = "custody"
"""The entry's number in the detail of its audit event."""


@dataclass(frozen=True, slots=True)
class Break:
    """``seq`` is the entry concerned; ``kind``: ``custody_altered``, ``custody_missing`` or ``custody_extra``."""

    kind: str
    seq: int


async def record(
    db: AsyncSession,
    actor: Actor | None,
    recording_id: str,
    action: str,
    reason: str = "",
    *,
    unit_path: str = "",
    **detail: object,
) -> CustodyEvent:
    """Append an entry and its audit event (``recording.{action}``) in the caller's transaction.

    ``actor`` None is the hub itself. ``detail`` must be JSON and free of personal data.
    """
    recording = await db.get(Recording, recording_id, with_for_update=True)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    entry = CustodyEvent(
        recording_id=recording_id,
        seq=recording.custody_count + 1,
        at=utc_now(),
        account_id=(actor.account_id or None) if actor else None,
        who=actor.name if actor else "",
        address=actor.address if actor else "",
        action=action,
        reason=reason[: audit.REASON_MAX],
        detail=dict(detail),
    )
    entry.sha256 = _hash(recording.custody_sha256, entry)
    recording.custody_count, recording.custody_sha256 = entry.seq, entry.sha256
    db.add(entry)
    told = {**detail, NUMBER: entry.seq}
    await audit.record(db, actor, f"recording.{action}", "recording", recording_id, reason, unit_path=unit_path, **told)
    return entry


async def entries(db: AsyncSession, recording_id: str) -> list[CustodyEvent]:
    """The oldest first."""
    wanted = select(CustodyEvent).where(CustodyEvent.recording_id == recording_id).order_by(CustodyEvent.seq)
    return list(await db.scalars(wanted))


async def breaks(db: AsyncSession, recording_id: str) -> list[Break]:
    """Where the chain does not hold: an entry changed, taken out, or put in beside it; none when all is well."""
    count, last = await _end(db, recording_id)
    while True:
        rows, told = await entries(db, recording_id), await _told(db, recording_id)
        before, (count, last) = (count, last), await _end(db, recording_id)
        if before == (count, last):
            return _breaks(rows, told, count, last)
        # Somebody has just begun to replay; read again.


def _breaks(rows: list[CustodyEvent], told: dict[int, str], count: int, last: str) -> list[Break]:
    found: list[Break] = []
    value, seq = "", 0
    for seq, row in enumerate(rows, start=1):
        if row.seq != seq:
            return [*found, Break("custody_missing", seq)]
        known_as = told.pop(seq, row.action)
        if row.sha256 != _hash(value, row) or known_as != row.action:
            found.append(Break("custody_altered", seq))
        value = row.sha256
    if seq > count:
        found.append(Break("custody_extra", count + 1))
    elif seq < count or told:
        found.append(Break("custody_missing", seq + 1))
    elif value != last and not found:
        found.append(Break("custody_altered", seq))
    return found


def as_json(row: CustodyEvent) -> dict[str, Any]:
    """What is hashed, and what a package for the court holds."""
    return {
        "recording": row.recording_id,
        "seq": row.seq,
        "at": row.at.isoformat(timespec="microseconds"),
        "account": row.account_id,
        "who": row.who,
        "address": row.address,
        "action": row.action,
        "reason": row.reason,
        "detail": row.detail,
    }


async def _end(db: AsyncSession, recording_id: str) -> tuple[int, str]:
    """How many entries there should be, and the last one's hash."""
    wanted = select(Recording.custody_count, Recording.custody_sha256).where(Recording.id == recording_id)
    count, last = (await db.execute(wanted)).one()
    return count, last


async def _told(db: AsyncSession, recording_id: str) -> dict[int, str]:
    """The actions that the audit trail knows of, by the entry's number."""
    wanted = select(AuditEvent.action, AuditEvent.detail).where(
        AuditEvent.object_type == "recording", AuditEvent.object_id == recording_id
    )
    rows = (await db.execute(wanted)).all()
    return {int(detail[NUMBER]): action.removeprefix("recording.") for action, detail in rows if NUMBER in detail}


def _hash(before: str, row: CustodyEvent) -> str:
    return hashlib.sha256(before.encode() + form.canonical(form.plain(as_json(row)))).hexdigest()
