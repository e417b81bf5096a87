"""A secretary's hearing day in real browsers: minutes written beside the picture, cases called one after another, read
back by two points, one of which objects; signed, scanned, locked; from a line of the minutes into the recording; and
what the chair concludes carried out, with letters by a real mail server. The web process is killed in between."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.support import archive, chromium, hub_process
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE
from tests.support.smtp_server import SmtpServer

FIRST = "Khiếu nại mức bồi thường cây cầu gỗ ở thôn Thượng"
SECOND = "Kiến nghị mở lại lớp học ở điểm trường bản Pắc"
TASK = "Đo lại ba mố cầu gỗ cùng hộ bà Bưởi"
OWNER, ADDRESS = "Hoàng Văn Đức", "duc@tantien.example"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(900)]


@dataclass
class Day:
    hub: hub_process.HubProcess
    mail: SmtpServer
    chair: Official
    commune: Official
    province: Official
    secretary: Official
    auditor: Official
    cases: list[str] = field(default_factory=list)
    """Their addresses on the hub."""

    @property
    def everybody(self) -> list[Official]:
        return [self.chair, self.commune, self.province, self.secretary, self.auditor]


@pytest.fixture
def day() -> Iterator[Day]:
    with ExitStack() as stack:
        mail = stack.enter_context(SmtpServer())
        settings = {"HUB_SMTP_HOST": "127.0.0.1", "HUB_SMTP_PORT": str(mail.port), "HUB_SMTP_SECURITY": "none"}
        hub = stack.enter_context(hub_process.running(HUB_SMTP_FROM="hub@anbinh.example", **settings))
        playwright = stack.enter_context(sync_playwright())
        chair, commune = (
            Official(hub, chromium.context(stack.enter_context(chromium.browser(playwright, point))), name, point)
            for name, point in (("chutri", CHAIR), ("canbotantien", COMMUNE))
        )
        office = stack.enter_context(chromium.browser(playwright))
        province, secretary, auditor = (
            Official(hub, chromium.context(office), name) for name in ("canbotinh", "thuky", "thanhtra")
        )
        yield Day(hub, mail, chair, commune, province, secretary, auditor)


def test_a_secretarys_hearing_day(day: Day) -> None:
    hearing = _prepare(day)
    _enter(day, hearing)
    _write(day)
    _read_back(day)
    _end(day)
    archive.wait_for(day.hub.data_dir / "var" / "objects")
    _sign_and_lock(day, hearing)
    _replay_from_the_minutes(day, hearing)
    _conclude(day, hearing)
    _carry_out(day)
    assert [complaint for one in day.everybody for complaint in one.complaints] == []
    assert day.hub.stop() == 0


def _prepare(day: Day) -> str:
    for official in day.everybody:
        official.sign_in()
    for kind, summary, name in (("complaint", FIRST, "Lê Thị Bưởi"), ("petition", SECOND, "Vàng A Tủa")):
        made = day.commune.register_case(
            kind=kind, summary=summary, content="Như đơn.", name=name, address="Thôn Thượng"
        )
        day.cases.append(made)
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
    day.commune.enter(hearing, "Tân Tiến", by_keyboard=True)
    day.province.enter(hearing, "Trụ sở Tiếp công dân")
    for point in (day.commune, day.province):
        point.confirm_notice(by_keyboard=point is day.commune)
        point.waits()
    day.chair.press("open")
    day.chair.press("admit-all")
    for official in (day.chair, day.commune, day.province, day.secretary):
        official.is_on_stage()
    _say_by_keyboard(day.commune, day.chair)
    day.chair.press("chair")  # back from the messages


def _say_by_keyboard(one: Official, other: Official) -> None:
    """A message written, sent and read without a mouse; the panel stays open at the reader's."""
    for official in (one, other):
        official.page.keyboard.press("t")
        expect(official.page.locator("#say")).to_be_focused()
    one.page.keyboard.insert_text("Công dân đã có mặt.")
    one.page.keyboard.press("Enter")
    expect(one.page.locator("#say")).to_be_focused()
    expect(other.page.locator("[data-panel=messages] .texts")).to_contain_text("Công dân đã có mặt.")
    one.page.keyboard.press("Escape")
    expect(one.page.locator(".bar [data-action=messages]")).to_be_focused()


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

    beside = _minutes_page(day)
    theirs = beside.locator("textarea[data-key$='.presents']").first
    expect(theirs).to_have_value(re.compile("Bà Bưởi"))
    opening = beside.locator("textarea[data-key='opening']")
    opening.fill("Chủ trì tuyên bố lý do.")
    expect(beside.locator(".minutes-saved")).to_contain_text("Đã lưu lúc")
    expect(page.locator("textarea[data-key='opening']")).to_have_value("Chủ trì tuyên bố lý do.")
    _web_process_dies(day, beside, opening)

    _press_next(day.secretary)
    expect(day.chair.page.locator(".hall-case")).to_contain_text("2/2")
    asks = _field(day.secretary, SECOND, "asks")
    _without_a_network(day, lambda: asks.fill("Mở lại lớp một và lớp hai."))
    expect(page.locator(".minutes-saved:visible")).to_contain_text("Đã lưu lúc", timeout=40_000)


