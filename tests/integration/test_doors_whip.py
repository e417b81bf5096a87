"""Room encoders over WHIP into a whole hub: clients that others wrote, seen by who sits there, kept in the archive."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import hub_process
from tests.support.door_world import Seat, Whip, hearing_and_seats, issue, seated
from tests.support.encoders import gstreamer
from tests.support.hub_process import HubProcess

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300), pytest.mark.media, pytest.mark.slow]
POINT = "DC-TANTIEN"


@pytest.fixture
def hub() -> Iterator[HubProcess]:
    with hub_process.running() as running:
        yield running


async def test_gstreamer_s_client_waits_is_let_in_seen_heard_and_archived(hub: HubProcess, tmp_path: Path) -> None:
    hearing, seats = hearing_and_seats(hub)
    point = seats[POINT]
    token = await issue(hub, hearing, POINT)
    async with seated(hub, "chutri", hearing, seats["chair"]) as chair:
        async with gstreamer(token["endpoint"], token["token"], tmp_path / "whip.log"):
            await chair.happened("device_joined", point)  # started early and left on
            await chair.send("open")
            await chair.happened("opened")
            await chair.watch()
            await asyncio.sleep(1)
            assert not chair.frames  # nobody is seen before the chair says so
            await chair.send("admit", seat_id=point)
            await asyncio.gather(chair.sees(point, "camera"), chair.sees(point, "microphone"))
            await chair.send("mute", seat_id=point)
            await chair.happened("muted", point)
            await asyncio.sleep(0.5)
            heard = chair.frames[point, "microphone"]
            await chair.sees(point, "camera")
            assert chair.frames[point, "microphone"] - heard < 10  # what was under way
        await chair.happened("device_left", point)
        await end(hub, chair)
    with sqlite3.connect(hub.data_dir / "var" / "hub.db") as db:
        kept = db.execute("SELECT track.source, track.codec, count(*) FROM segment JOIN track ON track.id = track_id "
                          "WHERE seat_id = ? GROUP BY track.source", (point,)).fetchall()  # fmt: skip
        actions = [row[0] for row in db.execute("SELECT action FROM audit_event WHERE action LIKE 'device_%'")]
    assert {(source, codec) for source, codec, _ in kept} == {("camera", "VP8"), ("microphone", "opus")}
    assert actions == ["device_token_issued", "device_connected", "device_disconnected"]


async def test_an_encoder_sends_in_the_place_of_the_browser_and_gives_the_place_back(hub: HubProcess) -> None:
    hearing, seats = hearing_and_seats(hub)
    point = seats[POINT]
    token = await issue(hub, hearing, POINT)
    async with (
        seated(hub, "chutri", hearing, seats["chair"]) as chair,
        seated(hub, "canbotantien", hearing, point) as officer,
    ):
        await chair.send("open")
        await chair.happened("opened")
        await chair.send("admit", seat_id=point)
        await officer.happened("admitted", point)
        await officer.publish()
        await chair.watch()
        await asyncio.gather(chair.sees(point, "camera"), chair.sees(point, "microphone"))
        device = Whip(token["endpoint"], token["token"])
        assert await device.publish() == 201
        await officer.happened("device_joined", point)
        await chair.sees(point, "camera")
        again = Whip(token["endpoint"], token["token"])  # an encoder that lost its line comes anew with its token
        assert await again.publish() == 201
        assert (await device.ask("DELETE"))[0] == 404  # its session was replaced
        await chair.sees(point, "camera")
        other = await issue(hub, hearing, POINT)
        third = Whip(other["endpoint"], other["token"])
        assert await third.publish() == 409
        assert await again.hang_up() == 200
        await officer.happened("device_left", point)
        await chair.sees(point, "camera", 30)  # the browser's again
        await device.close()
        await third.close()
        await end(hub, chair)


async def test_a_device_and_its_token_outlive_a_restart_of_the_web_process_but_not_their_end(hub: HubProcess) -> None:
    hearing, seats = hearing_and_seats(hub)
    token = await issue(hub, hearing, POINT)
    device = Whip(token["endpoint"], token["token"])
    async with seated(hub, "chutri", hearing, seats["chair"]) as chair:
        assert await device.publish() == 201
        await chair.happened("device_joined", seats[POINT])
    await asyncio.to_thread(hub.restart, "web")
    async with seated(hub, "chutri", hearing, seats["chair"]) as chair:
        welcome = await chair.told("welcome")
        view = next(one for one in welcome["seats"] if one["seat_id"] == seats[POINT])
        assert (view["device"], view["presence"], view["browser"]) == (True, "waiting", "absent")
        await chair.send("open")
        await chair.happened("opened")
        await chair.watch()
        await chair.send("admit")
        await chair.sees(seats[POINT], "camera")
        await asyncio.to_thread(hub.command, "token", "--revoke", token["token_id"])
        await chair.happened("device_left", seats[POINT])
        assert (await device.ask("DELETE"))[0] == 401
        await end(hub, chair)
    await device.close()


async def end(hub: HubProcess, chair: Seat) -> None:
    """End the hearing and wait for the archive; it must be whole."""
    await chair.send("end", confirm=(await chair.told("welcome"))["number"])
    await chair.told("goodbye")
    async with asyncio.timeout(90):
        while True:
            with sqlite3.connect(hub.data_dir / "var" / "hub.db") as db:
                found = db.execute("SELECT id FROM recording WHERE state = 'archived'").fetchone()
            if found:
                break
            await asyncio.sleep(0.2)
    assert "whole and unaltered" in await asyncio.to_thread(hub.command, "verify", found[0])
