"""Every page, in both languages: well-formed, named, labelled, nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.models import Account, Hearing, Holiday, LegalRule, OrgUnit, Point
from hub.services import recordings
from tests.support.page_check import page_faults
from tests.support.pages import Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

VIEWS: dict[str, tuple[str, ...]] = {
    "canbotinh": (
        "/",
        "/account",
        "/account/password",
        "/cases",
        "/cases?q=khong+co+gi",
        "/cases/new",
        "/cases/{case}",
        "/cases/{case}/edit",
        "/cases/{case}/moves/classify",
        "/cases/{case}/moves/extend",
        "/cases/{case}/facts",
        "/cases/new?second_of={case}",
        "/hearings",
        "/hearings/coming",
        "/hearings/all",
        "/hearings/new",
        "/hearings/{hearing}",
        "/hearings/{hearing}/edit",
        "/hearings/{hearing}/seats/{seat}",
        "/deadlines",
        "/deadlines?rule=reception_reply&from=10/02/2026",
        "/deadlines?rule=&from=x",
        "/rules",
        "/rules/{rule}",
        "/holidays",
        "/holidays?year=2031",
        "/holidays/{holiday}",
        "/nowhere",
        "/accounts",
    ),
    "quantri": (
        "/",
        "/accounts",
        "/accounts/new",
        "/accounts/{account}",
        "/units",
        "/units/new",
        "/units/{unit}",
        "/points",
        "/points/new",
        "/points/{point}",
        "/audit",
        "/rules",
        "/rules/{rule}",
        "/rules/new",
        "/rules/new?after={rule}",
        "/holidays",
        "/holidays/{holiday}",
        "/holidays/new",
        "/help-desk",
    ),
    "thanhtra": ("/", "/hearings/all", "/hearings/{hearing}", "/recordings/{recording}", "/replays/{replay}"),
    "chutri": ("/", "/hearings/{hearing}"),
    "thuky": ("/", "/hearings/new"),
    "kythuat": (
        "/",
        "/help-desk",
        "/hearings/{hearing}",
        "/hearings/{hearing}/lines",
        "/hearings/{hearing}/lines/{seat}",
    ),
}


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def known(pages: Pages) -> dict[str, str]:
    async with pages.database.transaction() as db:
        hearing = (await db.execute(select(Hearing).order_by(Hearing.number).limit(1))).unique().scalar_one()
        recording = await recordings.open_recording(db, hearing.id)
        return {
            "case": hearing.cases[0].id,
            "hearing": hearing.id,
            "seat": next(seat.id for seat in hearing.seats if seat.kind == "point"),
            "recording": recording.id,
            "account": (await db.execute(select(Account.id).where(Account.username == "thuky"))).scalar_one(),
            "unit": (await db.execute(select(OrgUnit.id).where(OrgUnit.code == "TANTIEN"))).scalar_one(),
            "rule": (await db.execute(select(LegalRule.id).limit(1))).scalar_one(),
            "holiday": (await db.execute(select(Holiday.id).limit(1))).scalar_one(),
            "point": (await db.execute(select(Point.id).where(Point.code == "DC-TANTIEN"))).scalar_one(),
        }


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("username", sorted(VIEWS))
async def test_pages_are_whole_and_named(pages: Pages, username: str, language: str) -> None:
    objects = await known(pages)
    browser = await pages.person(username)
    await browser.post("/language", {"language": language, "next": "/"})
    if username == "thanhtra":
        objects["replay"] = (await replay(browser, objects["recording"])).rsplit("/", 1)[-1]
    faults = {}
    for view in VIEWS[username]:
        answer = await browser.get(view.format(**objects))
        assert answer.status < 500, view
        found = page_faults(answer.text, language)
        if found:
            faults[view] = found
    assert faults == {}


async def replay(browser: Browser, recording_id: str) -> str:
    return (await browser.post(f"/recordings/{recording_id}/replay", {"reason": "Kiểm tra"})).path


async def test_titles_can_be_told_apart(pages: Pages) -> None:
    objects = await known(pages)
    for username in ("canbotinh", "quantri"):
        browser = await pages.person(username)
        titles: dict[str, str] = {}
        for view in VIEWS[username]:
            if "nowhere" in view or "?" in view or (username == "canbotinh" and view == "/accounts"):
                continue
            title = re.findall(r"<title>([^<]+)", (await browser.get(view.format(**objects))).text)[0]
            assert titles.setdefault(title, view) == view


@pytest.mark.parametrize("path", ["/cases/new", "/hearings/new"])
async def test_forms_that_come_back_with_errors_are_whole_too(pages: Pages, path: str) -> None:
    browser = await pages.person("canbotinh")
    answer = await browser.post(path, {"title": "<b>&\"'</b>", "summary": "<script>x</script>", "case_ids": ""})
    assert answer.status == 400
    assert page_faults(answer.text, "vi") == []
    assert "<b>&" not in answer.text
    assert "<script>x" not in answer.text
    assert 'role="alert" tabindex="-1" data-focus' in answer.text


async def test_sign_in_and_error_pages_are_whole_for_strangers(pages: Pages) -> None:
    browser = pages.browser()
    assert page_faults((await browser.get("/sign-in")).text, "vi") == []
    wrong = await browser.post("/sign-in", {"username": '"><script>', "password": "x"})
    assert page_faults(wrong.text, "vi") == []


async def test_every_link_of_a_page_leads_somewhere(pages: Pages) -> None:
    await known(pages)
    for username in VIEWS:
        browser = await pages.person(username)
        seen, waiting = set(), ["/"]
        while waiting and len(seen) < 40:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            answer = await browser.get(path)
            assert answer.status in (200, 303), f"{username}: {path} answers {answer.status}"
            waiting += [link.replace("&amp;", "&") for link in re.findall(r'<a [^>]*href="(/[^"#]*)', answer.text)]
