"""Troubles and figures of lines on their way to browsers, minutes and metrics: real sockets, a worker that tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry, generate_latest

from hub.config import Config
from hub.db import Database
from hub.lines import Way
from hub.services import lines
from hub.services.live import HearingLive
from signaling.line_metrics import MOST_HEARINGS, LineCollector
from signaling.media import control
from signaling.media.control import PeerStats
from tests.support.signaling_world import Client, FakeRecorder, FakeWorker, Room, make_room, until

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def room(config: Config, database: Database) -> AsyncIterator[Room]:
    yield await make_room(config, database)


@pytest_asyncio.fixture
async def served(room: Room, worker: FakeWorker, config: Config) -> AsyncIterator[Room]:
    async with FakeRecorder(config.run_dir), room.server() as live:
        await until(lambda: live.recorder().ready and live.workers()[0].connected)
        yield room


def way(loss: float = 0.0) -> Way:
    return Way(bps=300_000, loss=loss, jitter_ms=3.0, round_trip_ms=25.0, height=360, nacks=2, keyframe_requests=1)


def tell(worker: FakeWorker, room: Room, **losses: float) -> None:
    """A round of figures: seats by name, with what is lost of what they send."""
    peers = [PeerStats(peer_id=room.seats[who], up=way(loss), down=way(0.02)) for who, loss in losses.items()]
    worker.tell(control.RouterStats(router_id=room.hearing_id, peers=peers))


async def opened(stack: AsyncExitStack, room: Room, worker: FakeWorker, *points: str) -> tuple[Client, ...]:
    chair = await stack.enter_async_context(room.joined("chair"))
    others = [await stack.enter_async_context(room.joined(point)) for point in points]
    await chair.send("open")
    await chair.event("opened")
    for point in others:
        await chair.send("admit", seat_id=point.seat_id)
        await point.event("admitted", seat_id=point.seat_id)
    await until(lambda: room.hearing_id in worker.recording)
    live = room.live
    assert live is not None
    await until(lambda: live.hearing(room.hearing_id).worker is not None)  # type: ignore[union-attr]
    return (chair, *others)


async def test_the_chair_hears_of_all_bad_lines_and_a_point_of_its_own(served: Room, worker: FakeWorker) -> None:
    async with AsyncExitStack() as stack:
        chair, xa1, xa2 = await opened(stack, served, worker, "xa1", "xa2")
        for _ in range(2):
            tell(worker, served, chair=0.0, xa1=0.12, xa2=0.0)
        bad = {served.seats["xa1"]: [{"cause": "loss_up", "amount": 12}]}
        assert (await chair.get("troubles"))["seats"] == bad
        assert (await xa1.get("troubles"))["seats"] == bad
        for _ in range(3):
            tell(worker, served, chair=0.0, xa1=0.0, xa2=0.0)
        assert (await chair.get("troubles"))["seats"] == {}
        assert (await xa1.get("troubles"))["seats"] == {}
        await xa2.send("ping", at=1)
        await xa2.get("pong")
        assert not any(message["type"] == "troubles" for message in xa2.seen)


async def test_who_comes_back_is_told_anew(served: Room, worker: FakeWorker) -> None:
    async with AsyncExitStack() as stack:
        chair, xa1 = await opened(stack, served, worker, "xa1")
        for _ in range(2):
            tell(worker, served, xa1=0.3)
        await xa1.get("troubles")
        await xa1.ws.close()
        again = await stack.enter_async_context(served.joined("xa1"))
        tell(worker, served, xa1=0.3)
        assert (await again.get("troubles"))["seats"][served.seats["xa1"]][0]["amount"] == 30
        await chair.get("troubles")


async def test_the_chair_watches_one_line_until_it_looks_away(served: Room, worker: FakeWorker) -> None:
    async with AsyncExitStack() as stack:
        chair, xa1 = await opened(stack, served, worker, "xa1")
        await xa1.send("line", seen={"fps": 24.5, "via": "tcp", "frozen": 0.5, "freezes": 3})
        await xa1.send("ping", at=1)
        await xa1.get("pong")
        tell(worker, served, chair=0.0, xa1=0.02)
        await chair.send("watch_line", seat_id=xa1.seat_id)
        told = await chair.get("line_figures", seat_id=xa1.seat_id)
        if told["figures"]["up"] is None or told["figures"]["seen"] is None:
            told = await chair.get("line_figures", seat_id=xa1.seat_id)
        assert told["figures"]["up"]["loss"] == 0.02
        assert told["figures"]["seen"]["via"] == "tcp"
        assert told["quality"] == 1, "a picture that stands half of the time"
        await chair.send("watch_line", seat_id=None)
        await chair.send("ping", at=2)
        await chair.get("pong", at=2)
        seen = len(chair.seen)
        tell(worker, served, chair=0.0, xa1=0.02)
        await chair.send("ping", at=3)
        await chair.get("pong", at=3)
        assert not any(message["type"] == "line_figures" for message in chair.seen[seen:])


@pytest.mark.parametrize("seat", ["xa2", "nowhere"])
async def test_a_point_may_watch_no_line(served: Room, worker: FakeWorker, seat: str) -> None:
    async with AsyncExitStack() as stack:
        _, xa1 = await opened(stack, served, worker, "xa1")
        assert "watch_line" not in xa1.welcome["may"]
        await xa1.send("watch_line", seat_id=served.seats.get(seat, seat))
        assert (await xa1.get("error", about="watch_line"))["code"] == "forbidden"


async def test_a_line_that_is_not_there_cannot_be_watched(served: Room, worker: FakeWorker) -> None:
    async with AsyncExitStack() as stack:
        (chair,) = await opened(stack, served, worker)
        await chair.send("watch_line", seat_id="none")
        assert (await chair.get("error", about="watch_line"))["code"] == "not_found"


async def test_minutes_of_a_live_hearing_are_kept(served: Room, worker: FakeWorker, database: Database) -> None:
    async with AsyncExitStack() as stack:
        await opened(stack, served, worker, "xa1")
        tell(worker, served, chair=0.0, xa1=0.2)
        live = served.live
        assert live is not None
        keeper = live.context.keeper
        await until(lambda: bool(keeper.gatherer._under_way))
        keeper.gatherer.finish()
        await keeper.write()
    async with database.reading() as db:
        report = await lines.report(db, served.world.actor("technician.TINH1"), served.hearing_id)
    up = {one.seat.id: one.up for one in report.seats}
    assert up[served.seats["xa1"]].loss == pytest.approx(0.2)
    assert up[served.seats["chair"]].loss == 0


async def test_metrics_name_no_seat_and_no_person(served: Room, worker: FakeWorker) -> None:
    async with AsyncExitStack() as stack:
        _, point = await opened(stack, served, worker, "xa1")
        for _ in range(2):
            tell(worker, served, chair=0.0, xa1=0.12)
        live = served.live
        assert live is not None
        await until(lambda: bool(live.hearing(served.hearing_id).seats[3].troubles))  # type: ignore[union-attr]
        await point.send("line", seen={"freezes": 2})
        await point.send("ping", at=1)
        await point.get("pong")
        registry = CollectorRegistry()
        registry.register(LineCollector(live._under_way_views, live.workers))
        text = generate_latest(registry).decode()
    assert 'hub_line_troubles{cause="loss_up"} 1.0' in text
    assert 'hub_line_worst_loss_ratio{direction="up"} 0.12' in text
    assert 'hub_line_worst_jitter_seconds{direction="up"} 0.003' in text
    assert 'hub_line_pictures{direction="down",lines="360"} 2.0' in text
    assert 'hub_line_standing_still{direction="down"} 1.0' in text
    assert 'hub_media_worker_up{worker="0"} 1.0' in text
    assert 'hub_media_worker_picture_level{worker="0"} 0.0' in text
    assert 'hub_media_worker_draining{worker="0"} 0.0' in text
    assert f'hub_hearing_bad_lines{{hearing="{served.hearing_id}"}} 1.0' in text
    for who in served.people.values():
        assert who.name not in text
    for seat_id in served.seats.values():
        assert seat_id not in text


async def test_hearings_beyond_a_bound_are_counted_together() -> None:
    views = [
        HearingLive(
            hearing_id=f"{number:032x}",
            state="open",
            chair="",
            floor=None,
            elapsed_ms=0,
            recorder_lost=False,
            worker=0,
            seats=(),
        )
        for number in range(MOST_HEARINGS + 7)
    ]
    registry = CollectorRegistry()
    registry.register(LineCollector(lambda: views, list))
    text = generate_latest(registry).decode()
    assert text.count("hub_hearing_seats{") == MOST_HEARINGS + 1
    assert 'hub_hearing_seats{hearing="other"} 0.0' in text
