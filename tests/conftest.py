"""What every test may ask for.

``config``        a Config with a data directory of its own (short: Unix socket paths are limited to 107 bytes)
``database``      an open ``hub.db.Database`` with the schema; the test runs on SQLite and again on PostgreSQL
``database_url``  the same without opening it
``sqlite_url``, ``postgres_url``   one kind only;  ``empty_postgres_url``  without the schema
``postgres``      the running cluster;  ``own_postgres``  one for this test alone, to stop and start
``s3``            a running S3 server (``tests.support.seaweed``)
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub import calendar
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from tests.support import moved_clock, shared_statements
from tests.support.fault_world import places, tally
from tests.support.postgres import Cluster
from tests.support.schema import PostgresSource, SqliteSource
from tests.support.seaweed import S3Server

__all__ = ["places", "tally"]

shared_statements.share()
moved_clock.move_as_asked()
DAY_OF_THE_RUN = calendar.local_day(utc_now())
WHOLE = frozenset({"alone", "media", "faults", "e2e"})
"""Whole hubs, media and browsers."""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hub-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def config(data_dir: Path) -> Config:
    (data_dir / "run").mkdir()
    return Config(data_dir=data_dir, http_port=0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def own_postgres() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def _sqlite_source(tmp_path_factory: pytest.TempPathFactory) -> SqliteSource:
    return SqliteSource(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def _postgres_source(postgres: Cluster) -> PostgresSource:
    return PostgresSource(postgres)


@pytest.fixture
def sqlite_url(_sqlite_source: SqliteSource, data_dir: Path) -> str:
    return _sqlite_source.new_database(data_dir / "hub.db")


@pytest.fixture
def postgres_url(_postgres_source: PostgresSource) -> Iterator[str]:
    url = _postgres_source.new_database()
    yield url
    _postgres_source.drop(url)


@pytest.fixture
def empty_postgres_url(postgres: Cluster) -> Iterator[str]:
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What times real media comes first, the longest before all: processes that share the tests then have it one after
    the other, and none begins it when the others have done."""
    marked = {item: {mark.name for mark in item.iter_markers()} for item in items}
    items.sort(key=lambda item: ("slow" not in marked[item], marked[item].isdisjoint(WHOLE)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Modules ask once what day it is: when midnight comes in mid-run, what is left runs late that evening. Not so what
    speaks to other programs: their clocks go on."""
    others = WHOLE | {"real_clock"}
    if calendar.local_day(utc_now()) == DAY_OF_THE_RUN or any(item.get_closest_marker(name) for name in others):
        return (yield)
    with moved_clock.back_in_the_evening():
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """The table of the fault matrix: what each fault cost (``tests.support.fault_world``); not beside failures."""
    if exitstatus:
        return
    # Rows are complete when the test's fixtures end: the report of a teardown that passed has no category.
    reports = [*terminalreporter.stats.get("", ()), *terminalreporter.stats.get("error", ())]
    found = {row for report in reports for name, row in getattr(report, "user_properties", ()) if name == "fault"}
    rows = [json.loads(row) for row in found]
    if rows:
        terminalreporter.section("faults")
        heads = ("runs", "items sent", "s missing at most", "gaps listed", "corrupt")
        terminalreporter.write_line(f"{'fault':58}" + "".join(f"{head:>19}" for head in heads))
        for fault, *figures in sorted(rows):
            terminalreporter.write_line(f"{fault:58}" + "".join(f"{figure:>19}" for figure in figures))
