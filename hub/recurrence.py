"""Days on which somebody regularly receives citizens: RFC 5545 recurrence rules, moved off days without work. Pure.

A rule is kept as the text of RFC 5545 (``FREQ=MONTHLY;BYDAY=2TU,-1TH``). Only what a reception calendar needs may be in
it: weeks with weekdays, or months with weekdays by their position or with days by their number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from dateutil.rrule import rrulestr

from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.working_days import ONE_DAY, WorkCalendar

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
POSITIONS = (1, 2, 3, 4, -1)
LONGEST = timedelta(days=366)
"""No series is made further ahead: the law and the leader may be others by then."""
INTERVAL_MAX = 8
NEAR_DAYS = 6
"""An occurrence that moves by no more is still the same one when its series' rule is changed."""
_BY_DAY = re.compile(r"(?P<position>[1-4]|-1)?(?P<day>MO|TU|WE|TH|FR|SA|SU)")


class Frequency(StrEnum):
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``by_day`` as in RFC 5545 (``TU``, ``2TU``, ``-1TH``); positions only with months."""

    frequency: Frequency
    interval: int = 1
    by_day: tuple[str, ...] = ()
    by_month_day: tuple[int, ...] = ()

    def rrule(self) -> str:
        parts = [f"FREQ={self.frequency}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.by_day:
            parts.append(f"BYDAY={','.join(self.by_day)}")
        if self.by_month_day:
            parts.append(f"BYMONTHDAY={','.join(map(str, self.by_month_day))}")
        return ";".join(parts)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """``rule_day`` is what the rule says, ``day`` when it takes place; ``why`` tells of a day off between the two."""

    rule_day: date
    day: date
    why: Text | None = None


def parse(text: str) -> Recurrence:
    """The rule in a text of RFC 5545. Raises ``BadInput`` for what is none, or more than a reception calendar needs."""
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if not value or name in parts:
            raise _unreadable()
        parts[name] = value
    try:
        found = Recurrence(
            Frequency(parts.pop("FREQ", "")),
            int(parts.pop("INTERVAL", "1")),
            tuple(one for one in parts.pop("BYDAY", "").split(",") if one),
            tuple(int(one) for one in parts.pop("BYMONTHDAY", "").split(",") if one),
        )
    except ValueError as error:
        raise _unreadable() from error
    if parts or not _sound(found):
        raise _unreadable()
    return found


def _unreadable() -> BadInput:
    text = Text(N_("Hãy chọn ngày tiếp: thứ trong tuần, thứ theo vị trí trong tháng, hoặc ngày trong tháng."))
    return BadInput(text.message, fields={"rule": text})


def _sound(rule: Recurrence) -> bool:
    matches = [_BY_DAY.fullmatch(one) for one in rule.by_day]
    if not 1 <= rule.interval <= INTERVAL_MAX or None in matches or bool(rule.by_day) == bool(rule.by_month_day):
        return False
    positioned = [bool(match and match["position"]) for match in matches]
    if rule.frequency is Frequency.WEEKLY:
        return bool(rule.by_day) and not any(positioned)
    return all(positioned) and all(1 <= day <= 31 for day in rule.by_month_day)


def rule_days(rule: str, first: date, last: date) -> list[date]:
    """What the rule alone says from ``first``, on which its intervals begin, to ``last``, both included."""
    wanted = rrulestr(parse(rule).rrule(), dtstart=datetime.combine(first, time()))
    return [each.date() for each in wanted.between(_start(first), _start(last), inc=True)]


def _start(day: date) -> datetime:
    return datetime.combine(day, time())


def occurrences(rule: str, first: date, last: date, calendar: WorkCalendar) -> list[Occurrence]:
    """Every reception of a series, in order: one that falls on a day off takes place on the next working day that the
    series does not use already. ``last`` bounds the rule's days; the one moved may lie after it."""
    wanted = rule_days(rule, first, last)
    taken = {day for day in wanted if calendar.is_working(day)}
    found = []
    for day in wanted:
        if day in taken:
            found.append(Occurrence(day, day))
            continue
        moved = _next_free(day, taken, calendar)
        taken.add(moved)
        found.append(Occurrence(day, moved, calendar.why_off(day)))
    return sorted(found, key=lambda one: (one.day, one.rule_day))


def _next_free(day: date, taken: Collection[date], calendar: WorkCalendar) -> date:
    while day in taken or not calendar.is_working(day):
        day += ONE_DAY
    return day


def pairs(before: Iterable[date], after: Iterable[date]) -> tuple[dict[date, date], list[date], list[date]]:
    """Which occurrence of a changed series is which: the same rule day, else the nearest within ``NEAR_DAYS``.

    Returns ``{new: old}``, the new ones that had no counterpart, and the old ones that have none any more.
    """
    old, new = set(before), sorted(set(after))
    matched = {day: day for day in new if day in old}
    old -= matched.keys()
    for day in new:
        if day in matched:
            continue
        near = [one for one in old if abs((one - day).days) <= NEAR_DAYS]
        if near:
            matched[day] = min(near, key=lambda one: (abs((one - day).days), one))
            old.remove(matched[day])
    return matched, [day for day in new if day not in matched], sorted(old)


def describe(rule: str) -> list[Text]:
    """The rule in words, one text for each part."""
    found = parse(rule)
    if found.frequency is Frequency.WEEKLY:
        days = Text(", ".join(f"%({one})s" for one in found.by_day), {one: _weekday(one) for one in found.by_day})
        if found.interval == 1:
            return [Text(N_("hằng tuần, %(days)s"), {"days": days})]
        return [Text(N_("%(interval)s tuần một lần, %(days)s"), {"interval": found.interval, "days": days})]
    texts = [_positioned(one) for one in found.by_day]
    if found.by_month_day:
        numbers = ", ".join(map(str, found.by_month_day))
        texts.append(Text(N_("ngày %(numbers)s hằng tháng"), {"numbers": numbers}))
    if found.interval > 1:
        texts.append(Text(N_("%(interval)s tháng một lần"), {"interval": found.interval}))
    return texts


def _weekday(code: str) -> Text:
    return Text(_WEEKDAY_NAMES[WEEKDAYS.index(code)])


def _positioned(one: str) -> Text:
    name = _weekday(one[-2:])
    if one.startswith("-1"):
        return Text(N_("%(day)s cuối tháng"), {"day": name})
    return Text(
        N_("%(day)s %(position)s trong tháng"), {"day": name, "position": Text(_POSITION_NAMES[int(one[0]) - 1])}
    )


_POSITION_NAMES: Sequence[str] = (N_("lần thứ nhất"), N_("lần thứ hai"), N_("lần thứ ba"), N_("lần thứ tư"))
_WEEKDAY_NAMES: Sequence[str] = (
    N_("thứ Hai"),
    N_("thứ Ba"),
    N_("thứ Tư"),
    N_("thứ Năm"),
    N_("thứ Sáu"),
    N_("thứ Bảy"),
    N_("Chủ nhật"),
)
