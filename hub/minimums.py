"""How often the head of a unit must receive citizens in person, and how a month stands against it. Pure.

The rule is chosen by date: a monthly minimum by the month's first day, a weekly one by the Thursday of the week, to
whose month and rule the whole week belongs (as ISO 8601 gives weeks to years). Only regular reception that the head
chairs counts; ad hoc reception (Art 18.3) comes besides, and what a deputy receives is reported and not counted.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hub.law import Rule, RuleBook
from hub.models import UnitLevel
from hub.models.law import RuleUnit
from hub.posting import due, postable
from hub.working_days import working_days_between

CODES: Mapping[UnitLevel, str] = {
    UnitLevel.CENTRAL: "reception_inspector_general",
    UnitLevel.PROVINCE: "reception_province_chair",
    UnitLevel.COMMUNE: "reception_commune_chair",
}
"""The rule of a unit's head where nobody has said otherwise."""
CHOICES = (*CODES.values(), "reception_agency_head")
ACT_WITHIN_DAYS = 3
"""Working days before the last day for posting from which a missing reception is shown in red."""
LOOKED_AHEAD_DAYS = 60
"""More than any rule of posting asks for, days off between included."""
THURSDAY = 4


class Standing(StrEnum):
    """From good to bad; the last two are red."""

    NOT_OWED = "not_owed"
    DONE = "done"
    PLANNED = "planned"
    MISSING = "missing"
    URGENT = "urgent"
    """To be planned and posted within ``ACT_WITHIN_DAYS`` working days."""
    TOO_LATE = "too_late"
    """The working days that can still be posted in time no longer suffice, or the period is over."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a week, both days included, with the rule that holds for it."""

    first: date
    last: date
    rule: Rule

    @property
    def owed(self) -> int:
        return self.rule.value


@dataclass(frozen=True, slots=True)
class Standings:
    """How one period stands. ``act_by``: the last day on which the missing ones can be posted in time."""

    period: Period
    done: int
    planned: int
    standing: Standing
    act_by: date | None = None

    @property
    def missing(self) -> int:
        return max(0, self.period.owed - self.done - self.planned)


def periods(book: RuleBook, code: str, month: date) -> list[Period]:
    """What is owed in the month of a day: one month, or its weeks. A week without any working day asks for nothing."""
    first = month.replace(day=1)
    last = first.replace(day=gregorian.monthrange(first.year, first.month)[1])
    rule = book.find(code, first)
    if rule is not None and rule.unit is RuleUnit.DAYS_PER_MONTH:
        return [Period(first, last, rule)]
    return [one for one in _weeks(book, code, first, last) if _has_work(book, one)]


def _weeks(book: RuleBook, code: str, first: date, last: date) -> Iterator[Period]:
    thursday = first + timedelta(days=(THURSDAY - first.isoweekday()) % 7)
    while thursday <= last:
        rule = book.find(code, thursday)
        if rule is not None and rule.unit is RuleUnit.DAYS_PER_WEEK:
            yield Period(thursday - timedelta(days=3), thursday + timedelta(days=3), rule)
        thursday += timedelta(days=7)


def _has_work(book: RuleBook, period: Period) -> bool:
    return any(book.days.is_working(period.first + timedelta(days=n)) for n in range(7))


def standings(
    book: RuleBook, period: Period, done: Collection[date], planned: Collection[date], today: date
) -> Standings:
    """``done`` and ``planned`` are the days on which the head received, or is booked to; others are left out here."""
    held = {day for day in done if period.first <= day <= period.last}
    coming = {day for day in planned if period.first <= day <= period.last and day >= today} - held
    found = Standings(period, len(held), len(coming), Standing.DONE)
    if len(held) >= period.owed:
        return found
    if not found.missing:
        return Standings(period, len(held), len(coming), Standing.PLANNED)
    act_by = last_chance(book, period, coming | held, found.missing, today)
    return Standings(period, len(held), len(coming), _urgency(book, act_by, today), act_by)


def _urgency(book: RuleBook, act_by: date | None, today: date) -> Standing:
    if act_by is None:
        return Standing.TOO_LATE
    left = working_days_between(today, act_by, book.days)
    return Standing.URGENT if left <= ACT_WITHIN_DAYS else Standing.MISSING


def last_chance(book: RuleBook, period: Period, used: Collection[date], missing: int, today: date) -> date | None:
    """The last day on which ``missing`` more receptions can be posted in time; None when it has passed."""
    free = [day for day in postable(book, max(period.first, today), period.last, today) if day not in used]
    if len(free) < missing:
        return None
    limit = due(book, free[-missing])
    return limit.day if limit is not None else free[-missing]


def last_in_time(book: RuleBook, period: Period, missing: int) -> date:
    """The last day on which ``missing`` receptions could be posted in time, also where it has passed."""
    ahead = period.first - timedelta(days=LOOKED_AHEAD_DAYS)
    return last_chance(book, period, (), missing, ahead) or period.last


def worst(found: Sequence[Standings]) -> Standing:
    """How a month of several weeks stands as a whole."""
    order = list(Standing)
    return max((one.standing for one in found), key=order.index, default=Standing.NOT_OWED)
