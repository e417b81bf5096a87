"""Wall displays over WHEP: the stage and the voices, without negotiation, and nothing that the seat may not see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support import hub_process
from tests.support.door_world import Whep, Whip, hearing_and_seats, issue, seated
from tests.support.hub_process import HubProcess
from tests.support.media import falls_quiet

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300), pytest.mark.media]
POINT, OTHER = "DC-TANTIEN", "TCD-ANBINH"


@pytest.fixture
def hub() -> Iterator[HubProcess]:
    with hub_process.running() as running:
        yield running


async def test_a_display_shows_the_stage_once_its_seat_is_let_in_and_follows_the_floor(hub: HubProcess) -> None:
    hearing, seats = hearing_and_seats(hub)
    watching, sending = await issue(hub, hearing, POINT, "--watch"), await issue(hub, hearing, OTHER)
    display, encoder = Whep(watching["endpoint"], watching["token"]), Whip(sending["endpoint"], sending["token"])
    assert await display.watch() == 201
    async with (
        seated(hub, "chutri", hearing, seats["chair"]) as chair,
        seated(hub, "canbotantien", hearing, seats[POINT]) as officer,
    ):
        await chair.send("open")
        await chair.happened("opened")
        await chair.publish()
        await asyncio.sleep(1.5)
        assert not display.frames  # its seat is in the waiting room, and sees nothing
        await chair.send("admit", seat_id=seats[POINT])
        await officer.happened("admitted", seats[POINT])
        await asyncio.gather(display.shows("video"), display.shows("audio"))
        chair_picture = display.last["video"].width
        assert await encoder.publish(width=320) == 201
        await chair.happened("device_joined", seats[OTHER])
        await chair.send("admit", seat_id=seats[OTHER])
        await chair.send("give_floor", seat_id=seats[OTHER])
        await chair.happened("floor_given", seats[OTHER])
        async with asyncio.timeout(60):
            while display.last["video"].width == chair_picture:  # noqa: ASYNC110 - pictures tell by coming
                await asyncio.sleep(0.1)
        await display.shows("video")
        await chair.send("remove", seat_id=seats[POINT])
        await chair.happened("removed", seats[POINT])

        async def pictures() -> int:
            return display.frames["video"]

        await falls_quiet(pictures, 3, 1.5)
        assert await display.hang_up() == 200
        assert await encoder.hang_up() == 200
