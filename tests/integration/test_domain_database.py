"""The database itself: instants keep their zone, and a database that is locked or away is said to be."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import StatementError

import hub.db
from hub import migrate
from hub.db import Database
from hub.errors import NotReady
from hub.models import AuditEvent, Counter
from hub.services import audit
from hub.services.counters import next_number
from tests.support.domain import make_world
from tests.support.postgres import Cluster

pytestmark = pytest.mark.asyncio
cut_connections = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)
"""psycopg complains of a connection that the server cut and that nobody could close any more; collected in the test."""


async def counted(database: Database) -> int:
    async with database.transaction() as db:
        return await next_number(db, "x")


def durable(cluster: Cluster) -> str:
    """A database that keeps what was committed when the server is cut off; the tests' others need not."""
    url = cluster.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on')
    migrate.upgrade(url)
    return url


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-12 * 60, 14 * 60))  # noqa: DTZ001
async def test_an_instant_comes_back_the_same_whatever_its_zone(sqlite_url, postgres_url, naive, offset_min):
    at = naive.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    for url in (sqlite_url, postgres_url):
        database = Database(url)
        async with database.transaction() as db:
            event = await audit.record(db, None, "test", "test", "1")
            event.at = at
        async with database.reading() as db:
            stored = (await db.execute(select(AuditEvent.at).where(AuditEvent.id == event.id))).scalar_one()
        await database.close()
        assert stored == at
        assert stored.tzinfo == UTC


async def test_an_instant_without_a_zone_is_refused(database):
    async def write() -> None:
        async with database.transaction() as db:
            event = await audit.record(db, None, "test", "test", "1")
            event.at = datetime(2026, 11, 23, 8, 30)  # noqa: DTZ001

    with pytest.raises(StatementError, match="needs a time zone"):
        await write()


async def test_an_error_rolls_everything_back(database):
    async def fail() -> None:
        async with database.transaction() as db:
            await next_number(db, "x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await counted(database) == 1


async def test_what_is_written_in_a_reading_transaction_is_not_kept_and_an_audit_event_refuses_it(database):
    async with database.reading() as db:
        assert await next_number(db, "x") == 1
        with pytest.raises(RuntimeError, match="would be lost"):
            await audit.record(db, None, "test", "test", "1")
    assert await counted(database) == 1


async def test_a_locked_sqlite_file_is_told_as_not_ready_and_nothing_is_half_saved(sqlite_url, monkeypatch):
    monkeypatch.setattr(hub.db, "BUSY_TIMEOUT_MS", 200)
    database = Database(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotReady, match="chưa được lưu"):
        await counted(database)
    async with database.reading() as db:  # pages that only read go on
        assert (await db.execute(select(Counter))).first() is None
    other.execute("ROLLBACK")
    other.close()
    assert await counted(database) == 1
    await database.close()


@cut_connections
async def test_a_postgresql_that_goes_away_is_told_and_used_again_when_it_is_back(own_postgres):
    database = Database(await asyncio.to_thread(durable, own_postgres))
    assert await counted(database) == 1
    await asyncio.to_thread(own_postgres.stop)
    for _ in range(2):
        with pytest.raises(NotReady):
            await counted(database)
        with pytest.raises(NotReady):
            await database.ping()
    await asyncio.to_thread(own_postgres.start)
    assert await counted(database) == 2
    await database.close()
    gc.collect()


@cut_connections
@pytest.mark.parametrize("seen", [True, False])
async def test_a_connection_that_postgresql_ended_is_replaced_before_anybody_needs_it(postgres_url, monkeypatch, seen):
    if not seen:  # a line that died without a word is found out by asking, once it lay idle
        monkeypatch.setattr(hub.db, "_has_arrived", lambda _connection: False)
        monkeypatch.setattr(hub.db, "TRUSTED_S", -1.0)
    database = Database(postgres_url)
    assert await counted(database) == 1
    with psycopg.connect(postgres_url, autocommit=True) as other:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert other.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}").fetchall() == [(True,)]
    assert await counted(database) == 2
    await database.close()
    gc.collect()


async def test_a_connection_in_use_is_not_asked_whether_it_lives_and_one_that_lay_idle_is(postgres_url, monkeypatch):
    database = Database(postgres_url)
    asked: list[object] = []
    monkeypatch.setattr(database.engine.dialect, "do_ping", asked.append)
    for _ in range(3):
        await counted(database)
    assert asked == []
    monkeypatch.setattr(hub.db, "TRUSTED_S", -1.0)
    await counted(database)
    assert len(asked) == 1
    await database.close()


@cut_connections
async def test_a_postgresql_that_goes_away_in_mid_transaction_keeps_nothing_of_it(own_postgres):
    database = Database(await asyncio.to_thread(durable, own_postgres))
    world = await make_world(database)

    async def cut_off() -> None:
        async with database.transaction() as db:
            await next_number(db, "x")
            await asyncio.to_thread(own_postgres.stop)
            await audit.record(db, world.actor("officer.XA1"), "test", "test", "1")

    with pytest.raises(NotReady):
        await cut_off()
    await asyncio.to_thread(own_postgres.start)
    assert await counted(database) == 1
    await database.close()
    gc.collect()
