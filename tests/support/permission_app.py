"""The whole web application, pages and live side, over a ``PermissionWorld``; no request leaves anything behind."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import aiohttp
from aiohttp import web as http
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.config import Config
from hub.ids import utc_now
from hub.models import Account, Role, RoleGrant, SignInSession
from hub.services import hearings
from hub.services.sign_in import digest
from recorder.directory_store import DirectoryStore
from signaling import probe, socket
from signaling.live import Live
from tests.support.pages import StillLive
from tests.support.permission_world import PARTIES, RELATIONS, PermissionWorld, make_permission_world
from tests.support.protected import require_protected
from tests.support.undoing import UndoingDatabase, contents
from web import translate
from web.app import Deps, make_app
from web.keys import ACTOR, DEPS, SESSION
from web.security import SESSION_COOKIE
from web.verifying import VERIFYING

CSRF = "the-token-of-every-session-here"
FORM = {"csrf_token": CSRF}


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    location: str
    changed: frozenset[str]
    """Tables that were not the same afterwards."""

    @property
    def told(self) -> str:
        """What a person can learn from it: all but the request's own number, and what was asked for."""
        return re.sub(r"[0-9a-f]{32}", "…", self.body)


@dataclass
class Matrix:
    app: http.Application
    server: TestServer
    database: UndoingDatabase
    made: PermissionWorld
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, who: str, method: str, path: str, fields: Mapping[str, str] | None = None, *, csrf: bool = True
    ) -> Answer:
        """One request, undone afterwards."""
        headers = {"Accept": "application/json"}
        if who in self.tokens:
            headers["Cookie"] = f"{SESSION_COOKIE}={self.tokens[who]}"
        if path.startswith("/api/"):
            headers |= {"X-CSRF-Token": CSRF} if csrf else {}
            sent = {"json": dict(fields or {})} if method == "POST" else {}
        else:
            sent = {"data": (FORM if csrf else {}) | dict(fields or {})} if method == "POST" else {}
        async with self.database.undone() as connection:
            url = self.server.make_url(path)
            async with self.session.request(method, url, headers=headers, allow_redirects=False, **sent) as answer:  # type: ignore[arg-type]
                body = (await answer.read()).decode(errors="replace")
                require_protected(answer.headers, path)
            await self.app[VERIFYING].stop()  # begun by who may; it would go on after all is undone
            written, changed = set(self.database.written), frozenset[str]()
            if written:
                now = await contents(connection, written)
                changed = frozenset(name for name in now if now[name] != self.before[name])
        return Answer(answer.status, body, answer.headers.get("Location", ""), changed)

    async def crowd(self, of: Iterable[str]) -> str:
        """One person who holds the roles of all of these people, each over its own unit: what none of them may do,
        the one cannot either."""
        chosen = sorted(name for name in of if "." in name and name not in PARTIES)
        name = " ".join(chosen)
        if name not in self.tokens:
            units = self.made.world.units
            pairs = (one.split(".") for one in chosen)
            held = ((Role(role), units[RELATIONS[relation]].id) for role, relation in pairs)
            one = Account(
                username=f"crowd{len(self.tokens)}",
                full_name="Nhiều người",
                unit_id=units["TINH2"].id,
                password_hash="!",
                grants=[RoleGrant(role=role, unit_id=unit_id) for role, unit_id in held],
            )
            async with self.database.transaction() as db:
                db.add(one)
                await db.flush()
                self._session(db, name, one.id)
            await self.look()
        return name

    def _session(self, db: AsyncSession, name: str, account_id: str) -> None:
        """Signed in, without the work of a password, for so long that no request prolongs it."""
        self.tokens[name] = secrets.token_urlsafe(16)
        hours = self.app[DEPS].config.session_hours + 1
        session = SignInSession(
            token_sha256=digest(self.tokens[name]),
            account_id=account_id,
            csrf_token=CSRF,
            expires_at=utc_now() + timedelta(hours=hours),
        )
        db.add(session)

    async def look(self) -> None:
        async with self.database.undone() as connection:
            self.before = await contents(connection)


@asynccontextmanager
async def running_matrix(config: Config, url: str) -> AsyncIterator[Matrix]:
    database = UndoingDatabase(url)
    made = await make_permission_world(database)
    config = replace(config, demo=True)
    (config.data_dir / "objects").mkdir(exist_ok=True)
    registry = CollectorRegistry()
    deps = Deps(
        config=config,
        database=database,
        store=DirectoryStore(config.data_dir / "objects"),
        vault=made.world.vault,
        live=StillLive(),
        registry=registry,
    )
    app = make_app(deps)
    _add_live_side(app, Live(config, database, seats_for=hearings.seats_for, registry=registry))
    server = TestServer(app)
    await server.start_server()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        matrix = Matrix(app, server, database, made, session)
        await _sign_in(matrix)
        await matrix.look()
        try:
            yield matrix
        finally:
            await server.close()
            await database.close()


def _add_live_side(app: http.Application, live: Live) -> None:
    """Its addresses only: nothing is live here."""

    async def actor_of(request: http.Request) -> Actor | None:
        session = request.get(SESSION)
        return None if session is None or session.account.must_change_password else request[ACTOR]

    def speak(language: str, text: object) -> str:
        return translate.catalogue(language).text(text)  # type: ignore[arg-type]

    socket.add_routes(app, live, actor_of=actor_of, translate=speak)
    probe.add_routes(app, live, actor_of=actor_of, translate=speak)


async def _sign_in(matrix: Matrix) -> None:
    async with matrix.database.transaction() as db:
        for name, one in matrix.made.accounts.items():
            matrix._session(db, name, one.id)
