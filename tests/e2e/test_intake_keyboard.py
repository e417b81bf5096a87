"""Registering by keyboard alone: returning citizens, drafts, and a lost line or sign-in that loses nothing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select

from hub.config import Config
from hub.models import Case, SignInSession
from tests.support.chromium import executable
from tests.support.officers import Keyboard
from tests.support.pages import Pages, running_pages

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(300)]
SUMMARY = "Đề nghị nạo vét mương Cầu Bến trước mùa mưa"


@asynccontextmanager
async def officer(pages: Pages) -> AsyncIterator[Page]:
    person = await pages.person("canbotantien")
    home = pages.server.make_url("/")
    cookies = person.session.cookie_jar.filter_cookies(home)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        context = await running.new_context(locale="vi-VN", viewport={"width": 1366, "height": 768})
        await context.add_cookies([{"name": c.key, "value": c.value, "url": str(home)} for c in cookies.values()])
        page = await context.new_page()
        page.set_default_timeout(60_000)
        yield page
        await running.close()


async def test_a_returning_citizen_needs_only_the_number(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_pages(config) as pages, officer(pages) as page:
        await page.goto(f"{pages.server.make_url('/')}cases/new")
        keys = Keyboard(page)
        await keys.press("3")
        await keys.type("001162004217")
        await expect(page.locator("[name=name]")).to_have_value("Nguyễn Thị Đào")
        await expect(page.locator("[data-known]")).to_contain_text("Đã đến trước")
        await keys.press("Alt+t")
        await keys.type(SUMMARY)
        await keys.press("Control+Enter")
        await expect(page.get_by_text("Đã đăng ký vụ việc.")).to_be_visible()
        with capsys.disabled():
            sys.stdout.write(f"\na returning citizen: {keys.pressed} keys\n")


async def test_a_returning_citizen_is_chosen_by_name_from_a_list(config: Config) -> None:
    async with running_pages(config) as pages, officer(pages) as page:
        await page.goto(f"{pages.server.make_url('/')}cases/new")
        keys = Keyboard(page)
        await keys.press("3", "Alt+h")
        await keys.type("nguyen thi dao")
        await expect(page.locator("#people-results li")).to_have_count(1)
        await keys.press("ArrowDown", "Enter")
        await expect(page.locator("[name=name]")).to_have_value("Nguyễn Thị Đào")
        await expect(page.locator("[name=id_number]")).to_have_value("")
        await keys.press("Alt+t")
        await keys.type(SUMMARY)
        await keys.press("Control+Enter")
        await expect(page.get_by_text("Đã đăng ký vụ việc.")).to_be_visible()


async def test_faults_a_broken_line_and_an_ended_sign_in_leave_everything_where_it_was(config: Config) -> None:
    async with running_pages(config) as pages, officer(pages) as page:
        await page.goto(f"{pages.server.make_url('/')}cases/new")
        keys = Keyboard(page)
        await keys.press("1")
        await keys.type("012175000123")
        await keys.press("Alt+h")
        await keys.type("Nông Thị Ếch")
        await keys.press("Control+Enter")
        outcome = page.locator("[data-outcome]")
        await expect(outcome).to_contain_text("Hãy ghi tóm tắt nội dung vụ việc.")
        await expect(page.locator("#e-summary")).to_be_visible()
        await keys.press("Tab", "Enter")  # the summary of faults leads to the field
        await keys.type(SUMMARY)

        await page.context.set_offline(True)
        await keys.press("Control+Enter")
        await expect(outcome).to_contain_text("Không kết nối được với máy chủ")
        await page.context.set_offline(False)

        async with pages.database.transaction() as db:
            for row in (await db.execute(select(SignInSession))).scalars():
                await db.delete(row)
        await keys.press("Control+Enter")
        await expect(outcome).to_contain_text("Phiên đăng nhập đã hết.")
        again = await pages.person("canbotantien")
        cookies = again.session.cookie_jar.filter_cookies(pages.server.make_url("/"))
        home = str(pages.server.make_url("/"))
        await page.context.add_cookies([{"name": c.key, "value": c.value, "url": home} for c in cookies.values()])
        await page.locator("[name=summary]").focus()
        await keys.press("Control+Enter")
        await expect(page.get_by_text("Đã đăng ký vụ việc.")).to_be_visible()
        async with pages.database.reading() as db:
            assert len((await db.execute(select(Case).where(Case.summary == SUMMARY))).unique().all()) == 1


async def test_a_draft_holds_no_name_and_nothing_of_a_denunciation(config: Config) -> None:
    async with running_pages(config) as pages, officer(pages) as page:
        await page.goto(f"{pages.server.make_url('/')}cases/new")
        keys = Keyboard(page)
        await keys.press("1", "Alt+h")
        await keys.type("Nông Thị Ếch")
        await keys.press("Alt+t")
        await keys.type(SUMMARY)
        kept = "() => Object.values({...sessionStorage}).join()"
        await page.wait_for_function(f"{kept}.includes('Cầu Bến')")
        stored = await page.evaluate(kept)
        assert "Ếch" not in stored
        await page.reload()
        await expect(page.locator("[name=summary]")).to_have_value(SUMMARY)
        await expect(page.locator("[name=name]")).to_have_value("")
        await page.locator("[name=type][value=complaint]").focus()
        await keys.press("2")
        await page.wait_for_function(f"{kept} === ''")
