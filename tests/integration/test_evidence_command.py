"""``hub verify`` and ``hub key`` as an operator or a nightly job runs them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from hub import calendar, models
from hub.cli import seal_checks
from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.services import custody
from recorder.directory_store import DirectoryStore
from tests.support.evidence import Authority, add_segments, archive
from tests.support.recording_world import make_hearing

pytestmark = pytest.mark.asyncio
DAY = timedelta(days=1)


@dataclass
class Office:
    config: Config
    database: Database
    recordings: list[str]
    """The first began yesterday, the second today."""
    segments: list[list[models.Segment]]

    def hub(self, *arguments: str, language: str = "C") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HUB_DATA_DIR": str(self.config.data_dir), "LC_ALL": language}
        command = [sys.executable, "-m", "hub", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150, check=False)

    def told(self, *arguments: str) -> dict[str, object]:
        done = self.hub("verify", "--json", *arguments)
        told: dict[str, object] = json.loads(done.stdout)
        assert done.returncode == (0 if told["ok"] else 1)
        assert done.stderr == ""
        return told

    def path(self, segment: models.Segment) -> Path:
        return self.config.data_dir / "objects" / segment.object_key


@pytest_asyncio.fixture
async def office(config: Config, sqlite_url: str) -> AsyncIterator[Office]:
    database, store = Database(sqlite_url), DirectoryStore.make(config.data_dir / "objects")
    first = await make_hearing(database)
    second = await make_hearing(database, first.world)
    segments = [await add_segments(database, store, taped) for taped in (first, second)]
    async with database.transaction() as db:
        (await db.get_one(models.Recording, first.recording_id)).started_at -= DAY
    for taped in (first, second):
        await archive(config, database, store, taped)
    yield Office(config, database, [first.recording_id, second.recording_id], segments)
    await database.close()


async def test_one_a_range_or_all_are_read_and_the_exit_status_tells(office: Office) -> None:
    size = sum(segment.size_bytes for segment in office.segments[0])
    one = office.told(office.recordings[0])
    assert (one["ok"], one["recordings"], one["faults"]) == (True, 1, [])
    assert int(str(one["bytes_read"])) > size
    assert office.told("--all")["recordings"] == 2
    today = utc_now().astimezone(calendar.ZONE).date()
    assert office.told("--from", str(today))["recordings"] == 1
    assert office.told("--from", str(today - DAY), "--to", str(today - DAY))["recordings"] == 1
    assert office.told("--to", str(today - 9 * DAY)) == {"ok": True, "recordings": 0, "bytes_read": 0, "faults": []}
    async with office.database.reading() as db:
        actions = [entry.action for entry in await custody.entries(db, office.recordings[0])]
    assert actions == ["seal", "verify", "verify", "verify"]


async def test_a_fault_is_told_in_the_terminals_language_and_for_programs(office: Office) -> None:
    segment = office.segments[1][2]
    data = bytearray(office.path(segment).read_bytes())
    data[7] ^= 1
    office.path(segment).write_bytes(data)
    told = office.told("--all")
    assert [(f["recording"], f["kind"], f["key"]) for f in told["faults"]] == [  # type: ignore[attr-defined]
        (office.recordings[1], "altered", segment.object_key)
    ]
    english, vietnamese = office.hub("verify", "--all"), office.hub("verify", "--all", language="vi_VN.UTF-8")
    assert english.returncode == vietnamese.returncode == 1
    assert f"File {segment.object_key} was altered" in english.stdout
    assert f"{office.recordings[0]}: whole and unaltered" in english.stdout
    assert "2 recordings" in english.stdout
    assert "1 with faults" in english.stdout
    assert f"Tệp {segment.object_key} đã bị thay đổi" in vietnamese.stdout
    assert office.hub("verify", office.recordings[0]).returncode == 0


@pytest.mark.parametrize("arguments", [[], ["x", "--all"], ["--all", "--from", "2026-01-01"], ["--from", "today"]])
async def test_what_is_to_be_verified_must_be_said_once(office: Office, arguments: list[str]) -> None:
    assert office.hub("verify", *arguments).returncode == 2


async def test_an_unknown_recording_is_said_to_be_unknown(office: Office) -> None:
    done = office.hub("verify", "nothing")
    assert done.returncode == 1
    assert "not found" in done.stderr


@pytest.mark.real_clock
async def test_after_a_new_key_the_old_seals_still_stand(office: Office) -> None:
    before = office.hub("key", "list").stdout.splitlines()
    after = office.hub("key", "rotate").stdout.splitlines()
    assert [line.split()[0] for line in after][:-1] == [line.split()[0] for line in before]
    assert after[-1].endswith("in use")
    assert office.told("--all")["ok"] is True


async def test_a_check_tells_whether_seals_can_be_checked_and_stamped(office: Office, tmp_path: Path) -> None:
    def found(config: Config) -> dict[str, Finding]:
        findings = [*seal_checks.seal_keys(config), *seal_checks.time_stamps(config)]
        return {finding.what: finding for finding in findings}

    assert {what: finding.verdict for what, finding in (await asyncio.to_thread(found, office.config)).items()} == {
        "seal keys": Verdict.OK
    }
    with Authority(tmp_path / "authority").running() as authority:
        stamped = replace(office.config, timestamp_url=authority.url, timestamp_ca=authority.certificates)
        assert (await asyncio.to_thread(found, stamped))["time stamps"].verdict == Verdict.OK
        authority.away = True
        away = (await asyncio.to_thread(found, stamped))["time stamps"]
        assert (away.verdict, bool(away.remedy)) == (Verdict.WARNING, True)
    for path in (office.config.key_dir / "public").glob("*.json"):
        path.unlink()
    lost = (await asyncio.to_thread(found, office.config))["seal keys"]
    assert (lost.verdict, "backup" in lost.remedy) == (Verdict.FAULT, True)
