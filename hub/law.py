"""Which rule holds on a day, and what follows from it. Pure: rows of ``LegalRule`` come in as ``Rule``."""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hub.errors import NotFound, Unacceptable
from hub.i18n import N_, Named, Text
from hub.models.law import Certainty, Direction, RuleUnit
from hub.working_days import Pause, Span, Step, StepKind, WorkCalendar, span

SPANS = frozenset({RuleUnit.WORKING_DAYS, RuleUnit.DAYS, RuleUnit.MONTHS, RuleUnit.YEARS})
FREQUENCIES = frozenset({RuleUnit.DAYS_PER_WEEK, RuleUnit.DAYS_PER_MONTH})
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
"""Days that rules and events may have; counting from the last day that a ``date`` knows would end in nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as it stands from ``valid_from`` to ``valid_to``, both included; None: until further notice."""

    code: str
    name: str
    value: int
    unit: RuleUnit
    legal_basis: str
    valid_from: date
    valid_to: date | None = None
    name_en: str = ""
    direction: Direction = Direction.AFTER
    certainty: Certainty = Certainty.TEXT
    note: str = ""

    @property
    def title(self) -> Named:
        return Named(self.name, self.name_en)

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, eq=False)
class RuleBook:
    """All rules in force at one time or another, with the calendar that goes with them. Compared by identity, so that
    what follows from a book can be kept beside it."""

    rules: tuple[Rule, ...]
    days: WorkCalendar

    def rule(self, code: str, day: date) -> Rule:
        """The rule of that code on that day. Raises ``NotFound`` saying whether code or day is the matter."""
        versions = self.versions(code)
        for rule in versions:
            if rule.holds_on(day):
                return rule
        if not versions:
            raise NotFound(N_("Không có quy tắc “%(code)s”."), code=code)
        raise NotFound(N_("Quy tắc “%(code)s” không có hiệu lực vào ngày %(day)s."), code=code, day=day)

    def find(self, code: str, day: date) -> Rule | None:
        return next((rule for rule in self.versions(code) if rule.holds_on(day)), None)

    def versions(self, code: str) -> list[Rule]:
        return sorted((rule for rule in self.rules if rule.code == code), key=lambda rule: rule.valid_from)

    def explain(self, rule: Rule, event: date, pauses: Sequence[Pause] = ()) -> Span:
        """What the rule means for an event on a day. Raises ``Unacceptable`` for a rule or day that gives no date."""
        if event > LATEST:
            raise Unacceptable(N_("Ngày phải từ năm 1990 đến năm 2100."))
        if rule.unit in FREQUENCIES:
            found = _period(rule, event)
        elif rule.unit in SPANS:
            found = span(event, rule.value, rule.unit, self.days, direction=rule.direction, pauses=pauses)
        else:
            raise Unacceptable(N_("“%(name)s” là một con số, không phải thời hạn."), name=rule.title)
        return Span(found.due, found.counted, found.steps, (*_cautions(rule), *found.cautions))


def _cautions(rule: Rule) -> list[Text]:
    """What a person must know before relying on the rule; the row's own note is shown beside it anyway."""
    if rule.certainty is Certainty.UNVERIFIED:
        return [Text(N_("Quy tắc này chưa được kiểm chứng với văn bản; hãy đối chiếu trước khi áp dụng."))]
    return []


def overlaps(rules: Iterable[Rule]) -> list[tuple[Rule, Rule]]:
    """Pairs of one code that hold on the same day: then nobody could say which."""
    ordered = sorted(rules, key=lambda rule: (rule.code, rule.valid_from))
    return [
        (one, other)
        for one, other in pairwise(ordered)
        if one.code == other.code and (one.valid_to is None or other.valid_from <= one.valid_to)
    ]


def uncovered(book: RuleBook, codes: Iterable[str], since: date) -> list[tuple[str, date]]:
    """Each code that no version holds for at some time from ``since`` on, with the first such day."""
    found = []
    for code in sorted(codes):
        day: date | None = since
        for rule in book.versions(code):
            if day is not None and rule.holds_on(day):
                day = rule.valid_to + timedelta(days=1) if rule.valid_to else None
        if day is not None:
            found.append((code, day))
    return found


def interchangeable(unit: RuleUnit) -> frozenset[RuleUnit]:
    """The units that a rule may change to and still mean the same kind of thing: a span, a frequency, a number."""
    return next((family for family in (SPANS, FREQUENCIES) if unit in family), frozenset({unit}))


def _period(rule: Rule, event: date) -> Span:
    """The week (from Monday) or month in which a minimum must be reached; its last day is the due day."""
    if rule.unit is RuleUnit.DAYS_PER_WEEK:
        first = event - timedelta(days=event.isoweekday() - 1)
        last = first + timedelta(days=6)
        text = Text(N_("ít nhất %(value)d ngày trong tuần này"), {"value": rule.value})
    else:
        first = event.replace(day=1)
        last = event.replace(day=gregorian.monthrange(event.year, event.month)[1])
        text = Text(N_("ít nhất %(value)d ngày trong tháng này"), {"value": rule.value})
    due = Step(StepKind.DUE, last, last, 0, Text(N_("ngày cuối của kỳ")))
    return Span(last, 0, (Step(StepKind.COUNTED, first, last, 0, text), due))
