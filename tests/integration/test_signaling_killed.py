"""Processes killed in a live hearing, and the database away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio

from hub.config import Config
from hub.db import Database
from hub.errors import NotReady
from hub.models import HearingState
from signaling import live_hearing
from signaling.workers import drain_mark
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

pytestmark = [pytest.mark.asyncio, pytest.mark.media]


@pytest_asyncio.fixture
async def room(config: Config, sqlite_url: str) -> AsyncIterator[Room]:
    database = Database(sqlite_url)
    yield await make_room(replace(config, chair_lost_s=1), database)
    await database.close()


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
        await until(lambda: recorder.closed and not recorder.open)
        await open_with(chair)
        assert len(recorder.open) == 1


@asynccontextmanager
async def gone(*_: object, **__: object) -> AsyncIterator[None]:
    raise NotReady("away")
    yield
