"""Search over cases, hearings and what was noted in them, in the permissions of whoever asks.

The index (``hub.search_index``) says where to look: it holds who may read what, so that a narrow scope is quick. What
is shown and what is counted is decided by the rows themselves, with the same conditions as lists have; a stale index
can hide something, never show it.

What has every word with its very marks comes first (stage 0), then the rest (stage 1); in each the newest first. Few
hits are gathered and sorted; many are walked from the newest on until a page is full.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, search_index, search_words
from hub.auth import Action, Actor, may_somewhere, require, scopes
from hub.auth import Target as AuthTarget
from hub.keyset import Cursor
from hub.models import OrgUnit, SearchDoc, SearchKind
from hub.search_words import Group, Hashes, Query
from hub.services import audit, search_scopes, unit_scopes
from hub.services.identity import Vault
from hub.services.search_scopes import Column, matches

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


COLUMNS = (SearchDoc.id, SearchDoc.object_id, SearchDoc.seq, SearchDoc.at)
LOOK, STRETCH = 250, 2000
"""Documents that PostgreSQL looks at one by one, the newest first: all of them take some 25 ms, so a first few tell
whether they are worth it."""
NARROW_UNITS, NARROW_MAX = 20, 5000
"""Of so few units so many documents with the words are put in order, all of them, before anybody asks about each."""


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
    unit_path: str
    sqlite: bool
    stages: tuple[int, ...] = field(default=(0, 1))
    narrow: bool = False
    """Of few units, whose documents lie too far apart among all others to be walked to."""

    def documents(self, stage: int | None, *, walking: bool = False) -> Select[Any]:
        """Of a stage, of all stages with None; whether they may be shown is asked elsewhere."""
        return self.of_kind().where(*self.words(stage, SearchDoc.tokens, walking=walking))

    def of_kind(self) -> Select[Any]:
        """All documents of the kind and of the days that are asked for."""
        first, last = self.search.first_day, self.search.last_day
        wanted = cast(Select[Any], select(*COLUMNS).where(SearchDoc.kind == self.kind))
        if first:
            wanted = wanted.where(SearchDoc.at >= calendar.day_bounds(first)[0])
        return wanted.where(SearchDoc.at < calendar.day_bounds(last)[1]) if last else wanted

    def words(self, stage: int | None, tokens: Column, *, walking: bool = False) -> list[ColumnElement[bool]]:
        """That a document with these tokens is of the stage."""
        groups, without = _groups(self, stage)
        # A period holds so few documents that walking it costs less than gathering the words of all years.
        walks = walking or bool(self.search.first_day or self.search.last_day)
        return [matches(tokens, groups, without, sqlite=self.sqlite, walking=walks)] if groups else []

    def readable(self, wanted: Select[Any], object_id: Column) -> Select[Any]:
        """Whatever the rows themselves decide: who may read, and all that is asked besides words and days."""
        search = self.search
        wanted = search_scopes.readable(
            wanted, object_id, self.kind, self.actor, scopes(self.actor, ACTIONS[self.kind])
        )
        wanted = search_scopes.narrowed(wanted, self.kind, search.type, search.state, search.officer_id, search.held)
        if search.overdue is not None:
            wanted = wanted.where(search_scopes.due_before(search.overdue.day, search.overdue.book))
        return wanted if self.unit_path == "/" else wanted.where(audit.within(search_scopes.HOLDING, [self.unit_path]))


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
    bounded = asked.readable(asked.documents(None), SearchDoc.object_id).limit(COUNT_BESIDE_MAX + 1).subquery()
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
        wanted = 0 if past else limit + 1 - len(hits)
        few, found = await _gathered(db, asked, stage, begin, wanted)
        if few > COUNT_MAX and len(found) < wanted:
            found = await _walked(db, asked, stage, begin, wanted)
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
    narrow = await _is_narrow(db, search, scopes(actor, ACTIONS[kind]))
    asked = _Asked(actor, kind, search, query, path, sqlite, narrow=narrow)
    return asked if query is not None and query.exact is not None else replace(asked, stages=(0,))


async def _is_narrow(db: AsyncSession, search: Search, paths: Collection[str]) -> bool:
    if search.unit_id or search.officer_id:
        return True
    if any(path.count("/") <= unit_scopes.TOP_SLASHES for path in paths):
        return False
    return len(await unit_scopes.units_within(db, paths) or ()) <= NARROW_UNITS


async def _gathered(
    db: AsyncSession, asked: _Asked, stage: int, after: Cursor | None, limit: int
) -> tuple[int, list[Hit]]:
    """How many there are of a stage, up to one more than ``COUNT_MAX``; and the newest, when these are known.

    Gathered first and then sorted: the planner would else walk the newest for words that never meet. Of few units all
    documents are put in order before they are asked about, so that the newest are known of many hits, too.
    """
    docs, met = asked.documents(stage), None
    if asked.narrow:
        met = docs.limit(NARROW_MAX + 1).cte("met").prefix_with("MATERIALIZED", dialect="postgresql")
        every = asked.readable(select(met), met.c.object_id).order_by(met.c.at.desc(), met.c.id.desc())
    else:
        every = asked.readable(docs, SearchDoc.object_id)
    hits = every.limit(COUNT_MAX + 1).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
    many = select(func.count()).select_from(hits).scalar_subquery()
    cut = literal(False) if met is None else select(func.count() > NARROW_MAX).select_from(met).scalar_subquery()
    page = _after(select(hits), hits.c.id, hits.c.at, after).limit(limit).subquery()
    # The count stands in a row of its own, so that it comes without any hit, too.
    one = select(many.label("many"), cut.label("cut")).subquery()
    wanted = select(one, page).outerjoin_from(one, page, true()).order_by(page.c.at.desc(), page.c.id.desc())
    rows = (await db.execute(wanted)).all()
    if rows[0].cut:
        return await _gathered(db, replace(asked, narrow=False), stage, after, limit)
    if rows[0].many > COUNT_MAX and met is None:
        return rows[0].many, []
    return rows[0].many, _hits((row for row in rows if row.id is not None), stage)


async def _walked(db: AsyncSession, asked: _Asked, stage: int, after: Cursor | None, limit: int) -> list[Hit]:
    """The newest of many, from the newest document on.

    PostgreSQL takes each document's tokens apart to look at them, so it does this for a stretch only. Words of which
    that holds too few are looked up, and put in order before anything is asked about each.
    """
    if asked.sqlite:
        every = asked.readable(asked.documents(stage, walking=True), SearchDoc.object_id)
        return _hits(await db.execute(_after(every, SearchDoc.id, SearchDoc.at, after).limit(limit)), stage)
    if not asked.narrow:
        found = await _newest(db, asked, stage, after, limit)
        if len(found) == limit:
            return found
    met = asked.documents(stage).cte("met").prefix_with("MATERIALIZED")
    ordered = _after(select(met), met.c.id, met.c.at, after).offset(0).subquery()
    return await _first(db, asked, ordered, [], stage, limit)


async def _newest(db: AsyncSession, asked: _Asked, stage: int, after: Cursor | None, limit: int) -> list[Hit]:
    """Of the newest documents; too few where hits lie further apart."""
    documents = _after(asked.of_kind().add_columns(SearchDoc.tokens), SearchDoc.id, SearchDoc.at, after)
    found: list[Hit] = []
    for count in (LOOK, STRETCH):
        newest = documents.limit(count).subquery()
        found = await _first(db, asked, newest, asked.words(stage, newest.c.tokens), stage, limit)
        if len(found) == limit or len(found) * STRETCH < limit * LOOK:
            break
    return found


async def _first(
    db: AsyncSession, asked: _Asked, docs: Subquery, words: Sequence[ColumnElement[bool]], stage: int, limit: int
) -> list[Hit]:
    """The first that may be shown, of documents that stand in order."""
    wanted = asked.readable(select(docs.c.id, docs.c.object_id, docs.c.seq, docs.c.at), docs.c.object_id).where(*words)
    return _hits(await db.execute(wanted.order_by(docs.c.at.desc(), docs.c.id.desc()).limit(limit)), stage)


def _hits(rows: Iterable[Any], stage: int) -> list[Hit]:
    return [Hit(row.id, row.object_id, row.seq, row.at, stage) for row in rows]


def _after(wanted: Select[Any], doc_id: Column, at: Column, after: Cursor | None) -> Select[Any]:
    """The newest first, from beyond ``after``."""
    if after is not None and after.key.isdecimal():
        wanted = wanted.where(or_(at < after.at, and_(at == after.at, doc_id < int(after.key))))
    return wanted.order_by(at.desc(), doc_id.desc())


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
    # What has the very words has the folded ones: asking for both reads the longest lists of the index twice.
    return (groups[len(query.groups) :] + list(query.exact), ()) if stage == 0 else (groups, query.exact)
