"""Whether two cases may be one: the same ID number, the same name, or much the same words. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from hub.text import words

MUCH = 0.5
"""Share of common words from which two contents are called alike: found on the demo's cases, to be seen by a person."""
COMMON_LETTERS = 2
"""Words this short say little."""


class Likeness(StrEnum):
    ID_NUMBER = "id_number"
    NAME = "name"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Traits:
    """``name_hashes`` and ``id_hash`` are keyed hashes; a denouncer has neither."""

    name_hashes: frozenset[str]
    id_hash: str | None
    words: frozenset[str]


def traits_of(text: str, name_hashes: Collection[str] = (), id_hash: str | None = None) -> Traits:
    telling = frozenset(word for word in words(text) if len(word) > COMMON_LETTERS)
    return Traits(frozenset(name_hashes), id_hash, telling)


def likenesses(one: Traits, other: Traits) -> list[Likeness]:
    """In what they are alike, the strongest first; nothing: they are not."""
    found = []
    if one.id_hash and one.id_hash == other.id_hash:
        found.append(Likeness.ID_NUMBER)
    if one.name_hashes and one.name_hashes == other.name_hashes:
        found.append(Likeness.NAME)
    union = one.words | other.words
    if union and len(one.words & other.words) / len(union) >= MUCH:
        found.append(Likeness.CONTENT)
    return found
