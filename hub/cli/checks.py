"""``hub check``: what the hub needs from its machine, each with a verdict and, where it is missing, the remedy."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from sqlalchemy.exc import DBAPIError

from hub import cli, logs, migrate, tls
from hub import config as configuration
from hub.cli import identity_checks, network_checks, register_checks, seal_checks
from hub.cli.findings import Finding, Verdict
from hub.cli.processes import open_store
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError, HubError
from hub.ids import new_id, utc_now
from hub.models import Counter
from hub.services.store import ObjectExists, ObjectMissing
from hub.supervisor import InstanceLock

OPEN_FILES_MIN = 4096


def main(env: Mapping[str, str]) -> int:
    """Print every finding; 0 without faults (warnings allowed), 1 with one, 78 when the settings are wrong."""
    try:
        config = configuration.load(env)
    except ConfigError as error:
        for fault in error.faults:
            _print(Finding("configuration", Verdict.FAULT, fault, "see docs/configuration.md"))
        return cli.EX_CONFIG
    logs.set_up(config, "check", level="error")
    findings = []
    for finding in run(config):
        _print(finding)
        findings.append(finding)
    faults = sum(finding.verdict is Verdict.FAULT for finding in findings)
    cli.say("The hub can run here." if not faults else f"{faults} faults: each says above what to do.")
    return 1 if faults else 0


def run(config: Config) -> Iterator[Finding]:
    """Every check in turn; one that fails does not keep the others from running."""
    yield Finding("configuration", Verdict.OK, "every setting is valid")
    yield _data_dir(config)
    running = _is_running(config)
    checks: list[Callable[[Config], Iterator[Finding]]] = [_database, identity_checks.identity_key]
    checks += [identity_checks.denouncers_key, seal_checks.seal_keys, seal_checks.recording_keys, _store, _tls, _disk]
    checks += [network_checks.media_addresses, network_checks.socket_buffers, network_checks.turn_servers]
    checks += [seal_checks.time_stamps, register_checks.registers]
    checks += [] if running else [network_checks.http_port, network_checks.media_ports]
    for check in checks:
        yield from check(config)
    if running:
        yield Finding("ports", Verdict.OK, "a hub is running on this data directory and holds them")
    yield _open_files()


def _print(finding: Finding) -> None:
    cli.say(f"{finding.verdict.upper():8} {finding.what}: {finding.detail}")
    if finding.remedy:
        cli.say(f"{'':8} → {finding.remedy}")


def _data_dir(config: Config) -> Finding:
    what, path = "data directory", config.data_dir.absolute()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / f".check-{os.getpid()}"
        probe.write_bytes(b"hub")
        probe.unlink()
    except OSError as error:
        return Finding(what, Verdict.FAULT, f"{path}: {error.strerror}", "set HUB_DATA_DIR to a directory we may write")
    return Finding(what, Verdict.OK, str(path))


def _is_running(config: Config) -> bool:
    try:
        InstanceLock(config.run_dir).release()
    except ConfigError:
        return True
    except OSError:
        return False  # the data directory's own check tells why
    return False


def _database(config: Config) -> Iterator[Finding]:
    what = "database"
    try:
        found = migrate.current(config.database)
    except DBAPIError as error:
        yield Finding(
            what, Verdict.FAULT, f"does not answer: {error.orig}", "is it running, and is HUB_DATABASE_URL right?"
        )
        return
    if found != migrate.newest():
        detail = "the schema is missing" if found is None else f"schema {found}, this release needs {migrate.newest()}"
        yield Finding(what, Verdict.FAULT, detail, "run: hub migrate")
        return
    try:
        asyncio.run(_write_and_undo(config))
    except HubError as error:
        yield Finding(
            what,
            Verdict.FAULT,
            f"cannot be written: {cli.in_words(error.text)}",
            "give the hub's user the right to write",
        )
        return
    kind = "SQLite" if config.database.startswith("sqlite") else "PostgreSQL"
    yield Finding(what, Verdict.OK, f"{kind}, schema {found}, read and written")


class _UndoneError(Exception):
    """Raised to roll back."""


async def _write_and_undo(config: Config) -> None:
    database = Database(config.database)
    try:
        async with database.transaction() as db:
            db.add(Counter(series=f"check/{new_id()}", value=1))
            await db.flush()
            raise _UndoneError
    except _UndoneError:
        pass
    finally:
        await database.close()


def _store(config: Config) -> Iterator[Finding]:
    what, key, body = "object store", f"checks/{new_id()}", os.urandom(1024)
    remedy = "check HUB_STORE_URL, HUB_S3_ENDPOINT, the keys and the bucket's rights"
    try:
        store = open_store(config)
        store.put_bytes(key, body, media_type="application/octet-stream")
        same = b"".join(store.read(key)) == body
        store.delete(key)
    except (HubError, ObjectMissing, ObjectExists, OSError) as error:
        fault = cli.in_words(error.text) if isinstance(error, HubError) else error
        yield Finding(what, Verdict.FAULT, f"{config.store}: {fault}", remedy)
        return
    if same:
        yield Finding(what, Verdict.OK, f"{config.store}: written, read back and deleted")
    else:
        yield Finding(what, Verdict.FAULT, f"{config.store}: gave back other bytes than were written", remedy)


def _tls(config: Config) -> Iterator[Finding]:
    what = "certificate"
    if not config.https:
        if config.http_host not in configuration.LOOPBACK and not config.behind_proxy:
            remedy = "add --tls-self-signed, give tls_cert and tls_key, or stand behind an HTTPS proxy"
            yield Finding(
                what, Verdict.WARNING, "none: browsers on other PCs refuse their cameras without HTTPS", remedy
            )
        return
    if config.tls_cert is None or config.tls_key is None:
        yield Finding(what, Verdict.OK, "self-signed, made when the hub starts")
        return
    try:
        tls.server_context((config.tls_cert, config.tls_key))
        ends = x509.load_pem_x509_certificate(config.tls_cert.read_bytes()).not_valid_after_utc
    except (ConfigError, OSError, ValueError, ssl.SSLError) as error:
        yield Finding(what, Verdict.FAULT, str(error), "give a PEM chain and the key that belongs to it")
        return
    left = ends - utc_now()
    verdict = Verdict.FAULT if left < timedelta() else Verdict.WARNING if left < timedelta(days=14) else Verdict.OK
    yield Finding(what, verdict, f"valid until {ends:%Y-%m-%d}", "" if verdict is Verdict.OK else "renew it")


def _open_files() -> Finding:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= OPEN_FILES_MIN
    remedy = "" if enough else f"raise it to {OPEN_FILES_MIN}: LimitNOFILE= in the unit, or /etc/security/limits.conf"
    return Finding("open files", Verdict.OK if enough else Verdict.WARNING, f"at most {hard} per process", remedy)


def _disk(config: Config) -> Iterator[Finding]:
    try:
        free_mb = shutil.disk_usage(_existing(config.spool_dir.absolute())).free // 1_000_000
    except OSError as error:
        yield Finding("disk space", Verdict.FAULT, str(error), "set HUB_DATA_DIR to a directory on a working disk")
        return
    if free_mb < config.spool_min_mb:
        detail = f"{free_mb} MB free for the spool, no hearing opens below {config.spool_min_mb} MB"
        yield Finding("disk space", Verdict.FAULT, detail, "free some, or move HUB_DATA_DIR to a larger disk")
    elif free_mb < config.spool_warn_mb:
        detail = f"{free_mb} MB free for the spool, fewer than {config.spool_warn_mb} MB"
        yield Finding("disk space", Verdict.WARNING, detail, "free some soon")
    else:
        yield Finding("disk space", Verdict.OK, f"{free_mb} MB free for the spool")


def _existing(path: Path) -> Path:
    return path if path.exists() or path == path.parent else _existing(path.parent)
