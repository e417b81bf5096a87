"""What is due besides cases: tasks of conclusions, receptions to be posted, leaders' minimums, unanswered invitations.

Each for whoever has to do it and for whoever is above; only what the actor may open is listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, posting
from hub.auth import Action, Actor, scopes
from hub.law import RuleBook
from hub.minimums import Standing
from hub.models import (
    Account,
    Answer,
    Conclusion,
    ConclusionState,
    ConclusionTask,
    Hearing,
    HearingKind,
    HearingState,
    Invitation,
    OrgUnit,
    Posting,
    Seat,
    SeatKind,
    TaskState,
)
from hub.services import audit, minimums
from hub.services.tasks import NOBODY, Bucket, TaskQuery, bucket_of, soon_until, working_days_left

MOST = 200
"""Of each kind, the most pressing first."""
SHOWN = 30
"""On the page; further ones are found by narrowing it."""
AHEAD = timedelta(days=45)
"""How far the calendar is looked at: what is due later needs nothing yet."""
IN_DANGER = (Standing.URGENT, Standing.TOO_LATE)


class DutyKind(StrEnum):
    CONCLUSION = "conclusion"
    CONFIRM = "confirm"
    """A task of a conclusion that is reported and waits for who ran the hearing."""
    POSTING = "posting"
    MINIMUM = "minimum"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Found:
    """One duty before it is set against today. ``owner_id`` None: nobody by name; ``count``: receptions missing."""

    kind: DutyKind
    due: date
    path: str
    title: str
    number: str
    unit_id: str
    unit_name: str
    owner_id: str | None = None
    owner: str = ""
    at: datetime | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """``left`` counts working days from today, negative when it is past."""

    found: Found
    bucket: Bucket
    left: int | None


async def find(db: AsyncSession, actor: Actor, query: TaskQuery, book: RuleBook, today: date) -> list[Duty]:
    """In the order of their days, whatever their bucket; ``query`` narrows by owner and unit. A type of case or pages
    ask for cases alone."""
    if query.type or query.offset:
        return []
    now, until = calendar.day_bounds(today)[0], calendar.day_bounds(today + AHEAD)[0]
    found = [
        *await _conclusions(db, actor),
        *await _postings(db, actor, book, now, until),
        *await _invitations(db, actor, now, until),
        *await _minimums(db, actor, today),
    ]
    soon = soon_until(today, book.days)
    shown = [one for one in found if _asked(one, query)]
    shown.sort(key=lambda one: (one.due, one.kind, one.number, one.path))
    return [Duty(one, bucket_of(one.due, today, soon), working_days_left(today, one.due, book.days)) for one in shown]


def counts(duties: list[Duty]) -> dict[Bucket, int]:
    return {bucket: sum(duty.bucket is bucket for duty in duties) for bucket in Bucket}


def _asked(one: Found, query: TaskQuery) -> bool:
    if query.owner and one.owner_id != (None if query.owner == NOBODY else query.owner):
        return False
    return not query.unit_id or one.unit_id == query.unit_id


async def _conclusions(db: AsyncSession, actor: Actor) -> list[Found]:
    """Tasks of one's own and of one's units, and of conclusions that one follows (``conclusions.owns``,
    ``conclusions.may_follow``)."""
    named = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY)
    seated = exists().where(
        Seat.hearing_id == Conclusion.hearing_id, Seat.account_id == actor.account_id, Seat.kind.in_(named)
    )
    held = select(OrgUnit.id).where(audit.within(OrgUnit.path, scopes(actor, Action.FOLLOW_CONCLUSION)))
    follows = or_(Conclusion.unit_id.in_(held), seated)
    does = or_(
        ConclusionTask.owner_id == actor.account_id,
        audit.within(OrgUnit.path, scopes(actor, Action.REPORT_TASK)),
    )
    wanted = (
        select(
            *(ConclusionTask.number, ConclusionTask.text, ConclusionTask.due, ConclusionTask.state),
            *(ConclusionTask.owner_id, Conclusion.id, Conclusion.number.label("said"), OrgUnit.name, Account.full_name),
            OrgUnit.id.label("unit_id"),
        )
        .join(Conclusion, Conclusion.id == ConclusionTask.conclusion_id)
        .join(OrgUnit, OrgUnit.id == ConclusionTask.owner_unit_id)
        .outerjoin(Account, Account.id == ConclusionTask.owner_id)
        .where(Conclusion.state == ConclusionState.ISSUED, _waits(does, follows))
        .order_by(ConclusionTask.due, ConclusionTask.id)
        .limit(MOST)
    )
    return [
        Found(
            kind=DutyKind.CONFIRM if row.state == TaskState.REPORTED else DutyKind.CONCLUSION,
            due=row.due,
            path=f"/conclusions/{row.id}#task-{row.number}",
            title=row.text,
            number=row.said or "",
            unit_id=row.unit_id,
            unit_name=row.name,
            owner_id=row.owner_id,
            owner=row.full_name or "",
        )
        for row in await db.execute(wanted)
    ]


def _waits(does: ColumnElement[bool], follows: ColumnElement[bool]) -> ColumnElement[bool]:
    """What is open waits for its owner, and those who follow it see that; what is reported waits for these alone."""
    reported = (ConclusionTask.state == TaskState.REPORTED) & follows
    return ((ConclusionTask.state == TaskState.OPEN) & or_(does, follows)) | reported


async def _postings(db: AsyncSession, actor: Actor, book: RuleBook, now: datetime, until: datetime) -> list[Found]:
    """Regular receptions not posted yet, with the last day for it (Law on Citizen Reception 42/2013 Art 24)."""
    posted = exists().where(Posting.hearing_id == Hearing.id)
    wanted = _coming(actor, now, until).where(Hearing.kind == HearingKind.REGULAR, ~posted)
    found = []
    for row in await db.execute(wanted.limit(MOST)):
        due = posting.due(book, calendar.local_day(row.starts_at))
        if due is not None:
            path = f"/postings?hearing={row.id}"
            found.append(_of_hearing(DutyKind.POSTING, due.day, path, row, row.created_by))
    return found


async def _invitations(db: AsyncSession, actor: Actor, now: datetime, until: datetime) -> list[Found]:
    """Unanswered ones, due on the day of the hearing: one's own, and those of hearings that one books."""
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.starts_at, Hearing.unit_id, OrgUnit.name),
            *(Invitation.account_id, Account.full_name),
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
    return [
        _of_hearing(DutyKind.INVITATION, calendar.local_day(row.starts_at), f"/hearings/{row.id}", row, row.account_id)
        for row in await db.execute(wanted)
    ]


