"""Lists of cases, the newest first; with words, those that hold them all, exact hits before the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import BindParameter, Select, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, require, scopes
from hub.keyset import Cursor
from hub.models import Case, CaseState, CaseType, OrgUnit, Party, SearchKind
from hub.services import search, unit_scopes
from hub.services.identity import Vault
from hub.services.search import Search

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """``text``: words of summary, content, number or a name, or a whole ID number; days are local, both included."""

    text: str = ""
    type: CaseType | None = None
    state: CaseState | None = None
    first_day: date | None = None
    last_day: date | None = None
    limit: int = PAGE
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    id: str
    number: str
    type: CaseType
    state: CaseState
    summary: str
    pseudonym: str
    """What may be shown of the party in a list; the name is sealed."""
    unit_name: str
    people_count: int
    received_at: datetime
    cursor: Cursor
    """Where a list goes on after this row."""


async def find(db: AsyncSession, vault: Vault, actor: Actor, query: CaseQuery) -> list[CaseRow]:
    """At most ``limit`` cases in the actor's scope, from beyond ``after``. Raises ``Forbidden``."""
    paths = scopes(actor, Action.READ_CASE)
    require(actor, Action.READ_CASE, Target(paths=tuple(paths)))
    return await (_by_words(db, vault, actor, query) if query.text.strip() else _newest(db, paths, query))


async def _newest(db: AsyncSession, paths: frozenset[str], query: CaseQuery) -> list[CaseRow]:
    units = await unit_scopes.units_within(db, paths)
    wanted = _columns().where(unit_scopes.of_units(db, Case.unit_id, units))
    wanted = _filtered(wanted, query)
    if query.after is not None:
        at, key = query.after.at, query.after.key
        wanted = wanted.where(or_(Case.received_at < at, and_(Case.received_at == at, Case.id < key)))
    wanted = wanted.order_by(Case.received_at.desc(), Case.id.desc()).limit(query.limit)
    return [_row(row, Cursor(row.received_at, row.id)) for row in await db.execute(wanted)]


async def _by_words(db: AsyncSession, vault: Vault, actor: Actor, query: CaseQuery) -> list[CaseRow]:
    asked = Search(
        text=query.text,
        type=query.type or "",
        state=query.state or "",
        first_day=query.first_day,
        last_day=query.last_day,
    )
    found = await search.find(db, vault, actor, SearchKind.CASE, asked, after=query.after, limit=query.limit)
    ids = [hit.object_id for hit in found.hits]
    rows = {row.id: row for row in await db.execute(_columns().where(Case.id.in_(ids)))}
    return [_row(rows[hit.object_id], hit.cursor) for hit in found.hits]


def _columns() -> Select[Any]:
    wanted = (
        select(
            *(Case.id, Case.number, Case.type, Case.state, Case.summary, Case.people_count, Case.received_at),
            *(Party.pseudonym, OrgUnit.name),
        )
        .join(Party, Party.id == Case.party_id)
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
    )
    return cast(Select[Any], wanted)


def _row(row: Any, cursor: Cursor) -> CaseRow:
    return CaseRow(
        id=row.id,
        number=row.number,
        type=CaseType(row.type),
        state=CaseState(row.state),
        summary=row.summary,
        pseudonym=row.pseudonym,
        unit_name=row.name,
        people_count=row.people_count,
        received_at=row.received_at,
        cursor=cursor,
    )


def _filtered(wanted: Select[Any], query: CaseQuery) -> Select[Any]:
    if query.type:
        wanted = wanted.where(Case.type == query.type)
    if query.state:
        # What is closed has an index of its own, which only a value in the statement proves.
        closed = query.state is CaseState.CLOSED
        state: BindParameter[str] = bindparam("state", query.state.value, unique=True, literal_execute=closed)
        wanted = wanted.where(Case.state == state)
    if query.first_day:
        wanted = wanted.where(Case.received_at >= calendar.day_bounds(query.first_day)[0])
    if query.last_day:
        wanted = wanted.where(Case.received_at < calendar.day_bounds(query.last_day)[1])
    return wanted
