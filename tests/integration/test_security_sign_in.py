"""At the door: what an attacker may learn by trying, and what a cookie is bound to."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.ids import utc_now
from hub.models import AuditEvent, SignInSession
from hub.services.strangers import MOST, Strangers
from tests.support.pages import PASSWORD, Browser, Pages, running_pages
from web.view import local_path

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config, lockout_attempts=3) as running:
        yield running


async def tries(browser: Browser, username: str, count: int) -> list[tuple[int, str]]:
    """Status and message of each wrong password, without what differs by the clock."""
    found = []
    await browser.get("/sign-in")
    for _ in range(count):
        answer = await browser.post("/sign-in", {"username": username, "password": "wrong"})
        said = re.search(r'role="alert"[^>]*>(.*?)</div>', answer.text, re.DOTALL)
        assert said
        found.append((answer.status, re.sub(r"\d\d:\d\d", "", said.group(1))))
    return found


async def test_the_lock_does_not_tell_which_names_exist(pages: Pages) -> None:
    known = await tries(pages.browser(), "canbotinh", 5)
    assert [status for status, _ in known] == [400, 400, 400, 429, 429]
    assert await tries(pages.browser(), "nobody", 5) == known
    assert await tries(pages.browser(), " NoBody ", 1) == known[4:]


async def test_a_name_that_nobody_has_is_written_down_nowhere(pages: Pages) -> None:
    await tries(pages.browser(), "my-password-typed-too-early", 2)
    async with pages.database.reading() as db:
        for event in await db.scalars(select(AuditEvent)):
            assert "too-early" not in f"{event.detail} {event.reason} {event.object_id}"


async def test_strangers_are_forgotten_rather_than_fill_the_memory() -> None:
    strangers = Strangers()
    for number in range(MOST + 5):
        strangers.count(f"name{number}", utc_now(), attempts=1, minutes=1)
    assert len(strangers) == MOST
    assert strangers.locked_until("name0") is None
    assert strangers.locked_until(f"name{MOST}") is not None


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\x00/evil.example",
        "/a\r\nSet-Cookie: x=y",
        "",
    ],
)
async def test_a_wished_page_is_never_on_another_site(path: str) -> None:
    assert local_path(path) == "/"


async def test_ordinary_pages_may_be_wished_for() -> None:
    for path in ("/", "/cases?q=đất đai&from=1/2/2026", "/hearings/0123#t=5"):
        assert local_path(path) == path


async def test_over_tls_every_cookie_is_bound_to_this_host(config: Config) -> None:
    async with running_pages(config, tls_self_signed=True) as pages:
        page = await pages.browser().get("/sign-in")
        given = page.header("Set-Cookie")
        assert given.startswith("__Host-hub_csrf=")
        assert "Secure" in given
        assert "Path=/" in given
        assert "Domain" not in given
        token = re.search(r"hub_csrf=([^;]*)", given)
        assert token
        form = {"username": "canbotinh", "password": PASSWORD, "csrf_token": token.group(1)}
        # A cookie of the plain name, which another host of the domain could set, counts for nothing.
        for name, status in (("hub_csrf", 403), ("__Host-hub_csrf", 303)):
            headers = {"Cookie": f"{name}={token.group(1)}"}
            url = pages.server.make_url("/sign-in")
            async with pages.browser().session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
                assert answer.status == status
                given = answer.headers.get("Set-Cookie", "")
        assert given.startswith("__Host-hub_session=")
        session = given.split(";")[0]
        for cookie, status in ((session, 200), (session.removeprefix("__Host-"), 303)):
            url = pages.server.make_url("/account")
            browser = pages.browser().session
            async with browser.get(url, headers={"Cookie": cookie}, allow_redirects=False) as answer:
                assert answer.status == status


async def test_signing_in_gives_a_new_session_and_ends_the_one_before(pages: Pages) -> None:
    browser = await pages.person("canbotinh")
    before = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}["hub_session"]
    async with browser.session.get(pages.server.make_url("/account")) as answer:
        browser.csrf = re.findall(r'name="csrf-token" content="([^"]*)"', await answer.text())[0]
    answered = await browser.post("/sign-in", {"username": "canbotantien", "password": PASSWORD})
    assert answered.status == 303
    after = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}["hub_session"]
    assert after != before
    async with pages.database.reading() as db:
        assert len(list(await db.scalars(select(SignInSession)))) == 1


async def test_a_session_cookie_of_the_attackers_choice_is_never_taken_over(pages: Pages) -> None:
    browser = pages.browser()
    browser.session.cookie_jar.update_cookies({"hub_session": "chosen-by-me"}, pages.server.make_url("/"))
    await browser.sign_in("canbotinh")
    given = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}["hub_session"]
    assert given != "chosen-by-me"
