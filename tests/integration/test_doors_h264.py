"""H.264 from room encoders: forwarded as it is to who can take it, and recorded as it is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.support import hub_process
from tests.support.door_world import hearing_and_seats, issue, seated
from tests.support.encoders import ffmpeg
from tests.support.hub_process import HubProcess

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300), pytest.mark.media]
POINT = "DC-TANTIEN"


@pytest.fixture
def hub() -> Iterator[HubProcess]:
    with hub_process.running() as running:
        yield running


async def test_ffmpeg_s_h264_is_seen_heard_and_archived_in_files_that_play(hub: HubProcess, tmp_path: Path) -> None:
    hearing, seats = hearing_and_seats(hub)
    point = seats[POINT]
    token = await issue(hub, hearing, POINT)
    log = tmp_path / "ffmpeg.log"
    async with seated(hub, "chutri", hearing, seats["chair"]) as chair:
        await chair.send("open")
        await chair.happened("opened")
        async with ffmpeg(token["endpoint"], token["token"], log) as sending:
            try:
                await chair.happened("device_joined", point)
                await chair.send("admit", seat_id=point)
                await chair.watch()
                await asyncio.gather(chair.sees(point, "camera", 20), chair.sees(point, "microphone"))
            except TimeoutError:
                raise AssertionError(log.read_text()) from None
            assert (chair.last[point, "camera"].width, chair.last[point, "camera"].height) == (320, 180)
            assert await sending.wait() == 0  # it hangs up by DELETE
        await chair.happened("device_left", point)
        await chair.send("end", confirm=(await chair.told("welcome"))["number"])
        await chair.told("goodbye")
        rows = await archived(hub, point)
    assert {codec for codec, _, _ in rows} == {"H264", "opus"}
    pictures = [(media_type, key) for codec, media_type, key in rows if codec == "H264"]
    assert all(media_type.startswith('video/mp4; codecs="avc1.42') for media_type, _ in pictures)
    assert all(key.endswith(".mp4") for _, key in pictures)
    seen = 0
    for _, key in pictures:
        with av.open(str(hub.data_dir / "var" / "objects" / key), "r") as file:
            seen += sum(1 for _ in file.decode(video=0))
    assert seen > 100  # of 15 a second in about fifteen


async def archived(hub: HubProcess, seat_id: str) -> list[tuple[str, str, str]]:
    """(codec, media type, object key) of the seat's segments, once everything is in the store."""
    async with asyncio.timeout(90):
        while True:
            with sqlite3.connect(hub.data_dir / "var" / "hub.db") as db:
                found = db.execute("SELECT id FROM recording WHERE state = 'archived'").fetchone()
                if found:
                    assert "whole and unaltered" in await asyncio.to_thread(hub.command, "verify", found[0])
                    return db.execute(
                        "SELECT codec, media_type, object_key FROM segment JOIN track ON track.id = track_id "
                        "WHERE seat_id = ? ORDER BY start_ms",
                        (seat_id,),
                    ).fetchall()
            await asyncio.sleep(0.2)
