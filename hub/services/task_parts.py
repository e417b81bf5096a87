"""What is due and stands in the database with its day: clocks of cases, cases given, tasks of conclusions.

Each part is a query by itself, so that a list takes the first few of each by its index and never sorts everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)

from hub.auth import Action, Actor, scopes
from hub.models import (
    Assignment,
    Case,
    CaseDue,
    CaseState,
    CaseType,
    Conclusion,
    ConclusionState,
    ConclusionTask,
    OrgUnit,
    Seat,
    SeatKind,
    TaskState,
)
from hub.services import audit, search_scopes
from hub.tasks import GIVEN, OF_CASES, RANKS, Bucket, Day, Order, TaskKind

Columns = tuple[SQLColumnExpression[Any], SQLColumnExpression[Any], SQLColumnExpression[Any]]
NOBODY = "none"
"""As an owner: what nobody has."""
_OPEN = Case.state != bindparam("closed", CaseState.CLOSED.value, literal_execute=True)
"""With the value in the statement, so that the index of open cases is of use; of a closed case no clock runs."""
COLUMNS = ("rank", "key", "due", "unit_id", "owner_id", "clock", "waits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list is narrowed to. ``owner`` is an account, ``none`` for what nobody has, or empty for all; ``units``
    None: all that the actor may see; ``kinds`` empty: every kind."""

    owner: str = ""
    units: tuple[str, ...] | None = None
    kinds: frozenset[TaskKind] = frozenset()
    type: CaseType | None = None
    bucket: Bucket | None = None

    def wants(self, kind: TaskKind) -> bool:
        if self.type is not None and kind not in OF_CASES:
            return False
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Part:
    """``rows`` has no columns of its own yet. ``due`` None: none of these has a day."""

    kind: TaskKind
    rows: Select[Any]
    key: SQLColumnExpression[Any]
    due: SQLColumnExpression[Any] | None
    unit_id: SQLColumnExpression[Any]
    owner_id: SQLColumnExpression[Any]
    clock: SQLColumnExpression[Any]
    waits: bool | SQLColumnExpression[Any] = False

    def page(self, after: Order | None, asked: Asked, day: Day, limit: int) -> Select[Any] | None:
        """The first few beyond a place, with ``COLUMNS``; None when there can be none."""
        inside = self._within(asked.bucket, day)
        further = self._beyond(after)
        if inside is None or further is None:
            return None
        waits = literal(self.waits) if isinstance(self.waits, bool) else self.waits
        due = cast(null(), Date) if self.due is None else self.due
        rank = literal(RANKS[self.kind])
        columns = (rank, self.key, due, self.unit_id, self.owner_id, self.clock, waits)
        named: Any = [column.label(name) for column, name in zip(columns, COLUMNS, strict=True)]
        wanted: Select[Any] = self.rows.with_only_columns(*named, maintain_column_froms=True)
        wanted = wanted.where(inside, further)
        wanted = wanted.order_by(self.key) if self.due is None else wanted.order_by(self.due, self.key)
        return wanted.limit(limit)

    def count(self, day: Day, limit: int) -> Select[Any]:
        """How many there are by unit and bucket, of at most ``limit``."""
        which: ColumnElement[Any] = literal(Bucket.UNDATED.value) if self.due is None else _bucket(self.due, day)
        every = self.rows.with_only_columns(
            self.unit_id.label("unit_id"), which.label("bucket"), maintain_column_froms=True
        )
        few = every.limit(limit).subquery()
        return select(few.c.unit_id, few.c.bucket, func.count().label("amount")).group_by(few.c.unit_id, few.c.bucket)

    def _within(self, bucket: Bucket | None, day: Day) -> ColumnElement[bool] | None:
        due = self.due
        if bucket is None:
            return true()
        if due is None or bucket is Bucket.UNDATED:
            return true() if due is None and bucket is Bucket.UNDATED else None
        match bucket:
            case Bucket.OVERDUE:
                return due < day.today
            case Bucket.TODAY:
                return due == day.today
            case Bucket.SOON:
                return and_(due > day.today, due <= day.soon)
            case _:
                return due > day.soon

    def _beyond(self, after: Order | None) -> ColumnElement[bool] | None:
        """In the order of ``hub.tasks``: by day, kind and key, what has no day at the end."""
        if after is None:
            return true()
        day, rank, key = after
        mine = RANKS[self.kind]
        if self.due is None or day == date.max:
            if self.due is not None or (day == date.max and rank > mine):
                return None
            return self.key > key if day == date.max and rank == mine else true()
        if mine > rank:
            return self.due >= day
        later = self.due > day
        return or_(later, and_(self.due == day, self.key > key)) if mine == rank else later


