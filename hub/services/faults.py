"""What can be wrong with a recording, each by its name and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.i18n import N_, Text

WORDS: Mapping[str, str] = {
    "not_archived": N_("Bản ghi chưa được lưu trữ xong (%(detail)s)."),
    "not_sealed": N_("Bản ghi chưa được niêm phong."),
    "missing": N_("Thiếu tệp %(key)s trong kho lưu trữ."),
    "altered": N_("Tệp %(key)s đã bị thay đổi: %(detail)s."),
    "swapped": N_("Tệp %(key)s bị tráo: nội dung là của %(detail)s."),
    "extra": N_("Có tệp lạ %(key)s trong kho lưu trữ."),
    "undecipherable": N_("Không giải mã được tệp %(key)s: %(detail)s."),
    "key_destroyed": N_("Khóa giải mã của bản ghi đã bị tiêu hủy; chỉ kiểm tra được các tệp ở dạng mã hóa."),
    "key_missing": N_("Không có khóa giải mã của bản ghi: %(detail)s."),
    "extra_version": N_("Tệp %(key)s có thêm một phiên bản lạ trong kho lưu trữ (%(detail)s); bản gốc vẫn được đọc."),
    "hidden": N_("Tệp %(key)s bị đánh dấu xóa trong kho lưu trữ (%(detail)s); bản gốc vẫn được đọc."),
    "unlocked": N_("Tệp %(key)s không được khóa đến hết hạn lưu giữ trong kho lưu trữ (%(detail)s)."),
    "not_destroyed": N_("Tệp %(key)s vẫn còn trong kho lưu trữ dù bản ghi đã bị tiêu hủy."),
    "unreadable": N_("Không đọc được tệp %(key)s: %(detail)s."),
    "unrecorded": N_("Đoạn %(key)s trong bản kê và trong cơ sở dữ liệu không giống nhau: %(detail)s."),
    "broken_chain": N_("Chuỗi mã băm của bản kê bị đứt tại %(key)s."),
    "bad_seal": N_("Danh sách mã băm %(key)s không khớp với bản kê: %(detail)s."),
    "bad_signature": N_("Chữ ký niêm phong %(key)s không đúng: danh sách mã băm đã bị sửa hoặc chữ ký bị thay."),
    "wrong_key": N_("Niêm phong %(key)s không được ký bằng khóa của hệ thống này: %(detail)s."),
    "bad_stamp": N_("Dấu thời gian %(key)s không đúng: %(detail)s."),
    "no_authority": N_("Chưa kiểm tra được dấu thời gian %(key)s: hãy cấu hình timestamp_ca."),
    "event_changed": N_("Sự kiện số %(key)s (%(detail)s) của buổi tiếp đã bị sửa sau khi niêm phong."),
    "event_missing": N_("Sự kiện số %(key)s (%(detail)s) của buổi tiếp đã bị xóa sau khi niêm phong."),
    "event_added": N_("Sự kiện số %(key)s (%(detail)s) của buổi tiếp được thêm vào sau khi niêm phong."),
    "facts_changed": N_("Thông tin về bản ghi trong cơ sở dữ liệu khác với bản kê: %(detail)s."),
    "custody_altered": N_("Mục số %(key)s của nhật ký lưu giữ đã bị sửa."),
    "custody_missing": N_("Nhật ký lưu giữ bị mất mục số %(key)s."),
    "custody_extra": N_("Nhật ký lưu giữ có mục lạ số %(key)s."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """``kind`` is one of ``WORDS``; ``key`` an object's key, the number of an event or entry, or the recording's id."""

    kind: str
    key: str
    detail: str = ""

    @property
    def text(self) -> Text:
        return Text(WORDS[self.kind], {"key": self.key, "detail": self.detail or "–"})

    def __str__(self) -> str:
        return f"{self.kind} {self.key}{f' ({self.detail})' if self.detail else ''}"
