"""How hearings stand side by side in a week or a day by hours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web.calendar_layout import SEEN_MINUTES, Lane, lanes

SPANS = st.lists(st.tuples(st.integers(0, 1380), st.integers(1, 720)), max_size=12).map(
    lambda found: sorted(((first, first + lasts) for first, lasts in found), key=lambda span: span[0])
)


def test_what_follows_needs_no_second_lane_and_what_overlaps_does():
    assert lanes([(480, 600), (540, 660), (660, 720), (600, 630)][:3]) == [Lane(0, 2, 0), Lane(1, 2, 0), Lane(0, 1, 1)]
    assert lanes([(480, 660), (480, 540), (540, 600)]) == [Lane(0, 2, 0), Lane(1, 2, 0), Lane(1, 2, 0)]
    assert lanes([]) == []


@given(SPANS)
def test_no_two_cover_each_other_and_lanes_are_no_more_than_ever_overlap(spans):
    found = lanes(spans)
    seen = [(first, max(end, first + SEEN_MINUTES)) for first, end in spans]
    for number, (one, here) in enumerate(zip(seen, found, strict=True)):
        assert 0 <= here.lane < here.lanes
        for other, there in zip(seen[:number], found[:number], strict=True):
            if one[0] < other[1] and other[0] < one[1]:
                assert here.group == there.group
                assert here.lane != there.lane
    for group in {one.group for one in found}:
        at_once = max(sum(a <= at < b for a, b in seen) for at, _ in seen)
        assert next(one.lanes for one in found if one.group == group) <= at_once
