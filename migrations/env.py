"""Runs the migrations on the database that ``hub.migrate.alembic_config`` names. One process at a time does it."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine, text

from hub.models import Base, UtcDateTime

LOCK = 7_210_042
"""Of pg_advisory_lock: several nodes may start at once on one PostgreSQL."""


def run() -> None:
    config = context.config
    engine = create_engine(config.get_main_option("sqlalchemy.url") or "")
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                _run_on_postgresql(connection)
            else:
                _run_on_sqlite(connection)
    finally:
        engine.dispose()


def _run_on_postgresql(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.commit()
    try:
        _migrate(connection)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        connection.commit()


def _run_on_sqlite(connection: Connection) -> None:
    """In one transaction from before the first look: a second process waits, and a failure leaves nothing behind."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.isolation_level = None
    connection.exec_driver_sql("PRAGMA busy_timeout=60000")
    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        _migrate(connection)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_item=_render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A migration names no type of ours: it must mean the same after the type has changed."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


run()
