"""Turns in a reception: booked into slots with a number, called, heard or absent; ``boards`` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import queueing
from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import BoardToken, Hearing, Point, QueueTicket, SeatKind, TicketState
from hub.models.hearings import OVER_STATES
from hub.services import audit
from hub.services.hearing_lists import get as get_hearing
from hub.services.invitations import digest, make_token


@dataclass(frozen=True, slots=True)
class PointQueue:
    """The turns at one point of a hearing, by number; ``free``: slots still to be had."""

    point: Point
    tickets: Sequence[QueueTicket]
    free: Sequence[datetime]
    manages: bool
    has_board: bool


def points_of(hearing: Hearing) -> list[Point]:
    return [seat.point for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]


def _target(hearing: Hearing, point: Point) -> Target:
    """Whoever may book the hearing, and the officers of the point's unit."""
    return Target(paths=(hearing.unit.path, point.unit.path))


async def of_hearing(db: AsyncSession, actor: Actor, hearing_id: str) -> tuple[Hearing, list[PointQueue]]:
    """The queues at all points of a hearing. Raises ``NotFound``, ``Forbidden``."""
    hearing = await get_hearing(db, actor, hearing_id)
    rows = await _tickets(db, hearing.id)
    boards = set((await db.execute(select(BoardToken.point_id))).scalars())
    found = []
    for point in points_of(hearing):
        mine = [row for row in rows if row.point_id == point.id]
        free = _free(hearing, mine)
        manages = may(actor, Action.BOOK_HEARING, _target(hearing, point)) and hearing.state not in OVER_STATES
        found.append(PointQueue(point, mine, free, manages, point.id in boards))
    return hearing, found


def _free(hearing: Hearing, tickets: Sequence[QueueTicket]) -> list[datetime]:
    taken = {row.slot_at for row in tickets if row.state != TicketState.ABSENT}
    now = utc_now()
    return [
        slot
        for slot in queueing.slots(hearing.starts_at, hearing.ends_at)
        if slot not in taken and slot + queueing.SLOT > now
    ]


async def _tickets(db: AsyncSession, hearing_id: str) -> list[QueueTicket]:
    wanted = select(QueueTicket).where(QueueTicket.hearing_id == hearing_id)
    return list((await db.execute(wanted.order_by(QueueTicket.point_id, QueueTicket.number))).scalars())


async def book(
    db: AsyncSession, actor: Actor, hearing_id: str, point_id: str, slot_at: datetime | None = None, case_id: str = ""
) -> QueueTicket:
    """The next number, in this slot or the first free one. Two who book at once get different slots and numbers.

    Raises ``Conflict`` for a slot that is taken or a full session, ``BadInput``, ``Forbidden``.
    """
    hearing, point = await _locked(db, actor, hearing_id, point_id)
    require(actor, Action.BOOK_HEARING, _target(hearing, point))
    if hearing.state in OVER_STATES:
        raise Conflict(N_("Buổi tiếp đã kết thúc hoặc đã hủy."))
    if case_id and case_id not in {case.id for case in hearing.cases}:
        raise BadInput(N_("Vụ việc này không thuộc buổi tiếp."))
    rows = [row for row in await _tickets(db, hearing.id) if row.point_id == point.id]
    taken = {row.slot_at for row in rows if row.state != TicketState.ABSENT}
    slot = slot_at or queueing.first_free(queueing.slots(hearing.starts_at, hearing.ends_at), taken, utc_now())
    if slot not in _free(hearing, rows):
        raise Conflict(N_("Khung giờ này vừa có người lấy. Hãy chọn khung khác."), field="slot")
    row = QueueTicket(
        hearing_id=hearing.id,
        point_id=point.id,
        number=max((one.number for one in rows), default=0) + 1,
        slot_at=slot,
        case_id=case_id or None,
        state=TicketState.BOOKED,
    )
    db.add(row)
    await db.flush()
    return row


async def move(db: AsyncSession, actor: Actor, ticket_id: str, wanted: TicketState) -> QueueTicket:
    """Came, called (again), heard, or absent. Raises ``Conflict`` for what does not follow, ``NotFound``."""
    row = await db.get(QueueTicket, ticket_id)
    if row is None:
        raise NotFound(N_("Không có số này."))
    hearing, point = await _locked(db, actor, row.hearing_id, row.point_id)
    require(actor, Action.BOOK_HEARING, _target(hearing, point))
    await db.refresh(row)
    row.state = queueing.move(TicketState(row.state), wanted)
    if wanted is TicketState.CALLED:
        row.called_at, row.calls = utc_now(), row.calls + 1
    row.version += 1
    await db.flush()
    return row


async def call_next(db: AsyncSession, actor: Actor, hearing_id: str, point_id: str) -> QueueTicket:
    """Who is called now is done; the lowest number that waits is called. Raises ``Conflict`` when nobody waits."""
    hearing, point = await _locked(db, actor, hearing_id, point_id)
    require(actor, Action.BOOK_HEARING, _target(hearing, point))
    rows = [row for row in await _tickets(db, hearing.id) if row.point_id == point.id]
    waiting = next((row for row in rows if row.state == TicketState.WAITING), None)
    if waiting is None:
        raise Conflict(N_("Chưa có ai đang chờ tại điểm này."))
    for row in rows:
        if row.state == TicketState.CALLED:
            await move(db, actor, row.id, TicketState.DONE)
    return await move(db, actor, waiting.id, TicketState.CALLED)


async def _locked(db: AsyncSession, actor: Actor, hearing_id: str, point_id: str) -> tuple[Hearing, Point]:
    """The hearing's row locked, so that numbers and slots are given out one after the other."""
    await get_hearing(db, actor, hearing_id)
    wanted = select(Hearing).where(Hearing.id == hearing_id).with_for_update(of=Hearing, key_share=True)
    hearing = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one()
    point = next((one for one in points_of(hearing) if one.id == point_id), None)
    if point is None:
        raise NotFound(N_("Buổi tiếp không có điểm này."))
    return hearing, point


async def new_board(db: AsyncSession, actor: Actor, point_id: str) -> str:
    """A new secret address for a point's board, shown once; the old one stops at once. Raises ``Forbidden``."""
    point = await db.get(Point, point_id)
    if point is None:
        raise NotFound(N_("Buổi tiếp không có điểm này."))
    require(actor, Action.BOOK_HEARING, Target(paths=(point.unit.path,)))
    token, row = make_token(), await db.get(BoardToken, point_id)
    if row is None:
        row = BoardToken(point_id=point_id, token_sha256="", created_by=actor.account_id)
        db.add(row)
    row.token_sha256, row.created_by, row.created_at = digest(token), actor.account_id, utc_now()
    await db.flush()
    await audit.record(db, actor, "board_made", "point", point_id, unit_path=point.unit.path)
    return token
