"""Signaling with a real media worker process, a real recorder and aiortc for browsers: media through every restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from hub import models
from hub.config import Config
from hub.db import Database
from recorder.directory_store import DirectoryStore
from recorder.main import Recorder
from signaling.live import Live
from signaling.media import control
from signaling.workers import drain_mark
from tests.support.media import Browser, Worker
from tests.support.signaling_world import Client, Room, make_room, until

pytestmark = [pytest.mark.asyncio, pytest.mark.media]


class Link:
    """What ``Browser`` takes for a worker's control socket, carried over a hearing's WebSocket."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: list[dict[str, Any]] = []
        self._heard = asyncio.Event()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for frame in self.client.ws:
            if frame.type is aiohttp.WSMsgType.TEXT:
                self.seen.append(json.loads(frame.data))
                self._heard.set()

    async def wait(self, wanted: Callable[[dict[str, Any]], bool], after: int = 0, limit_s: float = 60) -> Any:
        async with asyncio.timeout(limit_s):
            while True:
                for message in self.seen[after:]:
                    if wanted(message):
                        return message
                self._heard.clear()
                await self._heard.wait()

    async def happened(self, kind: str, after: int = 0) -> Any:
        return await self.wait(lambda one: one["type"] == "happened" and one["event"]["kind"] == kind, after)

    async def call(self, request: Any) -> Any:
        match request:
            case control.Publish():
                number = request.generation
                await self.client.send("publish", generation=number, sdp=request.sdp, sources=request.sources)
                answer = await self.wait(lambda one: one["type"] == "published" and one["generation"] == number)
                return control.Published(sdp=answer["sdp"], producers=[])
            case control.Subscribe():
                await self.client.send("subscribe", generation=request.generation)
            case control.SubscribeAnswer():
                await self.client.send(
                    "answer", generation=request.generation, revision=request.revision, sdp=request.sdp
                )
        return control.Ok()

    async def event(self, wanted: Callable[[Any], bool], limit_s: float) -> Any:
        message = await self.wait(lambda one: one["type"] == "offer" and wanted(self._offer(one)), limit_s=limit_s)
        return self._offer(message)

    @property
    def events(self) -> list[control.SubscribeOffer | control.Slots]:
        """What the hub has said about the lines so far."""
        found: list[control.SubscribeOffer | control.Slots] = []
        for message in self.seen:
            if message["type"] == "offer":
                found.append(self._offer(message))
            elif message["type"] == "slots":
                number, streams = message["generation"], self._streams(message)
                slots = control.PeerSlots(peer_id=self.client.seat_id, generation=number, streams=streams)
                found.append(control.Slots(router_id="", peers=[slots]))
        return found

    def _streams(self, message: dict[str, Any]) -> list[control.Stream]:
        return [
            control.Stream(mid=one["mid"], producer_id=one["producer_id"], peer_id=one["seat_id"], source=one["source"])
            for one in message["streams"]
        ]

    def _offer(self, message: dict[str, Any]) -> control.SubscribeOffer:
        streams = self._streams(message)
        return control.SubscribeOffer(
            router_id="",
            peer_id=self.client.seat_id,
            generation=message["generation"],
            revision=message["revision"],
            sdp=message["sdp"],
            streams=streams,
        )


class Person:
    """Someone in a seat with a browser that outlives sockets."""

    def __init__(self, room: Room, who: str) -> None:
        self.room, self.who = room, who
        self.link: Link
        self.browser: Browser
        self._sockets = AsyncExitStack()

    async def join(self) -> dict[str, Any]:
        client = await self._sockets.enter_async_context(self.room.client(self.who))
        welcome = await client.join(client=self.who)
        self.link = Link(client)
        if hasattr(self, "browser"):
            self.browser.worker = self.link  # type: ignore[assignment]
        else:
            self.browser = Browser(self.link, "", client.seat_id)  # type: ignore[arg-type]
        return welcome

    async def frames_come(self, source: str, count: int = 10) -> None:
        """More frames of somebody else's camera or microphone from now on."""

        def newest() -> Any:
            keys = [one.producer_id for offer in self.browser.offers for one in offer.streams if one.source == source]
            return self.browser.received.get(keys[-1]) if keys else None

        await until(newest)
        received = newest()
        await received.reach(len(received.frames) + count)

    async def media(self) -> None:
        await self.browser.publish()
        await self.browser.subscribe([])

    async def close(self) -> None:
        await self.browser.close()
        self.link.reading.cancel()
        await self._sockets.aclose()


