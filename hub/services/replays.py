"""Replaying a recording: the reason first, then what the player shows, for that account alone.

Positions are milliseconds from the recording's first instant (``Recording.started_at``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models
from hub.auth import Action, Actor
from hub.errors import BadInput, Forbidden, NotFound, NotReady
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.services import custody, identity, minutes_reading, recording_facts, recordings, withholding
from hub.services.hearing_lists import record_target
from hub.services.identity import Vault
from hub.services.recording_facts import Verified
from hub.services.withholding import Passage

VALID = timedelta(hours=8)
REASON_MAX = 500

CHAPTERS = frozenset(
    {
        "opened",
        "joined",
        "left",
        "lost",
        "admitted",
        "removed",
        "muted",
        "unmuted",
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
        "case_called",
        "recorder_lost",
        "recorder_back",
        "worker_lost",
        "worker_back",
        "ended",
    }
)
"""Events that a viewer may want to jump to; hands and what people switch themselves are too many, messages and notes
have their own lists."""


@dataclass(frozen=True, slots=True)
class SeatView:
    seat_id: str
    kind: models.SeatKind
    label: str
    position: int


class SegmentView(msgspec.Struct, frozen=True, array_like=True):
    """In JSON a list of its values, because a hearing of hours has tens of thousands of them."""

    segment_id: str
    start_ms: int
    duration_ms: int
    media_type: str
    stored: bool
    voice: str
    """As ``models.Segment.voice``."""


@dataclass(frozen=True, slots=True)
class TrackView:
    track_id: str
    seat_id: str
    source: str
    """``camera``, ``microphone``, ``screen`` or ``screen_audio``."""
    kind: str
    """``audio`` or ``video``."""
    segments: list[SegmentView]


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
    text: str = ""
    """The number of the case that was called."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A note of the secretary (``noted``), a message to all (``said``), or what the minutes say."""

    at_ms: int
    kind: str
    seat_id: str | None
    text: str


@dataclass(frozen=True, slots=True)
class WithheldView:
    """A passage that is withheld, of one seat or of all, and whether this replay shows it all the same."""

    start_ms: int
    end_ms: int
    seat_id: str | None
    ground: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything a player needs but the media itself."""

    recording_id: str
    started_at: datetime
    duration_ms: int
    seats: list[SeatView]
    tracks: list[TrackView]
    gaps: list[GapView]
    chapters: list[Chapter]
    notes: list[Remark]
    messages: list[Remark]
    withheld: list[WithheldView]
    minutes: list[Remark]
    """What the minutes, as last frozen, say of moments (``minutes``)."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over the player. ``verified`` is the last verification; ``sealed_at`` is None before the seal."""

    recording_id: str
    hearing_number: str
    title: str
    started_at: datetime
    duration_ms: int
    sealed_at: datetime | None
    verified: Verified | None
    may_withhold: bool


async def start(
    db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str, *, with_withheld: bool = False
) -> models.Replay:
    """Permission to replay for ``VALID``; the reason is kept in the chain of custody and shown on the case.

    ``with_withheld`` asks for withheld passages too; that is kept as an action of its own.

    Raises ``BadInput`` without a reason or when it names a denouncer, ``NotFound``, ``Forbidden`` outside the scope.
    """
    recording, hearing = await recordings.to_open(db, recording_id)
    auth.require(actor, Action.REPLAY_RECORDING, record_target(hearing))
    if with_withheld:
        withholding.require_read(actor, hearing)
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
        expires_at=now + VALID,
        with_withheld=with_withheld,
    )
    db.add(replay)
    await db.flush()
    await custody.record(
        db,
        actor,
        recording.id,
        "replay_withheld" if with_withheld else "replay",
        reason,
        unit_path=hearing.unit.path,
        hearing_id=hearing.id,
        case_ids=[case.id for case in hearing.cases],
    )
    return replay


async def heading(db: AsyncSession, actor: Actor, replay_id: str) -> Heading:
    """Raises ``NotFound`` (also to every other account) and ``Forbidden`` once the permission has run out."""
    _, recording, hearing = await _granted(db, actor, replay_id)
    return Heading(
        recording_id=recording.id,
        hearing_number=hearing.number,
        title=hearing.title,
        started_at=recording.started_at,
        duration_ms=await _duration_ms(db, recording),
        sealed_at=recording.sealed_at,
        verified=await recording_facts.last_verified(db, recording.id),
        may_withhold=recording.duration_ms is not None and withholding.may_mark(actor, hearing),
    )


async def timeline(db: AsyncSession, actor: Actor, replay_id: str) -> Timeline:
    """What a player shows for a replay that ``start`` granted to this actor, without what is withheld from it.

    Raises as ``heading`` does.
    """
    replay, recording, hearing = await _granted(db, actor, replay_id)
    passages = await withholding.in_force(db, recording.id)
    hidden = [] if _shows(replay, actor, hearing) else passages
    gaps = await db.scalars(
        select(models.Gap).where(models.Gap.recording_id == recording.id).order_by(models.Gap.start_ms)
    )
    events = await db.scalars(
        select(models.HearingEvent)
        .where(models.HearingEvent.hearing_id == hearing.id)
        .order_by(models.HearingEvent.seq)
    )
    chapters, remarks = _split_events(recording, events.all(), hidden)
    return Timeline(
        recording_id=recording.id,
        started_at=recording.started_at,
        duration_ms=await _duration_ms(db, recording),
        seats=[SeatView(seat.id, seat.kind, seat.label, seat.position) for seat in hearing.seats],
        tracks=await _tracks(db, recording.id, hidden),
        gaps=[GapView(g.track_id, g.start_ms, g.end_ms, g.cause) for g in gaps],
        chapters=chapters,
        notes=[remark for remark in remarks if remark.kind == "noted"],
        messages=[remark for remark in remarks if remark.kind == "said"],
        withheld=[
            WithheldView(one.range.start_ms, one.range.end_ms, one.range.seat_id, one.ground, one not in hidden)
            for one in passages
        ],
        minutes=[
            Remark(one.at_ms, "minutes", None, one.text)
            for one in await minutes_reading.moments(db, actor, hearing)
            if not withholding.said_within(hidden, one.at_ms)
        ],
    )


