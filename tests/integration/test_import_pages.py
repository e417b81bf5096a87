"""An administrator imports accounts on the pages: template, dry run, import, passwords once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import tables
from hub.auth import command_line
from hub.config import Config
from hub.models import Account, OrgUnit, Point, UnitLevel
from hub.services import people
from hub.services.people import NewUnit
from tests.support.domain import cheap_passwords
from tests.support.pages import Answer, Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def finished(browser: Browser, path: str) -> Answer:
    for _ in range(600):
        answer = await browser.get(path)
        if 'http-equiv="refresh"' not in answer.text:
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError("the import did not end")


def fingerprint(answer: Answer) -> dict[str, str]:
    found = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', answer.text)
    assert found, answer.text
    return {"fingerprint": found[1]}


async def test_accounts_are_imported_and_their_passwords_handed_out_once(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap_passwords(monkeypatch)
    browser = await pages.person("quantri")
    assert "/import/accounts" in (await browser.get("/accounts")).text
    head = (await browser.get("/import/accounts/template.csv")).body
    assert (await browser.get("/import/accounts/template.xlsx")).body.startswith(b"PK")
    row = "nguyen.van.moi;Nguyễn Văn Mới;TANTIEN;Công chức;;;;Cán bộ tiếp công dân"
    sent = await browser.upload("/import/accounts", "tài khoản.csv", head + row.encode())
    assert sent.status == 303, sent.text
    tried = await browser.get(sent.path)
    assert "Nguyễn Văn Mới" in tried.text
    started = await browser.post(sent.path, fingerprint(tried))
    assert started.status == 303
    done = await finished(browser, sent.path)
    assert "1 mục mới" in done.text
    handed = await browser.post(f"{sent.path}/passwords")
    username, password = handed.body.decode("utf-8-sig").splitlines()[1].split(";")
    assert username == "nguyen.van.moi"
    assert password not in done.text
    assert "no-store" in handed.header("Cache-Control")
    assert (await browser.post(f"{sent.path}/passwords")).status == 404
    newcomer = pages.browser()
    assert (await newcomer.sign_in(username, password)).status == 303
    assert (await newcomer.get("/cases")).path.startswith("/account/password")


async def test_faults_are_told_in_the_readers_language_and_nothing_can_be_imported(pages: Pages) -> None:
    browser = await pages.person("quantri")
    await browser.post("/language", {"language": "en", "next": "/"})
    table = "code;name;unit\nDC-1;Point;NHAM\nDC-1;;TANTIEN\n"
    sent = await browser.upload("/import/points", "points.csv", table.encode())
    tried = await browser.get(sent.path)
    for told in (
        "There is no unit with the code NHAM.",
        "The same as row 2 of the table.",
        "This cell must not be empty.",
    ):
        assert told in tried.text
    assert "fingerprint" in (await browser.get("/import/points")).text or "fingerprint" not in tried.text
    assert (await browser.post(sent.path, {"fingerprint": ""})).status == 409
    async with pages.database.reading() as db:
        assert await db.scalar(select(Point).where(Point.code == "DC-1")) is None


async def test_what_changed_since_the_dry_run_is_shown_before_anything_is_imported(pages: Pages) -> None:
    browser = await pages.person("quantri")
    async with pages.database.reading() as db:
        top = (await db.execute(select(OrgUnit).where(OrgUnit.parent_id.is_(None)))).scalars().first()
    assert top is not None
    table = f"code;name;level;parent\nMOI1;Xã Mới;xã;{top.code}\n"
    sent = await browser.upload("/import/units", "units.csv", table.encode())
    tried = await browser.get(sent.path)
    async with pages.database.transaction() as db:
        new = NewUnit(code="MOI1", name="Xã Khác", level=UnitLevel.COMMUNE, parent_id=top.id)
        await people.create_unit(db, command_line(), new)
    assert (await browser.post(sent.path, fingerprint(tried))).status == 303
    failed = await finished(browser, sent.path)
    assert "đã thay đổi" in failed.text


async def test_a_file_that_cannot_be_used_is_refused_beside_its_field(pages: Pages) -> None:
    browser = await pages.person("quantri")
    for name, data, told in (
        ("a.xls", b"\xd0\xcf\x11\xe0", "xlsx"),
        ("a.csv", b"x" * (tables.MOST_BYTES + 1), "MB"),
        ("a.csv", b"", "dòng"),
    ):
        answer = await browser.upload("/import/units", name, data)
        assert answer.status in (400, 413)
        assert told in answer.text


async def test_an_import_is_its_administrators_alone(pages: Pages) -> None:
    browser = await pages.person("quantri")
    sent = await browser.upload("/import/units", "u.csv", b"code;name;level;parent\nM1;A;xa;NHAM")
    other = await pages.person("thanhtra")
    assert (await other.get(sent.path)).status == 403
    assert (await other.get("/import/units")).status == 403
    assert (await other.get("/import/units/template.csv")).status == 403
    assert (await browser.get(sent.path.replace("units", "points"))).status == 404
    assert (await browser.get("/import/nonsense")).status == 404
    async with pages.database.reading() as db:
        assert await db.scalar(select(Account.id).limit(1))


async def test_passwords_lost_before_they_were_handed_out_are_made_again_for_who_still_waits(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap_passwords(monkeypatch)
    browser = await pages.person("quantri")
    head = (await browser.get("/import/accounts/template.csv")).body
    rows = "".join(f"moi.{n};Nguyễn Văn Mới;TANTIEN;;;;;Cán bộ tiếp công dân\r\n" for n in range(3))
    table = head + (rows + "canbotantien;Hoàng Văn Đức;TANTIEN;;;;;\r\n").encode()
    sent = await browser.upload("/import/accounts", "a.csv", table)
    first = await browser.get(sent.path)
    assert "/renew" not in first.text, "nothing is there yet"
    await browser.post(sent.path, fingerprint(first))
    await finished(browser, sent.path)  # and the hub stops before anybody has taken the passwords
    async with pages.database.transaction() as db:
        chosen = (await db.execute(select(Account).where(Account.username == "moi.2"))).unique().scalar_one()
        chosen.must_change_password = False
        before = chosen.password_hash
    again = await browser.upload("/import/accounts", "a.csv", table)
    page = await browser.get(again.path)
    assert "2 tài khoản đã có trong bảng này" in page.text
    given = await browser.post(f"{again.path}/renew")
    assert given.status == 200
    lines = [row.cells for row in tables.read(given.body).rows]
    assert [line[0] for line in lines] == ["moi.0", "moi.1"], "neither who has chosen one nor who was there before"
    for username, secret in (line[:2] for line in lines):
        signed_in = await pages.browser().sign_in(username, secret)
        assert signed_in.status == 303
    async with pages.database.reading() as db:
        kept = (await db.execute(select(Account).where(Account.username == "moi.2"))).unique().scalar_one()
    assert kept.password_hash == before
