"""A browser that lies to the hub: what a seat may send and see is decided by the hearing, whatever the page says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bench.load import sdp
from bench.load.peer import Peer
from hub.config import Config
from hub.db import Database
from tests.support.fake_media import FakeRecorder
from tests.support.media import Worker
from tests.support.raw_seat import Hall, came_from, hall, packet, send
from tests.support.signaling_world import Client, Room, make_room, until

pytestmark = [pytest.mark.asyncio, pytest.mark.media]

CHAIR, LIAR = 1, 2
MICROPHONE, CAMERA = ("0", "audio", 1000), ("1", "video", 1001)


@dataclass
class Table:
    """A hearing that is open: the chair, a point that was let in, and one that waits."""

    room: Room
    worker: Worker
    hall: Hall
    chair: Client
    point: Client
    waiting: Client

    async def publish(self, client: Client, tracks: list[Any], sources: dict[str, str], generation: int = 1) -> Peer:
        peer = self.hall.peer()
        await client.send("publish", generation=generation, sdp=sdp.publish_offer(peer.local, tracks), sources=sources)
        answer = await client.get("published", generation=generation)
        peer.start(sdp.read(answer["sdp"]))
        await asyncio.wait_for(peer.connected.wait(), 15)
        return peer

    async def watch(self, client: Client, generation: int = 1) -> tuple[Peer, dict[str, Any]]:
        peer = self.hall.peer(checks=True)
        await client.send("subscribe", generation=generation)
        offer = await client.get("offer", generation=generation)
        remote = sdp.read(offer["sdp"])
        await client.send(
            "answer", generation=generation, revision=offer["revision"], sdp=sdp.answer(peer.local, remote)
        )
        peer.start(remote)
        await asyncio.wait_for(peer.connected.wait(), 15)
        return peer, offer

    async def sources(self, seat_id: str) -> dict[str, str]:
        """What the worker has of a seat: source → kind."""
        producers = (await self.worker.state()).routers[0].producers
        return {one.source: one.kind for one in producers if one.peer_id == seat_id}


@pytest_asyncio.fixture
async def table(config: Config, sqlite_url: str) -> AsyncIterator[Table]:
    async with AsyncExitStack() as stack:
        database = Database(sqlite_url)
        stack.push_async_callback(database.close)
        room = await make_room(config, database)
        await stack.enter_async_context(FakeRecorder(config.run_dir))
        worker = await stack.enter_async_context(Worker(config))
        made = await stack.enter_async_context(hall(worker))
        live = await stack.enter_async_context(room.server())
        await until(lambda: live.recorder().ready and live.workers()[0].connected)
        seats = [await stack.enter_async_context(room.joined(who)) for who in ("chair", "xa1", "xa2")]
        chair, point, waiting = seats
        await chair.send("open")
        await chair.event("opened")
        await chair.send("admit", seat_id=point.seat_id)
        await point.event("admitted", seat_id=point.seat_id)
        yield Table(room, worker, made, chair, point, waiting)


async def test_a_muted_point_is_not_heard_however_it_calls_its_sound(table: Table) -> None:
    await table.chair.send("mute", seat_id=table.point.seat_id)
    await table.point.event("muted", locked=True)
    tracks = [MICROPHONE, ("2", "audio", 1002), ("3", "audio", 1003)]
    liar = await table.publish(table.point, tracks, {"0": "microphone", "2": "camera", "3": "screen"})
    assert await table.sources(table.point.seat_id) == {"microphone": "audio"}
    listener, _ = await table.watch(table.chair)
    for ssrc in (1000, 1002, 1003):
        await send(liar, [packet("audio", ssrc, n, LIAR) for n in range(10)])
    assert came_from(listener) == {}


async def test_whoever_waits_gets_nothing_by_naming_the_connections_of_others(table: Table) -> None:
    chair = await table.publish(table.chair, [CAMERA], {"1": "camera"})
    seen, offer = await table.watch(table.point, 77)
    for kind, fields in (
        ("subscribe", {"generation": 77}),
        ("answer", {"generation": 77, "revision": offer["revision"], "sdp": offer["sdp"]}),
        ("publish", {"generation": 1, "sdp": offer["sdp"], "sources": {"0": "camera"}}),
    ):
        await table.waiting.send(kind, **fields)
        assert (await table.waiting.get("error", about=kind))["code"] == "forbidden"
    await send(chair, [packet("video", 1001, n, CHAIR) for n in range(10)])
    assert came_from(seen) == {CHAIR: 10}
    assert table.waiting.seat_id not in (await table.worker.state()).routers[0].peers


async def test_an_answer_goes_to_ones_own_offer_only(table: Table) -> None:
    await table.publish(table.chair, [CAMERA], {"1": "camera"})
    _, offer = await table.watch(table.point, 77)
    await table.chair.send("answer", generation=77, revision=offer["revision"], sdp=offer["sdp"])
    assert (await table.chair.get("error", about="answer"))["code"] == "bad_input"
    assert (await table.worker.state()).routers[0].generations[table.point.seat_id] == [-1, 77]


async def test_a_view_shows_nobody_who_was_not_let_in(table: Table) -> None:
    """Nor a seat that does not exist, nor a source that is none, nor heights that make no sense."""
    await table.publish(table.chair, [CAMERA], {"1": "camera"})
    seats = [table.waiting.seat_id, table.chair.seat_id, table.point.seat_id, "f" * 32, "../etc"]
    tiles = [{"seat_id": one, "source": source, "height": height} for one in seats for source, height in LIES]
    await table.point.send("view", tiles=tiles, pinned=seats)
    _, offer = await table.watch(table.point)
    assert {one["seat_id"] for one in offer["streams"]} == {table.chair.seat_id}
    await table.chair.send("ping", at=1.0)
    assert (await table.chair.get("pong"))["at"] == 1.0


LIES = [("camera", 720), ("camera", -1), ("camera", 2**53), ("microphone", 10), ("x", 0)]


async def test_a_description_that_would_hold_the_worker_is_refused_in_words(table: Table) -> None:
    bomb = "v=0\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n" + "a=rtpmap:96 VP8/90000\r\n" * 4_000
    await table.point.send("publish", generation=1, sdp=bomb + "a=rtcp-fb:* nack\r\n" * 4_000, sources={"0": "camera"})
    assert (await table.point.get("error", about="publish"))["code"] == "bad_input"
    await table.publish(table.point, [CAMERA], {"1": "camera"}, generation=2)
