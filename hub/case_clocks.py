"""The clocks of a case: which rule runs from which event, what stops it, and how it stands today. Pure.

Nothing here is stored: the same events and rules give the same clocks, and whether one is overdue is a matter of today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import product

from hub.case_moves import COMPLAINT, DENUNCIATION, EVERY, REQUESTS, Facts, Happened, MoveCode, standing
from hub.i18n import N_
from hub.law import SPANS, Rule, RuleBook
from hub.models.cases import CaseState, CaseType, Complexity
from hub.working_days import Pause, Span, working_days_between

M = MoveCode
SOON_WORKING_DAYS = 3
"""From here on a deadline is shown as near."""


class ClockState(StrEnum):
    RUNNING = "running"
    SOON = "soon"
    OVERDUE = "overdue"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    CANCELLED = "cancelled"
    """The case was withdrawn or discontinued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSpec:
    code: str
    name: str
    starts: frozenset[MoveCode]
    stops: frozenset[MoveCode]
    rule: Callable[[Facts], str | None]
    """None: this clock does not concern such a case."""
    types: frozenset[CaseType] = EVERY
    rather: frozenset[MoveCode] = frozenset()
    """What starts it instead, once that has happened."""
    citizens: bool = False
    """Whose time it is: the citizen's, who may let it pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    spec: ClockSpec
    rule: Rule
    started: date
    span: Span
    extensions: tuple[Happened, ...]
    state: ClockState
    stopped: date | None
    left: int | None
    """Working days from today to the due day, negative when it has passed; None unless it runs."""

    @property
    def due(self) -> date | None:
        return self.span.due


def _complaint_settlement(facts: Facts) -> str:
    level = "second" if facts.level == 2 else "first"
    remote = "_remote" if facts.remote else ""
    return f"complaint_{level}_settlement{remote}{'' if facts.complexity is Complexity.ORDINARY else '_complex'}"


def _complaint_notice(facts: Facts) -> str:
    return "complaint_second_acceptance_notice" if facts.level == 2 else "complaint_acceptance_notice"


def _denunciation_check(facts: Facts) -> str | None:
    if not facts.competent:
        return None
    return "denunciation_check_extended" if facts.several_places else "denunciation_check"


def _second_filing(facts: Facts) -> str | None:
    if facts.level == 2:
        return None
    return "complaint_second_filing_remote" if facts.remote else "complaint_second_filing"


REGISTERED = frozenset({M.REGISTER})
OVER = frozenset({CaseState.WITHDRAWN, CaseState.DISCONTINUED, CaseState.CLOSED, CaseState.STATE_SECRET})
OUTCOMES = frozenset({M.GUIDE, M.TRANSFER, M.REFUSE, M.FILE, M.ACCEPT})
TOLD = frozenset({M.REPLY, M.NOTIFY_ACCEPTANCE, M.NOTIFY, M.TELL_CITIZEN})
"""The law asks that the citizen be told, not that it be decided (Law on Citizen Reception Art 28.1); who is guided, or
told that more time is needed, is told by that."""
SETTLED_BY = frozenset({M.DECIDE, M.CONCLUDE, M.ANSWER})

SPECS: tuple[ClockSpec, ...] = (
    ClockSpec(
        code="settlement_complaint",
        name=N_("Giải quyết khiếu nại"),
        starts=frozenset({M.ACCEPT}),
        stops=frozenset({M.DECIDE}),
        types=COMPLAINT,
        rule=_complaint_settlement,
    ),
    ClockSpec(
        code="settlement_denunciation",
        name=N_("Giải quyết tố cáo"),
        starts=frozenset({M.ACCEPT}),
        stops=frozenset({M.CONCLUDE}),
        types=DENUNCIATION,
        rule=lambda _facts: "denunciation_settlement",
    ),
    ClockSpec(
        code="acceptance_notice",
        name=N_("Thông báo việc thụ lý tố cáo"),
        starts=frozenset({M.ACCEPT}),
        stops=frozenset({M.NOTIFY_ACCEPTANCE}),
        types=DENUNCIATION,
        rule=lambda _facts: "denunciation_acceptance_notice",
    ),
    ClockSpec(
        code="acceptance_complaint",
        name=N_("Thụ lý hoặc thông báo không thụ lý"),
        starts=REGISTERED,
        stops=OUTCOMES,
        types=COMPLAINT,
        rule=_complaint_notice,
    ),
    ClockSpec(
        code="check_denunciation",
        name=N_("Kiểm tra điều kiện thụ lý tố cáo"),
        starts=REGISTERED,
        stops=OUTCOMES,
        types=DENUNCIATION,
        rule=_denunciation_check,
    ),
    ClockSpec(
        code="transfer_denunciation",
        name=N_("Chuyển tố cáo không thuộc thẩm quyền"),
        starts=REGISTERED,
        stops=OUTCOMES,
        types=DENUNCIATION,
        rule=lambda facts: None if facts.competent else "denunciation_transfer",
    ),
    ClockSpec(
        code="reply",
        name=N_("Trả lời công dân"),
        starts=REGISTERED,
        stops=TOLD | {M.MORE_TIME, M.GUIDE},
        rule=lambda _facts: "reception_reply",
    ),
    ClockSpec(
        code="forwarded_result",
        name=N_("Báo kết quả cho nơi chuyển đến"),
        starts=SETTLED_BY,
        stops=frozenset({M.REPORT_RESULT}),
        rule=lambda facts: "reception_forwarded_result" if facts.forwarded else None,
    ),
    ClockSpec(
        code="result_to_citizen",
        name=N_("Báo công dân kết quả nơi chuyển"),
        starts=frozenset({M.RESULT_RECEIVED}),
        stops=frozenset({M.TELL_CITIZEN}),
        types=DENUNCIATION | REQUESTS,
        rule=lambda _facts: "reception_result_to_citizen",
    ),
    ClockSpec(
        code="second_filing",
        name=N_("Công dân khiếu nại lần hai"),
        starts=frozenset({M.NOTIFY}),
        rather=frozenset({M.DELIVERED}),
        stops=frozenset({M.SECOND_FILED}),
        types=COMPLAINT,
        rule=_second_filing,
        citizens=True,
    ),
)
"""The most important first."""

EXTENSION = "denunciation_extension"
STANDING_STILL = {M.SUSPEND: M.RESUME, M.WITHDRAW: M.RECONSIDER}
"""What stops all clocks of the agency, and what lets them go on."""


@cache
def rule_codes() -> frozenset[str]:
    """Every rule that a clock may ask for, whatever the case is like."""
    choices = (CaseType, (1, 2), Complexity, (False, True), (False, True), (False, True), (False, True))
    names = ("type", "level", "complexity", "remote", "several_places", "competent", "forwarded")
    every = [Facts(**dict(zip(names, one, strict=True))) for one in product(*choices)]  # type: ignore[arg-type]
    asked = {spec.rule(facts) for spec in SPECS for facts in every}
    return frozenset({EXTENSION} | {code for code in asked if code is not None})


def clocks(
    facts: Facts, course: Sequence[Happened], book: RuleBook, today: date, *, stopped: bool = True
) -> list[Clock]:
    """The clocks as they stand, with or without those that were ``stopped``; ``course`` begins with REGISTER."""
    course = standing(course)
    found = [_clock(spec, facts, course, book, today, stopped) for spec in SPECS if facts.type in spec.types]
    return [clock for clock in found if clock is not None]


def next_due(running: Sequence[Clock]) -> Clock | None:
    """Of the agency's clocks that run, the one that is due first."""
    open_ = [one for one in running if one.left is not None and not one.spec.citizens]
    return min(open_, key=lambda one: one.due or date.max, default=None)


