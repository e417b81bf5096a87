"""A secretary's hearing day in real browsers: minutes written beside the picture, cases called one after another, read
back by two points, one of which objects; signed, scanned, locked; and from a line of the minutes into the recording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect, sync_playwright

from tests.support import archive, chromium, hub_process
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE

FIRST = "Khiếu nại mức bồi thường cây cầu gỗ ở thôn Thượng"
SECOND = "Kiến nghị mở lại lớp học ở điểm trường bản Pắc"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@dataclass
class Day:
    hub: hub_process.HubProcess
    chair: Official
    commune: Official
    province: Official
    secretary: Official
    auditor: Official

    @property
    def everybody(self) -> list[Official]:
        return [self.chair, self.commune, self.province, self.secretary, self.auditor]


@pytest.fixture
def day() -> Iterator[Day]:
    with ExitStack() as stack:
        hub = stack.enter_context(hub_process.running())
        playwright = stack.enter_context(sync_playwright())
        chair, commune = (
            Official(hub, chromium.context(stack.enter_context(chromium.browser(playwright, point))), name, point)
            for name, point in (("chutri", CHAIR), ("canbotantien", COMMUNE))
        )
        office = stack.enter_context(chromium.browser(playwright))
        province, secretary, auditor = (
            Official(hub, chromium.context(office), name) for name in ("canbotinh", "thuky", "thanhtra")
        )
        yield Day(hub, chair, commune, province, secretary, auditor)


def test_a_secretarys_hearing_day(day: Day) -> None:
    hearing = _prepare(day)
    _enter(day, hearing)
    _write(day)
    _read_back(day)
    _end(day)
    archive.wait_for(day.hub.data_dir / "var" / "objects")
    _sign_and_lock(day, hearing)
    _replay_from_the_minutes(day, hearing)
    assert [complaint for one in day.everybody for complaint in one.complaints] == []
    assert day.hub.stop() == 0


def _prepare(day: Day) -> str:
    for official in day.everybody:
        official.sign_in()
    for kind, summary, name in (("complaint", FIRST, "Lê Thị Bưởi"), ("petition", SECOND, "Vàng A Tủa")):
        day.commune.register_case(kind=kind, summary=summary, content="Như đơn.", name=name, address="Thôn Thượng")
    day.province.go("/hearings")
    soon = day.province.page.locator("main th a[href^='/hearings/']").first.get_attribute("href")
    assert soon is not None
    day.province.cancel_hearing(soon, "Chủ trì bận họp đột xuất")
    return day.province.book_hearing(
        title="Tiếp công dân về bồi thường và trường lớp",
        chair="Trần Quang Minh",
        secretary="Phạm Đức Long",
        bridge="Điểm cầu trung tâm tỉnh An Bình",
        points=["Điểm cầu Trụ sở Tiếp công dân tỉnh", "Điểm cầu xã Tân Tiến"],
        case_words=["cay cau go", "diem truong ban pac"],
    )


def _enter(day: Day, hearing: str) -> None:
    day.chair.enter(hearing)
    day.secretary.enter(hearing)
    day.commune.enter(hearing, "Tân Tiến")
    day.province.enter(hearing, "Trụ sở Tiếp công dân")
    for point in (day.commune, day.province):
        point.confirm_notice()
        point.waits()
    day.chair.press("open")
    day.chair.press("admit-all")
    for official in (day.chair, day.commune, day.province, day.secretary):
        official.is_on_stage()


def _write(day: Day) -> None:
    """The secretary calls the cases and writes beside the picture; the chair, in a tab of the minutes' page, too."""
    page = day.secretary.page
    day.secretary.press("minutes")
    _press_next(day.secretary)
    expect(day.chair.page.locator(".hall-case")).to_contain_text("1/2")
    expect(day.commune.page.locator(".hall-case")).to_contain_text("1/2")
    presents = _field(day.secretary, FIRST, "presents")
    presents.click()
    page.wait_for_timeout(2_000)
    page.keyboard.press("F9")
    page.keyboard.type("Bà Bưởi trình bày về ba mố cầu gỗ.")
    expect(presents).to_have_value(re.compile(r"^\[00:\d\d\] Bà Bưởi trình bày về ba mố cầu gỗ\.$"))
    expect(page.locator(".minutes-saved:visible")).to_contain_text("Đã lưu lúc")

    beside = day.chair.page.context.new_page()
    beside.goto(f"{day.hub.address}{_path(day.secretary)}/minutes")
    theirs = beside.locator("textarea[data-key$='.presents']").first
    expect(theirs).to_have_value(re.compile("Bà Bưởi"))
    beside.locator("textarea[data-key='opening']").fill("Chủ trì tuyên bố lý do.")
    expect(beside.locator(".minutes-saved")).to_contain_text("Đã lưu lúc")
    beside.close()
    expect(page.locator("textarea[data-key='opening']")).to_have_value("Chủ trì tuyên bố lý do.")

    _press_next(day.secretary)
    expect(day.chair.page.locator(".hall-case")).to_contain_text("2/2")
    asks = _field(day.secretary, SECOND, "asks")
    _without_a_network(day, lambda: asks.fill("Mở lại lớp một và lớp hai."))
    expect(page.locator(".minutes-saved:visible")).to_contain_text("Đã lưu lúc", timeout=40_000)


