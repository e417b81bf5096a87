"""What is due, by whom and when, as one list: clocks of the law, cases given, tasks of conclusions, receptions to be
posted, leaders' minimums, unanswered invitations. The most pressing first.

Cases and conclusions come page by page from the database (``task_parts``); of the calendar, which is looked at some
weeks ahead only, everything is made at once (``duties``) and put in between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, exists, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require, scopes
from hub.keyset import Cursor
from hub.models import (
    Account,
    Assignment,
    Case,
    CaseState,
    CaseType,
    Certainty,
    Conclusion,
    ConclusionTask,
    OrgUnit,
)
from hub.services import absences, audit, case_course, duties, unit_scopes
from hub.services.search_choices import Choice
from hub.services.task_parts import NOBODY, Asked, parts
from hub.tasks import Bucket, Day, Task, TaskKind, beyond, merged

__all__ = ["NOBODY", "PAGE", "Bucket", "Counts", "Found", "Task", "TaskKind", "TaskQuery", "counts", "find", "owners"]

PAGE = 50
COUNTED_MAX = 50_000
"""Of each source; beyond it figures are "at least"."""
MINE, BELOW = "mine", "below"
"""As a unit: one's own, and those beneath it."""
_OF_CONCLUSIONS = (TaskKind.CONCLUSION, TaskKind.CONFIRM)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """``owner`` is an account (with oneself go those for whom one stands in), ``none`` for what nobody has, or empty:
    all; ``unit_id`` a unit, ``mine``, ``below`` or empty; ``kinds`` empty: every kind. ``type`` asks for cases only."""

    owner: str = ""
    unit_id: str = ""
    kinds: frozenset[TaskKind] = frozenset()
    type: CaseType | None = None
    bucket: Bucket | None = None
    limit: int = PAGE
    after: Cursor | None = None


