"""One line of a subscriber given from layer to layer: seamless for its decoder, and paced while its line is weak."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

from hub import rtp
from signaling.media import rtcp
from signaling.media.consumer import Consumer
from signaling.media.pacer import Pacer
from signaling.media.sdp import Codec
from signaling.media.sender_report import RoundTrip
from signaling.media.stream import Stream
from tests.support.rtp_packets import packet

VP8 = Codec("VP8", 90_000, 96, 97, frozenset())
FRAME_NS = 40_000_000
BASES = (7_000, 3_000_000_000)


class Line:
    """Stands in for the subscriber's transport and notes what was sent."""

    connected, congested, h264 = True, False, True
    pacer: Pacer | None = None

    def __init__(self) -> None:
        self.sent: list[tuple[int, int, bytes]] = []
        """Sequence number, timestamp, payload."""
        self.reports: list[rtcp.SenderReport] = []
        self.round_trip = RoundTrip()

    def begun(self, _consumer: Any) -> None: ...

    def send_rtp(self, datagram: bytes) -> None:
        self.sent.append((rtp.sequence(datagram), rtp.timestamp(datagram), bytes(datagram[20:])))

    def send_rtcp(self, datagram: bytes) -> None:
        self.reports += [one for one in rtcp.parse(datagram) if isinstance(one, rtcp.SenderReport)]

    def send_runs(self, runs: Any, ssrc: int, offsets: Any) -> None:
        for each in itertools.chain.from_iterable(runs):
            data = bytearray(each.data)
            numbers = each.sequence + offsets.sequence, each.timestamp + offsets.timestamp
            rtp.set_header(data, numbers[0] & 0xFFFF, numbers[1] & 0xFFFFFFFF, ssrc, 96)
            self.send_rtp(data)


class World:
    """A camera in two layers of 25 pictures a second, and one who receives it."""

    def __init__(self) -> None:
        self.line, self.asked = Line(), [0, 0]
        self.streams = [self._stream(0), self._stream(1)]
        producer: Any = SimpleNamespace(
            streams=self.streams, best=self.streams[1], paused="", peer_id="p", h264=False, payload_type=96
        )
        self.consumer = Consumer(self.line, video=True, stream_id="s")  # type: ignore[arg-type]
        self.now_ns, self.number = 1_000_000_000, 0
        self.consumer.start(self.now_ns, uses_rtx=True)
        self.consumer.carry(producer, self.now_ns)

    def _stream(self, layer: int) -> Stream:
        def asked(datagram: bytes) -> None:
            self.asked[layer] += any(isinstance(one, rtcp.Pli) for one in rtcp.parse(datagram))

        return Stream(
            VP8,
            video=True,
            nacks=True,
            ssrc=3 + layer,
            payload_type=96,
            send_rtcp=asked,
            on_packet=lambda *_: None,
            on_fresh=lambda _stream: None,
        )

    def prefer(self, layer: int | None) -> None:
        self.consumer.prefer(None if layer is None else self.streams[layer], self.now_ns)

    def picture(self, *keys: int) -> None:
        """Both layers send one; ``keys`` of them a keyframe."""
        self.number += 1
        self.now_ns += FRAME_NS
        for layer, stream in enumerate(self.streams):
            payload = b"\x10" + bytes([0x10 if layer in keys else 0x11, layer]) + self.number.to_bytes(2) + bytes(200)
            stamp = (BASES[layer] + self.number * 3_600) & 0xFFFFFFFF
            data = packet(seq=self.number + 500 * layer, ts=stamp, ssrc=3 + layer, mark=True, payload=payload)
            stream.receive(bytes(data), self.now_ns, paused=False)
            stream.forward(self.now_ns / 1e6)

    def report(self) -> None:
        for layer, stream in enumerate(self.streams):
            ntp = (self.now_ns << 32) // 1_000_000_000
            stamp = (BASES[layer] + self.number * 3_600) & 0xFFFFFFFF
            stream.sender_report(rtcp.SenderReport(3 + layer, ntp, stamp, 0, 0), self.now_ns)

    @property
    def layers(self) -> list[int]:
        return [payload[2] for _, _, payload in self.line.sent]


