"""How often who sends may make the recorder begin another segment. PURE.

Each segment is a file, a hash, a row and a request to the store, and a source decides by what it sends when one ends:
another size of picture, another clock, a stretch without media. One that does so all the time would keep the recorder
from everybody else's. Nothing honest comes near: four times a second for half a minute.
"""

from __future__ import annotations

from collections import deque

MOST, WITHIN_NS = 120, 30_000_000_000


class Breaks:
    """Of one track. Times are arrivals, so that packaging the same journal again ends in the same segments."""

    __slots__ = ("_at_ns",)

    def __init__(self) -> None:
        self._at_ns: deque[int] = deque(maxlen=MOST)

    def may(self, at_ns: int) -> bool:
        """Whether there may be another now; if so it is counted."""
        if len(self._at_ns) == MOST and at_ns - self._at_ns[0] < WITHIN_NS:
            return False
        self._at_ns.append(at_ns)
        return True
