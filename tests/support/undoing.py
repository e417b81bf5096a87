"""A database whose every change can be undone, so that one world serves thousands of requests one after the other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncConnection, async_sessionmaker

from hub.db import Database
from hub.models.base import Base
from hub.search_session import IndexingSession

WRITES = re.compile(r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")


class UndoingDatabase(Database):
    """Within ``undone`` everything happens on one connection: what the program commits is there for it to read, and
    gone afterwards."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written: set[str] = set()
        """Tables written to since ``undone`` began, though it may have been rolled back since."""
        self._kept = self._sessions

        @event.listens_for(self.engine.sync_engine, "before_cursor_execute")
        def _note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if found := WRITES.match(statement):
                self.written.add(found.group(1))

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            outer = await connection.begin()
            self._sessions = async_sessionmaker(
                connection,
                sync_session_class=IndexingSession,
                expire_on_commit=False,
                join_transaction_mode="create_savepoint",
            )
            self.written = set()
            try:
                yield connection
            finally:
                self._sessions = self._kept
                await outer.rollback()


async def contents(connection: AsyncConnection, names: Iterable[str] = ()) -> dict[str, str]:
    """A fingerprint of each of these tables' rows, of all tables by default."""
    found, tables = {}, Base.metadata.tables
    for name in names or tables:
        rows = (await connection.execute(select(tables[name]).order_by(*tables[name].primary_key.columns))).all()
        found[name] = hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()
    return found
