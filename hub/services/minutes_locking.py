"""Minutes signed and locked: the scan with its checksum, the hub's seal over all of it, corrections as annexes.

What is locked goes into the recording's chain of custody, so that minutes and recording vouch for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import minutes as rules
from hub.auth import Actor
from hub.config import Config
from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import (
    Attendance,
    Hearing,
    HearingState,
    Minutes,
    MinutesAnnex,
    MinutesState,
    MinutesVersion,
    SeatKind,
)
from hub.services import (
    identity,
    minutes,
    minutes_document,
    minutes_reading,
    minutes_scans,
    signed_texts,
)
from hub.services.identity import Vault
from hub.services.manifests import instant
from hub.services.minutes_reading import Answered
from hub.text import clean, clean_block

FORMAT = "citizen-reception-hub/minutes-lock/1"
ANNEX_FORMAT = "citizen-reception-hub/minutes-annex/1"
ANNEX_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Missing:
    """What still stands between the minutes and their lock."""

    still_open: bool
    scan: bool
    seats: tuple[str, ...]
    """Labels of points that took part and have not answered."""


async def annexes(db: AsyncSession, hearing_id: str) -> list[MinutesAnnex]:
    wanted = select(MinutesAnnex).where(MinutesAnnex.hearing_id == hearing_id).order_by(MinutesAnnex.number)
    return list(await db.scalars(wanted))


async def missing(db: AsyncSession, hearing: Hearing, version: MinutesVersion, answers: Iterable[Answered]) -> Missing:
    """A point that nobody sat at has nothing to answer."""
    sat = set(await db.scalars(select(Attendance.seat_id).where(Attendance.hearing_id == hearing.id)))
    answered = {one.seat_id for one in answers}
    points = [seat for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.id in sat]
    return Missing(
        still_open=hearing.state != HearingState.CLOSED,
        scan=not await minutes_scans.signed(db, version),
        seats=tuple(seat.label for seat in points if seat.id not in answered),
    )


async def lock(
    db: AsyncSession, vault: Vault, config: Config, actor: Actor, hearing_id: str, reason: str = ""
) -> Minutes:
    """Lock the version that was read, answered, signed and scanned. There is no way back.

    ``reason`` is needed when a point has not answered. Raises ``Conflict`` while the hearing is not over, another
    version is being written, or no scan is there; ``BadInput`` without the reason.
    """
    hearing = await minutes.writable(db, actor, hearing_id)
    found = await minutes.locked(db, hearing_id)
    rules.require_state(MinutesState(found.state), MinutesState.READING)
    read = await minutes_reading.reading(db, actor, hearing_id)
    assert read is not None
    lacks = await missing(db, hearing, read.version, read.history)
    if lacks.still_open:
        raise Conflict(N_("Buổi tiếp chưa kết thúc nên chưa khóa được biên bản."))
    if lacks.scan:
        raise Conflict(N_("Hãy in bản đã chốt, ký tay, quét và tải lên trước khi khóa."))
    reason = clean(reason)
    if lacks.seats and not reason:
        text = Text(N_("Còn điểm cầu chưa có ý kiến: %(seats)s. Hãy nêu lý do."), {"seats": ", ".join(lacks.seats)})
        raise BadInput(text.message, fields={"reason": text}, **text.params)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason)
    found.state = rules.move(MinutesState(found.state), MinutesState.LOCKED)
    found.locked_at, found.locked_by = utc_now(), actor.account_id
    document = await _document(db, hearing, found, read.version, read.history, reason)
    signed = signed_texts.sign(config, document)
    found.document, found.sha256 = signed.text, signed.sha256
    found.signature, found.seal_key = signed.signature, signed.key
    await minutes.witnessed(db, actor, "minutes_locked", hearing, sha256=found.sha256, version=found.version)
    await db.flush()
    return found


async def add_annex(
    db: AsyncSession, vault: Vault, config: Config, actor: Actor, hearing_id: str, text: str
) -> MinutesAnnex:
    """A correction of locked minutes, sealed as they are. Raises ``Conflict`` before the lock, ``BadInput``."""
    hearing = await minutes.writable(db, actor, hearing_id)
    found = await minutes.locked(db, hearing_id)
    if found.state != MinutesState.LOCKED:
        raise Conflict(N_("Biên bản chưa khóa; hãy sửa ngay trong biên bản."))
    text = clean_block(text)
    if not text or len(text) > ANNEX_MAX:
        fault = Text(N_("Hãy ghi nội dung đính chính, không quá %(limit)s ký tự."), {"limit": ANNEX_MAX})
        raise BadInput(fault.message, fields={"annex": fault}, **fault.params)
    await identity.require_discreet(db, vault, actor, hearing.cases, text, field="annex")
    held = select(func.count()).select_from(MinutesAnnex).where(MinutesAnnex.hearing_id == hearing_id)
    number, at = int(await db.scalar(held) or 0) + 1, utc_now()
    document = {
        "format": ANNEX_FORMAT,
        "hearing": hearing.id,
        "minutes_sha256": found.sha256,
        "number": number,
        "text": text,
        "at": instant(at),
        "account": actor.account_id,
    }
    signed = signed_texts.sign(config, document)
    row = MinutesAnnex(
        hearing_id=hearing_id,
        number=number,
        text=text,
        document=signed.text,
        sha256=signed.sha256,
        signature=signed.signature,
        seal_key=signed.key,
        account_id=actor.account_id,
        at=at,
    )
    db.add(row)
    await db.flush()
    await minutes.witnessed(db, actor, "minutes_annexed", hearing, sha256=row.sha256, number=number)
    return row


async def _document(
    db: AsyncSession,
    hearing: Hearing,
    found: Minutes,
    version: MinutesVersion,
    answers: Iterable[Answered],
    reason: str,
) -> dict[str, Any]:
    """All that the lock vouches for. The attendance is taken again: some left after the minutes were read."""
    return {
        "format": FORMAT,
        "hearing": hearing.id,
        "number": hearing.number,
        "version": version.number,
        "body": version.body,
        "body_sha256": version.sha256,
        "attendance": await minutes_document.attendance(db, hearing),
        "answers": [
            {"seat": a.seat_id, "position": str(a.position), "words": a.words, "who": a.who, "at": instant(a.at)}
            for a in answers
        ],
        "scans": [
            {"id": scan.id, "sha256": scan.sha256, "size_bytes": scan.size_bytes, "seat": scan.seat_id}
            for scan in await minutes_scans.signed(db, version)
        ],
        "reason": reason,
        "locked_at": instant(found.locked_at),
        "locked_by": found.locked_by,
    }
