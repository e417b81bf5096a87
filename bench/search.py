"""``make bench-search``: search and lists at 200,000 cases on PostgreSQL and 20,000 on SQLite.

Each question is a whole page, asked over loopback from the hub's own application (session, permissions, counts, rows,
HTML). Beside it the query alone, as it is asked now and as it was asked without an index of words, on the same rows in
the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import structlog
import uvloop
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from yarl import URL

from bench import report, search_questions
from bench.search_questions import Before, Question
from bench.search_world import Made, Maker
from hub import memory, migrate, search_index
from hub.auth import Actor
from hub.config import Config
from hub.db import Database, driver_url
from hub.errors import NotReady
from hub.ids import utc_now
from hub.models import Account, SignInSession
from hub.services import dues, law_loading, legal_rules, people
from hub.services.identity import Vault, open_vault
from hub.services.sign_in import digest
from recorder.directory_store import DirectoryStore
from tests.support.postgres import Cluster
from web.app import Deps, make_app
from web.security import SESSION_COOKIE

AIM_MS = 50
OLD_LIMIT_S = 5
NEXT = re.compile(r'href="([^"]+)" rel="next"')


def main() -> None:
    arguments = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    figures: dict[str, Any] = {}
    if arguments.cases:
        cluster = Cluster(shared_buffers="512MB", max_wal_size="4GB")
        try:
            figures["postgresql"] = _measure(cluster.new_database(), arguments.cases, arguments)
        finally:
            cluster.remove()
    if arguments.sqlite_cases:
        folder = Path(tempfile.mkdtemp(prefix="bench-"))
        try:
            figures["sqlite"] = _measure(f"sqlite:///{folder / 'hub.db'}", arguments.sqlite_cases, arguments)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    report.finish("search", {"aim_p95_ms": AIM_MS, "databases": figures})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000, help="on PostgreSQL; 0 leaves it out")
    parser.add_argument("--sqlite-cases", type=int, default=20_000, help="on SQLite; 0 leaves it out")
    parser.add_argument("--repeats", type=int, default=20, help="of each question")
    parser.add_argument("--before", type=int, default=1, help="repeats of each question in the old way")
    return parser.parse_args()


def _measure(url: str, cases: int, arguments: argparse.Namespace) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        config = Config(data_dir=folder, database_url=url, http_port=0)
        vault = open_vault(config)
        made, seconds = _fill(url, vault, cases)
        memory.settle()  # and uvloop: as the web process does (``hub.cli.processes``)
        rows = uvloop.run(_ask_all(config, vault, made, arguments))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    print(f"\n{kind}, {cases} cases; filled in {seconds['fill_s']:.0f} s, index built in {seconds['index_s']:.0f} s\n")
    heads = ("page", "p50 ms", "p95 ms", "its query ms", "the old query ms", "old / new")
    print(report.table(heads, [_shown(row) for row in rows]), flush=True)
    return {"cases": cases, **seconds, "questions": rows}


def _shown(row: dict[str, Any]) -> tuple[object, ...]:
    old = row["before_ms"]
    if old is None:
        return (row["name"], row["p50_ms"], row["p95_ms"], "–", "–", "–")
    shown = f"> {OLD_LIMIT_S * 1000}" if row["before_cut_off"] else f"{old:.0f}"
    return (row["name"], row["p50_ms"], row["p95_ms"], row["query_ms"], shown, f"{old / row['query_ms']:.1f}")


def _fill(url: str, vault: Vault, cases: int) -> tuple[Made, dict[str, float]]:
    """Rows first, then the index by the hub's own code; PostgreSQL's GIN is made last, as after a restore."""
    migrate.upgrade(url)
    law_loading.load_into(url)
    mark = asyncio.run(_mark(url))
    engine = create_engine(driver_url(url, sync=True))
    postgresql = engine.dialect.name == "postgresql"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    begun = time.perf_counter()
    try:
        with Progress(*columns) as bar, engine.begin() as connection:
            task = bar.add_task("cases", total=cases)
            made = Maker(connection, vault, cases, mark).make(lambda done: bar.update(task, completed=done))
            filled = time.perf_counter()
            if postgresql:
                connection.execute(text("DROP INDEX ix_search_doc_tokens"))
                connection.execute(text("ANALYZE"))
            task = bar.add_task("search index", total=cases + cases // 10)
            for done in search_index.build(connection):
                bar.update(task, completed=done)
            if postgresql:
                gin = "CREATE INDEX ix_search_doc_tokens ON search_doc USING gin (tokens) WITH (fastupdate = off)"
                connection.execute(text(gin))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE" if postgresql else "ANALYZE"))
    finally:
        engine.dispose()
    return made, {"fill_s": round(filled - begun, 1), "index_s": round(time.perf_counter() - filled, 1)}


async def _mark(url: str) -> str:
    database = Database(url)
    try:
        async with database.reading() as db:
            return dues.mark_of(await legal_rules.rule_book(db))
    finally:
        await database.close()


async def _ask_all(config: Config, vault: Vault, made: Made, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    database = Database(config.database)
    (config.data_dir / "objects").mkdir()
    store = DirectoryStore(config.data_dir / "objects")
    deps = Deps(config=config, database=database, store=store, vault=vault, live=None, registry=CollectorRegistry())
    server = TestServer(make_app(deps))
    await server.start_server()
    rows = []
    try:
        people_ = {name: await _sign_in(database, account_id) for name, account_id in made.people.items()}
        asked = search_questions.questions(made)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("questions", total=len(asked))
            for question in asked:
                actor, token = people_[question.who]
                new = await _pages(server, token, question, arguments.repeats)
                old, cut_off = await _queries(database, vault, actor, question.before * arguments.before)
                now, _ = await _queries(database, vault, actor, question.now * arguments.before)
                rows.append(_row(question, new, old, now, cut_off=cut_off))
                bar.console.print(*_shown(rows[-1]), sep="  ")
                bar.advance(task)
    finally:
        await server.close()
        await database.close()
    return rows


async def _sign_in(database: Database, account_id: str) -> tuple[Actor, str]:
    async with database.transaction() as db:
        account = (await db.execute(select(Account).where(Account.id == account_id))).unique().scalar_one()
        token = f"bench-{account.username}"
        expires_at = utc_now().replace(year=utc_now().year + 1)
        row = SignInSession(token_sha256=digest(token), account=account, csrf_token="bench", expires_at=expires_at)
        db.add(row)
        return people.actor_of(account), token


async def _pages(server: TestServer, token: str, question: Question, repeats: int) -> list[float]:
    """Milliseconds of each answer, after one of each address that is not counted."""
    took = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as web:
        web.cookie_jar.update_cookies({SESSION_COOKIE: token}, server.make_url("/"))
        addresses = [await _turned(web, server, address, question.turned) for address in question.addresses]
        for number in range(len(addresses) + repeats):
            begun = time.perf_counter()
            await _get(web, server, addresses[number % len(addresses)])
            if number >= len(addresses):
                took.append(1000 * (time.perf_counter() - begun))
    return took


async def _turned(web: aiohttp.ClientSession, server: TestServer, address: str, pages: int) -> str:
    for _ in range(pages):
        found = NEXT.search(await _get(web, server, address))
        if found is None:
            break
        address = unescape(found[1])
    return address


async def _get(web: aiohttp.ClientSession, server: TestServer, address: str) -> str:
    async with web.get(server.make_url("/").join(URL(address)), allow_redirects=False) as answer:
        body = await answer.text()
        if answer.status != 200:
            raise RuntimeError(f"{address}: {answer.status}")
        return body


async def _queries(database: Database, vault: Vault, actor: Actor, asked: Sequence[Before]) -> tuple[list[float], bool]:
    """Milliseconds, and whether one was given up after ``OLD_LIMIT_S``."""
    took = []
    for ask in asked:
        begun = time.perf_counter()
        try:
            async with database.reading() as db:
                if not database.is_sqlite:
                    await db.execute(text(f"SET LOCAL statement_timeout = '{OLD_LIMIT_S}s'"))
                await ask(db, vault, actor)
        except (DBAPIError, NotReady):
            return [1000 * OLD_LIMIT_S], True
        took.append(1000 * (time.perf_counter() - begun))
    return took, False


def _row(
    question: Question, new: Sequence[float], old: Sequence[float], now: Sequence[float], *, cut_off: bool
) -> dict[str, Any]:
    return {
        "name": question.name,
        "p50_ms": round(report.percentile(new, 0.5), 1),
        "p95_ms": round(report.percentile(new, 0.95), 1),
        "query_ms": round(report.median(now), 1) if now else None,
        "before_ms": round(report.median(old), 1) if old else None,
        "before_cut_off": cut_off,
    }


if __name__ == "__main__":
    main()