@dataclass(slots=True)
class Counts:
    """How much there is in each bucket, by unit too. ``more``: buckets whose figure is a lower bound."""

    of: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(Bucket, 0))
    more: set[Bucket] = field(default_factory=set)
    by_unit: dict[str, dict[Bucket, int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, bucket: Bucket, unit_id: str, name: str, count: int) -> None:
        self.of[bucket] += count
        self.names[unit_id] = name
        self.by_unit.setdefault(unit_id, dict.fromkeys(Bucket, 0))[bucket] += count

    def units(self) -> list[tuple[str, str, dict[Bucket, int]]]:
        """Each with something to do, by its id and name, the worst first."""
        found = [(unit_id, self.names[unit_id], its) for unit_id, its in self.by_unit.items()]
        return sorted(found, key=lambda one: (*(-one[2][bucket] for bucket in Bucket), one[1]))


@dataclass(frozen=True, slots=True)
class Found:
    """``more``: there are more duties of the calendar than are listed (``duties.MOST`` of a kind)."""

    tasks: list[Task]
    more: bool


async def find(db: AsyncSession, actor: Actor, query: TaskQuery, mark: str, day: Day) -> Found:
    """At most ``limit`` after ``query.after``. Raises ``Forbidden`` for who reads no cases."""
    asked, scope = await _asked(db, actor, query, day), await _scope(db, actor)
    after = beyond(query.after)
    pages = [part.page(after, asked, day, query.limit) for part in parts(actor, asked, mark, scope, owners=True)]
    stored = await _stored(db, [page for page in pages if page is not None], day)
    duties_ = await duties.find(db, actor, asked, day)
    listed = [one for one in duties_.tasks if query.bucket in (None, one.bucket)]
    shown = await _grounded(db, merged([stored, listed], after, query.limit))
    return Found(shown, bool(duties_.more & ({query.bucket} if query.bucket else set(Bucket))))


async def counts(db: AsyncSession, actor: Actor, query: TaskQuery, mark: str, day: Day) -> Counts:
    """Of everything that ``query`` asks for, whatever its bucket, with an upper bound to the work."""
    asked, scope = replace(await _asked(db, actor, query, day), bucket=None), await _scope(db, actor)
    found = Counts()
    wanted = [part.count(day, COUNTED_MAX) for part in parts(actor, asked, mark, scope, owners=False)]
    if wanted:
        sources = (select(literal(n).label("source"), *one.subquery().c) for n, one in enumerate(wanted))
        every = union_all(*sources).subquery()
        rows = select(every, OrgUnit.name).join(OrgUnit, OrgUnit.id == every.c.unit_id)
        whole: dict[int, int] = {}
        for source, unit_id, *amounts, name in await db.execute(rows):
            for bucket, amount in zip(Bucket, amounts, strict=True):
                if amount:
                    found.add(bucket, unit_id, name, amount)
            whole[source] = whole.get(source, 0) + sum(amounts)
        if any(amount >= COUNTED_MAX for amount in whole.values()):
            found.more |= set(Bucket)
    listed = await duties.find(db, actor, asked, day)
    for one in listed.tasks:
        found.add(one.bucket, one.unit_id, one.unit_name, 1)
    found.more |= listed.more
    return found


async def owners(db: AsyncSession, actor: Actor) -> list[Choice]:
    """Who has something to do in the actor's scope, by name."""
    paths = scopes(actor, Action.READ_CASE)
    has = exists().where(Assignment.to_id == Account.id, Assignment.ended_at.is_(None))
    wanted = select(Account.id, Account.full_name).join(OrgUnit, OrgUnit.id == Account.unit_id)
    wanted = wanted.where(audit.within(OrgUnit.path, paths), has).order_by(Account.full_name, Account.id)
    return [Choice(account_id, name) for account_id, name in await db.execute(wanted)]


async def _scope(db: AsyncSession, actor: Actor) -> tuple[str, ...] | None:
    paths = scopes(actor, Action.READ_CASE)
    require(actor, Action.READ_CASE, Target(paths=tuple(paths)))
    units = await unit_scopes.units_within(db, paths)
    return None if units is None else tuple(units)


async def _asked(db: AsyncSession, actor: Actor, query: TaskQuery, day: Day) -> Asked:
    units: tuple[str, ...] | None = (query.unit_id,) if query.unit_id else None
    if query.unit_id == MINE:
        units = (actor.unit_id,)
    elif query.unit_id == BELOW:
        below = select(OrgUnit.id).where(OrgUnit.path.startswith(actor.unit_path), OrgUnit.id != actor.unit_id)
        units = tuple((await db.execute(below)).scalars())
    absent: Collection[str] = ()
    if query.owner == actor.account_id:
        absent = await absences.stands_for(db, actor.account_id, day.today)
    return Asked(
        owner=query.owner,
        absent=tuple(sorted(absent)),
        units=units,
        kinds=query.kinds,
        type=query.type,
        bucket=query.bucket,
    )


async def _stored(db: AsyncSession, pages: Sequence[Select[Any]], day: Day) -> list[Task]:
    """The rows of the parts with all that is shown of them, in one statement."""
    if not pages:
        return []
    every = union_all(*(select(page.subquery()) for page in pages)).subquery()
    wanted = (
        select(
            *(every, Case.number, Case.type, Case.state, Case.summary, OrgUnit.name, Account.full_name),
            *(ConclusionTask.number.label("nth"), ConclusionTask.text, ConclusionTask.conclusion_id),
            Conclusion.number.label("said"),
        )
        .join(OrgUnit, OrgUnit.id == every.c.unit_id)
        .outerjoin(Case, Case.id == every.c.key)
        .outerjoin(ConclusionTask, ConclusionTask.id == every.c.key)
        .outerjoin(Conclusion, Conclusion.id == ConclusionTask.conclusion_id)
        .outerjoin(Account, Account.id == every.c.owner_id)
    )
    return [_task(row, day) for row in await db.execute(wanted)]


def _task(row: Any, day: Day) -> Task:
    kind = list(TaskKind)[row.rank]
    told: dict[str, Any]
    if kind in _OF_CONCLUSIONS:
        told = {
            "path": f"/conclusions/{row.conclusion_id}#task-{row.nth}",
            "title": row.text,
            "number": row.said or "",
        }
    else:
        told = {
            "path": f"/cases/{row.key}",
            "title": row.summary,
            "number": row.number,
            "case_type": CaseType(row.type),
            "case_state": CaseState(row.state),
        }
    return Task(
        kind=kind,
        key=row.key,
        due=row.due,
        bucket=day.bucket(row.due),
        left=day.left(row.due),
        unit_id=row.unit_id,
        unit_name=row.name,
        owner_id=row.owner_id,
        owner=row.full_name or "",
        clock=row.clock,
        waits=bool(row.waits),
        **told,
    )


async def _grounded(db: AsyncSession, found: list[Task]) -> list[Task]:
    """With the rule that each clock of the shown cases runs by: the table of due days keeps only the day."""
    of_law = {one.key: one.clock for one in found if one.kind is TaskKind.CASE}
    rules = await case_course.rules_of(db, of_law) if of_law else {}
    return [
        replace(one, basis=rule.legal_basis, unsure=rule.certainty is Certainty.UNVERIFIED)
        if one.kind is TaskKind.CASE and (rule := rules.get(one.key))
        else one
        for one in found
    ]
