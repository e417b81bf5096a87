"""Who is heard when more speak than anyone can listen to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.media.speakers import HOLD_MS, Speakers

LOUD, LOUDER, SILENT = 30, 12, 127


def say(speakers: Speakers, who: str, level: int, begin_ms: float, for_ms: float) -> float:
    """Packets every 20 ms; the time after the last."""
    at = begin_ms
    while at < begin_ms + for_ms:
        speakers.observe(who, level, at)
        speakers.choose(at)
        at += 20
    return at


def test_who_begins_to_speak_is_heard_with_the_second_packet() -> None:
    speakers = Speakers(3)
    speakers.observe("a", LOUD, 0)
    assert not speakers.choose(0)
    speakers.observe("a", LOUD, 20)
    assert speakers.choose(20)
    assert speakers.chosen == ["a"]


def test_a_click_is_not_a_speaker() -> None:
    speakers = Speakers(3)
    for at in range(0, 400, 40):
        speakers.observe("a", LOUD, at)
        speakers.observe("a", SILENT, at + 20)
        speakers.choose(at + 20)
    assert speakers.chosen == []


def test_a_new_speaker_takes_the_place_of_who_has_been_silent_longest() -> None:
    speakers = Speakers(2)
    at = say(speakers, "a", LOUD, 0, 100)
    at = say(speakers, "b", LOUD, at, 100)
    say(speakers, "c", LOUD, at + HOLD_MS, 100)
    assert set(speakers.chosen) == {"b", "c"}


def test_among_many_who_speak_only_a_clearly_louder_one_gets_in() -> None:
    speakers = Speakers(2)
    for at in range(0, 4_000, 20):
        for who in ("a", "b"):
            speakers.observe(who, LOUD, at)
        if at > 500:
            speakers.observe("c", LOUD, at)
        if at > 2_000:
            speakers.observe("d", LOUDER, at)
        speakers.choose(at)
    assert "c" not in speakers.chosen
    assert "d" in speakers.chosen


def test_who_is_muted_gives_the_place_free_at_once() -> None:
    speakers = Speakers(1)
    at = say(speakers, "a", LOUD, 0, 100)
    assert speakers.forget("a")
    assert not speakers.forget("a")
    say(speakers, "b", LOUD, at, 60)
    assert speakers.chosen == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 127), st.booleans()), max_size=300))
def test_there_are_never_more_than_places_and_never_one_twice(steps: list[tuple[str, int, bool]]) -> None:
    speakers = Speakers(3)
    for number, (who, level, leaves) in enumerate(steps):
        if leaves:
            speakers.forget(who)
        else:
            speakers.observe(who, level, number * 7)
        speakers.choose(number * 7)
        assert len(speakers.chosen) == len(set(speakers.chosen)) <= 3
