"""Citizens' turns in a reception: time slots, queue numbers, and which state follows which. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from hub.errors import Conflict
from hub.i18n import N_
from hub.models.queueing import TicketState

T = TicketState
SLOT = timedelta(minutes=30)
SHOWN_CALLED = 3
"""Numbers called last that the board shows large."""

NEXT: dict[TicketState, frozenset[TicketState]] = {
    T.BOOKED: frozenset({T.WAITING, T.ABSENT}),
    T.WAITING: frozenset({T.CALLED, T.ABSENT}),
    T.CALLED: frozenset({T.DONE, T.ABSENT, T.WAITING}),
    T.ABSENT: frozenset({T.WAITING}),
    T.DONE: frozenset(),
}


def move(now: TicketState, wanted: TicketState) -> TicketState:
    """The wanted state; calling once more is allowed. Raises ``Conflict`` for what does not follow."""
    again = now is wanted is T.CALLED
    if not again and wanted not in NEXT[now]:
        raise Conflict(N_("Số này vừa đổi tình trạng. Hãy xem lại danh sách."))
    return wanted


def slots(starts_at: datetime, ends_at: datetime, length: timedelta = SLOT) -> list[datetime]:
    """When turns begin: one after the other as long as a whole one fits; a short reception has one."""
    found = [starts_at]
    while found[-1] + 2 * length <= ends_at:
        found.append(found[-1] + length)
    return found


def first_free(all_slots: list[datetime], taken: Collection[datetime], now: datetime) -> datetime:
    """The first slot not over and not taken. Raises ``Conflict`` when the session is full."""
    free = [slot for slot in all_slots if slot not in taken and slot + SLOT > now]
    if not free:
        raise Conflict(N_("Buổi tiếp không còn khung giờ trống tại điểm này."), field="slot")
    return free[0]
