"""What each state, kind and role is called on screen, in the law's own terms, and the tone of its badge."""

from __future__ import annotations

from collections.abc import Mapping

from hub.i18n import N_
from hub.models import (
    AdHocGround,
    CaseState,
    CaseType,
    Certainty,
    DayKind,
    Direction,
    HearingKind,
    HearingState,
    PartyKind,
    RecordingState,
    Role,
    RuleUnit,
    SeatKind,
    UnitLevel,
)
from web.translate import Catalogue

LABELS: Mapping[str, Mapping[str, str]] = {
    "case_type": {
        CaseType.COMPLAINT: N_("Khiếu nại"),
        CaseType.DENUNCIATION: N_("Tố cáo"),
        CaseType.PETITION: N_("Kiến nghị"),
        CaseType.FEEDBACK: N_("Phản ánh"),
    },
    "case_state": {
        CaseState.RECEIVED: N_("Đã tiếp nhận"),
        CaseState.CLOSED: N_("Đã kết thúc"),
    },
    "party_kind": {
        PartyKind.INDIVIDUAL: N_("Cá nhân"),
        PartyKind.ORGANISATION: N_("Tổ chức"),
        PartyKind.GROUP: N_("Nhóm người"),
    },
    "hearing_kind": {
        HearingKind.REGULAR: N_("Định kỳ"),
        HearingKind.AD_HOC: N_("Đột xuất"),
    },
    "ground": {
        AdHocGround.ACUTE: N_("Vụ việc gay gắt, phức tạp, nhiều người, nhiều cơ quan hoặc ý kiến còn khác nhau"),
        AdHocGround.GRAVE: N_("Nếu không xem xét kịp thời có thể gây hậu quả nghiêm trọng"),
    },
    "ground_basis": {
        AdHocGround.ACUTE: N_("Luật Tiếp công dân, Điều 18 khoản 3 điểm a"),
        AdHocGround.GRAVE: N_("Luật Tiếp công dân, Điều 18 khoản 3 điểm b"),
    },
    "hearing_state": {
        HearingState.SCHEDULED: N_("Đã đặt lịch"),
        HearingState.OPEN: N_("Đang diễn ra"),
        HearingState.RECESS: N_("Đang tạm nghỉ"),
        HearingState.INTERRUPTED: N_("Bị gián đoạn"),
        HearingState.CLOSED: N_("Đã kết thúc"),
        HearingState.POSTPONED: N_("Đã hoãn"),
        HearingState.CANCELLED: N_("Đã hủy"),
    },
    "seat_kind": {
        SeatKind.CHAIR: N_("Chủ trì"),
        SeatKind.DEPUTY: N_("Phó chủ trì"),
        SeatKind.SECRETARY: N_("Thư ký"),
        SeatKind.POINT: N_("Điểm cầu"),
    },
    "recording_state": {
        RecordingState.RECORDING: N_("Đang ghi"),
        RecordingState.CLOSED: N_("Đang đưa vào kho lưu trữ"),
        RecordingState.ARCHIVED: N_("Đã lưu trữ"),
        RecordingState.DESTROYED: N_("Đã tiêu hủy"),
    },
    "role": {
        Role.OFFICER: N_("Cán bộ tiếp công dân"),
        Role.LEADER: N_("Lãnh đạo"),
        Role.SECRETARY: N_("Thư ký"),
        Role.AUDITOR: N_("Thanh tra, kiểm tra"),
        Role.TECHNICIAN: N_("Kỹ thuật"),
        Role.ADMINISTRATOR: N_("Quản trị"),
    },
    "unit_level": {
        UnitLevel.CENTRAL: N_("Trung ương"),
        UnitLevel.PROVINCE: N_("Cấp tỉnh"),
        UnitLevel.COMMUNE: N_("Cấp xã"),
    },
    "check": {
        "ok": N_("Đạt"),
        "failed": N_("Không đạt"),
        "skipped": N_("Bỏ qua"),
    },
    "presence": {
        "absent": N_("Chưa kết nối"),
        "waiting": N_("Trong phòng chờ"),
        "admitted": N_("Trong buổi tiếp"),
        "lost": N_("Mất kết nối"),
    },
    "audit": {
        "signed_in": N_("Đăng nhập"),
        "sign_in_failed": N_("Đăng nhập sai"),
        "signed_out": N_("Đăng xuất"),
        "password_changed": N_("Đổi mật khẩu"),
        "password_set": N_("Đặt lại mật khẩu"),
        "account_created": N_("Tạo tài khoản"),
        "account_changed": N_("Sửa tài khoản"),
        "account_disabled": N_("Khóa tài khoản"),
        "account_enabled": N_("Mở lại tài khoản"),
        "account_locked": N_("Tạm khóa vì nhập sai nhiều lần"),
        "unit_created": N_("Tạo cơ quan"),
        "unit_changed": N_("Sửa cơ quan"),
        "point_created": N_("Tạo điểm cầu"),
        "point_changed": N_("Sửa điểm cầu"),
        "rule_added": N_("Thêm quy tắc pháp luật"),
        "rule_changed": N_("Sửa quy tắc pháp luật"),
        "rule_updated": N_("Quy tắc theo bản mới của phần mềm"),
        "holiday_added": N_("Thêm ngày nghỉ"),
        "holiday_changed": N_("Sửa ngày nghỉ"),
        "holiday_updated": N_("Ngày nghỉ theo bản mới của phần mềm"),
        "case_registered": N_("Đăng ký vụ việc"),
        "case_edited": N_("Sửa vụ việc"),
        "attachment_added": N_("Thêm tài liệu"),
        "attachment_opened": N_("Mở tài liệu"),
        "identity_read": N_("Xem danh tính"),
        "identity_compared": N_("So nội dung với danh tính đã niêm phong"),
        "identity_key_checked": N_("Kiểm tra khóa niêm phong"),
        "hearing_booked": N_("Đặt lịch buổi tiếp"),
        "hearing_changed": N_("Thay đổi buổi tiếp"),
        "hearing_postponed": N_("Hoãn buổi tiếp"),
        "hearing_cancelled": N_("Hủy buổi tiếp"),
        "recording_notice_confirmed": N_("Xác nhận đã báo ghi hình"),
        "device_token_issued": N_("Cấp mã kết nối thiết bị"),
        "device_token_revoked": N_("Thu hồi mã kết nối thiết bị"),
        "device_connected": N_("Thiết bị phòng họp kết nối"),
        "device_disconnected": N_("Thiết bị phòng họp ngắt kết nối"),
        "recording.replay": N_("Xem lại bản ghi"),
        "recording.key": N_("Cấp khóa giải mã bản ghi"),
        "recording.lock": N_("Khóa bản ghi trong kho lưu trữ"),
        "retention_rule_added": N_("Thêm thời hạn lưu giữ"),
        "recording.hold": N_("Giữ lại bản ghi theo yêu cầu pháp lý"),
        "recording.release": N_("Thôi giữ lại bản ghi"),
        "recording.extend": N_("Gia hạn lưu giữ bản ghi"),
        "recording.destroy_proposed": N_("Đề nghị tiêu hủy bản ghi"),
        "recording.destroy_approved": N_("Duyệt tiêu hủy bản ghi"),
        "recording.destroy_refused": N_("Không tiêu hủy bản ghi"),
        "recording.destroy": N_("Tiêu hủy bản ghi"),
        "recording.verify": N_("Kiểm tra bản ghi"),
        "recording.seal": N_("Niêm phong bản ghi"),
        "recording.stamp": N_("Đóng dấu thời gian"),
        "recording.download": N_("Tải bản ghi"),
    },
    "audit_object": {
        "account": N_("Tài khoản"),
        "unit": N_("Cơ quan"),
        "point": N_("Điểm cầu"),
        "case": N_("Vụ việc"),
        "hearing": N_("Buổi tiếp"),
        "recording": N_("Bản ghi"),
        "legal_rule": N_("Quy tắc pháp luật"),
        "holiday": N_("Ngày nghỉ"),
        "retention_rule": N_("Thời hạn lưu giữ"),
    },
    "rule_unit": {
        RuleUnit.WORKING_DAYS: N_("ngày làm việc"),
        RuleUnit.DAYS: N_("ngày"),
        RuleUnit.MONTHS: N_("tháng"),
        RuleUnit.YEARS: N_("năm"),
        RuleUnit.DAYS_PER_WEEK: N_("ngày mỗi tuần, ít nhất"),
        RuleUnit.DAYS_PER_MONTH: N_("ngày mỗi tháng, ít nhất"),
        RuleUnit.TIMES: N_("lần, nhiều nhất"),
    },
    "rule_direction": {
        Direction.AFTER: N_("Sau sự kiện, không quá"),
        Direction.BEFORE: N_("Trước sự kiện, ít nhất"),
    },
    "certainty": {
        Certainty.TEXT: N_("Đã đọc văn bản"),
        Certainty.SECONDARY: N_("Theo báo chí"),
        Certainty.UNVERIFIED: N_("Chưa kiểm chứng"),
    },
    "day_kind": {
        DayKind.HOLIDAY: N_("Nghỉ lễ, Tết"),
        DayKind.COMPENSATORY: N_("Nghỉ bù"),
        DayKind.SWAPPED_OFF: N_("Nghỉ hoán đổi"),
        DayKind.SWAPPED_WORKING: N_("Làm bù"),
    },
    "language": {"vi": "Tiếng Việt", "en": "English"},
}

