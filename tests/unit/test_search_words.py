"""The language of the search index, excerpts, and where a page begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.excerpts import excerpt, marked
from hub.keyset import PAGES_MAX, Cursor, Trail
from hub.search_words import Document, Hashes, in_a_row, number_marks, parse, to_fts5, to_tsquery, token

HASHES = Hashes(lambda word: f"h{word}", lambda word: f"e{word}", lambda number: f"N{number}")


def test_a_document_keeps_its_words_in_order_and_every_word_with_its_marks():
    document = Document(("Thu hồi đất", "Đất ở"))
    assert document.ordered() == ["thu", "hoi", "dat", "#", "dat", "o"]
    assert document.all_marks() == {"=thu", "=hồi", "=đất", "=ở"}


def test_a_word_is_sought_in_the_text_and_among_the_names():
    query = parse("Đào", HASHES)
    assert query.groups == ((("dao",), ("n:hdao",)),)
    assert query.exact == ((("=đào",), ("n:eđào",)),)
    assert to_tsquery(query.groups, without=query.exact) == "(('dao') | ('n:hdao')) & !((('=đào') | ('n:eđào')))"
    assert to_fts5(query.groups) == '(("dao") OR ("n:hdao"))'


def test_a_phrase_is_sought_by_its_pairs_and_its_order():
    query = parse("“thu hồi đất”", HASHES)
    assert to_tsquery(query.groups) == "(('hoi_dat' & 'thu_hoi'))"
    assert in_a_row(query.groups) == "('thu' <-> 'hoi' <-> 'dat')"
    assert to_fts5(query.groups) == '(("thu hoi dat"))'
    assert query.shown == (("thu", "hoi", "dat"),)


def test_a_phrase_of_two_words_is_its_pair_and_needs_no_look_at_positions():
    query = parse("“thu hồi” đất", HASHES)
    assert to_tsquery(query.groups) == "(('thu_hoi')) & (('dat') | ('n:hdat'))"
    assert in_a_row(query.groups) == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("KN-XA1-2026-0001", '(("kn" AND "xa1" AND "2026" AND "0001") OR ("p:kn-xa1-2026-0001"*))'),
        ("123/2026", '(("123" AND "2026") OR ("c:123" AND "2026"))'),
        ("00012", '(("00012") OR ("c:12"))'),
        ("001162004217", '(("001162004217") OR ("n:h001162004217") OR ("i:N001162004217"))'),
        ("001 162 004217", '(("001" AND "162" AND "004217") OR ("i:N001162004217"))'),
        ("c1234567", '(("c1234567") OR ("n:hc1234567") OR ("i:NC1234567"))'),
    ],
)
def test_numbers_are_recognised_as_people_type_them(typed, said):
    assert to_fts5(parse(typed, HASHES).groups) == said


def test_a_number_is_found_from_each_of_its_parts_onward():
    assert number_marks("KN-XA1-2026-000123") == {
        *("p:kn-xa1-2026-000123", "p:xa1-2026-000123", "p:2026-000123", "p:000123"),
        "c:123",
    }


@pytest.mark.parametrize("nothing", ["", "  ", "!?", "“”", "-", "''"])
def test_nothing_typed_asks_nothing(nothing):
    assert parse(nothing, HASHES) is None


@given(st.text(max_size=60))
def test_whatever_is_typed_cannot_leave_its_quotes(typed):
    query = parse(typed, HASHES)
    if query is not None:
        for said, quote in ((to_fts5(query.groups), '"'), (to_tsquery(query.groups), "'")):
            assert said.count(quote) % 2 == 0
            inside = said.split(quote)[1::2]
            assert all(c not in "\\'\"" for part in inside for c in part)


@given(st.text(min_size=1, max_size=20))
@example("*")
def test_a_token_has_neither_space_nor_quote(word):
    assert not set(token(word)) & set(" '\"\\:&|!()*")


def test_marked_words_keep_their_diacritics():
    assert marked("Thu hồi ĐẤT.", (("dat",), ("thu",))) == [
        *(("Thu", True), (" hồi ", False)),
        *(("ĐẤT", True), (".", False)),
    ]
    assert marked("thu đất, thu hồi đất", (("thu", "hoi", "dat"),))[-1] == ("thu hồi đất", True)


def test_an_excerpt_shows_the_first_hit_with_some_of_its_surroundings():
    text = "chữ " * 60 + "khiếu nại " + "đuôi " * 60
    pieces = excerpt(text, (("khieu",),), 120)
    shown = "".join(piece for piece, _ in pieces)
    assert ("khiếu", True) in pieces
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 140
    assert excerpt(text, (("khong",),), 120) == []


@given(st.text(max_size=200), st.lists(st.lists(st.text(max_size=5), max_size=3), max_size=4))
def test_marking_loses_nothing_of_the_text(text, runs):
    import unicodedata

    assert "".join(piece for piece, _ in marked(text, runs)) == unicodedata.normalize("NFC", text)


@given(st.lists(st.tuples(st.datetimes(timezones=st.just(UTC)), st.integers(0, 10**12), st.integers(0, 9)), max_size=4))
def test_a_trail_of_pages_survives_the_address(rows):
    trail = Trail(tuple(Cursor(at, str(key), stage) for at, key, stage in rows))
    assert Trail.parse(".".join(map(str, trail.cursors))) == trail


@pytest.mark.parametrize("nonsense", ["x", "..", "1_", "ffffffffffffffff_1", "1_1.x", "'; drop"])
def test_nonsense_in_an_address_is_the_first_page(nonsense):
    assert Trail.parse(nonsense) == Trail()


def test_a_trail_goes_forward_and_back_and_ends():
    at = datetime(2026, 11, 22, tzinfo=UTC)
    first = Trail()
    assert (first.before(), first.then(None)) == (None, None)
    second = Trail.parse(first.then(Cursor(at, "7")))
    third = Trail.parse(second.then(Cursor(at, "5", 1)))
    assert (second.page, second.before(), third.before()) == (1, "", str(Cursor(at, "7")))
    assert Trail((Cursor(at, "1"),) * PAGES_MAX).then(Cursor(at, "2")) is None
