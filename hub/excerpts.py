"""What of a text is shown for a search, and which words of it are marked. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from hub.text import fold

Piece = tuple[str, bool]
"""A stretch of text, and whether it is marked."""
BEFORE = 60
"""Characters shown before the first hit of a long text."""
_WORD = re.compile(r"[^\W_]+")


def marked(text: str, runs: Sequence[Sequence[str]]) -> list[Piece]:
    """The whole text in pieces; each run of folded words is marked where its words stand side by side."""
    text = unicodedata.normalize("NFC", text)
    pieces: list[Piece] = []
    end = 0
    for start, stop in _joined(_hits(text, runs)):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def excerpt(text: str, runs: Sequence[Sequence[str]], length: int) -> list[Piece]:
    """At most about ``length`` characters around the first hit; nothing when no run occurs."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    first = min((start for start, _ in _hits(text, runs)), default=None)
    if first is None:
        return []
    begin = 0 if first <= BEFORE else text.rfind(" ", 0, first - BEFORE) + 1
    stop = len(text) if begin + length >= len(text) else text.rfind(" ", first + 1, begin + length)
    stop = stop if stop > first else begin + length
    pieces = marked(text[begin:stop], runs)
    return [*([("… ", False)] if begin else []), *pieces, *([(" …", False)] if stop < len(text) else [])]


def _hits(text: str, runs: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    wanted = {tuple(run) for run in runs if run}
    if not wanted:
        return
    found = list(_WORD.finditer(text))
    folded = _folded([match[0] for match in found])
    for run in wanted:
        for at in range(len(folded) - len(run) + 1):
            if folded[at] == run[0] and tuple(folded[at : at + len(run)]) == run:
                yield found[at].start(), found[at + len(run) - 1].end()


def _folded(words: list[str]) -> list[str]:
    """Each word folded: all in one go, which is several times as fast, unless one would not come out as one word."""
    together = fold(" ".join(words)).split(" ")
    return together if len(together) == len(words) else [fold(word) for word in words]


def _joined(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, overlapping ones as one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found
