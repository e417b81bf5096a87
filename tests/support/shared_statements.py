"""Statements compiled once per test process. A hub has one engine and compiles each of its statements once; a test
process opens an engine for every test, and without this a quarter of its work is compiling the same again.

Engines of one driver are made alike (``hub.db``), so what one compiled serves all of them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect

MOST = 5_000
"""More statements than the hub has: tests that make them up as they go do not fill memory."""
_compiled: dict[Any, Any] = {}


def share() -> None:
    """From now on, for every engine of this process."""
    # Dialects are part of what a compiled statement is found by.
    for kind in (SQLiteDialect_aiosqlite, SQLiteDialect_pysqlite, PGDialect_psycopg, PGDialectAsync_psycopg):
        vars_of: Any = kind
        vars_of.__eq__ = _alike
        vars_of.__hash__ = _by_kind
    event.listen(Engine, "engine_connect", _use_shared)


def _alike(one: DefaultDialect, other: object) -> bool:
    return type(one) is type(other)


def _by_kind(dialect: DefaultDialect) -> int:
    return hash(type(dialect))


def _use_shared(connection: Connection) -> None:
    if len(_compiled) > MOST:
        _compiled.clear()
    connection.execution_options(compiled_cache=_compiled)
