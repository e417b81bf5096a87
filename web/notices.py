"""What has just been done, shown once on the page after a redirect. The cookie holds only the key."""

from __future__ import annotations

from collections.abc import Mapping

from hub.i18n import N_

NOTICES: Mapping[str, str] = {
    "signed_out": N_("Bạn đã đăng xuất."),
    "password_changed": N_("Đã đổi mật khẩu."),
    "case_registered": N_("Đã đăng ký vụ việc."),
    "case_saved": N_("Đã lưu thay đổi của vụ việc."),
    "case_moved": N_("Đã ghi bước xử lý. Thời hạn đã được tính lại."),
    "case_assessed": N_("Đã lưu đặc điểm. Thời hạn đã được tính lại."),
    "case_linked": N_("Đã ghi liên kết giữa hai vụ việc."),
    "attachment_added": N_("Đã thêm tài liệu."),
    "hearing_booked": N_("Đã đặt lịch buổi tiếp."),
    "hearing_changed": N_("Đã lưu thay đổi của buổi tiếp. Những người được mời sẽ thấy lý do."),
    "hearing_postponed": N_("Đã hoãn buổi tiếp. Những người được mời sẽ thấy lý do."),
    "hearing_cancelled": N_("Đã hủy buổi tiếp. Những người được mời sẽ thấy lý do."),
    "leader_replaced": N_("Đã ghi người chủ trì thay. Buổi này không tính vào số ngày tối thiểu của người đứng đầu."),
    "series_created": N_("Đã lập lịch định kỳ và đặt trước các buổi tiếp. Hãy niêm yết đúng hạn."),
    "series_changed": N_("Đã sửa lịch định kỳ. Buổi đã sửa riêng được giữ nguyên."),
    "receptions_posted": N_("Đã niêm yết. Trang công khai đã có các buổi này."),
    "head_set": N_("Đã ghi người đứng đầu."),
    "device_revoked": N_("Đã thu hồi mã kết nối. Thiết bị đang dùng mã sẽ bị ngắt trong vài giây."),
    "withheld": N_("Đã giữ kín đoạn ghi. Người không có quyền chỉ thấy hình đen, im lặng và căn cứ pháp lý."),
    "withheld_lifted": N_("Đã bỏ giữ kín đoạn ghi."),
    "account_created": N_("Đã tạo tài khoản."),
    "account_saved": N_("Đã lưu tài khoản."),
    "account_disabled": N_("Đã khóa tài khoản và kết thúc các phiên đăng nhập của nó."),
    "account_enabled": N_("Đã mở lại tài khoản."),
    "account_password_set": N_("Đã đặt mật khẩu mới. Người dùng phải đổi mật khẩu khi đăng nhập lần tới."),
    "search_saved": N_("Đã lưu tìm kiếm."),
    "search_renamed": N_("Đã đổi tên tìm kiếm."),
    "search_forgotten": N_("Đã xóa tìm kiếm đã lưu."),
    "rule_saved": N_("Đã lưu quy tắc. Thời hạn được tính theo bản này từ bây giờ."),
    "holiday_saved": N_("Đã lưu ngày. Thời hạn được tính theo lịch này từ bây giờ."),
    "mail_retried": N_("Thư sẽ được gửi lại ngay."),
    "unit_saved": N_("Đã lưu cơ quan."),
    "point_saved": N_("Đã lưu điểm cầu."),
    "keeping_hold": N_("Đã giữ lại bản ghi."),
    "keeping_release": N_("Đã thôi giữ lại bản ghi."),
    "keeping_extend": N_("Đã gia hạn lưu giữ."),
    "keeping_propose_due": N_("Đã đề nghị tiêu hủy. Một người khác phải duyệt."),
    "keeping_propose_emergency": N_("Đã đề nghị tiêu hủy khẩn cấp. Một người khác phải duyệt."),
    "keeping_approve": N_("Đã duyệt. Bản ghi sẽ bị tiêu hủy trong ít phút."),
    "keeping_refuse": N_("Đã bỏ đề nghị tiêu hủy."),
    "retention_rule_added": N_("Đã thêm thời hạn lưu giữ."),
}
