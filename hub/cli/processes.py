"""The three kinds of child process: what each is made of, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
import uvloop

from hub import cli, logs, memory, supervisor
from hub.config import Config
from hub.errors import ConfigError
from hub.services.store import ObjectStore

# Each kind imports what it is made of when it starts: a worker that was killed is back before it is missed.

log = structlog.get_logger(__name__)

WEB_SHUTDOWN_S = 5.0


Main = Callable[[Config], Awaitable[None]]


def run(name: str, parent: int, gate_fd: int, main: Main) -> None:
    """Run a child until SIGTERM, then let it end cleanly: its coroutine is cancelled and cleans up in ``finally``.

    By now its code is loaded; it begins when the supervisor opens the gate.
    """
    if parent:
        supervisor.die_with_parent(parent)
    memory.keep_private()
    config = cli.load_config(cli.environment(None))
    logs.set_up(config, name)
    if gate_fd >= 0:
        supervisor.pass_gate(gate_fd)
    memory.settle()
    try:
        uvloop.run(_until_told(main(config)))
    except ConfigError as error:
        cli.fail(error.faults)


async def _until_told(main: Awaitable[None]) -> None:
    task = asyncio.ensure_future(main)
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def web(listen_fd: int) -> Main:
    """Pages and signaling on the supervisor's listening socket."""
    from aiohttp.web import AppRunner, SockSite
    from prometheus_client import REGISTRY

    from hub import net, tls
    from hub.cli.webapp import make_app
    from hub.db import Database

    async def main(config: Config) -> None:
        files = tls.certificate_files(config, net.tls_names(config)) if config.https else None
        database = Database(config.database)
        listening = socket.socket(fileno=listen_fd)
        # Our own middleware logs requests, without addresses and queries.
        runner = AppRunner(make_app(config, database, REGISTRY), access_log=None, shutdown_timeout=WEB_SHUTDOWN_S)
        try:
            await runner.setup()
            await SockSite(runner, listening, ssl_context=tls.server_context(files) if files else None).start()
            log.info("serving", port=listening.getsockname()[1], https=bool(files))
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
            await database.close()

    return main


def worker(index: int) -> Main:
    from signaling.media import worker as media_worker

    return lambda config: media_worker.run(config, index)


def recorder() -> Main:
    from hub.db import Database
    from recorder import main as recorder_main

    async def main(config: Config) -> None:
        database = Database(config.database)
        try:
            await recorder_main.run(config, database, open_store(config))
        finally:
            await database.close()

    return main


def open_store(config: Config) -> ObjectStore:
    from recorder.store import open_store as open_configured

    return open_configured(config)
