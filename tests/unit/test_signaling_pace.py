"""Who describes more connections than any page has must wait his turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.pace import Pace


def test_a_burst_passes_and_what_follows_waits() -> None:
    pace = Pace(per_s=100, burst=1_000)
    assert [pace.wait_s(500, 10), pace.wait_s(500, 10), pace.wait_s(100, 10)] == [0, 0, 1]
    assert pace.wait_s(100, 12) == 0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 2_000)), min_size=1, max_size=40))
def test_who_waits_as_told_never_gets_more_than_his_share(steps: list[tuple[float, int]]) -> None:
    pace, now_s, used = Pace(per_s=100, burst=1_000), 0.0, 0
    for pause_s, amount in steps:
        now_s += pause_s
        now_s += pace.wait_s(amount, now_s)
        used += amount
        assert used <= 1_000 + 100 * now_s + 1e-6