def _web_process_dies(day: Day, beside: Page, opening: Locator) -> None:
    """In mid-typing of two. What was shown as saved is there; what was typed after is sent by the page that stayed
    open, and by the one that was closed meanwhile once it is opened again."""
    asks = _field(day.secretary, FIRST, "asks")
    asks.fill("Đo lại.")
    expect(day.secretary.page.locator(".minutes-saved:visible")).to_contain_text("Đã lưu lúc")
    day.hub.kill("web")
    asks.press_sequentially(" Bồi thường.")
    opening.press_sequentially(" Thư ký ghi.")
    assert "Thư ký ghi." in beside.evaluate("() => JSON.stringify(localStorage)")
    beside.close()
    day.hub.wait_until_ready(300)  # three browsers with pictures go on beside it
    again = _minutes_page(day)
    whole = "Chủ trì tuyên bố lý do. Thư ký ghi."
    expect(again.locator("textarea[data-key='opening']")).to_have_value(whole)
    expect(again.locator(".minutes-saved")).to_contain_text("Đã lưu lúc")
    expect(day.secretary.page.locator("textarea[data-key='opening']")).to_have_value(whole, timeout=40_000)
    expect(again.locator("textarea[data-key$='.asks']").first).to_have_value("Đo lại. Bồi thường.", timeout=40_000)
    assert "Thư ký ghi." not in again.evaluate("() => JSON.stringify(localStorage)")
    again.close()
    _forgive_the_outage(day)


def _forgive_the_outage(day: Day) -> None:
    """Requests and sockets that broke off are on the consoles: that is the fault we made."""
    for one in day.everybody:
        one.complaints = [said for said in one.complaints if "ERR_" not in said and "WebSocket" not in said]


