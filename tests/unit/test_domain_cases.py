from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import cases
from hub.models import CaseType, PartyKind
from hub.redaction import redacted
from tests.support.domain import new_case

TODAY = date(2026, 11, 23)


def faults(**changes):
    return set(cases.faults(new_case(**changes).cleaned(), TODAY))


def test_a_complete_entry_has_no_fault():
    assert faults() == set()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"summary": "  "}, "summary"),
        ({"summary": "x" * 301}, "summary"),
        ({"content": "x" * 20_001}, "content"),
        ({"name": "..."}, "name"),
        ({"address": "", "id_number": ""}, "address"),
        ({"birth": "31/02/1970"}, "birth"),
        ({"birth": "2030"}, "birth"),
        ({"birth": "hôm qua"}, "birth"),
        ({"phone": "gọi nhà"}, "phone"),
        ({"people_count": 0}, "people_count"),
        ({"people_count": 3}, "people_count"),
        ({"party_kind": PartyKind.GROUP, "people_count": 1}, "people_count"),
        ({"type": CaseType.DENUNCIATION, "party_kind": PartyKind.ORGANISATION}, "party_kind"),
    ],
)
def test_each_fault_is_told_beside_its_field(changes, field):
    assert faults(**changes) == {field}


def test_all_faults_are_told_at_once():
    assert faults(summary="", name="", phone="1", birth="x") == {"summary", "name", "phone", "birth"}


def test_a_complaint_may_name_who_complains_and_a_denunciation_may_not_name_who_denounces():
    named = "Bà NGUYEN thi đào cho biết"
    assert faults(summary=named) == set()
    assert faults(type=CaseType.DENUNCIATION, summary=named) == {"summary"}
    assert faults(type=CaseType.DENUNCIATION, content=f"Kính gửi. {named}") == {"content"}


@pytest.mark.parametrize("given_away", ["số 0011 6200 4217", "điện thoại 091.234.5678"])
def test_neither_the_id_number_nor_the_telephone_of_a_denouncer_may_be_told(given_away):
    assert faults(type=CaseType.DENUNCIATION, content=given_away) == {"content"}


def test_part_of_a_denouncers_name_is_only_warned_of():
    entry = new_case(type=CaseType.DENUNCIATION, summary="Tố cáo ông Thi Dao")
    assert faults(type=CaseType.DENUNCIATION, summary="Tố cáo ông Thi Dao") == set()
    assert set(cases.warnings(entry, TODAY)) == {"summary"}
    for content, odd in (("Chị Đào nộp hai lần.", True), (f"Ở {entry.address}.", True), ("Đào ao ở thôn khác.", False)):
        told = cases.warnings(new_case(type=CaseType.DENUNCIATION, summary="Tố cáo", content=content), TODAY)
        assert ("content" in told) is odd


@pytest.mark.parametrize(
    ("id_number", "birth", "odd"),
    [
        ("001162004217", "1962", False),
        ("001 162 004 217", "17/05/1962", False),
        ("C1234567", "1962", False),
        ("036204001234", "2004", False),
        ("097162004217", "1962", True),
        ("000162004217", "1962", True),
        ("001162004217", "1963", True),
        ("12345678", "1962", True),
        ("00116200421", "1962", True),
    ],
)
def test_an_odd_id_number_is_warned_of_and_never_refused(id_number, birth, odd):
    assert ("id_number" in cases.warnings(new_case(id_number=id_number, birth=birth), TODAY)) is odd
    assert "id_number" not in faults(id_number=id_number, birth=birth)


@pytest.mark.parametrize(
    ("typed", "year"), [("1975", 1975), ("5/7/1975", 1975), ("1975-07-05", 1975), ("24/11/2026", None)]
)
def test_a_birth_is_a_year_or_a_day_that_has_been(typed, year):
    assert cases.birth_year(typed, TODAY) == year


@given(st.text(alphabet="0123456789ABC", max_size=20))
def test_a_masked_number_shows_at_most_its_last_three_characters(id_number):
    masked = cases.masked(id_number)
    assert len(masked) == len(id_number)
    assert len(masked.replace("•", "")) <= 3
    assert id_number.endswith(masked.lstrip("•"))


def test_numbers_carry_type_unit_and_year():
    assert cases.number(CaseType.COMPLAINT, "TINH01", 2026, 123) == "KN-TINH01-2026-000123"
    assert len({cases.number(t, "X", 2026, 1) for t in CaseType}) == 4


def test_a_party_without_an_id_number_is_not_warned_of_one():
    assert cases.warnings(new_case(id_number=""), TODAY) == {}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Bà NGUYỄN THỊ  ĐÀO, số 001.162.004.217", "Bà người tố cáo, số …"),
        ("nguyen thi dao và Nguyễn Thị Đào", "người tố cáo và người tố cáo"),
        ("Bà Đào ở thôn Đông", "Bà Đào ở thôn Đông"),
        ("0912 345.678 gọi", "… gọi"),
    ],
)
def test_a_text_loses_what_tells_who_denounced_and_nothing_else(text, left):
    who = {"name": "Nguyễn Thị Đào", "id_number": "001162004217", "phone": "0912345678"}
    assert redacted(text, **who) == left
    assert not cases.reveals(redacted(text, **who), **who)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_around_a_name_the_name_is_gone(before, after):
    who = {"name": "Đỗ Thị Én", "id_number": "", "phone": ""}
    assert not cases.reveals(redacted(f"{before} Đỗ Thị Én {after}", **who), **who)
