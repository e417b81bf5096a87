"""What is due and stands in the database with its day: clocks of cases, cases given, tasks of conclusions.

Each part is a query by itself, so that a list takes the first few of each by its index and never sorts everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

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
NARROW_UNITS = 20
NOBODY = "none"
"""As an owner: what nobody has."""
_OPEN = Case.state != bindparam("closed", CaseState.CLOSED.value, literal_execute=True)
"""With the value in the statement, so that the index of open cases is of use; of a closed case no clock runs."""
COLUMNS = ("rank", "key", "due", "unit_id", "owner_id", "clock", "waits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list is narrowed to. ``owner`` is an account, ``none`` for what nobody has, or empty for all; ``absent``
    are those for whom the owner stands in; ``units`` None: all that the actor may see; ``kinds`` empty: every kind."""

    owner: str = ""
    absent: tuple[str, ...] = ()
    units: tuple[str, ...] | None = None
    kinds: frozenset[TaskKind] = frozenset()
    type: CaseType | None = None
    bucket: Bucket | None = None

    def wants(self, kind: TaskKind) -> bool:
        if self.type is not None and kind not in OF_CASES:
            return False
        return not self.kinds or kind in self.kinds

    def owned(self, column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        """Of an owner that is asked for, by the column that names whose something is."""
        if self.owner == NOBODY:
            return column.is_(None)
        return column.in_((self.owner, *self.absent)) if self.absent else column == self.owner


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
    by_unit: bool = False
    """An index gives them unit by unit, so that counting needs no table of units and days."""

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
        """How many there are by unit, a column for each bucket by its name; of at most ``limit``."""
        due = cast(null(), Date) if self.due is None else self.due
        columns: Any = (self.unit_id.label("unit_id"), due.label("due"))
        every: Select[Any] = self.rows.with_only_columns(*columns, maintain_column_froms=True)
        if self.by_unit:
            every = every.order_by(self.unit_id)
        few = every.limit(limit).subquery()
        amounts = [func.count().filter(_in(bucket, few.c.due, day)).label(bucket) for bucket in Bucket]
        return select(few.c.unit_id, *amounts).group_by(few.c.unit_id)

    def _within(self, bucket: Bucket | None, day: Day) -> ColumnElement[bool] | None:
        due = self.due
        if bucket is None:
            return true()
        if due is None or bucket is Bucket.UNDATED:
            return true() if due is None and bucket is Bucket.UNDATED else None
        return _in(bucket, due, day)

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
        if mine < rank:
            return self.due > day
        # As one pair, so that an index in this order is entered at that place.
        return tuple_(self.due, self.key) > tuple_(literal(day), literal(key))


def _in(bucket: Bucket, due: SQLColumnExpression[Any], day: Day) -> ColumnElement[bool]:
    match bucket:
        case Bucket.OVERDUE:
            return due < day.today
        case Bucket.TODAY:
            return due == day.today
        case Bucket.SOON:
            return and_(due > day.today, due <= day.soon)
        case Bucket.LATER:
            return due > day.soon
        case Bucket.UNDATED:
            return due.is_(None)


def parts(actor: Actor, asked: Asked, mark: str, scope: tuple[str, ...] | None, *, owners: bool) -> Iterator[Part]:
    """``scope``: ids of the units whose cases the actor reads, None for all. ``owners``: whose it is, is asked for."""
    if asked.wants(TaskKind.CASE):
        yield _clocks(asked, mark, scope, owners=owners)
    if asked.wants(TaskKind.ASSIGNED):
        yield from _given(asked, scope, walked=owners and (scope is None or len(scope) > NARROW_UNITS))
    for kind in (TaskKind.CONCLUSION, TaskKind.CONFIRM):
        if asked.wants(kind):
            yield _conclusions(actor, asked, kind)


def _clocks(asked: Asked, mark: str, scope: tuple[str, ...] | None, *, owners: bool) -> Part:
    """Counted with today's rules: what has another mark is shown to nobody. Of a closed case no clock runs, so the case
    is asked for its type alone."""
    rows = select(CaseDue.case_id).where(CaseDue.book == mark, CaseDue.due.is_not(None))
    owner: SQLColumnExpression[Any] = cast(null(), String)
    if owners or asked.owner:
        open_ = (Assignment.case_id == CaseDue.case_id) & Assignment.ended_at.is_(None)
        rows, owner = rows.outerjoin(Assignment, open_), Assignment.to_id
    if asked.type:
        rows = rows.join(Case, Case.id == CaseDue.case_id)
    rows = rows.where(*_of_cases(asked, scope, CaseDue.unit_id))
    part = Part(TaskKind.CASE, rows, CaseDue.case_id, CaseDue.due, CaseDue.unit_id, owner, CaseDue.clock)
    return replace(part, by_unit=not (asked.owner or asked.type))


def _given(asked: Asked, scope: tuple[str, ...] | None, *, walked: bool) -> Iterator[Part]:
    """With a day; and without one while they wait for the answer. ``walked``: most are in scope, so that each is asked
    for its case on the way by day, instead of all open cases being gathered first."""
    rows = select(Assignment.id).where(Assignment.ended_at.is_(None))
    wanted = (_OPEN, *_of_cases(asked, scope, Case.unit_id))
    unit_id: SQLColumnExpression[Any] = Case.unit_id
    if walked:
        of = select(Case.unit_id).where(Case.id == Assignment.case_id).correlate(Assignment)
        rows, unit_id = rows.where(exists(of.where(*wanted).offset(0))), of.scalar_subquery()
    else:
        rows = rows.join(Case, Case.id == Assignment.case_id).where(*wanted)
    waits = case((Assignment.state == "sent", True), else_=False)
    columns: Columns = (unit_id, Assignment.to_id, literal(GIVEN))
    dated = rows.where(Assignment.due.is_not(None))
    yield Part(TaskKind.ASSIGNED, dated, Assignment.case_id, Assignment.due, *columns, waits)
    undated = rows.where(Assignment.due.is_(None), Assignment.state == "sent")
    yield Part(TaskKind.ASSIGNED, undated, Assignment.case_id, None, *columns, waits=True)


def _of_cases(
    asked: Asked, scope: tuple[str, ...] | None, unit_id: InstrumentedAttribute[Any]
) -> Iterator[ColumnElement[bool]]:
    for units in (scope, asked.units):
        if units is not None:
            yield unit_id.in_(units) if units else false()
    if asked.owner:
        yield asked.owned(Assignment.to_id)
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
        rows = rows.where(asked.owned(ConclusionTask.owner_id))
    task = ConclusionTask
    return Part(kind, rows, task.id, task.due, task.owner_unit_id, task.owner_id, literal(""))
