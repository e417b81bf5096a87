"""The page of search, as people use it."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.models import SavedSearch
from hub.services import search_building
from tests.support.pages import running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config):
    async with running_pages(config) as running:
        yield running


async def test_what_is_found_is_marked_counted_and_linked(pages):
    officer = await pages.person("canbotinh")
    answer = await officer.get("/search?q=thu+hoi+dat")
    assert answer.status == 200
    assert "<mark>thu</mark> <mark>hồi</mark> 320 m² <mark>đất</mark>" in answer.text
    assert re.search(r'aria-current="page">Vụ việc <span class="count">1</span>', answer.text)
    phrase = await officer.get('/search?q="thu hồi 320"')
    assert "<mark>thu hồi 320</mark>" in phrase.text


async def test_what_else_there_is_is_counted_beside_what_is_shown(pages):
    officer = await pages.person("canbotinh")
    answer = await officer.get("/search?q=thu+hoi+dat")
    asked = re.search(r'data-counts="([^"]+)"', answer.text)
    assert asked is not None
    assert 'data-count="hearing" hidden' in answer.text
    beside = await officer.get("/search/counts?" + unescape(asked[1]))
    assert json.loads(beside.text) == {"counts": {"hearing": "1"}}
    assert json.loads((await officer.get("/search/counts")).text) == {"counts": {}}


async def test_until_the_index_is_whole_the_page_says_so(pages):
    officer = await pages.person("canbotinh")
    said = "Chỉ mục tìm kiếm đang được lập"
    assert said in (await officer.get("/search")).text
    await search_building.build_when_missing(pages.database)
    assert said not in (await officer.get("/search")).text


async def test_an_empty_result_offers_wider_searches(pages):
    officer = await pages.person("canbotinh")
    answer = await officer.get('/search?q="đất thu"&from=1/1/2026&type=feedback')
    for offer in ("Tìm các từ, không cần liền nhau", "Tìm trong mọi thời gian", "Bỏ mọi điều kiện, giữ từ tìm"):
        assert offer in answer.text
    assert 'data-found=""' in answer.text, "the browser does not keep the name of whoever is not to be found"
    assert 'data-found="yes"' in (await officer.get("/search?q=đất")).text
    assert (await officer.get("/search?q=x&at=nonsense&unit=nowhere&state=none&kind=none")).status == 200


async def test_nothing_is_overdue_today(pages):
    officer = await pages.person("canbotinh")
    answer = await officer.get("/search?due=overdue")
    assert "Không có kết quả nào ở đây" in answer.text


async def test_a_search_is_saved_renamed_and_deleted_by_its_owner_alone(pages):
    officer, other = await pages.person("canbotinh"), await pages.person("canbotantien")
    await officer.get("/search?q=Nguyễn+Thị+Đào")
    saved = await officer.post("/search/saved", {"name": "Bà Đào", "query": "q=Nguyễn+Thị+Đào&evil=1&kind=case"})
    assert saved.status == 303
    assert "evil" not in saved.path
    shown = (await officer.get("/search")).text
    assert ">Bà Đào</a>" in shown
    assert "Bà Đào" not in (await other.get("/search")).text
    async with pages.database.reading() as db:
        row = (await db.execute(select(SavedSearch))).scalar_one()
    assert "Đào".encode() not in row.sealed
    address = f"/search/saved/{row.id}"
    assert (await other.post(address, {"do": "forget"})).status == 404
    unnamed = await officer.post(address, {"do": "rename", "name": " "})
    assert unnamed.status == 400
    assert "Hãy đặt tên" in unnamed.text
    assert (await officer.post(address, {"do": "rename", "name": "Thôn Đông"})).status == 303
    assert ">Thôn Đông</a>" in (await officer.get("/search")).text
    assert (await officer.post(address, {"do": "forget"})).status == 303
    assert "Thôn Đông</a>" not in (await officer.get("/search")).text


async def test_a_name_is_used_once_and_there_is_an_end(pages):
    officer = await pages.person("canbotinh")
    await officer.get("/search")
    for number in range(30):
        assert (await officer.post("/search/saved", {"name": f"S{number}", "query": "q=x"})).status == 303
    assert (await officer.post("/search/saved", {"name": "một nữa", "query": "q=x"})).status == 400
    assert (await officer.post("/search/saved", {"name": "s3", "query": "q=y"})).status == 303
    assert (await officer.post("/search/saved", {"name": "trống", "query": ""})).status == 400
    assert "/search?q=y" in (await officer.get("/search")).text


async def test_whoever_may_search_finds_the_box_in_the_header(pages):
    officer, administrator = await pages.person("canbotinh"), await pages.person("quantri")
    assert 'id="top-q"' in (await officer.get("/")).text
    assert 'id="top-q"' not in (await administrator.get("/")).text
