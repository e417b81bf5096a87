"""What is due besides cases and conclusions: receptions to be posted, leaders' minimums, unanswered invitations.

Each for whoever has to do it and for whoever is above; only what the actor may open is listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

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
from hub.tasks import Bucket, Day, Task, TaskKind

MOST = 500
"""Of each kind, the nearest first: a page of tasks is no calendar."""
AHEAD = timedelta(days=45)
"""How far the calendar is looked at: what is due later needs nothing yet."""
DATED = (Bucket.OVERDUE, Bucket.TODAY, Bucket.SOON, Bucket.LATER)
IN_DANGER = (Standing.URGENT, Standing.TOO_LATE)


@dataclass(slots=True)
class Duties:
    """In no order, whatever their bucket. ``more``: the buckets of which there may be more than are listed."""

    tasks: list[Task] = field(default_factory=list)
    more: set[Bucket] = field(default_factory=set)

    def take(self, some: list[Task], day: Day, *, cut: bool) -> None:
        """Of one kind, the nearest first; ``cut``: there are more of it."""
        self.tasks += some
        if cut:
            last = day.bucket(some[-1].due) if some else Bucket.OVERDUE
            self.more |= set(DATED[DATED.index(last) :])


async def find(db: AsyncSession, actor: Actor, asked: Asked, day: Day) -> Duties:
    """What the actor may open and ``asked`` asks for."""
    now, until = calendar.day_bounds(day.today)[0], calendar.day_bounds(day.today + AHEAD)[0]
    found = Duties()
    if asked.wants(TaskKind.POSTING):
        rows = await _nearest(db, _postings(actor, now, until), asked, Hearing.created_by)
        dated = [(row, posting.due(day.book, calendar.local_day(row.starts_at))) for row in rows[:MOST]]
        made = [
            _of_hearing(TaskKind.POSTING, day, due.day, f"/postings?hearing={row.id}", row, row.created_by, due.rule)
            for row, due in dated
            if due is not None
        ]
        found.take(made, day, cut=len(rows) > MOST)
    if asked.wants(TaskKind.INVITATION):
        rows = await _nearest(db, _invitations(actor, now, until), asked, Invitation.account_id)
        kind = TaskKind.INVITATION
        made = [
            _of_hearing(kind, day, calendar.local_day(row.starts_at), f"/hearings/{row.id}", row, row.account_id)
            for row in rows[:MOST]
        ]
        found.take(made, day, cut=len(rows) > MOST)
    if asked.wants(TaskKind.MINIMUM):
        found.tasks += [one for one in await _minimums(db, actor, day) if _fits(one, asked)]
    return found


def _fits(one: Task, asked: Asked) -> bool:
    owners = (None,) if asked.owner == NOBODY else (asked.owner, *asked.absent)
    if asked.owner and one.owner_id not in owners:
        return False
    return asked.units is None or one.unit_id in asked.units


async def _nearest(
    db: AsyncSession, wanted: Select[Any], asked: Asked, owner: InstrumentedAttribute[str]
) -> list[Row[Any]]:
    """At most one more than ``MOST``, of hearings that begin first."""
    if asked.units is not None:
        wanted = wanted.where(Hearing.unit_id.in_(asked.units) if asked.units else false())
    if asked.owner:
        wanted = wanted.where(asked.owned(owner))
    found = await db.execute(wanted.order_by(Hearing.starts_at, Hearing.id).limit(MOST + 1))
    return list(found)


def _postings(actor: Actor, now: datetime, until: datetime) -> Select[Any]:
    """Regular receptions not posted yet, with the last day for it (Law on Citizen Reception 42/2013 Art 24)."""
    posted = exists().where(Posting.hearing_id == Hearing.id)
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.starts_at, Hearing.unit_id, Hearing.created_by),
            *(Hearing.id.label("key"), OrgUnit.name, Account.full_name),
        )
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .join(Account, Account.id == Hearing.created_by)
        .where(*_coming(now, until), Hearing.kind == HearingKind.REGULAR, ~posted)
        .where(audit.within(OrgUnit.path, _calendar_scope(actor)))
    )
    return cast(Select[Any], wanted)


def _invitations(actor: Actor, now: datetime, until: datetime) -> Select[Any]:
    """Unanswered ones, due on the day of the hearing: one's own, and those of hearings that one books."""
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.starts_at, Hearing.unit_id, OrgUnit.name),
            *(Invitation.id.label("key"), Invitation.account_id, Account.full_name),
        )
        .join(Invitation, Invitation.hearing_id == Hearing.id)
        .join(Account, Account.id == Invitation.account_id)
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .where(*_coming(now, until), Invitation.answer == Answer.NONE, Invitation.withdrawn.is_(False))
        .where(or_(Invitation.account_id == actor.account_id, audit.within(OrgUnit.path, _calendar_scope(actor))))
    )
    return cast(Select[Any], wanted)


def _coming(now: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Hearing.state == HearingState.SCHEDULED, Hearing.starts_at > now, Hearing.starts_at < until)


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
