"""Which layer a subscriber gets, from the height of its tiles and what its line carries."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from signaling.media.layers import HOLD_MS, KEPT, MOST_HOLD_MS, ROOM, Layer, LayerChooser, Video

THREE = (Layer(90, 100_000), Layer(180, 250_000), Layer(360, 700_000))
VOICES = 50_000
PLENTY = 1e9


def camera(key: str = "a", height: int | None = None, layers: tuple[Layer, ...] = THREE) -> Video:
    return Video(key, layers, height)


def forwarded(chooser: LayerChooser, videos: list[Video], bps: float, now_ms: float = 0) -> dict[str, int | None]:
    return {key: choice.forward for key, choice in chooser.choose(videos, VOICES, bps, now_ms).choices.items()}


def test_a_tile_gets_the_smallest_layer_that_fills_it() -> None:
    heights = {None: 2, 1080: 2, 360: 2, 226: 2, 225: 1, 180: 1, 113: 1, 112: 0, 40: 0}
    for height, layer in heights.items():
        assert forwarded(LayerChooser(), [camera(height=height)], PLENTY) == {"a": layer}


def test_the_most_important_picture_is_raised_first() -> None:
    assert forwarded(LayerChooser(), [camera("chair"), camera("commune")], 1_000_000) == {"chair": 2, "commune": 0}


def test_every_picture_moves_before_one_is_made_better() -> None:
    videos = [camera(str(number)) for number in range(5)]
    assert set(forwarded(LayerChooser(), videos, 550_000).values()) == {0}


def test_pictures_stand_still_before_voices_suffer() -> None:
    allocation = LayerChooser().choose([camera("a"), camera("b")], 300_000, 320_000, 0)
    assert {choice.forward for choice in allocation.choices.values()} == {None}
    assert allocation.bps == 300_000


def test_an_expensive_screen_does_not_keep_a_cheap_camera_from_moving() -> None:
    screen = Video("screen", (Layer(720, 1_500_000),))
    assert forwarded(LayerChooser(), [screen, camera()], 200_000) == {"screen": None, "a": 0}


def test_without_evidence_of_a_limit_no_picture_stands_still() -> None:
    videos = [camera(str(number)) for number in range(20)]
    allocation = LayerChooser().choose(videos, VOICES, 500_000, 0, limited=False)
    assert {choice.forward for choice in allocation.choices.values()} == {0}


def test_what_fits_is_kept_and_a_raise_needs_room() -> None:
    chooser = LayerChooser()
    just = VOICES + THREE[1].bps
    assert forwarded(chooser, [camera()], just * ROOM - 1) == {"a": 0}
    assert forwarded(chooser, [camera()], just * ROOM + 1) == {"a": 1}
    assert forwarded(chooser, [camera()], just + 1) == {"a": 1}
    assert forwarded(chooser, [camera()], just - 1) == {"a": 0}


def test_what_was_lowered_is_not_raised_again_at_once_and_later_each_time_it_did_not_last() -> None:
    chooser, now_ms, waits = LayerChooser(), 0.0, []
    forwarded(chooser, [camera()], 1_000_000, now_ms)
    for _ in range(6):
        now_ms += 500
        assert forwarded(chooser, [camera()], 300_000, now_ms) == {"a": 1}
        lowered_ms = now_ms
        while forwarded(chooser, [camera()], 1_000_000, now_ms) == {"a": 1}:
            now_ms += 500
        waits.append(now_ms - lowered_ms)
    assert waits[0] >= HOLD_MS
    assert waits == sorted(waits)
    assert waits[-1] == MOST_HOLD_MS
    now_ms += 60_000
    forwarded(chooser, [camera()], 300_000, now_ms)
    assert forwarded(chooser, [camera()], 1_000_000, now_ms + HOLD_MS) == {"a": 2}, "forgiven after a steady time"


def test_a_tile_that_shrinks_and_grows_changes_layers_at_once() -> None:
    chooser = LayerChooser()
    for height, layer in ((360, 2), (80, 0), (360, 2)):
        assert forwarded(chooser, [camera(height=height)], PLENTY) == {"a": layer}


def test_a_layer_that_does_not_come_is_passed_over() -> None:
    without_top = (*THREE[:2], replace(THREE[2], live=False))
    assert forwarded(LayerChooser(), [camera(layers=without_top)], PLENTY) == {"a": 1}
    only_top = (replace(THREE[0], live=False), replace(THREE[1], live=False), THREE[2])
    assert forwarded(LayerChooser(), [camera(height=90, layers=only_top)], PLENTY) == {"a": 2}
    nothing = tuple(replace(layer, live=False) for layer in THREE)
    assert forwarded(LayerChooser(), [camera(layers=nothing)], PLENTY) == {"a": 0}


def test_a_sleeping_layer_is_asked_for_and_another_forwarded_meanwhile() -> None:
    asleep = (replace(THREE[0], live=False, asleep=True), replace(THREE[1], live=False, asleep=True), THREE[2])
    choice = LayerChooser().choose([camera(height=90, layers=asleep)], VOICES, PLENTY, 0).choices["a"]
    assert (choice.wanted, choice.forward) == (0, 2)
    weak = LayerChooser().choose([camera(height=90, layers=asleep)], VOICES, 200_000, 0).choices["a"]
    assert (weak.wanted, weak.forward) == (0, None), "a weak line rather waits than takes the large one"


def test_the_price_of_the_next_raise_is_known_to_who_looks_for_bandwidth() -> None:
    chooser = LayerChooser()
    assert chooser.choose([camera()], VOICES, 160_000, 0).next_bps == int((VOICES + 250_000) * ROOM)
    assert chooser.choose([camera()], VOICES, PLENTY, 0).next_bps is None
    assert LayerChooser().choose([camera()], VOICES, 10_000, 0).next_bps == int((VOICES + 100_000) * ROOM)


rates = st.integers(10_000, 5_000_000)
ladders = st.lists(st.builds(Layer, st.integers(45, 1080), rates, st.booleans(), st.booleans()), min_size=1, max_size=3)


@given(
    st.lists(st.tuples(ladders, st.none() | st.integers(20, 2000)), max_size=8),
    st.lists(st.tuples(rates, st.integers(0, 60_000)), min_size=1, max_size=10),
)
def test_a_limited_line_is_never_given_more_than_it_carries(
    drawn: list[tuple[list[Layer], int | None]], steps: list[tuple[int, int]]
) -> None:
    videos = [Video(str(number), layers, height) for number, (layers, height) in enumerate(drawn)]
    chooser, now_ms = LayerChooser(), 0
    for available, pause_ms in steps:
        now_ms += pause_ms
        allocation = chooser.choose(videos, VOICES, available, now_ms)
        assert allocation.bps <= max(available * KEPT, VOICES)
        assert set(allocation.choices) == {video.key for video in videos}
