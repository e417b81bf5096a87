"""Signing in, staying signed in, and leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import update

from hub.config import Config
from hub.ids import utc_now
from hub.models import Account, SignInSession
from tests.support.pages import PASSWORD, Pages, running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config, lockout_attempts=3) as running:
        yield running


async def test_the_right_password_leads_where_the_person_wanted_to_go(pages: Pages) -> None:
    browser = pages.browser()
    wanted = await browser.get("/hearings/all?from=23/11/2026")
    assert wanted.status == 303
    assert wanted.path.startswith("/sign-in?next=")
    page = await browser.get(wanted.path)
    assert 'value="/hearings/all?from=23/11/2026"' in page.text
    fields = {"username": "canbotinh", "password": PASSWORD, "next": "/hearings/all?from=23/11/2026"}
    assert (await browser.post("/sign-in", fields)).path == "/hearings/all?from=23/11/2026"
    assert "Vũ Hoàng Yến" in (await browser.get("/")).text


async def test_a_link_to_another_site_is_not_followed_after_sign_in(pages: Pages) -> None:
    browser = pages.browser()
    await browser.get("/sign-in")
    fields = {"username": "canbotinh", "password": PASSWORD, "next": "//evil.example/"}
    assert (await browser.post("/sign-in", fields)).path == "/"


async def test_a_wrong_password_keeps_the_name_and_says_nothing_about_which_was_wrong(pages: Pages) -> None:
    browser = pages.browser()
    await browser.get("/sign-in")
    known = await browser.post("/sign-in", {"username": "canbotinh", "password": "wrong"})
    unknown = await browser.post("/sign-in", {"username": "nobody", "password": "wrong"})
    assert known.status == unknown.status == 400
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in known.text
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in unknown.text
    assert 'value="canbotinh"' in known.text
    assert "wrong" not in known.text


async def test_repeated_failures_lock_the_account_and_say_for_how_long(pages: Pages) -> None:
    browser = pages.browser()
    await browser.get("/sign-in")
    for _ in range(3):
        await browser.post("/sign-in", {"username": "canbotinh", "password": "wrong"})
    locked = await browser.post("/sign-in", {"username": "canbotinh", "password": PASSWORD})
    assert locked.status == 429
    assert 'value="canbotinh"' in locked.text
    assert 'role="alert"' in locked.text


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(pages: Pages) -> None:
    browser = pages.browser()
    await browser.get("/sign-in")
    answer = await browser.post("/sign-in", {"username": "canbotinh", "password": PASSWORD})
    cookie = answer.header("Set-Cookie")
    assert cookie.startswith("hub_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age" not in cookie  # gone when the browser is closed


async def test_with_tls_the_cookie_is_secure(config: Config) -> None:
    async with running_pages(config, tls_self_signed=True) as pages:
        browser = pages.browser()
        page = await browser.get("/sign-in")
        assert "Secure" in page.header("Set-Cookie")
        assert page.header("Strict-Transport-Security").startswith("max-age=")


async def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    token = {c.key: c.value for c in browser.session.cookie_jar}["hub_session"]
    out = await browser.post("/sign-out")
    assert out.path == "/sign-in"
    assert "Bạn đã đăng xuất." in (await browser.get("/sign-in")).text
    browser.session.cookie_jar.update_cookies({"hub_session": token}, pages.server.make_url("/"))
    assert (await browser.get("/")).status == 303


async def test_an_expired_session_is_told_and_leads_back(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    async with pages.database.transaction() as db:
        await db.execute(update(SignInSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    page = await browser.get("/cases")
    assert page.status == 303
    assert page.path == "/sign-in?next=%2Fcases"
    api = await browser.get("/api/cases?q=x")
    assert api.status == 401
    assert "Phiên đăng nhập đã hết hạn" in api.text


async def test_a_form_sent_after_the_session_expired_is_answered_with_a_page_that_says_so(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    async with pages.database.transaction() as db:
        await db.execute(update(SignInSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    answer = await browser.post("/cases/new", {"summary": "x"})
    assert answer.status == 401
    assert "Phiên đăng nhập đã hết hạn" in answer.text
    assert "Quay lại" in answer.text


async def test_a_disabled_account_is_out_at_once(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    async with pages.database.transaction() as db:
        await db.execute(update(Account).where(Account.username == "canbotinh").values(disabled_at=utc_now()))
    assert (await browser.get("/cases")).status == 303


async def test_who_must_change_the_password_can_do_nothing_else(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    async with pages.database.transaction() as db:
        await db.execute(update(Account).values(must_change_password=True))
    assert (await browser.get("/cases")).path == "/account/password"
    assert (await browser.get("/api/cases?q=x")).status == 403
    assert (await browser.post("/cases/new", {"summary": "x"})).status == 403
    fields = {"current": PASSWORD, "wanted": "một câu dễ nhớ", "again": "một câu dễ nhớ"}
    assert (await browser.post("/account/password", fields)).path == "/account"
    assert (await browser.get("/cases")).status == 200


async def test_changing_the_password_ends_the_other_sessions(pages: Pages) -> None:
    here, there = await pages.person("canbotinh"), await pages.person("canbotinh")
    fields = {"current": PASSWORD, "wanted": "một câu dễ nhớ", "again": "một câu dễ nhớ"}
    await here.post("/account/password", fields)
    assert (await here.get("/")).status == 200
    assert (await there.get("/")).status == 303


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"current": "wrong", "wanted": "một câu dễ nhớ", "again": "một câu dễ nhớ"}, "Mật khẩu hiện tại không đúng."),
        ({"current": PASSWORD, "wanted": "ngắn", "again": "ngắn"}, "ít nhất 10 ký tự"),
        ({"current": PASSWORD, "wanted": "một câu dễ nhớ", "again": "một câu khác"}, "không giống nhau"),
    ],
)
async def test_a_password_that_cannot_be_changed_says_why(pages: Pages, fields: dict[str, str], fault: str) -> None:
    browser = await pages.person("canbotinh")
    answer = await browser.post("/account/password", fields)
    assert answer.status == 400
    assert fault in answer.text


async def test_the_language_is_chosen_before_sign_in_and_kept_with_the_account_after(pages: Pages) -> None:
    browser = pages.browser()
    await browser.get("/sign-in")
    await browser.post("/language", {"language": "en", "next": "/sign-in"})
    page = await browser.get("/sign-in")
    assert '<html lang="en">' in page.text
    assert "Username" in page.text
    signed_in = await pages.person("canbotinh")
    await signed_in.post("/language", {"language": "en", "next": "/"})
    assert "Welcome, Vũ Hoàng Yến" in (await signed_in.get("/")).text
    elsewhere = await pages.person("canbotinh")
    assert "Welcome, Vũ Hoàng Yến" in (await elsewhere.get("/")).text


async def test_demo_accounts_stay_out_when_the_hub_is_not_a_demo(config: Config) -> None:
    async with running_pages(config) as pages:
        browser = await pages.person("canbotinh")
        object.__setattr__(pages.config, "demo", False)
        assert (await browser.get("/")).status == 303
        assert (await pages.browser().sign_in("canbotinh")).status == 400
