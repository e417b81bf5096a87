"""What keeps a page from being used against the person who sees it, and what happens when something is away."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
import structlog
from aiohttp import web as http
from sqlalchemy import select

from hub.config import Config
from hub.errors import NotReady
from hub.models import Invitation
from hub.services import invitations
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio

CASE = {"type": "feedback", "summary": "Đường hỏng", "name": "Nông Thị Ếch", "address": "Thôn Đông"}


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


@pytest.mark.parametrize("token", ["", "made-up", "ă"])
async def test_a_form_without_our_token_is_refused(pages: Pages, token: str) -> None:
    browser = await pages.person("canbotantien")
    answer = await browser.post("/cases/new", CASE, csrf=token)
    assert answer.status == 403
    assert "gửi từ nơi khác" in answer.text
    assert "Đường hỏng" not in (await browser.get("/cases?q=duong+hong")).text.split("<tbody>")[-1].split("</tbody>")[0]


async def test_somebody_elses_token_is_refused(pages: Pages) -> None:
    mine, theirs = await pages.person("canbotantien"), await pages.person("canbotinh")
    assert (await mine.post("/cases/new", CASE, csrf=theirs.csrf)).status == 403


async def test_the_token_may_come_in_a_header_and_must_come_for_json_too(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    hearing = "/api/hearings/none/notice"
    assert (await browser.send_json(hearing, {"seat_id": "none"})).status == 404
    browser.csrf = "made-up"
    assert (await browser.send_json(hearing, {"seat_id": "none"})).status == 403


async def test_an_upload_without_the_token_in_front_is_refused_unread(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    answer = await browser.upload("/cases/none/attachments", "a.pdf", b"%PDF-1.7" + bytes(200_000), csrf="")
    assert answer.status == 403


async def test_signing_in_needs_the_cookie_that_our_page_set(pages: Pages) -> None:
    browser = pages.browser()
    answer = await browser.post("/sign-in", {"username": "canbotinh", "password": "x"}, csrf="made-up")
    assert answer.status == 403


async def test_another_site_cannot_post_even_with_the_token(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        url = pages.server.make_url("/sign-out")
        async with browser.session.post(url, data={"csrf_token": browser.csrf}, headers=headers) as response:
            assert response.status == 403
    assert (await browser.get("/")).status == 200


async def test_a_web_socket_from_another_site_is_refused(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.session.ws_connect(pages.server.make_url("/"), headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nowhere", "/healthz", "/favicon.svg", "/static/x/css/tokens.css"])
async def test_no_page_may_load_from_or_be_shown_elsewhere(pages: Pages, path: str) -> None:
    """That every answer of every address carries all headers is asked in each request (``tests.support.protected``)."""
    answer = await pages.browser().get(path)
    policy = answer.header("Content-Security-Policy")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("Referrer-Policy") == "same-origin"
    assert "camera=(self)" in answer.header("Permissions-Policy")


async def test_pages_are_never_kept_and_static_files_are_for_a_year(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    page = await browser.get("/cases")
    assert page.header("Cache-Control") == "no-store"
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in (await browser.get(style)).header("Cache-Control")
    assert (await browser.get("/static/old/css/tokens.css")).header("Cache-Control") == "no-cache"


@pytest.mark.parametrize("path", ["../app.py", "..%2f..%2fapp.py", "%2e%2e/keys.py", "css", "nothing.css"])
async def test_only_files_below_static_are_served(pages: Pages, path: str) -> None:
    assert (await pages.browser().get(f"/static/x/{path}")).status in (303, 404)


async def test_what_is_not_there_is_a_page_in_the_readers_language(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    assert "Không có trang này." in (await browser.get("/nowhere")).text
    await browser.post("/language", {"language": "en", "next": "/"})
    answer = await browser.get("/nowhere")
    assert answer.status == 404
    assert "There is no such page." in answer.text
    assert '{"error":{"code":"not_found","text":"There is no such page."' in (await browser.get("/api/nowhere")).text


async def test_a_method_that_a_page_does_not_take_is_refused_politely(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    answer = await browser.post("/cases")
    assert answer.status == 405
    assert "<h1>Yêu cầu không hợp lệ</h1>" in answer.text, "no fault of the server"


async def test_who_chooses_a_language_beside_a_refused_form_comes_back_to_its_page(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    case = re.findall(r'href="(/cases/[0-9a-f]{32})"', (await browser.get("/cases")).text)[0]
    referring = {"Referer": f"http://hub.example{case}", "Content-Type": "application/x-www-form-urlencoded"}
    refused = await browser._ask("POST", f"{case}/identity", data=f"csrf_token={browser.csrf}", headers=referring)
    assert refused.status == 400
    assert f'name="next" value="{case}"' in refused.text
    assert f'name="next" value="{case}/identity"' not in refused.text


async def test_a_fault_of_ours_shows_a_number_and_no_detail(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_pages(config) as pages:
        browser = await pages.person("canbotinh")

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr("web.pages.cases.cases.find", broken)
        answer = await browser.get("/cases")
        assert answer.status == 500
        assert answer.header("X-Request-Id") in answer.text
        assert "secret detail" not in answer.text


async def test_a_database_that_is_away_is_told_as_such(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_pages(config) as pages:
        browser = await pages.person("canbotinh")
        ready = await browser.get("/readyz")
        assert ready.status == 200

        def away(*_: object, **__: object) -> None:
            raise NotReady("Cơ sở dữ liệu chưa sẵn sàng. Dữ liệu bạn nhập chưa được lưu; hãy thử lại.")

        monkeypatch.setattr(pages.database, "_session", away)
        page = await browser.get("/cases")
        assert page.status == 503
        assert "chưa được lưu" in page.text
        assert (await browser.get("/readyz")).status == 503
        assert (await browser.get("/healthz")).status == 200


async def test_ready_names_each_part_that_a_hearing_needs(pages: Pages) -> None:
    browser = pages.browser()
    assert '"recorder":true' in (await browser.get("/readyz")).text
    pages.live.connected = False
    answer = await browser.get("/readyz")
    assert answer.status == 503
    assert '"recorder":false' in answer.text
    assert '"database":true' in answer.text


async def test_metrics_name_routes_and_never_what_was_asked_for(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    await browser.get("/cases?q=Nguyen+Thi+Dao")
    text = (await browser.get("/metrics")).text
    assert 'route="/cases"' in text
    assert "Nguyen" not in text


async def test_metrics_are_for_this_machine_and_administrators(config: Config) -> None:
    async with running_pages(config, behind_proxy=True) as pages:
        far = {"X-Forwarded-For": "10.0.0.9"}
        officer, administrator = await pages.person("canbotinh"), await pages.person("quantri")
        assert (await officer.get("/metrics", headers=far)).status == 403
        assert (await administrator.get("/metrics", headers=far)).status == 200


async def test_the_access_log_knows_the_route_and_nobody(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    with structlog.testing.capture_logs() as lines:
        await browser.get("/cases?q=Nguyen+Thi+Dao")
    line = next(one for one in lines if one["event"] == "request")
    assert set(line) == {"event", "log_level", "method", "route", "status", "ms"}
    assert line["route"] == "/cases"
    assert "Nguyen" not in str(lines)


async def test_a_body_that_is_too_large_is_refused(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    body = io.BytesIO(f"csrf_token={browser.csrf}&content=".encode() + b"x" * 1_100_000)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with browser.session.post(pages.server.make_url("/cases/new"), data=body, headers=form) as answer:
        assert answer.status == 413
        assert "quá lớn" in await answer.text()


async def test_the_application_never_answers_a_route_without_its_middleware(pages: Pages) -> None:
    assert len(pages.app.middlewares) == 5
    assert all(isinstance(route.resource, http.AbstractResource) for route in pages.app.router.routes())


async def test_a_letters_page_is_in_the_language_of_whom_it_was_sent_to_until_another_is_chosen(pages: Pages) -> None:
    async with pages.database.transaction() as db:
        # The demo's first reception begins minutes after it was made, which may be long ago: the last one then.
        last = select(Invitation).order_by(Invitation.expires_at.desc()).limit(1)
        row = (await db.execute(last)).unique().scalar_one()
        path = await invitations.link(db, f"{invitations.UNSENT}{row.id}/{row.sequence}")
    stranger = pages.browser()
    assert "Tôi nhận lời" in (await stranger.get(path)).text
    await stranger.post("/language", {"language": "en", "next": path})
    assert "I accept" in (await stranger.get(path)).text
