"""The forms of the reception office: their registry with dated editions, and what each says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from hub import forms, papers
from hub.case_moves import MoveCode
from hub.form_registry import read, registry
from hub.forms import FORMS, Facts
from hub.forms.facts import HandedOver, Person, Step
from hub.law_files import LawFileError
from hub.models.cases import CaseType
from hub.papers import Paper

NAMED = Person(name="Nguyễn Thị Đào", named=True, address="Thôn Đông", id_number="001162004217", phone="0912345678")
SECRET = Person(name="Người tố cáo 7F3A", named=False)
HEADING = "code,symbol,form_number,legal_basis,valid_from,valid_to,certainty,citizen,name,name_en,note\n"


def facts(kind: CaseType = CaseType.COMPLAINT, **changes: object) -> Facts:
    given: dict[str, object] = {
        "number": "KN-TANTIEN-2026-000001",
        "type": kind,
        "received": date(2026, 11, 20),
        "today": date(2026, 11, 22),
        "unit": "UBND xã Tân Tiến",
        "person": SECRET if kind is CaseType.DENUNCIATION else NAMED,
        "summary": "Thu hồi 320 m² đất ở thôn Đông",
        "officer": "Hoàng Văn Đức",
        "officer_title": "Cán bộ tiếp dân",
        "papers": ("Đơn", "Quyết định 45"),
    }
    return Facts(**(given | changes))  # type: ignore[arg-type]


def composed(code: str, known: Facts, **typed: str) -> Paper:
    form = FORMS[code]
    filled = forms.defaults(form, known)
    filled |= {field.name: f"({field.name})" for field in forms.fields_of(form) if not filled[field.name]}
    heading = forms.Heading(agency=known.unit, authority="", number="07/TB-UBND", day=known.today)
    edition = registry().edition(code, known.today)
    return forms.compose(form, edition, known, forms.cleaned(form, filled | typed), heading)


def said(paper: Paper) -> str:
    return str(papers.as_data(paper))


def test_the_registry_and_the_forms_name_the_same_papers() -> None:
    assert set(registry().codes) == set(FORMS)


def test_at_least_the_papers_that_the_law_asks_for_are_there_for_each_kind_of_case() -> None:
    for kind in CaseType:
        _now, every = forms.for_case(kind, ())
        codes = {form.code for form in every}
        assert {"reception_refusal", "receipt", "acceptance_proposal", "appointment_slip", "reception_minutes"} <= codes
        assert {"result_notice", "conclusion_notice"} <= codes
        assert any(code.endswith("_acceptance") for code in codes)
        assert sum(code.endswith("_refusal") for code in codes) == 2


@pytest.mark.parametrize(
    ("code", "day", "basis", "number"),
    [
        ("acceptance_proposal", date(2021, 11, 14), "Thông tư 06/2014/TT-TTCP", "Mẫu số 03"),
        ("acceptance_proposal", date(2021, 11, 15), "Thông tư 05/2021/TT-TTCP", "Mẫu số 01"),
        ("receipt", date(2020, 3, 1), "Thông tư 06/2014/TT-TTCP", "Mẫu số 02"),
        ("receipt", date(2026, 11, 22), "Thông tư 04/2021/TT-TTCP", "Mẫu số 02"),
        ("receipt", date(2001, 1, 1), "Thông tư 06/2014/TT-TTCP", "Mẫu số 02"),
        ("denunciation_transfer", date(2026, 11, 22), "Thông tư 05/2021/TT-TTCP", "Mẫu số 03"),
        ("extension", date(2026, 11, 22), "Nghị định 31/2019/NĐ-CP", "Mẫu số 01"),
    ],
)
def test_the_edition_is_the_one_of_the_events_day(code: str, day: date, basis: str, number: str) -> None:
    found = registry().edition(code, day)
    assert (found.legal_basis, found.form_number) == (basis, number)


def test_a_number_that_is_not_certain_is_never_printed() -> None:
    for edition in registry().editions:
        assert bool(edition.printed_note) is (edition.certainty == "text" and edition.form_number != "")
    assert composed("receipt", facts()).form_note == ""
    assert composed("acceptance_proposal", facts()).form_note == "Mẫu số 01, Thông tư 05/2021/TT-TTCP"


def test_faults_of_the_file_are_told_by_line() -> None:
    rows = "a,TB,,X,2021-01-01,,text,maybe,A,A,\nb,TB,,X,2021-01-01,,unverified,yes,B,B,\n"
    with pytest.raises(LawFileError) as told:
        read(HEADING + rows)
    assert told.value.faults == (
        "forms.csv, line 2: citizen 'maybe' is neither yes nor no",
        "forms.csv, line 2: a form without a number cannot be certain of it",
    )
    twice = "b,TB,,X,2021-01-01,,unverified,yes,B,B,\nb,TB,,X,2022-01-01,,unverified,yes,B,B,\n"
    with pytest.raises(LawFileError, match="overlap"):
        read(HEADING + twice)


@pytest.mark.parametrize(
    ("code", "kind"), [pair for pair in product(FORMS, CaseType) if pair[1] in FORMS[pair[0]].types]
)
def test_every_form_says_whose_case_it_is_and_what_about(code: str, kind: CaseType) -> None:
    known = facts(kind)
    paper = composed(code, known)
    text = said(paper)
    assert (paper.number, paper.place) == ("07/TB-UBND", "Tân Tiến")
    assert known.summary in text or code == "receipt"
    assert known.person.name in text or code in ("extension", "petition_transfer", "denunciation_transfer")
    assert "None" not in text.replace("'signer': None", "")


@pytest.mark.parametrize("code", [form.code for form in FORMS.values() if CaseType.DENUNCIATION in form.types])
def test_a_denunciations_paper_carries_nothing_but_the_pseudonym(code: str) -> None:
    """Whatever else were known: the person is shown as they were handed in, and a pseudonym has no address."""
    text = said(composed(code, facts(CaseType.DENUNCIATION, person=replace(NAMED, name=SECRET.name, named=False))))
    for trace in ("Thôn Đông'", "001162004217", "0912345678"):
        assert trace not in text


def test_laws_are_named_as_amended_from_the_first_of_july_2026() -> None:
    before = said(composed("complaint_guidance", facts(today=date(2026, 6, 30))))
    after = said(composed("complaint_guidance", facts(today=date(2026, 7, 1))))
    assert "136/2025/QH15" not in before
    assert "136/2025/QH15" in after


def test_a_paper_takes_up_what_was_written_down_with_the_step() -> None:
    accepted = Step(day=date(2026, 11, 21), document_number="12/QĐ-UBND", document_day=date(2026, 11, 21))
    refused = Step(day=date(2026, 11, 21), reason="Hết thời hiệu khiếu nại")
    text = said(composed("complaint_acceptance", facts(course={MoveCode.ACCEPT: accepted}, due=date(2026, 12, 21))))
    assert "số 12/QĐ-UBND ngày 21/11/2026" in text
    assert "ngày 21/12/2026" in text
    assert "Hết thời hiệu" in said(composed("complaint_refusal", facts(course={MoveCode.REFUSE: refused})))


def test_the_receipt_lists_the_papers_and_a_denunciation_gets_one_copy_more() -> None:
    """Circular 06/2014, form 02: two copies, three for a denunciation."""
    lines = (
        HandedOver(name="Đơn", pages=3, originals=1, copies=0),
        HandedOver(name="Quyết định", pages=2, originals=0, copies=2),
    )
    text = said(composed("receipt", facts(handed_over=lines)))
    assert "('1', 'Đơn', '3', '1', '-', '')" in text
    assert "('2', 'Quyết định', '2', '-', '2', '')" in text
    assert "thành 02 bản" in text
    assert "thành 03 bản" in said(composed("receipt", facts(CaseType.DENUNCIATION)))


def test_what_is_missing_or_too_long_is_told_by_field() -> None:
    form = FORMS["complaint_guidance"]
    typed = forms.cleaned(form, forms.defaults(form, facts()) | {"signer_name": "x" * 301})
    assert set(forms.faults(form, typed)) == {"body", "signer_name"}


def test_the_forms_for_the_step_at_hand_come_first() -> None:
    now, others = forms.for_case(CaseType.COMPLAINT, {MoveCode.ACCEPT})
    assert {form.code for form in now} == {"acceptance_proposal", "complaint_acceptance"}
    assert not set(now) & set(others)
