"""Spans of time as the law counts them (Civil Code 2015 Art 147–148), each with its steps in words. Pure.

The day of the event is not counted (Art 147.2). A span in months ends on the day of the same number, or on the month's
last (Art 148.3). A span that would end on a day off ends with the next working day (Art 148.5).
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from hub.i18n import N_, Named, Text
from hub.models.law import Certainty, DayKind, Direction, RuleUnit

ONE_DAY = timedelta(days=1)
LONGEST_DAYS = 3660
"""Ten years: no span of the law is longer, and a typing error must not count for minutes."""
SATURDAY = 6


@dataclass(frozen=True, slots=True)
class SpecialDay:
    day: date
    kind: DayKind
    name: str
    name_en: str = ""
    certainty: Certainty = Certainty.TEXT


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """``days`` holds only what is in force. A year without any row is not known: see ``Span.cautions``."""

    days: Mapping[date, SpecialDay] = field(default_factory=dict)
    proposed: tuple[SpecialDay, ...] = ()
    """Known and not in force: counted by their weekday, and told of."""

    def is_working(self, day: date) -> bool:
        special = self.days.get(day)
        if special is not None:
            return special.kind is DayKind.SWAPPED_WORKING
        return day.isoweekday() < SATURDAY

    def knows(self, year: int) -> bool:
        return any(day.year == year for day in self.days)

    def why_off(self, day: date) -> Text:
        """Why nobody works on this day; asked of days off only."""
        special = self.days.get(day)
        if special is None:
            return Text(N_("thứ Bảy, Chủ nhật"))
        name = Text("%(name)s", {"name": Named(special.name, special.name_en)})
        if special.kind is DayKind.COMPENSATORY:
            return Text(N_("nghỉ bù: %(name)s"), {"name": name})
        if special.kind is DayKind.SWAPPED_OFF:
            return Text(N_("nghỉ hoán đổi: %(name)s"), {"name": name})
        return Text(N_("nghỉ lễ: %(name)s"), {"name": name})


class StepKind(StrEnum):
    EVENT = "event"
    COUNTED = "counted"
    SKIPPED = "skipped"
    PAUSED = "paused"
    MOVED = "moved"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Step:
    """A run of days, first and last included, that were treated alike. ``total`` is how many were counted after it."""

    kind: StepKind
    first: date
    last: date
    total: int
    text: Text


@dataclass(frozen=True, slots=True)
class Pause:
    """From the day on which the clock was stopped to that on which it went on; both are days of an event, so the first
    still counts and the last does not. ``last`` None: it stands still."""

    first: date
    last: date | None = None

    def covers(self, day: date) -> bool:
        return day > self.first and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Span:
    """``due`` None: a pause has not ended, ``counted`` days had passed. ``cautions`` say what is not sure."""

    due: date | None
    counted: int
    steps: tuple[Step, ...]
    cautions: tuple[Text, ...] = ()


def span(
    event: date,
    value: int,
    unit: RuleUnit,
    days: WorkCalendar,
    *,
    direction: Direction = Direction.AFTER,
    pauses: Sequence[Pause] = (),
) -> Span:
    """When a span that begins with ``event`` is over. Raises ``ValueError`` for a value or unit that is no span."""
    if not 1 <= value <= LONGEST_DAYS:
        raise ValueError(f"a span of {value} {unit}")
    if direction is Direction.BEFORE:
        return _before(event, value, unit, days)
    if unit in (RuleUnit.MONTHS, RuleUnit.YEARS):
        months = value * (12 if unit is RuleUnit.YEARS else 1)
        return _counted(event, (add_months(event, months) - event).days, days, pauses, months=months)
    if unit is RuleUnit.DAYS:
        return _counted(event, value, days, pauses)
    if unit is RuleUnit.WORKING_DAYS:
        return _counted(event, value, days, pauses, only_working=True)
    raise ValueError(f"{unit} is not a span of time")


def add_months(day: date, months: int) -> date:
    """The day of the same number, or the last of a shorter month (Civil Code Art 148.3)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def next_working(day: date, days: WorkCalendar) -> date:
    """The day itself when it is a working day."""
    while not days.is_working(day):
        day += ONE_DAY
    return day


def working_days_between(first: date, last: date, days: WorkCalendar) -> int:
    """Working days after ``first`` up to and with ``last``; negative when ``last`` lies before ``first``."""
    if last < first:
        return -working_days_between(last, first, days)
    found = _weekdays(last) - _weekdays(first)
    for day in days.days:
        if first < day <= last:
            found += days.is_working(day) - (day.isoweekday() < SATURDAY)
    return found


def _weekdays(day: date) -> int:
    """Mondays to Fridays from 1 January of year 1, a Monday, up to and with the day."""
    weeks, rest = divmod(day.toordinal(), 7)
    return 5 * weeks + min(rest, 5)


def _counted(
    event: date,
    value: int,
    days: WorkCalendar,
    pauses: Sequence[Pause],
    *,
    only_working: bool = False,
    months: int = 0,
) -> Span:
    runs = _Runs(event, days)
    runs.add(StepKind.EVENT, event, Text(N_("ngày xảy ra sự kiện, không tính (Bộ luật Dân sự, Điều 147)")))
    counting = _counting(only_working=only_working, months=months)
    counted, day = 0, event
    while counted < value:
        day += ONE_DAY
        pause = next((one for one in pauses if one.covers(day)), None) if pauses else None
        if pause is not None and pause.last is None:
            runs.add(StepKind.PAUSED, day, Text(N_("đang tạm dừng, không tính")), counted)
            return runs.span(None, counted)
        if pause is not None:
            runs.add(StepKind.PAUSED, day, Text(N_("tạm dừng, không tính")), counted)
        elif only_working and not days.is_working(day):
            runs.add(StepKind.SKIPPED, day, days.why_off(day), counted)
        else:
            counted += 1
            runs.add(StepKind.COUNTED, day, counting, counted)
    return runs.span(_moved(runs, day, days, counted), counted)


