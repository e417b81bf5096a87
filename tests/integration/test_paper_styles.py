"""How a unit's papers are headed and signed: guessed from its name until its administrator sets it."""

from __future__ import annotations

import html

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.forms.signing import Signing, guessed, of_head, of_person
from hub.models import Account, AuditEvent, Case, CaseType, OrgUnit
from hub.services import form_facts, people
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio
SET = {
    "authority": "",
    "place": "Hòa Bình",
    "on_behalf": "TM. Ủy ban nhân dân phường",
    "head": "Chủ tịch",
    "deputy": "Phó Chủ tịch thường trực",
    "signer": "Trần Văn Minh",
}


@pytest_asyncio.fixture
async def pages(config: Config):
    async with running_pages(config) as running:
        yield running


async def test_titles_follow_from_what_is_set_and_else_from_the_name():
    style = guessed("UBND xã Tân Tiến", "UBND tỉnh An Bình")
    assert (style.authority, style.place, style.on_behalf) == ("", "Tân Tiến", "TM. Ủy ban nhân dân")
    assert guessed("Ban Tiếp công dân", "UBND tỉnh An Bình").authority == "UBND tỉnh An Bình"
    assert of_head(style) == Signing("Chủ tịch", "", "TM. Ủy ban nhân dân")
    deputy = of_person(style, "Lê Thị Hoa", "Phó Chủ tịch")
    assert deputy == Signing("Phó Chủ tịch", "Lê Thị Hoa", "TM. Ủy ban nhân dân\nKT. Chủ tịch")
    assert of_person(style, "Lê Văn Bình", "Chánh Văn phòng").on_behalf == "TL. Chủ tịch"


async def test_an_administrator_sets_looks_at_and_takes_back_how_papers_look(pages: Pages):
    async with pages.database.reading() as db:
        case = (await db.execute(select(Case).where(Case.type == CaseType.COMPLAINT))).unique().scalar_one()
        unit = await db.get_one(OrgUnit, case.unit_id)
    path = f"/units/{unit.id}/papers"
    administrator = await pages.person("quantri")
    assert "Chưa đặt gì" in html.unescape((await administrator.get(path)).text)
    empty = await administrator.post(path, {**SET, "place": " "})
    assert (empty.status, "Trần Văn Minh" in html.unescape(empty.text)) == (400, True), "nothing typed is lost"
    looked = await administrator.post(path, {**SET, "do": "preview"})
    assert (looked.status, looked.text.count("data:image/png;base64,")) == (200, 3)
    assert "Chưa đặt gì" in html.unescape(looked.text), "looking keeps nothing"
    assert (await administrator.post(path, SET)).status == 303
    async with pages.database.reading() as db:
        officer = people.actor_of(await db.get_one(Account, case.created_by))
        _, said = await form_facts.usual(db, officer, case, "result_notice")
        changed = select(AuditEvent).where(AuditEvent.action == "paper_style_changed")
        assert (await db.execute(changed)).scalar_one().detail["changes"]["signer"] == ["", "Trần Văn Minh"]
    assert (said["place"], said["signer_name"]) == ("Hòa Bình", "Trần Văn Minh")
    assert said["on_behalf"] == "TM. Ủy ban nhân dân phường"
    assert (await administrator.post(path, {"do": "reset"})).status == 303
    assert "Chưa đặt gì" in html.unescape((await administrator.get(path)).text)
    async with pages.database.reading() as db:
        _, said = await form_facts.usual(db, officer, case, "result_notice")
    assert said["signer_name"] == "Nông Văn Thắng", "whoever heads the unit today"
    assert (await (await pages.person("canbotinh")).get(path)).status in (403, 404)
