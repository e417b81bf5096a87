"""What a range of a recording withholds, and what stands in its place."""

import io
import json

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import withheld
from hub.withheld import Range
from tests.support.decoding import decode
from web import format as formats

SEATS = ("chair", "point")
segments = st.lists(st.tuples(st.sampled_from(SEATS), st.integers(0, 60_000), st.integers(1, 10_000)), max_size=20)
ranges = st.builds(
    lambda start, length, seat: Range(start, start + length, seat),
    st.integers(0, 60_000),
    st.integers(1, 30_000),
    st.sampled_from([None, *SEATS]),
)


@given(ranges, segments)
def test_a_range_grows_outward_to_whole_segments_and_never_shrinks(asked: Range, there: list) -> None:
    grown = asked.rounded(there)
    assert grown.start_ms <= asked.start_ms
    assert asked.end_ms <= grown.end_ms
    for seat, start, duration in there:
        if asked.touches(seat, start, duration):
            assert grown.start_ms <= start
            assert start + duration <= grown.end_ms
    assert grown.start_ms in {asked.start_ms, *(start for _, start, _ in there)}


@given(ranges, segments)
def test_every_segment_with_an_instant_of_the_range_is_withheld_and_no_other(asked: Range, there: list) -> None:
    for seat, start, duration in there:
        shares = max(start, asked.start_ms) < min(start + duration, asked.end_ms)
        assert asked.touches(seat, start, duration) == (shares and asked.seat_id in (None, seat))


def test_what_was_written_at_the_edge_of_a_passage_is_withheld_too() -> None:
    assert [withheld.said_within([Range(1000, 2000)], at) for at in (999, 1000, 2000, 2001)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("duration_ms", [1, 700, 9_940])
def test_in_its_place_are_black_and_silence_of_the_same_length(duration_ms: int) -> None:
    picture = decode([withheld.instead("video", 20_000, duration_ms)])
    assert picture.sizes == {withheld.BLACK_SIZE}
    assert picture.frames[0][0] == 20.0
    assert all(seen is None for _, seen in picture.frames)
    sound = decode([withheld.instead("audio", 20_000, duration_ms)])
    assert abs(sound.sound).max() == 0
    assert abs(len(sound.sound) / 48_000 - max(0.12, duration_ms / 1000)) < 0.125


def test_the_black_picture_is_black() -> None:

    with av.open(io.BytesIO(withheld.instead("video", 0, 1000))) as container:
        for frame in container.decode():
            assert isinstance(frame, av.VideoFrame)
            assert frame.to_ndarray(format="gray").max() <= 20


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0:12:30", 750_000),
        ("12:30", 750_000),
        ("1h2m3s", 3_723_000),
        ("90", 90_000),
        (" 1 : 00 : 00 ", 3_600_000),
        ("", None),
        ("abc", None),
        ("-5", None),
        ("1:2:3:4", None),
        (json.dumps(None), None),
    ],
)
def test_positions_are_read_as_people_write_them(text: str, milliseconds: int | None) -> None:
    assert formats.position(text) == milliseconds
