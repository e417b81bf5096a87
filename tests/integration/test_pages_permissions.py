"""What the menu offers each of the demo's people; who may ask for what is in ``test_security_permission_matrix``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.config import Config
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio

PEOPLE = (
    "canbotinh",
    "canbotantien",
    "canbodongson",
    "chutri",
    "thuky",
    "thanhtra",
    "kythuat",
    "quantri",
)


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def test_the_menu_offers_nothing_that_is_refused(pages: Pages) -> None:
    for username in PEOPLE:
        browser = await pages.person(username)
        home = (await browser.get("/")).text
        menu = home.split('<nav class="menu"')[1].split("</nav>")[0]
        for part in menu.split('href="')[1:]:
            path = part.split('"')[0]
            assert (await browser.get(path)).status == 200, f"{username} {path}"
