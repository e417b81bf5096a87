"""The language of the search index: what is written of a text, and what a person's words ask of it. Pure.

A document is its folded words in order, and *marks*: words that no person can type, each with a prefix of its own.

``=đất``      the word with its diacritics            ``u:…``  a unit whose role-holders may read it, or one above
``thu_hoi``   two words side by side (PostgreSQL)     ``a:…``  an account that may read it by a seat
``n:…``       keyed hash of a word of a party's name  ``i:…``  keyed hash of an ID number
``p:…``       a number from each of its parts onward  ``c:…``  its counter without leading zeros
``t: s: o:``  type, state, officer                     ``k:…``  case, hearing or note
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hub.text import exact_words, fold, words

GAP = "#"
"""Between two texts of one document, so that no phrase reaches across."""
WORDS_MAX = 12
"""Of a query; more do not narrow it."""
_PLAIN = re.compile(r"[a-z0-9\u00df-\u024f\u1e00-\u1eff]+")
_PHRASE = re.compile(r"[\"“”]([^\"“”]*)[\"“”]?")
_NUMBER = re.compile(r"[^\W_]+(?:-[^\W_]+)*-?")
_COUNTER = re.compile(r"(\d{1,9})/(\d{4})")
_COMPACT = re.compile(r"[\s.\-()]")
_ID_NUMBER = re.compile(r"[A-Z]{0,3}\d{6,17}")
"""A citizen's ID, an old identity card, a passport."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is indexed of one thing: texts as they are shown, and marks."""

    texts: tuple[str, ...]
    marks: frozenset[str] = frozenset()

    def ordered(self) -> list[str]:
        """The folded words in order, ``GAP`` between the texts."""
        found: list[str] = []
        for text in self.texts:
            found += [GAP] if found else []
            found += [token(word) for word in words(text)]
        return found

    def all_marks(self) -> set[str]:
        return set(self.marks) | {"=" + token(word) for text in self.texts for word in exact_words(text)}


def token(word: str) -> str:
    """A word as both databases keep it; one of another script than Latin as a hash: they part those differently."""
    if ((word.isascii() and word.isalnum()) or _PLAIN.fullmatch(word)) and len(word) <= 60:
        return word
    return "x" + hashlib.blake2b(word.encode(), digest_size=8).hexdigest()


def pairs(ordered: Sequence[str]) -> set[str]:
    """Neighbours as one token each: what makes a phrase of common words quick to find."""
    return {f"{one}_{two}" for one, two in itertools.pairwise(ordered) if GAP not in (one, two)}


def number_marks(number: str) -> set[str]:
    """Of ``KN-TINH01-2026-000123``: from each part onward, so that it is found partly typed, and its counter."""
    parts = number.casefold().split("-")
    found = {"p:" + "-".join(parts[n:]) for n in range(len(parts))}
    return found | ({f"c:{int(parts[-1])}"} if parts[-1].isdecimal() else set())


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side; one alone is just a word."""

    words: tuple[str, ...]


Part = str | Phrase
"""A token, a token ending in ``*`` (whatever begins so), or a phrase."""
Group = tuple[tuple[Part, ...], ...]
"""Alternatives, in each of which all parts must occur."""


@dataclass(frozen=True, slots=True)
class Query:
    """All of ``groups`` must be met. ``exact``: the same with the very diacritics, None where that says nothing more.

    ``shown`` are the folded words, in runs, to be marked in what is found.
    """

    groups: tuple[Group, ...]
    exact: tuple[Group, ...] | None
    shown: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Hashes:
    """The vault's keyed hashes: of a folded word, of a word with its marks, of a whole ID number."""

    word: Callable[[str], str]
    exact_word: Callable[[str], str]
    number: Callable[[str], str]


