"""The report of a hearing's lines and the technician's board, as the browser gets them from the real application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.ids import utc_now
from hub.lines import Cause, Direction, Figures, Trouble, Way
from hub.models import Case, CaseType, Gap, Hearing, HearingKind
from hub.services import lines, recordings
from hub.services.lines import MinuteRow
from hub.services.live import HearingLive, SeatLive
from tests.support.page_check import page_faults
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


def row(hearing: Hearing, seat_id: str, direction: Direction, minute: int, loss: float) -> MinuteRow:
    begin = hearing.starts_at.replace(second=0, microsecond=0)
    return MinuteRow(
        hearing_id=hearing.id,
        minute=begin + timedelta(minutes=minute),
        seat_id=seat_id,
        direction=direction,
        part="p",
        samples=30,
        bps_min=300_000,
        bps_avg=480_000,
        bps_max=700_000,
        loss_min=0.0,
        loss_avg=loss,
        loss_max=loss,
        jitter_ms_min=1.0,
        jitter_ms_avg=3.0,
        jitter_ms_max=9.0,
        round_trip_ms_min=20.0,
        round_trip_ms_avg=31.0,
        round_trip_ms_max=80.0,
        height_min=180,
        height_max=360,
        nacks=4,
        keyframe_requests=1,
        freezes=2,
        gone=0,
        score_min=3,
    )


async def measured(pages: Pages) -> Hearing:
    """The demo's hearing with five minutes of figures; Tân Tiến lost packets in one of them."""
    async with pages.database.transaction() as db:
        wanted = select(Hearing).where(Hearing.kind == HearingKind.REGULAR)
        hearing = (await db.execute(wanted)).unique().scalar_one()
        rows = [
            row(
                hearing, seat.id, way, minute, 0.12 if minute == 2 and "Tân Tiến" in seat.label and way == "up" else 0.0
            )
            for seat in hearing.seats
            for way in Direction
            for minute in range(5)
        ]
        await lines.keep(db, rows)
        hearing.opened_at = hearing.starts_at
        return hearing


async def test_the_report_says_in_words_whose_line_was_bad_and_draws_it(pages: Pages) -> None:
    hearing = await measured(pages)
    technician = await pages.person("kythuat")
    page = await technician.get(f"/hearings/{hearing.id}/lines")
    assert page.status == 200
    assert page_faults(page.text, "vi") == []
    body = page.text.split("<tbody>")[1]
    assert "Tân Tiến" in body.split("</tr>")[0], "the worst comes first"
    assert "1 trên 5 phút xấu; nặng nhất mất 12% gói chiều gửi lúc" in body.split("</tr>")[0]
    assert "Tốt suốt 5 phút." in body
    assert body.count("<polyline") == 2 * len(hearing.seats)
    assert "1 nơi có phút xấu." in page.text


async def test_one_seats_page_has_its_axes_and_every_minute(pages: Pages) -> None:
    hearing = await measured(pages)
    seat = next(seat for seat in hearing.seats if "Tân Tiến" in seat.label)
    technician = await pages.person("kythuat")
    page = await technician.get(f"/hearings/{hearing.id}/lines/{seat.id}")
    assert page.status == 200
    assert page_faults(page.text, "vi") == []
    assert page.text.count('<svg class="wide-chart"') == 4
    assert page.text.count("480 kbit/s") >= 10
    assert (await technician.get(f"/hearings/{hearing.id}/lines/none")).status == 404
    assert (await technician.get("/hearings/none/lines")).status == 404


async def test_the_report_reads_in_english_too(pages: Pages) -> None:
    hearing = await measured(pages)
    technician = await pages.person("kythuat")
    await technician.post("/language", {"language": "en", "next": "/"})
    text = (await technician.get(f"/hearings/{hearing.id}/lines")).text
    assert "1 of 5 minutes bad; at worst 12% of the packets sent were lost, at" in text


