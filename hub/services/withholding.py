"""Withholding passages of recordings: marked by whoever may replay, seen and lifted by the holding unit's leader alone.

Each step is an entry in the chain of custody. Nothing in the store is touched: what is withheld is not handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models, withheld
from hub.auth import Action, Actor, Target
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.services import custody, identity, recordings
from hub.services.hearing_lists import record_target
from hub.services.identity import Vault
from hub.withheld import Range

GROUND_MAX = 300
GROUNDS = (
    N_("Giữ bí mật thông tin người tố cáo (Luật Tố cáo 2018, Điều 56)"),
    N_("Bảo vệ dữ liệu cá nhân (Luật Bảo vệ dữ liệu cá nhân 2025)"),
)
"""What is offered; another may be written."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One that is withheld now. ``range`` reaches to the boundaries of the segments, ``asked`` is what was marked."""

    passage_id: str
    asked: Range
    range: Range
    ground: str
    created_at: datetime


def may_read(actor: Actor, hearing: models.Hearing) -> bool:
    """Whether the actor may see what is withheld of that hearing's recording, and lift it."""
    return auth.may(actor, Action.READ_WITHHELD, Target(paths=(hearing.unit.path,)))


def require_read(actor: Actor, hearing: models.Hearing) -> None:
    auth.require(actor, Action.READ_WITHHELD, Target(paths=(hearing.unit.path,)))


def may_mark(actor: Actor, hearing: models.Hearing) -> bool:
    return auth.may(actor, Action.WITHHOLD_RECORDING, record_target(hearing))


async def mark(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    recording_id: str,
    *,
    start_ms: int | None,
    end_ms: int | None,
    seat_id: str | None,
    ground: str,
) -> models.WithheldRange:
    """Withhold a passage from now on. Raises ``NotFound``, ``Forbidden``, ``Conflict`` while the hearing runs, and
    ``BadInput`` for a passage that is none, an unknown seat, or a ground that is empty or names a denouncer. Of a
    destroyed recording nothing changes any more: its certificate tells what was withheld (``Destroyed``)."""
    recording, hearing = await recordings.to_open(db, recording_id)
    auth.require(actor, Action.WITHHOLD_RECORDING, record_target(hearing))
    if recording.duration_ms is None:
        raise Conflict(N_("Buổi tiếp chưa kết thúc nên chưa đánh dấu được."))
    ground = " ".join(ground.split())
    faults = _faults(recording.duration_ms, start_ms, end_ms, ground)
    if seat_id is not None and seat_id not in {seat.id for seat in hearing.seats}:
        faults["seat"] = Text(N_("Hãy chọn một điểm của buổi tiếp."))
    if faults or start_ms is None or end_ms is None:
        raise BadInput(N_("Chưa giữ kín được. Hãy xem lại."), fields=faults)
    await identity.require_discreet(db, vault, actor, hearing.cases, ground)
    row = models.WithheldRange(
        recording_id=recording_id,
        start_ms=start_ms,
        end_ms=min(end_ms, recording.duration_ms),
        seat_id=seat_id,
        ground=ground,
        created_by=actor.account_id,
    )
    db.add(row)
    await db.flush()
    await _record(db, actor, hearing, row, "withhold", ground)
    return row


def _faults(duration_ms: int, start_ms: int | None, end_ms: int | None, ground: str) -> dict[str, Text]:
    faults = {}
    if start_ms is None or start_ms >= duration_ms:
        faults["from"] = Text(N_("Hãy ghi một vị trí trong bản ghi, ví dụ 1:02:30."))
    if end_ms is None:
        faults["to"] = Text(N_("Hãy ghi một vị trí trong bản ghi, ví dụ 1:02:30."))
    elif start_ms is not None and end_ms <= start_ms:
        faults["to"] = Text(N_("Đoạn phải kết thúc sau khi bắt đầu."))
    if not ground or len(ground) > GROUND_MAX:
        faults["ground"] = Text(N_("Hãy nêu căn cứ pháp lý, không quá %(limit)s ký tự."), {"limit": GROUND_MAX})
    return faults


