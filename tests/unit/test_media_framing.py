"""Datagrams on a stream (RFC 4571): whatever the pieces, the same datagrams come out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.media.framing import Deframer, FramingError, frame

LARGEST = 100
datagrams = st.lists(st.binary(max_size=LARGEST), max_size=20)


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """The stream in pieces of these sizes, and the rest of it."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(stream[at : at + size])
        at += size
    return [*pieces, stream[at:]]


@given(datagrams, st.lists(st.integers(0, 40), max_size=60))
def test_what_is_framed_comes_out_the_same_however_the_stream_is_cut(sent: list[bytes], sizes: list[int]) -> None:
    deframer = Deframer(LARGEST)
    stream = b"".join(map(frame, sent))
    came = [datagram for piece in cut(stream, sizes) for datagram in deframer.feed(piece)]
    assert came == sent
    assert deframer.waiting_bytes == 0


@given(st.binary(max_size=400), st.lists(st.integers(0, 40), max_size=20))
def test_nonsense_ends_in_an_error_or_in_a_bounded_wait(stream: bytes, sizes: list[int]) -> None:
    deframer = Deframer(LARGEST)
    try:
        for piece in cut(stream, sizes):
            deframer.feed(piece)
    except FramingError:
        return
    assert deframer.waiting_bytes < LARGEST + 2


def test_a_datagram_larger_than_allowed_is_refused_before_it_has_come() -> None:
    deframer = Deframer(LARGEST)
    assert deframer.feed(frame(b"x" * LARGEST)) == [b"x" * LARGEST]
    with pytest.raises(FramingError):
        deframer.feed(b"\x00\x65")
