"""Search over cases, hearings and what was noted in them, in the permissions of whoever asks.

The index (``hub.search_index``) says where to look: it holds who may read what, so that a narrow scope is quick. What
is shown and what is counted is decided by the rows themselves, with the same conditions as lists have; a stale index
can hide something, never show it.

What has every word with its very marks comes first (stage 0), then the rest (stage 1); in each the newest first. Few
hits are gathered and sorted; many are walked from the newest on until a page is full.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub import calendar, search_index, search_words
from hub.auth import Action, Actor, may_somewhere, require, scopes
from hub.auth import Target as AuthTarget
from hub.keyset import Cursor
from hub.models import OrgUnit, SearchDoc, SearchKind
from hub.search_words import Group, Hashes, Query
from hub.services import audit, search_scopes
from hub.services.identity import Vault
from hub.services.search_scopes import matches

COUNT_MAX = 1000
"""Counted up to here, then "more than"."""
PAGE = 20
TEXT_MAX = 200
WALKED_MAX = 400
"""Of a search for what is overdue: how many cases are looked at for one page."""

ACTIONS = {
    SearchKind.CASE: Action.READ_CASE,
    SearchKind.HEARING: Action.READ_HEARING,
    SearchKind.NOTE: Action.REPLAY_RECORDING,
}


class Held(StrEnum):
    """What a case must have."""

    HEARING = "hearing"
    RECORDING = "recording"


Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked. Days are local, both included; ``unit_id`` means the unit and those below; ``type`` and ``held``
    narrow cases, ``state`` the kind that has such a state, ``officer_id`` is who registered or chairs."""

    text: str = ""
    type: str = ""
    state: str = ""
    unit_id: str = ""
    first_day: date | None = None
    last_day: date | None = None
    held: Held | None = None
    officer_id: str = ""

    @property
    def empty(self) -> bool:
        return self == Search()


@dataclass(frozen=True, slots=True)
class Hit:
    doc_id: int
    object_id: str
    seq: int
    at: datetime
    stage: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.at, str(self.doc_id), self.stage)


@dataclass(frozen=True, slots=True)
class Count:
    value: int

    @property
    def more(self) -> bool:
        """There are more than ``value`` says."""
        return self.value > COUNT_MAX

    @property
    def shown(self) -> int:
        return min(self.value, COUNT_MAX)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of one kind. ``next`` is where the page after it begins; ``shown`` are the words to be marked."""

    hits: list[Hit]
    count: Count | None
    """None: not counted."""
    next: Cursor | None
    shown: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search ready to be run for one kind."""

    actor: Actor
    kind: SearchKind
    search: Search
    query: Query | None
    unit_path: str
    sqlite: bool
    stages: tuple[int, ...] = field(default=(0, 1))


def kinds(actor: Actor) -> list[SearchKind]:
    """What this person may search at all."""
    return [kind for kind, action in ACTIONS.items() if may_somewhere(actor, action)]


def require_any(actor: Actor) -> None:
    """Raises ``Forbidden`` for whom there is nothing to search."""
    if not kinds(actor):
        require(actor, Action.READ_CASE, AuthTarget())


async def is_built(db: AsyncSession) -> bool:
    """Whether the index holds everything yet."""
    return await db.run_sync(lambda session: search_index.is_built(session.connection()))


async def counts(db: AsyncSession, vault: Vault, actor: Actor, search: Search) -> dict[SearchKind, Count]:
    """By kind, bounded. Raises ``Forbidden``."""
    require_any(actor)
    found = {}
    for kind in kinds(actor):
        asked = await _asked(db, vault, actor, kind, search)
        found[kind] = Count(await _count(db, asked, None)) if asked else Count(0)
    return found


async def find(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    kind: SearchKind,
    search: Search,
    *,
    after: Cursor | None = None,
    limit: int = PAGE,
) -> Found:
    """A page of hits after ``after``. Raises ``Forbidden``."""
    require_any(actor)
    asked = await _asked(db, vault, actor, kind, search) if kind in kinds(actor) else None
    if asked is None:
        return Found([], Count(0), None)
    hits: list[Hit] = []
    total = 0
    for stage in asked.stages:
        few = await _count(db, asked, stage)
        total += few
        if len(hits) <= limit and few and (after is None or after.stage <= stage):
            begin = after if after is not None and after.stage == stage else None
            hits += await _page(db, asked, stage, begin, limit + 1 - len(hits), few=few <= COUNT_MAX)
    shown = asked.query.shown if asked.query else ()
    return Found(hits[:limit], Count(total), hits[limit - 1].cursor if len(hits) > limit else None, shown)


