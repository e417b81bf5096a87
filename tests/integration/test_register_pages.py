"""The register's pages: looked at, filtered, printed, corrected."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Account, AuditEvent, Case, CaseType, IdentityMethod
from hub.services import people, visits
from hub.visits import NewVisit
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        async with running.database.transaction() as db:
            named = select(Account).where(Account.username == "canbotantien")
            actor = people.actor_of((await db.execute(named)).unique().scalar_one(), "192.0.2.7")
            for kind in (CaseType.COMPLAINT, CaseType.DENUNCIATION):
                case = (await db.execute(select(Case).where(Case.type == kind))).unique().scalar_one()
                new = NewVisit(identity_method=IdentityMethod.CITIZEN_ID, case_id=case.id, requested="Trả lời")
                await visits.record(db, running.vault, actor, new)
        yield running


async def test_an_officer_sees_the_register_of_their_unit(pages: Pages) -> None:
    page = (await (await pages.person("canbotantien")).get("/register")).text
    assert "Nguyễn Thị Đào" in page
    assert "Cao Xuân Lãm" not in page
    assert "Người tố cáo" in page
    other = (await (await pages.person("canbodongson")).get("/register")).text
    assert "Nguyễn Thị Đào" not in other


async def test_it_is_printed_and_taken_away(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    await officer.get("/register")
    printed = await officer.post("/register/export", {"format": "pdf"})
    assert printed.body.startswith(b"%PDF")
    taken = await officer.post("/register/export", {"format": "xlsx", "full": "yes", "reason": "Báo cáo quý"})
    assert taken.body.startswith(b"PK")
    assert "so-tiep-cong-dan-TANTIEN" in taken.header("Content-Disposition")
    refused = await officer.post("/register/export", {"format": "xlsx", "full": "yes", "reason": ""})
    assert refused.status == 400
    async with pages.database.reading() as db:
        kept = await db.scalars(select(AuditEvent).where(AuditEvent.action == "register_exported"))
        assert [(one.detail["format"], one.reason) for one in kept] == [("pdf", ""), ("xlsx", "Báo cáo quý")]


async def test_an_entry_is_corrected_by_a_new_one(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    path = re.search(r'href="(/register/\w+/correct)"', (await officer.get("/register")).text)
    assert path
    asked = await officer.get(path.group(1))
    assert asked.status == 200
    refused = await officer.post(path.group(1), {"content": "Khác", "reason": ""})
    assert refused.status == 400
    assert "Khác" in refused.text
    done = await officer.post(path.group(1), {"content": "Khác", "reason": "Ghi nhầm"})
    assert done.status == 303
    assert "Ghi nhầm" in (await officer.get(done.path)).text
