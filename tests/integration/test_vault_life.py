"""The life of a denunciation on a whole hub, as processes: nothing that they leave anywhere names who denounced."""

from __future__ import annotations

import asyncio
import html
import io
import json
import re
import sqlite3
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from bench import world
from bench.hub_seats import Refused
from bench.hub_server import Hub, serving
from hub.text import fold
from tests.support.counted_chair import ADDRESS, CountedChair, chairs

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(600), pytest.mark.media]

NAME = "Quàng Thị Mười Hai"
PLACE = "Bản Huổi Khon"
NUMBER, PHONE = "011175009876", "0987612345"
FOLDED = tuple(fold(one).encode() for one in (NAME, PLACE, NUMBER, PHONE))
EXACT = tuple(
    form.encode() for one in (NAME, PLACE) for form in (one, json.dumps(one)[1:-1], quote(one), html.escape(one))
)
PDF = b"%PDF-1.7\n" + f"Tôi là {NAME}, {PLACE}, {NUMBER}, {PHONE}".encode()
CASE = {
    "type": "complaint",
    "summary": "Việc nhận tiền ở bộ phận địa chính",
    "content": "Đã đưa tiền hai lần.",
    "party_kind": "individual",
    "people_count": "1",
    "name": NAME,
    "address": PLACE,
    "birth": "1975",
    "id_number": NUMBER,
    "phone": PHONE,
    "confirmed": "yes",
}


def traces(data: bytes) -> list[bytes]:
    folded = fold(data.decode("utf-8", "replace")).encode()
    return [one for one in FOLDED if one in folded] + [one for one in EXACT if one in data]


class Official:
    """A person of the office at a browser."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session, self._address, self.token = session, address, ""

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self._session.get(self._address + path, allow_redirects=False) as answer:
            body = await answer.read()
        if found := re.search(rb'name="csrf-token" content="([^"]*)"', body):
            self.token = found[1].decode()
        return answer.status, body

    async def post(
        self, path: str, fields: dict[str, str], file: tuple[str, bytes] | None = None
    ) -> tuple[int, str, bytes]:
        form = aiohttp.FormData(quote_fields=False)
        for name, value in {"csrf_token": self.token, **fields}.items():
            form.add_field(name, value)
        if file:
            form.add_field("file", io.BytesIO(file[1]), filename=file[0])
        async with self._session.post(self._address + path, data=form, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.read()

    async def sign_in(self, username: str) -> Official:
        await self.get("/sign-in")
        status, _, body = await self.post("/sign-in", {"username": username, "password": world.PASSWORD})
        assert status == 303, body.decode()
        await self.get("/account")
        return self


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving([1], ADDRESS, settings={"HUB_SEGMENT_MAX_S": "2"}) as running:
        yield running


async def received(officer: Official) -> str:
    """Registered as a complaint with its paper, then found to be a denunciation; the way is full of mistakes."""
    status, path, body = await officer.post("/cases/new", CASE)
    assert status == 303, body.decode()
    status, _, body = await officer.post(f"{path}/attachments", {}, (f"Đơn của {NAME}.pdf", PDF))
    assert status == 303, body.decode()
    edit = {
        "version": "1",
        "type": "denunciation",
        "summary": CASE["summary"],
        "content": "Đã đưa tiền.",
        "people_count": "1",
    }
    status, _, _ = await officer.post(f"{path}/edit", {**edit, "content": f"Bà {NAME} đưa tiền"})
    assert status == 400
    status, _, body = await officer.post(f"{path}/edit", edit)
    assert status == 303, body.decode()
    status, _, _ = await officer.post(f"{path}/moves/classify", {"version": "2", "day": "hôm qua", "reason": NAME})
    assert status == 400
    for wrong in (f"/cases?q={quote(NAME)}&from={quote(PLACE)}", f"/{quote(NAME)}", f"/cases/{quote(NAME)}"):
        await officer.get(wrong)
    return path.rsplit("/", 1)[-1]


async def held(hub: Hub, chair: CountedChair, case_id: str) -> None:
    """About the case, with pictures, sound and a message that must not be said."""
    database = hub.process.data_dir / "var" / "hub.db"
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute(
            "INSERT INTO hearing_case (hearing_id, case_id) VALUES (?, ?)", (hub.hearings[0].hearing_id, case_id)
        )
    await chair.begin()
    assert chair._seat is not None
    await chair._seat.send("say", text=f"Mời bà {NAME}")
    with pytest.raises(Refused):
        await chair._seat.event("said")
    chair._seat._fault = None
    await chair._seat.send("say", text="Mời người tố cáo trình bày")
    await chair._seat.event("said")
    await asyncio.sleep(4)
    await chair.end()


def archived(hub: Hub, recording_id: str) -> None:
    """Blocks until the recorder has sealed it."""
    folder = hub.process.data_dir / "var" / "objects" / "recordings" / recording_id
    deadline = time.monotonic() + 180
    while not (folder / "manifest.json").exists() or not list(folder.glob("SHA256SUMS*")):
        assert time.monotonic() < deadline, hub.process.tail()
        time.sleep(0.3)


def everything(hub: Hub, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each file that the hub has left, database and log included, and what a backup of it holds."""
    hub.process.command("backup", str(folder / "backup.tar"), timeout_s=300)
    with tarfile.open(folder / "backup.tar") as tar:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            yield f"backup {member.name}", member.name.encode() + file.read()
    for path in hub.process.data_dir.rglob("*"):
        if path.is_file():
            yield str(path), path.name.encode() + path.read_bytes()


async def test_nothing_that_a_whole_hub_leaves_names_who_denounced(hub: Hub, tmp_path: Path) -> None:
    jar = aiohttp.CookieJar
    async with (
        aiohttp.ClientSession(cookie_jar=jar(unsafe=True)) as one,
        aiohttp.ClientSession(cookie_jar=jar(unsafe=True)) as two,
        chairs(hub) as (chair,),
    ):
        officer = await Official(one, hub.address).sign_in("datlich")
        case_id = await received(officer)
        await held(hub, chair, case_id)
        await asyncio.to_thread(archived, hub, chair.recording_id)
        status, _, body = await officer.post(f"/cases/{case_id}/identity", {"reason": "Đối chiếu giấy tờ"})
        assert status == 200
        assert NAME in body.decode()
        other = await Official(two, hub.address).sign_in("chutri0")
        hearing = hub.hearings[0].hearing_id
        pages = (
            f"/cases/{case_id}",
            f"/hearings/{hearing}",
            f"/recordings/{chair.recording_id}",
            "/cases",
            "/",
            "/hearings",
        )
        for path in pages:
            status, body = await other.get(path)
            assert status == 200, path
            assert traces(body) == [], path
        status, _, package = await other.post(
            f"/recordings/{chair.recording_id}/download", {"download_reason": "Giao cho cơ quan điều tra"}
        )
        assert status == 200
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            assert traces(name.encode() + archive.read(name)) == [], name
    read = 0
    for name, data in await asyncio.to_thread(lambda: list(everything(hub, tmp_path))):
        read += 1
        assert traces(data) == [], name
    assert read > 30
