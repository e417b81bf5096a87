"""Charts drawn by hand: whatever the data, every point lies inside the axes and every name can be read."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import plot
from bench.plot import Chart, page, ticks

values = st.floats(0, 1e9).filter(lambda value: value == 0 or value > 1e-6)
lines = st.lists(st.lists(st.tuples(values, values), min_size=1, max_size=8), min_size=1, max_size=4)


@given(st.floats(1e-6, 1e12))
def test_ticks_are_round_begin_at_zero_and_cover_everything(highest):
    found = ticks(highest)
    assert found[0] == 0
    assert found[-1] >= highest * 0.999
    assert 3 <= len(found) <= 12


def test_an_axis_of_nothing_still_has_a_length():
    assert ticks(0) == [0, 1]


def test_ticks_are_what_people_count_in():
    assert ticks(400) == [0, 100, 200, 300, 400]
    assert ticks(0.83) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])


@given(lines)
def test_every_point_lies_inside_the_axes(data):
    chart = Chart("t", "x", "y", [(f"line {n}", points) for n, points in enumerate(data)])
    drawn = ET.fromstring(page([chart]))
    circles = [node for node in drawn.iter() if node.tag.endswith("circle")]
    assert len(circles) == sum(map(len, data))
    for circle in circles:
        # A tick may end a thousandth below the highest value.
        assert plot.LEFT <= float(circle.get("cx")) <= plot.WIDTH - plot.RIGHT + 1
        assert plot.TOP - 1 <= float(circle.get("cy")) <= plot.HEIGHT - plot.BOTTOM


def test_names_of_lines_that_end_together_do_not_cover_each_other():
    chart = Chart("t", "x", "y", [(name, [(1, 5)]) for name in "abc"])
    drawn = ET.fromstring(page([chart]))
    heights = [float(n.get("y")) for n in drawn.iter() if n.tag.endswith("text") and n.text in {"a", "b", "c"}]
    assert sorted(heights) == pytest.approx([min(heights), min(heights) + 14, min(heights) + 28])


def test_labels_with_signs_of_markup_are_text():
    drawn = ET.fromstring(page([Chart("a < b & c", "x", "y", [("<l>", [(1, 1)])])]))
    texts = [node.text for node in drawn.iter() if node.tag.endswith("text")]
    assert {"a < b & c", "<l>"} <= set(texts)


def test_charts_stand_side_by_side_in_rows():
    chart = Chart("t", "x", "y", [("l", [(1, 1)])])
    drawn = ET.fromstring(page([chart] * 3))
    assert (drawn.get("width"), drawn.get("height")) == (str(2 * plot.WIDTH), str(2 * plot.HEIGHT))
