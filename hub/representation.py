"""Who may speak for a party, and with which papers (Law on Citizen Reception 42/2013 Art 29). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.errors import NotFound
from hub.i18n import N_, Text
from hub.law import RuleBook
from hub.models.cases import CaseType, PartyKind
from hub.models.parties import RepresentationKind
from hub.text import words

SCOPE_MAX = 500
NUMBER_MAX = 80
CARD_MAX = 40
K = RepresentationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRepresentative:
    kind: RepresentationKind
    name: str
    address: str = ""
    birth: str = ""
    id_number: str = ""
    phone: str = ""
    document_number: str = ""
    document_day: date | None = None
    scope: str = ""
    card_number: str = ""
    member: bool = False
    """Is one of the group."""
    signed_by_all: bool = False


def most(book: RuleBook, people: int, day: date) -> int | None:
    """How many may represent a group of so many on that day; None: the law sets no limit."""
    try:
        if people < book.rule("group_counted_from", day).value:
            return None
        size = "large" if people > book.rule("group_large_above", day).value else "small"
        return book.rule(f"group_representatives_{size}", day).value
    except NotFound:
        return None


def faults(
    new: NewRepresentative, *, case_type: CaseType, party: PartyKind, there: Sequence[K], limit: int | None, people: int
) -> dict[str, Text]:
    """What must be put right, by form field. ``there`` are the kinds of those who represent already."""
    found: dict[str, Text] = {}
    if not words(new.name):
        found["name"] = Text(N_("Hãy ghi họ tên người đại diện."))
    for field, longest in (("scope", SCOPE_MAX), ("document_number", NUMBER_MAX), ("card_number", CARD_MAX)):
        if len(getattr(new, field)) > longest:
            found[field] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})
    if new.kind is K.GROUP:
        return found | _group_faults(new, party, there, limit, people)
    if new.kind in (K.AUTHORISED, K.LAWYER):
        if not new.document_number:
            found["document_number"] = Text(N_("Hãy ghi số giấy ủy quyền, hoặc số giấy yêu cầu luật sư."))
        if new.document_day is None:
            found["document_day"] = Text(N_("Hãy ghi ngày của giấy ủy quyền."))
    if new.kind is K.AUTHORISED and not new.scope:
        found["scope"] = Text(N_("Hãy ghi được ủy quyền làm những việc gì."))
    if new.kind is K.LAWYER and not new.card_number:
        found["card_number"] = Text(N_("Hãy ghi số thẻ luật sư."))
    if new.kind is K.AUTHORISED and case_type is CaseType.DENUNCIATION:
        found["kind"] = Text(N_("Người tố cáo tự mình tố cáo; luật không có ủy quyền tố cáo."))
    return found


def _group_faults(
    new: NewRepresentative, party: PartyKind, there: Sequence[K], limit: int | None, people: int
) -> dict[str, Text]:
    if party is not PartyKind.GROUP:
        return {"kind": Text(N_("Chỉ nhóm người mới cử người đại diện; hãy chọn loại khác."))}
    found = {}
    if not new.member:
        found["member"] = Text(N_("Người đại diện phải là một người trong nhóm (Điều 29 Luật Tiếp công dân)."))
    if not new.signed_by_all:
        found["signed_by_all"] = Text(N_("Văn bản cử người đại diện phải có chữ ký của tất cả mọi người trong nhóm."))
    already = sum(one is K.GROUP for one in there)
    if limit is not None and already >= limit:
        found["kind"] = Text(
            N_("Nhóm %(people)d người có nhiều nhất %(limit)d người đại diện (Điều 29 Luật Tiếp công dân)."),
            {"people": people, "limit": limit},
        )
    elif already >= people:
        found["kind"] = Text(N_("Người đại diện không thể nhiều hơn số người của nhóm."))
    return found
