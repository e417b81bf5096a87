"""Backup and restore, on both databases, onto an empty machine; and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub import models
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.services import backups, cases, demo, identity, people, sign_in
from hub.services.identity import open_vault
from recorder.store import open_store
from tests.support.postgres import Cluster

OBJECT = "recordings/0123/manifest.json"


def config_for(data_dir: Path, url: str) -> Config:
    return Config(data_dir=data_dir, database_url=url, http_port=0, demo=True)


@pytest.fixture
def empty_place(data_dir: Path, request: pytest.FixtureRequest) -> Callable[[str], Config]:
    """Another machine: a data directory that is not there yet, and an empty database of the wanted kind."""

    def make(kind: str) -> Config:
        url = request.getfixturevalue("empty_postgres_url") if kind == "postgresql" else ""
        return config_for(data_dir / "elsewhere", url)

    return make


async def filled(config: Config) -> None:
    database = Database(config.database)
    async with database.transaction() as db:
        await demo.load(db, open_vault(config))
    await sign_in.sign_in(database, config, "canbotantien", demo.PASSWORD, address="127.0.0.1", user_agent="")
    await database.close()
    open_store(config).put_bytes(OBJECT, b"{}", media_type="application/json")
    spooled = config.spool_dir / "0123" / "journal" / "000001.log"
    spooled.parent.mkdir(parents=True)
    spooled.write_bytes(b"what came over the tap")


async def officer(database: Database) -> Actor:
    async with database.reading() as db:
        found = await db.scalar(select(models.Account).where(models.Account.username == "canbotantien"))
        assert found is not None
        return people.actor_of(found)


@pytest.mark.asyncio
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
async def test_a_case_can_be_opened_on_the_machine_that_was_restored(
    database_url: str, data_dir: Path, empty_place: Callable[[str], Config], target: str
) -> None:
    old = config_for(data_dir / "old", database_url)
    await filled(old)
    archive = data_dir / "backup.tar"
    written = backups.write(old, archive)

    new = empty_place(target)
    restored = backups.read(new, archive)

    assert restored.rows == written.rows
    assert written.rows["account"] == len(demo.ACCOUNTS)
    database, vault = Database(new.database), open_vault(new)
    actor = await officer(database)
    async with database.transaction() as db:
        (row,) = await cases.find(db, vault, actor, cases.CaseQuery(text="thu hoi 320"))
        opened = await cases.get(db, actor, row.id)
        known = await identity.read_identity(db, vault, actor, opened.party_id, "khôi phục thử")
        assert known.name == "Nguyễn Thị Đào"
        assert opened.received_at.tzinfo is not None
        assert abs(opened.received_at - utc_now()) < timedelta(minutes=5)
    assert b"".join(open_store(new).read(OBJECT)) == b"{}"
    assert (new.spool_dir / "0123/journal/000001.log").read_bytes() == b"what came over the tap"
    await database.close()


@pytest.mark.asyncio
async def test_a_restored_hub_asks_everyone_to_sign_in_again(
    sqlite_url: str, data_dir: Path, empty_place: Callable[[str], Config]
) -> None:
    old = config_for(data_dir / "old", sqlite_url)
    await filled(old)
    backups.write(old, data_dir / "b.tar")
    new = empty_place("sqlite")
    backups.read(new, data_dir / "b.tar")
    database = Database(new.database)
    async with database.reading() as db:
        assert await db.scalar(select(func.count()).select_from(models.SignInSession)) == 0
    await database.close()


def test_a_backup_is_readable_by_its_owner_only_and_by_ordinary_tools(sqlite_url: str, data_dir: Path) -> None:
    old = config_for(data_dir / "old", sqlite_url)
    asyncio.run(filled(old))
    archive = data_dir / "b.tar"
    backups.write(old, archive)
    assert archive.stat().st_mode & 0o777 == 0o600
    place = data_dir / "unpacked"
    place.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", place], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=place, check=True)
    heading = json.loads(next((place / "tables").glob("*-account.jsonl")).read_text().splitlines()[0])
    assert heading["table"] == "account"


@pytest.mark.asyncio
async def test_an_altered_backup_is_refused_before_anything_is_touched(
    sqlite_url: str, data_dir: Path, empty_place: Callable[[str], Config]
) -> None:
    old = config_for(data_dir / "old", sqlite_url)
    await filled(old)
    archive = data_dir / "b.tar"
    backups.write(old, archive)
    data = bytearray(archive.read_bytes())
    at = data.index(b"what came over the tap")
    data[at] ^= 1
    archive.write_bytes(data)
    new = empty_place("sqlite")
    with pytest.raises(backups.BackupFault, match=r"000001\.log"):
        backups.read(new, archive)
    assert not new.data_dir.exists()


@pytest.mark.asyncio
async def test_a_backup_cut_short_is_refused(
    sqlite_url: str, data_dir: Path, empty_place: Callable[[str], Config]
) -> None:
    old = config_for(data_dir / "old", sqlite_url)
    await filled(old)
    archive = data_dir / "b.tar"
    backups.write(old, archive)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(backups.BackupFault):
        backups.read(empty_place("sqlite"), archive)


def test_an_archive_that_would_write_outside_is_refused(config: Config, data_dir: Path) -> None:
    archive = data_dir / "evil.tar"
    body = b"ssh-rsa"
    with tarfile.open(archive, "w") as tar:
        for name, data in (
            ("hub-backup.json", json.dumps({"format": 1, "revision": "0001"}).encode()),
            ("keys/../../outside", body),
            ("SHA256SUMS", f"{hashlib.sha256(body).hexdigest()}  keys/../../outside\n".encode()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with pytest.raises(backups.BackupFault):
        backups.read(config, archive)
    assert not (data_dir.parent / "outside").exists()


@pytest.mark.asyncio
async def test_a_restore_never_mixes_with_what_is_there(sqlite_url: str, data_dir: Path) -> None:
    old = config_for(data_dir / "old", sqlite_url)
    await filled(old)
    archive = data_dir / "b.tar"
    backups.write(old, archive)
    with pytest.raises(backups.BackupFault, match="chỗ trống"):
        backups.read(old, archive)
    other = config_for(data_dir / "elsewhere", sqlite_url)  # empty folders, but a database with rows
    with pytest.raises(backups.BackupFault, match="database"):
        backups.read(other, archive)


def test_a_backup_never_replaces_a_file(sqlite_url: str, data_dir: Path) -> None:
    config = config_for(data_dir / "old", sqlite_url)
    archive = data_dir / "b.tar"
    archive.write_bytes(b"last week's")
    with pytest.raises(backups.BackupFault):
        backups.write(config, archive)
    assert archive.read_bytes() == b"last week's"
    assert not list(data_dir.glob(".b.tar.*"))


def test_a_backup_of_an_old_schema_is_refused(empty_postgres_url: str, data_dir: Path, postgres: Cluster) -> None:
    with pytest.raises(backups.BackupFault, match="hub migrate"):
        backups.write(config_for(data_dir / "old", empty_postgres_url), data_dir / "b.tar")