def parse(typed: str, hashes: Hashes) -> Query | None:
    """What a person asks for; None when there is no word in it."""
    groups: list[Group] = []
    exact: list[Group] = []
    shown: list[tuple[str, ...]] = []
    told = False
    for text, quoted in _chunks(typed):
        folded = [token(word) for word in words(text)]
        if not folded or len(shown) >= WORDS_MAX:
            continue
        shown.append(tuple(words(text)))
        number = None if quoted else _number(text, folded)
        if number is not None:
            groups.append(number)
            exact.append(number)
            continue
        told = True
        with_marks = [token(word) for word in exact_words(text)]
        if quoted and len(folded) > 1:
            phrase = Phrase(tuple(folded))
            groups.append(((phrase,),))
            exact.append(((phrase, *("=" + word for word in with_marks)),))
            continue
        for word in words(text):
            groups.append(((token(word),), ("n:" + hashes.word(word),)))
        for word in exact_words(text):
            exact.append((("=" + token(word),), ("n:" + hashes.exact_word(word),)))
    if not groups:
        return None
    return _or_id_number(typed, hashes, Query(tuple(groups), tuple(exact) if told else None, tuple(shown)))


def _chunks(typed: str) -> list[tuple[str, bool]]:
    """``(text, whether in quotes)`` in order; what is not in quotes, word by word as it was spaced."""
    found: list[tuple[str, bool]] = []
    end = 0
    for match in _PHRASE.finditer(typed):
        found += [(chunk, False) for chunk in typed[end : match.start()].split()]
        found.append((match[1], True))
        end = match.end()
    return found + [(chunk, False) for chunk in typed[end:].split()]


def _number(text: str, folded: list[str]) -> Group | None:
    """``KN-TINH01-2026-0001``, ``2026-000123``, ``123/2026`` or ``123``: as a number of ours, or just as its words."""
    plain = fold(text)
    as_words = tuple(folded)
    if match := _COUNTER.fullmatch(plain):
        return (as_words, (f"c:{int(match[1])}", match[2]))
    if not any(c.isdigit() for c in plain) or not _NUMBER.fullmatch(plain):
        return None
    if plain.isdecimal() and len(plain) <= 9:
        return (as_words, (f"c:{int(plain)}",))
    return (as_words, (f"p:{plain}*",)) if "-" in plain else None


def _or_id_number(typed: str, hashes: Hashes, query: Query) -> Query:
    """The whole of what was typed may be one ID number: found by its keyed hash alone, never in part."""
    number = _COMPACT.sub("", typed).upper()
    if not _ID_NUMBER.fullmatch(number):
        return query
    by_words = tuple(part for group in query.groups for part in group[0])
    of_one = query.groups[0] if len(query.groups) == 1 else (by_words,)
    return Query(((*of_one, ("i:" + hashes.number(number),)),), None, query.shown)


def to_tsquery(groups: Iterable[Group], *, without: Sequence[Group] = ()) -> str:
    """For ``CAST(… AS tsquery)``. Of a phrase only its pairs: whether they follow each other says ``in_a_row``. Its
    single words would be looked up for nothing, and they are the longest lists of the index."""
    said = " & ".join(_any(group, " | ", " & ", _ts_part) for group in groups)
    if not without:
        return said
    return f"{said} & !({' & '.join(_any(group, ' | ', ' & ', _ts_part) for group in without)})"


def in_a_row(groups: Iterable[Group]) -> str:
    """As ``to_tsquery``: the phrases of three words and more by position, empty without any. One pair is its phrase."""
    phrases = (part for group in groups for each in group for part in each if isinstance(part, Phrase))
    return " & ".join("(" + " <-> ".join(f"'{w}'" for w in one.words) + ")" for one in phrases if len(one.words) > 2)


def to_fts5(groups: Iterable[Group], *, without: Sequence[Group] = ()) -> str:
    """For ``MATCH`` of SQLite's FTS5."""
    said = " AND ".join(_any(group, " OR ", " AND ", _fts_part) for group in groups)
    if not without:
        return said
    return f"({said}) NOT ({' AND '.join(_any(group, ' OR ', ' AND ', _fts_part) for group in without)})"


def _any(group: Group, either: str, both: str, say: Callable[[Part], str]) -> str:
    return "(" + either.join("(" + both.join(say(part) for part in each) + ")" for each in group) + ")"


def _ts_part(part: Part) -> str:
    if isinstance(part, Phrase):
        return " & ".join(f"'{pair}'" for pair in sorted(pairs(part.words)))
    return f"'{part[:-1]}':*" if part.endswith("*") else f"'{part}'"


def _fts_part(part: Part) -> str:
    if isinstance(part, Phrase):
        return '"' + " ".join(part.words) + '"'
    return f'"{part[:-1]}"*' if part.endswith("*") else f'"{part}"'
