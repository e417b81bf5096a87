"""A browser that lies: it may send what it was granted, and receive what it may see, whatever it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.config import Config
from signaling.media import control, rtcp
from signaling.media.consumer import REPEATS_PER_S
from signaling.media.srtp import MOST_SOURCES
from signaling.media.transport import INTAKE_BYTES_PER_S
from tests.support.media import Worker
from tests.support.raw_seat import MID_ID, REPAIRED_ID, RID_ID, Hall, came_from, hall, packet, send

pytestmark = [pytest.mark.asyncio, pytest.mark.media]

HONEST, LIAR = 1, 2
CAMERA, MICROPHONE = ("1", "video", 1001), ("0", "audio", 1000)
BOTH = {"0": "microphone", "1": "camera"}


@pytest_asyncio.fixture
async def table(config: Config) -> AsyncIterator[Hall]:
    async with Worker(config) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        async with hall(worker) as made:
            yield made


def ids(published: control.Published) -> dict[str, str]:
    return {one.source: one.producer_id for one in published.producers}


async def test_sound_that_is_called_a_camera_is_not_heard_while_the_microphone_is_muted(table: Hall) -> None:
    liar, published = await table.publish(
        "liar",
        [MICROPHONE, ("2", "audio", 1002)],
        {"0": "microphone", "2": "camera"},
        paused={"microphone": "muted"},
    )
    assert [one.source for one in published.producers] == ["microphone"]
    listener = await table.watch("listener", list(ids(published).values()))
    await send(liar, [packet("audio", 1002, n, LIAR) for n in range(20)])
    await send(liar, [packet("audio", 1000, n, LIAR) for n in range(20)])
    assert came_from(listener) == {}


async def test_an_ssrc_of_somebody_else_stays_his(table: Hall) -> None:
    """Neither declared in an offer of one's own nor just sent does it lead to his subscribers."""
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    declares, _ = await table.publish("liar", [CAMERA], {"1": "camera"})
    sends, _ = await table.publish("other", [("1", "video", 77)], {"1": "camera"})
    for n in range(20):
        await send(honest, [packet("video", 1001, n, HONEST)], 0)
        for liar in (declares, sends):
            liar.send_datagram(liar.protect(packet("video", 1001, n + 500, LIAR)))
    seen = came_from(listener)
    assert set(seen) == {HONEST}
    assert seen[HONEST] >= 18


async def test_what_comes_for_an_m_line_that_was_not_granted_goes_nowhere(table: Hall) -> None:
    liar, published = await table.publish("liar", [MICROPHONE, CAMERA], BOTH, allowed=["microphone"])
    assert [one.source for one in published.producers] == ["microphone"]
    listener = await table.watch("listener", list(ids(published).values()))
    mid = {MID_ID: b"1"}
    await send(liar, [packet("video", 1001, n, LIAR, mid) for n in range(20)])
    # Nor under the SSRC of the line that was granted, and of its kind's payload type.
    await send(liar, [packet("video", 4242, n, LIAR, {MID_ID: b"0"}) for n in range(20)])
    assert came_from(listener) == {}
    await send(liar, [packet("audio", 1000, n, LIAR) for n in range(20)])
    assert came_from(listener) == {LIAR: 20}


async def test_mids_and_rids_name_ones_own_tracks_only(table: Hall) -> None:
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    liar, _ = await table.publish("liar", [MICROPHONE], {"0": "microphone"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(10)])
    named = {MID_ID: b"1", RID_ID: b"q", REPAIRED_ID: b"q"}
    await send(liar, [packet("video", 5000 + n, n, LIAR, named) for n in range(40)])
    assert came_from(listener) == {HONEST: 10}


