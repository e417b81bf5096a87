"""The hearing's event log: rows appended in order, and what follows from them in other tables, in one transaction.

Events are committed before anything is done about them, so that a restarted web process can fold them back. The
kinds are the tags of ``signaling.events``; this module only needs those that change a hearing's state or who sits
where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from hub import models
from hub.errors import Conflict, NotFound
from hub.i18n import N_
from hub.models import HearingState


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to append. ``account_id`` is who caused it; None: the hub itself."""

    kind: str
    at: datetime
    seat_id: str | None = None
    account_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent(NewEvent):
    seq: int


# The state a hearing is in after an event, and the states in which that event may happen at all.
_MOVES: dict[str, tuple[HearingState, frozenset[HearingState]]] = {
    "opened": (HearingState.OPEN, frozenset({HearingState.SCHEDULED})),
    "recess_called": (HearingState.RECESS, frozenset({HearingState.OPEN})),
    "interrupted": (HearingState.INTERRUPTED, frozenset({HearingState.OPEN})),
    "resumed": (HearingState.OPEN, frozenset({HearingState.RECESS, HearingState.INTERRUPTED})),
    "ended": (HearingState.CLOSED, models.LIVE_STATES),
}


async def append(
    db: AsyncSession, hearing_id: str, events: Sequence[NewEvent], *, after: int | None = None
) -> list[StoredEvent]:
    """Append ``events`` and carry state, opening, closing and attendance along.

    ``after`` is the last ``seq`` the caller knows. Raises ``Conflict`` when the log has gone on without the caller
    or the hearing's state does not allow an event (it was cancelled meanwhile), ``NotFound`` for no such hearing.
    """
    hearing = await _locked(db, hearing_id)
    last = await _last_seq(db, hearing_id)
    if after is not None and after != last:
        raise Conflict(N_("Buổi tiếp vừa thay đổi ở nơi khác; hãy thử lại."))
    stored = []
    for seq, event in enumerate(events, start=last + 1):
        row = models.HearingEvent(
            hearing_id=hearing_id,
            seq=seq,
            at=event.at,
            kind=event.kind,
            seat_id=event.seat_id,
            account_id=event.account_id,
            payload=event.payload,
        )
        db.add(row)
        _move(hearing, event)
        await _attend(db, hearing, event)
        stored.append(_stored(row))
    await db.flush()
    return stored


async def _locked(db: AsyncSession, hearing_id: str) -> models.Hearing:
    # The row alone: two hundred seats with their points and accounts hang on it, and nobody asks for them here.
    alone = select(models.Hearing).options(lazyload("*")).execution_options(populate_existing=True)
    hearing = await db.scalar(alone.where(models.Hearing.id == hearing_id).with_for_update())
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp công dân."))
    return hearing


async def _last_seq(db: AsyncSession, hearing_id: str) -> int:
    mine = models.HearingEvent.hearing_id == hearing_id
    return int(await db.scalar(select(func.coalesce(func.max(models.HearingEvent.seq), 0)).where(mine)) or 0)


async def load(db: AsyncSession, hearing_id: str) -> list[StoredEvent]:
    """All events of a hearing in order."""
    rows = await db.scalars(
        select(models.HearingEvent)
        .where(models.HearingEvent.hearing_id == hearing_id)
        .order_by(models.HearingEvent.seq)
    )
    return [_stored(row) for row in rows]


def _stored(row: models.HearingEvent) -> StoredEvent:
    return StoredEvent(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        seat_id=row.seat_id,
        account_id=row.account_id,
        payload=row.payload,
    )


def _move(hearing: models.Hearing, event: NewEvent) -> None:
    if event.kind not in _MOVES:
        return
    state, allowed = _MOVES[event.kind]
    if hearing.state not in allowed:
        raise Conflict(N_("Trạng thái buổi tiếp không cho phép việc này."))
    hearing.state = state
    hearing.version += 1
    if event.kind == "opened":
        hearing.opened_at = event.at
    elif event.kind == "ended":
        hearing.closed_at = event.at


async def _attend(db: AsyncSession, hearing: models.Hearing, event: NewEvent) -> None:
    """One attendance row per stay: begun by ``joined``; ended by what ends the connection or the hearing."""
    stays = models.Attendance
    if event.kind not in ("joined", "left", "lost", "displaced", "ended"):
        return
    ending = update(stays).where(stays.hearing_id == hearing.id, stays.left_at.is_(None)).values(left_at=event.at)
    if event.kind != "ended":
        ending = ending.where(stays.seat_id == event.seat_id)
    await db.execute(ending)
    if event.kind == "joined":
        db.add(
            stays(
                hearing_id=hearing.id,
                seat_id=event.seat_id,
                account_id=event.payload["account_id"],
                joined_at=event.at,
            )
        )
        await db.flush()
