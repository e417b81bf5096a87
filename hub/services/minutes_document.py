"""What minutes say: the parts that were written, and around them all that the hub knows of the hearing.

The document is plain JSON, so that a frozen version can be hashed and shown for ever as it was read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import minutes as rules
from hub import minutes_text
from hub.auth import Actor
from hub.errors import Forbidden
from hub.minutes_text import Marked
from hub.models import Attendance, Case, Hearing, Recording, Seat, SeatKind
from hub.services import hearing_agenda
from hub.services.case_access import require_readable
from hub.services.manifests import instant


async def build(db: AsyncSession, hearing: Hearing, texts: Mapping[str, str]) -> dict[str, Any]:
    """The document as it is now."""
    recording = await db.scalar(select(Recording.id).where(Recording.hearing_id == hearing.id))
    turns = await hearing_agenda.turns(db, hearing)
    return {
        "format": rules.FORMAT,
        "hearing": _heading(hearing),
        "recording": recording,
        "officials": [_official(seat) for seat in hearing.seats if seat.kind != SeatKind.POINT],
        "places": [_place(seat) for seat in hearing.seats if seat.point is not None],
        "attendance": await attendance(db, hearing),
        rules.OPENING.code: texts.get(rules.OPENING.code, ""),
        "cases": [
            {
                **_case(case),
                "turns": [[turn.start_ms, turn.end_ms] for turn in turns if turn.case_id == case.id],
                "sections": {part.code: texts.get(rules.key_of(part, case.id), "") for part in rules.OF_CASE},
            }
            for case in hearing.cases
        ],
        rules.CLOSING.code: texts.get(rules.CLOSING.code, ""),
    }


async def attendance(db: AsyncSession, hearing: Hearing) -> list[dict[str, Any]]:
    """Who sat where, each stay from its join to its leave, seat by seat."""
    rows = await db.scalars(
        select(Attendance).where(Attendance.hearing_id == hearing.id).order_by(Attendance.joined_at, Attendance.id)
    )
    stays: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        stay = {
            "name": row.account.full_name,
            "joined_at": instant(row.joined_at),
            "left_at": instant(row.left_at),
        }
        stays.setdefault(row.seat_id, []).append(stay)
    return [
        {"seat": seat.id, "kind": str(seat.kind), "label": seat.label, "stays": stays.get(seat.id, [])}
        for seat in hearing.seats
    ]


async def visible(db: AsyncSession, actor: Actor, hearing: Hearing, body: Mapping[str, Any]) -> dict[str, Any]:
    """The document for this reader: a denunciation's part is for those who may read that case."""
    hidden = set()
    for case in hearing.cases:
        if case.party.secret and not await _may_read(db, actor, case):
            hidden.add(case.id)
    shown = [
        {**one, "summary": "", "party": "", "sections": {}, "hidden": True} if one["id"] in hidden else one
        for one in body["cases"]
    ]
    return {**body, "cases": shown}


def moments(body: Mapping[str, Any]) -> list[Marked]:
    """What the minutes say of moments of the recording, in their order."""
    texts = [body[rules.OPENING.code], *(t for one in body["cases"] for t in one["sections"].values())]
    found = [one for text in (*texts, body[rules.CLOSING.code]) for one in minutes_text.marked(text)]
    return sorted(found, key=lambda one: one.at_ms)


async def _may_read(db: AsyncSession, actor: Actor, case: Case) -> bool:
    try:
        await require_readable(db, actor, case)
    except Forbidden:
        return False
    return True


def _heading(hearing: Hearing) -> dict[str, Any]:
    return {
        "id": hearing.id,
        "number": hearing.number,
        "title": hearing.title,
        "kind": str(hearing.kind),
        "ground": str(hearing.ad_hoc_ground) if hearing.ad_hoc_ground else None,
        "unit": hearing.unit.name,
        "starts_at": instant(hearing.starts_at),
        "ends_at": instant(hearing.ends_at),
        "opened_at": instant(hearing.opened_at),
        "closed_at": instant(hearing.closed_at),
    }


def _official(seat: Seat) -> dict[str, Any]:
    account = seat.account
    name, title = (account.full_name, account.title) if account else ("", "")
    return {"seat": seat.id, "kind": str(seat.kind), "name": name, "title": title}


def _place(seat: Seat) -> dict[str, Any]:
    assert seat.point is not None
    return {
        "seat": seat.id,
        "kind": str(seat.kind),
        "label": seat.label if seat.kind == SeatKind.POINT else seat.point.name,
        "address": seat.point.address,
        "unit": seat.point.unit.name,
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": case.number,
        "type": str(case.type),
        "summary": case.summary,
        "party": case.party.pseudonym,
        "people": case.people_count,
        "secret": case.party.secret,
        "unit": case.unit.name,
    }
