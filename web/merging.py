"""Two people at one form: what each has changed since it was opened, field by field. PURE.

A form carries a digest of what each field held when it was opened. So a field that only the other changed is taken
over, one that only this person changed stays, and only one that both changed is left for a person to decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merged:
    """``values`` to go on with; ``taken`` fields are the other's alone; ``theirs`` is saved where both changed."""

    values: dict[str, str]
    taken: tuple[str, ...] = ()
    theirs: tuple[tuple[str, str], ...] = ()


def bases(now: Mapping[str, str]) -> dict[str, str]:
    """Hidden fields that tell later what a form was opened with."""
    return {f"base_{name}": _digest(text) for name, text in now.items()}


def merge(typed: Mapping[str, str], now: Mapping[str, str], *, take: str = "") -> Merged:
    """``take``: the field of which the saved text is wanted. Without digests every difference is both's."""
    values, taken, theirs = dict(typed), [], []
    for name, saved in now.items():
        mine, base = typed.get(name, ""), typed.get(f"base_{name}", "")
        if _digest(mine) == _digest(saved):
            continue
        if name == take:
            values[name] = saved
        elif base == _digest(mine):
            values[name] = saved
            taken.append(name)
        elif base != _digest(saved):
            theirs.append((name, saved))
    return Merged(values, tuple(taken), tuple(theirs))


def _digest(text: str) -> str:
    """Line ends come back from a browser as CRLF."""
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
