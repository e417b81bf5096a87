"""``python -m tests.support.run_recorder``: the recorder alone, ended by SIGTERM or as ``DIE_AT`` says."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from hub import config as configuration
from hub.db import Database
from recorder import archive
from recorder.main import run
from recorder.store import open_store


async def main() -> None:
    config = configuration.load()
    database = Database(config.database)
    archive.FAULTY_AGAIN_S = 1  # tests do not wait a minute
    store = open_store(config)
    if how := os.environ.get("DIE_AT"):
        from tests.support import dying

        store = dying.install(how, store)
    task = asyncio.ensure_future(run(config, database, store))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
