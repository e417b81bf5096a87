"""The doors' manners (RFC 9725, RFC 9457, RFC 6750): what is answered to whom, and the page that gives out tokens."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.errors import NotReady, Unacceptable
from hub.i18n import N_
from hub.ids import new_id
from hub.models import DeviceToken, DoorDirection, Hearing
from hub.services import device_tokens
from hub.services.doors import Entered, IceChange, Restarted
from hub.services.knocks import BEGIN_AT_ONCE, BEGIN_EVERY_S, MOST_WRONG, WINDOW_S, Knocks
from tests.support.pages import Pages, running_pages
from tests.support.protected import require_protected
from web.keys import DEPS

pytestmark = pytest.mark.asyncio
SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
NEW_ICE = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef0123456789\r\n"


@dataclass
class Live:
    """Stands where the live side would: says yes, or what it was told to say."""

    pages: Pages
    fault: Exception | None = None
    changes: list[IceChange] = field(default_factory=list)

    async def enter(self, token: DeviceToken, sdp: str, address: str) -> Entered:
        if self.fault is not None:
            raise self.fault
        entered = Entered(new_id(), "tag1", f"v=0 answer to {len(sdp)}")
        async with self.pages.database.transaction() as db:
            await device_tokens.session_begun(
                db, token.id, address, session_id=entered.session_id, generation=1, etag=entered.etag
            )
        return entered

    async def change_ice(self, token: DeviceToken, change: IceChange) -> Restarted | None:
        self.changes.append(change)
        return Restarted("tag2", NEW_ICE)

    async def leave(self, token: DeviceToken, address: str) -> None:
        async with self.pages.database.transaction() as db:
            await device_tokens.session_ended(db, token.session_id or "", address)


@dataclass
class Door:
    pages: Pages
    live: Live
    path: str
    token: str

    async def ask(
        self, method: str, path: str = "", token: str | None = None, body: str | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token != "":
            sent["Authorization"] = f"Bearer {token or self.token}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.pages.server.make_url(path or self.path), headers=sent, data=body) as answer,
        ):
            require_protected(answer.headers, path or self.path)
            return answer.status, answer.headers, await answer.text()

    async def entered(self) -> str:
        status, headers, _ = await self.ask("POST", body="v=0", Content_Type=SDP)
        assert status == 201
        return headers["Location"]


@pytest_asyncio.fixture
async def door(config: Config) -> AsyncIterator[Door]:
    async with running_pages(config) as pages:
        live = Live(pages)
        pages.app._state[DEPS] = dataclasses.replace(pages.app[DEPS], doors=live)
        async with pages.database.transaction() as db:
            hearing = (await db.execute(select(Hearing).order_by(Hearing.number).limit(1))).unique().scalar_one()
            seat = device_tokens.find_seat(hearing, "DC-TANTIEN")
            from hub.cli.tokens import OPERATOR

            issued = await device_tokens.issue(db, OPERATOR, hearing, seat, DoorDirection.PUBLISH)
        yield Door(pages, live, f"/whip/{hearing.id}/{seat.id}", issued.token)


async def test_an_offer_is_answered_201_with_its_session_its_etag_and_no_cookie(door: Door) -> None:
    status, headers, body = await door.ask("POST", body="v=0", Content_Type=SDP)
    assert (status, body) == (201, "v=0 answer to 3")
    assert re.fullmatch(re.escape(door.path) + "/[0-9a-f]{32}", headers["Location"])
    assert (headers["ETag"], headers["Accept-Patch"]) == ('"tag1"', FRAGMENT)
    assert headers["Content-Type"].startswith(SDP)
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {"Content_Type": SDP}, 401),
        ("hub_wrong", {"Content_Type": SDP}, 401),
        (None, {"Content_Type": "application/json"}, 415),
        (None, {"Content_Type": SDP, "Accept": "text/html"}, 406),
    ],
)
async def test_who_may_not_or_asks_wrongly_is_told_so_in_problem_details(
    door: Door, token: str | None, headers: dict[str, str], status: int
) -> None:
    found, answered, body = await door.ask("POST", token=token, body="v=0", Accept_Language="en", **headers)
    assert found == status
    assert answered["Content-Type"].startswith("application/problem+json")
    assert f'"status":{status}' in body.replace(" ", "")
    if status == 401:
        assert answered["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_for_another_seat_is_forbidden_and_a_large_offer_refused(door: Door) -> None:
    elsewhere = door.path[:-32] + "0" * 32
    status, headers, _ = await door.ask("POST", elsewhere, body="v=0", Content_Type=SDP)
    assert (status, "insufficient_scope" in headers["WWW-Authenticate"]) == (403, True)
    assert (await door.ask("POST", body="x" * 300_000, Content_Type=SDP))[0] == 413


async def test_what_the_live_side_refuses_keeps_its_status_and_says_when_to_come_again(door: Door) -> None:
    door.live.fault = Unacceptable(N_("Buổi tiếp đã được hoãn."))
    assert (await door.ask("POST", body="v=0", Content_Type=SDP))[0] == 422
    door.live.fault = NotReady(N_("Buổi tiếp đã được hoãn."))
    status, headers, _ = await door.ask("POST", body="v=0", Content_Type=SDP)
    assert (status, headers["Retry-After"]) == (503, "5")


async def test_trickling_needs_the_etag_and_an_ice_restart_a_star(door: Door) -> None:
    session = await door.entered()
    kind = {"Content_Type": FRAGMENT}
    assert (await door.ask("PATCH", session, body="a=candidate:1", **kind))[0] == 428
    assert (await door.ask("PATCH", session, body="a=candidate:1", If_Match='"old"', **kind))[0] == 412
    assert (await door.ask("PATCH", session, body="a=candidate:1", If_Match='"tag1"', **kind))[0] == 204
    assert (await door.ask("PATCH", session, body="{}", If_Match="*", Content_Type="text/plain"))[0] == 415
    assert (await door.ask("PATCH", session, body="a=nothing", If_Match="*", **kind))[0] == 400
    status, headers, body = await door.ask("PATCH", session, body=NEW_ICE, If_Match="*", **kind)
    assert (status, headers["ETag"], body) == (200, '"tag2"', NEW_ICE)
    assert door.live.changes == [IceChange("abcd", "0123456789abcdef0123456789", restart=True)]


async def test_a_session_is_ended_once_and_only_by_its_own_token(door: Door) -> None:
    session = await door.entered()
    assert (await door.ask("DELETE", session, token="hub_other"))[0] == 401
    assert (await door.ask("DELETE", session[:-32] + "0" * 32))[0] == 404
    assert (await door.ask("DELETE", session))[0] == 200
    assert (await door.ask("DELETE", session))[0] == 404


async def test_other_methods_are_named_and_options_need_no_token(door: Door) -> None:
    status, headers, _ = await door.ask("GET")
    assert (status, headers["Allow"]) == (405, "OPTIONS, POST")
    status, headers, _ = await door.ask("OPTIONS", token="", Origin="https://elsewhere.example")
    assert (status, headers["Accept-Post"]) == (204, SDP)
    assert "Authorization" in headers["Access-Control-Allow-Headers"]


async def test_a_signed_in_browser_without_a_token_gets_nothing(door: Door) -> None:
    officer = await door.pages.person("canbotantien")
    answer = await officer._ask("POST", door.path, data="v=0", headers={"Content-Type": SDP})
    assert answer.status == 401


async def test_guessing_is_slowed_and_the_right_token_still_works(door: Door) -> None:
    await door.entered()
    for _ in range(MOST_WRONG):
        assert (await door.ask("POST", token="hub_guess", body="v=0", Content_Type=SDP))[0] == 401
    status, headers, _ = await door.ask("POST", token="hub_guess2", body="v=0", Content_Type=SDP)
    assert status == 429
    assert int(headers["Retry-After"]) <= WINDOW_S + 1
    await door.entered()


async def test_a_device_that_connects_again_and_again_is_told_to_wait_and_stops_nobody_else(door: Door) -> None:
    session = await door.entered()
    statuses = [(await door.ask("POST", body="v=0", Content_Type=SDP))[0] for _ in range(BEGIN_AT_ONCE + 3)]
    assert statuses.count(201) in (BEGIN_AT_ONCE - 1, BEGIN_AT_ONCE)
    status, headers, body = await door.ask("POST", body="v=0", Content_Type=SDP, Accept_Language="en")
    assert (status, "connects again too often" in body) == (429, True)
    assert 1 <= int(headers["Retry-After"]) <= BEGIN_EVERY_S
    assert (await door.ask("DELETE", session))[0] == 404  # replaced long ago; and leaving is never refused


async def test_a_token_has_its_whole_share_again_after_a_while() -> None:
    now = [0.0]
    knocks = Knocks(lambda: now[0])
    assert [knocks.begin_wait_s("t") for _ in range(BEGIN_AT_ONCE)] == [0] * BEGIN_AT_ONCE
    assert knocks.begin_wait_s("t") > 0
    assert knocks.begin_wait_s("other") == 0
    now[0] = BEGIN_EVERY_S
    assert [knocks.begin_wait_s("t") > 0 for _ in range(2)] == [False, True]
    now[0] = BEGIN_EVERY_S * (BEGIN_AT_ONCE + 1)
    assert [knocks.begin_wait_s("t") for _ in range(BEGIN_AT_ONCE)] == [0] * BEGIN_AT_ONCE


async def test_the_count_of_wrong_tokens_begins_anew_after_a_while() -> None:
    now = [0.0]
    knocks = Knocks(lambda: now[0])
    for _ in range(MOST_WRONG):
        knocks.wrong("a")
    assert knocks.wait_s("a", b"x") > 0
    assert knocks.wait_s("b", b"x") == 0
    now[0] = WINDOW_S + 1
    assert knocks.wait_s("a", b"x") == 0


async def test_the_hearing_s_page_gives_out_a_token_once_and_takes_it_back(door: Door) -> None:
    officer = await door.pages.person("canbotinh")
    hearing_id, seat_id = door.path.split("/")[2:4]
    page = await officer.get(f"/hearings/{hearing_id}")
    assert "Kết nối thiết bị phòng họp" in page.text
    given = await officer.post(f"/hearings/{hearing_id}/devices", {"seat": seat_id, "direction": "publish"})
    token = re.search(r'id="device-secret"[^>]*value="(hub_[^"]+)"', given.text)
    endpoint = re.search(r'id="device-endpoint"[^>]*value="([^"]+)"', given.text)
    assert token is not None
    assert endpoint is not None
    assert endpoint[1].endswith(door.path)
    assert (await door.ask("POST", token=token[1], body="v=0", Content_Type=SDP))[0] == 201
    again = await officer.get(f"/hearings/{hearing_id}")
    assert token[1] not in again.text
    revoke = re.findall(r'action="(/hearings/[^"]+/revoke)"', again.text)[-1]
    assert (await officer.post(revoke)).status == 303
    assert (await door.ask("POST", token=token[1], body="v=0", Content_Type=SDP))[0] == 401


async def test_who_may_not_connect_devices_sees_no_button_and_is_refused(door: Door) -> None:
    hearing_id, seat_id = door.path.split("/")[2:4]
    auditor = await door.pages.person("thanhtra")
    assert "Kết nối thiết bị phòng họp" not in (await auditor.get(f"/hearings/{hearing_id}")).text
    refused = await auditor.post(f"/hearings/{hearing_id}/devices", {"seat": seat_id, "direction": "watch"})
    assert refused.status == 403
