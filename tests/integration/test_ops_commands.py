"""``hub check`` and ``hub user``: clear verdicts with remedies, and accounts from nothing."""

from __future__ import annotations

import asyncio
import io
import socket
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import key_rings, keys, migrate, models
from hub.cli import checks, users
from hub.cli.checks import Finding, Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, TooManyAttempts
from hub.models import Role
from hub.services import demo, sign_in
from hub.services.identity import Vault
from tests.support.postgres import Cluster
from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, S3Server

PASSWORD = "mot-mat-khau-tot-2026"


def findings(config: Config) -> dict[str, Finding]:
    return {finding.what: finding for finding in checks.run(config)}


def fit(data_dir: Path, url: str, **settings: object) -> Config:
    """A configuration with which this machine is fit to run the hub."""
    given = {"spool_warn_mb": 2, "spool_min_mb": 1, "http_port": 0, "database_url": url, "data_dir": data_dir}
    return Config(**(given | settings))  # type: ignore[arg-type]


def test_a_machine_that_is_fit_gets_no_fault(database_url: str, data_dir: Path) -> None:
    found = findings(fit(data_dir, database_url))
    assert {what: f.detail for what, f in found.items() if f.verdict is Verdict.FAULT} == {}
    assert found["database"].verdict is Verdict.OK
    assert found["object store"].verdict is Verdict.OK


def test_checking_leaves_nothing_behind(sqlite_url: str, data_dir: Path) -> None:
    config = fit(data_dir, sqlite_url)
    findings(config)

    async def counters() -> int:
        database = Database(sqlite_url)
        async with database.reading() as db:
            found = list(await db.scalars(select(models.Counter)))
        await database.close()
        return len(found)

    assert asyncio.run(counters()) == 0
    assert not [path for path in (data_dir / "objects").rglob("*") if path.is_file()]


def test_an_s3_store_is_written_read_and_deleted(sqlite_url: str, data_dir: Path, s3: S3Server) -> None:
    settings = {"s3_endpoint": s3.endpoint, "s3_access_key": ACCESS_KEY, "s3_secret_key": SECRET_KEY}
    bucket = s3.new_bucket()
    good = fit(data_dir, sqlite_url, store_url=f"s3://{bucket}/hub", **settings)
    assert findings(good)["object store"].verdict is Verdict.OK
    assert s3.client.list_objects_v2(Bucket=bucket).get("Contents", []) == []


def test_a_store_that_is_away_is_a_fault_with_a_remedy(sqlite_url: str, data_dir: Path) -> None:
    away = {"store_url": "s3://none", "s3_endpoint": "http://127.0.0.1:9", "s3_access_key": "a", "s3_secret_key": "b"}
    found = findings(fit(data_dir, sqlite_url, **away))["object store"]
    assert found.verdict is Verdict.FAULT
    assert "HUB_STORE_URL" in found.remedy


def test_a_database_without_the_schema_is_told_to_migrate(empty_postgres_url: str, data_dir: Path) -> None:
    found = findings(fit(data_dir, empty_postgres_url))["database"]
    assert (found.verdict, found.remedy) == (Verdict.FAULT, "run: hub migrate")


def test_a_database_that_is_away_is_a_fault_and_the_other_checks_go_on(data_dir: Path, own_postgres: Cluster) -> None:
    url = own_postgres.new_database()
    own_postgres.stop()
    found = findings(fit(data_dir, url))
    assert found["database"].verdict is Verdict.FAULT
    assert found["disk space"].verdict is Verdict.OK


def test_the_key_of_another_hub_is_noticed(sqlite_url: str, data_dir: Path) -> None:
    config = fit(data_dir, sqlite_url)

    async def load() -> None:
        database = Database(sqlite_url)
        async with database.transaction() as db:
            await demo.load(db, Vault(bytes(32), key_rings.denouncers(config)))
        await database.close()

    asyncio.run(load())
    assert findings(config)["identity key"].verdict is Verdict.FAULT


def test_a_key_that_others_can_read_is_a_fault(sqlite_url: str, data_dir: Path) -> None:
    config = fit(data_dir, sqlite_url)
    keys.identity_key(config)
    (config.key_dir / "identity.key").chmod(0o644)
    assert "chmod 600" in findings(config)["identity key"].detail


def test_ports_in_use_are_named(sqlite_url: str, data_dir: Path) -> None:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("0.0.0.0", 0))
        web, media = tcp.getsockname()[1], udp.getsockname()[1]
        found = findings(fit(data_dir, sqlite_url, http_port=web, media_port=media))
    assert found["web port (TCP)"].verdict is Verdict.FAULT
    assert found["media port (UDP)"].verdict is Verdict.FAULT


