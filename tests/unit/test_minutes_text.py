"""The text of minutes: two writers lose nothing, and stamps name the recording's seconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import minutes as rules
from hub.cases import reveals
from hub.errors import BadInput, Conflict
from hub.minutes_text import Marked, applied, edit, marked, merge, pieces, stamp, typed
from hub.models import MinutesState
from hub.watchwords import Watchwords

words = st.lists(st.sampled_from(["đất", "thu hồi", "bồi thường", "\n", ".", "320 m²"]), max_size=8).map(" ".join)


@given(words, words)
def test_an_edit_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    assert applied(before, [edit(before, after)]) == after


@given(words, words)
def test_who_writes_alone_gets_exactly_what_they_wrote(base: str, mine: str) -> None:
    assert merge(base, base, mine) == mine
    assert merge(base, mine, base) == mine
    assert merge(base, mine, mine) == mine


@given(words, st.text("abc", min_size=3, max_size=5), st.text("xyz", min_size=3, max_size=5), st.data())
def test_what_two_writers_put_in_is_both_there(base: str, theirs: str, mine: str, data: st.DataObject) -> None:
    there, here = (data.draw(st.sampled_from([0, len(base)])) for _ in range(2))
    one = f"{base[:there]} {theirs} {base[there:]}"
    other = f"{base[:here]} {mine} {base[here:]}"
    merged = merge(base, one, other)
    assert theirs in merged
    assert mine in merged
    assert all(word in merged for word in base.split())


def test_what_one_takes_out_is_gone_while_the_other_goes_on_writing() -> None:
    base = "Ông A trình bày dài dòng. Yêu cầu đo lại đất."
    theirs = "Ông A trình bày. Yêu cầu đo lại đất."
    mine = base + " Hẹn ngày 30/11."
    assert merge(base, theirs, mine) == "Ông A trình bày. Yêu cầu đo lại đất. Hẹn ngày 30/11."


def test_two_who_begin_at_once_get_a_line_each() -> None:
    assert merge("", "Chủ trì khai mạc.", "Công dân có mặt.") == "Chủ trì khai mạc.\nCông dân có mặt."


@given(st.integers(0, 99 * 3600_000))
def test_a_stamp_is_read_as_the_second_that_was_written(at_ms: int) -> None:
    [piece] = pieces(stamp(at_ms))
    assert piece.at_ms == at_ms // 1000 * 1000


@given(st.text("[]0123456789: \nab", max_size=60))
def test_pieces_together_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text


def test_what_is_said_of_a_moment_ends_with_its_line_or_the_next_stamp() -> None:
    text = "Mở đầu [00:05] chào hỏi [01:10] nêu yêu cầu\nkhông thuộc mốc\n[1:02:03]\n[62:03] kết thúc [99:99] nhé"
    assert list(marked(text)) == [
        Marked(5_000, "chào hỏi"),
        Marked(70_000, "nêu yêu cầu"),
        Marked(3_723_000, "kết thúc [99:99] nhé"),
    ]


def test_spaces_stay_while_somebody_types_and_control_characters_do_not() -> None:
    assert typed("đất \r\n\x00 \x1b[0m") == "đất \n [0m"


def test_minutes_have_a_part_for_everything_and_no_other() -> None:
    case_id = "a" * 32
    keys = list(rules.keys([case_id]))
    assert keys[0] == "opening"
    assert keys[-1] == "closing"
    assert len(keys) == 2 + len(rules.OF_CASE)
    assert rules.require_key(f"{case_id}.asks", {case_id}) == case_id
    for wrong in ("asks", f"{'b' * 32}.asks", f"{case_id}.opening", "", f"{case_id}.", "opening.asks"):
        with pytest.raises(BadInput):
            rules.require_key(wrong, {case_id})


def test_locked_minutes_stay_as_they_are_for_ever() -> None:
    assert rules.move(MinutesState.WRITING, MinutesState.READING) is MinutesState.READING
    assert rules.move(MinutesState.READING, MinutesState.WRITING) is MinutesState.WRITING
    for wanted in MinutesState:
        with pytest.raises(Conflict):
            rules.move(MinutesState.LOCKED, wanted)
    with pytest.raises(Conflict):
        rules.move(MinutesState.WRITING, MinutesState.LOCKED)


NAMES = ("Cao Xuân Lãm", "Đỗ Thị Én")


@given(st.lists(st.sampled_from(["cao", "Xuân", "LÃM", "do thi en", "001 079-011873", "0912", ".", "và"]), max_size=8))
def test_hashed_watchwords_judge_as_the_name_itself_would(parts: list[str]) -> None:
    text = " ".join(parts)
    for name in NAMES:
        plain = reveals(text, name=name, id_number="001079011873", phone="0912")
        assert Watchwords.of(name=name, id_number="001079011873", phone="0912").reveal(text) == plain


def test_nobody_reads_a_name_out_of_its_watchwords() -> None:
    kept = Watchwords.of(name="Cao Xuân Lãm", id_number="001079011873")
    assert "Lãm" not in repr(kept)
    assert "001079011873" not in repr(kept)
    assert kept.hashes != Watchwords.of(name="Cao Xuân Lãm", id_number="001079011873").hashes
