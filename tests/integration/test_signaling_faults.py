"""What goes wrong in a live hearing: bad messages, expired sessions, processes killed, the database away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from hub.config import Config
from hub.db import Database
from hub.errors import NotReady
from hub.models import HearingState
from signaling import live_hearing
from signaling.workers import drain_mark
from tests.support.signaling_world import Client, FakeRecorder, FakeWorker, Room, make_room, until

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def room(config: Config, sqlite_url: str) -> AsyncIterator[Room]:
    database = Database(sqlite_url)
    yield await make_room(replace(config, chair_lost_s=1), database)
    await database.close()


@pytest_asyncio.fixture
async def worker(config: Config) -> AsyncIterator[FakeWorker]:
    async with FakeWorker(config.run_dir) as running:
        yield running


@pytest_asyncio.fixture
async def recorder(config: Config) -> AsyncIterator[FakeRecorder]:
    async with FakeRecorder(config.run_dir) as running:
        yield running


@asynccontextmanager
async def serving(room: Room) -> AsyncIterator[Room]:
    async with room.server() as live:
        await until(lambda: live.recorder().ready and live.workers()[0].connected)
        yield room


@pytest_asyncio.fixture
async def served(room: Room, worker: FakeWorker, recorder: FakeRecorder) -> AsyncIterator[Room]:
    async with serving(room):
        yield room


async def open_with(chair: Client, *points: Client) -> None:
    await chair.send("open")
    await chair.event("opened")
    for point in points:
        await chair.send("admit", seat_id=point.seat_id)
        await point.event("admitted", seat_id=point.seat_id)


async def publish(client: Client, generation: int = 1) -> None:
    await client.send("publish", generation=generation, sdp="v=0", sources={"0": "microphone"})
    await client.get("published")


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


def seat_of(client: Client, seat_id: str) -> dict[str, object]:
    found: dict[str, object] = next(one for one in client.welcome["seats"] if one["seat_id"] == seat_id)
    return found


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


# Processes killed ---------------------------------------------------------------------------------------------------


async def test_after_a_restart_of_the_web_process_the_hearing_is_as_it_was_and_media_flowed_on(
    room: Room, worker: FakeWorker, recorder: FakeRecorder
) -> None:
    async with AsyncExitStack() as sockets:
        async with serving(room):
            chair = await sockets.enter_async_context(room.joined("chair"))
            point = await sockets.enter_async_context(room.joined("xa1"))
            await open_with(chair, point)
            await publish(chair, generation=5)
            await publish(point, generation=6)
            await point.send("subscribe", generation=7)
            offer = await point.get("offer")
            await chair.send("mute", seat_id=point.seat_id)
            await chair.event("muted")
            await chair.send("give_floor", seat_id=chair.seat_id)
            await chair.event("floor_given")
            await until(lambda: worker.paused(room.hearing_id, point.seat_id) == {"microphone": "muted"})
            ends = [asyncio.create_task(one.closed()) for one in (chair, point)]
        assert await asyncio.gather(*ends) == [1012, 1012]
    before, recordings, asked = await room.rows(), dict(recorder.open), len(worker.asked)
    assert before[-2:] == ["muted", "floor_given"]
    async with serving(room), room.joined("chair") as chair, room.joined("xa1") as point:
        assert chair.welcome["state"] == "open"
        assert chair.welcome["floor"] == chair.seat_id
        assert chair.welcome["media"]["publish_generation"] == 5
        assert point.welcome["media"] == {"publish_generation": 6, "subscribe_generation": 7}
        muted = seat_of(point, point.seat_id)
        assert (muted["presence"], muted["muted"], muted["locked"]) == ("admitted", True, True)
        again = await point.get("offer", generation=7)
        assert again["revision"] >= offer["revision"]
        await asyncio.sleep(1.5)
        assert await room.rows() == before, "who came back was never away"
        asked_for = {type(one).__name__ for one in worker.asked[asked:]}
        assert not asked_for & {"ClosePeer", "CloseRouter", "Publish"}
        assert recorder.open == recordings


async def test_who_does_not_come_back_after_a_restart_is_lost(
    room: Room, worker: FakeWorker, recorder: FakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hearing, "SETTLE_S", 0.5)
    async with AsyncExitStack() as sockets:
        async with serving(room):
            chair = await sockets.enter_async_context(room.joined("chair"))
            point = await sockets.enter_async_context(room.joined("xa1"))
            await open_with(chair, point)
            ends = [asyncio.create_task(one.closed()) for one in (chair, point)]
        await asyncio.gather(*ends)
    async with serving(room), room.joined("chair") as chair:
        await chair.event("lost", seat_id=point.seat_id)


async def test_a_killed_media_worker_is_told_recorded_and_replaced(
    served: Room, worker: FakeWorker, config: Config
) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await open_with(chair, point)
        await publish(chair)
        await chair.send("mute", seat_id=point.seat_id)
        await chair.event("muted")
        await worker.kill()
        await chair.event("worker_lost")
        await chair.send("publish", generation=2, sdp="v=0", sources={"0": "microphone"})
        await worker.start()
        await chair.get("media_reset")
        await chair.event("worker_back")
        await point.get("media_reset")
        await publish(chair, generation=3)
        await publish(point, generation=3)
        assert worker.paused(served.hearing_id, point.seat_id) == {"microphone": "muted"}
        recording_id = worker.recording[served.hearing_id]
        assert recording_id is not None
        assert served.live is not None
        view = served.live.hearing(served.hearing_id)
        assert view is not None
        assert view.worker == 0


async def test_a_hearing_moves_to_a_living_worker_at_once_and_the_gap_is_in_the_record(
    room: Room, worker: FakeWorker, recorder: FakeRecorder
) -> None:
    room.config = replace(room.config, media_workers=2)
    async with FakeWorker(room.config.run_dir, 1) as second, serving(room), room.joined("chair") as chair:
        assert room.live is not None
        await until(lambda: all(one.connected for one in room.live.workers()))  # type: ignore[union-attr]
        await open_with(chair)
        await publish(chair)
        assert room.hearing_id in worker.recording
        await worker.kill()
        await chair.get("media_reset")
        await until_rows_end(room, ["worker_lost", "worker_back"])
        assert room.hearing_id in second.recording
        await publish(chair, generation=2)


async def test_a_drained_worker_gives_its_hearing_away_and_takes_none_until_it_has_begun_anew(
    room: Room, worker: FakeWorker, recorder: FakeRecorder
) -> None:
    room.config = replace(room.config, media_workers=2)
    async with FakeWorker(room.config.run_dir, 1) as second, serving(room), room.joined("chair") as chair:
        assert room.live is not None
        await until(lambda: all(one.connected for one in room.live.workers()))  # type: ignore[union-attr]
        await open_with(chair)
        await publish(chair)
        assert room.hearing_id in worker.recording
        drain_mark(room.config.run_dir, 0).touch()
        await chair.get("media_reset")
        await until_rows_end(room, ["worker_lost", "worker_back"])
        assert second.recording[room.hearing_id] is not None
        await publish(chair, generation=2)
        await until(lambda: room.hearing_id not in worker.recording)
        assert [one.draining for one in room.live.workers()] == [True, False]


async def test_a_killed_recorder_is_told_to_everyone_and_confirms_the_same_recording_again(
    served: Room, recorder: FakeRecorder
) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await open_with(chair, point)
        recordings = dict(recorder.open)
        await recorder.kill()
        await point.event("recorder_lost")
        state = await point.get("state", recorder_ready=False)
        assert state["recorder_reason"].startswith("[vi] Máy ghi chưa sẵn sàng")
        await recorder.start()
        await point.event("recorder_back")
        assert recorder.open == recordings


async def test_an_end_that_the_recorder_missed_is_told_when_it_is_back(served: Room, recorder: FakeRecorder) -> None:
    async with served.joined("chair") as chair:
        await open_with(chair)
        (recording_id,) = recorder.open
        epoch_ns = recorder.open[recording_id]
        await recorder.kill()
        await chair.event("recorder_lost")
        await chair.send("end", confirm=served.number)
        await chair.get("goodbye", reason="ended")
    await recorder.start()
    await until(lambda: recording_id in recorder.closed)
    assert recorder.closed[recording_id] > epoch_ns


@pytest.mark.parametrize("why", ["away", "disk", "refuses"])
async def test_no_hearing_opens_without_its_recorder(served: Room, recorder: FakeRecorder, why: str) -> None:
    async with served.joined("chair") as chair:
        assert chair.welcome["recorder_ready"]
        if why == "away":
            await recorder.kill()
            await chair.get("state", recorder_ready=False)
        elif why == "disk":
            recorder.accepts = False
            assert "Ổ đĩa" in (await chair.get("state", recorder_ready=False))["recorder_reason"]
        else:
            recorder.refuse = True
        await chair.send("open")
        assert (await chair.get("error", about="open"))["code"] == "not_ready"
        assert await served.rows() == ["joined"]
        assert (await served.row()).state == HearingState.SCHEDULED


async def until_rows_end(room: Room, kinds: list[str]) -> None:
    for _ in range(100):
        if (await room.rows())[-len(kinds) :] == kinds:
            return
        await asyncio.sleep(0.05)
    assert await room.rows() == kinds


# The database -------------------------------------------------------------------------------------------------------


async def test_with_the_database_away_a_command_is_refused_and_media_flows_on(
    served: Room, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await open_with(chair, point)
        await publish(point)
        before = await served.rows()
        with monkeypatch.context() as away:
            away.setattr(Database, "_session", gone)
            await chair.send("mute", seat_id=point.seat_id)
            assert (await chair.get("error", about="mute"))["code"] == "not_ready"
            await point.send("publish", generation=1, sdp="v=0 again", sources={"0": "microphone"})
            assert (await point.get("error", about="publish"))["code"] == "not_ready"
        assert worker.paused(served.hearing_id, point.seat_id) == {"microphone": ""}
        assert await served.rows() == before
        await chair.send("mute", seat_id=point.seat_id)
        await point.event("muted")


async def test_an_opening_that_cannot_be_kept_leaves_no_recording_behind(
    served: Room, recorder: FakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served.joined("chair") as chair:
        with monkeypatch.context() as away:
            away.setattr(Database, "_session", gone)
            await chair.send("open")
            assert (await chair.get("error", about="open"))["code"] == "not_ready"
        await until(lambda: recorder.closed and not recorder.open, within_s=15)
        await open_with(chair)
        assert len(recorder.open) == 1


@asynccontextmanager
async def gone(*_: object, **__: object) -> AsyncIterator[None]:
    raise NotReady("away")
    yield


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
