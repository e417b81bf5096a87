"""A real media worker process for tests: ``python -m tests.support.media_worker DATA_DIR INDEX [ADDRESS…]``."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import uvloop

from hub.config import Config
from signaling.media.worker import run


async def until_told(config: Config, index: int) -> None:
    """As ``hub run-worker`` does: SIGTERM cancels, and the worker ends cleanly."""
    working = asyncio.ensure_future(run(config, index))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    with suppress(asyncio.CancelledError):
        await working


if __name__ == "__main__":
    settings = Config(data_dir=Path(sys.argv[1]), http_port=0, media_addresses=tuple(sys.argv[3:]))
    uvloop.run(until_told(settings, int(sys.argv[2])))
