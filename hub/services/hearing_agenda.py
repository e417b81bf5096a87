"""The order in which a hearing's cases are heard, and which seconds of its recording are whose."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import agenda
from hub.agenda import Called, Turn
from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict
from hub.i18n import N_
from hub.models import OVER_STATES, Hearing, HearingCase, HearingEvent, Recording, SeatKind
from hub.services import audit, hearing_lists


def may_order(actor: Actor, hearing: Hearing) -> bool:
    """Who books the hearing, and its chair and secretary."""
    seat = next((str(s.kind) for s in hearing.seats if s.account_id == actor.account_id), None)
    if may(actor, Action.CALL_CASE, Target(seat_kind=seat)):
        return True
    return may(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,)))


async def order(db: AsyncSession, actor: Actor, hearing_id: str, case_ids: Sequence[str]) -> None:
    """Put the cases in this order. Raises ``BadInput`` unless they are the hearing's, ``Conflict`` once it began."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    if not may_order(actor, hearing):
        require(actor, Action.CALL_CASE, Target())
    if hearing.state in OVER_STATES or hearing.opened_at is not None:
        raise Conflict(N_("Buổi tiếp đã bắt đầu; hãy gọi vụ việc ngay trong buổi tiếp."))
    if sorted(case_ids) != sorted(case.id for case in hearing.cases):
        raise BadInput(N_("Danh sách vụ việc đã thay đổi. Hãy tải lại trang."))
    await place(db, hearing.id, case_ids)
    await audit.record(db, actor, "cases_ordered", "hearing", hearing.id, unit_path=hearing.unit.path)


async def place(db: AsyncSession, hearing_id: str, case_ids: Sequence[str]) -> None:
    """Write the order down, in the caller's transaction and with its permission."""
    for position, case_id in enumerate(case_ids):
        one = update(HearingCase).where(HearingCase.hearing_id == hearing_id, HearingCase.case_id == case_id)
        await db.execute(one.values(position=position))


async def now_heard(db: AsyncSession, hearing_id: str) -> str | None:
    """The case that was called last; None before the first call and after the last case."""
    last = (
        select(HearingEvent.payload)
        .where(HearingEvent.hearing_id == hearing_id, HearingEvent.kind == agenda.CALLED)
        .order_by(HearingEvent.seq.desc())
    )
    payload = await db.scalar(last.limit(1))
    return payload.get("case_id") if payload else None


async def turns(db: AsyncSession, hearing: Hearing) -> list[Turn]:
    """Which case was heard when; nothing before the opening. Whoever shows it asks for permission."""
    recording = await db.scalar(select(Recording).where(Recording.hearing_id == hearing.id))
    if recording is None:
        return []
    rows = await db.scalars(
        select(HearingEvent)
        .where(HearingEvent.hearing_id == hearing.id, HearingEvent.kind == agenda.CALLED)
        .order_by(HearingEvent.seq)
    )
    called = [Called(row.at, row.payload.get("case_id")) for row in rows]
    return agenda.turns(called, recording.started_at, hearing.closed_at)


def known_to(hearing: Hearing) -> dict[str, frozenset[str]]:
    """By case, the points' seats that may know which case it is: those of the unit that received it, and above.

    Chair, deputy and secretary know all. A point's screen is seen by citizens, whose case another's is not.
    """
    points = [(seat.id, seat.point.unit.path) for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]
    return {
        case.id: frozenset(seat_id for seat_id, path in points if case.unit.path.startswith(path))
        for case in hearing.cases
    }