def rule_of(code: str, facts: Facts, course: Sequence[Happened], book: RuleBook) -> Rule | None:
    """What the clock of this name runs by, without counting it; None when there is no such clock."""
    spec = next((one for one in SPECS if one.code == code and facts.type in one.types), None)
    begun = _begun(spec, facts, standing(course), book) if spec is not None else None
    return begun[1] if begun is not None else None


def _begun(spec: ClockSpec, facts: Facts, course: Sequence[Happened], book: RuleBook) -> tuple[int, Rule] | None:
    """Which event starts the clock, and the rule of that day."""
    code = spec.rule(facts)
    at = next((n for n, one in enumerate(course) if one.code in spec.rather), None)
    if at is None:
        at = next((n for n, one in enumerate(course) if one.code in spec.starts), None)
    if code is None or at is None:
        return None
    rule = book.find(code, course[at].day)
    return (at, rule) if rule is not None and rule.unit in SPANS else None


def _clock(
    spec: ClockSpec, facts: Facts, course: Sequence[Happened], book: RuleBook, today: date, with_stopped: bool
) -> Clock | None:
    begun = _begun(spec, facts, course, book)
    if begun is None:
        return None
    at, rule = begun
    started = course[at].day
    later = course[at + 1 :]
    stopped = next((one.day for one in later if one.code in spec.stops), None)
    if stopped is not None and not with_stopped:
        return None
    pauses = [] if spec.citizens else _pauses(later)
    extensions = tuple(one for one in later if one.code is M.EXTEND) if spec.code == "settlement_denunciation" else ()
    more = [book.find(EXTENSION, one.day) for one in extensions]
    extended = replace(rule, value=rule.value + sum(one.value for one in more if one is not None))
    if stopped is not None:
        pauses = [one if one.last else replace(one, last=stopped) for one in pauses]
    span = book.explain(extended, started, pauses)
    left = working_days_between(today, span.due, book.days) if span.due and stopped is None else None
    state = _state(spec, facts, span, stopped, today, left)
    return Clock(
        spec=spec,
        rule=rule,
        started=started,
        span=span,
        extensions=extensions,
        state=state,
        stopped=stopped,
        left=left if state in (ClockState.RUNNING, ClockState.SOON, ClockState.OVERDUE) else None,
    )


def _state(
    spec: ClockSpec, facts: Facts, span: Span, stopped: date | None, today: date, left: int | None
) -> ClockState:
    if stopped is not None:
        return ClockState.MET if span.due is None or stopped <= span.due else ClockState.MET_LATE
    if facts.state is CaseState.STATE_SECRET or (not spec.citizens and facts.state in OVER):
        return ClockState.CANCELLED
    if span.due is None:
        return ClockState.PAUSED
    if today > span.due:
        return ClockState.OVERDUE
    return ClockState.SOON if left is not None and left <= SOON_WORKING_DAYS else ClockState.RUNNING


def _pauses(later: Sequence[Happened]) -> list[Pause]:
    """From each event that stops all clocks to the one that lets them go on."""
    found: list[Pause] = []
    until: MoveCode | None = None
    for one in later:
        if until is None and one.code in STANDING_STILL:
            until = STANDING_STILL[one.code]
            found.append(Pause(one.day))
        elif until is not None and one.code is until:
            found[-1] = replace(found[-1], last=one.day)
            until = None
    return found
