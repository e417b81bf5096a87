"""The schema's history: from nothing to what the models say, on both databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.orm import Session

from hub import migrate
from hub.db import Database, driver_url
from hub.models import Base, LegalRule, SearchKind, UtcDateTime
from hub.services import cases, law_loading, search, search_building
from hub.services.search import Search
from tests.support.domain import make_world, new_case

ROOT = Path(__file__).parents[2]
BEFORE_SEARCH, BEFORE_RETENTION = "0017", "0033"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return request.getfixturevalue("empty_postgres_url")


def same_type(_context, _column, _metadata_column, _inspected, wanted):
    return False if isinstance(wanted, UtcDateTime) else None  # an instant is the database's own; its zone is ours


def ours(_object, name, kind, _reflected, _compare_to):
    """SQLite keeps the words of search in tables of its own making (FTS5), PostgreSQL in an index of its own kind."""
    return not (kind == "table" and name.startswith("search_fts")) and name != "ix_search_doc_tokens"


def test_an_upgrade_from_empty_gives_exactly_what_the_models_say(empty_url):
    assert migrate.current(empty_url) is None
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == migrate.newest()
    engine = create_engine(driver_url(empty_url, sync=True))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": same_type, "include_object": ours})
        assert compare_metadata(context, Base.metadata) == []
        tables = {name for name in inspect(connection).get_table_names() if not name.startswith("search_fts")}
        assert tables == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_an_upgrade_may_be_repeated(empty_url):
    for _ in range(2):
        migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == migrate.newest()


def test_two_nodes_that_upgrade_at_once_do_not_trip_over_each_other(empty_url):
    command = [sys.executable, "-c", "import sys; from hub import migrate; migrate.upgrade(sys.argv[1])", empty_url]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        _, problems = process.communicate(timeout=150)
        assert process.returncode == 0, problems
    assert migrate.current(empty_url) == migrate.newest()


def test_a_migration_names_nothing_that_may_change_later():
    for file in (ROOT / "migrations" / "versions").glob("[0-9]*.py"):
        assert "hub" not in file.read_text(), file.name


def test_a_migration_that_fails_half_way_leaves_no_table_behind(empty_url, monkeypatch):
    from alembic import op

    def fail(*_arguments, **_options):
        raise RuntimeError("half way")

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(RuntimeError, match="half way"):
        migrate.upgrade(empty_url)
    monkeypatch.undo()
    engine = create_engine(driver_url(empty_url, sync=True))
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    migrate.upgrade(empty_url)


def test_periods_of_keeping_go_over_into_the_rules_of_the_law_with_what_was_in_force_before(empty_url):
    migrate.upgrade(empty_url)
    command.downgrade(migrate.alembic_config(empty_url), BEFORE_RETENTION)
    engine = create_engine(driver_url(empty_url, sync=True))
    entered = [
        ("a" * 32, "complaint", 10, "2025-01-01", "2025-01-01 00:00"),
        ("b" * 32, "complaint", None, "2027-01-01", "2025-01-02 00:00"),
        ("c" * 32, "complaint", 20, "2025-01-01", "2025-01-03 00:00"),
    ]
    insert = text("INSERT INTO retention_rule VALUES (:a, :b, :c, 'Thông tư 1', :certain, :d, :e)")
    with engine.begin() as connection:
        for row in entered:
            connection.execute(insert, dict(zip("abcde", row, strict=True)) | {"certain": True})
    migrate.upgrade(empty_url)
    law_loading.load_into(empty_url)
    wanted = select(LegalRule).where(LegalRule.code == "retention_recording_complaint")
    with Session(engine) as session:
        rows = session.scalars(wanted.order_by(LegalRule.valid_from)).all()
        found = [(row.value, row.unit, str(row.valid_from), str(row.valid_to), row.certainty) for row in rows]
        assert rows[1].id == "c" * 32, "of two for one day the later counted; the history knows it by its id"
    engine.dispose()
    assert found == [
        (15, "years", "2000-01-01", "2024-12-31", "unverified"),
        (20, "years", "2025-01-01", "2026-12-31", "text"),
        (1, "forever", "2027-01-01", "None", "text"),
    ]


@pytest.mark.asyncio
async def test_the_search_index_goes_and_comes_back_on_a_filled_database(database_url):
    database = Database(database_url)
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.XA1"), new_case())
    await database.close()
    config = migrate.alembic_config(database_url)
    await asyncio.to_thread(command.downgrade, config, BEFORE_SEARCH)
    await asyncio.to_thread(migrate.upgrade, database_url)
    database = Database(database_url)
    assert not (await search_building.state(database)).built
    await search_building.build_when_missing(database)
    async with database.reading() as db:
        found = await search.find(db, world.vault, world.actor("officer.XA1"), SearchKind.CASE, Search(text="thu hoi"))
    assert [hit.object_id for hit in found.hits] == [case.id]
    await database.close()
