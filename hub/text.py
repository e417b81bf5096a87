"""Vietnamese text as search sees it: with or without diacritics, in any case, composed or decomposed. Pure."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_WHITE = re.compile(r"\s+")


class _Bare(dict[int, int | None]):
    """For ``str.translate``: combining marks go, everything else stays. Fills itself with what it meets."""

    def __missing__(self, point: int) -> int | None:
        kept = None if unicodedata.category(chr(point)) == "Mn" else point
        self[point] = kept
        return kept


_BARE = _Bare()
_LATIN_MARKS = re.compile("[\u0300-\u036f]+")
"""All that Vietnamese has: taken out in one go."""


def exact(text: str) -> str:
    """Lower case, composed (NFC), single spaces; marks stay: ``"TÂN  Tiến"`` → ``"tân tiến"``."""
    return _WHITE.sub(" ", unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())).strip()


def fold(text: str) -> str:
    """``exact`` without marks: NFD minus combining marks plus đ→d, which NFD does not split."""
    lowered = unicodedata.normalize("NFC", text).casefold()
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", lowered)).replace("đ", "d")
    return _WHITE.sub(" ", bare if bare.isascii() else bare.translate(_BARE)).strip()


def words(text: str) -> list[str]:
    """The folded words in order: ``"Đỗ Thị Én"`` → ``["do", "thi", "en"]``."""
    return _WORD.findall(fold(text))


def exact_words(text: str) -> list[str]:
    """The words in order with their marks, in lower case."""
    return _WORD.findall(exact(text))


def contains_words(text: str, wanted: str) -> bool:
    """Whether the folded words of ``wanted`` occur in ``text`` side by side. Nothing wanted is never contained."""
    needle = words(wanted)
    hay = words(text)
    return bool(needle) and any(hay[i : i + len(needle)] == needle for i in range(len(hay) - len(needle) + 1))


def clean(text: str) -> str:
    """What a person typed into one line: composed, without control characters and surrounding space."""
    return _WHITE.sub(" ", _without_controls(text)).strip()


def clean_block(text: str) -> str:
    """What a person typed into a text area: as ``clean``, but line ends stay (as ``\\n``)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_without_controls(line).rstrip() for line in lines).strip()


def _without_controls(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if c in "\t\n\r" else c for c in composed if c in "\t\n\r" or unicodedata.category(c) != "Cc")