def _coming(actor: Actor, now: datetime, until: datetime) -> Select[Any]:
    wanted = (
        select(
            *(Hearing.id, Hearing.number, Hearing.title, Hearing.starts_at, Hearing.unit_id, Hearing.created_by),
            *(OrgUnit.name, Account.full_name),
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


def _of_hearing(kind: DutyKind, due: date, path: str, row: Any, owner_id: str) -> Found:
    return Found(
        kind=kind,
        due=due,
        path=path,
        title=row.title,
        number=row.number,
        unit_id=row.unit_id,
        unit_name=row.name,
        owner_id=owner_id,
        owner=row.full_name,
        at=row.starts_at,
    )


async def _minimums(db: AsyncSession, actor: Actor, today: date) -> list[Found]:
    """Heads whose minimum of this month needs a reception to be posted at once, or is out of reach."""
    found = []
    for one in await minimums.in_scope(db, actor, _calendar_scope(actor), today):
        if one.standing in IN_DANGER and one.head is not None:
            worst = [each for each in one.found if each.standing in IN_DANGER]
            found.append(
                Found(
                    kind=DutyKind.MINIMUM,
                    due=min(each.act_by or each.period.last for each in worst),
                    path="/minimums",
                    title="",
                    number="",
                    unit_id=one.unit.id,
                    unit_name=one.unit.name,
                    owner_id=one.head.id,
                    owner=one.head.full_name,
                    count=sum(each.missing for each in worst),
                )
            )
    return found