async def segment(db: AsyncSession, actor: Actor, replay_id: str, segment_id: str) -> models.Segment:
    """The segment's row, for whoever serves its bytes from the object store under ``object_key``.

    Raises ``NotFound`` (also for a segment of another recording), ``Forbidden`` for one that is withheld, and
    ``NotReady`` while it is not stored yet.
    """
    (found,) = await segments(db, actor, replay_id, [segment_id])
    return found


async def segments(db: AsyncSession, actor: Actor, replay_id: str, ids: Sequence[str]) -> list[models.Segment]:
    """As ``segment``, for several at once and in their order: the permission is asked for once. All or none."""
    replay, recording, hearing = await _granted(db, actor, replay_id)
    mine = select(models.Segment).where(models.Segment.recording_id == recording.id, models.Segment.id.in_(ids))
    rows = {row.id: row for row in await db.scalars(mine)}
    if not ids or not set(ids) <= rows.keys():
        raise NotFound(N_("Không tìm thấy đoạn ghi."))
    found = [rows[one] for one in ids]
    if not _shows(replay, actor, hearing):
        for ground in (await withholding.hidden(db, recording.id, found)).values():
            raise Forbidden(N_("Đoạn này được giữ kín: %(ground)s"), ground=ground)
    if any(row.state != models.SegmentState.STORED for row in found):
        raise NotReady(N_("Đoạn ghi này đang được chuyển vào kho lưu trữ. Hãy thử lại sau."))
    return found


def _shows(replay: models.Replay, actor: Actor, hearing: models.Hearing) -> bool:
    """Asked for when it began, and still allowed."""
    return replay.with_withheld and withholding.may_read(actor, hearing)


async def _tracks(db: AsyncSession, recording_id: str, hidden: list[Passage]) -> list[TrackView]:
    """Columns, not objects: there may be tens of thousands."""
    tracks = list(await db.scalars(select(models.Track).where(models.Track.recording_id == recording_id)))
    seats = {track.id: track.seat_id for track in tracks}
    row = models.Segment
    wanted = (
        select(row.track_id, row.id, row.start_ms, row.duration_ms, row.media_type, row.state, row.voice)
        .where(row.recording_id == recording_id)
        .order_by(row.start_ms)
    )
    segments: dict[str, list[SegmentView]] = {}
    for track_id, segment_id, start_ms, duration_ms, media_type, state, voice in await db.execute(wanted):
        if withholding.touched(hidden, seats[track_id], start_ms, duration_ms):
            continue
        stored = state == models.SegmentState.STORED
        view = SegmentView(segment_id, start_ms, duration_ms, media_type, stored, voice)
        segments.setdefault(track_id, []).append(view)
    return [TrackView(t.id, t.seat_id, t.source, t.kind, segments.get(t.id, [])) for t in tracks]


async def _duration_ms(db: AsyncSession, recording: models.Recording) -> int:
    """Of a recording that still runs: up to its last segment."""
    if recording.duration_ms is not None:
        return recording.duration_ms
    row = models.Segment
    last = select(row.start_ms, row.duration_ms).where(row.recording_id == recording.id)
    found = (await db.execute(last.order_by(row.start_ms.desc()).limit(1))).one_or_none()
    return found[0] + found[1] if found else 0


def _split_events(
    recording: models.Recording, events: Sequence[models.HearingEvent], hidden: list[Passage]
) -> tuple[list[Chapter], list[Remark]]:
    chapters, remarks = [], []
    for event in events:
        at_ms = max(0, (event.at - recording.started_at) // timedelta(milliseconds=1))
        if event.kind in CHAPTERS:
            chapters.append(Chapter(at_ms, event.kind, event.seat_id, str(event.payload.get("number", ""))))
        elif event.kind in ("noted", "said") and not withholding.said_within(hidden, at_ms):
            remarks.append(Remark(at_ms, event.kind, event.seat_id, str(event.payload.get("text", ""))))
    return chapters, remarks


async def _granted(
    db: AsyncSession, actor: Actor, replay_id: str
) -> tuple[models.Replay, models.Recording, models.Hearing]:
    replay = await db.get(models.Replay, replay_id)
    if replay is None or replay.account_id != actor.account_id:
        raise NotFound(N_("Không tìm thấy lượt xem lại."))
    if replay.expires_at <= utc_now():
        raise Forbidden(N_("Lượt xem lại đã hết hạn. Hãy nêu lý do để xem tiếp."))
    recording, hearing = await recordings.to_open(db, replay.recording_id)
    auth.require(actor, Action.REPLAY_RECORDING, record_target(hearing))
    return replay, recording, hearing
