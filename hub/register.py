"""The register's columns (form 03 of Circular 04/2021/TT-TTCP): what follows from a case for them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.case_moves import MOVE_NAMES, Happened, MoveCode
from hub.cases import TYPE_NAMES
from hub.i18n import N_
from hub.models.cases import CaseType

HEADS = (
    N_("STT"),
    N_("Ngày tiếp"),
    N_("Họ tên – Địa chỉ"),
    N_("Số CCCD/Hộ chiếu"),
    N_("Nội dung vụ việc"),
    N_("Phân loại đơn/Số người"),
    N_("Cơ quan đã giải quyết"),
    N_("Thụ lý để giải quyết"),
    N_("Trả lại đơn và hướng dẫn"),
    N_("Chuyển đơn"),
    N_("Theo dõi kết quả giải quyết"),
    N_("Ghi chú"),
)
HANDLING = N_("Hướng xử lý")
"""Stands over columns 8 to 10."""
REQUESTED = N_("Yêu cầu, đề nghị")
"""Asked for by Article 25 beside the form's columns: within column 5 on paper, a column of its own in a workbook."""
CORRECTION_FIELDS = ("content", "requested", "settled_by", "note")
TEXT_MAX = 2_000

_HANDLED = {"accepted": MoveCode.ACCEPT, "guided": MoveCode.GUIDE, "transferred": MoveCode.TRANSFER}
_OUTCOMES = frozenset(
    {
        MoveCode.REFUSE,
        MoveCode.FILE,
        MoveCode.DECIDE,
        MoveCode.CONCLUDE,
        MoveCode.ANSWER,
        MoveCode.NOTIFY,
        MoveCode.SUSPEND,
        MoveCode.DISCONTINUE,
        MoveCode.WITHDRAW,
        MoveCode.RESULT_RECEIVED,
        MoveCode.CLOSE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Columns 8 to 11, in the register's own language."""

    accepted: str = ""
    guided: str = ""
    transferred: str = ""
    follow_up: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as people read it. ``who`` and ``id_number`` are what this reader may see."""

    entry_id: str
    number: int
    year: int
    day: date
    who: str
    address: str
    id_number: str
    content: str
    requested: str
    classification: str
    settled_by: str
    outcome: Outcome
    note: str
    corrects: int | None = None
    corrected_by: tuple[int, ...] = ()
    reason: str = ""
    secret: bool = False
    case_id: str = ""
    case_number: str = ""
    officer: str = ""

    @property
    def notes(self) -> str:
        """Column 12: the note, and what was corrected where."""
        parts = [self.note] if self.note else []
        if self.corrects is not None:
            parts.append(f"Sửa mục số {self.corrects}: {self.reason}")
        parts += [f"Đã sửa ở mục số {number}" for number in self.corrected_by]
        return "\n".join(parts)

    def cells(self) -> tuple[str, ...]:
        """The twelve columns."""
        asked = f"Yêu cầu, đề nghị: {self.requested}" if self.requested else ""
        return (
            str(self.number),
            f"{self.day:%d/%m/%Y}",
            "\n".join(part for part in (self.who, self.address) if part),
            self.id_number,
            "\n".join(part for part in (self.content, asked) if part),
            self.classification,
            self.settled_by,
            self.outcome.accepted,
            self.outcome.guided,
            self.outcome.transferred,
            self.outcome.follow_up,
            self.notes,
        )


def classification(case_type: CaseType | None, people_count: int, *, first: bool) -> str:
    """``Khiếu nại, 3 người, lần đầu``."""
    kind = TYPE_NAMES[case_type] if case_type else "Không có đơn"
    return f"{kind}, {people_count} người, {'lần đầu' if first else 'nhiều lần'}"


def outcome_of(course: Sequence[Happened]) -> Outcome:
    """From a case's course: the latest of each kind of handling, and the latest step that settles anything."""
    told = {
        name: next((_told(one) for one in reversed(course) if one.code is code), "") for name, code in _HANDLED.items()
    }
    last = next((one for one in reversed(course) if one.code in _OUTCOMES), None)
    return Outcome(**told, follow_up=f"{MOVE_NAMES[last.code]}: {_told(last)}" if last else "")


def _told(one: Happened) -> str:
    """``21/11/2026, văn bản 12/QĐ-UBND``."""
    document = f", văn bản {one.document_number}" if one.document_number else ""
    dated = f" ngày {one.document_day:%d/%m/%Y}" if one.document_number and one.document_day else ""
    return f"{one.day:%d/%m/%Y}{document}{dated}"
