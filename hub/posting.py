"""When a reception must be posted, and whether that is still possible (Law on Citizen Reception 42/2013 Art 24). Pure.

Ad hoc reception (Art 18.3) is announced at once and needs no posting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from hub.law import Rule, RuleBook

RULE = "schedule_posting"


@dataclass(frozen=True, slots=True)
class PostingDue:
    """``day`` is the last on which posting is in time, under ``rule``."""

    day: date
    rule: Rule

    def late(self, on: date) -> bool:
        return on > self.day


def due(book: RuleBook, reception: date) -> PostingDue | None:
    """The last day to post a reception of that day; None when no rule asked for it then."""
    rule = book.find(RULE, reception)
    if rule is None:
        return None
    last = book.explain(rule, reception).due
    return PostingDue(last, rule) if last is not None else None


@lru_cache(maxsize=64)
def postable(book: RuleBook, first: date, last: date, today: date) -> tuple[date, ...]:
    """Working days from ``first`` to ``last`` for which posting today would still be in time."""
    found = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day < today or not book.days.is_working(day):
            continue
        limit = due(book, day)
        if limit is None or not limit.late(today):
            found.append(day)
    return tuple(found)
