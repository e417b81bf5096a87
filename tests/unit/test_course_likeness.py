"""When two cases look like one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.likeness import Likeness, likenesses, traits_of

TEXT = "Khiếu nại quyết định thu hồi 320 m² đất ở thôn Đông, không đồng ý với diện tích đo đạc"


def test_the_same_words_with_or_without_marks_are_alike():
    assert likenesses(
        traits_of(TEXT), traits_of("khieu nai QUYET DINH thu hoi 320 dat thon Dong, dien tich do dac")
    ) == [Likeness.CONTENT]


def test_other_words_are_not():
    assert likenesses(traits_of(TEXT), traits_of("Phản ánh mùi khét từ xưởng tái chế nhựa ban đêm")) == []


def test_the_id_number_says_more_than_the_name_and_the_name_more_than_words():
    one = traits_of(TEXT, ["a", "b"], "number")
    assert likenesses(one, traits_of(TEXT, ["b", "a"], "number")) == list(Likeness)
    assert likenesses(one, traits_of("khác", ["b", "a"], "other")) == [Likeness.NAME]


def test_part_of_a_name_is_no_name_and_nothing_is_alike_in_being_nothing():
    assert likenesses(traits_of("x", ["a", "b"]), traits_of("y", ["a"])) == []
    assert likenesses(traits_of(""), traits_of("")) == []


LINES = st.lists(st.sampled_from(["đất", "thu hồi", "Đông", "", "!", "diện tích", "320"]), max_size=6).map(" ".join)


@given(LINES, LINES)
def test_likeness_is_mutual(one, other):
    assert likenesses(traits_of(one), traits_of(other)) == likenesses(traits_of(other), traits_of(one))
