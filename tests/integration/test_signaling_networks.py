"""What a browser is told about its network: relays with credentials of its own, and new ICE credentials on request."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from signaling.media import control
from tests.support.signaling_world import FakeRecorder, FakeWorker, Room, make_room, until

pytestmark = [pytest.mark.asyncio, pytest.mark.media]

SECRET = "a secret of the tests"
URLS = ("turn:192.0.2.9:3478?transport=udp", "turns:192.0.2.9:443?transport=tcp")


@pytest.fixture
def relays() -> tuple[str, ...]:
    return URLS


@pytest_asyncio.fixture
async def served(config: Config, sqlite_url: str, worker: FakeWorker, relays: tuple[str, ...]) -> AsyncIterator[Room]:
    database = Database(sqlite_url)
    room = await make_room(replace(config, turn_urls=relays, turn_secret=SECRET if relays else ""), database)
    async with FakeRecorder(config.run_dir), room.server() as live:
        await until(lambda: live.recorder().ready and live.workers()[0].connected)
        yield room
    await database.close()


def is_valid(server: dict[str, str], name: str) -> bool:
    """As coturn judges it."""
    ends, _, named = server["username"].partition(":")
    digest = hmac.new(SECRET.encode(), server["username"].encode(), hashlib.sha1).digest()
    signed = base64.b64decode(server["credential"]) == digest
    return signed and named == name and int(ends) > utc_now().timestamp()


async def test_each_seat_is_welcomed_with_credentials_of_its_own(served: Room) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        [first], [second] = chair.welcome["ice_servers"], point.welcome["ice_servers"]
        assert first["urls"] == list(URLS)
        assert is_valid(first, chair.seat_id)
        assert is_valid(second, point.seat_id)
        assert first["credential"] != second["credential"]


async def test_the_device_check_is_told_the_relays_only_when_somebody_is_signed_in(served: Room) -> None:
    async with served.client("xa1") as client:
        async with client.session.get(f"{served.url}/api/probe") as answer:
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "no-store"
            [server] = (await answer.json())["ice_servers"]
        assert is_valid(server, served.people["xa1"].account_id)
    async with served.client("nobody", seat="xa1") as client, client.session.get(f"{served.url}/api/probe") as answer:
        assert answer.status == 401
        assert SECRET not in await answer.text()


@pytest.mark.parametrize("relays", [()])
async def test_without_configured_relays_no_server_is_named(served: Room) -> None:
    async with served.joined("chair") as chair:
        assert chair.welcome["ice_servers"] == []
        async with chair.session.get(f"{served.url}/api/probe") as answer:
            assert await answer.json() == {"ice_servers": []}


async def test_a_browser_whose_network_changed_has_its_receiving_side_restarted(
    served: Room, worker: FakeWorker
) -> None:
    async with served.joined("chair") as chair:
        await chair.send("open")
        await chair.event("opened")
        await chair.send("subscribe", generation=7)
        await chair.send("subscribe", generation=7, restart=True)
        await until(lambda: len(worker.asked_for(control.Subscribe)) >= 2)
        assert [(one.generation, one.restart) for one in worker.asked_for(control.Subscribe)] == [(7, False), (7, True)]
