"""The template of minutes (biên bản): which parts there are, and what may become of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.errors import BadInput, Conflict
from hub.i18n import N_
from hub.models.minutes import MinutesState

FORMAT = "citizen-reception-hub/minutes/1"
SECTION_MAX = 20_000
"""Characters of one part."""

_KEY = re.compile(r"(?:([0-9a-f]{32})\.)?([a-z]+)")


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is written; everything else in minutes is known to the hub."""

    code: str
    title: str
    hint: str


OPENING = Part(
    "opening",
    N_("Mở đầu"),
    N_("Lý do tiếp, thành phần khác có mặt, việc phổ biến quyền và nghĩa vụ, việc thông báo ghi hình."),
)
CLOSING = Part("closing", N_("Kết thúc"), N_("Việc đọc lại biên bản, giờ kết thúc, giấy tờ đã nhận."))
OF_CASE = (
    Part("presents", N_("Công dân trình bày"), N_("Nội dung sự việc, tài liệu công dân nêu hoặc nộp.")),
    Part("asks", N_("Yêu cầu, đề nghị của công dân"), N_("Từng yêu cầu một dòng.")),
    Part("answers", N_("Ý kiến của người tiếp, cơ quan liên quan"), N_("Ai trả lời, trả lời gì, căn cứ nào.")),
    Part("chair", N_("Ý kiến của chủ trì"), N_("Kết luận hoặc chỉ đạo tại buổi tiếp.")),
    Part("steps", N_("Các bước tiếp theo đã thống nhất"), N_("Việc gì, ai làm, đến ngày nào.")),
)
_GENERAL = {part.code: part for part in (OPENING, CLOSING)}
_BY_CASE = {part.code: part for part in OF_CASE}

_NEXT: dict[MinutesState, frozenset[MinutesState]] = {
    MinutesState.WRITING: frozenset({MinutesState.READING}),
    MinutesState.READING: frozenset({MinutesState.WRITING, MinutesState.LOCKED}),
    MinutesState.LOCKED: frozenset(),
}
_REFUSALS = {
    MinutesState.WRITING: N_("Biên bản đang được viết. Hãy chốt để đọc lại trước."),
    MinutesState.READING: N_("Biên bản đã chốt để đọc lại. Muốn sửa, hãy mở lại để viết."),
    MinutesState.LOCKED: N_("Biên bản đã khóa, không sửa được nữa. Muốn đính chính, hãy lập phụ lục."),
}


def key_of(part: Part, case_id: str = "") -> str:
    """How a written part is named: ``opening``, or the case's id, a dot and the part."""
    return f"{case_id}.{part.code}" if case_id else part.code


def keys(case_ids: Iterable[str]) -> Iterator[str]:
    """All parts of a hearing with these cases, in their order."""
    yield OPENING.code
    for case_id in case_ids:
        yield from (key_of(part, case_id) for part in OF_CASE)
    yield CLOSING.code


def require_key(key: str, case_ids: Iterable[str]) -> str:
    """The key's case, '' for a part of the whole. Raises ``BadInput`` for a part that these minutes do not have."""
    found = _KEY.fullmatch(key)
    case_id, code = found.groups() if found else (None, "")
    if case_id is None and code in _GENERAL:
        return ""
    if case_id is not None and case_id in case_ids and code in _BY_CASE:
        return str(case_id)
    raise BadInput(N_("Biên bản không có mục này."))


def require_state(now: MinutesState, wanted: MinutesState) -> None:
    """Raise ``Conflict`` unless minutes are in this state."""
    if now != wanted:
        raise Conflict(_REFUSALS[now])


def move(now: MinutesState, wanted: MinutesState) -> MinutesState:
    """Raises ``Conflict`` for what does not follow; locked minutes stay as they are for ever."""
    if wanted not in _NEXT[now]:
        raise Conflict(_REFUSALS[now])
    return wanted
