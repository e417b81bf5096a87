"""Which microphones are forwarded when there are more than anyone can listen to, from audio levels alone (RFC 6464).

A place goes quickly to who begins to speak – the first syllable must not be cut off – as long as some holder has been
silent for a moment. Among many who speak at once a newcomer must be clearly louder than the weakest.
"""

from __future__ import annotations

from dataclasses import dataclass

from signaling.media.audio_level import ACTIVE_LEVEL

ATTACK_PACKETS = 2
"""Loud packets in a row (20 ms each) that make a speaker: one alone is a click."""
HOLD_MS = 1_000
"""A holder silent for so long gives way to anyone who speaks."""
LOUDER_DB = 6
"""By how much a newcomer must be louder than the weakest of those who speak …"""
LOUDER_MS = 300
"""… and for how long."""
_SMOOTHING = 0.1


@dataclass(slots=True)
class _Microphone:
    loud_ms: float
    in_a_row: int = 0
    level: float = 127.0
    louder_since_ms: float | None = None


MOST_VOICES = 3
"""Microphones that a subscriber is sent at once; of more, the loudest."""


class Speakers:
    """One per hearing; ``most`` places. Times are milliseconds on any steady clock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, _Microphone] = {}
        self._newcomers: set[str] = set()
        self.chosen: list[str] = []
        """Producers that hold a place, longest first."""

    def observe(self, producer_id: str, level: int, now_ms: float) -> None:
        """One audio packet with this level (-dBov, 127 is silence)."""
        known = self._known.get(producer_id)
        if known is None:
            known = self._known[producer_id] = _Microphone(now_ms - HOLD_MS)
        known.level += (level - known.level) * _SMOOTHING
        if level > ACTIVE_LEVEL:
            known.in_a_row = 0
            self._newcomers.discard(producer_id)
            return
        known.loud_ms = now_ms
        known.in_a_row += 1
        if known.in_a_row >= ATTACK_PACKETS and producer_id not in self.chosen:
            self._newcomers.add(producer_id)

    def knows(self, producer_id: str) -> bool:
        """Whether the microphone ever said how loud it is."""
        return producer_id in self._known

    def forget(self, producer_id: str) -> bool:
        """The microphone is muted or gone; True when it held a place."""
        self._known.pop(producer_id, None)
        self._newcomers.discard(producer_id)
        if producer_id not in self.chosen:
            return False
        self.chosen.remove(producer_id)
        return True

    def choose(self, now_ms: float) -> bool:
        """Give places to newcomers; True when ``chosen`` changed. Call it every few packets."""
        changed = False
        for newcomer in sorted(self._newcomers, key=lambda one: self._known[one].level):
            if len(self.chosen) < self._most:
                self.chosen.append(newcomer)
            else:
                leaving = self._who_gives_way(newcomer, now_ms)
                if leaving is None:
                    continue
                self.chosen[self.chosen.index(leaving)] = newcomer
            self._known[newcomer].louder_since_ms = None
            self._newcomers.discard(newcomer)
            changed = True
        return changed

    def _who_gives_way(self, newcomer: str, now_ms: float) -> str | None:
        longest_silent = min(self.chosen, key=lambda one: self._known[one].loud_ms)
        if now_ms - self._known[longest_silent].loud_ms >= HOLD_MS:
            return longest_silent
        weakest = max(self.chosen, key=lambda one: self._known[one].level)
        known = self._known[newcomer]
        if known.level > self._known[weakest].level - LOUDER_DB:
            known.louder_since_ms = None
            return None
        if known.louder_since_ms is None:
            known.louder_since_ms = now_ms
        return weakest if now_ms - known.louder_since_ms >= LOUDER_MS else None
