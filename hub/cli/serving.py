"""``hub serve``: checks what would stop it, opens the socket, supervises, and says where to go when all is ready."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from hub import calendar, cli, logs, net
from hub.config import Config
from hub.errors import ConfigError, HubError
from hub.supervisor import InstanceLock, Supervisor, children_of

if TYPE_CHECKING:  # a plain start need not load the demo
    from hub.services.demo import DemoSummary

READY_LIMIT_S = 60.0
BACKLOG = 512

log = structlog.get_logger(__name__)


def serve(config: Config, env: Mapping[str, str], load: Callable[[], DemoSummary] | None = None) -> int:
    """Blocks until the hub is stopped; the exit status.

    ``load`` puts something to try into the database before anybody may use it. Everything that takes long is done, and
    its code loaded, while the children load theirs.
    """
    logs.set_up(config, "supervisor")
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = InstanceLock(config.run_dir)
        check_certificate(config)
        listening = listen(config)
        raise_open_files()
        try:
            return asyncio.run(_supervise(config, env, listening, load))
        finally:
            listening.close()
            lock.release()
    except ConfigError as error:
        cli.fail(error.faults)


async def _supervise(
    config: Config, env: Mapping[str, str], listening: socket.socket, load: Callable[[], DemoSummary] | None
) -> int:
    supervisor = Supervisor(children_of(config, listening.fileno()), config.run_dir, env)
    loaded: list[DemoSummary] = []

    def prepare() -> None:
        if load is not None:
            loaded.append(load())
        check_schema(config)

    async def when_started(started: Supervisor) -> None:
        missing = await wait_ready(config, listening)
        started.ready = True
        cli.say(welcome(config, addresses(config, listening), missing, *loaded))

    return await supervisor.run(when_started, prepare)


def check_certificate(config: Config) -> None:
    """Make the self-signed one, or find out now that the given one cannot be used. Raises ``ConfigError``."""
    if config.https:
        from hub import tls

        files = tls.certificate_files(config, net.tls_names(config))
        if files:
            tls.server_context(files)


def check_schema(config: Config) -> None:
    """Raises ``ConfigError`` when the database is away or its schema is not the one this code expects."""
    from sqlalchemy.exc import DBAPIError

    from hub import migrate

    try:
        found, wanted = migrate.current(config.database), migrate.newest()
    except DBAPIError as error:
        raise ConfigError([f"database_url: the database does not answer: {error.orig}"]) from error
    if found != wanted:
        state = "is empty" if found is None else f"has revision {found}, this release needs {wanted}"
        raise ConfigError([f"database_url: the schema {state}; run: hub migrate"])


def try_out(config: Config) -> DemoSummary:
    """Migrate and load the demo province. Raises ``ConfigError``."""
    from sqlalchemy.exc import DBAPIError

    from hub import migrate
    from hub.cli import maintenance
    from hub.services import law_loading

    try:
        migrate.upgrade(config.database)
        law_loading.load_into(config.database)
        return maintenance.demo_loaded(config)
    except DBAPIError as error:
        raise ConfigError([f"database_url: the database does not answer: {error.orig}"]) from error
    except ConfigError:
        raise
    except HubError as error:
        raise ConfigError([cli.in_words(error.text)]) from error


def listen(config: Config) -> socket.socket:
    """The web server's socket. Raises ``ConfigError`` when the address or the port cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.http_host, config.http_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError([f"http_host: {config.http_host}: {error.strerror}"]) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        where = f"{config.http_host} port {config.http_port}"
        raise ConfigError([f"http_port: {where}: {error.strerror}; choose another with PORT= or --port"]) from error
    return listening


def raise_open_files() -> None:
    """Every browser is two sockets and every recorded track two files: take what the system grants."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))


async def wait_ready(config: Config, listening: socket.socket) -> str:
    """Poll ``/readyz`` until it says yes. The answer is '' or, when the time is over, what it said last."""
    said = "no answer"
    try:
        async with asyncio.timeout(READY_LIMIT_S):
            while True:
                with suppress(OSError, asyncio.IncompleteReadError):
                    status, said = await _ask(config, listening, "/readyz")
                    if status == 200:
                        return ""
                await asyncio.sleep(0.1)
    except TimeoutError:
        log.warning("not ready", limit_s=READY_LIMIT_S, said=said)
        return said


async def _ask(config: Config, listening: socket.socket, path: str) -> tuple[int, str]:
    """One plain HTTP/1.0 request to ourselves: ``(status, body)``."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where to reach a wildcard
    context = None
    if config.https:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        head, _, body = (await reader.read(65_536)).decode(errors="replace").partition("\r\n\r\n")
        parts = head.split(None, 2)
        if len(parts) < 2:
            raise ConnectionResetError(path)
        return int(parts[1]), body.strip()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def addresses(config: Config, listening: socket.socket) -> list[str]:
    """The URLs to type, the most likely first."""
    host, port = listening.getsockname()[:2]
    scheme = "https" if config.https else "http"
    hosts = [host] if host not in ("0.0.0.0", "::") else ["127.0.0.1", *net.machine_addresses()]  # noqa: S104
    return [f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}/" for name in hosts]


def welcome(config: Config, urls: list[str], missing: str, demo: DemoSummary | None = None) -> str:
    """What somebody who started the hub for the first time needs to know."""
    lines = ["", "  Cầu Tiếp Dân is running:", *(f"    {url}" for url in urls)]
    if missing:
        lines += ["", f"  Not everything is ready yet: {missing}", "  Run `hub check` to see why."]
    if config.tls_self_signed:
        lines += ["  The certificate is our own: browsers ask once whether to trust it."]
    if demo is not None:
        lines += ["", *_demo_lines(demo)]
    lines += ["", "  Ctrl-C ends it cleanly.", ""]
    return "\n".join(lines)


def _demo_lines(demo: DemoSummary) -> list[str]:
    width = max(len(account.username) for account in demo.accounts)
    begins = demo.starts_at.astimezone(calendar.ZONE).strftime("%d/%m/%Y %H:%M")
    return [
        f"  Demo accounts, password of all: {demo.password}",
        *(f"    {each.username:{width}}  {each.role:13}  {each.full_name}, {each.title}" for each in demo.accounts),
        "",
        f"  Try first: hearing {demo.hearing_number}, which begins at {begins} (you may enter before).",
        "    1. Sign in as chutri (the chair), enter the hearing, allow camera and microphone.",
        "    2. In a second browser or private window sign in as canbotantien (a commune point) and enter it too.",
        "    3. As the chair open the hearing, admit the point, give it the floor, end the hearing.",
        "    4. Sign in as thanhtra (the auditor), find the hearing, say why, and replay it.",
        "    5. Sign in as kythuat (the technician) and watch the help desk while all this happens.",
    ]
