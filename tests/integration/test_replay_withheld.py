"""Withheld passages: whoever may not see them gets nothing of them, whichever way he asks, and every step is kept."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import struct
import subprocess
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import manifest as form
from hub import models
from hub.config import Config
from hub.db import Database
from hub.errors import Forbidden
from hub.services import custody, recordings, replays, verification, withholding
from hub.services.package_readme import README_EXTRACT
from tests.support.evidence import add_events, add_segments, archive
from tests.support.pages import Answer, Browser, Pages, running_pages
from tests.support.recording_world import Taped, make_hearing

pytestmark = pytest.mark.asyncio

NOTE, MESSAGE = "Người tố cáo nói về đất", "Xin chào"
GROUND = "Luật Tố cáo 2018, Điều 56"


@dataclass
class Archive:
    """A sealed recording of the demo's first hearing: two seats, segments of a second, a note at 3 s, words at 4 s."""

    pages: Pages
    recording_id: str
    mine: list[models.Segment]
    other: list[models.Segment]

    async def withhold(self, who: Browser, start: str, end: str, seat: str = "", ground: str = GROUND) -> Answer:
        page = f"/recordings/{self.recording_id}"
        await who.get(page)
        return await who.post(f"{page}/withhold", {"from": start, "to": end, "seat": seat, "ground": ground})

    async def replay(self, who: Browser, *, asks: bool = False) -> Answer:
        fields = {"reason": "Kiểm tra theo đơn"} | ({"with_withheld": "yes"} if asks else {})
        await who.get(f"/recordings/{self.recording_id}")
        return await who.post(f"/recordings/{self.recording_id}/replay", fields)

    async def granted(self, who: Browser, *, asks: bool = False) -> str:
        answer = await self.replay(who, asks=asks)
        assert answer.status == 303, answer.text
        return answer.path.rsplit("/", 1)[-1]

    async def download(self, who: Browser, *, asks: bool = False) -> Answer:
        fields = {"download_reason": "Tòa án"} | ({"with_withheld": "yes"} if asks else {})
        await who.get(f"/recordings/{self.recording_id}")
        return await who.post(f"/recordings/{self.recording_id}/download", fields)


@pytest_asyncio.fixture
async def kept(config: Config) -> AsyncIterator[Archive]:
    async with running_pages(config) as pages:
        async with pages.database.transaction() as db:
            found = select(models.Hearing).where(models.Hearing.kind == models.HearingKind.REGULAR)
            hearing = (await db.execute(found)).unique().scalar_one()
            recording = await recordings.open_recording(db, hearing.id)
        world: Any = None
        taped = Taped(world, hearing, recording.id, 0, list(hearing.seats))
        mine = await add_segments(pages.database, pages.store, taped, 5)
        taped.seats.reverse()
        other = await add_segments(pages.database, pages.store, taped, 5)
        await add_events(pages.database, taped)
        await archive(pages.config, pages.database, pages.store, taped)
        yield Archive(pages, recording.id, mine, other)


async def timeline(who: Browser, replay: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await who.get(f"/api/replays/{replay}/timeline")).text)
    return found


def starts(found: dict[str, Any]) -> list[int]:
    return sorted(segment[1] for track in found["tracks"] for segment in track["segments"])


async def test_what_is_withheld_is_not_sent_however_one_asks(kept: Archive) -> None:
    auditor = await kept.pages.person("thanhtra")
    replay = await kept.granted(auditor)  # before: what is granted already is closed too
    assert (await kept.withhold(auditor, "0:00:02", "3")).status == 303
    found = await timeline(auditor, replay)
    assert starts(found) == [0, 0, 1000, 1000, 3000, 3000, 4000, 4000]
    assert [(p["start_ms"], p["end_ms"], p["ground"], p["shown"]) for p in found["withheld"]] == [
        (2000, 3000, GROUND, False)
    ]
    assert found["notes"] == []
    assert [one["text"] for one in found["messages"]] == [MESSAGE]
    for segment in (kept.mine[2], kept.other[2]):
        path = f"/api/replays/{replay}/segments/{segment.id}"
        for headers in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=-1"}):
            answer = await auditor.get(path, headers=headers)
            assert answer.status == 403
            assert GROUND in json.loads(answer.text)["error"]["text"]
            assert b"sound 2" not in answer.body
    assert (await auditor.get(f"/api/replays/{replay}/segments/{kept.mine[1].id}")).body.startswith(b"sound 1")
    together = await auditor.get(several(replay, kept.mine[1], kept.mine[2]))
    assert together.status == 403
    assert b"sound" not in together.body


def several(replay: str, *segments: models.Segment) -> str:
    return f"/api/replays/{replay}/segments?" + "&".join(f"id={segment.id}" for segment in segments)


