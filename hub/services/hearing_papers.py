"""The papers of a hearing's cases, gathered for who will hear them, with marks of who has read which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.errors import Forbidden, NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import Account, Case, CaseState, Conclusion, Hearing, HearingCase, PaperRead
from hub.services import audit, case_course, case_timeline, conclusions, hearing_lists
from hub.services.case_access import require_readable
from hub.services.case_course import Course
from hub.services.case_timeline import TimelineEntry

VIEWED = frozenset({"attachment_opened", "identity_read", "vault_opened", "replay"})
"""Entries of a case's history that change nothing in it."""


@dataclass(frozen=True, slots=True)
class Read:
    """That somebody has read a case's papers. ``stale``: something was done to the case since."""

    who: str
    mine: bool
    at: datetime
    stale: bool


@dataclass(frozen=True, slots=True)
class Papers:
    """One case's. ``course`` None: this reader may not know more than that there is a case."""

    case: Case
    course: Course | None
    history: Sequence[TimelineEntry]
    earlier: Sequence[Hearing]
    """Other hearings about it that this reader may know of, the oldest first."""
    concluded: Sequence[Conclusion]
    reads: Sequence[Read]


async def papers(db: AsyncSession, actor: Actor, hearing_id: str) -> tuple[Hearing, list[Papers]]:
    """In the order in which the cases are to be heard. Raises ``NotFound``, or ``Forbidden`` to who may read none."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    found = [await _papers(db, actor, hearing, case) for case in hearing.cases]
    if found and all(one.course is None for one in found):
        raise Forbidden(N_("Bạn không có quyền làm việc này."))
    return hearing, found


async def mark_read(db: AsyncSession, actor: Actor, hearing_id: str, case_id: str) -> None:
    """From now on this person has read the case's papers; again, when something was added."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    case = next((one for one in hearing.cases if one.id == case_id), None)
    if case is None:
        raise NotFound(N_("Vụ việc này không có trong buổi tiếp."))
    await require_readable(db, actor, case)
    row = await db.get(PaperRead, (hearing_id, case_id, actor.account_id))
    if row is None:
        row = PaperRead(hearing_id=hearing_id, case_id=case_id, account_id=actor.account_id)
        db.add(row)
    row.at = utc_now()
    await db.flush()
    await audit.record(
        db, actor, "papers_read", "hearing", hearing_id, "", unit_path=hearing.unit.path, case_id=case_id
    )


async def _papers(db: AsyncSession, actor: Actor, hearing: Hearing, case: Case) -> Papers:
    try:
        await require_readable(db, actor, case)
    except Forbidden:
        return Papers(case, None, (), (), (), ())
    if case.state == CaseState.STATE_SECRET:
        return Papers(case, None, (), (), (), ())
    history = await case_timeline.timeline(db, actor, case.id)
    changed = max((one.at for one in history if one.kind not in VIEWED), default=case.received_at)
    return Papers(
        case=case,
        course=await case_course.course(db, actor, case),
        history=history,
        earlier=await _earlier(db, actor, hearing, case),
        concluded=await conclusions.of_case(db, actor, case.id),
        reads=await _reads(db, actor, hearing, case, changed),
    )


async def _earlier(db: AsyncSession, actor: Actor, hearing: Hearing, case: Case) -> list[Hearing]:
    wanted = (
        select(Hearing)
        .join(HearingCase, HearingCase.hearing_id == Hearing.id)
        .where(HearingCase.case_id == case.id, Hearing.id != hearing.id, Hearing.opened_at.is_not(None))
        .order_by(Hearing.opened_at)
    )
    found = []
    for other in (await db.execute(wanted)).unique().scalars():
        try:
            found.append(await hearing_lists.get(db, actor, other.id))
        except Forbidden:
            continue
    return found


async def _reads(db: AsyncSession, actor: Actor, hearing: Hearing, case: Case, changed: datetime) -> list[Read]:
    wanted = (
        select(PaperRead, Account.full_name)
        .join(Account, Account.id == PaperRead.account_id)
        .where(PaperRead.hearing_id == hearing.id, PaperRead.case_id == case.id)
        .order_by(PaperRead.at)
    )
    return [
        Read(name, row.account_id == actor.account_id, row.at, stale=row.at < changed)
        for row, name in (await db.execute(wanted)).all()
    ]
