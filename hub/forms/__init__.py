"""The forms of the reception office: which there are for a case, and the ``Paper`` that each becomes. PURE.

What a form is called, numbered and when it holds is data (``hub.form_registry``); what it says is here. A test holds
the two to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from hub.case_moves import MoveCode
from hub.form_registry import Edition
from hub.forms import handling, reception
from hub.forms.facts import Facts, Field, Form, Typed
from hub.forms.signing import Signing, of_head
from hub.i18n import N_, Text
from hub.models.cases import CaseType
from hub.papers import Paper, Signer
from hub.text import clean, clean_block

__all__ = [
    "FORMS",
    "Facts",
    "Field",
    "Form",
    "Heading",
    "cleaned",
    "compose",
    "defaults",
    "faults",
    "fields_of",
    "for_case",
]

FORMS: Mapping[str, Form] = {form.code: form for form in (*reception.FORMS, *handling.FORMS)}
LINE_MAX, BLOCK_MAX = 300, 10_000


def _signing(facts: Facts) -> Signing:
    """Who was named for this paper, else the unit's head."""
    if facts.signing:
        return facts.signing
    head = of_head(facts.style)
    return head if head.name else replace(head, name=facts.head_name)


COMMON = (
    Field(name="place", label=N_("Địa danh"), default=lambda facts: facts.style.place),
    Field(
        name="on_behalf",
        label=N_("Thay mặt, ký thay, thừa lệnh"),
        rows=2,
        hint=N_("Như TM. ỦY BAN NHÂN DÂN, KT. CHỦ TỊCH, TL. CHỦ TỊCH, mỗi thứ một dòng; để trống nếu không có"),
        default=lambda facts: _signing(facts).on_behalf,
    ),
    Field(
        name="signer_title",
        label=N_("Chức vụ người ký"),
        required=True,
        default=lambda facts: _signing(facts).title,
    ),
    Field(name="signer_name", label=N_("Họ tên người ký"), default=lambda facts: _signing(facts).name),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What surrounds a form's own text."""

    agency: str
    authority: str
    number: str
    day: date
    verify_url: str = ""
    watermark: str = ""


def fields_of(form: Form) -> tuple[Field, ...]:
    """The form's own, then the place and, where somebody signs for the agency, the signer."""
    return (*form.fields, *(COMMON if form.signed else COMMON[:1]))


def for_case(case_type: CaseType, near: Collection[MoveCode]) -> tuple[list[Form], list[Form]]:
    """The forms for the steps at hand, and all others for this kind of case."""
    fitting = [form for form in FORMS.values() if case_type in form.types]
    now = [form for form in fitting if form.moves & set(near)]
    return now, [form for form in fitting if form not in now]


def defaults(form: Form, facts: Facts) -> dict[str, str]:
    found = {field.name: field.default(facts) for field in fields_of(form)}
    if form.by_head:
        lines = found["on_behalf"].splitlines()
        found["on_behalf"] = "\n".join(line for line in lines if not line.upper().startswith("TM."))
    return found


def cleaned(form: Form, typed: Typed) -> dict[str, str]:
    return {
        field.name: (clean_block if field.rows > 1 else clean)(typed.get(field.name, "")) for field in fields_of(form)
    }


def faults(form: Form, typed: Typed) -> dict[str, Text]:
    """By field; of what ``cleaned`` gives."""
    found = {}
    for field in fields_of(form):
        longest = BLOCK_MAX if field.rows > 1 else LINE_MAX
        if field.required and not typed[field.name]:
            found[field.name] = Text(N_("Hãy điền mục này."))
        elif len(typed[field.name]) > longest:
            found[field.name] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})
    return found


def compose(form: Form, edition: Edition, facts: Facts, typed: Typed, heading: Heading) -> Paper:
    signer = Signer(typed["signer_title"], typed["signer_name"], typed["on_behalf"], "") if form.signed else None
    return Paper(
        title=form.kind,
        subject=form.subject(facts),
        agency=heading.agency,
        authority=heading.authority,
        number=heading.number,
        place=typed["place"],
        day=heading.day,
        to=form.to(facts, typed),
        blocks=form.blocks(facts, typed),
        signer=signer,
        recipients=form.recipients(facts, typed),
        form_note=edition.printed_note,
        verify_url=heading.verify_url,
        watermark=heading.watermark,
        keywords=(facts.number,),
    )
