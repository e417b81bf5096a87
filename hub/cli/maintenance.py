"""Commands on a hub's data: migrate, demo, backup, restore, verify."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from sqlalchemy.exc import DBAPIError

from hub import cli, keys
from hub import migrate as migrations
from hub.auth import command_line
from hub.cli.processes import open_store
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError, HubError
from hub.services import backups, demo, verification
from hub.services.demo import DemoSummary
from hub.services.identity import Vault
from hub.supervisor import InstanceLock


def migrate(config: Config) -> None:
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _told():
        before = migrations.current(config.database)
        migrations.upgrade(config.database)
    after = migrations.newest()
    cli.say("The database is up to date." if before == after else f"The database is now at revision {after}.")


def backup(config: Config, file: Path) -> None:
    with _told(), _showing("Backing up") as progress:
        summary = backups.write(config, file, progress)
    cli.say(f"{file}: {_describe(summary)}. It holds the keys: keep it where only you can read it.")
    if "objects" not in backups.folders(config):
        cli.say("The objects are in S3 and are not in this file; back the bucket up by its own means.")


def restore(config: Config, file: Path) -> None:
    with _told():
        lock = InstanceLock(config.run_dir)
        try:
            with _showing("Restoring") as progress:
                summary = backups.read(config, file, progress)
        finally:
            lock.release()
    cli.say(f"Restored {_describe(summary)}. Start the hub; everyone signs in again.")


def verify(config: Config, recording_id: str, *, as_json: bool) -> int:
    """0 when everything is there and right, 1 otherwise."""

    async def main() -> int:
        database = Database(config.database)
        try:
            with _reading(quiet=as_json) as progress:
                report = await verification.verify_as(
                    database, open_store(config), command_line(), recording_id, progress
                )
        finally:
            await database.close()
        faults = [{"kind": fault.kind, "key": fault.key, "detail": fault.detail} for fault in report.faults]
        if as_json:
            body = {"ok": report.ok, "bytes_read": report.bytes_read, "faults": faults}
            cli.say(json.dumps(body, ensure_ascii=False))
            return 0 if report.ok else 1
        for fault in report.faults:
            cli.say(f"  {fault.kind} {fault.key}: {fault.detail}")
        verdict = "whole and unaltered" if report.ok else f"{len(report.faults)} faults"
        cli.say(f"{recording_id}: {verdict}, {report.objects} objects, {_megabytes(report.bytes_read)} read.")
        return 0 if report.ok else 1

    with _told():
        return asyncio.run(main())


def load_demo(config: Config) -> None:
    with _told():
        demo_loaded(config)
    cli.say("The demo province is loaded. Its accounts can sign in while the setting demo is on.")


def demo_loaded(config: Config) -> DemoSummary:
    """Put in what is missing of the demo province; what to tell a new user."""

    async def main() -> DemoSummary:
        database = Database(config.database)
        try:
            async with database.transaction() as db:
                return await demo.load(db, Vault(keys.identity_key(config)))
        finally:
            await database.close()

    return asyncio.run(main())


@contextmanager
def _told() -> Iterator[None]:
    """A fault meant for people ends the command with its text and status 1, without a traceback."""
    try:
        yield
    except ConfigError as error:
        cli.fail(error.faults)
    except HubError as error:
        cli.fail([cli.in_words(error.text)], status=1)
    except DBAPIError as error:
        cli.fail([f"the database does not answer: {error.orig}"], status=1)


@contextmanager
def _showing(what: str, *, quiet: bool = False) -> Iterator[backups.Progress]:
    """A line on standard error that says what is being worked on, when somebody is watching."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda name: progress.update(task, description=f"{what} {name}")


@contextmanager
def _reading(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar for (bytes read, bytes in all)."""
    console = Console(stderr=True)
    columns = (TextColumn("Reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("Reading", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _describe(summary: backups.Summary) -> str:
    return f"{sum(summary.rows.values())} rows, {summary.files} files, {_megabytes(summary.size_bytes)}"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
