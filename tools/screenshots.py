"""``make screenshots``: the main pages of a hub with the demo province, as pictures in ``docs/screenshots``.

Real browsers walk the real route; their cameras show drawn rooms, so that no living person is in the pictures. Each
page is taken on an old office screen and on a telephone, with few colours, so that the repository stays small.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.support import chromium, hub_process, media_files
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE, PROVINCE, Point
from tools import drawn_rooms

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
LIMIT_BYTES = 200_000
CALM_LIMIT_MS = 180_000
COLOURS = (160, 96, 48, 24)
SUMMARY = "Khiếu nại việc chậm cấp giấy phép xây dựng nhà ở tổ 3"
NOTE = "Công dân nộp thêm biên bản đo đạc ngày 12/3; đề nghị đối chiếu với bản đồ địa chính."


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        hub = stack.enter_context(hub_process.running())
        playwright = stack.enter_context(sync_playwright())
        office = stack.enter_context(chromium.browser(playwright))
        rooms = drawn_rooms.draw(office, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        people = (("chutri", CHAIR), ("canbotinh", PROVINCE), ("canbotantien", COMMUNE))
        browsers = [stack.enter_context(camera(playwright, rooms[point.name], point)) for _, point in people]
        chair, province, commune = (
            Official(hub, chromium.context(running), name, point)
            for running, (name, point) in zip(browsers, people, strict=True)
        )
        secretary, technician, auditor, administrator = (
            Official(hub, chromium.context(office), name) for name in ("thuky", "kythuat", "thanhtra", "quantri")
        )
        take(sign_in_page(chair), "sign-in")
        for official in (chair, province, commune, secretary, technician, auditor, administrator):
            official.sign_in()
        before(commune, province, administrator)
        hearing = held(chair, province, commune, secretary, technician)
        after(auditor, hearing)


def sign_in_page(official: Official) -> Page:
    official.go("/sign-in")
    return official.page


def before(commune: Official, province: Official, administrator: Official) -> None:
    commune.register_case(
        kind="complaint",
        summary=SUMMARY,
        content="Nộp hồ sơ từ tháng 8, quá hẹn trả hai tháng mà chưa được trả lời.",
        name="Nguyễn Văn Ví Dụ",
        address="Thôn Đông, xã Tân Tiến",
    )
    take(commune.page, "case")
    commune.go("/")
    take(commune.page, "home")
    province.go("/hearings/new")
    take(province.page, "booking")
    administrator.go("/accounts")
    take(administrator.page, "accounts")


def held(chair: Official, province: Official, commune: Official, secretary: Official, technician: Official) -> str:
    """A hearing from the waiting room to its end; its address."""
    chair.go("/hearings")
    hearing = chair.page.locator("main th a[href^='/hearings/']").first.get_attribute("href")
    assert hearing is not None
    chair.enter(hearing)
    province.enter(hearing, "Trụ sở Tiếp công dân")
    commune.enter(hearing, "Tân Tiến")
    for official in (province, commune):
        official.confirm_notice()
        official.waits()
    secretary.enter(hearing)
    take(commune.page, "waiting-room")
    chair.press("open")
    chair.is_on_stage()
    for official in (province, commune):
        chair.press_for("admit", official)
        official.is_on_stage()
    chair.press_for("give-floor", commune)
    for other in (province, commune):
        chair.page.wait_for_function("(video) => video.videoWidth > 0", arg=chair.picture(other))
    secretary.press("note")
    secretary.page.locator("#note").fill(NOTE)
    secretary.press("save-note")
    expect(secretary.page.locator("[data-panel=notes] .texts")).to_contain_text(NOTE)
    chair.page.wait_for_timeout(6_000)  # until the line quality of every point has been measured
    calm(chair)
    chair.page.evaluate(
        "() => document.querySelectorAll('[data-panel] *, [data-panel]').forEach((e) => e.scrollTo(0, 0))"
    )
    take(chair.page, "hearing")
    take(commune.page, "hearing-point", sizes=[chromium.PHONE])
    technician.go("/help-desk")
    take(technician.page, "help-desk")
    chair.page.wait_for_timeout(12_000)  # something to replay
    for action in ("end", "end-continue", "end-confirm"):
        chair.press(action)
    expect(commune.page.locator("#phase-over")).to_be_visible()
    return hearing


def calm(official: Official) -> None:
    """Wait until nothing is wrong with anybody's line: while they begin, four browsers are too much for two cores."""
    official.page.wait_for_function(
        "() => !document.querySelector('.banners > *, .lines-bad > *, .tile-still:not([hidden])')",
        timeout=CALM_LIMIT_MS,
    )


def after(auditor: Official, hearing: str) -> None:
    auditor.page.wait_for_timeout(5_000)
    auditor.opens_replay(hearing, "Kiểm tra định kỳ việc tiếp công dân")
    for _ in range(2):  # to where everybody is there
        auditor.press("forward")
    auditor.press("play")
    auditor.page.wait_for_timeout(5_000)
    take(auditor.page, "replay")


@contextmanager
def camera(playwright: Playwright, room: Path, point: Point) -> Iterator[Browser]:
    running = playwright.chromium.launch(
        executable_path=chromium.executable(),
        headless=True,
        args=[
            *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=vi"),
            *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
            f"--use-file-for-fake-video-capture={room}",
            f"--use-file-for-fake-audio-capture={media_files.microphone_file(point)}",
        ],
    )
    try:
        yield running
    finally:
        running.close()


def take(page: Page, name: str, sizes: Sequence[tuple[int, int]] = (chromium.OLD_SCREEN, chromium.PHONE)) -> None:
    was = page.viewport_size
    for size in sizes:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(700)  # layouts settle
        suffix = "-phone" if size == chromium.PHONE else ""
        keep(page.screenshot(timeout=60_000), FOLDER / f"{name}{suffix}.png")
    if was is not None:
        page.set_viewport_size(was)


def keep(png: bytes, path: Path) -> None:
    """With as many colours as fit into the limit."""
    for colours in COLOURS:
        graph = f"split[a][b];[a]palettegen=max_colors={colours}:reserve_transparent=0[p];[b][p]paletteuse=dither=none"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "png_pipe", "-i", "-", "-vf", graph, "-compression_level", "9"]
        subprocess.run([*command, path], input=png, check=True)
        if path.stat().st_size < LIMIT_BYTES:
            sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")
            return
    raise SystemExit(f"{path} does not fit into {LIMIT_BYTES} bytes")


if __name__ == "__main__":
    main()
