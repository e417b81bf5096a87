"""What came of a case, as the law names it, and what the citizen is to be told of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.case_moves import Facts, Happened, MoveCode, offered, standing
from hub.models.cases import CaseType

M = MoveCode


class Ground(StrEnum):
    """Law on Citizen Reception 42/2013 Art 28.1: whoever came is told one of these within ten working days."""

    ACCEPTED = "a"
    MORE_TIME = "b"
    REFUSED = "c"
    TRANSFERRED = "d"


GROUNDS: Mapping[MoveCode, Ground] = {
    M.ACCEPT: Ground.ACCEPTED,
    M.MORE_TIME: Ground.MORE_TIME,
    M.REFUSE: Ground.REFUSED,
    M.GUIDE: Ground.REFUSED,
    M.FILE: Ground.REFUSED,
    M.TRANSFER: Ground.TRANSFERRED,
}
SETTLED = frozenset({M.DECIDE, M.CONCLUDE, M.ANSWER})
TELLABLE = frozenset(GROUNDS) | SETTLED | {M.EXTEND, M.SUSPEND, M.RESUME, M.DISCONTINUE, M.RESULT_RECEIVED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ground`` None: a decision on the matter itself. ``told_by`` is the step that telling it makes."""

    happened: Happened
    ground: Ground | None
    told_by: MoveCode


def outcomes(facts: Facts, course: Sequence[Happened]) -> list[Outcome]:
    """What stands and is to be told, the latest first; of a step made twice only the last."""
    possible = {move.code for move in offered(facts, course)}
    latest = {one.code: one for one in standing(course) if one.code in TELLABLE}
    found = [Outcome(one, GROUNDS.get(code), _told_by(code, facts, possible)) for code, one in latest.items()]
    return sorted(found, key=lambda one: one.happened.day, reverse=True)


def _told_by(code: MoveCode, facts: Facts, possible: set[MoveCode]) -> MoveCode:
    """The case's own step for it where the law has one that is still to be made, else a reply."""
    wanted = {M.RESULT_RECEIVED: M.TELL_CITIZEN, **dict.fromkeys(SETTLED, M.NOTIFY)}.get(code)
    if code is M.ACCEPT and facts.type is CaseType.DENUNCIATION:
        wanted = M.NOTIFY_ACCEPTANCE
    return wanted if wanted is not None and wanted in possible else M.REPLY
