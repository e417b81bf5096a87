"""A text without what would tell who denounced (Law on Denunciations 25/2018 Art 56). Pure."""

from __future__ import annotations

import re

from hub.cases import reveals
from hub.text import fold, words

INSTEAD = "người tố cáo"
NUMBER = "…"
_WORD = re.compile(r"[^\W_]+")
_BETWEEN = r"[\s.\-()]*"


def redacted(text: str, *, name: str, id_number: str = "", phone: str = "") -> str:
    """What ``cases.reveals`` finds is replaced, the rest stays; a text that still reveals goes as a whole."""
    if not reveals(text, name=name, id_number=id_number, phone=phone):
        return text
    found = text
    for number in (id_number, phone):
        if number:
            found = re.sub(_BETWEEN.join(map(re.escape, number)), NUMBER, found, flags=re.IGNORECASE)
    found = _without_name(found, words(name))
    return INSTEAD if reveals(found, name=name, id_number=id_number, phone=phone) else found


def _without_name(text: str, name: list[str]) -> str:
    spans = list(_WORD.finditer(text))
    folded = [fold(one.group()) for one in spans]
    pieces, done, at = [], 0, 0
    while name and at + len(name) <= len(spans):
        if folded[at : at + len(name)] == name:
            pieces += [text[done : spans[at].start()], INSTEAD]
            done = spans[at + len(name) - 1].end()
            at += len(name)
        else:
            at += 1
    return "".join((*pieces, text[done:]))
