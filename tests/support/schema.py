"""Databases with the hub's schema, made once by the migrations and then copied: a fresh one costs milliseconds."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import create_engine

from hub import migrate, models
from hub.db import driver_url
from hub.services import law_loading
from tests.support.postgres import Cluster

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


def make_schema(url: str) -> None:
    """Bring an empty database to the newest revision, with the rules that come with the hub."""
    if not VERSIONS.is_dir():
        engine = create_engine(driver_url(url, sync=True))
        models.Base.metadata.create_all(engine)
        engine.dispose()
        return
    migrate.upgrade(url)
    law_loading.load_into(url)


class SqliteSource:
    """Makes SQLite files with the schema."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        self._made = False

    def new_database(self, path: Path) -> str:
        if not self._made:
            make_schema(f"sqlite:///{self._template}")
            with sqlite3.connect(self._template) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            self._made = True
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"


class PostgresSource:
    """Makes PostgreSQL databases with the schema."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._template = ""

    def new_database(self) -> str:
        if not self._template:
            url = self._cluster.new_database()
            make_schema(url)
            self._template = url.rpartition("/")[2]
        return self._cluster.new_database(self._template)

    def drop(self, url: str) -> None:
        self._cluster.drop(url)
