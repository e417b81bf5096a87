"""On the pages: a recording is verified in the background, downloaded for a reason, and checked without the hub."""

from __future__ import annotations

import asyncio
import html
import io
import json
import re
import subprocess
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import models, seals
from hub.config import Config
from hub.services import custody, recordings
from hub.services.package_readme import README
from recorder.destroying import Destroying
from recorder.sealing import Sealing
from tests.support.evidence import Authority, add_events, add_segments, archive
from tests.support.pages import Answer, Browser, Pages, running_pages
from tests.support.recording_world import Taped
from web.verifying import VERIFYING

pytestmark = pytest.mark.asyncio

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
WHOLE, DESTROYED = PAGE.read_text().split("## When the recording was destroyed")
"""What is said of a recording, and of one that is no more."""
STEP = re.compile(r"```sh\n(?P<command>.*?)\n```\n\n```text\n(?P<said>.*?)\n```", re.DOTALL)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("stamps") / "authority").running() as running:
        yield running


@dataclass
class Court:
    pages: Pages
    recording_id: str
    segments: list[models.Segment]

    async def download(self, who: Browser, reason: str = "Theo yêu cầu của tòa án") -> Answer:
        await who.get(f"/recordings/{self.recording_id}")
        return await who.post(f"/recordings/{self.recording_id}/download", {"download_reason": reason})

    async def unpacked(self, who: Browser, folder: Path) -> Path:
        answer = await self.download(who)
        assert answer.status == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.body)) as package:
            assert package.testzip() is None
            package.extractall(folder)
        return next(folder.glob("*/README.txt")).parent  # noqa: ASYNC240 - a test's own few files

    async def verified(self, who: Browser, reason: str = "") -> str:
        """The page's part about integrity, once the verification is over."""
        page = f"/recordings/{self.recording_id}"
        await who.get(page)
        answer = await who.post(f"{page}/verify", {"verify_reason": reason})
        assert (answer.status, answer.path) == (303, page)
        async with asyncio.timeout(90):
            while json.loads(  # noqa: ASYNC110 - as the page asks
                (await who.get(f"/api{page}/verification")).text
            )["running"]:
                await asyncio.sleep(0.02)
        text = (await who.get(page)).text
        return html.unescape(text.split('aria-labelledby="verify-head"')[1].split("</section>")[0])


@pytest_asyncio.fixture
async def court(config: Config, authority: Authority) -> AsyncIterator[Court]:
    """A stamped recording of the demo's first hearing, on the running pages."""
    config = replace(config, timestamp_url=authority.url, timestamp_ca=authority.certificates)
    async with running_pages(config) as pages:
        async with pages.database.transaction() as db:
            found = select(models.Hearing).where(models.Hearing.kind == models.HearingKind.REGULAR)
            hearing = (await db.execute(found)).unique().scalar_one()
            recording = await recordings.open_recording(db, hearing.id)
        world: Any = None
        taped = Taped(world, hearing, recording.id, 0, list(hearing.seats))
        segments = await add_segments(pages.database, pages.store, taped)
        await add_events(pages.database, taped)
        await archive(config, pages.database, pages.store, taped)
        await Sealing(config, pages.database, pages.store).turn()
        yield Court(pages, recording.id, segments)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", f"set -o pipefail\n{command}"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )


