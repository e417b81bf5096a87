"""Everybody against a hearing's socket and the doors of devices: ``tests.support.permission_rows_live`` is what the
server does. Who is refused by role is asked as one person with all the refused roles, as in the matrix of the pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse, WSMsgType

from hub.config import Config
from hub.ids import new_id, utc_now
from hub.models import DeviceToken, DoorDirection, Hearing, SeatKind
from hub.services.device_tokens import digest
from signaling import permits, protocol
from tests.support.permission_app import Matrix, running_matrix
from tests.support.permission_rows_live import ADDRESSES, DOOR_ROWS, MESSAGE_ROWS, SEAT_ROWS
from tests.support.permission_table import ANYONE, DEVICE, Row
from tests.support.permission_world import EVERYBODY, PARTIES, SEATED
from tests.support.protected import require_protected
from web.keys import DEPS
from web.security import SESSION_COOKIE

pytestmark = pytest.mark.asyncio

NEGOTIATING = ("publish", "subscribe", "answer")
"""Answered apart from the rest, in their own time."""
SEAT_OF = {"chair": "chair", "deputy": "deputy", "clerk": "secretary", "officer.point": "point"}
GIVEN = {"tiles": [], "pinned": [], "sources": {}, "policy": "all", "seen": {}, "at": 1.0}
"""What a message must have, where it is neither a text, a number nor a mark."""
DIRECTIONS = {"whip": DoorDirection.PUBLISH, "whep": DoorDirection.WATCH}
SESSION_ID = new_id()


@pytest_asyncio.fixture
async def matrix(config: Config, sqlite_url: str) -> AsyncIterator[Matrix]:
    async with running_matrix(config, sqlite_url) as running:
        yield running


class Line:
    """One browser's socket; what comes back to each message is told by ``refused``."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws

    async def until(self, *kinds: str, about: str = "") -> dict[str, str]:
        """The next message of one of these types, for an error about that message if it is named."""
        while True:
            frame = await self.ws.receive(timeout=60)
            if frame.type is not WSMsgType.TEXT:
                return {"type": "closed"}
            message: dict[str, str] = json.loads(frame.data)
            if message["type"] in kinds and (not about or message.get("about") == about):
                return message

    async def join(self, seat_id: str) -> str:
        """``welcome``, or why not."""
        await self.ws.send_json({"type": "join", "version": protocol.PROTOCOL_VERSION, "seat_id": seat_id})
        answer = await self.until("welcome", "error", "goodbye")
        return answer.get("code") or answer.get("reason") or answer["type"]

    async def refused(self, types: list[str], seat_id: str) -> set[str]:
        """Those of these messages that are forbidden to whoever sits here."""
        found, errors = set[str](), list[dict[str, str]]()
        for name in types:
            await self.ws.send_json({"type": name, **_content(name, seat_id)})
            if name in NEGOTIATING:
                errors.append(await self.until("error", about=name))
        await self.ws.send_json({"type": "ping", "at": 0.0})
        while (answer := await self.until("error", "pong", "goodbye"))["type"] == "error" or answer.get("at") == 1.0:
            errors.append(answer)
        for error in errors:
            if error.get("code") == "forbidden":
                found.add(error["about"])
        return found


def _content(name: str, seat_id: str) -> dict[str, object]:
    kind = next(one for one in permits.RULES if one.__struct_config__.tag == name)
    content: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        if field.required:
            usual = {str: seat_id, int: 1, bool: True}
            content[field.name] = GIVEN.get(field.name, usual.get(field.type, seat_id))
    return content


async def _open(matrix: Matrix, who: str, hearing_id: str) -> ClientWebSocketResponse:
    url = matrix.server.make_url(f"/ws/hearings/{hearing_id}")
    headers = {"Cookie": f"{SESSION_COOKIE}={matrix.tokens[who]}"} if who in matrix.tokens else {}
    ws = await matrix.session.ws_connect(url, headers=headers)
    require_protected(ws._response.headers, "the socket's handshake")
    return ws


async def _join(matrix: Matrix, who: str, hearing_id: str, seat_id: str) -> str:
    ws = await _open(matrix, who, hearing_id)
    line = Line(ws)
    try:
        answer = await line.join(seat_id)
        if answer == "welcome":
            await ws.send_json({"type": "leave"})
            await line.until("goodbye")
        return answer
    finally:
        await ws.close()


async def _seats(matrix: Matrix) -> tuple[str, dict[str, str]]:
    hearing_id = matrix.made.instead["coming"]["hearing_id"]
    async with matrix.database.reading() as db:
        hearing = await db.get_one(Hearing, hearing_id)
        return hearing_id, {str(seat.kind): seat.id for seat in hearing.seats}


async def test_every_message_and_every_door_has_a_row(matrix: Matrix) -> None:
    sent = {str(kind.__struct_config__.tag) for kind in permits.RULES}
    assert sent == {row.variant for row in MESSAGE_ROWS} | {"join"}
    assert {str(kind) for kind in SeatKind} == {row.variant for row in SEAT_ROWS}
    live = {(r.method, r.resource.canonical) for r in matrix.app.router.routes() if r.resource is not None}
    assert {one for one in live if one[1].startswith(("/ws/", "/{door}/")) and one[0] != "HEAD"} == ADDRESSES