async def test_of_what_is_more_than_anybody_needs_the_rest_goes_nowhere(table: Hall) -> None:
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    liar, theirs = await table.publish("liar", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"], ids(theirs)["camera"]])
    size = len(liar.protect(packet("video", 1001, 0, LIAR)))
    flood = [liar.protect(packet("video", 1001, n, LIAR)) for n in range(1, 3 * INTAKE_BYTES_PER_S // size)]
    began = time.monotonic()
    for number, datagram in enumerate(flood):
        liar.send_datagram(datagram)
        if number % 20 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(1)
    most = INTAKE_BYTES_PER_S * (1 + time.monotonic() - began) / size
    seen = came_from(listener)
    assert 0 < seen[LIAR] <= min(most, len(flood))
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(10)])
    assert came_from(listener)[HONEST] == 10


async def test_who_invents_a_source_for_every_packet_slows_nobody_down(table: Hall) -> None:
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    liar, _ = await table.publish("liar", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    for n in range(4 * MOST_SOURCES):
        liar.send_datagram(liar.protect(packet("audio", 100_000 + n, 1, LIAR)))
        liar.send_rtcp(rtcp.receiver_report(200_000 + n, []))
        await asyncio.sleep(0.001)
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(10)])
    assert came_from(listener) == {HONEST: 10}
    kept = (await table.worker.call(control.AskState(kept=True))).kept
    assert MOST_SOURCES < kept["sources"] <= MOST_SOURCES + 10


async def test_a_track_of_another_hearing_is_not_to_be_had(table: Hall) -> None:
    _, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    worker = table.worker
    await worker.call(control.OpenRouter(router_id="h2", recording_id=None))
    await worker.call(control.Subscribe(router_id="h2", peer_id="liar", generation=1))
    await worker.call(control.Consume(router_id="h2", peer_id="liar", producer_ids=[ids(his)["camera"]]))
    await worker.state()
    assert not [one for one in worker.events if isinstance(one, control.SubscribeOffer)]


async def test_an_answer_to_somebody_elses_offer_changes_nothing(table: Hall) -> None:
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    stolen = {"router_id": "h1", "revision": 1, "sdp": "v=0"}
    for peer_id, generation in (("liar", 1), ("listener", 2), ("listener", -1)):
        answer = control.SubscribeAnswer(peer_id=peer_id, generation=generation, **stolen)
        assert isinstance(await table.worker.call(answer), control.Refused)
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(10)])
    assert came_from(listener) == {HONEST: 10}


async def test_what_is_taken_back_is_not_received_any_more(table: Hall) -> None:
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(5)])
    await table.worker.call(control.Consume(router_id="h1", peer_id="listener", producer_ids=[]))
    # It asks all the same, for keyframes and for packets that it missed.
    ssrc = next(iter(listener.streams))
    listener.ask_keyframe(ssrc)
    listener.nack(ssrc, listener.streams[ssrc].highest - 1)
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(5, 15)])
    assert came_from(listener) == {HONEST: 5}


async def test_a_repeated_packet_is_forwarded_once(table: Hall) -> None:
    """Caught on the way and sent again, it comes to nobody twice."""
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    caught = [honest.protect(packet("video", 1001, n, HONEST)) for n in range(10)]
    for datagram in [*caught, *caught, *caught]:
        honest.send_datagram(datagram)
    await send(honest, [])
    assert came_from(listener) == {HONEST: 10}


async def test_who_asks_for_everything_again_is_not_sent_more_than_a_line_can_have_lost(table: Hall) -> None:
    honest, his = await table.publish("honest", [CAMERA], {"1": "camera"})
    listener = await table.watch("listener", [ids(his)["camera"]])
    await send(honest, [packet("video", 1001, n, HONEST) for n in range(100)], 0.002)
    ssrc = next(iter(listener.streams))
    newest = listener.streams[ssrc].highest
    began = time.monotonic()
    for round_ in range(80):
        lost = [(newest - number) & 0xFFFF for number in range(90, 0, -1)]
        listener.send_rtcp(rtcp.receiver_report(7, []) + rtcp.nack(7, ssrc, lost[round_ % 2 * 30 :]))
        await asyncio.sleep(0.025)
    await send(honest, [], 0)
    took_s = time.monotonic() - began
    repeats = sum(came_from(listener).values()) - 100
    assert 0 < repeats <= REPEATS_PER_S * (1 + took_s)
