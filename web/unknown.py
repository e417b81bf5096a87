"""What an address names is shown, or is as if it were not there: the same words for what is refused and for nothing."""

from __future__ import annotations

from aiohttp import web as http

from hub.i18n import N_

WORDS = {
    "document_id": N_("Không tìm thấy văn bản."),
    "visit_id": N_("Không tìm thấy lượt tiếp này."),
    "entry_id": N_("Không tìm thấy mục này trong sổ."),
    "assignment_id": N_("Không có việc được giao này."),
    "transfer_id": N_("Không tìm thấy vụ việc chuyển đến này."),
    "hearing_id": N_("Không tìm thấy buổi tiếp."),
    "case_id": N_("Không tìm thấy vụ việc."),
    "series_id": N_("Không tìm thấy lịch định kỳ này."),
    "conclusion_id": N_("Không tìm thấy thông báo kết luận."),
    "recording_id": N_("Không tìm thấy bản ghi."),
    "replay_id": N_("Không tìm thấy lượt xem lại."),
    "passage_id": N_("Không tìm thấy đoạn giữ kín."),
    "account_id": N_("Không có tài khoản này."),
    "absence_id": N_("Không có lần nghỉ này."),
    "mail_id": N_("Không có thư này."),
}
"""By the parameter of the address, in the order in which they are looked up. Units, points and rules are no secret to
anybody, so they are not here."""


def words(request: http.Request) -> str:
    """Of the first object that the address names; empty when it names none."""
    return next((text for name, text in WORDS.items() if name in request.match_info), "")
