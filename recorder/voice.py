"""When somebody speaks in a track, half second by half second: what a player draws into its timeline.

PURE. From the level that each packet carries (RFC 6464), so nothing is decoded; where the sender tells none, nothing is
claimed.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub import rtp

SLOT_MS = 500
SPEECH_LEVEL = 35
"""Loud enough to be speech, in -dBov: 0 is the loudest possible, 127 silence."""
SPEECH_SHARE = 0.4
"""Of the slot's packets that must be so loud: a cough is not speech."""
DIGITS = 9


def level_of(packet: bytes, level_id: int) -> int | None:
    """A packet's level in -dBov, 0 to 127; None where it tells none."""
    found = rtp.extension(packet, level_id) if level_id else None
    return found[0] & 0x7F if found else None


def activity(told: Iterable[tuple[int, int]], start_ms: int, duration_ms: int) -> str:
    """A digit per slot from ``start_ms`` on: 0 for silence, 1 to 9 for speech by its loudest packet.

    ``told`` are (ms, level in -dBov); empty when there are none.
    """
    slots: list[list[int]] = [[] for _ in range(-(-duration_ms // SLOT_MS))]
    for at_ms, level in told:
        slots[min(max(0, at_ms - start_ms) // SLOT_MS, len(slots) - 1)].append(level)
    return "".join(map(_digit, slots)) if any(slots) else ""


def _digit(levels: list[int]) -> str:
    if not levels or sum(level <= SPEECH_LEVEL for level in levels) < SPEECH_SHARE * len(levels):
        return "0"
    return str(1 + (DIGITS - 1) * (SPEECH_LEVEL - min(levels)) // SPEECH_LEVEL)
