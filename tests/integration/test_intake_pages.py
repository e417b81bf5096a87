"""Receptions, receipts and the state-secret flag on their pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Account, Case, CaseType, Visit
from tests.support.pages import Pages, running_pages
from web import format as formats

pytestmark = pytest.mark.asyncio

VISIT = {
    "identity_method": "citizen_id",
    "name": "Hoàng Văn Ốc",
    "address": "Thôn Bắc",
    "people_count": "2",
    "requested": "Hỏi thủ tục tách thửa đất",
    "advised": "Đến bộ phận một cửa",
}


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def case_of(pages: Pages, kind: CaseType = CaseType.COMPLAINT) -> Case:
    async with pages.database.reading() as db:
        return (await db.execute(select(Case).where(Case.type == kind))).unique().scalars().first()


async def account(pages: Pages, username: str) -> str:
    async with pages.database.reading() as db:
        return (await db.execute(select(Account.id).where(Account.username == username))).scalar_one()


async def test_a_reception_without_a_case_stands_in_the_days_list_and_its_person_is_shown_for_a_reason(
    pages: Pages,
) -> None:
    officer = await pages.person("canbotantien")
    entry = re.findall(r'name="entry_id" value="([0-9a-f]{32})"', (await officer.get("/visits/new")).text)
    for _ in range(2):  # its answer was lost, or the Back button led to the form again
        saved = await officer.post("/visits/new", VISIT | {"entry_id": entry[0]})
        assert saved.status == 303
    page = await officer.get(saved.path)
    assert "1 lượt, 2 người" in page.text
    assert "Hỏi thủ tục tách thửa đất" in page.text
    assert "Ốc" not in page.text
    async with pages.database.reading() as db:
        visit_id = (await db.execute(select(Visit.id))).scalar_one()
    asked = await officer.post(f"/visits/{visit_id}/identity")
    assert (asked.status, "Ốc" in asked.text) == (400, False)
    shown = await officer.post(f"/visits/{visit_id}/identity", {"reason": "ghi sổ"})
    assert "Hoàng Văn Ốc" in shown.text
    refused = await (await pages.person("thanhtra")).post(f"/visits/{visit_id}/identity", {"reason": "xem"})
    assert refused.status == 403


async def test_a_refusal_is_kept_with_its_ground_and_who_decided(pages: Pages) -> None:
    officer, chair = await pages.person("canbotantien"), await account(pages, "chutichxa")
    fields = {"identity_method": "unknown", "people_count": "1", "refused": "yes"}
    faulty = await officer.post("/visits/new", fields | {"refusal_reason": "Say rượu", "decided_by": chair})
    assert (faulty.status, "Hãy chọn căn cứ." in faulty.text, "Say rượu" in faulty.text) == (400, True, True)
    told = {"refusal_ground": "9.1", "refusal_reason": "Say rượu", "decided_by": chair}
    saved = await officer.post("/visits/new", fields | told)
    page = await officer.get(saved.path)
    assert "Điều 9 khoản 1" in page.text
    assert "Quyết định:" in page.text


async def test_a_case_shows_its_receptions_and_receipts(pages: Pages) -> None:
    officer, case = await pages.person("canbotantien"), await case_of(pages)
    about = {"case_id": case.id, "identity_method": "citizen_id", "people_count": "1", "requested": "Hỏi tiến độ"}
    assert (await officer.post("/visits/new", about)).path == f"/cases/{case.id}"
    wrong = await officer.post(f"/cases/{case.id}/receipts/new", {"name_1": "Đơn", "pages_1": "hai"})
    assert (wrong.status, 'value="Đơn"' in wrong.text) == (400, True)
    items = {
        "name_1": "Đơn khiếu nại",
        "pages_1": "2",
        "originals_1": "1",
        "name_3": "Sổ đỏ",
        "pages_3": "1",
        "copies_3": "1",
        "where": "Phòng tiếp công dân",
    }
    assert (await officer.post(f"/cases/{case.id}/receipts/new", items)).status == 303
    page = (await officer.get(f"/cases/{case.id}")).text
    assert "Yêu cầu: Hỏi tiến độ" in page
    assert "BN-TANTIEN-" in page
    assert "Đơn khiếu nại: 2 tờ, 1 bản chính" in page
    assert "Sổ đỏ: 1 tờ" in page


async def test_a_flagged_case_is_a_pointer_on_its_page_and_in_the_list(pages: Pages) -> None:
    officer, case = await pages.person("canbotantien"), await case_of(pages)
    address = f"/cases/{case.id}/state-secret"
    assert "không lấy lại được" in (await officer.get(address)).text
    fields = {"version": str(case.version), "register_entry": "Sổ mật 03, mục 12", "confirmed": "?"}
    faulty = await officer.post(address, fields)
    assert (faulty.status, 'value="Sổ mật 03, mục 12"' in faulty.text) == (400, True)
    assert (await officer.post(address, fields | {"confirmed": case.number})).status == 303
    page = (await officer.get(f"/cases/{case.id}")).text
    assert "Sổ mật 03, mục 12" in page
    assert case.summary not in page
    listed = (await officer.get("/cases")).text
    assert case.number in listed
    assert case.summary not in listed
    for closed in ("edit", "facts", "receipts/new", "state-secret"):
        assert (await officer.get(f"/cases/{case.id}/{closed}")).status in (200, 409), closed
    assert (
        await officer.post(f"/cases/{case.id}/edit", {"type": "complaint", "summary": "x", "version": "9"})
    ).status == 409


async def test_the_days_list_is_of_the_asked_day_and_unit(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    await officer.post("/visits/new", VISIT)
    assert "Chưa có lượt tiếp nào" in (await officer.get("/visits?day=2020-01-02")).text
    leader = await pages.person("chutri")
    assert "Hỏi thủ tục" not in (await leader.get("/visits")).text
    today = formats.today().isoformat()
    assert "Hỏi thủ tục" in (await leader.get(f"/visits?below=yes&day={today}")).text


async def test_who_was_here_before_is_recognised_and_where_they_were_received_is_kept(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    await officer.post("/visits/new", VISIT | {"id_number": "012175000123"})
    found = await officer.send_json(
        "/api/intake/person", {"type": "", "id_number": "", "name": "hoang van oc", "birth": ""}
    )
    known = re.findall(r'"id":"(\w{32})"', found.text)
    form = (await officer.get("/visits/new")).text
    point = re.search(r'name="point_id".*?<option value="(\w{32})" selected', form, re.DOTALL)
    assert point
    again = VISIT | {"known_party": known[0], "point_id": point.group(1), "requested": "Hỏi lại"}
    assert (await officer.post("/visits/new", again)).status == 303
    async with pages.database.reading() as db:
        visit = (await db.execute(select(Visit).where(Visit.requested == "Hỏi lại"))).unique().scalar_one()
        before = (await db.execute(select(Visit).where(Visit.requested == VISIT["requested"]))).unique().scalar_one()
    assert (visit.first, visit.point_id) == (False, point.group(1))
    assert visit.party.id_number_hash == before.party.id_number_hash
    elsewhere = await officer.post("/visits/new", VISIT | {"point_id": "0" * 32})
    assert (elsewhere.status, "Hãy chọn một điểm cầu của cơ quan này." in elsewhere.text) == (400, True)


ODD = "097162004217"
"""97 is no province's code."""


