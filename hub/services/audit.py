"""The audit trail: who did what to what, when, from where and why. Append-only; no personal data of citizens."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub import calendar
from hub.auth import Action, Actor, Target, require, scopes
from hub.db import EVEN_IF_UNDONE, READS_ONLY
from hub.keyset import Cursor
from hub.models import Account, AuditEvent, OrgUnit

REASON_MAX = 500
NARROW_UNITS = 20


async def record(
    db: AsyncSession,
    actor: Actor | None,
    action: str,
    object_type: str,
    object_id: str,
    reason: str = "",
    *,
    unit_path: str = "",
    **detail: object,
) -> AuditEvent:
    """Write an event in the caller's transaction, so that what it tells of and the telling are kept or lost together.

    ``unit_path`` is the unit concerned, the actor's own when empty. ``detail`` must be JSON and free of personal data.
    """
    if db.info.get(READS_ONLY):
        raise RuntimeError(f"the audit event {action!r} would be lost: this transaction only reads")
    event = made(actor, action, object_type, object_id, reason, unit_path=unit_path, **detail)
    db.add(event)
    await db.flush()
    return event


def made(
    actor: Actor | None,
    action: str,
    object_type: str,
    object_id: str,
    reason: str = "",
    *,
    unit_path: str = "",
    **detail: object,
) -> AuditEvent:
    """An event to be added with thousands of others; else ``record``."""
    return AuditEvent(
        account_id=(actor.account_id or None) if actor else None,
        address=actor.address if actor else "",
        action=action,
        object_type=object_type,
        object_id=object_id,
        unit_path=unit_path or (actor.unit_path if actor else ""),
        reason=reason[:REASON_MAX],
        detail=dict(detail),
    )


def keep_even_if_undone(db: AsyncSession, event: AuditEvent) -> None:
    """What was seen stays seen: this event is kept although the transaction is rolled back."""
    values = {column.key: getattr(event, column.key) for column in AuditEvent.__table__.columns}
    db.info.setdefault(EVEN_IF_UNDONE, []).append(partial(AuditEvent, **values))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """``first_day`` and ``last_day`` are local days, both included."""

    first_day: date | None = None
    last_day: date | None = None
    account_id: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    limit: int = 100
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: str
    at: datetime
    who: str
    """The account's full name, empty for the command line."""
    username: str
    address: str
    action: str
    object_type: str
    object_id: str
    reason: str
    detail: dict[str, object]

    @property
    def cursor(self) -> Cursor:
        """Where a list goes on after this row."""
        return Cursor(self.at, self.id)


async def list_events(db: AsyncSession, actor: Actor, query: AuditQuery) -> list[AuditRow]:
    """The newest first, of the units in the actor's scope. Raises ``Forbidden`` without the role."""
    paths = scopes(actor, Action.READ_AUDIT)
    require(actor, Action.READ_AUDIT, Target(paths=tuple(paths)))
    wanted = select(AuditEvent, Account.full_name, Account.username).outerjoin(
        Account, Account.id == AuditEvent.account_id
    )
    wanted = wanted.where(*await _of_scope(db, paths), *_conditions(query))
    if query.after is not None:
        at, key = query.after.at, query.after.key
        wanted = wanted.where(or_(AuditEvent.at < at, and_(AuditEvent.at == at, AuditEvent.id < key)))
    wanted = wanted.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(query.limit)
    return [
        AuditRow(
            id=event.id,
            at=event.at,
            who=name or "",
            username=username or "",
            address=event.address,
            action=event.action,
            object_type=event.object_type,
            object_id=event.object_id,
            reason=event.reason,
            detail=event.detail,
        )
        for event, name, username in (await db.execute(wanted)).all()
    ]


async def _of_scope(db: AsyncSession, paths: Collection[str]) -> list[ColumnElement[bool]]:
    """``within``; a narrow scope as its very paths, so that the index on paths finds its events."""
    if "/" in paths:
        return []
    units = list(await db.scalars(select(OrgUnit.path).where(within(OrgUnit.path, paths)).limit(NARROW_UNITS + 1)))
    return [AuditEvent.unit_path.in_(units) if len(units) <= NARROW_UNITS else within(AuditEvent.unit_path, paths)]


def within(column: InstrumentedAttribute[str], paths: Iterable[str]) -> ColumnElement[bool]:
    """A unit's path within one of the scopes; paths hold only hexadecimal digits and slashes, no wildcard."""
    return or_(False, *(column.startswith(path) for path in sorted(paths)))


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.first_day:
        conditions.append(AuditEvent.at >= calendar.day_bounds(query.first_day)[0])
    if query.last_day:
        conditions.append(AuditEvent.at < calendar.day_bounds(query.last_day)[1])
    for column, value in (
        (AuditEvent.account_id, query.account_id),
        (AuditEvent.action, query.action),
        (AuditEvent.object_type, query.object_type),
        (AuditEvent.object_id, query.object_id),
    ):
        if value:
            conditions.append(column == value)
    return conditions