async def test_a_commune_sees_its_own_point_and_is_told_so(pages: Pages) -> None:
    hearing = await measured(pages)
    commune = await pages.person("canbotantien")
    page = await commune.get(f"/hearings/{hearing.id}/lines")
    assert page.text.split("<tbody>")[1].count("<tr") == 1
    assert "Bạn chỉ thấy các điểm thuộc đơn vị của mình." in page.text
    chair = next(seat for seat in hearing.seats if seat.kind == "chair")
    assert (await commune.get(f"/hearings/{hearing.id}/lines/{chair.id}")).status == 404


async def test_the_report_is_linked_from_the_hearing_once_it_was_opened(pages: Pages) -> None:
    hearing = await measured(pages)
    technician = await pages.person("kythuat")
    assert f'href="/hearings/{hearing.id}/lines"' in (await technician.get(f"/hearings/{hearing.id}")).text


async def test_neither_report_nor_board_says_anything_of_cases_or_citizens(pages: Pages) -> None:
    hearing = await measured(pages)
    async with pages.database.reading() as db:
        cases = (await db.execute(select(Case))).unique().scalars().all()
    assert any(case.type == CaseType.DENUNCIATION for case in cases)
    technician = await pages.person("kythuat")
    seat = hearing.seats[-1]
    for path in (
        f"/hearings/{hearing.id}/lines",
        f"/hearings/{hearing.id}/lines/{seat.id}",
        "/api/help-desk",
        "/metrics",
    ):
        text = (await technician.get(path)).text
        for case in cases:
            assert case.number not in text, path
            assert case.summary not in text, path
            assert case.party.pseudonym not in text, path


def live_seat(seat_id: str, figures: Figures | None, troubles: tuple[Trouble, ...]) -> SeatLive:
    return SeatLive(
        seat_id=seat_id,
        presence="admitted",
        name=None,
        muted=False,
        microphone=True,
        camera=True,
        screen=False,
        quality=2,
        line=figures,
        troubles=troubles,
        lost_at=None,
    )


async def test_the_board_tells_each_line_and_the_figures_of_the_one_that_is_asked_for(pages: Pages) -> None:
    hearing = await measured(pages)
    seat = hearing.seats[-1]
    way = Way(bps=90_000, loss=0.12, jitter_ms=8.0, round_trip_ms=44.0, height=180, nacks=3, keyframe_requests=0)
    figures = Figures(up=way, down=None)
    live = HearingLive(
        hearing_id=hearing.id,
        state="open",
        chair=hearing.seats[0].id,
        floor=None,
        elapsed_ms=1000,
        recorder_lost=False,
        worker=0,
        seats=(live_seat(seat.id, figures, (Trouble(Cause.LOSS_UP, 12),)),),
    )
    pages.live.hearing = lambda hearing_id: live if hearing_id == hearing.id else None  # type: ignore[method-assign]
    async with pages.database.transaction() as db:
        recording = await recordings.open_recording(db, hearing.id, started_at=utc_now())
        db.add(Gap(recording_id=recording.id, track_id=None, start_ms=1000, end_ms=3500, cause="recorder_lost"))
        db.add(Gap(recording_id=recording.id, track_id=None, start_ms=4000, end_ms=9000, cause="muted"))
    technician = await pages.person("kythuat")
    board = json.loads((await technician.get(f"/api/help-desk?seat={seat.id}")).text)
    assert board["workers"][0]["load"] == 0.25
    [shown] = [one for one in board["hearings"] if one["id"] == hearing.id]
    assert shown["gaps"] == {"count": 1, "total_ms": 2500}
    row = next(one for one in shown["seats"] if one["id"] == seat.id)
    assert row["troubles"] == [{"cause": "loss_up", "amount": 12}]
    assert row["line"] == {"up": {"bps": 90_000, "loss": 0.12}, "down": None, "round_trip_ms": 44.0, "via": ""}
    assert row["figures"]["up"]["nacks"] == 3
    plain = json.loads((await technician.get("/api/help-desk")).text)
    assert all("figures" not in one for each in plain["hearings"] for one in each["seats"])