TONES: Mapping[str, Mapping[str, str]] = {
    "case_state": {CaseState.RECEIVED: "info", CaseState.CLOSED: "quiet"},
    "hearing_state": {
        HearingState.SCHEDULED: "info",
        HearingState.OPEN: "live",
        HearingState.RECESS: "warn",
        HearingState.INTERRUPTED: "danger",
        HearingState.CLOSED: "quiet",
        HearingState.POSTPONED: "warn",
        HearingState.CANCELLED: "quiet",
    },
    "recording_state": {
        RecordingState.RECORDING: "live",
        RecordingState.CLOSED: "info",
        RecordingState.ARCHIVED: "good",
        RecordingState.DESTROYED: "quiet",
    },
    "certainty": {Certainty.TEXT: "good", Certainty.SECONDARY: "info", Certainty.UNVERIFIED: "warn"},
    "day_kind": {DayKind.SWAPPED_WORKING: "warn"},
    "check": {"ok": "good", "failed": "danger", "skipped": "warn"},
    "presence": {"absent": "quiet", "waiting": "warn", "admitted": "good", "lost": "danger"},
}
"""``info``, ``good``, ``warn``, ``danger``, ``live`` or ``quiet``: colour and shape; the word is always there too."""


def label(book: Catalogue, kind: str, value: str) -> str:
    """The word for a value of one of the kinds above; a value that is not known stands for itself."""
    return book.gettext(LABELS[kind].get(value, value))


def tone(kind: str, value: str) -> str:
    return TONES.get(kind, {}).get(value, "quiet")
