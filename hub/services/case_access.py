"""Who may read a case: by a role over its unit, or by a seat in a hearing about it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require
from hub.errors import Conflict, Forbidden, NotFound
from hub.i18n import N_
from hub.models import (
    Case,
    CaseState,
    Hearing,
    HearingCase,
    HearingState,
    OrgUnit,
    Party,
    Representation,
    Seat,
    SeatKind,
    Transfer,
    TransferState,
)


async def get(db: AsyncSession, actor: Actor, case_id: str) -> Case:
    """Raises ``NotFound`` or ``Forbidden``. Chair, deputy and secretary of a hearing about it may read it."""
    found = await db.get(Case, case_id)
    if found is None:
        raise NotFound(N_("Không tìm thấy vụ việc."))
    await require_readable(db, actor, found)
    return found


async def hearings_about(db: AsyncSession, case_id: str) -> list[Hearing]:
    """All hearings about a case, held or not. Nobody's rights are asked."""
    about = (
        select(Hearing).join(HearingCase, HearingCase.hearing_id == Hearing.id).where(HearingCase.case_id == case_id)
    )
    return list((await db.execute(about)).unique().scalars())


async def require_readable(db: AsyncSession, actor: Actor, found: Case) -> None:
    """Raise ``Forbidden`` unless the actor may read this case, by role or by a seat."""
    try:
        require(actor, Action.READ_CASE, Target(paths=(found.unit.path, *await settling_paths(db, found.id))))
    except Forbidden:
        seat = await _seat_about(db, actor, found.id)
        require(actor, Action.READ_CASE, Target(paths=(found.unit.path,), seat_kind=seat))


async def reads_by_own_right(db: AsyncSession, actor: Actor, found: Case) -> bool:
    """Not only because the case was sent to their unit."""
    seat = await _seat_about(db, actor, found.id)
    return may(actor, Action.READ_CASE, Target(paths=(found.unit.path,), seat_kind=seat))


async def settling_paths(db: AsyncSession, case_id: str, *, taken: bool = False) -> tuple[str, ...]:
    """The units to which the case was transferred and not returned; with ``taken`` only those that acknowledged it."""
    here = (TransferState.ACKNOWLEDGED, TransferState.REPORTED)
    wanted = (
        select(OrgUnit.path)
        .join(Transfer, Transfer.to_unit_id == OrgUnit.id)
        .where(Transfer.case_id == case_id)
        .where(Transfer.state.in_(here if taken else (*here, TransferState.SENT)))
    )
    return tuple((await db.execute(wanted)).scalars())


async def spoken_for(db: AsyncSession, found: Case) -> list[Party]:
    """Who represents or has represented the party: as secret as the party is."""
    wanted = select(Party).join(Representation, Representation.party_id == Party.id)
    return list((await db.execute(wanted.where(Representation.case_id == found.id))).scalars())


def require_here(found: Case) -> None:
    """Raise ``Conflict`` for a case of which nothing may be written here any more."""
    if found.state == CaseState.STATE_SECRET:
        raise Conflict(
            N_("Vụ việc này có bí mật nhà nước nên được xử lý ngoài hệ thống; ở đây chỉ còn số và nơi lưu sổ.")
        )


async def _seat_about(db: AsyncSession, actor: Actor, case_id: str) -> str | None:
    named = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY)
    mine = (
        select(Seat.kind)
        .join(HearingCase, HearingCase.hearing_id == Seat.hearing_id)
        .join(Hearing, Hearing.id == Seat.hearing_id)
        .where(HearingCase.case_id == case_id, Seat.account_id == actor.account_id, Seat.kind.in_(named))
        .where(Hearing.state != HearingState.CANCELLED)
    )
    kind = (await db.execute(mine.limit(1))).scalar_one_or_none()
    return str(kind) if kind else None
