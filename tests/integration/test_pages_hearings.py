"""Booking a hearing, its clashes, its changes, and what a seat reports before it enters."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from hub.config import Config
from hub.ids import utc_now
from hub.models import Account, Answer, Hearing, HearingKind, Invitation, Point
from hub.services import recordings
from tests.support.pages import Browser, Pages, running_pages
from web import format as formats

pytestmark = pytest.mark.asyncio

DAY = formats.short_date(formats.today() + timedelta(days=30))


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def fields(pages: Pages, *points: str, chair: str = "chutri", **others: str) -> list[tuple[str, str]]:
    """A booking of a province's hearing as the form sends it."""
    async with pages.database.reading() as db:
        accounts = {a.username: a.id for a in (await db.execute(select(Account))).unique().scalars()}
        by_code = {p.code: p.id for p in (await db.execute(select(Point))).unique().scalars()}
    form = {"title": "Tiếp dân về đất đai", "kind": "regular", "day": DAY, "starts": "08:00", "ends": "10:00"}
    form |= {"chair_id": accounts[chair], **others}
    return [*form.items(), *(("point_ids", by_code[point]) for point in points or ("DC-TANTIEN",))]


async def booked(pages: Pages, browser: Browser, *points: str, **others: str) -> str:
    answer = await browser.post("/hearings/new", await fields(pages, *points, **others))
    assert answer.status == 303, answer.text
    return answer.path


