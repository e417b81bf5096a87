"""What is due besides cases and conclusions: receptions to be posted, leaders' minimums, unanswered invitations.

Each for whoever has to do it and for whoever is above; only what the actor may open is listed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, posting
from hub.auth import Action, Actor, scopes
from hub.law import Rule
from hub.minimums import Standing, last_in_time
from hub.models import (
    Account,
    Answer,
    Certainty,
    Hearing,
    HearingKind,
    HearingState,
    Invitation,
    OrgUnit,
    Posting,
)
from hub.services import audit, minimums
from hub.services.task_parts import NOBODY, Asked
from hub.tasks import Day, Task, TaskKind

MOST = 500
"""Of each kind, the nearest first: a page of tasks is no calendar."""
AHEAD = timedelta(days=45)
"""How far the calendar is looked at: what is due later needs nothing yet."""
IN_DANGER = (Standing.URGENT, Standing.TOO_LATE)


async def find(db: AsyncSession, actor: Actor, asked: Asked, day: Day) -> list[Task]:
    """In no order, whatever their bucket."""
    now, until = calendar.day_bounds(day.today)[0], calendar.day_bounds(day.today + AHEAD)[0]
    found: list[Task] = []
    if asked.wants(TaskKind.POSTING):
        found += await _postings(db, actor, day, now, until)
    if asked.wants(TaskKind.INVITATION):
        found += await _invitations(db, actor, day, now, until)
    if asked.wants(TaskKind.MINIMUM):
        found += await _minimums(db, actor, day)
    return [one for one in found if _fits(one, asked)]


def _fits(one: Task, asked: Asked) -> bool:
    if asked.owner and one.owner_id != (None if asked.owner == NOBODY else asked.owner):
        return False
    return asked.units is None or one.unit_id in asked.units


async def _postings(db: AsyncSession, actor: Actor, day: Day, now: datetime, until: datetime) -> list[Task]:
    """Regular receptions not posted yet, with the last day for it (Law on Citizen Reception 42/2013 Art 24)."""
    posted = exists().where(Posting.hearing_id == Hearing.id)
    wanted = _coming(actor, now, until).where(Hearing.kind == HearingKind.REGULAR, ~posted)
    found = []
    for row in await db.execute(wanted.limit(MOST)):
        due = posting.due(day.book, calendar.local_day(row.starts_at))
        if due is not None:
            path = f"/postings?hearing={row.id}"
            found.append(_of_hearing(TaskKind.POSTING, day, due.day, path, row, row.created_by, due.rule))
    return found


async def _invitations(db: AsyncSession, actor: Actor, day: Day, now: datetime, until: datetime) -> list[Task]:
    """Unanswered ones, due on the day of the hearing: one's own, and those of hearings that one books."""
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.starts_at, Hearing.unit_id, OrgUnit.name),
            *(Invitation.id.label("key"), Invitation.account_id, Account.full_name),
        )
        .join(Invitation, Invitation.hearing_id == Hearing.id)
        .join(Account, Account.id == Invitation.account_id)
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .where(Hearing.state == HearingState.SCHEDULED, Hearing.starts_at > now, Hearing.starts_at < until)
        .where(Invitation.answer == Answer.NONE, Invitation.withdrawn.is_(False))
        .where(or_(Invitation.account_id == actor.account_id, audit.within(OrgUnit.path, _calendar_scope(actor))))
        .order_by(Hearing.starts_at, Hearing.id)
        .limit(MOST)
    )
    kind = TaskKind.INVITATION
    return [
        _of_hearing(kind, day, calendar.local_day(row.starts_at), f"/hearings/{row.id}", row, row.account_id)
        for row in await db.execute(wanted)
    ]


def _coming(actor: Actor, now: datetime, until: datetime) -> Select[Any]:
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.starts_at, Hearing.unit_id, Hearing.created_by),
            *(Hearing.id.label("key"), OrgUnit.name, Account.full_name),
        )
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .join(Account, Account.id == Hearing.created_by)
        .where(Hearing.state == HearingState.SCHEDULED, Hearing.starts_at > now, Hearing.starts_at < until)
        .where(audit.within(OrgUnit.path, _calendar_scope(actor)))
        .order_by(Hearing.starts_at, Hearing.id)
    )
    return cast(Select[Any], wanted)


def _calendar_scope(actor: Actor) -> frozenset[str]:
    """Who books and posts there, and the leaders above."""
    return scopes(actor, Action.BOOK_HEARING) | scopes(actor, Action.FOLLOW_CONCLUSION)


def _of_hearing(
    kind: TaskKind, day: Day, due: date, path: str, row: Any, owner_id: str, rule: Rule | None = None
) -> Task:
    return Task(
        kind=kind,
        key=row.key,
        due=due,
        bucket=day.bucket(due),
        left=day.left(due),
        path=path,
        title=row.title,
        number=row.number,
        unit_id=row.unit_id,
        unit_name=row.name,
        owner_id=owner_id,
        owner=row.full_name,
        at=row.starts_at,
        basis=rule.legal_basis if rule else "",
        unsure=rule is not None and rule.certainty is Certainty.UNVERIFIED,
    )


async def _minimums(db: AsyncSession, actor: Actor, day: Day) -> list[Task]:
    """Heads whose minimum of this month needs a reception to be posted at once, or is out of reach: overdue then."""
    found = []
    for one in await minimums.in_scope(db, actor, _calendar_scope(actor), day.today):
        if one.standing in IN_DANGER and one.head is not None:
            worst = [each for each in one.found if each.standing in IN_DANGER]
            chances = [each.act_by or last_in_time(day.book, each.period, each.missing) for each in worst]
            due = min(chances)
            found.append(
                Task(
                    kind=TaskKind.MINIMUM,
                    key=one.unit.id,
                    due=due,
                    bucket=day.bucket(due),
                    left=day.left(due),
                    path="/minimums",
                    title="",
                    number="",
                    unit_id=one.unit.id,
                    unit_name=one.unit.name,
                    owner_id=one.head.id,
                    owner=one.head.full_name,
                    basis=one.rule.legal_basis if one.rule else "",
                    unsure=one.rule is not None and one.rule.certainty is Certainty.UNVERIFIED,
                    count=sum(each.missing for each in worst),
                )
            )
    return found