@asynccontextmanager
async def recording(config: Config, database: Database) -> AsyncIterator[None]:
    task = asyncio.create_task(Recorder(config, database, DirectoryStore.make(config.data_dir / "objects")).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_media_flows_through_a_restart_of_the_web_side_and_comes_back_after_a_killed_worker(
    config: Config, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    room = await make_room(config, database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await stack.enter_async_context(recording(config, database))
        worker = await stack.enter_async_context(Worker(config))
        await worker.disconnect()
        chair, point = Person(room, "chair"), Person(room, "xa1")
        async with room.server() as live:
            await until(lambda: live.recorder().ready and live.workers()[0].connected)
            await chair.join()
            await point.join()
            await chair.link.client.send("open")
            await chair.link.happened("opened")
            await chair.link.client.send("admit")
            await point.link.happened("admitted")
            await chair.media()
            await point.media()
            await asyncio.gather(chair.frames_come("camera"), point.frames_come("microphone"))
            heard = point.browser.received
            before = {key: len(one.frames) for key, one in heard.items()}
        # No web process at all: packets go on.
        await until(lambda: all(len(one.frames) > before[key] + 10 for key, one in heard.items()))

        async with room.server() as live:
            welcome = await point.join()
            assert welcome["media"] == {"publish_generation": 1, "subscribe_generation": 1}
            await chair.join()
            await asyncio.gather(chair.frames_come("camera"), point.frames_come("camera"))
            rows = await room.rows()
            assert "worker_lost" not in rows
            assert "recorder_lost" not in rows

            seen = len(chair.link.seen), len(point.link.seen)
            worker.process.kill()
            await asyncio.to_thread(worker.process.wait)
            await chair.link.happened("worker_lost", seen[0])
            await worker.start()
            await worker.disconnect()
            for person, after in ((chair, seen[0]), (point, seen[1])):
                await person.link.wait(lambda one: one["type"] == "media_reset", after)
                assert person.browser.subscribing is not None
                await person.browser.subscribing.close()
                person.browser.subscribing = None
                person.browser.offers.clear()
            await chair.link.happened("worker_back", seen[0])
            await chair.media()
            await point.media()
            await asyncio.gather(chair.frames_come("camera"), point.frames_come("camera"))

            await chair.link.client.send("end", confirm=room.number)
            await chair.link.wait(lambda one: one["type"] == "goodbye")
            await until_archived(database)
        await chair.close()
        await point.close()


def carried_by(live: Live, room: Room) -> int:
    view = live.hearing(room.hearing_id)
    assert view is not None
    assert view.worker is not None
    return view.worker


async def anew(person: Person, after: int) -> None:
    """What a page does when it is told that another worker carries the hearing."""
    await person.link.wait(lambda one: one["type"] == "media_reset", after)
    assert person.browser.subscribing is not None
    await person.browser.subscribing.close()
    person.browser.subscribing = None
    person.browser.offers.clear()
    await person.media()


async def test_a_killed_workers_hearing_goes_on_in_the_other_and_a_drained_one_gives_it_back(
    config: Config, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    room = await make_room(replace(config, media_workers=2), database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await stack.enter_async_context(recording(config, database))
        first = await stack.enter_async_context(Worker(config))
        second = await stack.enter_async_context(Worker(config, 1))
        for worker in (first, second):
            await worker.disconnect()
        people = [Person(room, "chair"), Person(room, "xa1")]
        chair, point = people
        async with room.server() as live:
            await until(lambda: live.recorder().ready and all(one.connected for one in live.workers()))
            for person in people:
                await person.join()
            await chair.link.client.send("open")
            await chair.link.happened("opened")
            await chair.link.client.send("admit")
            await point.link.happened("admitted")
            for person in people:
                await person.media()
            await asyncio.gather(chair.frames_come("camera"), point.frames_come("camera"))

            # Which of the two carries the hearing depends on how busy they were.
            begun = carried_by(live, room)
            carrying = (first, second)[begun]
            seen = [len(person.link.seen) for person in people]
            carrying.process.kill()
            await asyncio.to_thread(carrying.process.wait)
            await asyncio.gather(*(anew(person, after) for person, after in zip(people, seen, strict=True)))
            await asyncio.gather(chair.frames_come("camera"), point.frames_come("camera"))
            await chair.link.happened("worker_back", seen[0])

            assert carried_by(live, room) == 1 - begun
            await carrying.start()
            await carrying.disconnect()
            await until(lambda: live.workers()[begun].connected)
            seen = [len(person.link.seen) for person in people]
            drain_mark(config.run_dir, 1 - begun).touch()
            await asyncio.gather(*(anew(person, after) for person, after in zip(people, seen, strict=True)))
            await asyncio.gather(chair.frames_come("camera"), point.frames_come("camera"))
            assert carried_by(live, room) == begun

            await chair.link.client.send("end", confirm=room.number)
            await chair.link.wait(lambda one: one["type"] == "goodbye")
            await until_archived(database)
        for person in people:
            await person.close()
        kinds = await room.rows()
        assert kinds.count("worker_lost") == kinds.count("worker_back") == 2


async def until_archived(database: Database) -> None:
    """The recorder was told of the end, and kept sound and picture of both seats from before and after the fault."""
    for _ in range(300):
        async with database.reading() as db:
            rows = (await db.scalars(select(models.Recording))).all()
            tracks = (await db.scalars(select(models.Track))).all()
            if rows[0].state == models.RecordingState.ARCHIVED:
                break
        await asyncio.sleep(0.1)
    assert rows[0].state == models.RecordingState.ARCHIVED
    kept = [(track.seat_id, track.source) for track in tracks]
    assert len(set(kept)) == 4
    assert all(kept.count(one) >= 2 for one in kept)
