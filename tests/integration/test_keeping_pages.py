"""On the pages: a recording is held, kept longer and destroyed by two people; the archive's page says what waits."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import models
from hub.config import Config
from hub.ids import utc_now
from hub.services import recordings
from recorder.destroying import Destroying
from tests.support.evidence import add_events, add_segments, archive
from tests.support.pages import Answer, Browser, Pages, running_pages
from tests.support.recording_world import Taped

pytestmark = pytest.mark.asyncio


@dataclass
class Archive:
    pages: Pages
    recording_id: str

    async def act(self, who: Browser, do: str, **fields: str) -> Answer:
        path = f"/recordings/{self.recording_id}"
        await who.get(path)
        return await who.post(f"{path}/keeping", {"do": do, **fields})

    async def card(self, who: Browser) -> str:
        text = (await who.get(f"/recordings/{self.recording_id}")).text
        return html.unescape(text.split('aria-labelledby="keeping-head"')[1].split("</section>")[0])

    async def age(self) -> None:
        async with self.pages.database.transaction() as db:
            row = await db.get_one(models.Recording, self.recording_id)
            row.retain_until = utc_now() - timedelta(days=1)


@pytest_asyncio.fixture
async def kept(config: Config) -> AsyncIterator[Archive]:
    async with running_pages(config) as pages:
        async with pages.database.transaction() as db:
            found = select(models.Hearing).where(models.Hearing.kind == models.HearingKind.REGULAR)
            hearing = (await db.execute(found)).unique().scalar_one()
            recording = await recordings.open_recording(db, hearing.id)
        taped = Taped(None, hearing, recording.id, 0, list(hearing.seats))  # type: ignore[arg-type]
        await add_segments(pages.database, pages.store, taped)
        await add_events(pages.database, taped)
        await archive(pages.config, pages.database, pages.store, taped)
        yield Archive(pages, recording.id)


async def test_two_people_destroy_a_recording_that_is_due(kept: Archive) -> None:
    auditor, leader = await kept.pages.person("thanhtra"), await kept.pages.person("chutri")
    assert "khẩn cấp" in await kept.card(auditor), "before its day only in an emergency"
    await kept.age()
    assert "Hết hạn lưu giữ" in html.unescape((await auditor.get("/archive")).text)
    answer = await kept.act(auditor, "propose_due", destroy_reason=" ")
    assert answer.status == 400
    assert "Hãy nêu lý do" in html.unescape(answer.text)
    assert (await kept.act(auditor, "propose_due", destroy_reason="Hết hạn")).status == 303
    card = await kept.card(auditor)
    assert "Hết hạn" in card
    assert "Bạn là người thứ hai" not in card
    assert (await kept.act(auditor, "approve", destroy_reason="Tôi cũng đồng ý")).status == 403
    assert "Bạn là người thứ hai" in await kept.card(leader)
    assert (await kept.act(leader, "approve", destroy_reason="Đồng ý")).status == 303
    await Destroying(kept.pages.config, kept.pages.database, kept.pages.store).turn()
    card = await kept.card(auditor)
    assert "Bản ghi đã bị tiêu hủy" in card
    told = json.loads((await auditor.get(f"/recordings/{kept.recording_id}/destruction.json")).text)
    assert [each["reason"] for each in told["approvals"]] == ["Hết hạn", "Đồng ý"]
    answer = await auditor.post(f"/recordings/{kept.recording_id}/download", {"download_reason": "Tòa án"})
    assert answer.status == 410


async def test_a_hold_keeps_it_and_an_extension_prolongs_it(kept: Archive) -> None:
    auditor = await kept.pages.person("thanhtra")
    await kept.age()
    assert (await kept.act(auditor, "hold", hold_reason="Vụ án số 12")).status == 303
    assert "Vụ án số 12" in await kept.card(auditor)
    assert (await kept.act(auditor, "propose_due", destroy_reason="Hết hạn")).status == 409
    assert (await kept.act(auditor, "release", hold_reason="Đã xử xong")).status == 303
    answer = await kept.act(auditor, "extend", extend_reason="Còn khiếu nại", extend_until="32/13/2040")
    assert answer.status == 400
    assert "Còn khiếu nại" in html.unescape(answer.text), "nothing typed is lost"
    assert (await kept.act(auditor, "extend", extend_reason="Còn khiếu nại", extend_until="01/02/2090")).status == 303
    assert "2090" in await kept.card(auditor)


@pytest.mark.parametrize("who", ["canbotinh", "thuky", "quantri", "kythuat"])
async def test_others_can_do_nothing_of_it(kept: Archive, who: str) -> None:
    somebody = await kept.pages.person(who)
    for do, field in (("hold", "hold_reason"), ("propose_emergency", "destroy_reason"), ("approve", "destroy_reason")):
        refused = 404 if who == "quantri" else 403  # an administrator does not even know of a hearing
        assert (await kept.act(somebody, do, **{field: "Vì sao"})).status == refused


async def test_periods_are_rules_of_the_law_which_an_administrator_follows_by_others_with_their_basis(
    kept: Archive,
) -> None:
    administrator = await kept.pages.person("quantri")
    page = html.unescape((await administrator.get("/archive")).text)
    assert page.count("Chưa kiểm chứng") == 6, "five kinds of recordings, and the papers of a destruction"
    async with kept.pages.database.transaction() as db:
        wanted = select(models.LegalRule).where(models.LegalRule.code == "retention_recording_complaint")
        row = (await db.execute(wanted)).scalar_one()
    rule = {name: str(getattr(row, name)) for name in ("name", "code", "value", "unit", "direction", "legal_basis")}
    rule |= {"certainty": "text", "active": "yes", "reason": "Thông tư mới", "version": "1"}
    old = {**rule, "certainty": "unverified", "valid_from": "01/01/2000", "valid_to": "31/12/2026"}
    assert (await administrator.post(f"/rules/{row.id}", old)).status == 303
    new = {**rule, "legal_basis": "Thông tư 1", "valid_from": "01/01/2027"}
    answer = await administrator.post("/rules/new", {**new, "unit": "days"})
    assert answer.status == 400
    assert "bằng năm hoặc vĩnh viễn" in html.unescape(answer.text)
    assert (await administrator.post("/rules/new", {**new, "unit": "forever", "value": ""})).status == 303
    page = html.unescape((await administrator.get("/archive")).text)
    assert "Thông tư 1" in page
    assert "vĩnh viễn" in page
    auditor = await kept.pages.person("thanhtra")
    await auditor.get("/archive")
    assert (await auditor.post("/rules/new", new)).status == 403
    assert (await (await kept.pages.person("canbotinh")).get("/archive")).status == 403
