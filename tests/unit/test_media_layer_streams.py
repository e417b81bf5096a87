"""Several layers of one picture made one stream: for the recorder the best that comes, on one clock."""

from __future__ import annotations

import itertools

import pytest

from hub import rtp
from signaling.media import rtcp, vp8
from signaling.media.recorded_layers import BEGIN_NS, SILENT_NS, RecordedLayers
from signaling.media.rewriter import Rewriter
from signaling.media.sdp import Codec
from signaling.media.sender_report import PublisherClock
from signaling.media.stream import Stream
from tests.support.rtp_packets import packet

CODEC = Codec("VP8", 90_000, 96, None, frozenset())
FRAME_NS = 40_000_000
TICKS = 3_600
BASES = (1_000_000, 2_000_000_000, 4_294_960_000)
"""Each layer numbers its pictures from a beginning of its own; the best's wraps soon."""


class Camera:
    """Three layers of 25 pictures a second, one packet each; ``sending`` says which come."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.streams = [self._stream(number) for number in range(3)]
        self.record = RecordedLayers(self.streams, ssrc=9, payload_type=96, clock_rate=90_000)
        self.now_ns, self.number = 1_000_000_000, 0
        self.recorded: list[tuple[int, bytes]] = []
        self.keyframe_due = [True] * 3

    def _stream(self, number: int) -> Stream:
        def take(stream: Stream, data: bytes, now_ns: int) -> None:
            kept = self.record.packet(stream, data, now_ns)
            if kept is not None:
                self.recorded.append((number, kept))

        def ask(_packet: bytes) -> None:
            self.keyframe_due[number] = True

        return Stream(
            CODEC,
            video=True,
            nacks=False,
            ssrc=100 + number,
            payload_type=96,
            rid="qhf"[number],
            send_rtcp=ask,
            on_packet=take,
            on_fresh=lambda _stream: None,
        )

    def run(self, seconds: float, *sending: int) -> None:
        for _ in range(int(seconds * 25)):
            self.number += 1
            self.now_ns += FRAME_NS
            for layer in range(3):
                if layer not in sending:
                    self.keyframe_due[layer] = True
                    continue
                self._send(layer)

    def _send(self, layer: int) -> None:
        key, self.keyframe_due[layer] = self.keyframe_due[layer], False
        head = bytes([0x90, 0x80, 0x80 | self.number >> 8 & 0x7F, self.number & 0xFF])
        data = packet(
            seq=(layer * 20_000 + self.number) & 0xFFFF,
            ts=self._stamp(layer),
            ssrc=100 + layer,
            payload=head + (b"\x10" if key else b"\x11") + b"picture",
        )
        self.streams[layer].receive(bytes(data), self.now_ns, paused=False)

    def _stamp(self, layer: int) -> int:
        return (BASES[layer] + self.number * TICKS) & 0xFFFFFFFF

    def report(self) -> None:
        """Every layer's sender report for now."""
        for layer, stream in enumerate(self.streams):
            ntp = (self.now_ns << 32) // 1_000_000_000
            stream.sender_report(rtcp.SenderReport(100 + layer, ntp, self._stamp(layer), 0, 0), self.now_ns)

    def layers(self) -> list[int]:
        """Which were recorded, one after the other."""
        return [layer for layer, _ in itertools.groupby(number for number, _ in self.recorded)]


def steps(camera: Camera, read: object) -> list[int]:
    values = [read(data) for _, data in camera.recorded]  # type: ignore[operator]
    return [b - a for a, b in itertools.pairwise(values)]


def test_the_best_layer_is_recorded_and_the_next_best_when_it_stops() -> None:
    camera = Camera()
    camera.run(2, 0, 1, 2)
    camera.report()
    camera.run(2, 0, 1)
    camera.run(2, 0)
    camera.run(2, 0, 2)
    assert camera.layers() == [2, 1, 0, 2]


def test_the_record_is_one_unbroken_stream_on_one_clock() -> None:
    camera = Camera()
    camera.run(2, 0, 1, 2)
    camera.report()
    camera.run(2, 0, 1)
    camera.run(2, 0, 1, 2)
    assert {step % 65_536 for step in steps(camera, rtp.sequence)} == {1}
    assert {rtp.ssrc(data) for _, data in camera.recorded} == {9}
    apart = [step % 2**32 for step in steps(camera, rtp.timestamp)]
    # A picture of which two layers are recorded is told twice, a millisecond apart.
    again = {90}
    assert set(apart) - again <= {TICKS * count for count in range(1, 10)}, "the clocks were lined up"
    assert max(apart) * 1_000_000_000 // 90_000 <= SILENT_NS + 2 * FRAME_NS
    begins = [vp8.parse(data, 12, len(data)) for _, data in camera.recorded]
    for (layer, _), (later, _), descriptor in zip(camera.recorded, camera.recorded[1:], begins[1:], strict=False):
        assert layer == later or (descriptor is not None and descriptor.keyframe)


def test_the_beginning_waits_for_the_best_a_moment_and_no_longer() -> None:
    camera = Camera()
    camera.run(2, 0)
    assert camera.layers() == [0]
    missing_ns = (50 - len(camera.recorded)) * FRAME_NS
    assert BEGIN_NS <= missing_ns <= BEGIN_NS + 2 * FRAME_NS


def test_after_a_pause_the_best_is_recorded_again() -> None:
    camera = Camera()
    camera.run(1, 0, 1)
    camera.record.resumed()
    camera.keyframe_due = [True] * 3
    camera.run(1, 0, 1, 2)
    assert camera.layers()[-1] == 2


def test_a_sender_report_counts_in_recorded_numbers() -> None:
    camera = Camera()
    camera.run(1, 0, 1, 2)
    camera.report()
    camera.run(1, 0, 1)
    stamp = camera._stamp(1)
    assert camera.record.report(camera.streams[1], stamp) == rtp.timestamp(camera.recorded[-1][1])
    assert camera.record.report(camera.streams[0], stamp) is None


def test_two_layers_clocks_are_lined_up_by_their_reports() -> None:
    low, high = PublisherClock(90_000), PublisherClock(90_000)
    assert high.onto(low) is None
    low.received(rtcp.SenderReport(1, 100 << 32, 5_000, 0, 0), 0)
    assert high.onto(low) is None
    high.received(rtcp.SenderReport(2, 102 << 32, 4_294_967_000, 0, 0), 0)
    apart = high.onto(low)
    assert apart is not None
    assert (4_294_967_000 + apart) % 2**32 == 5_000 + 2 * 90_000


@pytest.mark.parametrize(("offset", "expected"), [(500, 9_500), (0, 9_000), (5_000_000, 9_000), (-8_000, 5_490)])
def test_a_switch_keeps_the_clock_that_is_known_if_it_is_credible_and_goes_forward(offset: int, expected: int) -> None:
    rewriter = Rewriter(ssrc=1, payload_type=96, clock_rate=90_000)
    rewriter.forward(packet(seq=1, ts=5_400), 0)
    rewriter.switch(100_000 + offset & 0xFFFFFFFF)
    out = rewriter.forward(packet(seq=9, ts=9_000 - 100_000 & 0xFFFFFFFF), 40)
    assert out is not None
    assert rtp.timestamp(out) == expected
