"""Posting and the leaders' minimum as dated tables, on both sides of 1 July 2026 and over Tết."""

from __future__ import annotations

from datetime import date

import pytest

from hub import minimums, posting
from hub.minimums import Standing
from hub.services.law_loading import shipped_book

BOOK = shipped_book()
COMMUNE, PROVINCE = "reception_commune_chair", "reception_province_chair"


@pytest.mark.parametrize(
    ("reception", "last_day"),
    [
        (date(2026, 12, 1), date(2026, 11, 24)),  # a Tuesday: back over one weekend
        (date(2026, 12, 4), date(2026, 11, 27)),
        (date(2026, 2, 23), date(2026, 2, 9)),  # the Monday after Tết, which is off from 14 to 22 February
        (date(2026, 5, 4), date(2026, 4, 22)),  # 29, 28, 24, 23, 22 April: 25 to 27, 30 April and 1 May are off
        (date(2027, 2, 12), date(2027, 1, 29)),  # over Tết 2027
        (date(2026, 7, 1), date(2026, 6, 24)),
    ],
)
def test_the_last_day_for_posting_lies_five_working_days_ahead(reception, last_day):
    due = posting.due(BOOK, reception)
    assert due is not None
    assert due.day == last_day
    assert not due.late(last_day)
    assert due.late(date.fromordinal(last_day.toordinal() + 1))


def test_no_rule_of_posting_asks_for_nothing():
    assert posting.due(BOOK, date(2013, 1, 1)) is None


@pytest.mark.parametrize(
    ("code", "month", "owed"),
    [
        # Weeks by their Thursday until 30 June 2026, then two days a month.
        (COMMUNE, date(2026, 5, 1), 4),
        (COMMUNE, date(2026, 6, 1), 4),  # 29 June to 5 July has its Thursday in July
        (COMMUNE, date(2026, 7, 1), 2),
        (COMMUNE, date(2026, 12, 1), 2),
        (COMMUNE, date(2026, 1, 1), 5),
        (COMMUNE, date(2026, 2, 1), 3),  # the week of Tết has no working day
        (COMMUNE, date(2027, 2, 1), 2),
        (PROVINCE, date(2026, 6, 1), 1),
        (PROVINCE, date(2026, 7, 1), 1),
        ("reception_district_chair", date(2025, 6, 1), 2),
        ("reception_district_chair", date(2025, 7, 1), 0),  # the level ended
        ("reception_agency_head", date(2026, 7, 1), 1),
    ],
)
def test_what_a_head_owes_in_a_month(code, month, owed):
    assert sum(one.owed for one in minimums.periods(BOOK, code, month)) == owed


def stands(month: date, today: date, done: tuple[int, ...] = (), planned: tuple[int, ...] = (), code: str = COMMUNE):
    period = minimums.periods(BOOK, code, month)[0]
    days = [{month.replace(day=number) for number in numbers} for numbers in (done, planned)]
    return minimums.standings(BOOK, period, *days, today)


@pytest.mark.parametrize(
    ("today", "done", "planned", "standing", "act_by"),
    [
        (date(2026, 12, 1), (), (), Standing.MISSING, date(2026, 12, 23)),
        (date(2026, 12, 1), (), (10, 24), Standing.PLANNED, None),
        (date(2026, 12, 28), (10, 24), (), Standing.DONE, None),
        (date(2026, 12, 1), (), (10,), Standing.MISSING, date(2026, 12, 24)),
        (date(2026, 12, 18), (10,), (), Standing.MISSING, date(2026, 12, 24)),
        (date(2026, 12, 21), (10,), (), Standing.URGENT, date(2026, 12, 24)),  # three working days are left
        (date(2026, 12, 24), (10,), (), Standing.URGENT, date(2026, 12, 24)),
        (date(2026, 12, 25), (10,), (), Standing.TOO_LATE, None),
        (date(2026, 12, 23), (), (), Standing.URGENT, date(2026, 12, 23)),
        (date(2026, 12, 24), (), (), Standing.TOO_LATE, None),  # one day can still be posted, two are missing
        (date(2026, 12, 24), (), (30,), Standing.URGENT, date(2026, 12, 24)),
        (date(2026, 12, 24), (), (31,), Standing.TOO_LATE, None),  # the only day left is taken already
        (date(2027, 1, 4), (10,), (), Standing.TOO_LATE, None),
    ],
)
def test_a_month_turns_red_while_it_can_still_be_mended(today, done, planned, standing, act_by):
    found = stands(date(2026, 12, 1), today, done, planned)
    assert (found.standing, found.act_by) == (standing, act_by)
    assert found.missing == (0 if standing in (Standing.DONE, Standing.PLANNED) else 2 - len(done) - len(planned))


def test_what_can_no_longer_be_posted_in_time_is_overdue_since_its_last_day():
    december = minimums.periods(BOOK, COMMUNE, date(2026, 12, 1))[0]
    assert [minimums.last_in_time(BOOK, december, n) for n in (1, 2)] == [date(2026, 12, 24), date(2026, 12, 23)]


def test_a_day_counts_once_however_many_hearings_it_has_and_none_outside_its_month():
    found = stands(date(2026, 12, 1), date(2026, 12, 10), done=(8,), planned=(8,))
    assert (found.done, found.planned, found.missing) == (1, 0, 1)
    period = found.period
    assert minimums.standings(BOOK, period, {date(2026, 11, 30)}, {date(2027, 1, 4)}, date(2026, 12, 1)).missing == 2


def test_what_was_planned_and_not_held_is_missing_afterwards():
    assert stands(date(2026, 12, 1), date(2026, 12, 11), planned=(10, 24)).planned == 1


def test_a_month_of_weeks_is_as_bad_as_its_worst_week():
    weeks = minimums.periods(BOOK, COMMUNE, date(2026, 6, 1))
    done = {date(2026, 6, 3), date(2026, 6, 17), date(2026, 6, 24)}
    found = [minimums.standings(BOOK, week, done, set(), date(2026, 6, 26)) for week in weeks]
    assert [one.standing for one in found] == [Standing.DONE, Standing.TOO_LATE, Standing.DONE, Standing.DONE]
    assert minimums.worst(found) is Standing.TOO_LATE
    assert minimums.worst([]) is Standing.NOT_OWED