def says(expected: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def follow(page: str, folder: Path, count: int) -> None:
    """Every command of a part of the page prints what the page says."""
    steps = list(STEP.finditer(page))
    assert len(steps) == page.count("```sh") == count
    for step in steps:
        done = run(step["command"], folder)
        assert done.returncode == 0, (step["command"], done.stdout)
        assert says(step["said"], done.stdout), (step["command"], done.stdout)


async def test_an_expert_who_follows_the_page_finds_everything_as_it_says(court: Court, tmp_path: Path) -> None:
    folder = await court.unpacked(await court.pages.person("thanhtra"), tmp_path)
    follow(WHOLE, folder, 6)
    listed = {line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines() if line[0] != "#"}
    named = set(re.findall(r"^\| `([^`]+)` \|", WHOLE, re.MULTILINE))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == listed | named | {"README.txt"}
    for command in re.findall(r"^     (\S.*)$", README, re.MULTILINE):
        assert run(command, folder).returncode == 0, command


async def test_of_a_destroyed_recording_the_expert_can_check_what_remains(court: Court, tmp_path: Path) -> None:
    auditor, leader = await court.pages.person("thanhtra"), await court.pages.person("chutri")
    assert (await auditor.get(f"/recordings/{court.recording_id}/destruction.zip")).status == 404
    for who, step in ((auditor, "propose_emergency"), (leader, "approve")):
        await who.get(f"/recordings/{court.recording_id}")
        fields = {"do": step, "destroy_reason": "Theo quyết định của tòa án"}
        assert (await who.post(f"/recordings/{court.recording_id}/keeping", fields)).status == 303
    await Destroying(court.pages.config, court.pages.database, court.pages.store).turn()
    assert "/destruction.zip" in (await auditor.get(f"/recordings/{court.recording_id}")).text
    answer = await auditor.get(f"/recordings/{court.recording_id}/destruction.zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as package:
        package.extractall(tmp_path)
    folder = next(tmp_path.glob("*-tieu-huy"))  # noqa: ASYNC240 - a test's own few files
    follow(DESTROYED, folder, 5)
    assert not list(folder.rglob("manifest.json"))
    data = bytearray((folder / "destruction.json").read_bytes())
    data[20] ^= 1
    (folder / "destruction.json").write_bytes(data)
    assert run(next(STEP.finditer(DESTROYED))["command"], folder).returncode != 0


async def test_the_keys_fingerprint_stands_on_a_page_for_everybody(court: Court, tmp_path: Path) -> None:
    folder = await court.unpacked(await court.pages.person("thanhtra"), tmp_path)
    fingerprint = run("openssl pkey -pubin -in key.pem -outform DER | sha256sum", folder).stdout.split()[0]
    anybody = court.pages.browser()
    assert fingerprint in (await anybody.get("/keys")).text
    assert (await anybody.get(f"/keys/{fingerprint}.pem")).body == (folder / "key.pem").read_bytes()
    assert (await anybody.get("/keys/0000.pem")).status == 404
    assert f"# key {fingerprint}" in (folder / "SHA256SUMS").read_text()


@pytest.mark.parametrize(
    ("file", "step"),
    [("manifest.json", 0), ("SHA256SUMS", 1), ("SHA256SUMS.sig", 1), ("SHA256SUMS.sig", 4), ("SHA256SUMS.sig.tsr", 4)],
)
async def test_the_expert_sees_that_a_bit_was_changed(court: Court, tmp_path: Path, file: str, step: int) -> None:
    folder = await court.unpacked(await court.pages.person("thanhtra"), tmp_path)
    data = bytearray((folder / file).read_bytes())
    data[-3] ^= 1
    (folder / file).write_bytes(data)
    found = list(STEP.finditer(WHOLE))[step]
    done = run(found["command"], folder)
    assert done.returncode != 0
    assert not says(found["said"], done.stdout)


async def test_a_segment_that_the_store_lost_is_missing_in_the_package_too(court: Court, tmp_path: Path) -> None:
    court.pages.store.delete(court.segments[1].object_key)
    folder = await court.unpacked(await court.pages.person("thanhtra"), tmp_path)
    done = run("sha256sum --check --strict SHA256SUMS", folder)
    assert done.returncode != 0
    assert "FAILED open or read" in done.stdout


async def test_a_download_needs_a_reason_and_stands_in_the_chain_of_custody(court: Court, tmp_path: Path) -> None:
    auditor = await court.pages.person("thanhtra")
    answer = await court.download(auditor, " ")
    assert answer.status == 400
    assert "lý do tải về" in answer.text
    folder = await court.unpacked(auditor, tmp_path)
    chain = json.loads((folder / "custody.json").read_text())
    assert [entry["action"] for entry in chain] == ["seal", "stamp", "download"]
    assert chain[-1]["reason"] == "Theo yêu cầu của tòa án"
    text = (await auditor.get(f"/recordings/{court.recording_id}")).text
    custody = text.split('aria-labelledby="custody-head"')[1].split("</section>")[0]
    assert "Theo yêu cầu của tòa án" in custody
    assert custody.count("<tr>") == 4


@pytest.mark.parametrize("who", ["canbotinh", "thuky", "quantri", "kythuat", "canbodongson"])
async def test_only_auditors_and_leaders_take_a_recording_away(court: Court, who: str) -> None:
    answer = await court.download(await court.pages.person(who))
    unseen = who in ("canbodongson", "quantri")
    assert answer.status == (404 if unseen else 403), "strangers cannot even tell that it is there"
    assert not answer.body.startswith(b"PK")


async def test_a_recording_that_is_not_sealed_yet_cannot_be_downloaded(court: Court) -> None:
    async with court.pages.database.transaction() as db:
        (await db.get_one(models.Recording, court.recording_id)).sealed_at = None
    assert (await court.download(await court.pages.person("thanhtra"))).status == 503


async def test_verifying_goes_on_by_itself_and_its_outcome_is_on_the_page(court: Court) -> None:
    auditor = await court.pages.person("thanhtra")
    assert "Mọi tệp giống hệt lúc ghi." in await court.verified(auditor)
    court.pages.store.delete(court.segments[1].object_key)
    court.pages.store.delete(seals.key_of(court.recording_id, seals.SIGNATURE))
    told = await court.verified(auditor)
    assert "Có 2 lỗi" in told
    assert f"Thiếu tệp {court.segments[1].object_key} trong kho lưu trữ." in told
    assert (await auditor.get("/audit?action=recording.verify")).text.count("Kiểm tra bản ghi") >= 2


async def test_why_it_was_verified_is_kept_when_somebody_says_so(court: Court) -> None:
    auditor, page = await court.pages.person("thanhtra"), f"/recordings/{court.recording_id}"
    await court.verified(auditor)
    await court.verified(auditor, "  Theo đơn   của công dân ")
    assert '<td data-label="Lý do">Theo đơn của công dân</td>' in html.unescape((await auditor.get(page)).text)
    async with court.pages.database.reading() as db:
        entries = await custody.entries(db, court.recording_id)
    assert [entry.reason for entry in entries if entry.action == "verify"] == ["", "Theo đơn của công dân"]
    refused = await auditor.post(f"{page}/verify", {"verify_reason": "x" * 501})
    assert refused.status == 400
    assert "không được quá 500 ký tự" in html.unescape(refused.text)
    assert not court.pages.app[VERIFYING].progress(court.recording_id).running


async def test_a_verification_that_the_store_breaks_off_says_so(court: Court) -> None:
    root = court.pages.store.root
    root.rename(root.with_name("away"))
    try:
        assert "chưa xong" in await court.verified(await court.pages.person("thanhtra"))
    finally:
        root.with_name("away").rename(root)
    assert "Mọi tệp giống hệt lúc ghi." in await court.verified(await court.pages.person("thanhtra"))


async def test_while_it_goes_on_the_page_shows_how_far_it_has_come(court: Court) -> None:
    auditor, page = await court.pages.person("thanhtra"), f"/recordings/{court.recording_id}"
    await auditor.get(page)
    async with court.pages.app[VERIFYING]._turn:  # somebody else's verification is under way
        for _ in range(2):
            assert (await auditor.post(f"{page}/verify")).status == 303
        text = (await auditor.get(page)).text
        assert '<progress id="verifying"' in text
        assert "js/verifying.js" in text
        assert f'action="{page}/verify"' not in text
    await court.verified(auditor)
    async with court.pages.database.reading() as db:
        entries = await custody.entries(db, court.recording_id)
    assert [entry.action for entry in entries] in (["seal", "stamp", "verify"], ["seal", "stamp", "verify", "verify"])
