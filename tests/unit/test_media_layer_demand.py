"""Which layers a publisher may stop sending."""

from __future__ import annotations

from signaling.media.layer_demand import REMIND_MS, UNWANTED_MS, LayerDemand

ALL = [True, True, True]


def test_layers_that_nobody_wants_fall_asleep_after_a_while_but_never_the_best() -> None:
    demand = LayerDemand(3, 0)
    assert not demand.look({0}, ALL, UNWANTED_MS - 1)
    assert demand.look({0}, ALL, UNWANTED_MS)
    assert demand.awake == [True, False, True]
    assert demand.look(set(), ALL, 3 * UNWANTED_MS)
    assert demand.awake == [False, False, True]


def test_a_layer_wakes_at_once() -> None:
    demand = LayerDemand(3, 0)
    demand.look(set(), ALL, UNWANTED_MS)
    assert demand.look({1}, [False, False, True], UNWANTED_MS + 1)
    assert demand.awake == [False, True, True]


def test_the_best_that_comes_is_the_one_that_is_recorded() -> None:
    demand = LayerDemand(3, 0)
    assert demand.look(set(), [True, True, False], UNWANTED_MS)
    assert demand.awake == [False, True, True]


def test_all_wake_when_the_best_stops_because_the_record_needs_the_next() -> None:
    demand = LayerDemand(3, 0)
    demand.look(set(), ALL, UNWANTED_MS)
    assert demand.look(set(), [False, False, False], UNWANTED_MS + 1)
    assert demand.awake == ALL


def test_who_did_not_hear_is_told_again() -> None:
    demand = LayerDemand(3, 0)
    demand.look(set(), ALL, UNWANTED_MS)
    sleeping = [False, False, True]
    assert demand.look({0}, sleeping, UNWANTED_MS + 1)
    assert not demand.look({0}, sleeping, UNWANTED_MS + 2)
    assert demand.look({0}, sleeping, UNWANTED_MS + 1 + REMIND_MS)
    assert not demand.look({0}, [True, False, True], UNWANTED_MS + 2 + 2 * REMIND_MS)
