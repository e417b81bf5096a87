"""The real web application on SQLite with the demo province, and people who use it as a browser does."""

from __future__ import annotations

import io
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
from aiohttp import web as http
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.models import Account, SignInSession
from hub.services import demo
from hub.services.identity import Vault
from hub.services.live import HearingLive, RecorderLive, WorkerLive
from hub.services.sign_in import digest
from recorder.directory_store import DirectoryStore
from tests.support.domain import RING
from tests.support.protected import require_protected
from tests.support.schema import make_schema
from web.app import Deps, make_app
from web.security import SESSION_COOKIE

VAULT_KEY = b"0123456789abcdef0123456789abcdef"
PASSWORD = demo.PASSWORD
_template: Path | None = None


class StillLive:
    """A live side in which nothing moves: the recorder is ready, one worker runs, nobody is connected."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.connected = True

    def hearing(self, hearing_id: str) -> HearingLive | None:
        return None

    def recorder(self) -> RecorderLive:
        return RecorderLive(
            connected=self.connected,
            ready=self.connected,
            reason=None,
            spool_free_bytes=10**10,
            warns=False,
            store_reachable=True,
            segments_waiting=0,
            oldest_waiting_s=0.0,
        )

    def workers(self) -> list[WorkerLive]:
        return [
            WorkerLive(
                index=0,
                connected=True,
                udp_port=40_000,
                addresses=("192.0.2.1",),
                hearings=0,
                packets_in=0,
                packets_out=0,
                tap_connected=True,
                load=0.25,
                draining=False,
                picture_level=0,
                dropped=0,
            )
        ]

    def account_changed(self, account_id: str) -> None:
        self.told.append(account_id)

    async def booking_changed(self, hearing_id: str) -> None:
        self.told.append(hearing_id)

    def minutes_changed(self, hearing_id: str) -> None:
        self.told.append(hearing_id)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    body: bytes
    headers: Mapping[str, str]
    path: str
    """Where a redirect points to, or where the answer came from."""

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


class Browser:
    """Keeps cookies, follows no redirect by itself, and sends the CSRF token of the page it last saw."""

    def __init__(self, server: TestServer) -> None:
        self._server = server
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.csrf = ""

    async def get(self, path: str, **kwargs: object) -> Answer:
        return await self._ask("GET", path, **kwargs)

    async def post(
        self, path: str, fields: Sequence[tuple[str, str]] | dict[str, str] = (), *, csrf: str | None = None
    ) -> Answer:
        """A form. ``csrf`` replaces the token; the empty text sends none."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        token = self.csrf if csrf is None else csrf
        return await self._ask("POST", path, data=[("csrf_token", token), *pairs] if token else pairs)

    async def send_json(self, path: str, body: object) -> Answer:
        return await self._ask("POST", path, json=body, headers={"X-CSRF-Token": self.csrf})

    async def upload(self, path: str, name: str, data: bytes, *, csrf: str | None = None) -> Answer:
        form = aiohttp.FormData(quote_fields=False)  # as browsers do
        token = self.csrf if csrf is None else csrf
        if token:
            form.add_field("csrf_token", token)
        form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
        return await self._ask("POST", path, data=form)

    async def sign_in(self, username: str, password: str = PASSWORD) -> Answer:
        await self.get("/sign-in")
        answer = await self.post("/sign-in", {"username": username, "password": password})
        if answer.status == 303:
            await self.get("/account")  # for the session's own token
        return answer

    async def _ask(self, method: str, path: str, **kwargs: object) -> Answer:
        url = self._server.make_url("/").join(aiohttp.client.URL(path, encoded=False))
        async with self.session.request(method, url, allow_redirects=False, **kwargs) as response:  # type: ignore[arg-type]
            body = await response.read()
            require_protected(response.headers, path)
            is_text = response.content_type.startswith(("text/", "application/json"))
            text = body.decode() if is_text else ""
            found = re.search(r'name="csrf-token" content="([^"]*)"', text)
            if found:
                self.csrf = found.group(1)
            where = response.headers.get("Location", path)
            return Answer(response.status, text, body, response.headers, where)

    async def close(self) -> None:
        await self.session.close()


@dataclass
class Pages:
    app: http.Application
    server: TestServer
    database: Database
    store: DirectoryStore
    vault: Vault
    config: Config
    live: StillLive
    browsers: list[Browser]

    def browser(self) -> Browser:
        opened = Browser(self.server)
        self.browsers.append(opened)
        return opened

    async def person(self, username: str) -> Browser:
        """A browser in which a demo account is signed in, without the work of checking its password."""
        browser, token = self.browser(), secrets.token_urlsafe(16)
        async with self.database.transaction() as db:
            account = (await db.execute(select(Account).where(Account.username == username))).unique().scalar_one()
            browser.csrf = secrets.token_urlsafe(16)
            session = SignInSession(
                token_sha256=digest(token),
                account=account,
                csrf_token=browser.csrf,
                expires_at=utc_now() + timedelta(hours=1),
            )
            db.add(session)
        browser.session.cookie_jar.update_cookies({SESSION_COOKIE: token}, self.server.make_url("/"))
        return browser


async def _demo_database(path: Path) -> str:
    """A copy of one demo province: hashing its passwords takes a second, copying it a millisecond."""
    global _template  # noqa: PLW0603 - made once per test process
    if _template is None:
        _template = Path(tempfile.mkdtemp(prefix="hub-demo-")) / "demo.db"
        make_schema(f"sqlite:///{_template}")
        database = Database(f"sqlite:///{_template}")
        async with database.transaction() as db:
            await demo.load(db, Vault(VAULT_KEY, RING))
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("ROLLBACK")
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        await database.close()
    shutil.copyfile(_template, path)
    return f"sqlite:///{path}"


@asynccontextmanager
async def running_pages(config: Config, **settings: object) -> AsyncIterator[Pages]:
    """The application on a free port; ``settings`` replace those of ``config``."""
    config = replace(config, demo=True, **settings)  # type: ignore[arg-type]
    database = Database(await _demo_database(config.data_dir / "hub.db"))
    (config.data_dir / "objects").mkdir()
    store, vault, live = DirectoryStore(config.data_dir / "objects"), Vault(VAULT_KEY, RING), StillLive()
    deps = Deps(config=config, database=database, store=store, vault=vault, live=live, registry=CollectorRegistry())
    app = make_app(deps)
    server = TestServer(app)
    await server.start_server()
    pages = Pages(app, server, database, store, vault, config, live, [])
    try:
        yield pages
    finally:
        for browser in pages.browsers:
            await browser.close()
        await server.close()
        await database.close()
