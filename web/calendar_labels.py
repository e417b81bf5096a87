"""What the reception calendar's states are called on screen, and the tone of their badges."""

from __future__ import annotations

from collections.abc import Mapping

from hub.i18n import N_
from hub.minimums import Standing
from hub.models import Answer, TicketState

CALENDAR: Mapping[str, Mapping[str, str]] = {
    "posting_notice": {
        "posted": N_("Đã niêm yết"),
        "changed": N_("Có thay đổi"),
        "postponed": N_("Đã hoãn"),
        "cancelled": N_("Đã hủy"),
        "replaced": N_("Đổi người tiếp"),
    },
    "minimum": {
        Standing.NOT_OWED: N_("Không phải tiếp"),
        Standing.DONE: N_("Đã đủ"),
        Standing.PLANNED: N_("Đã xếp lịch đủ"),
        Standing.MISSING: N_("Còn thiếu"),
        Standing.URGENT: N_("Gấp: sắp hết hạn niêm yết"),
        Standing.TOO_LATE: N_("Không còn kịp"),
    },
    "ticket": {
        TicketState.BOOKED: N_("Đã hẹn"),
        TicketState.WAITING: N_("Đang chờ"),
        TicketState.CALLED: N_("Đang gọi"),
        TicketState.DONE: N_("Xong"),
        TicketState.ABSENT: N_("Vắng"),
    },
    "answer": {
        Answer.NONE: N_("Chưa trả lời"),
        Answer.ACCEPTED: N_("Nhận lời"),
        Answer.DECLINED: N_("Từ chối"),
        Answer.PROPOSED: N_("Đề nghị giờ khác"),
    },
}

CALENDAR_TONES: Mapping[str, Mapping[str, str]] = {
    "minimum": {
        Standing.DONE: "good",
        Standing.PLANNED: "info",
        Standing.MISSING: "warn",
        Standing.URGENT: "danger",
        Standing.TOO_LATE: "danger",
    },
    "ticket": {
        TicketState.BOOKED: "info",
        TicketState.WAITING: "warn",
        TicketState.CALLED: "good",
        TicketState.ABSENT: "danger",
    },
    "answer": {Answer.ACCEPTED: "good", Answer.DECLINED: "danger", Answer.PROPOSED: "warn"},
}
