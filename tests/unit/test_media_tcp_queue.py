"""What waits for a slow TCP peer: bounded, sound before picture, nothing stale."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.media import tcp_queue
from signaling.media.framing import Deframer
from signaling.media.sdp_write import OPUS, VP8
from signaling.media.tcp_queue import SendQueue, is_video

SECOND_NS = 1_000_000_000


def packet(payload_type: int, number: int = 0, size: int = 1000) -> bytes:
    return bytes([0x80, payload_type]) + number.to_bytes(2) + bytes(size - 4)


def picture(number: int = 0, size: int = 1000) -> bytes:
    return packet(VP8, number, size)


def sound(number: int = 0, size: int = 100) -> bytes:
    return packet(OPUS, number, size)


def everything(queue: SendQueue, now_ns: int = 0) -> list[bytes]:
    found = []
    while stream := queue.take(5_000, now_ns):
        found += Deframer(65_535).feed(stream)
    return found


def test_picture_is_told_from_everything_else() -> None:
    assert is_video(picture())
    assert is_video(packet(VP8 | 0x80)), "the marker is not part of the payload type"
    for other in (sound(), packet(200), packet(206), b"\x00\x01" + bytes(18), bytes([22]) * 40, b"", b"\x80"):
        assert not is_video(other)


def test_sound_and_reports_overtake_picture_and_each_keeps_its_order() -> None:
    queue = SendQueue()
    sent = [picture(1), sound(2), picture(3), packet(206, 4), sound(5)]
    for datagram in sent:
        queue.put(datagram, 0)
    assert everything(queue) == [sent[1], sent[3], sent[4], sent[0], sent[2]]
    assert queue.waiting_bytes == 0


def test_when_it_is_full_picture_goes_first_and_sound_still_fits() -> None:
    queue = SendQueue()
    for number in range(1000):
        queue.put(picture(number), 0)
    assert queue.congested
    assert queue.dropped > 700
    dropped = queue.dropped
    for number in range(200):
        queue.put(sound(number), 0)
    assert queue.dropped == dropped
    assert everything(queue)[:200] == [sound(number) for number in range(200)]


def test_picture_that_waits_too_long_is_not_wanted_until_all_of_it_has_left() -> None:
    queue = SendQueue()
    for number in range(20):
        queue.put(picture(number), 0)
    queue.look(SECOND_NS // 10)
    assert not queue.congested
    queue.look(SECOND_NS // 3)
    assert queue.congested
    queue.take(5_000, SECOND_NS // 3)
    assert queue.congested
    everything(queue, SECOND_NS // 3)
    assert not queue.congested


def test_media_that_is_too_old_is_never_sent_and_reports_always_are() -> None:
    queue = SendQueue()
    report = packet(201)
    for datagram in (sound(1), report, picture(1)):
        queue.put(datagram, 0)
    later = 2 * SECOND_NS
    queue.put(sound(2), later)
    assert everything(queue, later) == [report, sound(2)]
    assert queue.waiting_bytes == 0
    assert queue.dropped == 2


@given(
    st.lists(
        st.tuples(st.sampled_from([VP8, OPUS, 201]), st.integers(12, 1400), st.integers(0, 400_000_000), st.booleans()),
        max_size=300,
    )
)
def test_it_is_always_bounded_and_counts_what_it_holds(steps: list[tuple[int, int, int, bool]]) -> None:
    queue, now_ns, given_, taken = SendQueue(), 0, 0, 0
    for payload_type, size, pause_ns, take in steps:
        now_ns += pause_ns
        queue.put(packet(payload_type, size=size), now_ns)
        given_ += 1
        if take:
            taken += len(Deframer(65_535).feed(queue.take(3_000, now_ns)))
        most = tcp_queue.MOST_VIDEO_BYTES + tcp_queue.MOST_OTHER_BYTES
        assert 0 <= queue.waiting_bytes <= most + 2 * given_
    taken += len(everything(queue, now_ns))
    assert taken + queue.dropped == given_
    assert queue.waiting_bytes == 0
