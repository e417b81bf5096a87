"""A keyframe for a weak line leaves bit by bit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.media.pacer import ABOVE, BURST_MS, LEAST_BURST_BYTES, MOST_DELAY_MS, Pacer


def test_a_keyframe_takes_as_long_as_the_line_needs_for_it() -> None:
    pacer = Pacer(320_000, 0)
    keyframe = [bytearray(1_000) for _ in range(20)]
    for packet in keyframe:
        pacer.push(packet, 0)
    left, now_ms = pacer.due(0), 0
    assert len(left) <= 2
    while len(left) < 20:
        now_ms += 20
        left += pacer.due(now_ms)
    assert 300 <= now_ms <= 20_000 * 8 / (320 * ABOVE) + 20
    assert left == keyframe


def test_a_packet_larger_than_the_bucket_leaves_too() -> None:
    pacer = Pacer(1_000, 0)
    pacer.push(bytearray(5_000), 0)
    assert len(pacer.due(0)) == 1
    pacer.push(bytearray(10), 0)
    assert pacer.due(100) == []


def test_pictures_that_waited_too_long_are_thrown_away_together() -> None:
    pacer = Pacer(10_000, 0)
    for _ in range(10):
        pacer.push(bytearray(1_200), 0)
    pacer.due(0)
    assert not pacer.overdue(MOST_DELAY_MS)
    assert pacer.overdue(MOST_DELAY_MS + 1)
    assert pacer.drain() == []


def test_what_waits_leaves_at_once_when_the_line_is_found_to_be_good() -> None:
    pacer = Pacer(10_000, 0)
    packets = [bytearray(1_200) for _ in range(10)]
    for packet in packets:
        pacer.push(packet, 0)
    assert pacer.due(0) + pacer.drain() == packets


@given(
    st.integers(20_000, 5_000_000),
    st.lists(st.tuples(st.integers(0, 60), st.lists(st.integers(40, 1_400), max_size=12)), max_size=60),
)
def test_never_more_leaves_than_the_bucket_holds(bps: int, steps: list[tuple[int, list[int]]]) -> None:
    pacer, now_ms, sent = Pacer(bps, 0), 0, 0
    for pause_ms, sizes in steps:
        now_ms += pause_ms
        for size in sizes:
            pacer.push(bytearray(size), now_ms)
        sent += sum(map(len, pacer.due(now_ms)))
        burst = max(LEAST_BURST_BYTES, BURST_MS * bps * ABOVE / 8000)
        assert sent <= burst + now_ms * bps * ABOVE / 8000 + 1_400
