"""What kinds of things are due, and in which order a list of them stands. Pure.

One order for all: by the day, on one day by what the law asks for first, then by the key; what has no day comes last.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from hub.case_clocks import SOON_WORKING_DAYS
from hub.keyset import Cursor
from hub.law import RuleBook
from hub.models.cases import CaseState, CaseType
from hub.working_days import ONE_DAY, WorkCalendar, working_days_between

YEARS = timedelta(days=1100)
"""Beyond this nobody counts working days."""


class Bucket(StrEnum):
    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"
    LATER = "later"
    UNDATED = "undated"
    """Given without a day, and not answered yet."""


class TaskKind(StrEnum):
    """In the order of one day: first what the law fixes, then what people have."""

    CASE = "case"
    """A clock of the law."""
    POSTING = "posting"
    MINIMUM = "minimum"
    ASSIGNED = "assigned"
    """A case given to an officer, with a day or waiting for the answer."""
    CONCLUSION = "conclusion"
    CONFIRM = "confirm"
    """A task of a conclusion that is reported and waits for who ran the hearing."""
    INVITATION = "invitation"


RANKS = {kind: rank for rank, kind in enumerate(TaskKind)}
GIVEN = "assignment"
"""The clock's name of a day that a leader gave."""
OF_CASES = frozenset({TaskKind.CASE, TaskKind.ASSIGNED})
Order = tuple[date, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """``left`` counts working days from today, negative when it is past. ``owner_id`` None: nobody by name.

    ``basis`` says which text asks for it, empty where a person has set the day; ``count`` are receptions missing.
    """

    kind: TaskKind
    key: str
    due: date | None
    bucket: Bucket
    left: int | None
    path: str
    title: str
    number: str
    unit_id: str
    unit_name: str
    owner_id: str | None = None
    owner: str = ""
    basis: str = ""
    unsure: bool = False
    """Nobody has compared the rule with its text yet."""
    clock: str = ""
    waits: bool = False
    """Given and not answered yet."""
    case_type: CaseType | None = None
    case_state: CaseState | None = None
    at: datetime | None = None
    count: int = 0

    @property
    def order(self) -> Order:
        return (self.due or date.max, RANKS[self.kind], self.key)

    @property
    def cursor(self) -> Cursor:
        day, rank, key = self.order
        return Cursor(datetime.combine(day, time(), UTC), key, rank)


@dataclass(frozen=True, slots=True)
class Day:
    """A day to look at tasks from. ``soon`` is the last one that is near."""

    today: date
    soon: date
    book: RuleBook

    @classmethod
    def of(cls, today: date, book: RuleBook) -> Day:
        return cls(today, soon_until(today, book.days), book)

    def bucket(self, due: date | None) -> Bucket:
        if due is None:
            return Bucket.UNDATED
        if due <= self.today:
            return Bucket.TODAY if due == self.today else Bucket.OVERDUE
        return Bucket.SOON if due <= self.soon else Bucket.LATER

    def left(self, due: date | None) -> int | None:
        near = due is not None and abs(due - self.today) < YEARS
        return working_days_between(self.today, due, self.book.days) if due and near else None


def soon_until(today: date, days: WorkCalendar) -> date:
    """The last day that is near: so many working days from today, and the days off after it."""
    day = today
    left = SOON_WORKING_DAYS
    while left:
        day += ONE_DAY
        left -= days.is_working(day)
    while not days.is_working(day + ONE_DAY):
        day += ONE_DAY
    return day


def beyond(cursor: Cursor | None) -> Order | None:
    """Where a list goes on: after this place in the order."""
    return (cursor.at.date(), cursor.stage, cursor.key) if cursor is not None else None


def merged(lists: Collection[Collection[Task]], after: Order | None, limit: int) -> list[Task]:
    """The first ``limit`` of several lists after a place, in the one order."""
    found = [task for each in lists for task in each if after is None or task.order > after]
    return sorted(found, key=lambda task: task.order)[:limit]
