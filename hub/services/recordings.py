"""Recordings: opened and closed with their hearing, found, and replayed by those who state why.

Positions are milliseconds from the recording's first instant (``Recording.started_at``). The media itself is written by
the recorder; here are only the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models
from hub.auth import Action, Actor
from hub.errors import BadInput, Forbidden, NotFound, NotReady
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.services import custody, identity
from hub.services.hearing_lists import record_target
from hub.services.hearing_lists import target as hearing_target
from hub.services.identity import Vault

REPLAY_VALID = timedelta(hours=8)
REASON_MAX = 500

CHAPTER_KINDS = frozenset(
    {
        "opened",
        "joined",
        "left",
        "lost",
        "admitted",
        "removed",
        "device_joined",
        "device_left",
        "device_lost",
        "floor_given",
        "floor_taken",
        "publishing_set",
        "publishing_allowed",
        "publishing_withdrawn",
        "pictures_limited",
        "recess_called",
        "resumed",
        "interrupted",
        "chair_taken",
        "recorder_lost",
        "recorder_back",
        "worker_lost",
        "worker_back",
        "ended",
    }
)
"""Events that a viewer may want to jump to; mutes and hands are too many, messages and notes have their own list."""


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


@dataclass(frozen=True, slots=True)
class SeatView:
    seat_id: str
    kind: models.SeatKind
    label: str
    position: int


@dataclass(frozen=True, slots=True)
class TrackView:
    track_id: str
    seat_id: str
    source: str
    """``camera``, ``microphone``, ``screen`` or ``screen_audio``."""
    kind: str
    """``audio`` or ``video``."""
    codec: str


@dataclass(frozen=True, slots=True)
class SegmentView:
    segment_id: str
    track_id: str
    number: int
    start_ms: int
    duration_ms: int
    media_type: str
    begins_with_keyframe: bool
    size_bytes: int
    stored: bool


@dataclass(frozen=True, slots=True)
class GapView:
    track_id: str | None
    start_ms: int
    end_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that happened at ``at_ms``; ``kind`` is the event's tag (``signaling.events``)."""

    at_ms: int
    kind: str
    seat_id: str | None
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """A note of the secretary (``noted``) or a message to all (``said``)."""

    at_ms: int
    kind: str
    seat_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything a player needs but the media itself."""

    recording_id: str
    hearing_id: str
    hearing_number: str
    title: str
    state: models.RecordingState
    started_at: datetime
    duration_ms: int
    manifest_sha256: str | None
    seats: list[SeatView]
    tracks: list[TrackView]
    segments: list[SegmentView]
    gaps: list[GapView]
    chapters: list[Chapter]
    notes: list[Remark]
    messages: list[Remark]


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
    auth.require(actor, Action.READ_HEARING, hearing_target(hearing))
    recording = await db.scalar(select(models.Recording).where(models.Recording.hearing_id == hearing_id))
    return None if recording is None else (await _rows(db, actor, [(recording, hearing)]))[0]


async def hearing_of(db: AsyncSession, recording_id: str) -> str:
    """The hearing that a recording belongs to. Raises ``NotFound``; whoever shows the hearing asks for permission."""
    recording, _ = await _recording(db, recording_id)
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
                may_replay=auth.may(actor, Action.REPLAY_RECORDING, record_target(hearing)),
            )
        )
    return rows


# Replay ---------------------------------------------------------------------------------------------------------


async def start_replay(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str) -> models.Replay:
    """Permission to replay for ``REPLAY_VALID``; the reason is kept in the audit trail and shown on the case.

    Raises ``BadInput`` without a reason or when it names a denouncer, ``NotFound``, ``Forbidden`` outside the scope.
    """
    recording, hearing = await _recording(db, recording_id)
    auth.require(actor, Action.REPLAY_RECORDING, record_target(hearing))
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        text = N_("Hãy nêu lý do xem lại, không quá %(limit)s ký tự.")
        raise BadInput(text, fields={"reason": Text(text, {"limit": REASON_MAX})}, limit=REASON_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason)
    now = utc_now()
    replay = models.Replay(
        recording_id=recording.id,
        account_id=actor.account_id,
        reason=reason,
        started_at=now,
        expires_at=now + REPLAY_VALID,
    )
    db.add(replay)
    await db.flush()
    await custody.record(
        db,
        actor,
        recording.id,
        "replay",
        reason,
        unit_path=hearing.unit.path,
        hearing_id=hearing.id,
        case_ids=[case.id for case in hearing.cases],
    )
    return replay


async def timeline(db: AsyncSession, actor: Actor, replay_id: str) -> Timeline:
    """What a player shows for a replay that ``start_replay`` granted to this actor."""
    recording, hearing = await _granted(db, actor, replay_id)
    tracks = await db.scalars(select(models.Track).where(models.Track.recording_id == recording.id))
    segments = await db.scalars(
        select(models.Segment)
        .where(models.Segment.recording_id == recording.id)
        .order_by(models.Segment.start_ms, models.Segment.track_id)
    )
    gaps = await db.scalars(
        select(models.Gap).where(models.Gap.recording_id == recording.id).order_by(models.Gap.start_ms)
    )
    events = await db.scalars(
        select(models.HearingEvent)
        .where(models.HearingEvent.hearing_id == hearing.id)
        .order_by(models.HearingEvent.seq)
    )
    segment_views = [_segment_view(segment) for segment in segments]
    chapters, remarks = _split_events(recording, list(events))
    last_ms = max((s.start_ms + s.duration_ms for s in segment_views), default=0)
    return Timeline(
        recording_id=recording.id,
        hearing_id=hearing.id,
        hearing_number=hearing.number,
        title=hearing.title,
        state=recording.state,
        started_at=recording.started_at,
        duration_ms=recording.duration_ms if recording.duration_ms is not None else last_ms,
        manifest_sha256=recording.manifest_sha256,
        seats=[SeatView(seat.id, seat.kind, seat.label, seat.position) for seat in hearing.seats],
        tracks=[TrackView(t.id, t.seat_id, t.source, t.kind, t.codec) for t in tracks],
        segments=segment_views,
        gaps=[GapView(g.track_id, g.start_ms, g.end_ms, g.cause) for g in gaps],
        chapters=chapters,
        notes=[remark for remark in remarks if remark.kind == "noted"],
        messages=[remark for remark in remarks if remark.kind == "said"],
    )


async def segment(db: AsyncSession, actor: Actor, replay_id: str, segment_id: str) -> models.Segment:
    """The segment's row, for whoever serves its bytes from the object store under ``object_key``.

    Raises ``NotFound`` (also for a segment of another recording) and ``NotReady`` while it is not stored yet.
    """
    recording, _ = await _granted(db, actor, replay_id)
    found = await db.get(models.Segment, segment_id)
    if found is None or found.recording_id != recording.id:
        raise NotFound(N_("Không tìm thấy đoạn ghi."))
    if found.state != models.SegmentState.STORED:
        raise NotReady(N_("Đoạn ghi này đang được chuyển vào kho lưu trữ. Hãy thử lại sau."))
    return found


def _segment_view(row: models.Segment) -> SegmentView:
    return SegmentView(
        segment_id=row.id,
        track_id=row.track_id,
        number=row.number,
        start_ms=row.start_ms,
        duration_ms=row.duration_ms,
        media_type=row.media_type,
        begins_with_keyframe=row.begins_with_keyframe,
        size_bytes=row.size_bytes,
        stored=row.state == models.SegmentState.STORED,
    )


def _split_events(
    recording: models.Recording, events: Sequence[models.HearingEvent]
) -> tuple[list[Chapter], list[Remark]]:
    chapters, remarks = [], []
    for event in events:
        at_ms = max(0, (event.at - recording.started_at) // timedelta(milliseconds=1))
        if event.kind in CHAPTER_KINDS:
            chapters.append(Chapter(at_ms, event.kind, event.seat_id, dict(event.payload)))
        elif event.kind in ("noted", "said"):
            remarks.append(Remark(at_ms, event.kind, event.seat_id, str(event.payload.get("text", ""))))
    return chapters, remarks


async def _granted(db: AsyncSession, actor: Actor, replay_id: str) -> tuple[models.Recording, models.Hearing]:
    replay = await db.get(models.Replay, replay_id)
    if replay is None or replay.account_id != actor.account_id:
        raise NotFound(N_("Không tìm thấy lượt xem lại."))
    if replay.expires_at <= utc_now():
        raise Forbidden(N_("Lượt xem lại đã hết hạn. Hãy nêu lý do để xem tiếp."))
    recording, hearing = await _recording(db, replay.recording_id)
    auth.require(actor, Action.REPLAY_RECORDING, record_target(hearing))
    return recording, hearing


async def _recording(db: AsyncSession, recording_id: str) -> tuple[models.Recording, models.Hearing]:
    recording = await db.get(models.Recording, recording_id)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    return recording, await _hearing(db, recording.hearing_id)


async def _hearing(db: AsyncSession, hearing_id: str) -> models.Hearing:
    hearing = await db.get(models.Hearing, hearing_id)
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp."))
    return hearing
