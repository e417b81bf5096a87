"""A booked hearing, a real web server with the real signaling on it, and clients for it, for integration tests."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from hub import models
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.i18n import Text
from hub.ids import utc_now
from hub.services import hearings
from signaling.app import add_routes
from signaling.context import Discreet
from signaling.live import Live
from signaling.socket import RECHECK
from tests.support.domain import World, make_world
from tests.support.fake_media import FakeRecorder, FakeWorker

WAIT_S = 60.0


@dataclass
class Room:
    """``seats`` by who sits there: chair, deputy, secretary, xa1, xa2."""

    config: Config
    database: Database
    world: World
    hearing_id: str
    number: str
    seats: dict[str, str]
    people: dict[str, Actor]
    signed_out: set[str] = field(default_factory=set)
    """Account ids whose session has expired."""
    recheck_s: float = 30.0
    live: Live | None = None
    url: str = ""
    discreet: Discreet | None = None

    async def actor_of(self, request: web.Request) -> Actor | None:
        actor = self.people.get(request.cookies.get("who", ""))
        return None if actor is None or actor.account_id in self.signed_out else actor

    @asynccontextmanager
    async def server(self) -> AsyncIterator[Live]:
        """The web process; leave and enter again to restart it."""
        live = Live(
            self.config,
            self.database,
            seats_for=hearings.seats_for,
            registry=CollectorRegistry(),
            discreet=self.discreet,
        )
        app = web.Application()
        add_routes(app, live, actor_of=self.actor_of, translate=translate)
        app[RECHECK] = self.recheck_s
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.live = live
        await until(lambda: live._loaded)
        try:
            yield live
        finally:
            await runner.cleanup()

    @asynccontextmanager
    async def client(self, who: str, *, seat: str | None = None, headers: Any = None) -> AsyncIterator[Client]:
        """A browser's socket; ``who`` is a person and, unless ``seat`` says otherwise, the seat they will take."""
        async with (
            aiohttp.ClientSession(cookies={"who": who}) as session,
            session.ws_connect(f"{self.url}/ws/hearings/{self.hearing_id}", headers=headers) as ws,
        ):
            yield Client(ws, self.seats[seat or who], session, self.url)

    @asynccontextmanager
    async def joined(self, who: str, **join: Any) -> AsyncIterator[Client]:
        async with self.client(who) as client:
            await client.join(**join)
            yield client

    async def rows(self) -> list[str]:
        """Kinds of the hearing's events, as the database has them."""
        async with self.database.reading() as db:
            from hub.services import event_log

            return [row.kind for row in await event_log.load(db, self.hearing_id)]

    async def row(self) -> models.Hearing:
        async with self.database.reading() as db:
            found = await db.get(models.Hearing, self.hearing_id)
            assert found is not None
            return found


def translate(language: str, text: Text) -> str:
    return f"[{language}] {text}"


class Client:
    """Sends and awaits messages as plain dictionaries: what a client of another make would see."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, seat_id: str, session: Any, url: str) -> None:
        self.ws, self.seat_id, self.session, self.url = ws, seat_id, session, url
        self.welcome: dict[str, Any] = {}
        self.seen: list[dict[str, Any]] = []

    async def send(self, type_: str, **fields: Any) -> None:
        await self.ws.send_str(json.dumps({"type": type_, **fields}))

    async def join(self, **more: Any) -> dict[str, Any]:
        await self.send("join", version=1, seat_id=self.seat_id, **more)
        self.welcome = await self.get("welcome")
        return self.welcome

    async def get(self, type_: str, **fields: Any) -> dict[str, Any]:
        """The next message of this type with these fields; others are passed over (see ``seen``)."""
        async with asyncio.timeout(WAIT_S):
            while True:
                frame = await self.ws.receive()
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    raise AssertionError(f"socket ended ({frame.type.name} {frame.data}) before {type_} {fields}")
                message: dict[str, Any] = json.loads(frame.data)
                self.seen.append(message)
                if message["type"] == type_ and all(message.get(key) == value for key, value in fields.items()):
                    return message

    async def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next event of this kind."""
        while True:
            message = await self.get("happened")
            event: dict[str, Any] = message["event"]
            if event["kind"] == kind and all(event.get(key) == value for key, value in fields.items()):
                return message

    async def closed(self) -> int | None:
        """Read on to the end; the close code."""
        async with asyncio.timeout(WAIT_S):
            while (frame := await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                self.seen.append(json.loads(frame.data))
            return self.ws.close_code

    async def post(self, path: str, **kwargs: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, **kwargs) as response:
            return response.status, await response.json()


async def until(true: Callable[[], Any], *, within_s: float = WAIT_S) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s")
        await asyncio.sleep(0.02)


async def make_room(config: Config, database: Database) -> Room:
    """A hearing that starts soon, chaired by TINH1's leader, with two communes."""
    world = await make_world(database)
    names = {
        "chair": "leader.TINH1",
        "deputy": "leader2.TINH1",
        "secretary": "secretary.TINH1",
        "xa1": "officer.XA1",
        "xa2": "officer.XA2",
        "stranger": "officer.XA9",
    }
    async with database.transaction() as db:
        booking = world.booking(
            "XA1",
            "XA2",
            starts_at=utc_now().replace(microsecond=0),
            deputy_id=world.accounts["leader2.TINH1"].id,
            secretary_id=world.accounts["secretary.TINH1"].id,
        )
        hearing = models.Hearing(
            number="TCD-2026-0001",
            kind=models.HearingKind.REGULAR,
            title=booking.title,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            unit_id=booking.unit_id,
            created_by=world.accounts["officer.TINH1"].id,
        )
        db.add(hearing)
        await db.flush()
        places = [
            ("chair", models.SeatKind.CHAIR, None, names["chair"]),
            ("deputy", models.SeatKind.DEPUTY, None, names["deputy"]),
            ("secretary", models.SeatKind.SECRETARY, None, names["secretary"]),
            ("xa1", models.SeatKind.POINT, "XA1", None),
            ("xa2", models.SeatKind.POINT, "XA2", None),
        ]
        seats = {}
        for position, (who, kind, point, account) in enumerate(places):
            seat = models.Seat(
                hearing_id=hearing.id,
                kind=kind,
                position=position,
                label=f"Ghế {who}",
                point_id=world.points[point].id if point else None,
                account_id=world.accounts[account].id if account else None,
            )
            db.add(seat)
            await db.flush()
            seats[who] = seat.id
    people = {who: world.actor(name) for who, name in names.items()}
    seats["stranger"] = seats["xa1"]
    return Room(config, database, world, hearing.id, hearing.number, seats, people)


__all__ = ["Client", "FakeRecorder", "FakeWorker", "Room", "make_room", "until"]


@asynccontextmanager
async def serving(room: Room) -> AsyncIterator[Room]:
    """Once worker and recorder are connected."""
    async with room.server() as live:
        await until(lambda: live.recorder().ready and live.workers()[0].connected)
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


def seat_of(client: Client, seat_id: str) -> dict[str, object]:
    found: dict[str, object] = next(one for one in client.welcome["seats"] if one["seat_id"] == seat_id)
    return found
