"""How long a recording is kept: dated rules by type of case, chosen by the day of the hearing. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hub import calendar

AHEAD = timedelta(days=20 * 365)
"""What is kept for ever is locked so far ahead, again and again; locks need a date."""
HELD_AHEAD = timedelta(days=90)
"""The same for what is held: a hold ends when a person says so, and a lock cannot be shortened."""

CERTIFICATE_YEARS = 20
"""So long the papers of a destruction are kept at least (Law on Archives 2011 Art 28(4); to be compared with the law of
2024): the certificate, and the manifest as the list of what was destroyed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``case_type`` empty: for hearings without a case. ``years`` None: for ever.

    In force from ``valid_from`` until the next rule for the same type is.
    """

    case_type: str
    years: int | None
    legal_basis: str
    certain: bool
    valid_from: date

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


_UNVERIFIED = (
    "Chưa tìm thấy thời hạn riêng cho bản ghi buổi tiếp công dân; tạm theo thời hạn bảo quản hồ sơ giải quyết "
    "khiếu nại, tố cáo (Thông tư 10/2022/TT-BNV, cần đối chiếu)"
)
FIRST = tuple(
    Rule(case_type, years, _UNVERIFIED, certain=False, valid_from=date(2000, 1, 1))
    for case_type, years in {"": 5, "complaint": 15, "denunciation": 15, "petition": 5, "feedback": 5}.items()
)
"""In force until somebody has looked the periods up and entered them."""


def later(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March, so that nothing is kept too short."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def choose(rules: Iterable[Rule], case_types: Iterable[str], day: date) -> Rule | None:
    """Of the rules in force on that day for the types of a hearing's cases the one that keeps longest.

    ``rules``: a later one follows an earlier one of the same day. None when none is in force for any of the types.
    """
    in_force: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.valid_from):  # stable
        if rule.valid_from <= day:
            in_force[rule.case_type] = rule
    fitting = [in_force[wanted] for wanted in sorted(set(case_types) or {""}) if wanted in in_force]
    return max(fitting, key=lambda rule: rule.until(day) or date.max, default=None)


def end_of(day: date) -> datetime:
    """The instant when a day is over in Vietnam: from then on what was kept until that day is due."""
    return calendar.day_bounds(day)[1]


def lock_until(retain_until: datetime | None, *, held: bool, now: datetime) -> datetime:
    """How far a lock must reach today. ``retain_until`` None: kept for ever."""
    reach = now + AHEAD if retain_until is None else retain_until
    return max(reach, now + HELD_AHEAD) if held else reach


def papers_until(destroyed_at: datetime) -> datetime:
    """How far certificate and manifest of what was destroyed then are locked."""
    return end_of(later(calendar.local_day(destroyed_at), CERTIFICATE_YEARS))


def enough(locked: datetime | None, wanted: datetime, *, fixed: bool) -> bool:
    """Whether a lock reaches far enough; one that moves on with the day (not ``fixed``) is renewed in good time."""
    slack = timedelta() if fixed else HELD_AHEAD / 3
    return locked is not None and locked >= wanted - slack
