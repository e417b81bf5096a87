"""Cases without a database: numbers, and what an officer's entry must satisfy. ``case_moves`` has the course. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from hub import citizen_id
from hub.i18n import N_, Text
from hub.models.cases import CaseType, PartyKind
from hub.text import clean, clean_block, contains_words, words

PREFIX: dict[CaseType, str] = {
    CaseType.COMPLAINT: "KN",
    CaseType.DENUNCIATION: "TC",
    CaseType.PETITION: "KIN",
    CaseType.FEEDBACK: "PA",
}

SUMMARY_MAX = 300
CONTENT_MAX = 20_000
LINE_MAX = 200
PEOPLE_MAX = 10_000

_TITLES = ("ông", "bà", "anh", "chị", "cô", "chú", "bác")
_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PHONE = re.compile(r"\+?\d{8,15}")


def number(case_type: CaseType, unit_code: str, year: int, counter: int) -> str:
    """``KN-TINH01-2026-000123``: one series per unit and year, whatever the type."""
    return f"{PREFIX[case_type]}-{unit_code}-{year}-{counter:06d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What an officer enters. ``unit_id`` empty means the officer's own unit; ``birth`` is a year or a date."""

    type: CaseType
    summary: str
    name: str
    content: str = ""
    party_kind: PartyKind = PartyKind.INDIVIDUAL
    address: str = ""
    birth: str = ""
    id_number: str = ""
    phone: str = ""
    people_count: int = 1
    unit_id: str = ""
    id: str = ""
    """Made by the form, so that an entry sent twice is registered once; empty: made here."""

    def cleaned(self) -> NewCase:
        """The same entry with stray spaces and control characters gone, as everything below expects it."""
        return replace(
            self,
            summary=clean(self.summary),
            name=clean(self.name),
            content=clean_block(self.content),
            address=clean(self.address),
            birth=clean(self.birth),
            id_number=compact(self.id_number).upper(),
            phone=compact(self.phone),
        )


def compact(typed: str) -> str:
    """A number as typed, without the spaces, dots and dashes people put between groups."""
    return re.sub(r"[\s.\-()]", "", clean(typed))


def faults(new: NewCase, today: date) -> dict[str, Text]:
    """What must be put right before the case can be registered, by form field."""
    found: dict[str, Text] = {}
    _check_lengths(new, found)
    if not new.summary:
        found["summary"] = Text(N_("Hãy ghi tóm tắt nội dung vụ việc."))
    if not words(new.name):
        found["name"] = Text(N_("Hãy ghi họ tên hoặc tên cơ quan, tổ chức."))
    if not new.address and not new.id_number:
        found["address"] = Text(N_("Hãy ghi địa chỉ hoặc số giấy tờ tùy thân (Điều 7 Luật Tiếp công dân)."))
    if new.birth and birth_year(new.birth, today) is None:
        found["birth"] = Text(N_("Ghi ngày sinh như 17/05/1975, hoặc chỉ năm sinh như 1975."))
    if new.phone and not _PHONE.fullmatch(new.phone):
        found["phone"] = Text(N_("Số điện thoại gồm 8 đến 15 chữ số."))
    if new.type is CaseType.DENUNCIATION:
        found |= _denunciation_faults(new)
    return found | _people_faults(new)


def _check_lengths(new: NewCase, found: dict[str, Text]) -> None:
    limits = {"summary": SUMMARY_MAX, "content": CONTENT_MAX, "name": LINE_MAX, "address": LINE_MAX, "id_number": 20}
    for field, longest in limits.items():
        if len(getattr(new, field)) > longest:
            found[field] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})


def _people_faults(new: NewCase) -> dict[str, Text]:
    if not 1 <= new.people_count <= PEOPLE_MAX:
        return {"people_count": Text(N_("Số người từ 1 đến %(most)d."), {"most": PEOPLE_MAX})}
    if new.party_kind is PartyKind.INDIVIDUAL and new.people_count != 1:
        return {"people_count": Text(N_("Một cá nhân là 1 người. Nếu đông hơn, hãy chọn “Nhóm người”."))}
    if new.party_kind is PartyKind.GROUP and new.people_count < 2:
        return {"people_count": Text(N_("Nhóm người có từ 2 người trở lên."))}
    return {}


