"""The words of ``web.labels`` for assignments, transfers, notices to citizens and letters."""

from __future__ import annotations

from collections.abc import Mapping

from hub.i18n import N_
from hub.models import AssignmentState, Channel, MailState, TransferState
from hub.results import Ground
from hub.tasks import Bucket

HANDLING: Mapping[str, Mapping[str, str]] = {
    "assignment_state": {
        AssignmentState.SENT: N_("Chờ nhận"),
        AssignmentState.ACCEPTED: N_("Đang xử lý"),
        AssignmentState.RETURNED: N_("Đã trả lại"),
        AssignmentState.REPLACED: N_("Giao người khác"),
        AssignmentState.DONE: N_("Đã làm xong"),
    },
    "transfer_state": {
        TransferState.SENT: N_("Chờ nơi nhận tiếp nhận"),
        TransferState.ACKNOWLEDGED: N_("Nơi nhận đã tiếp nhận"),
        TransferState.RETURNED: N_("Nơi nhận trả lại"),
        TransferState.REPORTED: N_("Đã có kết quả"),
    },
    "channel": {
        Channel.HANDED: N_("Trao tay, có ký nhận"),
        Channel.POST: N_("Bưu điện"),
        Channel.EMAIL: N_("Thư điện tử"),
        Channel.PHONE: N_("Điện thoại"),
        Channel.POSTED: N_("Niêm yết"),
    },
    "reply_ground": {
        Ground.ACCEPTED: N_("đã thụ lý, điểm a khoản 1 Điều 28"),
        Ground.MORE_TIME: N_("cần thêm thời gian, điểm b khoản 1 Điều 28"),
        Ground.REFUSED: N_("từ chối hoặc hướng dẫn, điểm c khoản 1 Điều 28"),
        Ground.TRANSFERRED: N_("đã chuyển, điểm d khoản 1 Điều 28"),
    },
    "bucket": {
        Bucket.OVERDUE: N_("Quá hạn"),
        Bucket.TODAY: N_("Hôm nay"),
        Bucket.SOON: N_("Sắp đến hạn"),
        Bucket.LATER: N_("Còn hạn"),
        Bucket.UNDATED: N_("Không có hạn"),
    },
    "mail_state": {
        MailState.WAITING: N_("Đang chờ gửi"),
        MailState.NO_ADDRESS: N_("Chưa có địa chỉ"),
        MailState.SENT: N_("Đã gửi"),
        MailState.FAILED: N_("Không gửi được"),
        MailState.EXPIRED: N_("Quá hạn, không gửi"),
    },
}

HANDLING_TONES: Mapping[str, Mapping[str, str]] = {
    "assignment_state": {
        AssignmentState.SENT: "warn",
        AssignmentState.ACCEPTED: "info",
        AssignmentState.RETURNED: "warn",
        AssignmentState.DONE: "good",
    },
    "transfer_state": {
        TransferState.SENT: "warn",
        TransferState.ACKNOWLEDGED: "info",
        TransferState.RETURNED: "danger",
        TransferState.REPORTED: "good",
    },
    "mail_state": {
        MailState.WAITING: "info",
        MailState.NO_ADDRESS: "warn",
        MailState.SENT: "good",
        MailState.FAILED: "danger",
    },
}
