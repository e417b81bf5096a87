"""What a recording's own page shows beside its media: gaps, seal, who did what with it and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth
from hub.auth import Action, Actor
from hub.errors import NotFound
from hub.i18n import N_
from hub.models import Account, AuditEvent, CustodyEvent, Gap, Hearing, Recording, RecordingState, Track
from hub.services import custody, keeping, recordings, withholding
from hub.services.faults import Fault
from hub.services.hearing_lists import record_target
from hub.services.keeping import Keeping
from hub.services.recordings import RecordingRow
from hub.services.withholding import Passage


@dataclass(frozen=True, slots=True)
class GapFact:
    start_ms: int
    end_ms: int
    cause: str
    seat: str
    """Whose; empty when it concerns everyone."""
    kinds: tuple[str, ...]
    """``audio``, ``video`` or both."""


@dataclass(frozen=True, slots=True)
class Verified:
    at: datetime
    who: str
    """Empty when it was done from the command line."""
    ok: bool
    faults: int
    named: tuple[Fault, ...] = ()
    """The first of them by name."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    row: RecordingRow
    hearing: Hearing
    manifest_sha256: str | None
    sealed_at: datetime | None
    seal_key: str | None
    stamped_at: datetime | None
    gaps: list[GapFact]
    custody: list[CustodyEvent]
    """The chain of custody, the newest entry first."""
    verified: Verified | None
    """The last verification."""
    keeping: Keeping
    may_verify: bool
    may_download: bool
    """Allowed, and sealed."""
    withheld: list[Passage]
    may_withhold: bool
    reads_withheld: bool
    """May see what is withheld, and lift it."""


async def facts(db: AsyncSession, actor: Actor, recording_id: str) -> RecordingFacts:
    """Raises ``NotFound``, or ``Forbidden`` to who may not read the hearing."""
    recording = await db.get(Recording, recording_id)
    if recording is None:
        raise NotFound(N_("Không tìm thấy bản ghi."))
    row = await recordings.of_hearing(db, actor, recording.hearing_id)
    hearing = await db.get(Hearing, recording.hearing_id)
    assert row is not None
    assert hearing is not None
    return RecordingFacts(
        row=row,
        hearing=hearing,
        manifest_sha256=recording.manifest_sha256,
        gaps=await _gaps(db, hearing, recording_id),
        sealed_at=recording.sealed_at,
        seal_key=recording.seal_key,
        stamped_at=recording.stamped_at,
        custody=list(reversed(await custody.entries(db, recording_id))),
        verified=await last_verified(db, recording_id),
        keeping=await keeping.of(db, actor, recording_id),
        may_verify=auth.may(actor, Action.VERIFY_RECORDING, record_target(hearing)),
        withheld=await withholding.in_force(db, recording_id),
        may_withhold=recording.duration_ms is not None and withholding.may_mark(actor, hearing),
        reads_withheld=withholding.may_read(actor, hearing),
        may_download=recording.sealed_at is not None
        and recording.state != RecordingState.DESTROYED
        and auth.may(actor, Action.DOWNLOAD_RECORDING, record_target(hearing)),
    )


async def _gaps(db: AsyncSession, hearing: Hearing, recording_id: str) -> list[GapFact]:
    """Those that were nobody's wish, by position; switching off a microphone is no loss."""
    labels = {seat.id: seat.label for seat in hearing.seats}
    wanted = (
        select(Gap, Track)
        .outerjoin(Track, Track.id == Gap.track_id)
        .where(Gap.recording_id == recording_id, Gap.cause.not_in(("muted", "waiting", "device")))
        .order_by(Gap.start_ms)
    )
    merged: dict[tuple[int, int, str, str], set[str]] = {}
    for gap, track in (await db.execute(wanted)).all():
        # Sound and picture of one seat break within a frame of each other: one line says it.
        whose = labels.get(track.seat_id, "") if track is not None else ""
        key = (gap.start_ms // 1000, -(-gap.end_ms // 1000), gap.cause, whose)
        merged.setdefault(key, set()).update([track.kind] if track is not None else ["audio", "video"])
    places = (await db.execute(select(Track.seat_id).where(Track.recording_id == recording_id).distinct())).scalars()
    return _of_everyone(
        [
            GapFact(start_s * 1000, end_s * 1000, cause, whose, tuple(sorted(kinds)))
            for (start_s, end_s, cause, whose), kinds in merged.items()
        ],
        {labels.get(seat_id, "") for seat_id in places},
    )


def _of_everyone(gaps: list[GapFact], places: set[str]) -> list[GapFact]:
    """What broke everywhere at once, as a recess does, in one line for all of them instead of one for each place."""
    alike: dict[GapFact, set[str]] = {}
    for gap in gaps:
        alike.setdefault(replace(gap, seat=""), set()).add(gap.seat)
    found = list[GapFact]()
    for common, whose in alike.items():
        everywhere = "" in whose or (len(places) > 1 and whose >= places)
        found += [common] if everywhere else [replace(common, seat=seat) for seat in sorted(whose)]
    return found


async def last_verified(db: AsyncSession, recording_id: str) -> Verified | None:
    wanted = (
        select(AuditEvent, Account.full_name)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(
            AuditEvent.object_type == "recording",
            AuditEvent.object_id == recording_id,
            AuditEvent.action == "recording.verify",
        )
        .order_by(AuditEvent.at.desc())
        .limit(1)
    )
    found = (await db.execute(wanted)).first()
    if found is None:
        return None
    event, who = found
    detail = event.detail
    named = tuple(Fault(*each) for each in detail.get("named", []))
    return Verified(event.at, who or "", bool(detail.get("ok")), int(str(detail.get("faults", 0))), named)
