"""The papers of a hearing: its minutes, their annexes, and the notice of the chair's conclusion."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub import papers, pdf, word
from hub.forms import hearing
from hub.forms.hearing import Around, Said
from hub.forms.signing import guessed
from hub.papers import Paper

SHA = "5f" * 32
CASE, POINT, OTHER = "c" * 32, "a" * 32, "b" * 32


def around(number: str = "12/BB-UBND") -> Around:
    unit = "UBND tỉnh An Bình"
    return Around(agency=unit, style=guessed(unit), day=date(2026, 11, 22), number=number, text_sha256=SHA)


def body() -> dict[str, Any]:
    stay = {"name": "Hoàng Văn Đức", "joined_at": "2026-11-22T01:31:00.000+00:00", "left_at": None}
    return {
        "hearing": {
            "number": "BTCD-ANBINH-2026-000007",
            "title": "Tiếp công dân về bồi thường",
            "kind": "regular",
            "unit": "UBND tỉnh An Bình",
            "opened_at": "2026-11-22T01:30:00.000+00:00",
            "closed_at": None,
        },
        "officials": [
            {"seat": "1", "kind": "chair", "name": "Trần Quang Minh", "title": "Chủ tịch UBND tỉnh"},
            {"seat": "2", "kind": "secretary", "name": "Phạm Đức Long", "title": ""},
        ],
        "places": [
            {"seat": "1", "kind": "chair", "label": "Điểm cầu trung tâm", "address": "1 Lê Lợi", "unit": "UBND tỉnh"},
            {"seat": POINT, "kind": "point", "label": "Điểm cầu xã Tân Tiến", "address": "", "unit": "UBND xã"},
            {"seat": OTHER, "kind": "point", "label": "Điểm cầu xã Bình Minh", "address": "", "unit": "UBND xã"},
        ],
        "attendance": [
            {"seat": POINT, "kind": "point", "label": "Điểm cầu xã Tân Tiến", "stays": [stay]},
            {"seat": OTHER, "kind": "point", "label": "Điểm cầu xã Bình Minh", "stays": []},
        ],
        "opening": "Chủ trì nêu lý do.",
        "cases": [
            {
                "id": CASE,
                "number": "KN-TANTIEN-2026-000001",
                "type": "complaint",
                "summary": "Bồi thường cây cầu gỗ",
                "party": "Người khiếu nại 7F3A",
                "people": 2,
                "sections": {"presents": "[00:12] Mất ba mố cầu.", "asks": "Đo lại.", "chair": ""},
            }
        ],
        "closing": "",
    }


def conclusion(*tasks: dict[str, Any], case: bool = True) -> dict[str, Any]:
    return {
        "number": "TBKL-ANBINH-2026-000003",
        "unit": "UBND tỉnh An Bình",
        "hearing": {"number": "BTCD-ANBINH-2026-000007", "opened_at": "2026-11-22T01:30:00.000+00:00"},
        "case": {"id": CASE, "number": "KN-TANTIEN-2026-000001"} if case else None,
        "text": "Giao đo đạc lại.",
        "tasks": list(tasks),
        "issued_by": "Trần Quang Minh",
    }


def task(number: int, owner: str | None = "Hoàng Văn Đức") -> dict[str, Any]:
    return {
        "number": number,
        "text": "Đo lại thửa đất",
        "owner": owner,
        "unit": "UBND xã Tân Tiến",
        "due": "2026-12-04",
    }


def said(paper: Paper) -> str:
    return str(papers.as_data(paper)).replace("\N{NON-BREAKING HYPHEN}", "-")


def test_minutes_say_who_was_where_what_was_said_and_what_each_point_answered() -> None:
    answers = {POINT: Said(position="objected", words="Thiếu mố thứ tư.", officer="Hoàng Văn Đức")}
    made = hearing.minutes_paper(body(), answers, around())
    text = said(made)
    for words in (
        *("Hồi 08 giờ 30 phút ngày 22/11/2026", "Ủy ban nhân dân tỉnh An Bình", "BTCD-ANBINH-2026-000007"),
        *("Trần Quang Minh, Chủ tịch UBND tỉnh", "Hoàng Văn Đức", "08:31 – .....", "vắng"),
        *("Mất ba mố cầu.", "Người khiếu nại 7F3A, 2 người", "Yêu cầu, đề nghị của công dân:"),
        *("không đồng ý – “Thiếu mố thứ tư.” (Hoàng Văn Đức xác nhận).", "Điểm cầu xã Bình Minh: vắng."),
    ):
        assert words in text, words
    assert "Ý kiến của chủ trì:" not in text  # nothing was written there
    assert (made.number, made.text_sha256) == ("12/BB-UBND", SHA)


def test_whoever_signs_minutes_has_a_place_for_it_at_every_point_that_took_part_and_at_the_centre() -> None:
    blocks = hearing.minutes_paper(body(), {}, around()).blocks
    signers = [one for block in blocks if isinstance(block, papers.Signatures) for one in block.signers]
    assert [(one.title, one.name) for one in signers] == [
        *(("Công dân", ""), ("Cán bộ tại điểm cầu", "Hoàng Văn Đức")),
        *(("Thư ký", "Phạm Đức Long"), ("Chủ trì", "Trần Quang Minh")),
    ]


def test_an_annex_has_no_number_of_its_own_and_names_the_minutes_that_it_goes_with() -> None:
    made = hearing.annex_paper(2, "Mố thứ tư cũng bị cuốn.", body(), "12/BB-UBND", around(""))
    assert made.number == ""
    assert made.title == "Phụ lục II"
    assert "(Kèm theo Biên bản số 12/BB-UBND)" in said(made)


@pytest.mark.parametrize(("number", "sign"), [(1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (40, "XL"), (99, "XCIX")])
def test_annexes_are_numbered_by_roman_numerals(number: int, sign: str) -> None:
    assert hearing.roman(number) == sign


def test_a_conclusion_names_its_tasks_with_owners_and_days_and_goes_to_their_units() -> None:
    document = conclusion(task(1), task(2, None))
    made = hearing.conclusion_paper(document, "Bồi thường cây cầu gỗ", "Chủ tịch UBND tỉnh", around("13/TB-UBND"))
    text = said(made)
    for words in ("KN-TANTIEN-2026-000001: Bồi thường", "Hoàng Văn Đức, UBND xã Tân Tiến", "04/12/2026", "TBKL-ANBINH"):
        assert words in text, words
    assert made.recipients[0] == "UBND xã Tân Tiến"
    assert made.signer == papers.Signer("Chủ tịch", "Trần Quang Minh", "TM. Ủy ban nhân dân", "")


def test_a_deputy_signs_for_the_head_and_a_conclusion_without_tasks_has_no_table() -> None:
    made = hearing.conclusion_paper(conclusion(case=False), "", "Phó Chủ tịch UBND tỉnh", around())
    assert made.signer == papers.Signer("Phó Chủ tịch", "Trần Quang Minh", "TM. Ủy ban nhân dân\nKT. Chủ tịch", "")
    assert not any(isinstance(block, papers.Table) for block in made.blocks)


@pytest.mark.asyncio
async def test_pdf_and_word_carry_the_hash_of_the_text() -> None:
    made = hearing.minutes_paper(body(), {}, around())
    assert papers.from_data(papers.as_data(made)) == made
    assert SHA in pdf.data_of(made)["text_sha256"].replace("\u200b", "")
    assert (await pdf.render(made)).startswith(b"%PDF")
    assert word.build(made).startswith(b"PK")
