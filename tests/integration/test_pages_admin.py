"""What administrators do: accounts with roles, units and points; and the trail it leaves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Account, OrgUnit
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio

PASSWORD = "một câu dễ nhớ"


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def unit_id(pages: Pages, code: str) -> str:
    async with pages.database.reading() as db:
        return (await db.execute(select(OrgUnit.id).where(OrgUnit.code == code))).scalar_one()


async def new_account(pages: Pages, **others: str) -> list[tuple[str, str]]:
    unit = await unit_id(pages, "NAMKHAO")
    fields = {"username": "moi", "full_name": "Ẩn Thị Mới", "unit_id": unit, "language": "vi", "password": PASSWORD}
    return [*(fields | others).items(), ("role", "officer"), ("role_unit", unit), ("role", ""), ("role_unit", unit)]


async def test_a_new_account_signs_in_and_must_choose_its_own_password(pages: Pages) -> None:
    administrator = await pages.person("quantri")
    created = await administrator.post("/accounts/new", await new_account(pages))
    assert created.status == 303
    page = await administrator.get(created.path)
    assert "Đã tạo tài khoản." in page.text
    assert re.search(r'value="officer" selected', page.text)
    browser = pages.browser()
    assert (await browser.sign_in("moi", PASSWORD)).status == 303
    assert (await browser.get("/cases/new")).path == "/account/password"


async def test_a_taken_name_or_a_poor_password_keeps_what_was_typed_but_the_password(pages: Pages) -> None:
    administrator = await pages.person("quantri")
    taken = await administrator.post("/accounts/new", await new_account(pages, username="thuky"))
    assert taken.status == 409
    assert 'href="#f-username"' in taken.text
    assert 'value="Ẩn Thị Mới"' in taken.text
    assert PASSWORD not in taken.text
    poor = await administrator.post("/accounts/new", await new_account(pages, password="123"))
    assert 'href="#f-password"' in poor.text


async def test_a_role_is_taken_away_by_clearing_it(pages: Pages) -> None:
    administrator = await pages.person("quantri")
    path = (await administrator.post("/accounts/new", await new_account(pages))).path
    unit = await unit_id(pages, "NAMKHAO")
    fields = {"full_name": "Ẩn Thị Mới", "title": "Văn thư", "unit_id": unit, "language": "en", "role": ""}
    assert (await administrator.post(path, [*fields.items(), ("role_unit", unit)])).status == 303
    page = await administrator.get(path)
    assert 'value="officer" selected' not in page.text
    assert 'value="Văn thư"' in page.text


async def test_a_disabled_account_is_signed_out_at_once_and_may_come_back(pages: Pages) -> None:
    administrator, officer = await pages.person("quantri"), await pages.person("canbotinh")
    async with pages.database.reading() as db:
        account = (await db.execute(select(Account.id).where(Account.username == "canbotinh"))).scalar_one()
    without = await administrator.post(f"/accounts/{account}/disable", {"reason": " "})
    assert without.status == 400
    assert 'id="disable" aria-labelledby="disable-title" data-open' in without.text
    assert (await administrator.post(f"/accounts/{account}/disable", {"reason": "Nghỉ việc"})).status == 303
    assert (await officer.get("/")).status == 303
    assert "Nghỉ việc" in (await administrator.get("/audit?action=account_disabled")).text
    assert "Đã khóa" in (await administrator.get("/accounts?disabled=yes")).text
    assert (await administrator.post(f"/accounts/{account}/enable")).status == 303
    assert (await (await pages.person("canbotinh")).get("/")).status == 200


async def test_nobody_disables_themselves(pages: Pages) -> None:
    administrator = await pages.person("quantri")
    async with pages.database.reading() as db:
        account = (await db.execute(select(Account.id).where(Account.username == "quantri"))).scalar_one()
    answer = await administrator.post(f"/accounts/{account}/disable", {"reason": "Thử"})
    assert answer.status == 400
    assert (await administrator.get("/")).status == 200


async def test_a_password_that_is_set_ends_the_sessions(pages: Pages) -> None:
    administrator, officer = await pages.person("quantri"), await pages.person("canbotinh")
    async with pages.database.reading() as db:
        account = (await db.execute(select(Account.id).where(Account.username == "canbotinh"))).scalar_one()
    poor = await administrator.post(f"/accounts/{account}/password", {"password": "1"})
    assert poor.status == 400
    assert 'id="password" aria-labelledby="password-title" data-open' in poor.text
    assert (await administrator.post(f"/accounts/{account}/password", {"password": PASSWORD})).status == 303
    assert (await officer.get("/")).status == 303


async def test_units_and_points_are_added_changed_and_taken_out_of_use(pages: Pages) -> None:
    administrator = await pages.person("quantri")
    parent = await unit_id(pages, "ANBINH")
    unit = {"code": "banmu", "name": "UBND xã Bản Mù", "level": "commune", "parent_id": parent}
    assert (await administrator.post("/units/new", unit)).status == 303
    assert (await administrator.post("/units/new", unit)).status == 409
    made = await unit_id(pages, "BANMU")
    point = {"code": "DC-BANMU", "name": "Điểm cầu xã Bản Mù", "unit_id": made, "phone": "0209 1", "active": "yes"}
    assert (await administrator.post("/points/new", point)).status == 303
    listed = (await administrator.get("/points")).text
    link = re.search(r'href="(/points/\w{32})">Điểm cầu xã Bản Mù', listed)
    assert link
    edited = {**point, "name": "Điểm cầu Bản Mù", "is_bridge": "yes"}
    del edited["active"]
    assert (await administrator.post(link.group(1), edited)).status == 303
    listed = (await administrator.get("/points")).text
    assert "Điểm cầu Bản Mù" in listed
    assert "Ngừng dùng" in listed
    closed = {"code": "BANMU", "name": "UBND xã Bản Mù"}
    assert (await administrator.post(f"/units/{made}", closed)).status == 303
    assert "Ngừng dùng" in (await administrator.get("/units")).text


async def test_a_faulty_unit_says_where(pages: Pages) -> None:
    administrator = await pages.person("quantri")
    answer = await administrator.post("/units/new", {"code": "có dấu", "name": "", "level": "sky"})
    assert answer.status == 400
    assert 'href="#f-level"' in answer.text
    answer = await administrator.post("/units/new", {"code": "có dấu", "name": "", "level": "commune"})
    assert 'href="#f-code"' in answer.text
    assert 'href="#f-name"' in answer.text
    assert 'value="có dấu"' in answer.text
