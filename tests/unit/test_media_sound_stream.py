"""Sound has no stream of its own for repeats: what is missing is asked for, and stays a loss in the reports."""

from __future__ import annotations

from signaling.media import nack, rtcp
from signaling.media.sdp import Codec
from signaling.media.stream import Stream
from tests.support.rtp_packets import packet

PACKET_NS = 20_000_000


class Microphone:
    """Fifty packets a second; ``asked`` are the numbers that were asked for."""

    def __init__(self, *, rtx_payload_type: int | None = None) -> None:
        self.asked: list[int] = []
        self.taken: list[int] = []
        self.stream = Stream(
            Codec("opus", 48_000, 111, rtx_payload_type, frozenset()),
            video=False,
            nacks=True,
            ssrc=3,
            payload_type=111,
            send_rtcp=self._told,
            on_packet=lambda _stream, data, _now_ns: self.taken.append(int.from_bytes(data[2:4])),
            on_fresh=lambda _stream: None,
        )

    def _told(self, compound: bytes) -> None:
        for told in rtcp.parse(compound):
            if isinstance(told, rtcp.Nack):
                self.asked += told.lost

    def sends(self, number: int, *, at: int | None = None) -> None:
        now_ns = (number if at is None else at) * PACKET_NS
        data = bytes(packet(seq=number, ts=number * 960, pt=111))
        self.stream.receive(data, now_ns, paused=False)
        self.stream.tick(now_ns + nack.REORDER_MS * 1_000_000, paused=False)


def test_a_lost_sound_is_asked_for_and_its_repeat_is_taken() -> None:
    microphone = Microphone()
    for number in (1, 2, 4):
        microphone.sends(number)
    assert microphone.asked == [3]
    microphone.sends(3, at=5)
    assert microphone.taken == [1, 2, 4, 3]


def test_a_loss_that_was_made_good_is_reported_as_a_loss_because_the_encoder_goes_by_it() -> None:
    microphone = Microphone()
    for number in range(1, 102):
        if number % 10:
            microphone.sends(number)
        if number % 10 == 1 and number > 1:
            microphone.sends(number - 1, at=number)
    assert microphone.asked == list(range(10, 101, 10))
    block = microphone.stream.report_block(101 * PACKET_NS)
    assert block is not None
    assert block.lost == 10
    assert block.fraction_lost > 0
    assert microphone.stream.stats.jitter_ms < 1


def test_a_sound_that_was_only_overtaken_is_no_loss() -> None:
    microphone = Microphone()
    for number in (1, 2, 4, 5):
        microphone.stream.receive(bytes(packet(seq=number, ts=number * 960, pt=111)), number * PACKET_NS, paused=False)
    microphone.sends(3, at=5)
    block = microphone.stream.report_block(6 * PACKET_NS)
    assert block is not None
    assert block.lost == 0


def test_where_repeats_come_apart_what_comes_late_on_the_stream_itself_is_no_loss() -> None:
    microphone = Microphone(rtx_payload_type=112)
    for number in (1, 2, 4):
        microphone.sends(number)
    microphone.sends(3, at=5)
    block = microphone.stream.report_block(6 * PACKET_NS)
    assert block is not None
    assert block.lost == 0
