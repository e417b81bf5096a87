"""The board of a reception room in Chromium: what it says in which language, and a network that goes and returns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import async_playwright, expect
from sqlalchemy import select

from hub.auth import Actor
from hub.config import Config
from hub.ids import utc_now
from hub.models import Account, Point, TicketState
from hub.services import hearings, queueing
from hub.services.hearings import Booking
from hub.services.sign_in import actor_of
from tests.support.chromium import executable
from tests.support.pages import Pages, running_pages

pytestmark = [pytest.mark.asyncio, pytest.mark.e2e, pytest.mark.timeout(180)]

WITHIN_MS = 60_000


async def test_a_board_calls_in_its_own_languages_and_goes_on_by_itself_after_the_network_was_away(config: Config):
    async with running_pages(config) as pages, async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu"]
        )
        actor, hearing_id, point_id, token = await _with_two_waiting(pages)

        async def call() -> None:
            async with pages.database.transaction() as db:
                await queueing.call_next(db, actor, hearing_id, point_id)

        page = await (await chromium.new_context(locale="en-GB")).new_page()
        page.set_default_timeout(WITHIN_MS)
        expect.set_options(timeout=WITHIN_MS)
        await page.goto(str(pages.server.make_url(f"/board/{token}").with_query(lang="vi-en")))
        await expect(page.locator("[data-waiting]")).to_have_text("12")
        await expect(page.locator("[data-state=late] strong").last).to_have_text(
            "Đã đến giờ, chưa mởDue now, not yet open"
        )
        await call()
        await expect(page.locator("[data-called]")).to_have_text("1")
        await expect(page.locator("[data-said]")).to_have_text("Mời số 1. Number 1, please")
        await page.context.set_offline(True)
        await expect(page.locator("[data-when=lost]")).to_be_visible()
        await call()
        await page.context.set_offline(False)
        await expect(page.locator("[data-called]")).to_have_text("2")
        await expect(page.locator("[data-when=lost]")).to_be_hidden()
        await chromium.close()


async def _with_two_waiting(pages: Pages) -> tuple[Actor, str, str, str]:
    """Whoever calls, a hearing of now with two who wait at a point, and the address of that point's board."""
    async with pages.database.transaction() as db:
        account = (await db.execute(select(Account).where(Account.username == "canbotinh"))).unique().scalar_one()
        chair = (await db.execute(select(Account).where(Account.username == "chutichxa"))).unique().scalar_one()
        point = (await db.execute(select(Point).where(Point.code == "DC-TANTIEN"))).unique().scalar_one()
        point.capacity = 5
        actor, now = actor_of(account), utc_now()
        booking = Booking(
            title="Tiếp công dân",
            starts_at=now,
            ends_at=now + timedelta(hours=2),
            unit_id=point.unit_id,
            chair_id=chair.id,
            point_ids=(point.id,),
        )
        hearing = await hearings.book(db, pages.vault, actor, booking)
        for _ in range(2):
            ticket = await queueing.book(db, actor, hearing.id, point.id)
            await queueing.move(db, actor, ticket.id, TicketState.WAITING)
        return actor, hearing.id, point.id, await queueing.new_board(db, actor, point.id)