def watching(layer: int) -> World:
    world = World()
    world.prefer(layer)
    world.picture(0, 1)
    world.report()
    world.picture()
    return world


def test_the_old_layer_goes_on_until_the_new_one_has_a_keyframe() -> None:
    world = watching(0)
    world.prefer(1)
    assert world.asked[1] == 1
    world.picture()
    world.picture(1)
    world.picture()
    assert world.layers == [0, 0, 0, 0, 1, 1]
    numbers = [number for number, _, _ in world.line.sent]
    assert {b - a & 0xFFFF for a, b in itertools.pairwise(numbers)} == {1}


def test_both_layers_keep_one_clock_and_the_browser_is_told_at_once() -> None:
    world = watching(1)
    offset = world.line.sent[-1][1] - world.number * 3_600
    reports = len(world.line.reports)
    world.prefer(0)
    world.picture()
    world.picture(0)
    assert len(world.line.reports) == reports + 1
    for _ in range(5):
        world.picture()
    drift = (world.line.sent[-1][1] - world.number * 3_600 - offset) % 2**32
    assert drift <= 90, "at most the millisecond of a picture that came twice"


def test_a_change_of_mind_leaves_no_trace() -> None:
    world = watching(0)
    world.prefer(1)
    world.prefer(0)
    world.picture(1)
    world.picture(1)
    assert set(world.layers) == {0}
    assert world.streams[1].consumers == []


def test_a_picture_that_stands_still_begins_again_with_a_keyframe() -> None:
    world = watching(0)
    world.prefer(None)
    assert world.consumer.frozen
    sent = len(world.line.sent)
    for _ in range(50):
        world.picture()
    assert len(world.line.sent) == sent
    asked = world.asked[0]
    world.prefer(0)
    assert not world.consumer.frozen
    assert world.asked[0] > asked
    world.picture()
    assert len(world.line.sent) == sent, "not before the keyframe"
    world.picture(0)
    world.picture()
    assert len(world.line.sent) == sent + 2


def test_a_line_that_ends_waits_for_no_layer() -> None:
    world = watching(0)
    world.prefer(1)
    world.consumer.stop()
    assert [stream.consumers for stream in world.streams] == [[], []]


def test_while_paced_pictures_wait_and_repeats_go_before_them() -> None:
    world = watching(0)
    last = world.line.sent[-1][0]
    sent = len(world.line.sent)
    world.line.pacer = Pacer(1_000, world.now_ns / 1e6)
    world.picture()
    world.consumer.nacked((last,), world.now_ns)
    assert len(world.line.sent) == sent
    first, second = world.line.pacer.drain()
    assert first[1] & 0x7F == 97, "the repeat, by RTX"
    assert second[1] & 0x7F == 96


def test_without_rtx_a_repeat_is_the_same_to_the_byte() -> None:
    world = World()
    world.consumer.start(world.now_ns, uses_rtx=False)
    world.prefer(0)
    world.picture(0)
    number, stamp, payload = world.line.sent[-1]
    world.now_ns += 100_000_000
    world.consumer.nacked((number,), world.now_ns)
    assert world.line.sent[-1] == (number, stamp, payload)


def test_padding_has_numbers_of_its_own_and_no_content() -> None:
    world = watching(0)
    media = [number for number, _, _ in world.line.sent]
    assert world.consumer.send_padding(world.now_ns) == 20 + 255
    assert world.consumer.send_padding(world.now_ns) == 20 + 255
    padding = world.line.sent[-2:]
    assert padding[1][0] - padding[0][0] & 0xFFFF == 1
    assert all(payload == bytes(254) + b"\xff" for _, _, payload in padding)
    world.picture()
    assert world.line.sent[-1][0] == media[-1] + 1 & 0xFFFF, "the picture's numbers go on"
