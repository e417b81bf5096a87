"""Keyframes spread over time for a subscriber whose line is weak, so that sound does not wait behind them. No I/O.

A token bucket: packets leave at a rate a little above what the line carries, the oldest first. Only pictures pass
through it, and only while the line is known to be limited: everyone else's packets leave with the drain they came in.
"""

from __future__ import annotations

from collections import deque

ABOVE = 1.25
"""Faster than the line is thought to be: a queue here must not outlast a wrong estimate."""
BURST_MS = 40
"""What a tick (20 ms) that came late may make up for."""
LEAST_BURST_BYTES = 1_500
MOST_DELAY_MS = 1_500
"""Pictures older than this are of no use: all that waits is thrown away, and a keyframe is needed."""


class Pacer:
    """One per limited subscriber. Times are milliseconds on any steady clock."""

    def __init__(self, rate_bps: float, now_ms: float) -> None:
        self._bytes_per_ms = 0.0
        self._tokens = float(LEAST_BURST_BYTES)
        self._at_ms = now_ms
        self._waiting: deque[tuple[float, bytearray]] = deque()
        self.rate(rate_bps)

    def rate(self, line_bps: float) -> None:
        """The line is now thought to carry ``line_bps``."""
        self._bytes_per_ms = max(line_bps, 1.0) * ABOVE / 8000

    def push(self, packet: bytearray, now_ms: float) -> None:
        self._waiting.append((now_ms, packet))

    def push_first(self, packet: bytearray, now_ms: float) -> None:
        """A repeat: pictures that come after it wait for it."""
        self._waiting.appendleft((now_ms, packet))

    def due(self, now_ms: float) -> list[bytearray]:
        """What may leave now, in order."""
        burst = max(LEAST_BURST_BYTES, BURST_MS * self._bytes_per_ms)
        self._tokens = min(burst, self._tokens + (now_ms - self._at_ms) * self._bytes_per_ms)
        self._at_ms = now_ms
        leaving = []
        # One packet may borrow, or one that is larger than the bucket would never leave.
        while self._waiting and self._tokens > 0:
            packet = self._waiting.popleft()[1]
            self._tokens -= len(packet)
            leaving.append(packet)
        return leaving

    def overdue(self, now_ms: float) -> bool:
        """Throw away all that waits if the oldest has waited too long; True when it had."""
        if not self._waiting or now_ms - self._waiting[0][0] <= MOST_DELAY_MS:
            return False
        self._waiting.clear()
        return True

    def drain(self) -> list[bytearray]:
        """All that waits: the line is no longer limited."""
        leaving = [packet for _, packet in self._waiting]
        self._waiting.clear()
        return leaving
