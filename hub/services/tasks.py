"""What is due, by whom and when: clocks of the law and days given by leaders, in the order of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require, scopes
from hub.case_clocks import SOON_WORKING_DAYS
from hub.models import Account, Assignment, Case, CaseDue, CaseState, CaseType, OrgUnit
from hub.services import audit
from hub.working_days import ONE_DAY, WorkCalendar, working_days_between

PAGE = 50
NOBODY = "none"
"""As an owner: what nobody has."""
GIVEN = "assignment"
"""The clock's name of a day that a leader gave."""


class Bucket(StrEnum):
    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"
    LATER = "later"
    UNDATED = "undated"
    """Given without a day, and not answered yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """``owner`` is an account, ``none`` for what nobody has, or empty for all."""

    owner: str = ""
    unit_id: str = ""
    type: CaseType | None = None
    bucket: Bucket | None = None
    limit: int = PAGE
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """``left`` counts working days from today, negative when it is past."""

    case_id: str
    number: str
    type: CaseType
    state: CaseState
    summary: str
    unit_name: str
    clock: str
    due: date | None
    owner: str
    bucket: Bucket
    left: int | None
    waits: bool
    """Given and not answered yet."""


def soon_until(today: date, days: WorkCalendar) -> date:
    """The last day that is near: so many working days from today, and the days off after it."""
    day = today
    left = SOON_WORKING_DAYS
    while left:
        day += ONE_DAY
        left -= days.is_working(day)
    while not days.is_working(day + ONE_DAY):
        day += ONE_DAY
    return day


def bucket_of(due: date | None, today: date, soon: date) -> Bucket:
    if due is None:
        return Bucket.UNDATED
    if due <= today:
        return Bucket.TODAY if due == today else Bucket.OVERDUE
    return Bucket.SOON if due <= soon else Bucket.LATER


async def find(
    db: AsyncSession, actor: Actor, query: TaskQuery, mark: str, today: date, days: WorkCalendar
) -> list[Task]:
    """The most pressing first. Raises ``Forbidden`` for who reads no cases."""
    soon = soon_until(today, days)
    table = _everything(actor, query, mark)
    wanted = (
        select(table, Case.number, Case.type, Case.state, Case.summary, OrgUnit.name, Account.full_name)
        .join(Case, Case.id == table.c.case_id)
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
        .outerjoin(Account, Account.id == table.c.owner_id)
        .order_by(table.c.due.is_(None), table.c.due, table.c.case_id, table.c.clock)
    )
    if query.bucket is not None:
        wanted = wanted.where(_in(table, query.bucket, today, soon))
    rows = (await db.execute(wanted.limit(query.limit).offset(query.offset))).all()
    return [
        Task(
            case_id=row.case_id,
            number=row.number,
            type=CaseType(row.type),
            state=CaseState(row.state),
            summary=row.summary,
            unit_name=row.name,
            clock=row.clock,
            due=row.due,
            owner=row.full_name or "",
            bucket=bucket_of(row.due, today, soon),
            left=working_days_left(today, row.due, days),
            waits=bool(row.waits),
        )
        for row in rows
    ]


YEARS = timedelta(days=1100)
"""Beyond this nobody counts working days."""


def working_days_left(today: date, due: date | None, days: WorkCalendar) -> int | None:
    return working_days_between(today, due, days) if due and abs(due - today) < YEARS else None


async def counts(
    db: AsyncSession, actor: Actor, query: TaskQuery, mark: str, today: date, days: WorkCalendar
) -> dict[Bucket, int]:
    table = _everything(actor, query, mark)
    bucket = _bucket(table, today, soon_until(today, days))
    rows = (await db.execute(select(bucket, func.count()).select_from(table).group_by(bucket))).all()
    found = {Bucket(name): int(count) for name, count in rows}
    return {one: found.get(one, 0) for one in Bucket}


async def by_unit(
    db: AsyncSession, actor: Actor, query: TaskQuery, mark: str, today: date, days: WorkCalendar
) -> list[tuple[str, str, dict[Bucket, int]]]:
    """For a head: each unit with something to do, by its id and name, the worst first."""
    table = _everything(actor, query, mark)
    bucket = _bucket(table, today, soon_until(today, days)).label("bucket")
    wanted = (
        select(OrgUnit.id, OrgUnit.name, bucket, func.count())
        .select_from(table)
        .join(OrgUnit, OrgUnit.id == table.c.unit_id)
        .group_by(OrgUnit.id, OrgUnit.name, bucket)
    )
    found: dict[tuple[str, str], dict[Bucket, int]] = {}
    for unit_id, name, which, count in (await db.execute(wanted)).all():
        found.setdefault((unit_id, name), dict.fromkeys(Bucket, 0))[Bucket(which)] = int(count)
    ordered = sorted(found.items(), key=lambda one: (*(-one[1][bucket] for bucket in Bucket), one[0][1]))
    return [(unit_id, name, its) for (unit_id, name), its in ordered]


def summed(units: list[tuple[str, str, dict[Bucket, int]]], unit_id: str) -> dict[Bucket, int]:
    """What ``counts`` would say of one of these units, or of all with an empty ``unit_id``."""
    its = [found for each, _, found in units if unit_id in ("", each)]
    return {bucket: sum(one[bucket] for one in its) for bucket in Bucket}


async def owners(db: AsyncSession, actor: Actor) -> list[Account]:
    """Who has something to do in the actor's scope."""
    paths = scopes(actor, Action.READ_CASE)
    open_ = select(Assignment.to_id).where(Assignment.ended_at.is_(None))
    wanted = select(Account).join(OrgUnit, OrgUnit.id == Account.unit_id)
    wanted = wanted.where(audit.within(OrgUnit.path, paths), Account.id.in_(open_)).order_by(Account.full_name)
    return list((await db.execute(wanted)).unique().scalars())


