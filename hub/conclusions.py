"""A conclusion's tasks: which step may follow which, and when a task is due by the calendar. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hub.errors import Conflict
from hub.i18n import N_
from hub.models.conclusions import TaskState, TaskStep
from hub.models.law import RuleUnit
from hub.working_days import WorkCalendar, next_working, span, working_days_between

FORMAT = "citizen-reception-hub/conclusion/1"
MOST_TASKS = 30
LONGEST_WORKING_DAYS = 250
SOON_WORKING_DAYS = 3
"""From so many working days before the due day on, the owner is reminded."""

_AFTER: dict[tuple[TaskState, TaskStep], TaskState] = {
    (TaskState.OPEN, TaskStep.REPORTED): TaskState.REPORTED,
    (TaskState.REPORTED, TaskStep.CONFIRMED): TaskState.DONE,
    (TaskState.REPORTED, TaskStep.RETURNED): TaskState.OPEN,
    (TaskState.OPEN, TaskStep.EXTENDED): TaskState.OPEN,
    (TaskState.REPORTED, TaskStep.EXTENDED): TaskState.REPORTED,
}
_REFUSALS = {
    TaskState.OPEN: N_("Nhiệm vụ chưa được báo cáo hoàn thành."),
    TaskState.REPORTED: N_("Nhiệm vụ đã được báo cáo và đang chờ xác nhận."),
    TaskState.DONE: N_("Nhiệm vụ đã được xác nhận hoàn thành."),
}
_WORKING_DAYS = re.compile(r"(\d{1,3})")


def after(now: TaskState, step: TaskStep) -> TaskState:
    """The state after a step. Raises ``Conflict`` for one that does not follow."""
    if (now, step) not in _AFTER:
        raise Conflict(_REFUSALS[now])
    return _AFTER[now, step]


def due_day(typed_day: date | None, working_days: int | None, issued: date, days: WorkCalendar) -> date:
    """The last day: so many working days after ``issued``, or the day given, moved on from a day off (Civil Code
    Art 148.5)."""
    if working_days is not None:
        found = span(issued, working_days, RuleUnit.WORKING_DAYS, days).due
        assert found is not None
        return found
    assert typed_day is not None
    return next_working(typed_day, days)


@dataclass(frozen=True, slots=True)
class Left:
    """``days``: working days to go, negative once the day has passed."""

    days: int
    overdue: bool
    soon: bool


def left(due: date, today: date, days: WorkCalendar) -> Left:
    """How much time a task has that is not done."""
    remaining = working_days_between(today, due, days)
    overdue = today > due
    return Left(remaining, overdue, not overdue and remaining <= SOON_WORKING_DAYS)


def working_days(text: str) -> int | None:
    """``10`` or ``10 ngày``, where the form's field takes a number of working days; None for anything else."""
    found = _WORKING_DAYS.match(text.strip())
    number = int(found[1]) if found and "/" not in text and "-" not in text else 0
    return number if 1 <= number <= LONGEST_WORKING_DAYS else None
