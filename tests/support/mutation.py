"""Datagrams as an attacker would make them from ones he has caught: flipped, cut, repeated and spliced. PURE."""

from __future__ import annotations

import random
from collections.abc import Sequence


def kind_of(datagram: bytes) -> str:
    """By its first bytes (RFC 7983, RFC 5761)."""
    if len(datagram) < 2:
        return "short"
    first, second = datagram[0], datagram[1]
    if first < 4:
        return "stun"
    if 19 < first < 64:
        return "dtls"
    if 127 < first < 192:
        return "rtcp" if 192 <= second <= 223 else "rtp"
    return "other"


def _flip(draw: random.Random, datagram: bytes, _others: Sequence[bytes]) -> bytes:
    changed = bytearray(datagram)
    for _ in range(draw.choice((1, 1, 2, 8))):
        if changed:
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _cut(draw: random.Random, datagram: bytes, _others: Sequence[bytes]) -> bytes:
    return datagram[: draw.randrange(len(datagram) + 1)]


def _repeat(draw: random.Random, datagram: bytes, _others: Sequence[bytes]) -> bytes:
    begin = draw.randrange(len(datagram) + 1)
    end = draw.randrange(begin, len(datagram) + 1)
    return datagram[:end] + datagram[begin:end] * draw.randrange(1, 4) + datagram[end:]


def _splice(draw: random.Random, datagram: bytes, others: Sequence[bytes]) -> bytes:
    other = draw.choice(others)
    return datagram[: draw.randrange(len(datagram) + 1)] + other[draw.randrange(len(other) + 1) :]


def _extremes(draw: random.Random, datagram: bytes, _others: Sequence[bytes]) -> bytes:
    """Lengths and counts at their limits."""
    at = draw.randrange(max(1, len(datagram)))
    return datagram[:at] + draw.choice((b"\0\0", b"\xff\xff", b"\x7f\xff", b"\x80\0")) + datagram[at + 2 :]


def _as_it_was(_draw: random.Random, datagram: bytes, _others: Sequence[bytes]) -> bytes:
    return datagram


_WAYS = (_flip, _cut, _repeat, _splice, _extremes, _as_it_was)
LARGEST = 1_400


def mutate(draw: random.Random, caught: Sequence[bytes]) -> bytes:
    """One datagram made of those that were caught."""
    made = draw.choice(caught)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        made = draw.choice(_WAYS)(draw, made, caught)
    return made[:LARGEST]