@pytest.mark.parametrize("form", ["people", "edit", "visit"])
async def test_an_odd_number_is_asked_about_once_on_every_form_and_then_taken(pages: Pages, form: str) -> None:
    officer, case = await pages.person("canbotantien"), await case_of(pages)
    person = {"name": "Lò Thị Mỵ", "birth": "1962", "address": "Thôn Bắc", "id_number": ODD}
    address, fields = {
        "people": (
            f"/cases/{case.id}/people",
            {"kind": "authorised", "document_number": "12", "document_day": "01/11/2026", "scope": "Mọi việc"},
        ),
        "edit": (
            f"/cases/{case.id}/edit",
            {
                "version": str(case.version),
                "type": str(case.type),
                "summary": case.summary,
                "content": case.content,
                "people_count": "1",
                "replace_identity": "yes",
            },
        ),
        "visit": ("/visits/new", dict(VISIT)),
    }[form]
    asked = await officer.post(address, fields | person)
    assert asked.status == 200, asked.text
    assert "không phải mã tỉnh" in asked.text
    assert f'name="seen" value="{ODD}"' in asked.text
    assert "Lò Thị Mỵ" in asked.text, "what was typed stays"
    other = await officer.post(address, fields | person | {"seen": ODD, "id_number": "097162004218"})
    assert other.status == 200, "another odd number is asked about too"
    assert (await officer.post(address, fields | person | {"seen": ODD})).status == 303


async def test_what_a_representatives_number_says_is_told_while_it_is_typed_and_nobody_is_looked_for(
    pages: Pages,
) -> None:
    officer = await pages.person("canbotantien")
    known = {"type": "", "id_number": "001162004217", "birth": "1960", "number_only": True}
    answer = (await officer.send_json("/api/intake/person", known)).text
    assert "1962" in answer
    assert '"people":[]' in answer.replace(" ", "")