def test_a_disk_nearly_full_is_a_warning_and_below_the_limit_a_fault(sqlite_url: str, data_dir: Path) -> None:
    assert findings(fit(data_dir, sqlite_url, spool_warn_mb=10**12))["disk space"].verdict is Verdict.WARNING
    full = fit(data_dir, sqlite_url, spool_warn_mb=10**12, spool_min_mb=10**12)
    assert findings(full)["disk space"].verdict is Verdict.FAULT


def test_plain_http_on_the_network_is_warned_of(sqlite_url: str, data_dir: Path) -> None:
    assert findings(fit(data_dir, sqlite_url, http_host="0.0.0.0"))["certificate"].verdict is Verdict.WARNING


def test_wrong_settings_are_all_told_and_nothing_else_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert checks.main({"HUB_HTTP_PORT": "x", "HUB_LOG_FORMAT": "y"}) == 78
    said = capsys.readouterr().out
    assert "http_port" in said
    assert "log_format" in said


# Accounts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that comes through a pipe."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))


def signs_in(config: Config, username: str) -> models.Account | None:
    async def attempt() -> models.Account | None:
        database = Database(config.database)
        try:
            _, session = await sign_in.sign_in(
                database, config, username, PASSWORD, address="127.0.0.1", user_agent="test"
            )
            return session.account
        except (BadInput, TooManyAttempts):
            return None
        finally:
            await database.close()

    return asyncio.run(attempt())


def add(config: Config, username: str = "quantri", **changes: str) -> None:
    given = {"name": "Đặng Thu Hà", "unit": "TW", "unit_name": "Ban Tiếp công dân Trung ương", "title": ""} | changes
    users.add(config, username, roles=["administrator"], **given)


@pytest.mark.usefixtures("typed")
def test_the_first_account_comes_with_the_first_unit_and_must_change_its_password(
    database_url: str, data_dir: Path
) -> None:
    config = fit(data_dir, database_url)
    add(config)
    account = signs_in(config, "quantri")
    assert account is not None
    assert account.must_change_password
    assert [(grant.role, grant.unit.code) for grant in account.grants] == [(Role.ADMINISTRATOR, "TW")]


@pytest.mark.usefixtures("typed")
def test_a_disabled_account_cannot_sign_in(sqlite_url: str, data_dir: Path) -> None:
    config = fit(data_dir, sqlite_url)
    add(config)
    users.disable(config, "quantri", "nghỉ hưu")
    assert signs_in(config, "quantri") is None


def test_a_new_password_replaces_the_old_one(sqlite_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = fit(data_dir, sqlite_url)
    monkeypatch.setattr(sys, "stdin", io.StringIO("mat-khau-dau-tien\n"))
    add(config)
    assert signs_in(config, "quantri") is None
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    users.set_password(config, "quantri")
    assert signs_in(config, "quantri") is not None


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(
    ("changes", "told"),
    [({"unit": "NONE", "unit_name": ""}, "no such unit"), ({"username": "Đặng Hà"}, "username")],
)
def test_what_is_wrong_with_a_new_account_is_told(
    sqlite_url: str, data_dir: Path, changes: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        add(fit(data_dir, sqlite_url), **changes)
    assert ended.value.code == 1
    assert told in capsys.readouterr().err


def test_a_role_that_does_not_exist_is_told_with_those_that_do(
    sqlite_url: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        users.add(fit(data_dir, sqlite_url), "a", name="A", unit="TW", unit_name="", roles=["king"], title="")
    assert "secretary" in capsys.readouterr().err


def test_migrating_twice_changes_nothing(empty_postgres_url: str) -> None:
    migrate.upgrade(empty_postgres_url)
    migrate.upgrade(empty_postgres_url)
    assert migrate.current(empty_postgres_url) == migrate.newest()


def test_faults_are_told_in_the_language_of_the_terminal(
    sqlite_url: str, data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    said = {}
    for language in ("C.UTF-8", "vi_VN.UTF-8"):
        monkeypatch.setenv("LANG", language)
        with pytest.raises(SystemExit):
            users.disable(fit(data_dir, sqlite_url), "nobody", "")
        said[language] = capsys.readouterr().err
    assert "Không có tài khoản này." in said["vi_VN.UTF-8"]
    assert "account" in said["C.UTF-8"]
