"""What would give a person away in a text, kept only as keyed hashes: as ``hub.cases.reveals``, without the name. Pure.

Minutes of a denunciation are saved every few seconds; opening the sealed identity for each save would bury in the audit
trail who really looked.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hub.text import words

NUMBER_MIN = 8
"""Shorter numbers stand in many texts."""


@dataclass(frozen=True, slots=True)
class Watchwords:
    """Made by ``of``; the key is this object's own and lives no longer."""

    name_words: int
    number_lengths: frozenset[int]
    hashes: frozenset[bytes]
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, *, name: str, id_number: str = "", phone: str = "") -> Watchwords:
        key = secrets.token_bytes(32)
        name_words = words(name)
        numbers = [number.upper() for number in (id_number, phone) if len(number) >= NUMBER_MIN]
        known = [" ".join(name_words), *numbers] if name_words else numbers
        hashes = frozenset(_hash(key, one) for one in known)
        return cls(len(name_words), frozenset(len(number) for number in numbers), hashes, key)

    def reveal(self, text: str) -> bool:
        """Whether the text carries the full name (marks and case aside) or one of the numbers."""
        return any(_hash(self.key, one) in self.hashes for one in self._candidates(text))

    def _candidates(self, text: str) -> Iterator[str]:
        if self.name_words:
            found = words(text)
            yield from (" ".join(one) for one in _windows(found, self.name_words))
        digits = re.sub(r"[\s.\-()]", "", text).upper()
        for length in self.number_lengths:
            yield from ("".join(one) for one in _windows(digits, length))


def _windows(found: list[str] | str, size: int) -> Iterable[list[str] | str]:
    return (found[at : at + size] for at in range(len(found) - size + 1))


def _hash(key: bytes, text: str) -> bytes:
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).digest()
