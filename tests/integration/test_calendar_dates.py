"""The pages of calendar, posting, notice and minimum with the clock set: across 1 July 2026, and over Tết 2027.

On 1 July 2026 the commune chair's minimum changed from a day a week to two days a month (Law 136/2025/QH15).
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from hub import calendar
from hub.config import Config
from hub.models import Account, Attendance, Hearing, HearingState, OrgUnit, Point, SeatKind, UnitHead
from tests.support import clock
from tests.support.pages import Answer, Pages, running_pages
from web import format as formats

pytestmark = pytest.mark.asyncio
LEADER, OFFICER = "chutichxa", "canbotinh"


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    """The demo province, whose commune of Tân Tiến has had its head since long ago; its own hearings are long over."""
    past = datetime(2026, 1, 5, tzinfo=UTC)
    async with running_pages(config) as running:
        async with running.database.transaction() as db:
            await db.execute(update(UnitHead).values(valid_from=date(2026, 1, 1)))
            await db.execute(update(Hearing).values(starts_at=past, ends_at=past + timedelta(hours=2)))
        yield running


def morning(day: date) -> datetime:
    return calendar.at(day, time(9))


async def sees(pages: Pages, username: str, path: str, row: str = "") -> str:
    """A page's words, or those of the row of its table that has this text."""
    text = (await (await pages.person(username)).get(path)).text
    if row:
        text = next(one for one in re.findall(r"<tr\b.*?</tr>", text, re.DOTALL) if row in one)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def weekly(pages: Pages, weekday: str, first: date, last: date) -> dict[date, str]:
    """A weekly reception of the commune's chair, made by the form; its hearings by the day they fall on."""
    async with pages.database.reading() as db:
        point = (await db.execute(select(Point).where(Point.code == "DC-TANTIEN"))).unique().scalar_one()
        chair = (await db.execute(select(Account).where(Account.username == LEADER))).unique().scalar_one()
        unit = (await db.execute(select(OrgUnit).where(OrgUnit.code == "TANTIEN"))).scalar_one()
    fields = {
        "title": "Chủ tịch xã tiếp công dân",
        "unit_id": unit.id,
        "frequency": "weekly",
        "interval": "1",
        "weekdays": weekday,
        "first_day": formats.short_date(first),
        "last_day": formats.short_date(last),
        "starts": "08:00",
        "ends": "11:00",
        "chair_id": chair.id,
        "point_ids": point.id,
        "do": "create",
    }
    made = await (await pages.person(OFFICER)).post("/series/new", fields)
    assert made.status == 303, re.findall(r'class="error"[^>]*>.*?<span>([^<]+)', made.text)
    async with pages.database.reading() as db:
        found = (await db.execute(select(Hearing).where(Hearing.title == fields["title"]))).unique().scalars()
        return {calendar.local_day(one.starts_at): one.id for one in found}


async def post(pages: Pages, *hearing_ids: str) -> Answer:
    fields = [("hearing_ids", one) for one in hearing_ids]
    return await (await pages.person(OFFICER)).post("/postings", [*fields, ("content", "Tiếp công dân định kỳ")])


async def held(pages: Pages, *hearing_ids: str) -> None:
    """The chair came, and it was closed."""
    async with pages.database.transaction() as db:
        for hearing_id in hearing_ids:
            hearing = await db.get_one(Hearing, hearing_id)
            chair = next(seat for seat in hearing.seats if seat.kind == SeatKind.CHAIR)
            hearing.state = HearingState.CLOSED
            came = Attendance(hearing_id=hearing.id, seat_id=chair.id, account_id=chair.account_id)
            came.joined_at = hearing.starts_at
            db.add(came)


async def test_on_both_sides_of_1_july_2026_the_commune_chair_owes_what_the_law_of_the_day_says(pages: Pages) -> None:
    with clock.set_to(morning(date(2026, 6, 10))):
        by_day = await weekly(pages, "WE", date(2026, 6, 22), date(2026, 7, 17))
        assert sorted(by_day) == [date(2026, 6, 24), date(2026, 7, 1), date(2026, 7, 8), date(2026, 7, 15)]
        june, july = [await sees(pages, OFFICER, f"/minimums?month=2026-{n}", "Tân Tiến") for n in ("06", "07")]
        assert "1 ngày mỗi tuần" in june
        assert "42/2013/QH13, Điều 15" in june
        assert " 0/4 1 " in june
        assert "2 ngày mỗi tháng" in july
        assert "136/2025/QH15" in july
        assert " 0/2 3 0 Đã xếp lịch đủ" in july
        posting = await sees(pages, OFFICER, "/postings")
        for day in ("17/06/2026", "24/06/2026"):
            assert day in posting, "five working days before 24 June and 1 July"
        assert (await post(pages, by_day[date(2026, 6, 24)], by_day[date(2026, 7, 1)])).status == 303
        assert "thứ Tư, 24/06/2026" in await sees(pages, OFFICER, "/notice/TANTIEN?month=2026-06")
        assert "thứ Tư, 01/07/2026" in await sees(pages, OFFICER, "/notice/TANTIEN?month=2026-07")
    with clock.set_to(morning(date(2026, 7, 2))):
        await held(pages, by_day[date(2026, 6, 24)], by_day[date(2026, 7, 1)])
        assert " 1/4 0 3 Không còn kịp" in await sees(pages, OFFICER, "/minimums?month=2026-06", "Tân Tiến")
        own = await sees(pages, LEADER, "/")
        assert "2 ngày mỗi tháng" in own
        assert "Đã tiếp 1/2" in own
        assert "Đã xếp lịch 2" in own
        assert "Tháng 07/2026" in await sees(pages, LEADER, "/calendar")


async def test_over_tet_2027_reception_steps_aside_and_is_posted_five_working_days_ahead(pages: Pages) -> None:
    with clock.set_to(morning(date(2027, 1, 11))):
        by_day = await weekly(pages, "FR", date(2027, 1, 29), date(2027, 2, 19))
        assert sorted(by_day) == [date(2027, 1, 29), date(2027, 2, 11), date(2027, 2, 12), date(2027, 2, 19)]
        february = await sees(pages, LEADER, "/calendar?view=month&day=2027-02-10")
        assert "thứ Sáu, 05/02/2027, 0 buổi" in february
        assert "Tết Nguyên đán" in february
        assert "thứ Năm, 11/02/2027, 1 buổi" in february
        assert " 0/2 3 0 Đã xếp lịch đủ" in await sees(pages, OFFICER, "/minimums?month=2027-02", "Tân Tiến")
    with clock.set_to(morning(date(2027, 1, 29))):
        late = await post(pages, by_day[date(2027, 2, 11)])
        assert (late.status, "28/01/2027" in late.text) == (400, True), "28 January was the last working day for it"
        assert (await post(pages, by_day[date(2027, 2, 12)])).status == 303
        notice = await sees(pages, OFFICER, "/notice/TANTIEN?month=2027-02")
        assert "thứ Sáu, 12/02/2027" in notice
        assert "11/02/2027" not in notice
