from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import text


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Đỗ Thị Én", "do thi en"),
        ("THU HỒI ĐẤT", "thu hoi dat"),
        ("  xã\tTân \n Tiến ", "xa tan tien"),
        ("ễ ộ ữ Ẩ", "e o u a"),
    ],
)
def test_folding_takes_marks_and_case_away(written, folded):
    assert text.fold(written) == folded


@given(st.text())
def test_folding_twice_is_folding_once(written):
    assert text.fold(text.fold(written)) == text.fold(written)


@given(st.text())
def test_composed_and_decomposed_text_fold_alike(written):
    assert text.fold(unicodedata.normalize("NFD", written)) == text.fold(unicodedata.normalize("NFC", written))


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạếềểễệộữẩ ĐÂẾ"))
def test_folded_vietnamese_is_plain_ascii_of_the_same_words(written):
    assert text.fold(written).isascii()
    assert len(text.words(written)) == len(text.exact_words(written))


@given(st.text())
def test_the_exact_form_is_stable_and_composed(written):
    once = text.exact(written)
    assert text.exact(once) == once


def test_the_exact_form_keeps_marks_and_tells_words_apart_that_folding_joins():
    assert text.exact("ĐÀO") == "đào"
    assert text.exact("dao") != text.exact("đào")


def test_a_name_is_found_between_other_words_but_not_inside_one():
    assert text.contains_words("Ông cao  xuan LAM, thôn Hạ", "Cao Xuân Lãm")
    assert not text.contains_words("thông báo cao xuan lamp", "Cao Xuân Lãm")
    assert not text.contains_words("bất kỳ", "")


@given(st.text(), st.text(), st.text(min_size=1))
def test_words_put_into_a_text_are_found_there(before, after, wanted):
    if text.words(wanted):
        assert text.contains_words(f"{before} {wanted} {after}", wanted)


def test_control_characters_never_get_past_a_form():
    assert text.clean("a\x00b\u0007  c\n") == "ab c"
    assert text.clean_block("dòng 1\r\ndòng 2\x00 \r") == "dòng 1\ndòng 2"
