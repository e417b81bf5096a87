"""Gaps of a recording as its page tells them: what broke everywhere at once is one line."""

from __future__ import annotations

from hub.services.recording_facts import GapFact, _of_everyone

BOTH = ("audio", "video")


def gap(seat: str, start_s: int = 60, cause: str = "recess", kinds: tuple[str, ...] = BOTH) -> GapFact:
    return GapFact(start_s * 1000, start_s * 1000 + 5000, cause, seat, kinds)


def test_a_recess_of_all_places_is_one_line() -> None:
    assert _of_everyone([gap("Chủ trì"), gap("Xã")], {"Chủ trì", "Xã"}) == [gap("")]


def test_what_one_place_had_stays_its_own() -> None:
    own = [gap("Chủ trì"), gap("Xã", 70, "lost", ("video",))]
    assert _of_everyone(own, {"Chủ trì", "Xã"}) == own


def test_the_only_place_is_named() -> None:
    assert _of_everyone([gap("Chủ trì")], {"Chủ trì"}) == [gap("Chủ trì")]


def test_sound_and_picture_that_broke_at_different_places_are_told_apart() -> None:
    given = [gap("Chủ trì", kinds=("audio",)), gap("Xã", kinds=("video",))]
    assert _of_everyone(given, {"Chủ trì", "Xã"}) == given
