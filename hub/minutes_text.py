"""The text of minutes: what a save changed, two writers merged, the seconds of the recording it names. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\s|\w+|[^\w\s]")
_STAMP = re.compile(r"\[(?:(\d{1,2}):([0-5]?\d):([0-5]\d)|(\d{1,3}):([0-5]\d))\]")


def typed(text: str) -> str:
    """What somebody is still typing: composed (NFC), without control characters; every space and line end stays."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return "".join(c for c in composed if c in "\t\n" or unicodedata.category(c) != "Cc")


@dataclass(frozen=True, slots=True)
class Edit:
    """``removed`` characters at ``start`` gave way to ``inserted``."""

    start: int
    removed: int
    inserted: str


def edit(before: str, after: str) -> Edit:
    """The one stretch in which the two differ."""
    most = min(len(before), len(after))
    start = next((i for i in range(most) if before[i] != after[i]), most)
    most -= start
    tail = next((i for i in range(most) if before[-1 - i] != after[-1 - i]), most)
    return Edit(start, len(before) - start - tail, after[start : len(after) - tail])


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after these edits, one after the other."""
    for one in edits:
        text = text[: one.start] + one.inserted + text[one.start + one.removed :]
    return text


def merge(base: str, theirs: str, mine: str) -> str:
    """Both writers' changes to ``base``, word by word: what either put in stays, what either took out is gone.

    There is no conflict: where both wrote at one place, theirs comes first and mine on a line of its own. What both
    did alike is done once.
    """
    if base in (theirs, mine) or theirs == mine:
        return mine if theirs == base else theirs
    words = _TOKEN.findall(base)
    their_gone, their_new = _changes(words, theirs)
    my_gone, my_new = _changes(words, mine)
    merged: list[str] = []
    for place in range(len(words) + 1):
        merged.append(_both(their_new.get(place, ""), my_new.get(place, "")))
        if place < len(words) and place not in their_gone and place not in my_gone:
            merged.append(words[place])
    return "".join(merged)


def _changes(words: list[str], after: str) -> tuple[set[int], dict[int, str]]:
    """Which words are gone, and what was put in before which word."""
    others = _TOKEN.findall(after)
    gone: set[int] = set()
    new: dict[int, str] = {}
    for kind, first, last, start, end in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        if kind != "equal":
            gone.update(range(first, last))
            if start < end:
                new[first] = "".join(others[start:end])
    return gone, new


def _both(theirs: str, mine: str) -> str:
    if not theirs or not mine or theirs == mine:
        return theirs or mine
    apart = theirs[-1].isspace() or mine[0].isspace()
    return f"{theirs}{mine}" if apart else f"{theirs}\n{mine}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; ``at_ms`` is set for a stamp, the position in the recording that it names."""

    text: str
    at_ms: int | None = None


def stamp(at_ms: int) -> str:
    """``[12:34]``, from an hour on ``[1:02:34]``."""
    seconds = max(0, at_ms) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"[{hours}:{minutes:02d}:{seconds % 60:02d}]" if hours else f"[{minutes:02d}:{seconds % 60:02d}]"


def pieces(text: str) -> Iterator[Piece]:
    """The text with its stamps apart; together they are the text again."""
    end = 0
    for found in _STAMP.finditer(text):
        if found.start() > end:
            yield Piece(text[end : found.start()])
        yield Piece(found.group(), _position(found))
        end = found.end()
    if end < len(text):
        yield Piece(text[end:])


@dataclass(frozen=True, slots=True)
class Marked:
    """What the minutes say of a moment: the words after its stamp, to the next stamp or the end of the line."""

    at_ms: int
    text: str


def marked(text: str) -> Iterator[Marked]:
    """Every stamp with its words; a stamp without any says nothing."""
    at_ms: int | None = None
    for piece in pieces(text):
        if piece.at_ms is not None:
            at_ms = piece.at_ms
        elif at_ms is not None:
            words = piece.text.split("\n", 1)[0].strip()
            if words:
                yield Marked(at_ms, words)
            at_ms = None


def _position(found: re.Match[str]) -> int:
    hours, minutes, seconds, only_minutes, only_seconds = found.groups()
    if hours is not None:
        return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000
    return (int(only_minutes) * 60 + int(only_seconds)) * 1000