async def _asked(db: AsyncSession, vault: Vault, actor: Actor, kind: SearchKind, search: Search) -> _Asked | None:
    """None: this can find nothing."""
    hashes = Hashes(vault.word_hash, vault.exact_word_hash, vault.number_hash)
    text = search.text[:TEXT_MAX]
    query = search_words.parse(text, hashes)
    if text.strip() and query is None:
        return None
    if kind is not SearchKind.CASE and (search.type or search.held):
        return None
    if kind is SearchKind.NOTE and (search.state or search.officer_id):
        return None
    path = await db.scalar(select(OrgUnit.path).where(OrgUnit.id == search.unit_id)) if search.unit_id else "/"
    if path is None:
        return None
    sqlite = db.get_bind().dialect.name == "sqlite"
    asked = _Asked(actor, kind, search, query, path, sqlite)
    return asked if query is not None and query.exact is not None else replace(asked, stages=(0,))


async def _count(db: AsyncSession, asked: _Asked, stage: int | None) -> int:
    """How many, up to one more than ``COUNT_MAX``; of all stages together with None."""
    bounded = _wanted(asked, stage).with_only_columns(SearchDoc.id).limit(COUNT_MAX + 1).subquery()
    return await db.scalar(select(func.count()).select_from(bounded)) or 0


async def _page(
    db: AsyncSession, asked: _Asked, stage: int, after: Cursor | None, limit: int, *, few: bool
) -> list[Hit]:
    rows_of = _wanted(asked, stage, walking=not few)
    every = rows_of.with_only_columns(SearchDoc.id, SearchDoc.object_id, SearchDoc.seq, SearchDoc.at)
    if few:
        # Gathered first and then sorted: the planner would else walk the newest for words that never meet.
        hits = every.cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
        gathered = cast(Select[Any], select(hits.c.id, hits.c.object_id, hits.c.seq, hits.c.at))
        wanted = _after(gathered, hits.c.id, hits.c.at, after)
    else:
        wanted = _after(cast(Select[Any], every), SearchDoc.id, SearchDoc.at, after)
    rows = await db.execute(wanted.limit(limit))
    return [Hit(doc_id, object_id, seq, moment, stage) for doc_id, object_id, seq, moment in rows]


def _after(wanted: Select[Any], doc_id: Column, at: Column, after: Cursor | None) -> Select[Any]:
    """The newest first, from beyond ``after``."""
    if after is not None and after.key.isdecimal():
        wanted = wanted.where(or_(at < after.at, and_(at == after.at, doc_id < int(after.key))))
    return wanted.order_by(at.desc(), doc_id.desc())


def _wanted(asked: _Asked, stage: int | None, *, walking: bool = False) -> Select[SearchDoc]:
    search, paths = asked.search, scopes(asked.actor, ACTIONS[asked.kind])
    wanted = select(SearchDoc).where(SearchDoc.kind == asked.kind)
    wanted = search_scopes.readable(wanted, asked.kind, asked.actor, paths)
    wanted = search_scopes.narrowed(wanted, asked.kind, search.type, search.state, search.officer_id, search.held)
    if asked.unit_path != "/":
        wanted = wanted.where(audit.within(search_scopes.HOLDING, [asked.unit_path]))
    if search.first_day:
        wanted = wanted.where(SearchDoc.at >= calendar.day_bounds(search.first_day)[0])
    if search.last_day:
        wanted = wanted.where(SearchDoc.at < calendar.day_bounds(search.last_day)[1])
    groups, without = _groups(asked, paths, stage)
    condition = matches(groups, without, sqlite=asked.sqlite, walking=walking) if groups else true()
    return wanted.where(condition)


def _groups(asked: _Asked, paths: frozenset[str], stage: int | None) -> tuple[list[Group], tuple[Group, ...]]:
    """What the tokens must be, and what they must not be."""
    search, query = asked.search, asked.query
    groups: list[Group] = list(query.groups) if query else []
    scope = search_scopes.scope_group(asked.kind, asked.actor, paths)
    if scope is not None:
        groups.append(scope)
    for prefix, value in (("t", search.type), ("s", search.state), ("u", search.unit_id), ("o", search.officer_id)):
        if value:
            groups.append(((f"{prefix}:{value}",),))
    if query is None or query.exact is None or stage is None:
        return groups, ()
    return (groups + list(query.exact), ()) if stage == 0 else (groups, query.exact)