def _counting(*, only_working: bool, months: int) -> Text:
    if months:
        return Text(N_("tính đủ %(months)d tháng, kể cả ngày nghỉ"), {"months": months})
    return Text(N_("ngày làm việc, có tính") if only_working else N_("tính mọi ngày, kể cả ngày nghỉ"))


def _moved(runs: _Runs, day: date, days: WorkCalendar, counted: int) -> date:
    """The end on a working day, with the last steps told."""
    while not days.is_working(day):
        why = Text(
            N_("ngày cuối là ngày nghỉ (%(why)s) nên chuyển sang ngày làm việc tiếp theo"), {"why": days.why_off(day)}
        )
        runs.add(StepKind.MOVED, day, why, counted)
        day += ONE_DAY
    text = Text(N_("hết hạn khi kết thúc ngày này (Bộ luật Dân sự, Điều 148)"))
    runs.add(StepKind.DUE, day, text, counted)
    return day


def _before(event: date, value: int, unit: RuleUnit, days: WorkCalendar) -> Span:
    """The last day on which it is not too late: ``value`` whole days lie between it and the event, itself counted."""
    runs = _Runs(event, days)
    runs.add(StepKind.EVENT, event, Text(N_("ngày xảy ra sự kiện, không tính (Bộ luật Dân sự, Điều 147)")))
    only_working = unit is RuleUnit.WORKING_DAYS
    if unit in (RuleUnit.MONTHS, RuleUnit.YEARS):
        value = (event - add_months(event, -value * (12 if unit is RuleUnit.YEARS else 1))).days
    elif unit not in (RuleUnit.DAYS, RuleUnit.WORKING_DAYS):
        raise ValueError(f"{unit} is not a span of time")
    counted, day = 0, event
    while counted < value:
        day -= ONE_DAY
        if only_working and not days.is_working(day):
            runs.add(StepKind.SKIPPED, day, days.why_off(day), counted)
            continue
        counted += 1
        runs.add(StepKind.COUNTED, day, _counting(only_working=only_working, months=0), counted)
    while not days.is_working(day):
        why = Text(N_("là ngày nghỉ (%(why)s) nên phải làm từ ngày làm việc trước đó"), {"why": days.why_off(day)})
        runs.add(StepKind.MOVED, day, why, counted)
        day -= ONE_DAY
    runs.add(StepKind.DUE, day, Text(N_("muộn nhất là ngày này")), counted)
    return runs.span(day, counted)


@dataclass(slots=True)
class _Run:
    """A step that is still growing; ``end`` lies before ``begin`` where days are counted backwards."""

    kind: StepKind
    text: Text
    begin: date
    end: date
    total: int


class _Runs:
    """Gathers days that are treated alike into steps."""

    def __init__(self, event: date, days: WorkCalendar) -> None:
        self._event, self._days = event, days
        self._runs: list[_Run] = []
        self._run: _Run | None = None

    def add(self, kind: StepKind, day: date, text: Text, total: int = 0) -> None:
        run = self._run
        if run is not None and run.kind is kind and (run.text is text or run.text == text):
            run.end, run.total = day, total
        else:
            self._run = _Run(kind, text, day, day, total)
            self._runs.append(self._run)

    def span(self, due: date | None, counted: int) -> Span:
        steps = tuple(
            Step(run.kind, min(run.begin, run.end), max(run.begin, run.end), run.total, run.text) for run in self._runs
        )
        return Span(due, counted, steps, tuple(self._cautions(steps)))

    def _cautions(self, steps: Sequence[Step]) -> Iterator[Text]:
        first, last = min(step.first for step in steps), max(step.last for step in steps)
        for year in range(first.year, last.year + 1):
            if not self._days.knows(year):
                yield Text(
                    N_("Chưa có ngày nghỉ lễ nào của năm %(year)s trong dữ liệu: mới chỉ trừ thứ Bảy, Chủ nhật."),
                    {"year": str(year)},
                )
        within = [one for one in self._days.days.values() if first <= one.day <= last]
        unsure = [one for one in within if one.certainty is Certainty.UNVERIFIED]
        for name, days in _by_name(unsure):
            yield Text(
                N_("%(days)s (%(name)s) chưa được kiểm chứng; hãy đối chiếu với thông báo chính thức."),
                {"days": days, "name": name},
            )
        for name, days in _by_name([one for one in self._days.proposed if first <= one.day <= last]):
            yield Text(
                N_("%(days)s (%(name)s) chưa được xác nhận là ngày nghỉ, nên vẫn tính theo ngày trong tuần."),
                {"days": days, "name": name},
            )


def _by_name(days: Sequence[SpecialDay]) -> Iterator[tuple[Named, str]]:
    """Each name with its days, as figures: ``04/02/2027–10/02/2027``."""
    found: dict[Named, list[date]] = {}
    for one in sorted(days, key=lambda one: one.day):
        found.setdefault(Named(one.name, one.name_en), []).append(one.day)
    for name, its in found.items():
        ends = dict.fromkeys((its[0], its[-1]))
        yield name, "\u2013".join(f"{day:%d/%m/%Y}" for day in ends)
