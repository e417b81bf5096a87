"""For machines: is the process alive, can it serve, what does it measure; and for robots: nothing to see."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

from aiohttp import web as http
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from hub.auth import Action, may_somewhere
from hub.errors import Forbidden, NotReady
from hub.i18n import N_
from hub.services import reconciliation
from web import view
from web.archive_metrics import ARCHIVE_METRICS
from web.keys import ACTOR, deps
from web.security import client_address

routes = http.RouteTableDef()

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#0f3566"/>'
    '<path d="M4 23h24M8 23V9M24 23V9M8 9c2.7 6.7 6 9.3 8 9.3s5.3-2.6 8-9.3M12.5 17v6M16 18.5V23M19.5 17v6"'
    ' fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


@routes.get("/healthz")
async def alive(_request: http.Request) -> http.Response:
    """The process answers. Nothing else is asked, so that a slow database never gets it killed."""
    return http.Response(text="ok\n")


@routes.get("/readyz")
async def ready(request: http.Request) -> http.Response:
    """200 when hearings can be held now, else 503; each part by name, without any detail of people."""
    parts = {"database": await _database_answers(request)}
    live = deps(request).live
    if live is not None:
        recorder = live.recorder()
        parts["recorder"] = recorder.connected and recorder.ready
        for worker in live.workers():
            parts[f"worker-{worker.index}"] = worker.connected
    good = all(parts.values())
    return view.json({"ready": good, "parts": parts}, status=200 if good else 503)


async def _database_answers(request: http.Request) -> bool:
    try:
        await deps(request).database.ping()
    except NotReady:
        return False
    return True


@routes.get("/metrics")
async def metrics(request: http.Request) -> http.Response:
    """For a collector on this machine, or the browser of who may watch the help desk."""
    actor = request.get(ACTOR)
    if not _loopback(client_address(request)) and not (actor and may_somewhere(actor, Action.WATCH_HELP_DESK)):
        raise Forbidden(N_("Chỉ máy chủ này, quản trị viên và kỹ thuật viên được xem số đo."))
    await _show_archive(request)
    body = generate_latest(deps(request).registry)
    return http.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _show_archive(request: http.Request) -> None:
    with suppress(NotReady):  # the other figures matter most when the database is away
        async with deps(request).database.reading() as db:
            last = await reconciliation.last(db)
        if last is not None:
            request.app[ARCHIVE_METRICS].show(last)


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@routes.get("/robots.txt")
async def robots(_request: http.Request) -> http.Response:
    return http.Response(text="User-agent: *\nDisallow: /\n")


@routes.get("/favicon.svg")
async def favicon(_request: http.Request) -> http.Response:
    return http.Response(text=FAVICON, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
