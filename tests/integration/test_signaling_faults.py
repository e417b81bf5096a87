"""What goes wrong in a live hearing: bad messages, expired sessions, lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from hub.config import Config
from hub.db import Database
from hub.models import HearingState
from signaling.socket import DESCRIBED_BURST, LEAST_DESCRIBED
from tests.support.signaling_world import (
    FakeRecorder,
    FakeWorker,
    Room,
    make_room,
    open_with,
    publish,
    seat_of,
    serving,
    until,
)

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def room(config: Config, sqlite_url: str) -> AsyncIterator[Room]:
    database = Database(sqlite_url)
    yield await make_room(replace(config, chair_lost_s=1), database)
    await database.close()


# Messages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"type":"dance"}', '{"type":"join"}', '{"type":"ping","at":"x"}', "\ud800", "9" * 70_000],
    ids=["empty", "cut", "list", "null", "unknown", "no fields", "wrong field", "surrogate", "large"],
)
async def test_a_faulty_message_is_answered_and_the_connection_stays(served: Room, text: str) -> None:
    async with served.client("xa1") as client:
        await client.ws.send_str(text.encode("utf-8", "replace").decode())
        assert (await client.get("error"))["code"] == "protocol_error"
        await client.join()


async def test_a_client_that_goes_on_sending_faults_is_closed(served: Room) -> None:
    async with served.client("xa1") as client:
        for _ in range(5):
            await client.ws.send_str("{")
        assert await client.closed() == 1008
        assert len(client.seen) == 5


async def test_a_frame_that_is_far_too_large_closes_the_socket(served: Room) -> None:
    async with served.client("xa1") as client:
        await client.ws.send_str("x" * 600_000)
        assert await client.closed() == 1009


async def test_binary_frames_are_refused(served: Room) -> None:
    async with served.client("xa1") as client:
        await client.ws.send_bytes(b"\x00")
        assert (await client.get("error"))["code"] == "protocol_error"


async def test_a_flood_is_slowed_down(served: Room) -> None:
    async with served.joined("xa1") as client:
        for _ in range(150):
            await client.send("ping", at=0)
        assert (await client.get("error"))["code"] == "too_many_attempts"


async def test_offers_without_end_wait_their_turn_and_end_as_too_many(served: Room) -> None:
    """Each may begin tracks, which are files and rows of the record."""
    async with served.joined("chair") as chair:
        await open_with(chair)
        at_once = DESCRIBED_BURST // LEAST_DESCRIBED
        for generation in range(at_once + 30):
            await chair.send("publish", generation=generation, sdp="v=0", sources={"0": "camera"})
            await asyncio.sleep(0.02)
        error = await chair.get("error", about="publish")
        assert error["code"] == "too_many_attempts"
        assert sum(one["type"] == "published" for one in chair.seen) <= at_once + 10


async def test_nothing_is_done_before_a_seat_is_taken(served: Room) -> None:
    async with served.client("chair") as client:
        await client.send("open")
        assert (await client.get("error", about="open"))["code"] == "forbidden"
        await client.join()
        await client.send("join", version=1, seat_id=client.seat_id)
        assert (await client.get("error", about="join"))["code"] == "forbidden"


async def test_sdp_that_does_not_parse_is_refused_to_its_sender_only(served: Room) -> None:
    async with served.joined("chair") as chair:
        await open_with(chair)
        await chair.send("publish", generation=1, sdp="broken", sources={"0": "camera"})
        error = await chair.get("error", about="publish")
        assert error["code"] == "bad_input"
        assert "cannot parse" in error["text"]
        await publish(chair)


async def test_a_browser_that_does_not_read_is_cut_off_and_nobody_waits_for_it(
    served: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.socket.QUEUE_MESSAGES", 4)
    async with served.joined("chair") as chair:
        monkeypatch.setattr("signaling.socket.QUEUE_MESSAGES", 1024)
        assert served.live is not None
        (hearing,) = served.live._hearings.values()
        for _ in range(9):
            hearing._welcome(chair.seat_id)
        assert await chair.closed() == 1013


# Who may connect ----------------------------------------------------------------------------------------------------


async def test_nobody_without_a_session_gets_in(served: Room) -> None:
    async with served.client("nobody", seat="xa1") as client:
        assert (await client.get("goodbye"))["reason"] == "signed_out"
        assert await client.closed() == 1000


async def test_another_site_cannot_open_the_socket(served: Room) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with served.client("xa1", headers={"Origin": "https://evil.example"}):
            pass
    assert refused.value.status == 403
    async with served.client("xa1", headers={"Origin": served.url}) as client:
        await client.join()


async def test_an_unknown_hearing_is_said_to_be_unknown(served: Room) -> None:
    served.hearing_id = "0" * 32
    async with served.client("xa1") as client:
        assert (await client.get("error"))["code"] == "not_found"
        assert await client.closed() == 1008


async def test_an_expired_session_ends_in_mid_hearing_with_its_media_and_may_come_back(
    room: Room, worker: FakeWorker, recorder: FakeRecorder
) -> None:
    room.recheck_s = 0.2
    async with serving(room), room.joined("chair") as chair, room.joined("xa1") as point:
        await open_with(chair, point)
        await publish(point)
        room.signed_out.add(room.people["xa1"].account_id)
        assert (await point.get("goodbye"))["reason"] == "signed_out"
        assert await point.closed() == 1000
        await chair.event("lost", seat_id=point.seat_id)
        await until(lambda: worker.paused(room.hearing_id, point.seat_id) == {})
        room.signed_out.clear()
        async with room.joined("xa1") as again:
            assert seat_of(again, point.seat_id)["presence"] == "admitted"


# Lost connections ---------------------------------------------------------------------------------------------------


async def test_a_chair_lost_too_long_interrupts_and_the_secretary_takes_over(served: Room) -> None:
    async with served.joined("secretary") as secretary:
        async with served.joined("chair") as chair:
            await open_with(chair)
        await secretary.event("lost", seat_id=chair.seat_id)
        await secretary.event("interrupted")
        assert (await served.row()).state == HearingState.INTERRUPTED
        await secretary.send("take_chair")
        await secretary.event("chair_taken", seat_id=secretary.seat_id)
        await secretary.event("resumed")
        await secretary.send("mute")
        await secretary.send("recess")
        await secretary.event("recess_called")


async def test_a_chair_who_comes_back_resumes(served: Room) -> None:
    async with served.joined("xa1") as point:
        async with served.joined("chair") as chair:
            await open_with(chair, point)
        await point.event("interrupted")
        async with served.joined("chair") as chair:
            await point.event("resumed")
            assert chair.welcome["state"] == "open"
            assert seat_of(chair, point.seat_id)["presence"] == "admitted"


async def test_a_reloaded_page_is_back_in_its_place_with_its_media_known(served: Room) -> None:
    async with served.joined("chair") as chair:
        async with served.joined("xa1") as point:
            await open_with(chair, point)
            await publish(point, generation=77)
        await chair.event("lost", seat_id=point.seat_id)
        async with served.joined("xa1") as again:
            assert again.welcome["media"] == {"publish_generation": 77, "subscribe_generation": None}
            assert "publish" in again.welcome["may"]
            assert (await served.rows())[-3:] == ["admitted", "lost", "joined"]


# The device check's probe -------------------------------------------------------------------------------------------


async def test_the_probe_is_answered_by_a_worker(served: Room, worker: FakeWorker) -> None:
    async with served.client("xa1") as client:
        assert await client.post("/api/probe", json={"sdp": "v=0"}) == (200, {"sdp": "answer to v=0"})
        assert (await client.post("/api/probe", json={"sdp": 1}))[0] == 400
        assert (await client.post("/api/probe", data="v=0"))[0] == 400
        assert (await client.post("/api/probe", json={"sdp": "x" * 70_000}))[0] == 413
        await worker.kill()
        assert served.live is not None
        await until(lambda: not served.live.workers()[0].connected)  # type: ignore[union-attr]
        assert (await client.post("/api/probe", json={"sdp": "v=0"}))[0] == 503
    async with served.client("nobody", seat="xa1") as client:
        assert (await client.post("/api/probe", json={"sdp": "v=0"}))[0] == 401
