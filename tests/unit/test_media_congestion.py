"""A subscriber whose connection takes no more (TCP): whole pictures are left out, and come again from a keyframe on."""

from __future__ import annotations

from typing import Any

import pytest

from hub import rtp
from signaling.media import rtcp
from signaling.media.consumer import Consumer
from signaling.media.sdp import Codec
from signaling.media.stream import Stream
from tests.support.rtp_packets import packet

VP8 = Codec("VP8", 90_000, 96, 97, frozenset())
MS_NS = 1_000_000


class Line:
    """Stands in for the subscriber's transport and notes what was sent."""

    pacer = None
    connected = True
    congested = False

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes]] = []

    def begun(self, _consumer: Any) -> None: ...

    def send_rtp(self, datagram: bytes) -> None:
        self.sent.append((rtp.sequence(datagram), bytes(datagram[20:])))

    def send_runs(self, runs: Any, _ssrc: int, offsets: Any) -> None:
        for run in runs:
            for each in run:
                self.sent.append((each.sequence + offsets.sequence & 0xFFFF, bytes(each.data[20:])))


class World:
    def __init__(self) -> None:
        self.line, self.asked, self.fresh = Line(), 0, []
        self.stream = Stream(
            VP8,
            video=True,
            nacks=True,
            ssrc=3,
            payload_type=96,
            send_rtcp=self._publisher_hears,
            on_packet=lambda *_: None,
            on_fresh=self.fresh.append,
        )
        self.consumer = Consumer(self.line, video=True, stream_id="s")  # type: ignore[arg-type]
        self.consumer.stream = self.stream
        self.stream.consumers.append(self.consumer)
        self.now_ns, self.number = 0, 0

    def _publisher_hears(self, message: bytes) -> None:
        self.asked += any(isinstance(one, rtcp.Pli) for one in rtcp.parse(message))

    def frame(self, *, key: bool = False) -> bytes:
        """One frame of one packet arrives; its payload."""
        self.number += 1
        self.now_ns += 33 * MS_NS
        payload = (
            b"\x10" + bytes([0x00 if key else 0x01]) + b"\x00\x00\x9d\x01\x2a" + self.number.to_bytes(2) + bytes(20)
        )
        data = packet(seq=self.number, ts=self.number * 3000, mark=True, payload=payload)
        self.stream.receive(bytes(data), self.now_ns, paused=False)
        self.stream.forward(self.now_ns / 1e6)
        self.stream.tick(self.now_ns, paused=False)
        return payload


@pytest.fixture
def world() -> World:
    made = World()
    made.frame(key=True)
    made.frame()
    assert len(made.line.sent) == 2
    return made


def test_while_the_connection_is_full_no_picture_goes_into_it(world: World) -> None:
    world.line.congested = True
    for _ in range(10):
        world.frame()
    world.frame(key=True)
    assert len(world.line.sent) == 2


def test_afterwards_a_keyframe_is_asked_for_and_nothing_torn_is_sent(world: World) -> None:
    world.line.congested = True
    for _ in range(10):
        world.frame()
    asked = world.asked
    world.line.congested = False
    for _ in range(30):
        world.frame()
    assert world.asked > asked
    assert len(world.line.sent) == 2, "what came in between cannot be decoded"
    key, after = world.frame(key=True), world.frame()
    assert [payload[: len(key)] for _, payload in world.line.sent[2:]] == [key, after]


def test_the_subscriber_misses_no_number(world: World) -> None:
    world.line.congested = True
    for _ in range(10):
        world.frame()
    world.line.congested = False
    world.frame()
    world.frame(key=True)
    world.frame()
    numbers = [number for number, _ in world.line.sent]
    assert numbers == list(range(numbers[0], numbers[0] + 4))


def test_repeats_wait_too(world: World) -> None:
    missed = world.line.sent[-1][0]
    world.line.congested = True
    world.frame()
    world.consumer.nacked((missed,), world.now_ns + 100 * MS_NS)
    assert len(world.line.sent) == 2