def _denunciation_faults(new: NewCase) -> dict[str, Text]:
    found = {}
    if new.party_kind is PartyKind.ORGANISATION:
        found["party_kind"] = Text(N_("Chỉ cá nhân có quyền tố cáo (Điều 2 Luật Tố cáo). Hãy chọn loại khác."))
    for field in ("summary", "content"):
        if reveals(getattr(new, field), name=new.name, id_number=new.id_number, phone=new.phone):
            found[field] = secrecy_fault()
    return found


def secrecy_fault() -> Text:
    return Text(
        N_(
            "Nội dung này nêu tên, số giấy tờ hoặc điện thoại của người tố cáo, là điều phải giữ bí mật"
            " (Điều 56 Luật Tố cáo). Hãy viết lại, dùng “người tố cáo”."
        )
    )


def reveals(text: str, *, name: str, id_number: str = "", phone: str = "") -> bool:
    """Whether ``text`` carries the full name (marks and case aside), the ID number or the telephone number."""
    digits = re.sub(r"[\s.\-()]", "", text).upper()
    return contains_words(text, name) or any(len(n) >= 8 and n.upper() in digits for n in (id_number, phone))


def warnings(new: NewCase, today: date) -> dict[str, Text]:
    """What looks odd but is accepted: an officer sees the papers, we do not. By form field."""
    found: dict[str, Text] = {}
    new = new.cleaned()
    odd = odd_number(new.id_number, new.birth, today)
    if odd is not None:
        found["id_number"] = odd
    for field in ("summary", "content") if new.type is CaseType.DENUNCIATION else ():
        if any(contains_words(getattr(new, field), one) for one in _hints(new)):
            found[field] = Text(
                N_("Có những từ trùng với tên hoặc địa chỉ của người tố cáo. Hãy xem lại để giữ bí mật.")
            )
    return found


def odd_number(typed: str, birth: str, today: date) -> Text | None:
    """What looks odd about a number of papers, whoever's it is, beside the birth that was typed: the one check of all
    forms."""
    number = compact(typed).upper()
    return citizen_id.warning(number, birth_year(birth.strip(), today), today) if number else None


def _hints(new: NewCase) -> list[str]:
    """What may tell who denounced and may as well be somebody or somewhere else: only a person can say."""
    name = words(new.name)
    called = [f"{title} {name[-1]}" for title in _TITLES] if name else []
    both = [" ".join(name[-2:])] if len(name) > 1 else []
    return [*both, *called, *([new.address] if len(words(new.address)) > 1 else [])]


def birth_year(typed: str, today: date) -> int | None:
    """The year of ``1975``, ``17/05/1975`` or ``1975-05-17``; None when it is none of these or not a possible birth."""
    if _YEAR.fullmatch(typed):
        year = int(typed)
        return year if 1900 <= year <= today.year else None
    if match := _DAY.fullmatch(typed):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO.fullmatch(typed):
        year, month, day = (int(part) for part in match.groups())
    else:
        return None
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return year if born <= today and year >= 1900 else None


def masked(id_number: str) -> str:
    """``•••••••••123``: only the last three characters, and only of a number long enough to stay unknown."""
    shown = id_number[-3:] if len(id_number) >= 8 else ""
    return "•" * (len(id_number) - len(shown)) + shown


TYPE_NAMES: Mapping[CaseType, str] = {
    CaseType.COMPLAINT: N_("Khiếu nại"),
    CaseType.DENUNCIATION: N_("Tố cáo"),
    CaseType.PETITION: N_("Kiến nghị"),
    CaseType.FEEDBACK: N_("Phản ánh"),
}
