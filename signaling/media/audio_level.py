"""Who speaks, from the audio level header extension alone (RFC 6464); nothing is decoded.

A seat speaks when enough of an observation window was above the threshold; loudness is smoothed from window to
window, and lessened by how little of the window it filled, so that a cough does not take the picture from a speaker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ACTIVE_LEVEL = 35
"""Loud enough to be speech, in -dBov: 0 is the loudest possible, 127 silence."""
WINDOW_MS = 400
ACTIVE_SHARE = 0.4
"""Of the window that must be loud enough."""
SMOOTHING = 0.5
STALE_MS = 2 * WINDOW_MS
"""Without packets for so long the seat is silent (Opus stops sending when nobody speaks, and links break)."""

DIGITAL_SILENCE = 127
"""RFC 6464 section 3: the least level there is."""
SILENT_MS = 10_000
GONE_MS = 2_000
"""Without packets for so long nothing is known of a microphone."""


def level_of(extension: bytes) -> int:
    """The level in -dBov, 0–127, from the extension's data; its top bit is the sender's own guess at voice."""
    return extension[0] & 0x7F


def _linear(level: float) -> float:
    return 10 ** (-level / 20)


_THRESHOLD = _linear(ACTIVE_LEVEL)


@dataclass(slots=True)
class _Seat:
    window_began_ms: float
    heard_ms: float
    sounded_ms: float
    """When it last sent anything but digital silence, or began."""
    loudest: int = 127
    observed: int = 0
    active: int = 0
    smoothed: float = 0.0

    def close_window(self, now_ms: float) -> None:
        share = self.active / self.observed if self.observed else 0.0
        if share >= ACTIVE_SHARE:
            loudness = _linear(self.loudest - 20 * math.log10(share))
            self.smoothed += (loudness - self.smoothed) * (SMOOTHING if self.smoothed else 1.0)
        else:
            self.smoothed = 0.0
        self.window_began_ms, self.loudest, self.observed, self.active = now_ms, 127, 0, 0


class Voices:
    """One per hearing. Times are milliseconds on any steady clock."""

    def __init__(self) -> None:
        self._seats: dict[str, _Seat] = {}

    def observe(self, peer_id: str, level: int, now_ms: float) -> None:
        """One audio packet of a seat with this level (-dBov)."""
        seat = self._seats.get(peer_id)
        if seat is None or now_ms - seat.heard_ms > STALE_MS:
            sounded_ms = seat.sounded_ms if seat is not None and now_ms - seat.heard_ms <= GONE_MS else now_ms
            seat = self._seats[peer_id] = _Seat(now_ms, now_ms, sounded_ms)
        elif now_ms - seat.window_began_ms >= WINDOW_MS:
            seat.close_window(now_ms)
        seat.heard_ms = now_ms
        seat.observed += 1
        if level != DIGITAL_SILENCE:
            seat.sounded_ms = now_ms
        if level <= ACTIVE_LEVEL:
            seat.active += 1
            seat.loudest = min(seat.loudest, level)

    def forget(self, peer_id: str) -> None:
        """The seat is muted or gone."""
        self._seats.pop(peer_id, None)

    def silent(self, peer_id: str, now_ms: float) -> bool:
        """Whether its packets come and have held nothing but digital silence for ``SILENT_MS``: an unplugged or
        switched off microphone. A quiet room is louder than that."""
        seat = self._seats.get(peer_id)
        return seat is not None and now_ms - seat.heard_ms <= GONE_MS and now_ms - seat.sounded_ms >= SILENT_MS

    def speaking(self, now_ms: float) -> list[str]:
        """Who speaks now, loudest first."""
        loud = [
            (seat.smoothed, peer_id)
            for peer_id, seat in self._seats.items()
            if now_ms - seat.heard_ms <= STALE_MS and seat.smoothed >= _THRESHOLD
        ]
        return [peer_id for _, peer_id in sorted(loud, key=lambda item: (-item[0], item[1]))]
