"""A hearing's socket goes with the sign-in and the rights of the person, and one account cannot take them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.config import Config
from hub.db import Database
from hub.models import AuditEvent, CaseType, Hearing, HearingEvent
from hub.services import cases, hearings
from signaling import socket
from tests.support.domain import new_case
from tests.support.signaling_world import FakeRecorder, FakeWorker, Room, make_room, until

pytestmark = pytest.mark.asyncio

NAME = "Quách Thị Mười Hai"


@pytest_asyncio.fixture
async def room(config: Config, sqlite_url: str) -> AsyncIterator[Room]:
    database = Database(sqlite_url)
    async with FakeWorker(config.run_dir), FakeRecorder(config.run_dir):
        yield await make_room(config, database)
    await database.close()


async def test_signing_out_ends_the_hearings_socket_at_once(room: Room) -> None:
    async with room.server() as live, room.joined("xa1") as mine, room.joined("xa2") as other:
        account_id = room.people["xa1"].account_id
        room.signed_out.add(account_id)
        live.account_changed(account_id)  # long before the next of the regular questions
        assert (await mine.get("goodbye"))["reason"] == "signed_out"
        live.account_changed(room.people["xa2"].account_id)  # still signed in: nothing happens
        await other.send("ping", at=1.0)
        await other.get("pong")


async def test_a_role_that_is_taken_away_takes_the_seat_with_it(room: Room) -> None:
    async with room.server() as live, room.joined("xa1") as mine:
        actor = room.people["xa1"]
        room.people["xa1"] = replace(actor, grants=frozenset())
        live.account_changed(actor.account_id)
        assert (await mine.get("goodbye"))["reason"] == "signed_out"


async def test_one_account_cannot_open_sockets_without_end(room: Room) -> None:
    async with room.server(), AsyncExitStack() as opened:
        for _ in range(socket.MAX_SOCKETS):
            client = await opened.enter_async_context(room.client("xa1"))
            await client.send("ping", at=1.0)
            await client.get("error")  # open, and not in a seat
        async with room.client("xa1") as refused:
            assert (await refused.get("error"))["code"] == "too_many_attempts"
            assert await refused.closed() == 1013
        async with room.joined("xa2"):
            pass


async def test_who_is_not_invited_learns_nothing_and_decides_nothing(room: Room) -> None:
    async with room.server(), room.joined("chair"), room.client("stranger") as stranger:
        await stranger.send("join", version=1, seat_id=room.seats["xa1"])
        assert (await stranger.get("error"))["code"] == "forbidden"
        await stranger.send("join", version=1, seat_id=room.seats["chair"], take_over=True)
        assert (await stranger.get("error"))["code"] == "forbidden"
        for message in (
            {"type_": "open"},
            {"type_": "end", "confirm": room.number},
            {"type_": "say", "text": "x"},
            {"type_": "publish", "generation": 1, "sdp": "v=0", "sources": {}},
            {"type_": "subscribe", "generation": 1},
        ):
            await stranger.send(**message)
            assert (await stranger.get("error"))["code"] == "forbidden"
        assert {message["type"] for message in stranger.seen} == {"error"}


async def test_what_is_said_or_noted_in_a_hearing_may_not_name_the_denouncer(room: Room) -> None:
    world, chair = room.world, "chair"
    async with room.database.transaction() as db:
        new = new_case(type=CaseType.DENUNCIATION, name=NAME, summary="Tố cáo")
        found = await cases.register(db, world.vault, world.actor("officer.TINH1"), new)
        (await db.get_one(Hearing, room.hearing_id)).cases = [found]
    room.discreet = partial(hearings.require_discreet, room.database, world.vault)
    async with room.server() as live, room.joined(chair) as client:
        await until(lambda: live.recorder().ready and live.workers()[0].connected)
        await client.send("open")
        await client.event("opened")
        for type_ in ("say", "note"):
            await client.send(type_, text=f"Mời bà {NAME.upper()} phát biểu")
            assert (await client.get("error"))["code"] == "bad_input"
        await client.send("remove", seat_id=room.seats["xa1"], reason="bà Quach Thi Muoi Hai đã về")
        assert (await client.get("error"))["code"] == "bad_input"
        await client.send("note", text="Người tố cáo trình bày")
        await client.event("noted")
    async with room.database.reading() as db:
        compared = list(await db.scalars(select(AuditEvent).where(AuditEvent.action == "identity_compared")))
    assert len(compared) == 4
    async with room.database.reading() as db:
        kept = list(await db.scalars(select(HearingEvent)))
    assert [event.payload["text"] for event in kept if event.kind in ("said", "noted")] == ["Người tố cáo trình bày"]
