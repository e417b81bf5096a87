"""Verifications that were asked for on a page: hours of recording take minutes to read, so they go on by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import structlog
from aiohttp import web as http

from hub.auth import Actor
from hub.errors import HubError
from hub.services import verification
from web.keys import Deps

log = structlog.get_logger(__name__)


class Progress(msgspec.Struct, frozen=True):
    """``bytes_total`` is 0 until it is known; ``failed`` is set when the last one could not come to its end."""

    running: bool = False
    bytes_read: int = 0
    bytes_total: int = 0
    failed: bool = False


class Stopped(Exception):
    """The application ends."""


@dataclass(slots=True)
class _Run:
    bytes_read: int = 0
    bytes_total: int = 0
    failed: bool = False
    task: asyncio.Task[None] | None = None


class Verifying:
    """One verification at a time, so that pages and hearings stay quick; the others wait for their turn."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._turn = asyncio.Semaphore(1)
        self._stopping = False

    def start(self, deps: Deps, actor: Actor, recording_id: str, reason: str) -> None:
        """Begin, unless it is under way already. Whoever calls has asked for the permission."""
        if self.progress(recording_id).running:
            return
        run = self._runs[recording_id] = _Run()
        run.task = asyncio.create_task(self._verify(run, deps, actor, recording_id, reason), name="verification")

    def progress(self, recording_id: str) -> Progress:
        run = self._runs.get(recording_id)
        if run is None:
            return Progress()
        running = run.task is not None and not run.task.done()
        return Progress(running, run.bytes_read, run.bytes_total, run.failed)

    async def _verify(self, run: _Run, deps: Deps, actor: Actor, recording_id: str, reason: str) -> None:
        def read(done: int, total: int) -> None:
            if self._stopping:
                raise Stopped
            run.bytes_read, run.bytes_total = done, total

        try:
            async with self._turn:
                trusted = await asyncio.to_thread(verification.trust, deps.config)
                await verification.verify_as(
                    deps.database, deps.store, trusted, actor, recording_id, reason, progress=read
                )
            self._runs.pop(recording_id, None)
        except Stopped:
            pass
        except HubError as error:
            run.failed = True
            log.warning("verification failed", recording=recording_id, why=str(error))
        except Exception:
            run.failed = True
            log.exception("verification failed", recording=recording_id)

    async def stop(self) -> None:
        """Reading ends at the next megabyte; nothing is written about it."""
        self._stopping = True
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


VERIFYING: http.AppKey[Verifying] = http.AppKey("verifying")


async def context(app: http.Application) -> AsyncIterator[None]:
    """A ``cleanup_ctx``."""
    yield
    await app[VERIFYING].stop()
