"""Replaying: the reason first, then the timeline and the segments' bytes, for that person alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from hub.config import Config
from hub.ids import utc_now
from hub.models import Hearing, Replay, Segment, SegmentState, Track
from hub.services import recordings
from tests.support.pages import Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

MEDIA = bytes(range(256)) * 8


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def recorded(pages: Pages, *, stored: bool = True) -> tuple[str, str]:
    """A closed recording with one segment: its id and the segment's."""
    key = "recordings/r/t/000000.webm"
    async with pages.database.transaction() as db:
        hearing = (await db.execute(select(Hearing).order_by(Hearing.number).limit(1))).unique().scalar_one()
        recording = await recordings.open_recording(db, hearing.id)
        await recordings.close_recording(db, recording.id, duration_ms=10_000)
        track = Track(
            recording_id=recording.id, seat_id=hearing.seats[0].id, source="camera", kind="video", codec="VP8"
        )
        db.add(track)
        await db.flush()
        segment = Segment(
            recording_id=recording.id,
            track_id=track.id,
            number=0,
            start_ms=0,
            duration_ms=10_000,
            media_type='video/webm; codecs="vp8"',
            size_bytes=len(MEDIA),
            sha256=hashlib.sha256(MEDIA).hexdigest(),
            object_key=key,
            state=SegmentState.STORED if stored else SegmentState.SPOOLED,
        )
        db.add(segment)
        await db.flush()
    if stored:
        pages.store.put_bytes(key, MEDIA, media_type="video/webm")
    return recording.id, segment.id


async def granted(browser: Browser, recording_id: str) -> str:
    answer = await browser.post(f"/recordings/{recording_id}/replay", {"reason": "Kiểm tra theo đơn"})
    assert answer.status == 303
    return answer.path.rsplit("/", 1)[-1]


async def test_without_a_reason_there_is_no_replay(pages: Pages) -> None:
    auditor = await pages.person("thanhtra")
    recording_id, _ = await recorded(pages)
    answer = await auditor.post(f"/recordings/{recording_id}/replay", {"reason": " "})
    assert answer.status == 400
    assert "lý do xem lại" in answer.text


async def test_the_replay_stands_on_the_case_and_in_the_audit_trail(pages: Pages) -> None:
    auditor = await pages.person("thanhtra")
    recording_id, _ = await recorded(pages)
    await granted(auditor, recording_id)
    trail = (await auditor.get("/audit?action=recording.replay")).text
    assert "Kiểm tra theo đơn" in trail
    officer = await pages.person("canbotantien")
    case = (await officer.get("/cases?q=thu hoi")).text.split("<tbody>")[1].split('href="')[1].split('"')[0]
    page = (await officer.get(case)).text
    assert "Kiểm tra theo đơn" in page
    assert "Ngô Bảo Châm" in page


async def test_the_timeline_is_for_the_person_it_was_granted_to(pages: Pages) -> None:
    auditor, leader = await pages.person("thanhtra"), await pages.person("chutri")
    recording_id, segment_id = await recorded(pages)
    replay = await granted(auditor, recording_id)
    timeline = json.loads((await auditor.get(f"/api/replays/{replay}/timeline")).text)
    assert timeline["duration_ms"] == 10_000
    assert [segment[0] for track in timeline["tracks"] for segment in track["segments"]] == [segment_id]
    assert (await leader.get(f"/api/replays/{replay}/timeline")).status == 404
    assert (await leader.get(f"/api/replays/{replay}/segments/{segment_id}")).status == 404


async def test_a_replay_that_has_run_out_asks_for_the_reason_again(pages: Pages) -> None:
    auditor = await pages.person("thanhtra")
    recording_id, segment_id = await recorded(pages)
    replay = await granted(auditor, recording_id)
    async with pages.database.transaction() as db:
        await db.execute(update(Replay).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert (await auditor.get(f"/api/replays/{replay}/segments/{segment_id}")).status == 403


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("", 200, 0, 2048),
        ("bytes=0-99", 206, 0, 100),
        ("bytes=2000-", 206, 2000, 2048),
        ("bytes=-48", 206, 2000, 2048),
        ("bytes=100-99999", 206, 100, 2048),
        ("lines=1-2", 200, 0, 2048),
    ],
)
async def test_segments_come_whole_or_in_ranges(pages: Pages, asked: str, status: int, start: int, end: int) -> None:
    auditor = await pages.person("thanhtra")
    recording_id, segment_id = await recorded(pages)
    path = f"/api/replays/{await granted(auditor, recording_id)}/segments/{segment_id}"
    answer = await auditor.get(path, headers={"Range": asked} if asked else {})
    assert answer.status == status
    assert answer.body == MEDIA[start:end]
    assert answer.header("Cache-Control") == "no-store"
    if status == 206:
        assert answer.header("Content-Range") == f"bytes {start}-{end - 1}/2048"


async def test_a_range_beyond_the_end_is_refused(pages: Pages) -> None:
    auditor = await pages.person("thanhtra")
    recording_id, segment_id = await recorded(pages)
    path = f"/api/replays/{await granted(auditor, recording_id)}/segments/{segment_id}"
    answer = await auditor.get(path, headers={"Range": "bytes=5000-6000"})
    assert answer.status == 416
    assert answer.header("Content-Range") == "bytes */2048"


async def test_a_segment_that_is_still_on_its_way_says_so(pages: Pages) -> None:
    auditor = await pages.person("thanhtra")
    recording_id, segment_id = await recorded(pages, stored=False)
    path = f"/api/replays/{await granted(auditor, recording_id)}/segments/{segment_id}"
    answer = await auditor.get(path)
    assert answer.status in (200, 503)
    if answer.status == 503:
        assert json.loads(answer.text)["error"]["code"] == "not_ready"
