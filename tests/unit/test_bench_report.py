"""The figures of a benchmark: how they are counted, and what the last line says."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import cpu, forward_report, province_report, report
from bench.forward import Run
from bench.province import Outcome
from bench.province_points import Pass


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=300), st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, share):
    found = report.percentile(values, share)
    assert found in values
    # Rounded as the percentile is, or 0.1 of ten values would be eleven parts of a hundred and ten.
    needed = math.ceil(round(share * len(values), 9))
    assert sum(value <= found for value in values) >= needed
    assert sum(value < found for value in values) < max(1, needed)


def test_the_percentile_of_nothing_is_zero():
    assert report.percentile([], 0.99) == 0


def test_columns_of_a_table_stand_below_each_other():
    assert report.table(("name", "value"), [("a", 1), ("long name", 10)]) == (
        "name       value\n---------  -----\na              1\nlong name     10"
    )


def test_a_range_is_shown_only_for_what_was_measured_more_than_once():
    assert report.spread([1.0]) == "1.0"
    assert report.spread([3.0, 1.0, 2.0]) == "2.0 (1.0–3.0)"


def test_processor_time_is_read_past_a_name_with_spaces_and_brackets():
    fields = ["S", *(["0"] * 10), "250", "50", *(["0"] * 10)]
    assert cpu.parse_stat("12 (a ) b) " + " ".join(fields)) == cpu.CpuTime(2.5, 0.5)


def run(server: str, size: int, media_s: float, **changes: object) -> Run:
    made = Run(server, size, sent=1000, forwarded=1000 * size, window_s=10)
    made.cpu_s = {"worker": media_s, "web": 1.0, "media": media_s}
    made.resident = {"worker": 50_000_000, "web": 1, "media": 50_000_000}
    made.delays_ms = [1.0, 2.0]
    made.per_subscriber = 100_000
    made.joins_per_s = made.join_cpu_ms = 10
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_the_ratio_is_the_worst_of_all_sizes_and_counts_medians():
    runs = [
        *(run("hub", 20, seconds) for seconds in (0.1, 0.2, 9.0)),
        run("janus", 20, 0.4),
        run("hub", 60, 0.3),
        run("janus", 60, 1.0),
    ]
    _, figures = forward_report.summarize(runs)
    assert figures["ratio"] == 0.5
    assert figures["ratios"]["60"]["cpu"] == pytest.approx(0.3)


def test_the_loss_is_the_worst_of_the_hubs_and_not_janus():
    runs = [run("hub", 20, 0.1), run("hub", 60, 0.1, lost=600), run("janus", 60, 0.1, lost=60_000)]
    text, figures = forward_report.summarize(runs)
    assert figures["loss"] == pytest.approx(0.01)
    assert "60000" in text


def test_without_janus_there_is_no_ratio():
    _, figures = forward_report.summarize([run("hub", 20, 0.1)])
    assert "ratio" not in figures


def test_the_floor_has_passed_when_the_last_point_has_the_picture():
    assert Pass([10.0, 400.0, 20.0]).everybody_ms == 400.0


def test_a_floor_that_did_not_reach_everybody_counts_as_long_as_was_waited():
    assert Pass([10.0, 20.0], missing=1, limit_ms=15_000).everybody_ms == 15_000


def province(**changes: object) -> Outcome:
    made = Outcome(window_s=10, cpu_s={"worker": 5.0, "recorder": 1.0, "web": 1.0}, resident={"worker": 1})
    made.video_expected, made.audio_expected, made.forwarded = 900, 100, 1000
    made.passes = [Pass([100.0 * n]) for n in range(1, 21)]
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_provinces_floor_is_judged_by_its_slowest_passes():
    _, figures = province_report.summarize(province(), points=197)
    assert figures["floor_p95_ms"] == 1900
    assert figures["cores"]["worker"] == 0.5


def test_a_provinces_loss_is_of_pictures_and_voices_together():
    _, figures = province_report.summarize(province(video_lost=5, audio_lost=5), points=197)
    assert figures["loss"] == pytest.approx(0.01)


def test_the_last_line_is_one_json_object_that_names_machine_and_date(capsys):
    report.finish("forward", {"ratio": 0.2})
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["benchmark"] == "forward"
    assert said["ratio"] == 0.2
    assert said["machine"]["cores"] >= 1
    assert said["date"].endswith("Z")
