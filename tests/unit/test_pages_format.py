"""Days, hours and sizes as people read and type them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import format as formats
from web.view import local_path

NOON = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def test_an_instant_is_shown_by_the_clock_of_vietnam() -> None:
    assert formats.date_time(NOON) == "thứ Hai, 23/11/2026 08:30"
    assert formats.date_time(NOON, "en") == "Monday, 23/11/2026 08:30"


def test_a_range_within_a_day_names_the_day_once() -> None:
    assert formats.time_range(NOON, NOON.replace(hour=3, minute=0)) == "thứ Hai, 23/11/2026 08:30–10:00"


def test_a_range_over_midnight_names_both_days() -> None:
    text = formats.time_range(NOON, NOON.replace(hour=18, minute=0))
    assert text == "thứ Hai, 23/11/2026 08:30 – thứ Ba, 24/11/2026 01:00"


@pytest.mark.parametrize("typed", ["23/11/2026", "23.11.2026", "23-11-2026", "2026-11-23", " 23/11/2026 "])
def test_a_day_may_be_typed_in_several_ways(typed: str) -> None:
    assert formats.parse_day(typed) == date(2026, 11, 23)


@pytest.mark.parametrize("typed", ["", "31/02/2026", "11/23/2026", "tomorrow", "23/11"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        formats.parse_day(typed)


@pytest.mark.parametrize(
    ("typed", "shown"), [("8:30", "08:30"), ("08h30", "08:30"), ("14g05", "14:05"), ("9", "09:00")]
)
def test_an_hour_may_be_typed_in_several_ways(typed: str, shown: str) -> None:
    assert f"{formats.parse_clock(typed):%H:%M}" == shown


@pytest.mark.parametrize("typed", ["", "25:00", "8:61", "half past eight", "8:3"])
def test_what_is_no_hour_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        formats.parse_clock(typed)


@given(
    st.datetimes(datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2100-01-01")).map(
        lambda d: d.replace(second=0, microsecond=0)
    )
)
def test_an_instant_survives_being_shown_and_typed_again(naive: datetime) -> None:
    instant = naive.replace(tzinfo=UTC)
    assert formats.parse_local(formats.short_date(instant), formats.clock(instant)) == instant


def test_sizes_carry_the_decimal_sign_of_the_language() -> None:
    assert formats.size(999) == "999 B"
    assert formats.size(1_234_567, "vi") == "1,2 MB"
    assert formats.size(1_234_567, "en") == "1.2 MB"
    assert formats.size(5 * 10**12, "en") == "5,000 GB"


def test_positions_read_as_hours_minutes_seconds() -> None:
    assert formats.elapsed(3_723_999) == "1:02:03"
    assert formats.elapsed(-5) == "0:00:00"


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\nb", ""]
)
def test_a_redirect_stays_on_this_site(path: str) -> None:
    assert local_path(path) == "/"


def test_a_redirect_within_the_site_is_kept() -> None:
    assert local_path("/hearings/all?from=23/11/2026") == "/hearings/all?from=23/11/2026"
