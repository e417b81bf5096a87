"""The engine and its transactions: ``async with database.transaction() as db`` commits, or rolls back on an error.

SQLite with several processes loses increments silently when a transaction reads before it takes the write lock,
so every writing transaction begins with ``BEGIN IMMEDIATE`` there (measured: 60 of 80 increments lost without it).
"""

from __future__ import annotations

import select
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from hub import due_session  # noqa: F401 - hooks its own into the session
from hub.errors import NotReady
from hub.i18n import N_
from hub.models.base import Base
from hub.search_session import IndexingSession

BUSY_TIMEOUT_MS = 10_000
TRUSTED_S = 5.0
"""So long after its last use a connection on which nothing has arrived is taken for alive."""
READS_ONLY = "reads_only"
"""Of ``AsyncSession.info``: nothing written here is kept, so what must be kept refuses to be written."""
EVEN_IF_UNDONE = "even_if_undone"
"""Of ``AsyncSession.info``: makers of rows that are written even when everything else is rolled back."""


class Database:
    """One per process. ``url`` is a SQLAlchemy URL without a driver: ``sqlite:///var/hub.db`` or ``postgresql://…``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _make_engine(url)
        self._sessions = async_sessionmaker(self.engine, sync_session_class=IndexingSession, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that may write. Returning commits, raising rolls back.

        Raises ``NotReady`` when the database cannot be reached or stays locked.
        """
        async with self._session("IMMEDIATE") as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads: takes no write lock on SQLite. Nothing it changes is kept."""
        async with self._session("DEFERRED", commit=False) as session:
            yield session

    @asynccontextmanager
    async def _session(self, mode: str, *, commit: bool = True) -> AsyncIterator[AsyncSession]:
        try:
            async with self._sessions() as session:
                session.info[READS_ONLY] = not commit
                await session.connection(execution_options={"sqlite_begin": mode})
                try:
                    yield session
                except BaseException:
                    await session.rollback()
                    await self._keep(session.info.pop(EVEN_IF_UNDONE, []))
                    raise
                if commit:
                    await session.commit()
        except OperationalError as error:
            raise NotReady(N_("Cơ sở dữ liệu chưa sẵn sàng. Dữ liệu bạn nhập chưa được lưu; hãy thử lại.")) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise NotReady(
                    N_("Cơ sở dữ liệu chưa sẵn sàng. Dữ liệu bạn nhập chưa được lưu; hãy thử lại.")
                ) from error
            raise

    async def _keep(self, makers: Sequence[Callable[[], Base]]) -> None:
        if not makers:
            return
        async with self._sessions() as session:
            await session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            session.add_all([make() for make in makers])
            await session.commit()

    async def ping(self) -> None:
        """Raise ``NotReady`` unless the database answers."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def forget_overwritten(self) -> None:
        """Take what rows held before out of SQLite's write-ahead log. While somebody reads an old state, some stays
        until the next time. PostgreSQL's own vacuum and log are its administrator's.
        """
        if self.engine.dialect.name != "sqlite":
            return
        async with self.engine.connect() as connection:
            await connection.execution_options(sqlite_begin="DEFERRED")
            await connection.exec_driver_sql("ROLLBACK")  # a checkpoint runs outside any transaction
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def connection(self) -> AsyncConnection:
        return await self.engine.connect()

    async def close(self) -> None:
        await self.engine.dispose()


def driver_url(url: str, *, sync: bool = False) -> str:
    """The URL with the driver we use: psycopg 3 for both worlds, aiosqlite or the standard library's sqlite3."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite" if sync else "sqlite+aiosqlite").render_as_string(hide_password=False)
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _make_engine(url: str) -> AsyncEngine:
    """``hide_parameters``: an error's text reaches the log, and what was being written may be a citizen's."""
    if make_url(url).get_backend_name() != "sqlite":
        return _make_postgresql(url)
    return _make_sqlite(url)


def _make_postgresql(url: str) -> AsyncEngine:
    engine = create_async_engine(driver_url(url), connect_args={"connect_timeout": 5}, hide_parameters=True)
    dialect = engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def _on_checkin(_connection: object, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _proxy: object) -> None:
        # Asking each time (``pool_pre_ping``) is a round trip more before each question. A server that ends a
        # connection says so on it, which is to be seen without asking; only what lay idle may have died silently.
        used_at = record.info.get("used_at", time.monotonic())
        try:
            if time.monotonic() - used_at > TRUSTED_S or _has_arrived(connection):
                dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        # Our questions take milliseconds: compiling one, or starting processes for it, costs more than it saves, and
        # takes processors from the hearings.
        cursor = connection.cursor()
        cursor.execute("SET jit = off")
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.close()
        connection.commit()

    return engine


def _has_arrived(connection: Any) -> bool:
    """Whether the server has said something unasked: most often that it is going."""
    poll = select.poll()
    poll.register(connection.driver_connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _make_sqlite(url: str) -> AsyncEngine:
    engine = create_async_engine(
        driver_url(url), connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin by itself; we do, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # what was taken out of a row leaves no trace in its page
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
