"""A temporary PostgreSQL cluster on loopback, one per test run, with a fresh database for each test that asks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg

from tests.support import process
from tests.support.process import DidNotStart

REMEDY = "PostgreSQL 15 or later is needed: apt-get install postgresql (make test does it when it runs as root)"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # What the tests write is thrown away, so durability is the one thing they need not pay for.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    # What lies in memory (tools/run-tests) stays small.
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
}


def binaries() -> Path:
    """The newest installed server's programs. Debian keeps them out of PATH."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin/initdb") if path.parent.parent.name.isdigit()]
    if found:
        return max(found, key=lambda path: int(path.parent.parent.name)).parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise DidNotStart(REMEDY)


class Cluster:
    """One server. ``start`` and ``stop`` may be repeated: tests take the database away and bring it back."""

    def __init__(self, **settings: str) -> None:
        self._settings = SETTINGS | settings
        self._bin = binaries()
        self._home = Path(tempfile.mkdtemp(prefix="hub-pg-"))
        self._log = self._home / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._templates: dict[str, str] = {}
        self.port = process.free_port()
        # initdb refuses to run as root, so root lends the cluster to Debian's postgres user.
        if os.geteuid() == 0:
            shutil.chown(self._home, "postgres", "postgres")
        self._init()
        self.start()

    def _init(self) -> None:
        as_user = process.dying_with_us(user="postgres")
        command = [
            *as_user,
            self._bin / "initdb",
            "-D",
            self._home / "data",
            "-U",
            "hub",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        ]
        try:
            done = subprocess.run([*command, "--locale=C.UTF-8"], capture_output=True, check=False, cwd=self._home)
        except OSError as error:
            raise DidNotStart(f"{REMEDY} ({error})") from error
        if done.returncode != 0:
            raise DidNotStart(f"{REMEDY}\n{done.stderr.decode(errors='replace')}")

    def start(self) -> None:
        as_user = process.dying_with_us("QUIT", "postgres")
        arguments = [f"-c{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *as_user,
                    self._bin / "postgres",
                    "-D",
                    self._home / "data",
                    f"-p{self.port}",
                    f"-k{self._home}",
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
            )
        process.wait_until(self._answers, self._process, self._log, 90)

    def stop(self) -> None:
        """At once, cutting every connection, as a crash would."""
        if self._process is not None:
            process.stop(self._process, signal.SIGQUIT)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql://hub@127.0.0.1:{self.port}/{name}"

    def new_database(self, template: str = "template0") -> str:
        """A new database's URL. ``template`` is a database that nobody is connected to."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        # Copied as files it costs a fifth of what it costs through the write-ahead log; checkpoints are free here.
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def _answers(self) -> bool:
        try:
            self._run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=30) as connection:
            connection.execute(statement.encode())