async def test_a_jump_gets_a_segment_of_every_lane_in_one_answer(kept: Archive) -> None:
    auditor, leader = await kept.pages.person("thanhtra"), await kept.pages.person("chutri")
    replay = await kept.granted(auditor)
    wanted = [kept.other[3], kept.mine[3], kept.mine[0]]
    answer = await auditor.get(several(replay, *wanted))
    assert (answer.status, answer.header("Cache-Control")) == (200, "no-store")
    body, found = answer.body, {}
    while body:
        place, size = struct.unpack(">II", body[:8])
        found[place], body = body[8 : 8 + size], body[8 + size :]
    assert [found[place] for place in range(3)] == [
        (await auditor.get(f"/api/replays/{replay}/segments/{one.id}")).body for one in wanted
    ]
    assert (await leader.get(several(replay, *wanted))).status == 404
    assert (await auditor.get(f"/api/replays/{replay}/segments")).status == 404
    assert (await auditor.get(several(replay, *[kept.mine[0]] * 65))).status == 400
    assert (await auditor.get(f"/api/replays/{replay}/segments?id=0000")).status == 404
    kept.pages.store.delete(kept.mine[3].object_key)
    assert len((await auditor.get(several(replay, *wanted))).body) == len(answer.body) - len(found[1]) - 8


async def test_only_the_holding_units_leader_sees_it_and_only_when_he_asks(kept: Archive) -> None:
    auditor, leader = await kept.pages.person("thanhtra"), await kept.pages.person("chutri")
    await kept.withhold(auditor, "2", "3")
    assert (await kept.replay(auditor, asks=True)).status == 403
    path = f"/segments/{kept.mine[2].id}"
    unasked = await kept.granted(leader)
    assert (await leader.get(f"/api/replays/{unasked}{path}")).status == 403
    asked = await kept.granted(leader, asks=True)
    assert (await leader.get(f"/api/replays/{asked}{path}")).body.startswith(b"sound 2")
    found = await timeline(leader, asked)
    assert [one["text"] for one in found["notes"]] == [NOTE]
    assert [one["shown"] for one in found["withheld"]] == [True]
    # The permission is not handed on with the address.
    assert (await auditor.get(f"/api/replays/{asked}{path}")).status == 404
    async with kept.pages.database.reading() as db:
        actions = [entry.action for entry in await custody.entries(db, kept.recording_id)]
    assert actions == ["seal", "withhold", "replay", "replay_withheld"]


async def test_a_passage_of_one_seat_leaves_the_others(kept: Archive) -> None:
    auditor = await kept.pages.person("thanhtra")
    async with kept.pages.database.reading() as db:
        track = await db.get_one(models.Track, kept.other[0].track_id)
    await kept.withhold(auditor, "0", "2", track.seat_id)
    replay = await kept.granted(auditor)
    assert starts(await timeline(auditor, replay)) == [0, 1000, 2000, 2000, 3000, 3000, 4000, 4000]
    assert (await auditor.get(f"/api/replays/{replay}/segments/{kept.mine[0].id}")).status == 200
    assert (await auditor.get(f"/api/replays/{replay}/segments/{kept.other[0].id}")).status == 403


async def test_a_moment_withholds_the_whole_segments_that_it_touches(kept: Archive, config: Config) -> None:
    database = kept.pages.database
    async with database.transaction() as db:
        leader = (
            (await db.execute(select(models.Account).where(models.Account.username == "chutri"))).unique().scalar_one()
        )
        db.add(
            models.WithheldRange(
                recording_id=kept.recording_id, start_ms=1999, end_ms=2001, ground=GROUND, created_by=leader.id
            )
        )
    async with database.reading() as db:
        [passage] = await withholding.in_force(db, kept.recording_id)
    assert (passage.range.start_ms, passage.range.end_ms) == (1000, 3000)


async def unpack(answer: Answer, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(answer.body)) as package:
        assert package.testzip() is None
        package.extractall(folder)
    return next(folder.glob("*/README.txt")).parent  # noqa: ASYNC240 - a test's own few files


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-euc", command], cwd=folder, capture_output=True, text=True, check=False)


async def test_a_download_is_an_extract_that_can_be_checked_and_holds_nothing_withheld(
    kept: Archive, tmp_path: Path
) -> None:
    auditor = await kept.pages.person("thanhtra")
    await kept.withhold(auditor, "2", "3")
    answer = await kept.download(auditor)
    assert answer.status == 200
    for secret in (b"sound 2", NOTE.encode(), json.dumps(NOTE).encode()):
        assert secret not in answer.body
    folder = await unpack(answer, tmp_path)
    commands = re.findall(
        r"^     ((?:openssl pkeyutl|sha256sum|grep).*(?:\n       .*)?)$", README_EXTRACT, re.MULTILINE
    )
    assert len(commands) == 8
    for command in commands:
        done = run(command, folder)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        if command.startswith("grep"):
            rest = [line.split("  ", 1)[1] for line in done.stdout.splitlines()]
            assert len(rest) == 3
            assert all(name == "manifest.json" or name.endswith(".withheld.webm") for name in rest)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert form.broken_links(manifest) == []
    async with kept.pages.database.reading() as db:
        recording = await db.get_one(models.Recording, kept.recording_id)
        entry = (await custody.entries(db, kept.recording_id))[-1]
    assert manifest["original"]["manifest_sha256"] == recording.manifest_sha256
    assert [one["ground"] for one in manifest["withheld"]] == [GROUND]
    hidden = [s for s in form.segments(manifest) if "withheld" in s]
    assert {s["withheld"]["original_sha256"] for s in hidden} == {kept.mine[2].sha256, kept.other[2].sha256}
    [noted] = [event for event in manifest["events"] if event["kind"] == "noted"]
    assert noted.keys() == {"seq", "at", "kind", "seat", "withheld"}
    assert entry.action == "download_extract"
    assert entry.detail["manifest_sha256"] == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