async def test_a_booked_hearing_is_shown_to_everyone_invited(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    path = await booked(pages, browser)
    page = await browser.get(path)
    assert "Đã đặt lịch buổi tiếp." in page.text
    assert f"{DAY} 08:00–10:00" in page.text
    for invited in ("chutri", "canbotantien"):
        assert "Tiếp dân về đất đai" in (await (await pages.person(invited)).get("/hearings/coming")).text
    assert (await (await pages.person("canbodongson")).get(path)).status == 404


async def test_a_clash_of_points_names_the_other_booking_and_keeps_what_was_typed(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    await booked(pages, browser)
    again = await fields(pages, chair="phochutri", title="Tiếp dân lần hai", starts="09:00", ends="11:00")
    answer = await browser.post("/hearings/new", again)
    assert answer.status == 409
    assert re.search(r"Điểm cầu xã Tân Tiến đã có buổi tiếp BT-ANBINH-\d+-\d+ lúc .* Tiếp dân về đất đai", answer.text)
    assert 'href="#f-point_ids"' in answer.text
    assert 'value="Tiếp dân lần hai"' in answer.text
    assert 'value="09:00"' in answer.text
    assert re.search(r'name="point_ids" value="\w+" checked', answer.text)


async def test_a_clash_of_the_chair_stands_at_the_chair(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    await booked(pages, browser)
    answer = await browser.post("/hearings/new", await fields(pages, "DC-DONGSON"))
    assert answer.status == 409
    assert "Chủ trì Trần Quang Minh đã có buổi tiếp" in answer.text
    assert 'href="#f-chair_id"' in answer.text


async def test_what_is_taken_is_known_while_the_form_is_filled_in(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    path = await booked(pages, browser)
    asked = f"/api/hearings/occupied?day={DAY}&starts=9:00&ends=9:30"
    taken = json.loads((await browser.get(asked)).text)["occupied"]
    assert {one["starts"] for one in taken} == {"08:00"}
    assert len(taken) == 2
    assert json.loads((await browser.get(f"{asked}&but={path.rsplit('/', 1)[-1]}")).text)["occupied"] == []
    assert (await browser.get("/api/hearings/occupied?day=hôm qua")).status == 400


async def test_a_booking_in_the_past_says_so_at_the_day(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    yesterday = formats.short_date(formats.today() - timedelta(days=1))
    answer = await browser.post("/hearings/new", await fields(pages, day=yesterday))
    assert answer.status == 400
    assert "Giờ bắt đầu đã qua" in answer.text
    assert 'href="#f-day"' in answer.text
    assert f'value="{yesterday}"' in answer.text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"day": "31/02/2027"}, "day"),
        ({"starts": "25:00"}, "starts"),
        ({"ends": "07:00"}, "ends"),
        ({"title": ""}, "title"),
        ({"kind": "ad_hoc"}, "ad_hoc_ground"),
        ({"chair_id": "nobody"}, "chair_id"),
    ],
)
async def test_each_fault_stands_at_its_field(pages: Pages, wrong: dict[str, str], field: str) -> None:
    browser = await pages.person("canbotinh")
    answer = await browser.post("/hearings/new", await fields(pages, **wrong))
    assert answer.status == 400
    assert f'href="#f-{field}"' in answer.text


async def test_an_ad_hoc_hearing_shows_its_legal_ground(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    path = await booked(pages, browser, kind="ad_hoc", ad_hoc_ground="18.3.b")
    assert "Luật Tiếp công dân, Điều 18 khoản 3 điểm b" in (await browser.get(path)).text


async def test_a_case_is_carried_from_its_page_into_the_booking(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    case = re.search(r'href="/cases/(\w{32})"', (await browser.get("/cases?q=thu hoi")).text)
    assert case
    form = await browser.get(f"/hearings/new?case={case.group(1)}")
    assert f'name="case_ids" value="{case.group(1)}"' in form.text
    path = await booked(pages, browser, case_ids=case.group(1))
    assert f"/cases/{case.group(1)}" in (await browser.get(path)).text


async def test_a_change_needs_a_reason_that_the_invited_see_and_the_waiting_are_told(pages: Pages) -> None:
    browser, chair = await pages.person("canbotinh"), await pages.person("chutri")
    path = await booked(pages, browser)
    assert 'value="08:00"' in (await browser.get(f"{path}/edit")).text
    moved = await fields(pages, version="1", starts="14:00", ends="15:00")
    assert (await browser.post(f"{path}/edit", moved)).status == 400
    answer = await browser.post(f"{path}/edit", [*moved, ("reason", "Chủ trì bận buổi sáng")])
    assert answer.status == 303
    page = await chair.get(path)
    assert "Chủ trì bận buổi sáng" in page.text
    assert "14:00–15:00" in page.text
    assert pages.live.told == [path.rsplit("/", 1)[-1]]


async def test_two_who_change_at_once_lose_nothing(pages: Pages) -> None:
    browser, secretary = await pages.person("canbotinh"), await pages.person("thuky")
    path = await booked(pages, browser)
    first = await fields(pages, version="1", title="Bản thứ nhất")
    second = await fields(pages, version="1", title="Bản thứ hai")
    assert (await browser.post(f"{path}/edit", [*first, ("reason", "Đổi tên")])).status == 303
    stale = await secretary.post(f"{path}/edit", [*second, ("reason", "Đổi tên khác")])
    assert stale.status == 409
    assert "Vũ Hoàng Yến" in stale.text
    assert 'value="Bản thứ hai"' in stale.text
    assert 'name="version" value="2"' in stale.text


async def test_postponing_without_a_day_waits_and_with_one_moves(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    path = await booked(pages, browser)
    refused = await browser.post(f"{path}/postpone", {"version": "1", "reason": ""})
    assert refused.status == 400
    assert 'id="postpone" aria-labelledby="postpone-title" data-open' in refused.text
    assert (await browser.post(f"{path}/postpone", {"version": "1", "reason": "Mưa lũ"})).status == 303
    page = await browser.get(path)
    assert "Đã hoãn" in page.text
    assert "Mưa lũ" in page.text
    moved = await fields(pages, version="2", day=DAY, starts="15:00", ends="16:00")
    assert (await browser.post(f"{path}/edit", [*moved, ("reason", "Nước đã rút")])).status == 303
    later = {"version": "3", "reason": "Thêm một ngày", "day": DAY, "starts": "16:00", "ends": "17:00"}
    assert (await browser.post(f"{path}/postpone", later)).status == 303
    assert "16:00–17:00" in (await browser.get(path)).text


async def test_a_time_that_somebody_proposed_is_taken_over_into_the_form(pages: Pages) -> None:
    officer = await pages.person("canbotinh")
    path = await booked(pages, officer, "DC-DONGSON")
    async with pages.database.transaction() as db:
        rows = (await db.execute(select(Invitation).where(Invitation.hearing_id == path.split("/")[2]))).unique()
        one = rows.scalars().first()
        one.answer, one.comment = Answer.PROPOSED, "Trùng họp"
        one.proposed_starts_at = datetime(2099, 12, 1, 7, tzinfo=UTC)
        one.proposed_ends_at = datetime(2099, 12, 1, 9, 30, tzinfo=UTC)
    link = f"{path}?takes={one.id}"
    assert f'href="{link}"' in (await officer.get(path)).text
    shown = (await officer.get(link)).text
    dialog = shown[shown.index('<dialog id="postpone"') :]
    for said in (
        " data-open",
        "Chuyển sang giờ được đề nghị</h2>",
        'value="01/12/2099"',
        'value="14:00"',
        'value="16:30"',
    ):
        assert said in dialog
    assert "data-open>" not in (await officer.get(f"{path}?takes=0")).text


async def test_a_cancelled_hearing_stays_visible_with_its_reason_and_cannot_be_entered(pages: Pages) -> None:
    browser, point = await pages.person("canbotinh"), await pages.person("canbotantien")
    path = await booked(pages, browser)
    assert "/seats/" in (await point.get(path)).text
    assert (await browser.post(f"{path}/cancel", {"version": "1", "reason": "Đã giải quyết xong"})).status == 303
    page = await point.get(path)
    assert "Đã hủy" in page.text
    assert "Đã giải quyết xong" in page.text
    assert "/seats/" not in page.text
    again = await browser.post(f"{path}/cancel", {"version": "2", "reason": "Lần nữa"})
    assert again.status == 409


async def test_lists_are_filtered_by_day_point_chair_and_case(pages: Pages) -> None:
    auditor = await pages.person("thanhtra")
    async with pages.database.reading() as db:
        hearing = (await db.execute(select(Hearing).where(Hearing.kind == HearingKind.AD_HOC))).unique().scalar_one()
        chair, point = hearing.seats[0].account_id, hearing.seats[-1].point_id
    day = formats.short_date(hearing.starts_at)
    for query in (f"from={day}&to={day}", f"point={point}", f"chair={chair}", "q=o nhiem", "case=KIN-HOABINH"):
        found = (await auditor.get(f"/hearings/all?{query}")).text.split("<tbody>")[1]
        assert "an toàn giao thông" in found, query
        assert "thu hồi đất" not in found, query
    assert "Không có buổi tiếp nào khớp" in (await auditor.get("/hearings/all?from=01/01/2099")).text


async def test_a_seats_check_and_notice_are_kept_and_seen_by_the_help_desk(pages: Pages) -> None:
    point, desk = await pages.person("canbotantien"), await pages.person("kythuat")
    async with pages.database.transaction() as db:  # just before midnight the demo's next reception is tomorrow's
        await db.execute(update(Hearing).where(Hearing.kind != HearingKind.AD_HOC).values(starts_at=utc_now()))
    link = re.search(r'href="(/hearings/(\w+)/seats/(\w+))"', (await point.get("/")).text)
    assert link
    _, hearing_id, seat_id = link.groups()
    check = {"seat_id": seat_id, "camera": "ok", "microphone": "failed", "loudspeaker": "ok", "connection": "ok"}
    assert (await point.send_json(f"/api/hearings/{hearing_id}/device-check", check)).status == 201
    assert (await point.send_json(f"/api/hearings/{hearing_id}/notice", {"seat_id": seat_id})).status == 201
    board = json.loads((await desk.get("/api/help-desk")).text)
    seat = next(s for h in board["hearings"] for s in h["seats"] if s["id"] == seat_id)
    assert seat["check"]["microphone"] == "failed"
    assert seat["notice_at"].endswith("Z")
    assert board["recorder"]["ready"] is True
    page = (await point.get(f"/hearings/{hearing_id}")).text
    assert "micro: không đạt" in page
    assert "Đã báo" in page


@pytest.mark.parametrize("body", [{}, {"seat_id": 5}, [], {"seat_id": "none", "camera": "ok"}])
async def test_a_malformed_report_is_refused_in_words(pages: Pages, body: object) -> None:
    point = await pages.person("canbotantien")
    answer = await point.send_json("/api/hearings/none/device-check", body)
    assert answer.status == 400
    assert json.loads(answer.text)["error"]["code"] == "bad_input"


async def test_who_chairs_without_a_role_in_the_unit_sees_the_hearing_and_its_recording(pages: Pages) -> None:
    async with pages.database.transaction() as db:
        hearing = (await db.execute(select(Hearing).where(Hearing.kind == HearingKind.REGULAR))).unique().scalar_one()
        chair = next(seat.account for seat in hearing.seats if seat.kind == "chair" and seat.account)
        chair.grants = []
        recording = await recordings.open_recording(db, hearing.id)
    browser = await pages.person(chair.username)
    assert (await browser.get(f"/hearings/{hearing.id}")).status == 200
    assert (await browser.get(f"/recordings/{recording.id}")).status == 200
