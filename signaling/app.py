"""Ties the live side to a web application: routes, and its background work from start to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog
from aiohttp import web

from signaling import probe, socket
from signaling.live import Live
from signaling.socket import ActorOf, Translate

log = structlog.get_logger(__name__)


def add_routes(app: web.Application, live: Live, *, actor_of: ActorOf, translate: Translate) -> None:
    """Everything: ``/ws/hearings/{hearing_id}``, ``/api/probe``, and ``live`` running as long as the application."""
    socket.add_routes(app, live, actor_of=actor_of, translate=translate)
    probe.add_routes(app, live, actor_of=actor_of, translate=translate)
    app.cleanup_ctx.append(running(live))


def running(live: Live) -> Callable[[web.Application], AsyncIterator[None]]:
    """A ``cleanup_ctx``: ``live`` runs between the application's start and its cleanup."""

    async def context(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(live.run(), name="live")
        task.add_done_callback(_tell_failure)
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return context


def _tell_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("the live side has stopped", exc_info=fault)