def _minutes_page(day: Day) -> Page:
    """The minutes' own page, beside the chair's hearing."""
    page = day.chair.page.context.new_page()
    page.goto(f"{day.hub.address}{_path(day.secretary)}/minutes")
    return page


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
    _make_paper(day.secretary, "/BB-UBND")
    page.locator("[data-opens=scan]").click()
    page.locator("#scan [type=file]").set_input_files({"name": "ký.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.locator("#scan [type=submit]").click()
    expect(page.locator("main")).to_contain_text("Đã tải bản quét lên.")
    page.locator("[data-opens=lock]").click()
    page.locator("#lock [type=submit]").click()
    expect(page.locator(".page-head")).to_contain_text("Đã khóa")
    expect(page.locator(".page-head")).to_contain_text("Chữ ký số đúng")


def _make_paper(official: Official, number: str) -> None:
    """With its number, as PDF; whoever holds it finds it genuine."""
    page = official.page
    page.get_by_role("button", name="Lập văn bản và cấp số").click()
    card = page.locator("section", has=page.locator("#paper-title"))
    expect(card).to_contain_text(number)
    made = page.request.get(official.hub.address + str(card.get_by_role("link", name="PDF").get_attribute("href")))
    assert made.body().startswith(b"%PDF")
    address = card.get_by_role("link", name="Kiểm tra").get_attribute("href")
    holder = page.context.browser.new_context().new_page()  # type: ignore[union-attr]
    holder.goto(f"{official.hub.address}{address}")
    expect(holder.locator("main")).to_contain_text("Văn bản do hệ thống này lập.")
    expect(holder.locator("main")).to_contain_text(number)
    holder.context.close()


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


def _conclude(day: Day, hearing: str) -> None:
    """The chair concludes with a task for an officer, who is told by a letter without a word of what it is about."""
    administrator = Official(day.hub, day.province.page.context.browser.new_context(), "quantri")  # type: ignore[union-attr]
    administrator.sign_in()
    administrator.go("/accounts")
    administrator.page.get_by_role("link", name=OWNER).first.click()
    administrator.page.locator("[name=email]").fill(ADDRESS)
    administrator.page.locator("main form .primary[type=submit]").first.click()
    expect(administrator.page.locator(".message.good")).to_be_visible()

    page = day.chair.page
    day.chair.go(hearing)
    page.get_by_role("link", name="Soạn thông báo kết luận").click()
    option = page.locator("[name=case_id] option", has_text=FIRST)
    page.locator("[name=case_id]").select_option(value=option.get_attribute("value"))
    page.locator("[name=text]").fill("UBND xã đo lại, báo cáo trước khi tính bồi thường.")
    page.locator("#f-task1").fill(TASK)
    owner = page.locator("#f-owner1 option", has_text=OWNER)
    page.locator("#f-owner1").select_option(value=owner.get_attribute("value"))
    page.locator("#f-due1").fill("2")
    page.locator("main form .primary[type=submit]").click()
    page.locator("[data-opens=issue]").click()
    page.locator("#issue [type=submit]").click()
    expect(page.locator(".message.good")).to_contain_text("Đã ban hành")
    _make_paper(day.chair, "/TB-UBND")
    letter = _letter(day, "Nhiệm vụ theo thông báo kết luận")
    assert "mố cầu" not in letter


def _carry_out(day: Day) -> None:
    """The owner finds the task on his first page, is reminded, reports it done by the letter's link; the chair
    confirms; the case and the leader's page say so."""
    owner, chair = day.commune, day.chair
    owner.go("/")
    expect(owner.page.locator("main")).to_contain_text(TASK)
    day.hub.kill("web")  # its housekeeping reminds at the start and once an hour
    day.hub.wait_until_ready(300)
    link = re.search(r"/conclusions/[0-9a-f]{32}", _letter(day, "Sắp đến hạn"))
    assert link is not None
    owner.go(link[0])
    owner.page.locator("[data-opens^=report-]").click()
    owner.page.locator("dialog[open] textarea").fill("Đã đo cùng gia đình, có biên bản.")
    owner.page.locator("dialog[open] [type=submit]").click()
    expect(owner.page.locator("#task-1")).to_contain_text("Đã đo cùng gia đình")

    chair.go("/")
    expect(chair.page.locator("main li", has_text=TASK)).to_contain_text("Chờ xác nhận")
    chair.page.get_by_role("link", name=TASK).click()
    chair.page.locator("[data-opens^=confirm-]").click()
    chair.page.locator("dialog[open] [type=submit]").click()
    expect(chair.page.locator("#task-1 .card-head")).to_contain_text("Đã xong")
    chair.go("/")
    expect(chair.page.locator("main")).not_to_contain_text(TASK)
    owner.go("/")
    expect(owner.page.locator("main")).not_to_contain_text(TASK)
    owner.go(day.cases[0])
    expect(owner.page.locator("main li", has_text=TASK)).to_contain_text("Đã xong")
    _forgive_the_outage(day)


def _letter(day: Day, subject: str, within_s: float = 120) -> str:
    """The text of the letter to the owner with this subject, once the mail server has it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        for letter in day.mail.letters():
            if letter["To"] and ADDRESS in str(letter["To"]) and subject in str(letter["Subject"]):
                body = letter.get_body(("plain",))
                assert body is not None
                return str(body.get_content())
        time.sleep(0.5)
    raise AssertionError(
        f"no letter “{subject}” after {within_s} s: {[str(one['Subject']) for one in day.mail.letters()]}"
    )