@pytest.mark.parametrize("row", SEAT_ROWS, ids=lambda row: row.variant)
async def test_each_takes_the_seat_that_is_theirs_and_no_other(matrix: Matrix, row: Row) -> None:
    hearing_id, seats = await _seats(matrix)
    allowed = row.people()
    refused = [name for name in EVERYBODY if name not in allowed]
    asked = dict.fromkeys(allowed, "welcome")
    asked |= {
        who: "forbidden" for who in (*PARTIES, *SEATED, "nobody", await matrix.crowd(refused)) if who not in allowed
    }
    asked |= dict.fromkeys(("anonymous", "disabled", "renewing"), "signed_out")
    found = {who: await _join(matrix, who, hearing_id, seats[row.variant]) for who in asked}
    assert found == asked


async def test_each_seat_may_send_what_the_table_says(matrix: Matrix) -> None:
    hearing_id, seats = await _seats(matrix)
    types = [row.variant for row in MESSAGE_ROWS if row.variant not in ("ping", "leave")]
    for who, seat in SEAT_OF.items():
        ws = await _open(matrix, who, hearing_id)
        line = Line(ws)
        assert await line.join(seats[seat]) == "welcome"
        forbidden = await line.refused(types, seats["point"])
        declared = {row.variant for row in MESSAGE_ROWS if who not in row.people()}
        assert forbidden == declared, who
        await ws.send_json({"type": "leave"})
        assert (await line.until("goodbye"))["reason"] == "left"
        await ws.close()


async def test_who_has_no_seat_sends_nothing(matrix: Matrix) -> None:
    hearing_id, seats = await _seats(matrix)
    types = [row.variant for row in MESSAGE_ROWS if row.variant != "ping"]
    for who in ("nobody", await matrix.crowd(EVERYBODY)):
        ws = await _open(matrix, who, hearing_id)
        await ws.send_json({"type": "ping", "at": 0.0})
        assert (await Line(ws).until("error", "pong"))["code"] == "forbidden"
        for name in types:
            await ws.send_json({"type": name, **_content(name, seats["point"])})
            assert (await Line(ws).until("error", "welcome", "goodbye"))["code"] == "forbidden", (who, name)
        await ws.close()


@pytest.mark.parametrize("door", DIRECTIONS)
async def test_a_door_opens_to_its_own_token_and_to_nobody_signed_in(matrix: Matrix, door: str) -> None:
    hearing_id, seats = await _seats(matrix)
    where = {"door": door, "hearing_id": hearing_id, "seat_id": seats["point"], "session_id": SESSION_ID}
    tokens = await _tokens(matrix, hearing_id, seats, DIRECTIONS[door])
    people = ["anonymous", "chair", await matrix.crowd(EVERYBODY)]
    for row in DOOR_ROWS:
        path, method = row.path.format(**where), "GET" if row.method == "*" else row.method
        signed_in = {who: await _knock(matrix, method, path, who=who) for who in people}
        carried = {name: await _knock(matrix, method, path, token=name) for name in tokens}
        if row.who == DEVICE:
            assert set(signed_in.values()) == {401}, row.name
            refused = {"elsewhere": 403, "other way": 403, "expired": 401, "revoked": 401, "made up": 401}
            assert carried == {**refused, "right": carried["right"]}, row.name
            assert carried["right"] in (428, 503), "past the door: no media worker runs here"
        else:
            wanted = 204 if row.who == ANYONE else 405
            assert set(signed_in.values()) | set(carried.values()) == {wanted}, row.name
    other = DOOR_ROWS[-2].path.format(**(where | {"session_id": new_id()}))
    assert await _knock(matrix, "DELETE", other, token="right") == 404, "a session that is not the token's"


async def _tokens(matrix: Matrix, hearing_id: str, seats: dict[str, str], direction: DoorDirection) -> list[str]:
    """Each is its own name."""
    now = utc_now()
    away = next(one for one in DoorDirection if one != direction)
    later, before = now + timedelta(hours=1), now - timedelta(hours=1)
    rows = {
        "right": (seats["point"], direction, later, None),
        "elsewhere": (seats["chair"], direction, later, None),
        "other way": (seats["point"], away, later, None),
        "expired": (seats["point"], direction, before, None),
        "revoked": (seats["point"], direction, later, before),
    }
    async with matrix.database.transaction() as db:
        for name, (seat_id, way, expires_at, revoked_at) in rows.items():
            row = DeviceToken(hearing_id=hearing_id, seat_id=seat_id, direction=way, token_sha256=digest(name))
            row.expires_at, row.revoked_at = expires_at, revoked_at
            row.session_id = SESSION_ID if name == "right" else None
            db.add(row)
    return [*rows, "made up"]


async def _knock(matrix: Matrix, method: str, path: str, *, who: str = "", token: str = "") -> int:
    headers = {"Cookie": f"{SESSION_COOKIE}={matrix.tokens[who]}"} if who in matrix.tokens else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    headers["Content-Type"] = "application/trickle-ice-sdpfrag" if method == "PATCH" else "application/sdp"
    assert matrix.app[DEPS].doors is None
    url = matrix.server.make_url(path)
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers, data="v=0") as answer:
        require_protected(answer.headers, path)
        return answer.status
