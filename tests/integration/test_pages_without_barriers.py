"""Every page that the hub has, in Chromium: no barrier that axe-core finds by WCAG 2.2 AA, no page wider than a
telephone, every field with its words to be seen, one heading, nothing in the console.

Pages are those of the permission table, so that a new address is looked at from its first day. Texts are as long as
real ones are. Every other page is in English.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, async_playwright
from sqlalchemy import update

from hub.config import Config
from hub.models import Account, Case, Hearing, OrgUnit, Point, Seat
from tests.support import permission_rows_cases, permission_rows_hearings, permission_rows_rest
from tests.support.barriers import SCRIPTS
from tests.support.chromium import OLD_SCREEN, PHONE, executable
from tests.support.permission_app import Matrix, running_matrix
from tests.support.permission_table import ANYONE, Row
from web.security import LANGUAGE_COOKIE, SESSION_COOKIE

# Thousands of rules, and others use the machine too.
pytestmark = [pytest.mark.asyncio, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

AREAS = {
    "cases": permission_rows_cases.ROWS,
    "hearings": permission_rows_hearings.ROWS,
    "rest": permission_rows_rest.ROWS,
}
HOME = tuple(f"{role}.own" for role in ("officer", "leader", "secretary", "auditor", "technician", "administrator"))
LOOKS = (*HOME[:3], "chair", *HOME[3:], "administrator.above", "officer.point", "officer.recipient")
"""Who looks at a page that several may see."""
AT_LEAST = 10
"""Pages in each part of the table, or we would be looking at nothing."""
LONG = {
    Account.full_name: "Công Tằng Tôn Nữ Nguyễn Phước Hoàng Quỳnh Khuê",
    Case.summary: (
        "Khiếu nại Quyết định số 1427/QĐ-UBND về việc thu hồi, bồi thường, hỗ trợ và tái định cư khi Nhà nước thu hồi "
        "đất để thực hiện Dự án đầu tư xây dựng đường nối Quốc lộ 6 với trung tâm xã Tân Tiến"
    ),
    Hearing.title: "Tiếp công dân định kỳ tháng 11 của Chủ tịch Ủy ban nhân dân tỉnh, kết nối với các xã vùng cao",
    OrgUnit.name: "Ủy ban nhân dân xã Nguyễn Thị Minh Khai, huyện đảo Trường Sa Đông",
    Point.name: "Điểm cầu Trụ sở Tiếp công dân Ủy ban nhân dân xã Nguyễn Thị Minh Khai",
    Seat.label: "Điểm cầu Trụ sở Tiếp công dân Ủy ban nhân dân xã Nguyễn Thị Minh Khai",
}


def people(row: Row) -> tuple[str, ...]:
    """Who looks: everybody's first page is their own."""
    if row.path == "/":
        return (*HOME, "chair", "nobody")
    if row.who == ANYONE:
        return ("anonymous",)
    allowed = row.people()
    return tuple(itertools.islice((name for name in (*LOOKS, *sorted(allowed)) if name in allowed), 1))


VIEWS = {
    area: [(row, who) for row in rows if row.method == "GET" and "/api/" not in row.path for who in people(row)]
    for area, rows in AREAS.items()
}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("area", AREAS)
async def test_no_page_has_a_barrier(config: Config, sqlite_url: str, area: str, language: str) -> None:
    views = VIEWS[area][int(language == "en") :: 2]
    async with running_matrix(config, sqlite_url) as matrix, windows(matrix, language) as window_of:
        await _with_long_texts(matrix, language)
        faults, seen = list[str](), set[str]()
        for row, who in views:
            path = row.address(matrix.made.parameters(row.variant))
            if await _is_page(matrix, who, path):
                seen.add(row.path)
                found = await _faults(await window_of(who), path)
                faults += [f"{row.name} as {who} in {language}: {fault}" for fault in found]
        faults += [f"an error's page: {fault}" for fault in await _faults(await window_of(views[0][1]), "/nowhere")]
    assert not faults, "\n".join(faults)
    assert len(seen) >= AT_LEAST, seen


@asynccontextmanager
async def windows(matrix: Matrix, language: str) -> AsyncIterator[Callable[[str], Awaitable[BrowserContext]]]:
    """One browser, in which each person has a profile."""
    home = str(matrix.server.make_url("/"))
    made: dict[str, BrowserContext] = {}

    async def window_of(who: str) -> BrowserContext:
        if who not in made:
            made[who] = await running.new_context(timezone_id="Asia/Ho_Chi_Minh", base_url=home)
            cookies = {LANGUAGE_COOKIE: language} | (
                {SESSION_COOKIE: matrix.tokens[who]} if who in matrix.tokens else {}
            )
            await made[who].add_cookies([{"name": name, "value": text, "url": home} for name, text in cookies.items()])
            for script in SCRIPTS:
                await made[who].add_init_script(path=script)
        return made[who]

    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        try:
            yield window_of
        finally:
            await running.close()


async def _with_long_texts(matrix: Matrix, language: str) -> None:
    async with matrix.database.transaction() as db:
        for column, text in LONG.items():
            await db.execute(update(column.class_).values({column: text}))
        await db.execute(update(Account).values(language=language))


async def _is_page(matrix: Matrix, who: str, path: str) -> bool:
    """Not a file or a part of a page, nor what only leads on; nor what this world has only a row of."""
    headers = {"Cookie": f"{SESSION_COOKIE}={matrix.tokens[who]}"} if who in matrix.tokens else {}
    async with matrix.session.get(matrix.server.make_url(path), headers=headers, allow_redirects=False) as answer:
        assert answer.status != 500, path
        if answer.content_type != "text/html" or answer.status != 200:
            return False
        return (await answer.text()).lstrip().lower().startswith("<!doctype html>")


async def _faults(window: BrowserContext, path: str) -> list[str]:
    page, said = await window.new_page(), list[str]()

    def heard(message: ConsoleMessage) -> None:
        # Of a page that tells of an error Chromium itself says so.
        if message.type == "error" and not (message.location.get("url") == page.url and "status of 4" in message.text):
            said.append(f"console: {message.text}")

    page.set_default_timeout(60_000)
    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    await page.set_viewport_size({"width": OLD_SCREEN[0], "height": OLD_SCREEN[1]})
    await page.goto(path)
    found: list[str] = await page.evaluate("() => barriers()")
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    found += await page.evaluate("() => tooWide()")
    await page.close()
    return found + said