def _without_a_network(day: Day, act) -> None:
    """What is typed meanwhile is kept by the page and sent when the line is back."""
    page = day.secretary.page
    page.route("**/api/hearings/*/minutes", lambda route: route.abort())
    act()
    expect(page.locator(".minutes-saved:visible")).to_contain_text("được giữ trên máy này")
    page.unroute("**/api/hearings/*/minutes")
    # A request that the network swallowed is on the console: that is the fault we made.
    day.secretary.complaints = [one for one in day.secretary.complaints if "ERR_FAILED" not in one]


def _press_next(official: Official) -> None:
    official.page.locator("[data-panel=minutes] [data-action=next-case]").click()


def _field(official: Official, summary: str, part: str) -> Locator:
    box = official.page.locator("[data-panel=minutes] details", has_text=summary)
    return box.locator(f"textarea[data-key$='.{part}']")


def _path(official: Official) -> str:
    found = re.search(r"/hearings/[0-9a-f]{32}", official.page.url)
    assert found is not None
    return found[0]


def _read_back(day: Day) -> None:
    day.secretary.press("freeze-minutes")
    day.secretary.press("freeze-confirm")
    for point, position, words in ((day.commune, "objected", "Thiếu mố cầu thứ tư."), (day.province, "agreed", "")):
        point.press("minutes")
        panel = point.page.locator("[data-panel=minutes]")
        expect(panel).to_contain_text("Bà Bưởi trình bày")
        panel.locator(f"[name=position][value={position}]").check()
        panel.locator("textarea[name=words]").fill(words)
        panel.locator("[type=submit]").click()
        expect(panel.locator(".minutes-answers")).to_contain_text("Không đồng ý")
    expect(day.secretary.page.locator("[data-panel=minutes]")).to_contain_text("Thiếu mố cầu thứ tư.")


def _end(day: Day) -> None:
    for action in ("end", "end-continue", "end-confirm"):
        day.chair.press(action)
    expect(day.secretary.page.locator("#phase-over")).to_be_visible()


def _sign_and_lock(day: Day, hearing: str) -> None:
    page = day.secretary.page
    day.secretary.go(f"{hearing}/minutes")
    expect(page.locator("main")).to_contain_text("Thiếu mố cầu thứ tư.")
    page.locator("[data-opens=scan]").click()
    page.locator("#scan [type=file]").set_input_files({"name": "ký.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.locator("#scan [type=submit]").click()
    expect(page.locator("main")).to_contain_text("Đã tải bản quét lên.")
    page.locator("[data-opens=lock]").click()
    page.locator("#lock [type=submit]").click()
    expect(page.locator(".page-head")).to_contain_text("Đã khóa")
    expect(page.locator(".page-head")).to_contain_text("Chữ ký số đúng")


def _replay_from_the_minutes(day: Day, hearing: str) -> None:
    """From a stamp in the minutes to that second of the recording; there, the minutes stand beside it."""
    page = day.auditor.page
    day.auditor.go(f"{hearing}/minutes")
    stamp = page.locator(".minutes-doc p.minutes-text a.stamp").first
    at_s = int(stamp.get_attribute("data-at") or "0") // 1000
    stamp.click()
    page.locator("form[action$='/replay'] [name=reason]").fill("Đối chiếu biên bản")
    page.locator("form[action$='/replay'] [type=submit]:visible").first.click()
    page.wait_for_url(re.compile(r"/replays/"))
    shown = page.locator("[data-position]")
    expect(shown).to_have_text(re.compile(f"0:0{at_s // 60}:{at_s % 60:02d}"))
    expect(page.locator(".jumps [data-sort=minutes]")).to_contain_text("Bà Bưởi trình bày")
    expect(page.locator(".jumps [data-sort=chapter]", has_text="Nghe vụ việc")).to_have_count(2)
