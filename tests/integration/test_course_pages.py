"""A case's course on its pages: next steps, deadlines, links, and two officers at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Case, CaseEvent, CaseLink, CaseType
from tests.support.pages import Answer, Browser, Pages, running_pages
from web import format as formats

pytestmark = pytest.mark.asyncio

TODAY = formats.short_date(formats.today())
WRITTEN = {"day": TODAY, "document_number": "12/QĐ-UBND", "document_day": TODAY, "reason": "theo hồ sơ"}


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def case_of(pages: Pages, kind: CaseType = CaseType.COMPLAINT) -> Case:
    async with pages.database.reading() as db:
        wanted = select(Case).where(Case.type == kind).order_by(Case.received_at)
        return (await db.execute(wanted)).unique().scalars().first()


async def make(browser: Browser, case: Case, code: str, version: int, **fields: str) -> Answer:
    form = WRITTEN | {"version": str(version)} | fields
    return await browser.post(f"/cases/{case.id}/moves/{code}", form)


async def test_the_page_offers_the_steps_that_the_law_allows_and_counts_their_deadlines(pages):
    officer, case = await pages.person("canbotantien"), await case_of(pages)
    page = (await officer.get(f"/cases/{case.id}")).text
    assert f'href="/cases/{case.id}/moves/classify"' in page
    assert "moves/accept" not in page
    assert "Luật Tiếp công dân 42/2013/QH13, Điều 28 khoản 1" in page
    for version, code in enumerate(("classify", "accept"), 1):
        assert (await make(officer, case, code, version)).status == 303
    page = (await officer.get(f"/cases/{case.id}")).text
    assert "Giải quyết khiếu nại" in page
    assert "văn bản 12/QĐ-UBND" in page
    assert "moves/verify" in page
    leader = (await (await pages.person("chutichxa")).get(f"/cases/{case.id}")).text
    assert "moves/suspend" in leader
    assert "moves/verify" not in leader
    assert "Người khác có quyền ghi: Xác minh" in leader


async def test_a_faulty_step_keeps_what_was_typed(pages):
    officer, case = await pages.person("canbotantien"), await case_of(pages)
    await make(officer, case, "classify", 1)
    refused = await make(officer, case, "accept", 2, day="32/11/2026", document_number="Số <của> tôi")
    assert refused.status == 400
    assert 'value="Số &lt;của&gt; tôi"' in refused.text
    assert 'value="32/11/2026"' in refused.text
    unknown = await officer.get(f"/cases/{case.id}/moves/fly")
    assert unknown.status == 404


async def test_the_second_officer_is_told_what_the_first_did_and_keeps_what_was_typed(pages):
    commune, province, case = await pages.person("canbotantien"), await pages.person("canbotinh"), await case_of(pages)
    assert (await make(province, case, "classify", 1)).status == 303
    told = await make(commune, case, "classify", 1, reason="Lý do của tôi")
    assert told.status == 409
    assert "Vũ Hoàng Yến đã ghi bước “Phân loại” lúc" in told.text
    assert "Lý do của tôi" in told.text
    assert "không cho phép bước này" in told.text
    edit = {"version": "1", "type": "complaint", "summary": "Tóm tắt của tôi", "content": "x", "people_count": "1"}
    told = await commune.post(f"/cases/{case.id}/edit", edit)
    assert told.status == 409
    assert "Phân loại" in told.text
    assert 'value="Tóm tắt của tôi"' in told.text
    facts = await commune.post(f"/cases/{case.id}/facts", {"version": "1", "complexity": "complex", "remote": "yes"})
    assert facts.status == 409
    assert 'value="complex" required checked' in facts.text
    version = re.search(r'name="version" value="(\d+)"', facts.text).group(1)
    saved = await commune.post(
        f"/cases/{case.id}/facts", {"version": version, "complexity": "complex", "remote": "yes"}
    )
    assert saved.status == 303
    assert "vùng sâu, vùng xa" in (await commune.get(f"/cases/{case.id}")).text


async def test_a_second_complaint_begins_from_the_first_and_is_linked_to_it(pages):
    officer, first = await pages.person("canbotantien"), await case_of(pages)
    fields = {
        "type": "complaint",
        "summary": first.summary,
        "party_kind": "individual",
        "people_count": "1",
        "name": "Nguyễn Thị Đào",
        "address": "Thôn Đông",
        "unit_id": first.unit_id,
        "second_of": first.id,
        "first_number": first.number,
    }
    early = await officer.post("/cases/new", fields)
    assert (early.status, "chưa quá hạn giải quyết" in early.text) == (200, True)
    for version, code in enumerate(("classify", "accept", "verify", "decide", "notify"), 1):
        await make(officer, first, code, version)
    assert f"/cases/new?second_of={first.id}" in (await officer.get(f"/cases/{first.id}")).text
    form = (await officer.get(f"/cases/new?second_of={first.id}")).text
    assert f"Là khiếu nại lần hai của vụ việc {first.number}" in form
    saved = await officer.post("/cases/new", fields)
    assert saved.status == 303
    page = (await officer.get(saved.path)).text
    assert "Là khiếu nại lần hai của" in page
    assert first.number in page
    assert "Điều 36" in page
    assert "Khiếu nại lần hai:" in (await officer.get(f"/cases/{first.id}")).text
    again = await officer.post("/cases/new", fields)
    assert again.status == 400
    assert "đã có khiếu nại lần hai" in again.text


async def test_a_likely_duplicate_is_shown_and_settled_by_a_button(pages):
    officer, case = await pages.person("canbotantien"), await case_of(pages)
    fields = {
        "type": "complaint",
        "summary": "Khiếu nại thu hồi 320 m² đất ở thôn Đông",
        "party_kind": "individual",
        "people_count": "1",
        "name": "Nguyen Thi Dao",
        "address": "Thôn Đông",
        "id_number": "001162004217",
        "unit_id": case.unit_id,
        "confirmed": "yes",
    }
    path = (await officer.post("/cases/new", fields)).path
    page = (await officer.get(path)).text
    assert "Có thể trùng" in page
    assert "cùng số giấy tờ" in page
    form = {"version": "1", "number": case.number, "kind": "duplicate"}
    assert (await officer.post(f"{path}/links", form)).status == 303
    page = (await officer.get(path)).text
    assert "Có thể trùng" not in page
    assert "Trùng với" in page
    wrong = await officer.post(f"{path}/links", {"version": "2", "number": "KN-KHONG-CO", "kind": "duplicate"})
    assert wrong.status == 400
    assert 'value="KN-KHONG-CO"' in wrong.text
    async with pages.database.reading() as db:
        assert len((await db.execute(select(CaseLink))).all()) == 1
        assert (await db.execute(select(CaseEvent))).first() is None


async def test_a_transfer_tells_all_that_is_missing_at_once_in_the_order_of_its_fields(pages):
    officer, case = await pages.person("canbohoabinh"), await case_of(pages, CaseType.PETITION)
    await make(officer, case, "classify", 1)
    empty = {"version": "2", "unit_id": "", "to_name": "", "document_number": "", "document_day": "", "day": "hôm qua"}
    refused = await officer.post(f"/cases/{case.id}/transfer", empty)
    assert refused.status == 400
    summary = refused.text[refused.text.index('role="alert"') :]
    told = re.findall(r'<li><a href="#f-(\w+)"', summary[: summary.index("</ul>")])
    assert told == ["unit_id", "document_number", "document_day", "day"]
    assert 'value="hôm qua"' in refused.text
