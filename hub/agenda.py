"""Cases in a hearing: which is heard, which come next, and which seconds of the recording are whose. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CALLED = "case_called"
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Called:
    """That a case was called at an instant; None: the one before is over and no other has been called."""

    at: datetime
    case_id: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of the recording in which one case was heard; ``end_ms`` None: it still is."""

    case_id: str
    start_ms: int
    end_ms: int | None


def turns(called: Iterable[Called], started_at: datetime, ended_at: datetime | None) -> list[Turn]:
    """Positions are milliseconds from ``started_at``, the recording's first instant."""
    found: list[Turn] = []
    open_case: str | None = None
    open_ms = 0
    for one in called:
        at_ms = _position(one.at, started_at)
        if open_case is not None:
            found.append(Turn(open_case, open_ms, at_ms))
        open_case, open_ms = one.case_id, at_ms
    if open_case is not None:
        found.append(Turn(open_case, open_ms, _position(ended_at, started_at) if ended_at else None))
    return found


def next_case(order: Sequence[str], heard: frozenset[str], now: str | None) -> str | None:
    """The first case after the one that is heard which has not been; else the first of all that has not."""
    begin = order.index(now) + 1 if now in order else 0
    for case_id in (*order[begin:], *order[:begin]):
        if case_id not in heard and case_id != now:
            return case_id
    return None


def _position(at: datetime, started_at: datetime) -> int:
    return max(0, (at - started_at) // timedelta(milliseconds=1))
