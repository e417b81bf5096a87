from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import calendar, schedule
from hub.errors import Conflict
from hub.models import AdHocGround, HearingKind, HearingState
from hub.schedule import Slot

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
minutes = st.integers(0, 600)


def slot(start: int, length: int, people: str = "", points: str = "") -> Slot:
    begins = NOW + timedelta(minutes=start)
    return Slot(begins, begins + timedelta(minutes=length), frozenset(people), frozenset(points))


@given(minutes, st.integers(1, 300), minutes, st.integers(1, 300))
def test_overlap_is_mutual_and_means_a_shared_instant(a, a_length, b, b_length):
    one, other = slot(a, a_length), slot(b, b_length)
    shared = set(range(a, a + a_length)) & set(range(b, b + b_length))
    assert schedule.overlap(one, other) is schedule.overlap(other, one) is bool(shared)


def test_a_booking_that_begins_as_another_ends_does_not_clash():
    assert schedule.clash(slot(0, 60, "a", "x"), slot(60, 60, "a", "x")) is None


def test_a_clash_names_who_and_what_is_taken_twice():
    found = schedule.clash(slot(0, 60, "ab", "xy"), slot(30, 60, "bc", "yz"))
    assert found == schedule.Clash(frozenset("b"), frozenset("y"))


def test_strangers_at_the_same_time_do_not_clash():
    assert schedule.clash(slot(0, 60, "a", "x"), slot(0, 60, "b", "y")) is None


@pytest.mark.parametrize(("now", "wanted"), list(product(HearingState, HearingState)))
def test_a_hearing_moves_only_as_the_table_says_and_may_stay(now, wanted):
    if wanted == now or wanted in schedule.NEXT[now]:
        assert schedule.move(now, wanted) is wanted
    else:
        with pytest.raises(Conflict):
            schedule.move(now, wanted)


@pytest.mark.parametrize("over", [HearingState.CLOSED, HearingState.CANCELLED])
def test_what_is_over_stays_over(over):
    assert not schedule.NEXT[over]


def test_a_booking_in_the_past_is_refused_and_one_for_this_moment_is_not():
    assert "starts_at" in schedule.time_faults(NOW - timedelta(minutes=2), NOW + timedelta(hours=1), NOW)
    assert schedule.time_faults(NOW - timedelta(seconds=30), NOW + timedelta(hours=1), NOW) == {}


@pytest.mark.parametrize("length", [timedelta(0), timedelta(hours=-1), timedelta(hours=13)])
def test_an_end_before_the_start_or_days_later_is_refused(length):
    assert "ends_at" in schedule.time_faults(NOW, NOW + length, NOW)


def test_ad_hoc_reception_needs_its_ground_and_regular_has_none():
    assert "ad_hoc_ground" in schedule.ground_faults(HearingKind.AD_HOC, None)
    assert "ad_hoc_ground" in schedule.ground_faults(HearingKind.REGULAR, AdHocGround.GRAVE)
    assert schedule.ground_faults(HearingKind.AD_HOC, AdHocGround.ACUTE) == {}


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_local_day_is_24_hours_and_holds_its_own_noon(day):
    start, end = calendar.day_bounds(day)
    assert end - start == timedelta(days=1)
    assert start <= calendar.at(day, time(12)) < end
    assert calendar.local_day(start) == day
    assert calendar.local_day(start - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_late_evening_in_london_is_already_tomorrow_in_hanoi():
    assert calendar.local_day(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_a_stamp_reads_in_any_language():
    assert calendar.stamp(NOW) == "23/11/2026 08:30"
    assert calendar.stamp(NOW, NOW + timedelta(minutes=90)) == "23/11/2026 08:30–10:00"


def test_a_stamp_of_a_stretch_past_midnight_names_both_days():
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert calendar.stamp(late, late + timedelta(hours=1)) == "23/11/2026 23:30 – 24/11/2026 00:30"
