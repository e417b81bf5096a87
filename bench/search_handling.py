"""Who handles the cases that are searched, and when they are due: what the tasks of the day are made of. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bench.bulk import Row
from bench.search_text import Writer
from hub.calendar import local_day
from hub.ids import new_id
from hub.models import Assignment, AssignmentState, CaseDue, CaseState

LONGEST_DAYS = 90
GIVEN_EVERY = 3
"""Of the open cases; the others are given to nobody."""


def rows(cases: list[Row], mark: str, writer: Writer, now: datetime) -> dict[type[Any], list[Row]]:
    """By table. Due days are drawn, not counted: they lie around today, a third of them in the past."""
    today = local_day(now)
    due_days = [_due(case, mark, writer, today) for case in cases]
    given = [_given(case, writer, now) for case in cases if case["state"] != CaseState.CLOSED]
    return {CaseDue: due_days, Assignment: given[::GIVEN_EVERY]}


def _due(case: Row, mark: str, writer: Writer, today: Any) -> Row:
    is_open = case["state"] != CaseState.CLOSED
    due = today + timedelta(days=writer.below(LONGEST_DAYS) - LONGEST_DAYS // 3) if is_open else None
    of = {"case_id": case["id"], "unit_id": case["unit_id"]}
    return {**of, "due": due, "clock": "reply" if is_open else "", "book": mark}


def _given(case: Row, writer: Writer, now: datetime) -> Row:
    return {
        "id": new_id(),
        "case_id": case["id"],
        "from_id": case["created_by"],
        "to_id": case["created_by"],
        "due": local_day(now) + timedelta(days=writer.below(LONGEST_DAYS) - LONGEST_DAYS // 3),
        "state": AssignmentState.ACCEPTED if writer.below(4) else AssignmentState.SENT,
        "at": case["received_at"],
    }
