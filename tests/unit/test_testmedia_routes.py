"""The judges of a route: a cut, frozen, swapped or silent one does not pass."""

import pytest

from tests.support.points import CHAIR, COMMUNE, FRAMES, PROVINCE
from tests.support.routes import RouteCut, judge_picture, judge_sound


def watched(counters, *, point=CHAIR, visible=True, every_ms=100):
    seen = [
        {"at": 100 + every_ms * n, "point": point.code if c >= 0 else 0, "counter": c} for n, c in enumerate(counters)
    ]
    return {"visible": visible, "width": 320, "height": 180, "seen": seen}


MOVING = [(430 + n * 3 // 2) % FRAMES for n in range(25)]


def test_a_picture_that_moves_at_its_own_pace_passes_also_where_the_loop_begins_again():
    judge_picture(watched(MOVING), CHAIR)


@pytest.mark.parametrize(
    "report",
    [
        watched(MOVING, visible=False),
        watched([-1] * 25),
        watched([]),
        watched([7] * 25),
        watched(MOVING[::-1]),
        watched([n // 4 for n in range(25)]),
        watched(MOVING, point=PROVINCE),
        watched([c if n % 3 else -1 for n, c in enumerate(MOVING)] + [-1] * 30),
    ],
    ids=["hidden", "black", "unseen", "frozen", "backwards", "slow", "another's", "mostly black"],
)
def test_a_picture_that_is_not_the_points_own_and_moving_is_a_cut_route(report):
    with pytest.raises(RouteCut):
        judge_picture(report, CHAIR)


def heard(*wins, silent=False):
    return {"silent": silent, "wins": list(wins), "powers": [0.1] * len(wins)}


def test_the_points_own_tone_alone_passes():
    judge_sound(heard(0, 9, 1), PROVINCE)


@pytest.mark.parametrize("report", [heard(0, 0, 0, silent=True), heard(0, 2, 0), heard(9, 0, 0), heard(0, 9, 5)])
def test_silence_and_other_tones_are_a_cut_route(report):
    with pytest.raises(RouteCut):
        judge_sound(report, PROVINCE)
    with pytest.raises(RouteCut):
        judge_sound(heard(9, 9, 9), COMMUNE)
