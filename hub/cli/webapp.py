"""The web process's application: pages with the live side beside them, wired so that neither imports the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from aiohttp import web as http
from prometheus_client import CollectorRegistry

from hub.auth import Actor
from hub.cli.processes import open_store
from hub.config import Config
from hub.db import Database
from hub.errors import NotReady
from hub.i18n import Text
from hub.services import (
    antivirus,
    attachments,
    cases,
    conclusion_tasks,
    denouncers,
    dues,
    hearings,
    invitations,
    law_loading,
    people,
    search_building,
    series_changes,
)
from hub.services.identity import open_vault
from hub.services.mail_sending import Sender
from hub.services.reminding import Reminding
from signaling import app as signaling_app
from signaling.doors import Keeper
from signaling.live import Live
from web import translate
from web.app import Deps
from web.app import make_app as make_pages
from web.keys import ACTOR, SESSION
from web.security import SESSION_COOKIE, client_address, cookie

ASKED = http.RequestKey("actor_asked", bool)
HOUSEKEEPING_S = 3600.0
SCANNING_S = 60.0

log = structlog.get_logger(__name__)


def make_app(config: Config, database: Database, registry: CollectorRegistry) -> http.Application:
    """Raises ``ConfigError`` when the identity key or the object store's settings cannot be used."""
    vault = open_vault(config)
    live = Live(
        config,
        database,
        seats_for=hearings.seats_for,
        registry=registry,
        discreet=partial(hearings.require_discreet, database, vault),
    )
    keeper = Keeper(live)
    deps = Deps(
        config=config,
        database=database,
        store=open_store(config),
        vault=vault,
        live=live,
        registry=registry,
        doors=keeper,
    )
    app = make_pages(deps)
    signaling_app.add_routes(app, live, actor_of=partial(_actor_of, config, database), translate=speak)
    app.cleanup_ctx.append(_running(partial(_keep_house, deps), "housekeeping"))
    app.cleanup_ctx.append(_running(keeper.run, "doors"))
    app.cleanup_ctx.append(_running(partial(_scan_waiting, deps), "antivirus"))
    app.cleanup_ctx.append(_running(Sender(config, database, speak).run, "mail"))
    app.cleanup_ctx.append(_running(dues.Keeper(database).run, "dues"))
    app.cleanup_ctx.append(_running(Reminding(config, database).run, "reminders"))
    app.cleanup_ctx.append(_running(partial(search_building.build_when_missing, database), "search index"))
    return app


async def _actor_of(config: Config, database: Database, request: http.Request) -> Actor | None:
    """Asked again while a socket is open, so it reads the session anew; a hearing is use, so it prolongs it."""
    if (session := request.get(SESSION)) is not None and ASKED not in request:
        request[ASKED] = True  # the middleware has read it this instant
        return None if session.account.must_change_password else request[ACTOR]
    token = cookie(request, SESSION_COOKIE)
    if not token:
        return None
    async with database.reading() as db:
        found = await people.actor_for_token(db, token, client_address(request), allow_demo=config.demo)
    if found is None or found[1].account.must_change_password:
        return None
    try:
        await people.extend_session(database, config, found[1])
    except NotReady as error:
        log.warning("session not prolonged", fault=str(error))
    return found[0]


def speak(language: str, text: Text | str) -> str:
    return translate.catalogue(language).text(text)


def _running(
    work: Callable[[], Coroutine[Any, Any, None]], name: str
) -> Callable[[http.Application], AsyncIterator[None]]:
    """A ``cleanup_ctx``: ``work`` goes on as long as the application."""

    async def context(_app: http.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(work(), name=name)
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return context


async def _scan_waiting(deps: Deps) -> None:
    """Documents that came while the virus scanner was away."""
    scanner = antivirus.scanner(deps.config)
    while scanner is not None:
        try:
            await attachments.scan_pending(deps.database, deps.store, deps.vault, scanner)
        except NotReady as error:
            log.warning("scanning put off", fault=str(error))
        await asyncio.sleep(SCANNING_S)


async def _keep_house(deps: Deps) -> None:
    """At the start and once an hour: load rules that came with this release and move series off its new days off,
    remind of tomorrow's hearings, forget sessions that have ended, put into the denouncers' vault what is not under
    its key yet.
    """
    while True:
        try:
            async with deps.database.transaction() as db:
                await db.run_sync(law_loading.load)
                await series_changes.follow(db)
                await invitations.remind(db)
                await people.purge_expired_sessions(db)
                await conclusion_tasks.remind(db)
            await denouncers.move_all(deps.database, deps.vault.ring, deps.vault.unseal)
            await cases.seal_pending(deps.database, deps.store, deps.vault)
        except NotReady as error:
            log.warning("housekeeping put off", fault=str(error))
        await asyncio.sleep(HOUSEKEEPING_S)
