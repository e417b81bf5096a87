"""What all consumers get alike, and how packets are grouped so that one system call sends many."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub import rtp
from signaling.media.shape import MOST_PADDING, MOST_SEGMENTS, SHAPE_BYTES, Batch, Shaped, shape
from tests.support.rtp_packets import packet

sizes = st.lists(st.integers(1, 1200), min_size=1, max_size=120)


def shaped(sequence: int, payload: bytes) -> Shaped:
    plain = packet(seq=sequence & 0xFFFF, ts=90 * sequence, payload=payload)
    return Shaped(shape(plain, sequence & 0xFFFF, 96, 0), sequence & 0xFFFF, rtp.timestamp(plain), None)


def test_the_publishers_own_extensions_and_padding_are_left_behind() -> None:
    plain = packet(seq=7, ts=9, mark=True, extension=(rtp.ONE_BYTE_PROFILE, b"\x10\x01"), padding=5)
    data = shape(plain, 7, 100, 0)
    assert rtp.valid(data)
    assert bytes(rtp.payload(data)) == b"payload"
    assert (rtp.sequence(data), rtp.timestamp(data), rtp.payload_type(data), rtp.marker(data)) == (7, 9, 100, True)
    assert rtp.header_length(data) == SHAPE_BYTES


@given(sizes)
def test_a_run_has_one_size_and_every_payload_survives(lengths: list[int]) -> None:
    payloads = [bytes([number % 251]) * length for number, length in enumerate(lengths)]
    batch = Batch([shaped(number, payload) for number, payload in enumerate(payloads)])
    together = [one for run in batch.runs for one in run]
    assert together == batch.packets
    for run in batch.runs:
        assert len({len(one.data) for one in run}) == 1
        assert len(run) <= MOST_SEGMENTS
    for one, payload in zip(batch.packets, payloads, strict=True):
        assert rtp.valid(one.data)
        assert bytes(rtp.payload(one.data)) == payload
        assert len(one.data) - SHAPE_BYTES - len(payload) <= MOST_PADDING
    assert batch.octets == sum(lengths)


@given(sizes)
def test_what_was_sent_before_is_grouped_again_without_changing_a_byte(lengths: list[int]) -> None:
    packets = [shaped(number, bytes(length)) for number, length in enumerate(lengths)]
    Batch(packets)
    before = [one.data for one in packets]
    again = Batch(packets, fill=False)
    assert [one.data for one in packets] == before
    assert all(len({len(one.data) for one in run}) == 1 for run in again.runs)


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20))
def test_a_batch_knows_whether_it_came_in_order(numbers: list[int]) -> None:
    batch = Batch([shaped(number, b"x") for number in numbers])
    steps = [rtp.distance(later, earlier) for earlier, later in itertools.pairwise(numbers)]
    assert batch.in_order == all(step > 0 for step in steps)
