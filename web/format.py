"""Dates, times and sizes as people read them. Instants are UTC inside, Asia/Ho_Chi_Minh on screen."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def local(instant: datetime) -> datetime:
    return instant.astimezone(ZONE)


def today() -> date:
    """The present day in Vietnam."""
    return datetime.now(ZONE).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first instant of a day in Vietnam and of the next, in UTC."""
    start = datetime.combine(day, time(), ZONE)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def date_time(instant: datetime, language: str = "vi") -> str:
    """``thứ Hai, 23/11/2026 08:30``."""
    return f"{long_date(local(instant).date(), language)} {clock(instant)}"


def long_date(day: date, language: str = "vi") -> str:
    """``thứ Hai, 23/11/2026``."""
    weekdays = _WEEKDAYS.get(language, _WEEKDAYS["vi"])
    return f"{weekdays[day.weekday()]}, {short_date(day)}"


def short_date(day: date | datetime) -> str:
    """``23/11/2026``."""
    if isinstance(day, datetime):
        day = local(day).date()
    return f"{day:%d/%m/%Y}"


def clock(instant: datetime) -> str:
    """``08:30``."""
    return f"{local(instant):%H:%M}"


def time_range(start: datetime, end: datetime, language: str = "vi") -> str:
    """``thứ Hai, 23/11/2026 08:30–10:00``; the second day is named when it is another."""
    if local(start).date() == local(end).date():
        return f"{date_time(start, language)}–{clock(end)}"
    return f"{date_time(start, language)} – {date_time(end, language)}"


def elapsed(milliseconds: int) -> str:
    """``1:02:03``: a position in a recording or a duration."""
    seconds = max(0, milliseconds) // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def size(octets: int, language: str = "vi") -> str:
    """``1,2 MB`` (10^6 bytes), with the language's decimal sign."""
    if octets < 1000:
        return f"{octets} B"
    for unit, scale in (("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)):
        if octets < scale * 999.95 or unit == "GB":
            return f"{format_decimal(octets / scale, format='#,##0.#', locale=language)} {unit}"
    raise AssertionError("unreachable")


def parse_local(day: str, clock_text: str) -> datetime:
    """The instant of ``2026-11-23`` and ``08:30`` as the browser's own fields send them. Raises ``ValueError``."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock_text), ZONE).astimezone(UTC)
