"""``hub search``: build the index again, and say whether it is whole."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub import cli
from hub.cli.maintenance import told
from hub.config import Config
from hub.db import Database
from hub.services import search_building
from hub.services.search_building import State


def rebuild(config: Config) -> None:
    """With a bar on a terminal; the hub may run meanwhile."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with told(), Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Search index", total=None)
        done = asyncio.run(_rebuild(config, lambda count, total: bar.update(task, completed=count, total=total)))
    cli.say(f"The search index holds {done} cases and hearings.")


async def _rebuild(config: Config, progress: search_building.Progress) -> int:
    database = Database(config.database)
    try:
        return await search_building.rebuild(database, progress)
    finally:
        await database.close()


def check(config: Config) -> bool:
    """Whether everything is in the index; says what is missing."""
    with told():
        found = asyncio.run(_state(config))
    cli.say(f"{found.indexed_cases} of {found.cases} cases, {found.indexed_hearings} of {found.hearings} hearings.")
    if not found.sound:
        cli.say("The search index is not whole; run: hub search rebuild")
    return found.sound


async def _state(config: Config) -> State:
    database = Database(config.database)
    try:
        return await search_building.state(database)
    finally:
        await database.close()