async def test_the_whole_recording_goes_to_the_leader_who_asks_for_it(kept: Archive) -> None:
    auditor, leader = await kept.pages.person("thanhtra"), await kept.pages.person("chutri")
    await kept.withhold(auditor, "2", "3")
    assert (await kept.download(auditor, asks=True)).status == 403
    assert b"sound 2" not in (await kept.download(leader)).body
    whole = await kept.download(leader, asks=True)
    assert b"sound 2" in whole.body
    with zipfile.ZipFile(io.BytesIO(whole.body)) as package:
        assert not any("withheld" in name for name in package.namelist())


async def test_lifting_needs_the_leader_and_a_reason_and_is_kept(kept: Archive) -> None:
    auditor, leader = await kept.pages.person("thanhtra"), await kept.pages.person("chutri")
    await kept.withhold(auditor, "2", "3")
    async with kept.pages.database.reading() as db:
        [passage] = await withholding.in_force(db, kept.recording_id)
    path = f"/withheld/{passage.passage_id}/lift"
    assert (await auditor.post(path, {"lift_reason": "Không cần nữa"})).status == 403
    await leader.get(f"/recordings/{kept.recording_id}")
    assert (await leader.post(path, {"lift_reason": " "})).status == 400
    assert (await leader.post(path, {"lift_reason": "Người tố cáo đồng ý"})).status == 303
    assert (await leader.post(path, {"lift_reason": "Lần nữa"})).status == 409
    replay = await kept.granted(auditor)
    assert (await auditor.get(f"/api/replays/{replay}/segments/{kept.mine[2].id}")).status == 200
    page = html.unescape((await auditor.get(f"/recordings/{kept.recording_id}")).text)
    assert "Bỏ giữ kín một đoạn ghi" in page
    assert "Người tố cáo đồng ý" in page
    trusted = verification.trust(kept.pages.config)
    async with kept.pages.database.reading() as db:
        report = await verification.verify(db, kept.pages.store, trusted, kept.recording_id)
    assert report.faults == []


@pytest.mark.parametrize(
    ("start", "end", "ground", "field"),
    [
        ("", "3", GROUND, "from"),
        ("1:00:00", "2:00:00", GROUND, "from"),
        ("3", "3", GROUND, "to"),
        ("1", "khi nào", GROUND, "to"),
        ("1", "2", "  ", "ground"),
        ("1", "2", "x" * 301, "ground"),
    ],
)
async def test_what_is_no_passage_or_has_no_ground_is_said_beside_the_field(
    kept: Archive, start: str, end: str, ground: str, field: str
) -> None:
    auditor = await kept.pages.person("thanhtra")
    answer = await kept.withhold(auditor, start, end, ground=ground)
    assert answer.status == 400
    assert f'data-error-for="{field}">' in answer.text
    assert "<details open>" in answer.text


async def test_an_unknown_seat_and_an_unknown_passage_are_refused(kept: Archive) -> None:
    leader = await kept.pages.person("chutri")
    assert (await kept.withhold(leader, "1", "2", seat="nobody")).status == 400
    assert (await leader.post("/withheld/nothing/lift", {"lift_reason": "Vì sao không"})).status == 404
    officer = await kept.pages.person("canbotinh")
    assert (await kept.withhold(officer, "1", "2")).status == 403


@pytest.mark.parametrize(("who", "may"), [("leader.TINH1", True), ("leader.TW", False), ("leader.XA1", False)])
async def test_a_role_over_a_higher_or_lower_unit_is_not_enough(database: Database, who: str, may: bool) -> None:
    taped = await make_hearing(database)
    actor = taped.world.actor(who)
    async with database.transaction() as db:
        await recordings.close_recording(db, taped.recording_id, duration_ms=5000)
        if may:
            assert await replays.start(db, taped.world.vault, actor, taped.recording_id, "Kiểm tra", with_withheld=True)
        else:
            with pytest.raises(Forbidden):
                await replays.start(db, taped.world.vault, actor, taped.recording_id, "Kiểm tra", with_withheld=True)
