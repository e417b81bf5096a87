"""What a reception of a person must satisfy to be written down. Pure. Law on Citizen Reception 42/2013 Art 7–9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from hub.cases import PEOPLE_MAX
from hub.i18n import N_, Text
from hub.models.visits import IdentityMethod, RefusalGround
from hub.text import clean, clean_block

TEXT_MAX = 5_000
REASON_MAX = 1_000
SETTLED_MAX = 500
NOTE_MAX = 300
NUMBER_MAX = 80
SKEW = timedelta(minutes=5)
"""A clock that runs a little ahead is no fault of the officer's."""

GROUNDS: Mapping[str, str] = {
    RefusalGround.INCAPABLE: N_(
        "Say rượu, bia, dùng chất kích thích, hoặc mất khả năng nhận thức, điều khiển hành vi (Điều 9 khoản 1)"
    ),
    RefusalGround.MISCONDUCT: N_("Đe dọa, xúc phạm người tiếp hoặc vi phạm nội quy nơi tiếp (Điều 9 khoản 2)"),
    RefusalGround.SETTLED: N_(
        "Vụ việc đã giải quyết đúng, đã rà soát và thông báo bằng văn bản nhưng vẫn cố tình kéo dài (Điều 9 khoản 3)"
    ),
    RefusalGround.OTHER: N_("Trường hợp khác theo quy định của pháp luật (Điều 9 khoản 4)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVisit:
    """What an officer writes down. Empty ids: the officer's own unit, no point, no hearing, no case.

    ``at`` None is now; ``first`` None is found out from earlier visits; ``name`` and ``address`` only without a case.
    """

    identity_method: IdentityMethod
    id: str = ""
    """Made by the form, so that one sent twice is written down once; empty: made here."""
    identity_note: str = ""
    unit_id: str = ""
    point_id: str = ""
    hearing_id: str = ""
    case_id: str = ""
    at: datetime | None = None
    people_count: int = 1
    first: bool | None = None
    requested: str = ""
    advised: str = ""
    settled_by: str = ""
    """Who has settled the matter before: the register's seventh column."""
    name: str = ""
    address: str = ""
    birth: str = ""
    id_number: str = ""
    phone: str = ""
    known_party: str = ""
    """Who was recognised, whose ID number stays sealed unless another is typed."""
    refusal_ground: RefusalGround | None = None
    refusal_reason: str = ""
    decided_by: str = ""
    document_number: str = ""
    document_day: date | None = None

    def cleaned(self) -> NewVisit:
        lines = ("identity_note", "name", "address", "birth", "document_number")
        blocks = ("requested", "advised", "refusal_reason", "settled_by")
        cleaned: dict[str, Any] = {name: clean(getattr(self, name)) for name in lines}
        cleaned |= {name: clean_block(getattr(self, name)) for name in blocks}
        return replace(self, **cleaned)


def faults(new: NewVisit, now: datetime) -> dict[str, Text]:
    """What must be put right before the visit can be kept, by form field."""
    found: dict[str, Text] = {}
    limits = {
        "settled_by": SETTLED_MAX,
        "requested": TEXT_MAX,
        "advised": TEXT_MAX,
        "refusal_reason": REASON_MAX,
        "identity_note": NOTE_MAX,
        "document_number": NUMBER_MAX,
    }
    for field, longest in limits.items():
        if len(getattr(new, field)) > longest:
            found[field] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})
    if not 1 <= new.people_count <= PEOPLE_MAX:
        found["people_count"] = Text(N_("Số người từ 1 đến %(most)d."), {"most": PEOPLE_MAX})
    if new.at is not None and new.at > now + SKEW:
        found["at"] = Text(N_("Lượt tiếp chưa diễn ra thì chưa ghi được."))
    if new.identity_method is IdentityMethod.NO_PAPER and not new.identity_note:
        found["identity_note"] = Text(N_("Hãy ghi đã biết người này là ai bằng cách nào."))
    if not new.case_id and not new.requested and new.refusal_ground is None:
        found["requested"] = Text(N_("Hãy ghi người đến yêu cầu, đề nghị điều gì."))
    if not new.name and not new.case_id and new.identity_method is not IdentityMethod.UNKNOWN:
        found["name"] = Text(N_("Hãy ghi họ tên, hoặc chọn “Không cho biết là ai”."))
    return found | _refusal_faults(new)


def _refusal_faults(new: NewVisit) -> dict[str, Text]:
    if new.refusal_ground is None:
        return {}
    found = {}
    if not new.refusal_reason:
        found["refusal_reason"] = Text(
            N_("Hãy ghi sự việc làm căn cứ từ chối; người bị từ chối được giải thích lý do.")
        )
    if not new.decided_by:
        found["decided_by"] = Text(N_("Hãy chọn người có thẩm quyền đã quyết định từ chối."))
    if new.refusal_ground is RefusalGround.SETTLED and not new.document_number:
        found["document_number"] = Text(N_("Căn cứ này cần số văn bản thông báo chấm dứt, đã gửi cho công dân."))
    return found
