"""Two people at one form: nothing of either is lost, and only what both changed is asked about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web.merging import bases, merge

BEFORE = {"summary": "Một", "content": "Hai\ndòng", "people_count": "1"}


def typed(**changes: str) -> dict[str, str]:
    return {**BEFORE, **changes, **bases(BEFORE)}


def test_what_only_the_other_changed_is_taken_over() -> None:
    merged = merge(typed(summary="Của tôi"), {**BEFORE, "content": "Của họ"})
    assert merged.values["summary"] == "Của tôi"
    assert merged.values["content"] == "Của họ"
    assert merged.taken == ("content",)
    assert merged.theirs == ()


def test_what_both_changed_is_left_to_a_person_who_may_take_theirs() -> None:
    mine, now = typed(summary="Của tôi"), {**BEFORE, "summary": "Của họ"}
    merged = merge(mine, now)
    assert merged.values["summary"] == "Của tôi"
    assert merged.theirs == (("summary", "Của họ"),)
    taken = merge(mine, now, take="summary")
    assert taken.values["summary"] == "Của họ"
    assert taken.theirs == ()


def test_line_ends_of_a_browser_are_no_change() -> None:
    assert merge(typed(content="Hai\r\ndòng\r\n"), BEFORE).theirs == ()


def test_both_wrote_the_same() -> None:
    assert merge(typed(summary="Như nhau"), {**BEFORE, "summary": "Như nhau"}).theirs == ()


texts = st.sampled_from(["a", "b", "c"])


@given(base=texts, mine=texts, saved=texts)
def test_a_text_that_is_not_kept_is_either_the_old_one_or_shown(base: str, mine: str, saved: str) -> None:
    merged = merge({"x": mine, **bases({"x": base})}, {"x": saved})
    if mine != base:
        assert merged.values["x"] == mine
    if saved not in (base, merged.values["x"]):
        assert merged.theirs == (("x", saved),)
