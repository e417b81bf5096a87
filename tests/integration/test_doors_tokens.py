"""Tokens for room encoders and wall displays: who may give them, what they open, and for how long."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub import models
from hub.auth import Actor
from hub.cli import tokens as command
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn
from hub.ids import utc_now
from hub.models import DoorDirection, Hearing, HearingState, SeatKind
from hub.services import audit, device_tokens, hearings
from hub.services.device_tokens import Issued
from tests.support.domain import World, make_world

pytestmark = pytest.mark.asyncio
PUBLISH, WATCH = DoorDirection.PUBLISH, DoorDirection.WATCH


async def given(database: Database) -> tuple[World, Hearing]:
    """A hearing of TINH1, chaired from its bridge, with the point XA1."""
    world = await make_world(database)
    async with database.transaction() as db:
        booking = world.booking("XA1", bridge_point_id=world.points["TINH1"].id)
        return world, await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def issued(
    database: Database, actor: Actor, hearing: Hearing, point: str = "XA1", hours: float | None = None
) -> Issued:
    async with database.transaction() as db:
        row = await device_tokens.find_hearing(db, hearing.id)
        return await device_tokens.issue(db, actor, row, device_tokens.find_seat(row, point), PUBLISH, hours)


async def present(database: Database, token: str, hearing: Hearing, seat_id: str) -> models.DeviceToken:
    async with database.reading() as db:
        return await device_tokens.find(db, token, hearing.id, seat_id, PUBLISH)


@pytest.mark.parametrize(
    ("official", "allowed"),
    [
        ("officer.TINH1", True),
        ("secretary.TINH1", True),
        ("officer.XA1", True),  # the officer of that very point
        ("officer.XA2", False),
        ("leader.TINH1", False),
        ("technician.TINH1", False),
        ("administrator.TW", False),
        ("auditor.TINH1", False),
    ],
)
async def test_who_books_the_hearing_or_sits_at_the_point_may_connect_a_device(
    database: Database, official: str, allowed: bool
) -> None:
    world, hearing = await given(database)
    if allowed:
        assert (await issued(database, world.actor(official), hearing)).token.startswith("hub_")
    else:
        with pytest.raises(Forbidden):
            await issued(database, world.actor(official), hearing)


async def test_an_officer_of_a_point_gives_no_token_for_the_chair(database: Database) -> None:
    world, hearing = await given(database)
    with pytest.raises(Forbidden):
        await issued(database, world.actor("officer.XA1"), hearing, "chair")


async def test_only_a_digest_is_kept_and_the_trail_tells_who_gave_it(database: Database) -> None:
    world, hearing = await given(database)
    given_out = await issued(database, world.actor("officer.TINH1"), hearing)
    async with database.reading() as db:
        row = (await db.execute(select(models.DeviceToken))).unique().scalar_one()
        events = await audit.list_events(
            db, world.actor("auditor.TINH1"), audit.AuditQuery(action="device_token_issued")
        )
    assert given_out.token not in str(vars(row))
    assert [event.detail["seat"] for event in events] == [row.seat_id]
    assert given_out.token not in str(events)


async def test_a_token_opens_its_own_door_only(database: Database) -> None:
    world, hearing = await given(database)
    given_out = await issued(database, world.actor("officer.TINH1"), hearing)
    seat = given_out.row.seat_id
    assert (await present(database, given_out.token, hearing, seat)).id == given_out.row.id
    with pytest.raises(NotSignedIn):
        await present(database, "hub_guessed", hearing, seat)
    other = next(one for one in hearing.seats if one.id != seat)
    with pytest.raises(Forbidden):
        await present(database, given_out.token, hearing, other.id)
    async with database.reading() as db:
        with pytest.raises(Forbidden):
            await device_tokens.find(db, given_out.token, hearing.id, seat, WATCH)


async def test_a_revoked_token_opens_nothing(database: Database) -> None:
    world, hearing = await given(database)
    given_out = await issued(database, world.actor("officer.TINH1"), hearing)
    async with database.transaction() as db:
        with pytest.raises(Forbidden):
            await device_tokens.revoke(db, world.actor("officer.XA2"), given_out.row.id)
        await device_tokens.revoke(db, world.actor("officer.XA1"), given_out.token)
        await device_tokens.revoke(db, world.actor("officer.XA1"), given_out.row.id)  # again: fine
    with pytest.raises(NotSignedIn):
        await present(database, given_out.token, hearing, given_out.row.seat_id)
    async with database.transaction() as db:
        with pytest.raises(NotFound):
            await device_tokens.revoke(db, world.actor("officer.XA1"), "hub_unknown")


async def test_a_token_lasts_past_the_booked_end_or_as_long_as_asked(database: Database) -> None:
    world, hearing = await given(database)
    officer = world.actor("officer.TINH1")
    assert (await issued(database, officer, hearing)).row.expires_at == hearing.ends_at + device_tokens.OVERTIME
    short = await issued(database, officer, hearing, hours=0.5)
    assert timedelta(minutes=29) < short.row.expires_at - utc_now() <= timedelta(minutes=30)
    with pytest.raises(BadInput):
        await issued(database, officer, hearing, hours=-1)
    async with database.transaction() as db:
        row = await db.get_one(models.DeviceToken, short.row.id)
        row.expires_at = utc_now() - timedelta(seconds=1)
    with pytest.raises(NotSignedIn):
        await present(database, short.token, hearing, short.row.seat_id)


async def test_a_hearing_that_is_over_gives_no_tokens(database: Database) -> None:
    world, hearing = await given(database)
    async with database.transaction() as db:
        (await db.get_one(Hearing, hearing.id)).state = HearingState.CLOSED
    with pytest.raises(Conflict):
        await issued(database, world.actor("officer.TINH1"), hearing)


async def test_a_point_s_code_means_its_own_seat_and_the_bridge_s_the_chair(database: Database) -> None:
    _, hearing = await given(database)
    assert device_tokens.find_seat(hearing, "xa1").kind == SeatKind.POINT
    assert device_tokens.find_seat(hearing, "TINH1").kind == SeatKind.CHAIR
    assert device_tokens.find_seat(hearing, "chair").kind == SeatKind.CHAIR
    with pytest.raises(BadInput, match="XA9"):
        device_tokens.find_seat(hearing, "XA9")


async def test_a_seat_that_leaves_the_booking_takes_its_tokens_along(database: Database) -> None:
    world, hearing = await given(database)
    officer = world.actor("officer.TINH1")
    await issued(database, officer, hearing)
    async with database.transaction() as db:
        await hearings.change(db, world.vault, officer, hearing.id, 1, world.booking("XA2"), "Đổi điểm")
    async with database.reading() as db:
        assert list(await device_tokens.of_hearing(db, hearing.id)) == []


async def test_the_command_prints_an_address_and_a_token_that_fit_together(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    _, hearing = await given(database)
    config = Config(database_url=database.url, public_url="https://tiepdan.example.vn/")
    await _in_thread(command.issue, config, hearing=hearing.number, point="XA1", publish=True, hours=None, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    found = re.fullmatch(r"https://tiepdan\.example\.vn/whip/([0-9a-f]{32})/([0-9a-f]{32})", shown["endpoint"])
    assert found is not None
    assert (shown["hearing"], shown["point"]) == (hearing.id, "XA1")
    assert (await present(database, shown["token"], hearing, found[2])).id == shown["token_id"]
    await _in_thread(command.show, config, hearing.id)
    assert shown["token_id"] in capsys.readouterr().out
    await _in_thread(command.revoke, config, shown["token_id"])
    with pytest.raises(NotSignedIn):
        await present(database, shown["token"], hearing, found[2])


async def _in_thread(work: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """A command runs an event loop of its own."""
    await asyncio.to_thread(work, *args, **kwargs)
