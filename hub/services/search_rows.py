"""What the page of results shows of each hit. Whoever finds may open; a note is shown without what is withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.excerpts import Piece, excerpt, marked
from hub.models import Account, Case, Hearing, HearingEvent, OrgUnit, Party, Recording, SearchKind, Seat, SeatKind
from hub.services import audit, dues, withholding
from hub.services.dues import NextDue
from hub.services.search import Found, Hit

EXCERPT = 220

Runs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """``state`` and ``type`` are of ``kind``; ``clock`` is a case's next due day; ``at_ms`` a note's place in the
    recording, None where there is none."""

    kind: SearchKind
    object_id: str
    number: str
    title: list[Piece]
    excerpt: list[Piece]
    state: str
    unit_name: str
    at: datetime
    type: str = ""
    party: str = ""
    chair: str = ""
    clock: NextDue | None = None
    recording_id: str = ""
    at_ms: int | None = None


async def rows(db: AsyncSession, kind: SearchKind, found: Found) -> list[ResultRow]:
    """Of a page that ``search.find`` gave this actor, in its order."""
    ids = [hit.object_id for hit in found.hits]
    match kind:
        case SearchKind.CASE:
            made = await _cases(db, ids, found.shown)
        case SearchKind.HEARING:
            made = await _hearings(db, ids, found.shown)
        case SearchKind.NOTE:
            return await _notes(db, found.hits, found.shown)
    return [made[one] for one in ids if one in made]


async def tell(db: AsyncSession, actor: Actor, shown: Sequence[ResultRow]) -> None:
    """Write down that notes of a recorded hearing were shown: replaying asks for a reason, so this leaves a trace."""
    for hearing_id in sorted({row.object_id for row in shown if row.kind is SearchKind.NOTE}):
        path = select(OrgUnit.path).join(Hearing, Hearing.unit_id == OrgUnit.id).where(Hearing.id == hearing_id)
        await audit.record(db, actor, "notes_found", "hearing", hearing_id, unit_path=await db.scalar(path) or "")


async def _cases(db: AsyncSession, ids: Sequence[str], runs: Runs) -> dict[str, ResultRow]:
    wanted = (
        select(
            *(Case.id, Case.number, Case.type, Case.state, Case.summary, Case.content, Case.received_at),
            *(Party.pseudonym, OrgUnit.name),
        )
        .join(Party, Party.id == Case.party_id)
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
        .where(Case.id.in_(ids))
    )
    due = await dues.next_days(db, ids)
    return {
        row.id: ResultRow(
            kind=SearchKind.CASE,
            object_id=row.id,
            number=row.number,
            title=marked(row.summary, runs),
            excerpt=excerpt(row.content, runs, EXCERPT),
            state=row.state,
            unit_name=row.name,
            at=row.received_at,
            type=row.type,
            party=row.pseudonym,
            clock=due.get(row.id),
        )
        for row in await db.execute(wanted)
    }


async def _hearings(db: AsyncSession, ids: Sequence[str], runs: Runs) -> dict[str, ResultRow]:
    chair = (
        select(Account.full_name)
        .join(Seat, Seat.account_id == Account.id)
        .where(Seat.hearing_id == Hearing.id, Seat.kind == SeatKind.CHAIR)
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.reason, Hearing.state, Hearing.starts_at),
            *(OrgUnit.name, chair.label("chair"), Recording.id.label("recording_id")),
        )
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .outerjoin(Recording, Recording.hearing_id == Hearing.id)
        .where(Hearing.id.in_(ids))
    )
    return {
        row.id: ResultRow(
            kind=SearchKind.HEARING,
            object_id=row.id,
            number=row.number,
            title=marked(row.title, runs),
            excerpt=excerpt(row.reason, runs, EXCERPT),
            state=row.state,
            unit_name=row.name,
            at=row.starts_at,
            chair=row.chair or "",
            recording_id=row.recording_id or "",
        )
        for row in await db.execute(wanted)
    }


async def _notes(db: AsyncSession, hits: Sequence[Hit], runs: Runs) -> list[ResultRow]:
    ids = {hit.object_id for hit in hits}
    hearings = await _hearings(db, sorted(ids), runs)
    begun = {
        row.id: row.started_at
        for row in await db.execute(select(Recording.id, Recording.started_at).where(Recording.hearing_id.in_(ids)))
    }
    texts = {
        (row.hearing_id, row.seq): str(row.payload.get("text", ""))
        for row in await db.execute(
            select(HearingEvent.hearing_id, HearingEvent.seq, HearingEvent.payload).where(
                HearingEvent.hearing_id.in_(ids), HearingEvent.seq.in_({hit.seq for hit in hits})
            )
        )
    }
    passages = {recording_id: await withholding.in_force(db, recording_id) for recording_id in begun}
    shown = []
    for hit in hits:
        hearing = hearings[hit.object_id]
        at_ms = None
        if hearing.recording_id:
            at_ms = max(0, (hit.at - begun[hearing.recording_id]) // timedelta(milliseconds=1))
            if withholding.said_within(passages[hearing.recording_id], at_ms):
                continue
        text = texts[hit.object_id, hit.seq]
        shown.append(
            ResultRow(
                kind=SearchKind.NOTE,
                object_id=hit.object_id,
                number=hearing.number,
                title=hearing.title,
                excerpt=excerpt(text, runs, EXCERPT) or marked(text[:EXCERPT], ()),
                state=hearing.state,
                unit_name=hearing.unit_name,
                at=hit.at,
                recording_id=hearing.recording_id,
                at_ms=at_ms,
            )
        )
    return shown
