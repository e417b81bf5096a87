"""Commands of who keeps the archive: the keys of encrypted recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub import cli, master_keys
from hub.auth import command_line
from hub.cli.maintenance import told
from hub.config import Config
from hub.db import Database
from hub.services import recording_keys

T = TypeVar("T")


def rotate_master(config: Config) -> None:
    with told():
        done = _with_database(config, lambda database: recording_keys.renew_master(database, config))
        current = master_keys.current(config)
    cli.say(f"Master key {current.id} is in use; {done} recordings' keys were wrapped with it.")
    if config.master_keys:
        cli.say("The other keys of master_keys wrap nothing any more and may be taken out of the settings.")
    else:
        cli.say("Older backups still hold the key before. Make a new backup now.")


def show_key(config: Config, recording_id: str, reason: str) -> None:
    with told():
        key = _with_database(
            config, lambda database: recording_keys.hand_out(database, config, command_line(), recording_id, reason)
        )
    cli.say(key.hex())


def _with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    async def main() -> T:
        database = Database(config.database)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(main())
