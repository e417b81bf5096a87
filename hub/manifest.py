"""A recording's manifest: what was recorded, with a checksum for every file and a hash chain over all of it.

PURE. The manifest is canonical JSON (RFC 8785), so that the same facts always give the same bytes. The chain begins
with the hash of ``format``, ``software``, ``recording`` and ``hearing``; each segment, in order, is hashed together
with the value before it, and everything else last: nothing can be taken out, put in or moved unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

FORMAT = "citizen-reception-hub/recording/2"
EXACT = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly (RFC 7493 §2.2)."""

_HEAD = ("format", "software", "recording", "hearing")


def canonical(value: object) -> bytes:
    """The one way to write a JSON value: RFC 8785.

    Members in order of their names' UTF-16 code units, no spaces, only the escapes that JSON demands, numbers as
    ECMAScript writes them, UTF-8. Raises ``ValueError`` for what has no such form: NaN, infinities, integers beyond
    ``EXACT``, half a surrogate pair, keys that are not text.
    """
    return "".join(_write(value, most=EXACT)).encode()


def plain(value: object) -> Any:
    """The value with integers beyond ``EXACT`` as text, so that it has a canonical form (advice of RFC 7493 §2.2)."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT:
        return str(value)
    return value


def folder_of(recording_id: str) -> str:
    """What the object keys of a recording begin with."""
    return f"recordings/{recording_id}/"


def key_of(recording_id: str) -> str:
    """The manifest's object key."""
    return f"{folder_of(recording_id)}manifest.json"


def seal(manifest: dict[str, Any]) -> bytes:
    """Write the chain into the manifest (each segment's ``chain`` and the last value) and give its bytes."""
    value = _start(manifest)
    for segment in segments(manifest):
        value = segment["chain"] = _link(value, {k: v for k, v in segment.items() if k != "chain"})
    manifest["chain"] = _link(value, _rest(manifest))
    return canonical(manifest)


def broken_links(manifest: dict[str, Any]) -> list[str]:
    """The object keys of segments whose link is wrong, and ``chain`` when the last value is; empty when all is well."""
    broken = []
    value = _start(manifest)
    for segment in segments(manifest):
        link = _link(value, {k: v for k, v in segment.items() if k != "chain"})
        if segment.get("chain") != link:
            broken.append(str(segment.get("key")))
        value = str(segment.get("chain"))
    if manifest.get("chain") != _link(value, _rest(manifest)):
        broken.append("chain")
    return broken


def segments(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All segments, track by track, in the order of the chain."""
    for track in manifest["tracks"]:
        yield from track["segments"]


def _start(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_hashed({name: manifest.get(name) for name in _HEAD})).hexdigest()


def _rest(manifest: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in manifest.items() if name not in _HEAD and name != "chain"}
    rest["tracks"] = [{k: v for k, v in track.items() if k != "segments"} for track in manifest["tracks"]]
    return rest


def _link(before: str, entry: dict[str, Any]) -> str:
    return hashlib.sha256(before.encode() + _hashed(entry)).hexdigest()


def _hashed(value: object) -> bytes:
    """As ``canonical``; but manifests of the first format may hold integers beyond ``EXACT``."""
    return "".join(_write(value, most=None)).encode()


def _write(value: object, most: int | None) -> Iterator[str]:
    match value:
        case None | bool() | str():
            yield json.dumps(value, ensure_ascii=False)
        case int():
            if most is not None and abs(value) > most:
                raise ValueError(f"{value} is beyond what JSON's readers keep exactly")
            yield str(value)
        case float():
            yield _number(value)
        case dict():
            yield from _write_members(value, most)
        case list() | tuple():
            for index, each in enumerate(value):
                yield "," if index else "["
                yield from _write(each, most)
            yield "]" if value else "[]"
        case _:
            raise ValueError(f"{type(value).__name__} has no form in JSON")


def _write_members(members: dict[Any, object], most: int | None) -> Iterator[str]:
    if not all(isinstance(name, str) for name in members):
        raise ValueError("a member's name is not text")
    for index, name in enumerate(sorted(members, key=lambda name: name.encode("utf-16-be", "surrogatepass"))):
        yield "," if index else "{"
        yield f"{json.dumps(name, ensure_ascii=False)}:"
        yield from _write(members[name], most)
    yield "}" if members else "{}"


def _number(value: float) -> str:
    """ECMAScript's Number::toString (ECMA-262 §6.1.6.1.20): the same shortest digits as Python, laid out otherwise."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}{power}"
