"""What tests stand on: the clock that moves a whole run to another day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub import calendar, ids
from hub.ids import new_id, utc_now
from tests.support import moved_clock

LEAP_DAY = "2028-02-29T09:00+07:00"


def test_a_run_is_moved_to_another_day_on_which_the_clock_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("datetime", "time"):
        monkeypatch.setattr(ids, name, getattr(ids, name))
    monkeypatch.setenv(moved_clock.VARIABLE, LEAP_DAY)
    moved_clock.move_as_asked()
    first, second = utc_now(), utc_now()
    assert first.date() == date(2028, 2, 29)
    assert first <= second
    made_at = datetime.fromtimestamp(int(new_id()[:12], 16) / 1000, UTC)
    assert made_at.date() == date(2028, 2, 29)
    assert ids.monotonic_ns() <= ids.monotonic_ns()


def test_after_midnight_it_is_the_evening_before_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("datetime", "time"):
        monkeypatch.setattr(ids, name, getattr(ids, name))
    moved_clock.move(datetime(2028, 2, 29, 17, 5, tzinfo=UTC))  # five past midnight in Việt Nam
    with moved_clock.back_in_the_evening():
        assert calendar.local_day(utc_now()) == date(2028, 2, 29)
    assert calendar.local_day(utc_now()) == date(2028, 3, 1)


def test_a_day_without_its_zone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(moved_clock.VARIABLE, "2028-02-29T09:00")
    with pytest.raises(ValueError, match="has no zone"):
        moved_clock.move_as_asked()
