"""How long a recording is kept: legal rules by type of case, chosen by the day of the hearing. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hub import calendar, law
from hub.law import RuleBook
from hub.models.cases import CaseType
from hub.models.law import Certainty, RuleUnit

CODE = "retention_"
"""What the codes of these rules begin with; their unit is years, or for ever."""
WITHOUT_CASE = "retention_recording"
CODES: Mapping[str, str] = {"": WITHOUT_CASE, **{kind.value: f"{WITHOUT_CASE}_{kind}" for kind in CaseType}}
"""By type of case; empty: hearings without a case."""
PAPERS = "retention_destruction_papers"
"""Of the certificate of a destruction, and the manifest as the list of what was destroyed, from the day of it."""
YEARS_MAX = 200

AHEAD = timedelta(days=20 * 365)
"""What is kept for ever is locked so far ahead, again and again; locks need a date."""
HELD_AHEAD = timedelta(days=90)
"""The same for what is held: a hold ends when a person says so, and a lock cannot be shortened."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``case_type`` empty: for hearings without a case. ``years`` None: for ever."""

    case_type: str
    years: int | None
    legal_basis: str
    certain: bool

    def until(self, day: date) -> date | None:
        """The last day on which what was recorded on ``day`` must be kept; None: for ever."""
        return None if self.years is None else later(day, self.years)

    def as_json(self) -> dict[str, Any]:
        return {
            "case_type": self.case_type,
            "years": self.years,
            "legal_basis": self.legal_basis,
            "certain": self.certain,
        }


def rule_of(found: law.Rule, case_type: str = "") -> Rule:
    years = None if found.unit is RuleUnit.FOREVER else found.value
    return Rule(case_type, years, found.legal_basis, found.certainty is not Certainty.UNVERIFIED)


def later(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March, so that nothing is kept too short."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def choose(book: RuleBook, case_types: Iterable[str], day: date) -> Rule | None:
    """Of the rules in force on that day for the types of a hearing's cases the one that keeps longest; None when none
    is in force for any of the types."""
    wanted = ((case_type, book.find(CODES[case_type], day)) for case_type in sorted(set(case_types) or {""}))
    fitting = [rule_of(found, case_type) for case_type, found in wanted if found is not None]
    return max(fitting, key=lambda rule: rule.until(day) or date.max, default=None)


def end_of(day: date) -> datetime:
    """The instant when a day is over in Vietnam: from then on what was kept until that day is due."""
    return calendar.day_bounds(day)[1]


def lock_until(retain_until: datetime | None, *, held: bool, now: datetime) -> datetime:
    """How far a lock must reach today. ``retain_until`` None: kept for ever."""
    reach = now + AHEAD if retain_until is None else retain_until
    return max(reach, now + HELD_AHEAD) if held else reach


def papers_until(book: RuleBook, destroyed_at: datetime) -> datetime:
    """How far certificate and manifest of what was destroyed then are locked; without a rule, as what is for ever."""
    day = calendar.local_day(destroyed_at)
    found = book.find(PAPERS, day)
    until = rule_of(found).until(day) if found is not None else None
    return destroyed_at + AHEAD if until is None else end_of(until)


def enough(locked: datetime | None, wanted: datetime, *, fixed: bool) -> bool:
    """Whether a lock reaches far enough; one that moves on with the day (not ``fixed``) is renewed in good time."""
    slack = timedelta() if fixed else HELD_AHEAD / 3
    return locked is not None and locked >= wanted - slack