async def lift(db: AsyncSession, vault: Vault, actor: Actor, passage_id: str, reason: str) -> models.WithheldRange:
    """Hand it out again from now on. Raises ``NotFound``, ``Forbidden``, ``Conflict`` when it is lifted already, and
    ``BadInput`` without a reason or when it names a denouncer."""
    row = await db.get(models.WithheldRange, passage_id, with_for_update=True)
    if row is None:
        raise NotFound(N_("Không tìm thấy đoạn giữ kín."))
    _, hearing = await recordings.to_open(db, row.recording_id)
    require_read(actor, hearing)
    reason = " ".join(reason.split())
    if not reason or len(reason) > GROUND_MAX:
        text = N_("Hãy nêu lý do bỏ giữ kín, không quá %(limit)s ký tự.")
        raise BadInput(text, fields={"lift_reason": Text(text, {"limit": GROUND_MAX})}, limit=GROUND_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason)
    if row.lifted_at is not None:
        raise Conflict(N_("Đoạn này đã được bỏ giữ kín."))
    row.lifted_at = utc_now()
    await _record(db, actor, hearing, row, "lift", reason)
    return row


async def recording_of(db: AsyncSession, passage_id: str) -> str:
    """The recording that a passage is of. Raises ``NotFound``; whoever shows the recording asks for permission."""
    row = await db.get(models.WithheldRange, passage_id)
    if row is None:
        raise NotFound(N_("Không tìm thấy đoạn giữ kín."))
    return row.recording_id


async def in_force(db: AsyncSession, recording_id: str) -> list[Passage]:
    """What is withheld now, by position."""
    mine = models.WithheldRange
    wanted = select(mine).where(mine.recording_id == recording_id, mine.lifted_at.is_(None))
    rows = list(await db.scalars(wanted.order_by(mine.start_ms, mine.id)))
    if not rows:
        return []
    segments = await _segments(db, recording_id)
    passages = []
    for row in rows:
        asked = Range(row.start_ms, row.end_ms, row.seat_id)
        passages.append(Passage(row.id, asked, asked.rounded(segments), row.ground, row.created_at))
    return passages


async def hidden(db: AsyncSession, recording_id: str, segments: Sequence[models.Segment]) -> dict[str, str]:
    """Of these segments of one recording those that are withheld, by their id, with the ground."""
    mine = models.WithheldRange
    rows = list(await db.scalars(select(mine).where(mine.recording_id == recording_id, mine.lifted_at.is_(None))))
    if not rows:
        return {}
    wanted = select(models.Track.id, models.Track.seat_id).where(models.Track.recording_id == recording_id)
    seats = {row.id: row.seat_id for row in await db.execute(wanted)}
    return {
        one.id: row.ground
        for one in segments
        for row in reversed(rows)
        if Range(row.start_ms, row.end_ms, row.seat_id).touches(seats[one.track_id], one.start_ms, one.duration_ms)
    }


def touched(passages: list[Passage], seat_id: str, start_ms: int, duration_ms: int) -> list[Passage]:
    """The passages that withhold a segment."""
    return [one for one in passages if one.asked.touches(seat_id, start_ms, duration_ms)]


def said_within(passages: list[Passage], at_ms: int) -> bool:
    return withheld.said_within((one.range for one in passages), at_ms)


async def _segments(db: AsyncSession, recording_id: str) -> list[tuple[str, int, int]]:
    wanted = (
        select(models.Track.seat_id, models.Segment.start_ms, models.Segment.duration_ms)
        .join(models.Track, models.Track.id == models.Segment.track_id)
        .where(models.Segment.recording_id == recording_id)
    )
    return [(seat, start, duration) for seat, start, duration in await db.execute(wanted)]


async def _record(
    db: AsyncSession, actor: Actor, hearing: models.Hearing, row: models.WithheldRange, action: str, reason: str
) -> None:
    await custody.record(
        db,
        actor,
        row.recording_id,
        action,
        reason,
        unit_path=hearing.unit.path,
        passage=row.id,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        seat=row.seat_id,
    )
