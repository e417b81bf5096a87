"""Debian's Chromium driven by playwright, with a point's picture and sound as camera and microphone.

The files for the fake devices are given per process, so each point has a browser of its own with a fresh profile.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.support import media_files
from tests.support.points import Point

OLD_SCREEN = (1366, 768)
PHONE = (390, 844)
PROBE = Path(__file__).with_name("media_probe.js")


class NoBrowser(RuntimeError):
    """Never skipped: a skipped test proves nothing."""


def executable() -> str:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise NoBrowser("Chromium is not installed: apt install chromium")
    return path


@contextmanager
def browser(playwright: Playwright, point: Point | None = None, *, program: Path | None = None) -> Iterator[Browser]:
    """A browser of its own for a point; without one, for somebody who only looks (an auditor).

    ``program`` starts Chromium in some other way, for example in another network.
    """
    args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=vi"]
    if point is not None:
        args += [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={media_files.camera_file(point)}",
            f"--use-file-for-fake-audio-capture={media_files.microphone_file(point)}",
        ]
    running = playwright.chromium.launch(executable_path=program or executable(), headless=True, args=args)
    try:
        yield running
    finally:
        running.close()


def context(running: Browser, size: tuple[int, int] = OLD_SCREEN, **options: object) -> BrowserContext:
    """A fresh profile, with the probe in every page."""
    made = running.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        ignore_https_errors=True,
        **options,  # type: ignore[arg-type]
    )
    made.add_init_script(path=PROBE)
    made.set_default_timeout(60_000)
    return made


def screenshots(page: Page, folder: Path, name: str) -> list[Path]:
    """The page on an old office screen and on a telephone; the size is put back afterwards."""
    before = page.viewport_size
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for width, height in (OLD_SCREEN, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        made.append(folder / f"{name}-{width}x{height}.png")
        page.screenshot(path=made[-1])
    if before is not None:
        page.set_viewport_size(before)
    return made
