"""Recordings: opened and closed with their hearing, and found.

Positions are milliseconds from the recording's first instant (``Recording.started_at``). The media itself is written by
the recorder; here are only the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models
from hub.auth import Action, Actor
from hub.errors import HubError, NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.services.hearing_lists import record_target
from hub.services.hearing_lists import target as hearing_target


class Destroyed(HubError):
    """The recording was destroyed; its manifest and a certificate remain."""

    status = 410
    code = "destroyed"


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording as a list shows it."""

    recording_id: str
    hearing_id: str
    hearing_number: str
    title: str
    state: models.RecordingState
    started_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    segments: int
    segments_stored: int
    size_bytes: int
    gaps: int
    may_replay: bool


# Life -----------------------------------------------------------------------------------------------------------


async def open_recording(
    db: AsyncSession, hearing_id: str, *, recording_id: str | None = None, started_at: datetime | None = None
) -> models.Recording:
    """The hearing's recording row, made when absent. Idempotent: a hearing has one recording for ever.

    ``started_at`` is position 0; it is the instant of ``Opened.epoch_ns``.
    """
    found = await db.scalar(select(models.Recording).where(models.Recording.hearing_id == hearing_id))
    if found is not None:
        return found
    recording = models.Recording(hearing_id=hearing_id, started_at=started_at or utc_now())
    if recording_id is not None:
        recording.id = recording_id
    db.add(recording)
    await db.flush()
    return recording


async def close_recording(
    db: AsyncSession, recording_id: str, *, duration_ms: int, ended_at: datetime | None = None
) -> models.Recording:
    """Say that the hearing is over. ``duration_ms`` is ``end_ns - epoch_ns``. Idempotent; the first close counts."""
    recording = await db.get(models.Recording, recording_id, with_for_update=True)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    if recording.state == models.RecordingState.RECORDING:
        recording.state = models.RecordingState.CLOSED
        recording.duration_ms = max(0, duration_ms)
        recording.ended_at = ended_at or recording.started_at + timedelta(milliseconds=recording.duration_ms)
        await db.flush()
    return recording


# Finding --------------------------------------------------------------------------------------------------------


async def of_hearing(db: AsyncSession, actor: Actor, hearing_id: str) -> RecordingRow | None:
    """The hearing's recording, for pages that show the hearing. Raises ``NotFound`` or ``Forbidden``."""
    hearing = await _hearing(db, hearing_id)
    seat = next((str(one.kind) for one in hearing.seats if one.account_id == actor.account_id), None)
    auth.require(actor, Action.READ_HEARING, replace(hearing_target(hearing), seat_kind=seat))
    recording = await db.scalar(select(models.Recording).where(models.Recording.hearing_id == hearing_id))
    return None if recording is None else (await _rows(db, actor, [(recording, hearing)]))[0]


async def hearing_of(db: AsyncSession, recording_id: str) -> str:
    """The hearing that a recording belongs to. Raises ``NotFound``; whoever shows the hearing asks for permission."""
    recording, _ = await get(db, recording_id)
    return recording.hearing_id


async def of_case(db: AsyncSession, actor: Actor, case_id: str) -> list[RecordingRow]:
    """The recordings of a case's hearings that the actor may know of, oldest first."""
    query = (
        select(models.Recording, models.Hearing)
        .join(models.Hearing, models.Hearing.id == models.Recording.hearing_id)
        .join(models.HearingCase, models.HearingCase.hearing_id == models.Hearing.id)
        .where(models.HearingCase.case_id == case_id)
        .order_by(models.Recording.started_at)
    )
    pairs = [(r, h) for r, h in (await db.execute(query)).unique().all()]
    readable = [(r, h) for r, h in pairs if auth.may(actor, Action.READ_HEARING, hearing_target(h))]
    return await _rows(db, actor, readable)


async def _rows(
    db: AsyncSession, actor: Actor, pairs: Sequence[tuple[models.Recording, models.Hearing]]
) -> list[RecordingRow]:
    rows = []
    for recording, hearing in pairs:
        segments = (
            await db.execute(
                select(models.Segment.state, models.Segment.size_bytes).where(
                    models.Segment.recording_id == recording.id
                )
            )
        ).all()
        gaps = (await db.scalars(select(models.Gap.id).where(models.Gap.recording_id == recording.id))).all()
        rows.append(
            RecordingRow(
                recording_id=recording.id,
                hearing_id=hearing.id,
                hearing_number=hearing.number,
                title=hearing.title,
                state=recording.state,
                started_at=recording.started_at,
                ended_at=recording.ended_at,
                duration_ms=recording.duration_ms,
                segments=len(segments),
                segments_stored=sum(state == models.SegmentState.STORED for state, _ in segments),
                size_bytes=sum(size for _, size in segments),
                gaps=len(gaps),
                may_replay=recording.state != models.RecordingState.DESTROYED
                and auth.may(actor, Action.REPLAY_RECORDING, record_target(hearing)),
            )
        )
    return rows


async def get(db: AsyncSession, recording_id: str) -> tuple[models.Recording, models.Hearing]:
    recording = await db.get(models.Recording, recording_id)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    return recording, await _hearing(db, recording.hearing_id)


async def _hearing(db: AsyncSession, hearing_id: str) -> models.Hearing:
    hearing = await db.get(models.Hearing, hearing_id)
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp."))
    return hearing


async def to_open(db: AsyncSession, recording_id: str) -> tuple[models.Recording, models.Hearing]:
    """As ``get``, for who wants to see or hear it: raises ``Destroyed`` when nobody can any more."""
    recording, hearing = await get(db, recording_id)
    if recording.state == models.RecordingState.DESTROYED:
        raise Destroyed(N_("Bản ghi này đã bị tiêu hủy theo quy định; chỉ còn bản kê và biên bản tiêu hủy."))
    return recording, hearing