def _bucket(due: SQLColumnExpression[Any], day: Day) -> ColumnElement[str]:
    return case(
        (due < day.today, Bucket.OVERDUE.value),
        (due == day.today, Bucket.TODAY.value),
        (due <= day.soon, Bucket.SOON.value),
        else_=Bucket.LATER.value,
    )


def parts(actor: Actor, asked: Asked, mark: str, scope: tuple[str, ...] | None, *, owners: bool) -> Iterator[Part]:
    """``scope``: ids of the units whose cases the actor reads, None for all. ``owners``: whose it is, is asked for."""
    if asked.wants(TaskKind.CASE):
        yield _clocks(asked, mark, scope, owners=owners)
    if asked.wants(TaskKind.ASSIGNED):
        yield from _given(asked, scope)
    for kind in (TaskKind.CONCLUSION, TaskKind.CONFIRM):
        if asked.wants(kind):
            yield _conclusions(actor, asked, kind)


def _clocks(asked: Asked, mark: str, scope: tuple[str, ...] | None, *, owners: bool) -> Part:
    """Counted with today's rules: what has another mark is shown to nobody."""
    rows = select(Case.id).select_from(CaseDue).join(Case, Case.id == CaseDue.case_id)
    owner: SQLColumnExpression[Any] = cast(null(), String)
    if owners or asked.owner:
        open_ = (Assignment.case_id == Case.id) & Assignment.ended_at.is_(None)
        rows, owner = rows.outerjoin(Assignment, open_), Assignment.to_id
    rows = rows.where(CaseDue.book == mark, CaseDue.due.is_not(None), _OPEN, *_of_cases(asked, scope))
    return Part(TaskKind.CASE, rows, CaseDue.case_id, CaseDue.due, Case.unit_id, owner, CaseDue.clock)


def _given(asked: Asked, scope: tuple[str, ...] | None) -> Iterator[Part]:
    """With a day; and without one while they wait for the answer."""
    rows = select(Case.id).select_from(Assignment).join(Case, Case.id == Assignment.case_id)
    rows = rows.where(Assignment.ended_at.is_(None), _OPEN, *_of_cases(asked, scope))
    waits = case((Assignment.state == "sent", True), else_=False)
    columns: Columns = (Case.unit_id, Assignment.to_id, literal(GIVEN))
    dated = rows.where(Assignment.due.is_not(None))
    yield Part(TaskKind.ASSIGNED, dated, Assignment.case_id, Assignment.due, *columns, waits)
    undated = rows.where(Assignment.due.is_(None), Assignment.state == "sent")
    yield Part(TaskKind.ASSIGNED, undated, Assignment.case_id, None, *columns, waits=True)


def _of_cases(asked: Asked, scope: tuple[str, ...] | None) -> Iterator[ColumnElement[bool]]:
    for units in (scope, asked.units):
        if units is not None:
            yield Case.unit_id.in_(units) if units else false()
    if asked.owner:
        yield Assignment.to_id.is_(None) if asked.owner == NOBODY else Assignment.to_id == asked.owner
    if asked.type:
        yield Case.type == asked.type


def _conclusions(actor: Actor, asked: Asked, kind: TaskKind) -> Part:
    """Tasks of one's own and of one's units, and of conclusions that one follows (``conclusions.owns``,
    ``conclusions.may_follow``): what is open waits for its owner and is seen by who follows it, what is reported waits
    for these alone."""
    named = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY)
    seated = select(Seat.id).where(Seat.hearing_id == Conclusion.hearing_id, Seat.account_id == actor.account_id)
    ran = search_scopes.any_row(seated.where(Seat.kind.in_(named)))
    held = select(OrgUnit.id).where(audit.within(OrgUnit.path, scopes(actor, Action.FOLLOW_CONCLUSION)))
    follows = or_(Conclusion.unit_id.in_(held), ran)
    reports = select(OrgUnit.id).where(audit.within(OrgUnit.path, scopes(actor, Action.REPORT_TASK)))
    does = or_(ConclusionTask.owner_id == actor.account_id, ConclusionTask.owner_unit_id.in_(reports))
    rows = select(ConclusionTask.id).join(Conclusion, Conclusion.id == ConclusionTask.conclusion_id)
    rows = rows.where(Conclusion.state == ConclusionState.ISSUED)
    if kind is TaskKind.CONFIRM:
        rows = rows.where(ConclusionTask.state == TaskState.REPORTED, follows)
    else:
        rows = rows.where(ConclusionTask.state == TaskState.OPEN, or_(does, follows))
    if asked.units is not None:
        rows = rows.where(ConclusionTask.owner_unit_id.in_(asked.units) if asked.units else false())
    if asked.owner:
        owner = ConclusionTask.owner_id
        rows = rows.where(owner.is_(None) if asked.owner == NOBODY else owner == asked.owner)
    task = ConclusionTask
    return Part(kind, rows, task.id, task.due, task.owner_unit_id, task.owner_id, literal(""))
