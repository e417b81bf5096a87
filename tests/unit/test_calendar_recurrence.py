"""Days of regular reception: recurrence rules, moved off days off, and what becomes of them when a rule changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import recurrence
from hub.errors import BadInput
from hub.models.law import DayKind
from hub.recurrence import Frequency, Recurrence
from hub.services.law_loading import shipped_book
from hub.working_days import SpecialDay, WorkCalendar

DAYS = shipped_book().days
SECOND_TUESDAY_LAST_THURSDAY = "FREQ=MONTHLY;BYDAY=2TU,-1TH"


def days(rule: str, first: date, last: date) -> list[str]:
    return [f"{one.day:%d/%m}" for one in recurrence.occurrences(rule, first, last, DAYS)]


@pytest.mark.parametrize(
    ("rule", "first", "last", "expected"),
    [
        # Over Tết 2026 (16 to 20 February) and 2027 (4 to 10 February).
        (SECOND_TUESDAY_LAST_THURSDAY, date(2026, 1, 1), date(2026, 3, 31), "13/01 29/01 10/02 26/02 10/03 26/03"),
        ("FREQ=WEEKLY;BYDAY=TU", date(2026, 2, 1), date(2026, 2, 28), "03/02 10/02 23/02 24/02"),
        ("FREQ=WEEKLY;BYDAY=TH", date(2027, 2, 1), date(2027, 2, 20), "11/02 12/02 18/02"),
        # 30 April and 1 May 2026 are a Thursday and a Friday: the next working day is Monday.
        ("FREQ=MONTHLY;BYDAY=-1TH", date(2026, 4, 1), date(2026, 5, 31), "04/05 28/05"),
        ("FREQ=MONTHLY;BYMONTHDAY=30", date(2026, 4, 1), date(2026, 6, 30), "04/05 01/06 30/06"),
        # 22 August 2026 is a Saturday that is worked; 31 August, 1 and 2 September are off.
        ("FREQ=MONTHLY;BYMONTHDAY=22", date(2026, 8, 1), date(2026, 8, 31), "22/08"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", date(2026, 8, 17), date(2026, 9, 15), "17/08 03/09 14/09"),
        # Both sides of 1 July 2026: the rule of days knows nothing of the law's minimum.
        ("FREQ=WEEKLY;BYDAY=WE", date(2026, 6, 24), date(2026, 7, 8), "24/06 01/07 08/07"),
    ],
)
def test_the_days_of_a_series(rule, first, last, expected):
    assert days(rule, first, last) == expected.split()


def test_a_day_moved_off_a_holiday_says_so():
    moved = recurrence.occurrences("FREQ=MONTHLY;BYDAY=-1TH", date(2026, 4, 1), date(2026, 4, 30), DAYS)[0]
    assert (moved.rule_day, moved.day) == (date(2026, 4, 30), date(2026, 5, 4))
    assert "Ngày Chiến thắng" in str(moved.why)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=DAILY",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=2TU",
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=6TU",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYDAY=1TU;BYMONTHDAY=3",
        "FREQ=WEEKLY;BYDAY=TU;COUNT=3",
        "FREQ=WEEKLY;BYDAY=TU;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=TU;FREQ=MONTHLY",
        "FREQ=WEEKLY;BYDAY=TU;INTERVAL=two",
    ],
)
def test_a_rule_that_no_reception_calendar_needs_is_refused(text):
    with pytest.raises(BadInput):
        recurrence.parse(text)


def test_a_rule_is_told_in_words():
    assert [str(one) for one in recurrence.describe(SECOND_TUESDAY_LAST_THURSDAY)] == [
        "thứ Ba lần thứ hai trong tháng",
        "thứ Năm cuối tháng",
    ]
    assert [str(one) for one in recurrence.describe("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR")] == [
        "2 tuần một lần, thứ Hai, thứ Sáu"
    ]
    assert [str(one) for one in recurrence.describe("FREQ=MONTHLY;BYMONTHDAY=10,25")] == ["ngày 10, 25 hằng tháng"]


rules = st.one_of(
    st.builds(
        Recurrence,
        st.just(Frequency.WEEKLY),
        st.integers(1, 4),
        st.lists(st.sampled_from(recurrence.WEEKDAYS), min_size=1, max_size=4, unique=True).map(tuple),
    ),
    st.builds(
        Recurrence,
        st.just(Frequency.MONTHLY),
        st.integers(1, 2),
        st.lists(
            st.builds(
                lambda p, d: f"{p}{d}", st.sampled_from(recurrence.POSITIONS), st.sampled_from(recurrence.WEEKDAYS)
            ),
            min_size=1,
            max_size=4,
            unique=True,
        ).map(tuple),
    ),
)
offs = st.sets(st.integers(0, 200), max_size=40)


@given(rules, offs)
def test_every_reception_is_on_a_working_day_of_its_own_not_before_its_rule(rule, off):
    first = date(2026, 12, 1)
    special = {first + timedelta(n): SpecialDay(first + timedelta(n), DayKind.HOLIDAY, "x") for n in off}
    calendar = WorkCalendar(special)
    found = recurrence.occurrences(rule.rrule(), first, first + timedelta(180), calendar)
    assert recurrence.parse(rule.rrule()) == rule
    assert len({one.day for one in found}) == len(found) == len({one.rule_day for one in found})
    for one in found:
        assert calendar.is_working(one.day)
        assert one.day >= one.rule_day
        assert (one.why is None) == (one.day == one.rule_day)


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_a_changed_series_loses_and_doubles_no_occurrence(old, new):
    base = date(2026, 12, 1)
    before, after = {base + timedelta(n) for n in old}, {base + timedelta(n) for n in new}
    matched, fresh, gone = recurrence.pairs(before, after)
    assert set(matched) | set(fresh) == after
    assert set(matched.values()) | set(gone) == before
    assert len(matched) == len(set(matched.values()))
    assert not set(matched) & set(fresh)
    assert not set(matched.values()) & set(gone)
    assert all(matched[day] == day for day in before & after)
    assert all(abs((one - other).days) <= recurrence.NEAR_DAYS for one, other in matched.items())
