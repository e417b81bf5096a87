"""A search is shared with one's unit: choices only, run in the rights of whoever opens it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from hub.config import Config
from hub.models import Account, Role, SharedSearch
from tests.support.domain import account
from tests.support.pages import Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

CHOSEN = "kind=case&type=denunciation&from=01%2F01%2F2026"


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    """Tân Tiến with a colleague of its officer."""
    async with running_pages(config) as running:
        async with running.database.transaction() as db:
            wanted = select(Account).where(Account.username == "canbotantien")
            unit = (await db.execute(wanted)).unique().scalar_one().unit
            db.add(account("canbohai", unit, Role.OFFICER))
        yield running


async def kept(browser: Browser, query: str, name: str = "Riêng của tôi") -> str:
    """The address of a search that was just saved."""
    await browser.get("/search")
    assert (await browser.post("/search/saved", {"name": name, "query": query})).status == 303
    return re.findall(r'action="(/search/saved/[0-9a-f]{32})"', (await browser.get("/search")).text)[-1]


async def test_colleagues_find_it_by_what_it_chooses_and_may_take_a_copy(pages: Pages) -> None:
    officer, colleague, other = [await pages.person(n) for n in ("canbotantien", "canbohai", "canbohoabinh")]
    address = await kept(officer, CHOSEN)
    for _ in range(2):  # pressed twice
        assert (await officer.post(address, {"do": "share"})).status == 303
    page = (await colleague.get("/search")).text
    assert "Vụ việc · Tố cáo · từ 01/01/2026" in page
    assert "Hoàng Văn Đức chia sẻ" in page
    assert "Riêng của tôi" not in page, "the name stays with who typed it"
    assert "Hoàng Văn Đức chia sẻ" not in (await other.get("/search")).text, "another unit"
    async with pages.database.reading() as db:
        [shared] = list(await db.scalars(select(SharedSearch)))
    assert (await colleague.post(f"/search/shared/{shared.id}")).status == 404, "read only"
    assert (await colleague.post("/search/saved", {"name": "Bản của Hai", "query": shared.query})).status == 303
    assert (await (await pages.person("chutichxa")).post(f"/search/shared/{shared.id}")).status == 303, "the head may"
    page = (await colleague.get("/search")).text
    assert "Hoàng Văn Đức chia sẻ" not in page
    assert "Bản của Hai" in page


@pytest.mark.parametrize(
    "query",
    [
        "q=Cao+Xuân+Lãm&type=denunciation",
        "type=denunciation&officer=Cao+Xuân+Lãm",
        "type=denunciation&unit=Cao+Xuân+Lãm",
        "type=Cao+Xuân+Lãm",
        "state=Cao+Xuân+Lãm",
        "type=denunciation&from=Cao+Xuân+Lãm",
        "type=denunciation&held=Cao+Xuân+Lãm",
        "kind=case",
    ],
)
async def test_nothing_that_was_typed_is_shared(pages: Pages, query: str) -> None:
    officer = await pages.person("canbotantien")
    address = await kept(officer, query)
    assert (await officer.post(address, {"do": "share"})).status == 400
    async with pages.database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(SharedSearch))).scalar_one() == 0


async def test_whoever_opens_it_finds_what_their_own_role_reads(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    async with pages.database.transaction() as db:
        unit = (await db.execute(select(Account).where(Account.username == "canbotantien"))).unique().scalar_one().unit
        db.add(account("kythuatxa", unit, Role.TECHNICIAN))
    await officer.post(await kept(officer, "kind=case&type=complaint"), {"do": "share"})
    technician = await pages.person("kythuatxa")
    assert "Khiếu nại quyết định thu hồi" in (await officer.get("/search?kind=case&type=complaint")).text
    assert "Khiếu nại quyết định thu hồi" not in (await technician.get("/search?kind=case&type=complaint")).text


async def test_somebody_elses_saved_search_cannot_be_shared(pages: Pages) -> None:
    officer, colleague = await pages.person("canbotantien"), await pages.person("canbohai")
    address = await kept(officer, CHOSEN)
    await colleague.get("/search")
    assert (await colleague.post(address, {"do": "share"})).status == 404