def _everything(actor: Actor, query: TaskQuery, mark: str) -> Subquery:
    """Clocks counted with today's rules, and assignments that have a day or wait for an answer."""
    paths = scopes(actor, Action.READ_CASE)
    require(actor, Action.READ_CASE, Target(paths=tuple(paths)))
    open_ = Assignment.ended_at.is_(None)
    clocks = (
        _columns(CaseDue.clock, CaseDue.due, literal(0))
        .select_from(CaseDue)
        .join(Case, Case.id == CaseDue.case_id)
        .outerjoin(Assignment, (Assignment.case_id == Case.id) & open_)
        .where(CaseDue.book == mark, CaseDue.due.is_not(None))
    )
    waits = case((Assignment.state == "sent", 1), else_=0)
    given = (
        _columns(literal(GIVEN), Assignment.due, waits)
        .select_from(Assignment)
        .join(Case, Case.id == Assignment.case_id)
        .where(open_, Case.state != CaseState.CLOSED, or_(Assignment.due.is_not(None), Assignment.state == "sent"))
    )
    parts = []
    for part in (clocks, given):
        wanted = part.join(OrgUnit, OrgUnit.id == Case.unit_id).where(audit.within(OrgUnit.path, paths))
        if query.owner:
            wanted = wanted.where(
                Assignment.to_id.is_(None) if query.owner == NOBODY else Assignment.to_id == query.owner
            )
        if query.unit_id:
            wanted = wanted.where(Case.unit_id == query.unit_id)
        if query.type:
            wanted = wanted.where(Case.type == query.type)
        parts.append(wanted)
    return union_all(*parts).subquery()


def _columns(clock: Any, due: Any, waits: Any) -> Any:
    return select(
        Case.id.label("case_id"),
        Case.unit_id.label("unit_id"),
        clock.label("clock"),
        due.label("due"),
        Assignment.to_id.label("owner_id"),
        waits.label("waits"),
    )


def _bucket(table: Subquery, today: date, soon: date) -> ColumnElement[str]:
    due = table.c.due
    return case(
        (due.is_(None), Bucket.UNDATED.value),
        (due < today, Bucket.OVERDUE.value),
        (due == today, Bucket.TODAY.value),
        (due <= soon, Bucket.SOON.value),
        else_=Bucket.LATER.value,
    )


def _in(table: Subquery, bucket: Bucket, today: date, soon: date) -> ColumnElement[bool]:
    due = table.c.due
    match bucket:
        case Bucket.UNDATED:
            return due.is_(None)
        case Bucket.OVERDUE:
            return due < today
        case Bucket.TODAY:
            return due == today
        case Bucket.SOON:
            return (due > today) & (due <= soon)
        case Bucket.LATER:
            return due > soon
