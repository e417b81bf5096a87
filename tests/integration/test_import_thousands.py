"""Three thousand accounts at once: every fault can be found, and who is right gets in."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from hub.config import Config
from hub.models import Account
from hub.services import passwords
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio

ROWS = 3000
FAULTY = ("KHONGCO", "NHAM", "TANTIEN")
"""Two units that are none, and one that is right."""


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


def table(units: tuple[str, ...], rows: int = ROWS) -> bytes:
    lines = (f"canbo{n:04};Cán bộ {n};{units[n % len(units)]};;;;;Cán bộ tiếp công dân" for n in range(rows))
    return "\n".join(["username;full name;unit;title;phone;email;language;roles", *lines]).encode()


async def test_thousands_of_faults_are_summed_up_and_all_of_them_are_in_a_file(pages: Pages) -> None:
    browser = await pages.person("quantri")
    sent = await browser.upload("/import/accounts", "can-bo.csv", table(FAULTY))
    tried = await browser.get(sent.path)
    assert len(tried.body) < 300_000, "a page that a phone can show"
    kinds = tried.text.split('id="kinds-head"')[1].split("</table>")[0]
    assert kinds.count("<tr>") < 6  # the head, and what follows from units that are none
    assert "KHONGCO" in kinds
    assert ">2000<" in kinds
    given = await browser.get(f"{sent.path}/faults.csv")
    rows = list(csv.reader(io.StringIO(given.body.decode("utf-8-sig")), delimiter=";"))
    assert {int(row[0]) for row in rows[1:]} == {n + 2 for n in range(ROWS) if n % 3 != 2}
    assert "Không có cơ quan nào mang mã KHONGCO." in {row[3] for row in rows[1:]}


async def test_hundreds_of_accounts_are_made_without_hundreds_of_slow_hashes(pages: Pages) -> None:
    browser = await pages.person("quantri")
    sent = await browser.upload("/import/accounts", "can-bo.csv", table(("TANTIEN",), 300))
    tried = await browser.get(sent.path)
    found = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', tried.text)
    assert found
    await browser.post(sent.path, {"fingerprint": found[1]})
    for _ in range(900):
        if 'http-equiv="refresh"' not in (await browser.get(sent.path)).text:
            break
        await asyncio.sleep(0.05)
    handed = (await browser.post(f"{sent.path}/passwords")).body.decode("utf-8-sig").splitlines()
    assert len(handed) == 301
    async with pages.database.reading() as db:
        assert await db.scalar(select(func.count()).where(Account.username.like("canbo0%"))) == 300
        kept = await db.scalar(select(Account.password_hash).where(Account.username == "canbo0007"))
    given = dict(line.split(";") for line in handed[1:])
    assert await passwords.verify_password(kept, given["canbo0007"])
    assert not await passwords.verify_password(kept, given["canbo0008"])
    assert passwords.needs_rehash(str(kept)), "the person's own password is hashed as all others are"
