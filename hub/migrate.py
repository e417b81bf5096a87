"""Bringing a database to a revision of the schema, with the migrations that are installed beside us.

Alembic is loaded only when there is something to do: every start asks for the revision, few change it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, text

from hub.db import driver_url

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

HEAD = "head"


def alembic_config(url: str) -> AlembicConfig:
    """What ``migrations/env.py`` reads. ``url`` is without a driver, as everywhere."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    # ConfigParser would take a percent sign in a password for an interpolation.
    config.set_main_option("sqlalchemy.url", driver_url(url, sync=True).replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = HEAD) -> None:
    """Blocks. The old code must still run on the new schema: a migration comes before its release is started."""
    if revision == HEAD and current(url) == newest():
        return
    from alembic import command

    command.upgrade(alembic_config(url), revision)


def newest() -> str:
    """The revision that this code expects: the history is one line, and a file's name begins with its revision."""
    names = (file.name for file in files("migrations").joinpath("versions").iterdir())
    return max(name.partition("_")[0] for name in names if name[0].isdigit())


def current(url: str) -> str | None:
    """The database's revision; None for an empty database. Raises SQLAlchemy's errors when it cannot be reached."""
    engine = create_engine(driver_url(url, sync=True))
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()
