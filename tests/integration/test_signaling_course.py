"""A hearing from its waiting room to its end: real sockets, and a worker and a recorder that speak the real RPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from hub.config import Config
from hub.db import Database
from hub.models import HearingState, Recording, RecordingState
from signaling.media import control
from tests.support.signaling_world import Client, FakeRecorder, FakeWorker, Room, make_room, until

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def room(config: Config, database: Database) -> AsyncIterator[Room]:
    yield await make_room(config, database)


async def opened(chair: Client) -> dict[str, object]:
    await chair.send("open")
    return await chair.event("opened")


async def admitted(chair: Client, point: Client) -> None:
    await chair.send("admit", seat_id=point.seat_id)
    await point.event("admitted", seat_id=point.seat_id)


async def publish(client: Client, generation: int = 1) -> None:
    await client.send("publish", generation=generation, sdp="v=0", sources={"0": "microphone", "1": "camera"})
    answer = await client.get("published")
    assert answer["sdp"] == "answer to v=0"
    assert answer["generation"] == generation


async def subscribe(client: Client, generation: int = 1) -> None:
    await client.send("subscribe", generation=generation)


async def test_a_hearing_runs_from_its_waiting_room_to_its_end(
    served: Room, worker: FakeWorker, recorder: FakeRecorder
) -> None:
    async with AsyncExitStack() as stack:
        chair = await stack.enter_async_context(served.joined("chair"))
        point = await stack.enter_async_context(served.joined("xa1"))
        assert chair.welcome["state"] == "scheduled"
        assert "open" in chair.welcome["may"]
        assert point.welcome["may"] == ["leave", "ping", "line", "set_media", "view"]
        happened = await opened(chair)
        assert happened["elapsed_ms"] == 0
        assert list(recorder.open) == [happened["event"]["recording_id"]]  # type: ignore[index]
        await point.event("opened")
        assert (await served.row()).state == HearingState.OPEN

        await admitted(chair, point)
        await publish(chair)
        await publish(point)
        await subscribe(chair)
        offer = await chair.get("offer")
        assert {(one["seat_id"], one["source"]) for one in offer["streams"]} == {
            (point.seat_id, "camera"),
            (point.seat_id, "microphone"),
        }
        await chair.send("answer", generation=1, revision=offer["revision"], sdp="v=0")

        await chair.send("end", confirm="wrong")
        assert (await chair.get("error"))["code"] == "bad_input"
        await chair.send("end", confirm=served.number)
        await chair.event("ended")
        assert (await chair.get("goodbye"))["reason"] == "ended"
        assert (await point.get("goodbye"))["reason"] == "ended"
        await until(lambda: recorder.closed)
        await until(lambda: not worker.recording)
    row = await served.row()
    assert row.state == HearingState.CLOSED
    assert row.opened_at is not None
    assert row.closed_at is not None
    async with served.database.reading() as db:
        recording = await db.get(Recording, happened["event"]["recording_id"])  # type: ignore[index]
        assert recording is not None
        assert recording.state == RecordingState.CLOSED
        assert recording.started_at == row.opened_at
        assert recording.duration_ms is not None
        assert abs((row.closed_at - row.opened_at).total_seconds() * 1000 - recording.duration_ms) < 1_000


async def test_a_closed_hearing_lets_nobody_in(served: Room) -> None:
    async with served.joined("chair") as chair:
        await opened(chair)
        await chair.send("end", confirm=served.number)
        await chair.get("goodbye", reason="ended")
    async with served.client("chair") as chair:
        await chair.send("join", version=1, seat_id=chair.seat_id)
        error = await chair.get("error")
        assert error["code"] == "conflict"
        assert "kết thúc" in error["text"]


async def test_no_media_before_the_opening_and_none_without_admission(served: Room) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await chair.send("publish", generation=1, sdp="v=0", sources={"0": "camera"})
        assert (await chair.get("error", about="publish"))["code"] == "conflict"
        await opened(chair)
        await point.send("publish", generation=1, sdp="v=0", sources={"0": "camera"})
        assert (await point.get("error", about="publish"))["code"] == "forbidden"


async def test_a_mute_reaches_the_worker_and_a_locked_seat_cannot_undo_it(served: Room, worker: FakeWorker) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await opened(chair)
        await admitted(chair, point)
        await publish(point)
        await chair.send("mute")
        await point.event("muted", locked=True)
        await until(lambda: worker.paused(served.hearing_id, point.seat_id) == {"microphone": "muted", "camera": ""})
        await point.send("set_media", microphone=True, camera=True)
        error = await point.get("error", about="set_media")
        assert error["text"] == "[vi] Chủ trì đã tắt micro của bạn. Giơ tay để xin phát biểu."
        await chair.send("give_floor", seat_id=point.seat_id)
        await point.event("unmuted")
        await point.event("floor_given")
        await until(lambda: worker.paused(served.hearing_id, point.seat_id)["microphone"] == "")


async def test_a_recess_stops_all_media_and_resuming_brings_it_back(served: Room, worker: FakeWorker) -> None:
    async with served.joined("chair") as chair:
        await opened(chair)
        await publish(chair)
        await chair.send("recess")
        await until(lambda: set(worker.paused(served.hearing_id, chair.seat_id).values()) == {"recess"})
        assert (await served.row()).state == HearingState.RECESS
        await chair.send("resume")
        await until(lambda: set(worker.paused(served.hearing_id, chair.seat_id).values()) == {""})


async def test_a_removed_point_goes_back_to_the_waiting_room_and_its_media_ends(
    served: Room, worker: FakeWorker
) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await opened(chair)
        await admitted(chair, point)
        await publish(point)
        await chair.send("remove", seat_id=point.seat_id, reason="ồn")
        assert (await point.event("removed"))["event"]["reason"] == "ồn"
        await until(lambda: worker.paused(served.hearing_id, point.seat_id) == {})
        await chair.send("remove", seat_id=chair.seat_id)
        assert (await chair.get("error"))["code"] == "bad_input"


async def test_notes_are_only_for_chair_and_secretary_and_messages_for_the_table(served: Room) -> None:
    async with AsyncExitStack() as stack:
        chair = await stack.enter_async_context(served.joined("chair"))
        secretary = await stack.enter_async_context(served.joined("secretary"))
        inside = await stack.enter_async_context(served.joined("xa1"))
        outside = await stack.enter_async_context(served.joined("xa2"))
        await opened(chair)
        await admitted(chair, inside)
        await secretary.event("admitted", seat_id=secretary.seat_id)
        await secretary.send("note", text="Ông A trình bày")
        await chair.event("noted")
        await inside.send("say", text="  Xin chào  ")
        assert (await chair.event("said"))["event"]["text"] == "Xin chào"
        await inside.send("note", text="không được")
        assert (await inside.get("error", about="note"))["code"] == "forbidden"
        await chair.send("recess")
        for client in (inside, outside):
            await client.event("recess_called")
        kinds = {m["event"]["kind"] for m in inside.seen if m["type"] == "happened"}
        assert "noted" not in kinds
        assert not {m["event"]["kind"] for m in outside.seen if m["type"] == "happened"} & {"noted", "said"}
        async with served.joined("secretary", take_over=True) as again:
            assert [one["event"]["text"] for one in again.welcome["messages"]] == ["Ông A trình bày", "Xin chào"]


async def test_only_who_was_booked_takes_a_seat(served: Room) -> None:
    async with served.client("stranger") as stranger:
        await stranger.send("join", version=1, seat_id=stranger.seat_id)
        error = await stranger.get("error")
        assert (error["code"], error["about"]) == ("forbidden", "join")
    async with served.client("xa1", seat="chair") as point:
        await point.send("join", version=1, seat_id=point.seat_id)
        assert (await point.get("error"))["code"] == "forbidden"
    assert await served.rows() == []


async def test_a_second_browser_is_asked_before_it_takes_over(served: Room) -> None:
    async with served.joined("xa1", client="a") as first, served.client("xa1") as second:
        await second.send("join", version=1, seat_id=second.seat_id, client="b")
        assert (await second.get("seat_taken"))["name"] == served.people["xa1"].name
        await second.join(take_over=True, client="b")
        assert (await first.get("goodbye"))["reason"] == "displaced"
        assert await first.closed() == 1000
        await second.send("ping", at=1.5)
        assert (await second.get("pong"))["at"] == 1.5
    await until_rows(served, ["joined", "displaced", "joined", "lost"])


async def test_the_same_browser_is_recognised_and_displaces_nobody(served: Room) -> None:
    async with served.joined("xa1", client="tab"), served.joined("xa1", client="tab") as again:
        assert again.welcome["you"] == again.seat_id
        assert await served.rows() == ["joined"]


async def test_a_cancelled_booking_sends_the_waiting_away(served: Room) -> None:
    async with served.joined("xa1") as point:
        async with served.database.transaction() as db:
            row = await db.get(type(await served.row()), served.hearing_id)
            row.state = HearingState.CANCELLED  # type: ignore[union-attr]
        assert served.live is not None
        await served.live.booking_changed(served.hearing_id)
        assert (await point.get("goodbye"))["reason"] == "cancelled"


async def until_rows(room: Room, kinds: list[str]) -> None:
    import asyncio

    for _ in range(100):
        if await room.rows() == kinds:
            return
        await asyncio.sleep(0.05)
    assert await room.rows() == kinds


async def test_who_may_only_listen_is_refused_and_who_is_no_longer_invited_is_ended_in_the_worker(
    served: Room, worker: FakeWorker
) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await opened(chair)
        await chair.send("set_publishing", policy="invited")
        await admitted(chair, point)
        await point.send("publish", generation=1, sdp="v=0", sources={"0": "camera"})
        assert (await point.get("error", about="publish"))["code"] == "forbidden"
        await subscribe(point)
        await chair.send("allow_publishing", seat_id=point.seat_id)
        await point.event("publishing_allowed")
        await publish(point)
        assert worker.paused(served.hearing_id, point.seat_id) == {"camera": "", "microphone": ""}
        await chair.send("withdraw_publishing", seat_id=point.seat_id)
        await point.event("publishing_withdrawn")
        await until(lambda: not worker.paused(served.hearing_id, point.seat_id))
    assert "publishing_withdrawn" in await served.rows()


async def test_a_page_is_sent_what_it_shows_and_as_large_as_it_shows_it(served: Room, worker: FakeWorker) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await opened(chair)
        await admitted(chair, point)
        await publish(point)
        await subscribe(chair)
        await chair.get("offer")
        await chair.send("view", tiles=[{"seat_id": point.seat_id, "source": "camera", "height": 360}])
        wished = f"{point.seat_id}-camera-1"
        await until(
            lambda: [one.peers[0].heights for one in worker.asked_for(control.ConsumeMany)][-1] == {wished: 360}
        )


async def test_a_browser_hears_which_layers_are_needed_and_which_pictures_its_line_cannot_carry(
    served: Room, worker: FakeWorker
) -> None:
    async with served.joined("chair") as chair, served.joined("xa1") as point:
        await opened(chair)
        await admitted(chair, point)
        await publish(point)
        await subscribe(chair)
        of = {"router_id": served.hearing_id, "generation": 1}
        worker.tell(control.LayersWanted(**of, peer_id=point.seat_id, source="camera", rids=["q", "f"]))
        assert (await point.get("layers"))["rids"] == ["q", "f"]
        worker.tell(control.Frozen(**of, peer_id=chair.seat_id, pictures=[(point.seat_id, "camera")]))
        assert (await chair.get("frozen"))["pictures"] == [{"seat_id": point.seat_id, "source": "camera"}]
