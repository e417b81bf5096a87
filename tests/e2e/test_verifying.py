"""The recording's page while every file is read again: the bar moves, and the outcome appears by itself."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select

from hub import models
from hub.config import Config
from hub.services import recordings, rereading
from recorder.directory_store import DirectoryStore
from recorder.sealing import Sealing
from tests.support.chromium import executable
from tests.support.evidence import add_events, add_segments, archive
from tests.support.pages import Pages, running_pages
from tests.support.recording_world import Taped

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(300)]
REASON = "Kiểm tra định kỳ quý IV"
PART_OF_IT = "() => document.querySelector('#verifying').value > 0"


async def test_the_bar_moves_and_the_outcome_appears_by_itself_with_the_reason(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, really, segments = threading.Event(), DirectoryStore.read, 0

    def in_turn(self: DirectoryStore, key: str, *part: Any) -> Iterator[bytes]:
        nonlocal segments
        segments += key.endswith(".webm")
        if segments > 1:
            gate.wait(60)
        return really(self, key, *part)

    async with running_pages(config) as pages:
        recording_id = await recorded(config, pages)
        monkeypatch.setattr(DirectoryStore, "read", in_turn)
        monkeypatch.setattr(rereading, "PROGRESS_EVERY_BYTES", 1)  # these files are small
        async with auditor(pages) as page:
            try:
                await page.goto(f"{pages.server.make_url('/')}recordings/{recording_id}")
                await page.locator("[name=verify_reason]").fill(REASON)
                await page.locator("form[action$='/verify'] [type=submit]").click()
                bar = page.locator("#verifying")
                await expect(bar).to_be_visible()
                await page.wait_for_function(PART_OF_IT)
            finally:
                gate.set()
            await expect(page.get_by_text("Mọi tệp giống hệt lúc ghi.")).to_be_visible(timeout=30_000)
            await expect(bar).to_have_count(0)
            await expect(page.locator("[aria-labelledby=custody-head]")).to_contain_text(REASON)


async def recorded(config: Config, pages: Pages) -> str:
    """A sealed recording of the demo's first hearing."""
    async with pages.database.transaction() as db:
        found = select(models.Hearing).where(models.Hearing.kind == models.HearingKind.REGULAR)
        hearing = (await db.execute(found)).unique().scalar_one()
        recording = await recordings.open_recording(db, hearing.id)
    world: Any = None
    taped = Taped(world, hearing, recording.id, 0, list(hearing.seats))
    await add_segments(pages.database, pages.store, taped)
    await add_events(pages.database, taped)
    await archive(config, pages.database, pages.store, taped)
    await Sealing(config, pages.database, pages.store).turn()
    return recording.id


@asynccontextmanager
async def auditor(pages: Pages) -> AsyncIterator[Page]:
    person = await pages.person("thanhtra")
    home = pages.server.make_url("/")
    cookies = person.session.cookie_jar.filter_cookies(home)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            context = await chromium.new_context(locale="vi-VN")
            await context.add_cookies(
                [{"name": name, "value": one.value, "url": str(home)} for name, one in cookies.items()]
            )
            yield await context.new_page()
        finally:
            await chromium.close()
