"""Commands on a hub's data: migrate, demo, backup, restore."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import DBAPIError

from hub import cli, key_rings, signing_keys
from hub import migrate as migrations
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError, HubError
from hub.services import backups, demo, denouncers, law_loading
from hub.services.demo import DemoSummary
from hub.services.identity import open_vault
from hub.supervisor import InstanceLock

T = TypeVar("T")


def migrate(config: Config) -> None:
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with told():
        before = migrations.current(config.database)
        migrations.upgrade(config.database)
        law_loading.load_into(config.database)
        with_database(config, lambda database: _into_the_vault(config, database))
    after = migrations.newest()
    cli.say("The database is up to date." if before == after else f"The database is now at revision {after}.")


async def _into_the_vault(config: Config, database: Database) -> int:
    vault = open_vault(config)
    return await denouncers.move_all(database, vault.ring, vault.unseal)


def rotate_denouncers(config: Config) -> None:
    """A new key for the denouncers' vault; the one before is destroyed."""

    async def renew(database: Database) -> int:
        vault = open_vault(config)
        return await denouncers.renew(database, vault.ring, vault.unseal)

    with told():
        done = with_database(config, renew)
        current = key_rings.denouncers(config).current()
    cli.say(f"Denouncers' key {current.id} is in use; {done} identities and documents were put under it.")
    if config.denouncer_keys:
        cli.say("The other keys of denouncer_keys open nothing any more and may be taken out of the settings.")
    else:
        cli.say("Older backups still hold the key before. Make a new backup now.")


def with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    """Work on the database of the settings, to the end."""

    async def main() -> T:
        database = Database(config.database)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(main())


def backup(config: Config, file: Path) -> None:
    with told(), _showing("Backing up") as progress:
        summary = backups.write(config, file, progress)
    cli.say(f"{file}: {_describe(summary)}. It holds the keys: keep it where only you can read it.")
    if "objects" not in backups.folders(config):
        cli.say("The objects are in S3 and are not in this file; back the bucket up by its own means.")


def restore(config: Config, file: Path) -> None:
    with told():
        lock = InstanceLock(config.run_dir)
        try:
            with _showing("Restoring") as progress:
                summary = backups.read(config, file, progress)
        finally:
            lock.release()
    cli.say(f"Restored {_describe(summary)}. Start the hub; everyone signs in again.")


def rotate_key(config: Config) -> None:
    with told():
        signing_keys.rotate(config)
    list_keys(config)


def list_keys(config: Config) -> None:
    with told():
        signing_keys.signing_key(config)
        for key in signing_keys.public_keys(config).values():
            until = f"until {key.until:%Y-%m-%d %H:%M}Z" if key.until else "in use"
            cli.say(f"{key.fingerprint}  since {key.since:%Y-%m-%d %H:%M}Z, {until}")


def load_demo(config: Config) -> None:
    with told():
        demo_loaded(config)
    cli.say("The demo province is loaded. Its accounts can sign in while the setting demo is on.")


def demo_loaded(config: Config) -> DemoSummary:
    """Put in what is missing of the demo province; what to tell a new user."""

    async def load(database: Database) -> DemoSummary:
        async with database.transaction() as db:
            return await demo.load(db, open_vault(config))

    return with_database(config, load)


@contextmanager
def told() -> Iterator[None]:
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


def _describe(summary: backups.Summary) -> str:
    return f"{sum(summary.rows.values())} rows, {summary.files} files, {megabytes(summary.size_bytes)}"


def megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
