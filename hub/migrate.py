"""Bringing a database to a revision of the schema, with the migrations that are installed beside us."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from hub.db import driver_url


def alembic_config(url: str) -> AlembicConfig:
    """What ``migrations/env.py`` reads. ``url`` is without a driver, as everywhere."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(files("migrations")))
    # ConfigParser would take a percent sign in a password for an interpolation.
    config.set_main_option("sqlalchemy.url", driver_url(url, sync=True).replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Blocks. The old code must still run on the new schema: a migration comes before its release is started."""
    command.upgrade(alembic_config(url), revision)


def newest() -> str | None:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head()


def current(url: str) -> str | None:
    """The database's revision; None for an empty database. Raises SQLAlchemy's errors when it cannot be reached."""
    engine = create_engine(driver_url(url, sync=True))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
