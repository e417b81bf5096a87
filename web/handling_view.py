"""What the case page shows of its handling: who has it, where it was sent, what the citizen was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, may
from hub.ids import utc_now
from hub.models import Assignment, Case, Transfer, TransferState
from hub.services import absences, assignments, citizen_notices, transfer_items, transfers
from hub.services.absences import Away
from hub.services.case_access import settling_paths
from hub.services.citizen_notices import Told
from hub.services.transfer_items import Item


@dataclass(frozen=True, slots=True)
class Handling:
    """``arrival`` is the transfer that waits for this person's answer; ``reads`` says of a received case whether it may
    be opened."""

    turns: tuple[Assignment, ...]
    now: Assignment | None
    away: Mapping[str, Away]
    """Of whoever has it now, when they are away."""
    mine: bool
    may_assign: bool
    may_take: bool
    transfers: tuple[Transfer, ...]
    arrival: Transfer | None
    told: tuple[Told, ...]
    may_tell: bool
    readable: frozenset[str]
    """Cases of the transfers that this person may open."""
    items: Mapping[str, Sequence[Item]]
    """By transfer, the documents that went along."""
    seen: frozenset[str] | None
    """Documents of this case that the person may know of; None: all."""


async def may_open(db: AsyncSession, actor: Actor, case: Case) -> bool:
    """Whether this person may open a denunciation's papers: in its very unit, or in the one that has taken it over."""
    settling = await settling_paths(db, case.id, taken=True)
    return may(actor, Action.OPEN_VAULT, Target(paths=(case.unit.path, *settling)))


async def of(db: AsyncSession, actor: Actor, case: Case) -> Handling:
    here = Target(paths=(case.unit.path,))
    inside = may(actor, Action.READ_CASE, here)
    turns = await assignments.of_case(db, case.id) if inside else []
    sent = await transfers.of_case(db, case.id)
    now = next((one for one in turns if one.ended_at is None), None)
    return Handling(
        turns=tuple(turns),
        now=now,
        away=await absences.away(db, calendar.local_day(utc_now()), [now.to_id]) if now else {},
        mine=now is not None and now.to_id == actor.account_id,
        may_assign=may(actor, Action.ASSIGN_CASE, here),
        may_take=now is None and assignments.may_assign(actor, case, actor.account_id),
        transfers=tuple(sent),
        arrival=next((one for one in sent if _waits(actor, case, one)), None),
        told=tuple(await citizen_notices.of_case(db, case)) if inside else (),
        may_tell=may(actor, Action.HANDLE_CASE, here),
        readable=frozenset(case_id for one in sent for case_id in _readable(actor, one)),
        items=await transfer_items.of_transfers(db, sent) if sent else {},
        seen=await transfer_items.seen(db, actor, case),
    )


def _waits(actor: Actor, case: Case, sent: Transfer) -> bool:
    if sent.case_id != case.id or sent.state != TransferState.SENT or sent.to_unit is None:
        return False
    return may(actor, Action.RECEIVE_TRANSFER, Target(paths=(sent.to_unit.path,)))


def _readable(actor: Actor, sent: Transfer) -> list[str]:
    found = []
    recipient = (sent.to_unit.path,) if sent.to_unit and sent.state != TransferState.RETURNED else ()
    if may(actor, Action.READ_CASE, Target(paths=(sent.case.unit.path, *recipient))):
        found.append(sent.case_id)
    if sent.received is not None and may(actor, Action.READ_CASE, Target(paths=(sent.received.unit.path,))):
        found.append(sent.received.id)
    return found
