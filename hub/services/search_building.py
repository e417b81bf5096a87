"""Making the search index again, some hundred rows in each transaction, so that everybody else goes on working."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select

from hub import search_index
from hub.db import Database
from hub.errors import NotReady
from hub.models import Case, Hearing, SearchDoc, SearchKind

RETRY_S = 60.0
PAUSE_S = 0.02
"""Between batches, so that somebody who waits for SQLite's lock gets it."""

Progress = Callable[[int, int], None]
"""How many cases and hearings are done, of how many."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """What there is and what the index holds of it. ``strays``: documents of what is there no longer."""

    built: bool
    cases: int
    hearings: int
    indexed_cases: int
    indexed_hearings: int

    @property
    def sound(self) -> bool:
        return self.built and (self.cases, self.hearings) == (self.indexed_cases, self.indexed_hearings)


async def state(database: Database) -> State:
    async with database.reading() as db:
        of_kind = select(func.count()).select_from(SearchDoc)
        return State(
            built=await db.run_sync(lambda session: search_index.is_built(session.connection())),
            cases=await db.scalar(select(func.count()).select_from(Case)) or 0,
            hearings=await db.scalar(select(func.count()).select_from(Hearing)) or 0,
            indexed_cases=await db.scalar(of_kind.where(SearchDoc.kind == SearchKind.CASE)) or 0,
            indexed_hearings=await db.scalar(of_kind.where(SearchDoc.kind == SearchKind.HEARING)) or 0,
        )


async def rebuild(database: Database, progress: Progress = lambda _done, _all: None) -> int:
    """Write every document anew; how many cases and hearings there were. May be broken off and begun again."""
    before = await state(database)
    total, done = before.cases + before.hearings, 0
    progress(0, total)
    async with database.transaction() as db:
        await db.run_sync(lambda session: search_index.forget_strays(session.connection()))
    for kind in (SearchKind.CASE, SearchKind.HEARING):
        after, count = await _batch(database, kind, "")
        while after:
            done += count
            progress(done, max(done, total))
            await asyncio.sleep(PAUSE_S)
            after, count = await _batch(database, kind, after)
    async with database.transaction() as db:
        await db.run_sync(lambda session: search_index.mark_built(session.connection()))
    return done


async def _batch(database: Database, kind: SearchKind, after: str) -> tuple[str, int]:
    async with database.transaction() as db:
        return await db.run_sync(lambda session: search_index.index_batch(session.connection(), kind, after))


async def build_when_missing(database: Database) -> None:
    """Until it is done: at the first start after the index came, or after what is written in it has changed."""
    while True:
        try:
            if not (await state(database)).built:
                log.info("search index built", rows=await rebuild(database))
            return
        except NotReady as error:
            log.warning("search index put off", fault=str(error))
            await asyncio.sleep(RETRY_S)
