"""Dates, times and sizes as people read them. Instants are UTC inside, Asia/Ho_Chi_Minh on screen."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal, format_percent

from hub.ids import utc_now

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


_DAY = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_POSITION = re.compile(
    r"(?P<clock>\d{1,6}(?::\d{1,2}){0,2})|(?:(?P<h>\d{1,3})h)?(?:(?P<m>\d{1,4})m)?(?:(?P<s>\d{1,6})s)?"
)
_CLOCK = re.compile(r"(\d{1,2})(?:[:hg.](\d{2})?)?")


def local(instant: datetime) -> datetime:
    return instant.astimezone(ZONE)


def today() -> date:
    """The present day in Vietnam."""
    return local(utc_now()).date()


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


def position(text: str) -> int | None:
    """Milliseconds of a position as people write it: ``1:02:03``, ``62:03``, ``1h2m3s`` or seconds; else None."""
    found = _POSITION.fullmatch("".join(text.split()).casefold())
    if not found or not text.strip():
        return None
    parts = found["clock"].split(":") if found["clock"] else [found[name] or "0" for name in ("h", "m", "s")]
    seconds: int = sum(int(part) * 60**place for place, part in enumerate(reversed(parts)))
    return 1000 * seconds


def size(octets: int, language: str = "vi") -> str:
    """``1,2 MB`` (10^6 bytes), with the language's decimal sign."""
    if octets < 1000:
        return f"{octets} B"
    for unit, scale in (("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)):
        if octets < scale * 999.95 or unit == "GB":
            return f"{format_decimal(octets / scale, format='#,##0.#', locale=language)} {unit}"
    raise AssertionError("unreachable")


def percent(share: float, language: str = "vi") -> str:
    """``12,5%`` of a share 0–1, with the language's decimal sign."""
    return format_percent(share, format="#,##0.#%", locale=language)


def rate(bps: float, language: str = "vi") -> str:
    """``1,2 Mbit/s`` or ``480 kbit/s``."""
    if bps >= 1e6:
        return f"{format_decimal(bps / 1e6, format='#,##0.#', locale=language)} Mbit/s"
    return f"{format_decimal(round(bps / 1000), format='#,##0', locale=language)} kbit/s"


def parse_day(text: str) -> date:
    """``23/11/2026`` (also with dots or dashes) or ``2026-11-23``. Raises ``ValueError``."""
    if match := _DAY.fullmatch(text.strip()):
        day, month, year = (int(part) for part in match.groups())
        return date(year, month, day)
    return date.fromisoformat(text.strip())


def parse_clock(text: str) -> time:
    """``08:30``, ``8h30`` or ``8:30``, by the 24-hour clock. Raises ``ValueError``."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an hour")
    return time(int(match.group(1)), int(match.group(2) or 0))


def parse_local(day: str, clock_text: str) -> datetime:
    """The instant at which clocks in Vietnam show that hour on that day. Raises ``ValueError``."""
    return datetime.combine(parse_day(day), parse_clock(clock_text), ZONE).astimezone(UTC)


def typed_day(text: str) -> str:
    """A day as the form's field shows it: ``23/11/2026``; what is no day stays as it was typed."""
    try:
        return short_date(parse_day(text))
    except ValueError:
        return text
