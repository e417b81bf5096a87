"""What states and events of minutes and conclusions are called, and the trail's objects: part of ``web.labels``."""

from __future__ import annotations

from collections.abc import Mapping

from hub.i18n import N_
from hub.models import ConclusionState, MinutesState, Position, TaskState, TaskStep

AUDIT: Mapping[str, str] = {
    "minutes_begun": N_("Bắt đầu lập biên bản"),
    "minutes_frozen": N_("Chốt biên bản để đọc lại"),
    "minutes_reopened": N_("Mở lại biên bản để sửa"),
    "minutes_answered": N_("Ghi ý kiến về biên bản"),
    "minutes_scanned": N_("Tải bản quét biên bản"),
    "minutes_scan_opened": N_("Mở bản quét biên bản"),
    "minutes_scan_mistaken": N_("Đánh dấu bản quét biên bản thêm nhầm"),
    "minutes_scan_restored": N_("Bỏ đánh dấu bản quét biên bản thêm nhầm"),
    "recording.minutes_scanned": N_("Tải bản quét biên bản"),
    "recording.minutes_scan_mistaken": N_("Đánh dấu bản quét biên bản thêm nhầm"),
    "recording.minutes_scan_restored": N_("Bỏ đánh dấu bản quét biên bản thêm nhầm"),
    "minutes_locked": N_("Khóa biên bản"),
    "minutes_annexed": N_("Thêm phụ lục biên bản"),
    "recording.minutes_locked": N_("Khóa biên bản"),
    "recording.minutes_annexed": N_("Thêm phụ lục biên bản"),
    "cases_ordered": N_("Đổi thứ tự vụ việc trong buổi tiếp"),
    "papers_read": N_("Đã đọc hồ sơ vụ việc"),
    "conclusion_drafted": N_("Soạn thông báo kết luận"),
    "conclusion_changed": N_("Sửa thông báo kết luận"),
    "conclusion_issued": N_("Ban hành thông báo kết luận"),
    "recording.conclusion_issued": N_("Ban hành thông báo kết luận"),
    "task_reported": N_("Báo cáo đã xong"),
    "task_confirmed": N_("Xác nhận hoàn thành"),
    "task_returned": N_("Trả lại để làm tiếp"),
    "task_extended": N_("Gia hạn"),
}

LABELS: Mapping[str, Mapping[str, str]] = {
    "audit_object": {
        "account": N_("Tài khoản"),
        "unit": N_("Cơ quan"),
        "point": N_("Điểm cầu"),
        "case": N_("Vụ việc"),
        "visit": N_("Lượt tiếp"),
        "hearing": N_("Buổi tiếp"),
        "reception_series": N_("Lịch định kỳ"),
        "recording": N_("Bản ghi"),
        "legal_rule": N_("Quy tắc pháp luật"),
        "holiday": N_("Ngày nghỉ"),
        "retention_rule": N_("Thời hạn lưu giữ"),
        "search": N_("Tìm kiếm"),
        "import": N_("Nhập từ tệp"),
    },
    "minutes_state": {
        MinutesState.WRITING: N_("Đang viết"),
        MinutesState.READING: N_("Đang đọc lại"),
        MinutesState.LOCKED: N_("Đã khóa, niêm phong"),
    },
    "conclusion_state": {
        ConclusionState.DRAFT: N_("Bản thảo"),
        ConclusionState.ISSUED: N_("Đã ban hành"),
    },
    "task_state": {
        TaskState.OPEN: N_("Đang thực hiện"),
        TaskState.REPORTED: N_("Chờ xác nhận"),
        TaskState.DONE: N_("Đã xong"),
    },
    "task_step": {
        TaskStep.REPORTED: N_("Báo cáo đã xong"),
        TaskStep.CONFIRMED: N_("Xác nhận hoàn thành"),
        TaskStep.RETURNED: N_("Trả lại để làm tiếp"),
        TaskStep.EXTENDED: N_("Gia hạn"),
    },
    "position": {
        Position.AGREED: N_("Đồng ý"),
        Position.OBJECTED: N_("Không đồng ý"),
    },
}

TONES: Mapping[str, Mapping[str, str]] = {
    "minutes_state": {MinutesState.WRITING: "info", MinutesState.READING: "warn", MinutesState.LOCKED: "good"},
    "conclusion_state": {ConclusionState.DRAFT: "warn", ConclusionState.ISSUED: "good"},
    "task_state": {TaskState.OPEN: "info", TaskState.REPORTED: "warn", TaskState.DONE: "good"},
    "position": {Position.AGREED: "good", Position.OBJECTED: "danger"},
}
