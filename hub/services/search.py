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

COUNT_MAX = 500
"""Of what is shown: counted up to here, then "more than"."""
COUNT_BESIDE_MAX = 100
"""Of what else there is."""
PAGE = 20
TEXT_MAX = 200

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


@dataclass(frozen=True, slots=True)
class Overdue:
    """Due before ``day``, as counted with the rules that ``book`` names (``hub.services.dues``)."""

    day: date
    book: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked. Days are local, both included; ``unit_id`` means the unit and those below; ``type``, ``held`` and
    ``overdue`` narrow cases, ``state`` the kind that has such a state, ``officer_id`` is who registered or chairs."""

    text: str = ""
    type: str = ""
    state: str = ""
    unit_id: str = ""
    first_day: date | None = None
    last_day: date | None = None
    held: Held | None = None
    officer_id: str = ""
    overdue: Overdue | None = None

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
    """``most``: how far was counted; ``value`` is at most one more."""

    value: int
    most: int = COUNT_MAX

    @property
    def more(self) -> bool:
        """There are more than were counted."""
        return self.value > self.most

    @property
    def shown(self) -> int:
        return min(self.value, self.most)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of one kind. ``next`` is where the page after it begins; ``shown`` are the words to be marked."""

    hits: list[Hit]
    count: Count
    next: Cursor | None
    shown: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search ready to be run for one kind."""

    actor: Actor
    kind: SearchKind
    search: Search
    query: Query | None
    rows: Select[SearchDoc]
    """All that the rows decide, made once for every question of a page."""
    sqlite: bool
    stages: tuple[int, ...] = field(default=(0, 1))

    def wanted(self, stage: int | None, *, walking: bool = False) -> Select[SearchDoc]:
        """The documents of a stage, of all stages with None."""
        groups, without = _groups(self, stage)
        if not groups:
            return self.rows
        # A period holds so few documents that walking it costs less than gathering the words of all years.
        walks = walking or bool(self.search.first_day or self.search.last_day)
        return self.rows.where(matches(groups, without, sqlite=self.sqlite, walking=walks))


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


async def count(db: AsyncSession, vault: Vault, actor: Actor, kind: SearchKind, search: Search) -> Count:
    """How many there are of a kind beside the one that is shown, bounded. Raises ``Forbidden``."""
    require_any(actor)
    asked = await _asked(db, vault, actor, kind, search) if kind in kinds(actor) else None
    if asked is None:
        return Count(0)
    bounded = asked.wanted(None).with_only_columns(SearchDoc.id).limit(COUNT_BESIDE_MAX + 1).subquery()
    return Count(await db.scalar(select(func.count()).select_from(bounded)) or 0, COUNT_BESIDE_MAX)


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
        if total > COUNT_MAX and len(hits) > limit:
            break
        past = after is not None and after.stage > stage
        begin = after if after is not None and after.stage == stage else None
        few, found = await _gathered(db, asked, stage, begin, 0 if past else limit + 1 - len(hits))
        if few > COUNT_MAX and not past:
            found = await _walked(db, asked, stage, begin, limit + 1 - len(hits))
        total += few
        hits += found
    shown = asked.query.shown if asked.query else ()
    return Found(hits[:limit], Count(total), hits[limit - 1].cursor if len(hits) > limit else None, shown)


async def _asked(db: AsyncSession, vault: Vault, actor: Actor, kind: SearchKind, search: Search) -> _Asked | None:
    """None: this can find nothing."""
    hashes = Hashes(vault.word_hash, vault.exact_word_hash, vault.number_hash)
    text = search.text[:TEXT_MAX]
    query = search_words.parse(text, hashes)
    if text.strip() and query is None:
        return None
    if kind is not SearchKind.CASE and (search.type or search.held or search.overdue):
        return None
    if kind is SearchKind.NOTE and (search.state or search.officer_id):
        return None
    path = await db.scalar(select(OrgUnit.path).where(OrgUnit.id == search.unit_id)) if search.unit_id else "/"
    if path is None:
        return None
    sqlite = db.get_bind().dialect.name == "sqlite"
    asked = _Asked(actor, kind, search, query, _rows(actor, kind, search, path), sqlite)
    return asked if query is not None and query.exact is not None else replace(asked, stages=(0,))


async def _gathered(
    db: AsyncSession, asked: _Asked, stage: int, after: Cursor | None, limit: int
) -> tuple[int, list[Hit]]:
    """How many there are of a stage, up to one more than ``COUNT_MAX``; and the newest, when these are all.

    Gathered first and then sorted: the planner would else walk the newest for words that never meet.
    """
    every = asked.wanted(stage).with_only_columns(SearchDoc.id, SearchDoc.object_id, SearchDoc.seq, SearchDoc.at)
    hits = every.limit(COUNT_MAX + 1).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
    many = select(func.count()).select_from(hits).scalar_subquery()
    if not limit:
        return await db.scalar(select(many)) or 0, []
    page = _after(cast(Select[Any], select(hits)), hits.c.id, hits.c.at, after).limit(limit).subquery()
    # The count stands in a row of its own, so that it comes without any hit, too.
    one = select(many.label("many")).subquery()
    wanted = select(one.c.many, page).outerjoin_from(one, page, true()).order_by(page.c.at.desc(), page.c.id.desc())
    rows = (await db.execute(wanted)).all()
    return rows[0].many, [Hit(row.id, row.object_id, row.seq, row.at, stage) for row in rows if row.id is not None]


async def _walked(db: AsyncSession, asked: _Asked, stage: int, after: Cursor | None, limit: int) -> list[Hit]:
    """The newest of many, found from the newest document on."""
    every = asked.wanted(stage, walking=True)
    columns = every.with_only_columns(SearchDoc.id, SearchDoc.object_id, SearchDoc.seq, SearchDoc.at)
    wanted = _after(cast(Select[Any], columns), SearchDoc.id, SearchDoc.at, after)
    rows = await db.execute(wanted.limit(limit))
    return [Hit(doc_id, object_id, seq, moment, stage) for doc_id, object_id, seq, moment in rows]


def _after(wanted: Select[Any], doc_id: Column, at: Column, after: Cursor | None) -> Select[Any]:
    """The newest first, from beyond ``after``."""
    if after is not None and after.key.isdecimal():
        wanted = wanted.where(or_(at < after.at, and_(at == after.at, doc_id < int(after.key))))
    return wanted.order_by(at.desc(), doc_id.desc())


def _rows(actor: Actor, kind: SearchKind, search: Search, unit_path: str) -> Select[SearchDoc]:
    """Whatever the rows themselves decide: who may read, and all that is asked besides words."""
    paths = scopes(actor, ACTIONS[kind])
    wanted = select(SearchDoc).where(SearchDoc.kind == kind)
    wanted = search_scopes.readable(wanted, kind, actor, paths)
    wanted = search_scopes.narrowed(wanted, kind, search.type, search.state, search.officer_id, search.held)
    if search.overdue is not None:
        wanted = wanted.where(search_scopes.due_before(search.overdue.day, search.overdue.book))
    if unit_path != "/":
        wanted = wanted.where(audit.within(search_scopes.HOLDING, [unit_path]))
    if search.first_day:
        wanted = wanted.where(SearchDoc.at >= calendar.day_bounds(search.first_day)[0])
    if search.last_day:
        wanted = wanted.where(SearchDoc.at < calendar.day_bounds(search.last_day)[1])
    return wanted


def _groups(asked: _Asked, stage: int | None) -> tuple[list[Group], tuple[Group, ...]]:
    """What the tokens must be, and what they must not be."""
    search, query = asked.search, asked.query
    groups: list[Group] = list(query.groups) if query else []
    if groups and asked.kind is not SearchKind.CASE:
        # Most documents are cases: without this SQLite looks at each that has the words, to find that it is one.
        groups.append(((f"k:{asked.kind}",),))
    scope = search_scopes.scope_group(asked.kind, asked.actor, scopes(asked.actor, ACTIONS[asked.kind]))
    if scope is not None:
        groups.append(scope)
    for prefix, value in (("t", search.type), ("s", search.state), ("u", search.unit_id), ("o", search.officer_id)):
        if value:
            groups.append(((f"{prefix}:{value}",),))
    if query is None or query.exact is None or stage is None:
        return groups, ()
    return (groups + list(query.exact), ()) if stage == 0 else (groups, query.exact)
