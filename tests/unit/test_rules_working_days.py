"""The arithmetic of spans: what holds whatever the calendar, and the same by a slow count, day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.models import Certainty, DayKind, Direction, RuleUnit
from hub.working_days import (
    Pause,
    SpecialDay,
    StepKind,
    WorkCalendar,
    add_months,
    next_working,
    span,
    working_days_between,
)

ONE = timedelta(days=1)
BORDER = date(2026, 1, 1)
events = st.dates(BORDER, BORDER + 500 * ONE)
counts = st.integers(1, 90)
units = st.sampled_from([RuleUnit.WORKING_DAYS, RuleUnit.DAYS, RuleUnit.MONTHS])


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    """Holidays strewn anywhere, also on weekends, and weekends that are worked."""
    days = {}
    for offset, kind in draw(st.dictionaries(st.integers(-100, 900), st.sampled_from(DayKind), max_size=60)).items():
        day = BORDER + offset * ONE
        if kind is not DayKind.SWAPPED_WORKING or day.isoweekday() > 5:
            days[day] = SpecialDay(day, kind, "Ngày nghỉ")
    return WorkCalendar(days)


def slowly(event: date, value: int, unit: RuleUnit, days: WorkCalendar, paused: set[date]) -> date:
    """The same by ticking off one day after the other."""
    left = value
    if unit is RuleUnit.MONTHS:
        left = (add_months(event, value) - event).days
    day = event
    while left:
        day += ONE
        if day not in paused and (unit is not RuleUnit.WORKING_DAYS or days.is_working(day)):
            left -= 1
    while not days.is_working(day):
        day += ONE
    return day


@given(events, st.integers(0, 700), calendars())
def test_working_days_between_are_those_that_a_slow_count_finds(event, apart, days):
    slow = sum(days.is_working(event + n * ONE) for n in range(1, apart + 1))
    assert working_days_between(event, event + apart * ONE, days) == slow
    assert working_days_between(event + apart * ONE, event, days) == -slow


@given(events, counts, units, calendars(), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=3))
def test_a_span_ends_where_a_slow_count_ends(event, value, unit, days, stops):
    value = min(value, 12) if unit is RuleUnit.MONTHS else value
    pauses, paused, begin = [], set(), event
    for gap, length in stops:
        begin += gap * ONE
        pauses.append(Pause(begin, begin + length * ONE))
        paused |= {begin + n * ONE for n in range(1, length + 1)}
        begin += length * ONE
    found = span(event, value, unit, days, pauses=pauses)
    assert found.due == slowly(event, value, unit, days, paused)


@given(events, counts, units, calendars())
def test_a_span_never_ends_on_a_day_off_nor_on_the_day_of_the_event(event, value, unit, days):
    due = span(event, min(value, 24), unit, days).due
    assert days.is_working(due)
    assert due > event


@given(events, counts, units, calendars(), st.integers(0, 40))
def test_a_later_event_is_never_due_earlier_and_a_longer_span_never_ends_earlier(event, value, unit, days, later):
    value = min(value, 24)
    due = span(event, value, unit, days).due
    assert span(event + later * ONE, value, unit, days).due >= due
    assert span(event, value + 1, unit, days).due >= due


@given(events, counts, calendars())
def test_working_days_are_as_many_as_lie_between(event, value, days):
    due = span(event, value, RuleUnit.WORKING_DAYS, days).due
    assert working_days_between(event, due, days) == value
    assert working_days_between(due, event, days) == -value


@given(events, counts, units, calendars(), st.sampled_from(Direction))
def test_the_steps_cover_every_day_once_and_end_with_the_due_day(event, value, unit, days, direction):
    found = span(event, min(value, 24), unit, days, direction=direction)
    told = [step for step in found.steps[:-1] if step.kind is not StepKind.MOVED]
    covered = [step.first + n * ONE for step in told for n in range((step.last - step.first).days + 1)]
    assert len(covered) == len(set(covered))
    first, last = min(event, found.due), max(event, found.due)
    moved = {step.first + n * ONE for step in found.steps for n in range((step.last - step.first).days + 1)}
    assert moved == {first + n * ONE for n in range((last - first).days + 1)}
    assert (found.steps[0].kind, found.steps[-1].kind) == (StepKind.EVENT, StepKind.DUE)
    assert found.steps[-1].first == found.due


@given(events, st.integers(1, 30), calendars())
def test_a_notice_is_early_enough_and_no_earlier_than_it_must_be(event, value, days):
    """Between the last day for it, itself counted, and the event lie so many working days."""
    latest = span(event, value, RuleUnit.WORKING_DAYS, days, direction=Direction.BEFORE).due
    assert days.is_working(latest)
    assert sum(days.is_working(latest + n * ONE) for n in range((event - latest).days)) == value


@given(events, calendars())
def test_the_next_working_day_is_the_day_itself_when_it_is_one(event, days):
    found = next_working(event, days)
    assert days.is_working(found)
    assert not any(days.is_working(event + n * ONE) for n in range((found - event).days))


def test_while_a_clock_stands_still_it_has_no_due_day():
    found = span(date(2026, 11, 2), 30, RuleUnit.DAYS, WorkCalendar(), pauses=[Pause(date(2026, 11, 10))])
    assert (found.due, found.counted) == (None, 8)
    assert found.steps[-1].kind is StepKind.PAUSED


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_a_month_ends_on_the_same_number_or_on_the_last_day(day, months, wanted):
    """Civil Code 2015 Art 148.3."""
    assert add_months(day, months) == wanted


def test_a_year_without_holidays_and_days_that_are_not_sure_are_told_of():
    tet = SpecialDay(date(2027, 2, 8), DayKind.HOLIDAY, "Tết Nguyên đán", certainty=Certainty.UNVERIFIED)
    proposed = SpecialDay(date(2027, 2, 9), DayKind.HOLIDAY, "Ngày mới", certainty=Certainty.UNVERIFIED)
    days = WorkCalendar({tet.day: tet}, (proposed,))
    found = [str(text) for text in span(date(2027, 2, 5), 3, RuleUnit.WORKING_DAYS, days).cautions]
    assert len(found) == 2
    assert "08/02/2027 (Tết Nguyên đán) chưa được kiểm chứng" in found[0]
    assert "09/02/2027 (Ngày mới) chưa được xác nhận" in found[1]
    assert "năm 2031" in str(span(date(2031, 2, 3), 3, RuleUnit.WORKING_DAYS, days).cautions[0])


@pytest.mark.parametrize(("value", "unit"), [(0, RuleUnit.DAYS), (4000, RuleUnit.DAYS), (2, RuleUnit.TIMES)])
def test_what_is_no_span_is_refused(value, unit):
    with pytest.raises(ValueError, match="span"):
        span(date(2026, 11, 2), value, unit, WorkCalendar())
