"""Days and hours as people in Vietnam read them. Pure: instants in UTC come in, local days and stamps go out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def local(instant: datetime) -> datetime:
    return instant.astimezone(ZONE)


def local_day(instant: datetime) -> date:
    return local(instant).date()


def day_bounds(first: date, last: date | None = None) -> tuple[datetime, datetime]:
    """The instants ``[start, end)`` of a local day, or of all days from ``first`` to ``last``."""
    end = (last or first) + timedelta(days=1)
    return (
        datetime.combine(first, time(), ZONE).astimezone(UTC),
        datetime.combine(end, time(), ZONE).astimezone(UTC),
    )


def at(day: date, clock: time) -> datetime:
    """The instant at which clocks in Vietnam show that time on that day."""
    return datetime.combine(day, clock.replace(tzinfo=None), ZONE).astimezone(UTC)


def stamp(start: datetime, end: datetime | None = None) -> str:
    """``23/11/2026 08:30`` or ``23/11/2026 08:30-10:00``: figures only, so that it reads in any language."""
    begins = local(start)
    if end is None:
        return f"{begins:%d/%m/%Y %H:%M}"
    ends = local(end)
    if ends.date() == begins.date():
        return f"{begins:%d/%m/%Y %H:%M}\u2013{ends:%H:%M}"
    return f"{begins:%d/%m/%Y %H:%M} \u2013 {ends:%d/%m/%Y %H:%M}"
