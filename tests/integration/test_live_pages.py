"""The page of a seat, the recording's own page and the player, as the browser gets them from the real application."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Gap, Hearing, HearingKind, HearingState, Seat, SeatKind, Track
from hub.services import recordings
from tests.support.pages import Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config, help_phone="0238 123 456") as running:
        yield running


async def seats(pages: Pages) -> tuple[str, dict[str, Seat]]:
    """The demo hearing's id and its seats: by kind, and points by a word of their name."""
    async with pages.database.reading() as db:
        wanted = select(Hearing).where(Hearing.kind == HearingKind.REGULAR)
        hearing = (await db.execute(wanted)).unique().scalar_one()
    return hearing.id, {
        "xã Tân Tiến" if "Tân Tiến" in seat.label else str(seat.kind): seat
        for seat in sorted(hearing.seats, key=lambda seat: seat.position)
    }


def boot(text: str) -> dict[str, object]:
    """What the server tells the page script."""
    found = re.search(r'<script type="application/json" id="live">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    told: dict[str, object] = json.loads(found.group(1))
    return told


async def enter(browser: Browser, hearing_id: str, seat: Seat) -> tuple[int, str]:
    answer = await browser.get(f"/hearings/{hearing_id}/seats/{seat.id}")
    return answer.status, answer.text


async def test_a_seat_opens_for_whom_it_was_booked_and_nobody_else(pages: Pages) -> None:
    hearing_id, by_name = await seats(pages)
    chair, commune = await pages.person("chutri"), await pages.person("canbotantien")
    assert (await enter(chair, hearing_id, by_name["chair"]))[0] == 200
    assert (await enter(commune, hearing_id, by_name["xã Tân Tiến"]))[0] == 200
    assert (await enter(commune, hearing_id, by_name["chair"]))[0] == 403
    assert (await chair.get(f"/hearings/{hearing_id}/seats/none")).status == 404


async def test_the_notice_is_asked_for_until_it_has_been_confirmed(pages: Pages) -> None:
    hearing_id, by_name = await seats(pages)
    officer, seat = await pages.person("canbotantien"), by_name["xã Tân Tiến"]
    _, text = await enter(officer, hearing_id, seat)
    assert boot(text)["noticeConfirmed"] is False
    assert "42/2013/QH13" in text
    confirmed = await officer.send_json(f"/api/hearings/{hearing_id}/notice", {"seat_id": seat.id})
    assert confirmed.status == 201
    assert boot((await enter(officer, hearing_id, seat))[1])["noticeConfirmed"] is True


async def test_cases_are_shown_to_those_who_hear_them_and_not_on_a_points_screen(pages: Pages) -> None:
    hearing_id, by_name = await seats(pages)
    _, chairs = await enter(await pages.person("chutri"), hearing_id, by_name["chair"])
    _, points = await enter(await pages.person("canbotantien"), hearing_id, by_name["xã Tân Tiến"])
    assert '"summary": "' in chairs
    assert '"summary": "' not in points
    assert 'href="/cases/' not in points


async def test_the_page_runs_under_the_strict_policy_and_names_whom_to_call(pages: Pages) -> None:
    hearing_id, by_name = await seats(pages)
    chair = await pages.person("chutri")
    answer = await chair.get(f"/hearings/{hearing_id}/seats/{by_name['chair'].id}")
    assert "0238 123 456" in answer.text
    assert "style=" not in answer.text
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", answer.text)
    assert scripts == []
    for name in set(re.findall(r'href="#i-([a-z-]+)"', answer.text)):
        assert f'id="i-{name}"' in answer.text, name


async def test_a_hearing_that_is_over_leads_back_to_its_page(pages: Pages) -> None:
    hearing_id, by_name = await seats(pages)
    async with pages.database.transaction() as db:
        (await db.get_one(Hearing, hearing_id)).state = HearingState.CLOSED
    answer = await (await pages.person("chutri")).get(f"/hearings/{hearing_id}/seats/{by_name['chair'].id}")
    assert (answer.status, answer.path) == (303, f"/hearings/{hearing_id}")


async def recorded(pages: Pages) -> str:
    """A recording with one seat's sound and picture lost together for two seconds, and a muted microphone."""
    hearing_id, by_name = await seats(pages)
    async with pages.database.transaction() as db:
        recording = await recordings.open_recording(db, hearing_id)
        seat_id = by_name["xã Tân Tiến"].id
        for kind, source, start_ms in (("audio", "microphone", 61_010), ("video", "camera", 61_040)):
            track = Track(recording_id=recording.id, seat_id=seat_id, source=source, kind=kind, codec="")
            db.add(track)
            await db.flush()
            lost = {"recording_id": recording.id, "track_id": track.id}
            db.add(Gap(**lost, start_ms=start_ms, end_ms=62_900, cause="lost"))
            db.add(Gap(**lost, start_ms=5_000, end_ms=9_000, cause="muted"))
        await recordings.close_recording(db, recording.id, duration_ms=3_600_000)
        return recording.id


async def test_a_loss_of_sound_and_picture_together_is_one_line_and_a_mute_is_none(pages: Pages) -> None:
    recording_id = await recorded(pages)
    text = (await (await pages.person("thanhtra")).get(f"/recordings/{recording_id}")).text
    table = text.split('aria-labelledby="gaps-head"')[1].split("</section>")[0]
    assert table.count("<tr>") == 2, "the head and one gap"
    assert "0:01:01" in table
    assert "Tân Tiến" in table


async def test_whoever_replays_is_named_with_his_reason_on_the_recordings_page(pages: Pages) -> None:
    recording_id = await recorded(pages)
    auditor = await pages.person("thanhtra")
    asked = {"reason": "Xác minh theo đơn số 17", "t": "1m5s"}
    answer = await auditor.post(f"/recordings/{recording_id}/replay", asked)
    assert answer.path.startswith("/replays/")
    assert answer.path.endswith("?t=1m5s")
    assert "Xác minh theo đơn số 17" in (await auditor.get(f"/recordings/{recording_id}")).text


async def test_a_replay_belongs_to_the_account_that_asked_for_it(pages: Pages) -> None:
    recording_id = await recorded(pages)
    auditor, chair = await pages.person("thanhtra"), await pages.person("chutri")
    answer = await auditor.post(f"/recordings/{recording_id}/replay", {"reason": "Kiểm tra"})
    player = await auditor.get(answer.path)
    assert player.status == 200
    assert "thanhtra" in player.text, "the watermark"
    assert (await chair.get(answer.path)).status == 404


async def test_only_points_have_officers_that_read_the_notice(pages: Pages) -> None:
    hearing_id, by_name = await seats(pages)
    _, text = await enter(await pages.person("chutri"), hearing_id, by_name["chair"])
    assert boot(text)["seatKind"] == str(SeatKind.CHAIR)
