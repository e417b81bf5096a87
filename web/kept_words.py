"""Words that the system itself wrote into a row, in the reader's language: pseudonyms and reasons of its own.

The rows stay as they are, sealed and hashed. What a person typed is never touched: a text is ours only when it is, as a
whole, one that the code writes. Official papers and the register are Vietnamese for every reader.
"""

from __future__ import annotations

import re
from functools import cache

from hub.form_registry import registry
from hub.i18n import N_, Named
from hub.services import form_facts, minutes_reading, silencing, state_secret_records, state_secrets
from web.translate import Catalogue

_PSEUDONYM = re.compile(r"(Người tố cáo|Công dân) ([0-9A-F]{4,16})")
_PSEUDONYMS = {"Người tố cáo": N_("Người tố cáo %(code)s"), "Công dân": N_("Công dân %(code)s")}
_PAPERS = {
    form_facts.MADE: N_("Lập văn bản: %(name)s"),
    form_facts.LOOKED_AT: N_("Xem trước văn bản: %(name)s"),
}
_WHOLE = {
    state_secrets.REASON: N_("Có vụ việc không được đưa ra buổi tiếp trực tuyến."),
    state_secret_records.TITLE: N_("Buổi tiếp công dân"),
    silencing.TITLE: N_("Tiếp công dân theo lịch đã đặt"),
    minutes_reading.REOPENED: N_("Biên bản được mở lại để sửa."),
    form_facts.UNKNOWN: N_("người đến tiếp, không cho biết họ tên"),
}


def kept(book: Catalogue, text: str) -> str:
    """``Công dân 9770`` → ``Citizen 9770``; anything else as it is."""
    if text in _WHOLE:
        return book.gettext(_WHOLE[text])
    if found := _PSEUDONYM.fullmatch(text or ""):
        return book.gettext(_PSEUDONYMS[found[1]]) % {"code": found[2]}
    for begins, message in _PAPERS.items():
        name = (text or "").removeprefix(begins)
        if name != text and name in _papers():
            return book.gettext(message) % {"name": book.named(_papers()[name])}
    return text


@cache
def _papers() -> dict[str, Named]:
    """By Vietnamese name, every paper that there is."""
    book = registry()
    return {one.name: one.title for code in book.codes for one in book.versions(code)}
