"""Which layers of a track nobody needs, so that its publisher may save the work and the bandwidth. No I/O.

The best that comes is always sent: the recorder takes it. A poorer layer falls asleep when nobody wanted it for a
while, and wakes at once; when nothing comes any more, all wake, because the record needs whatever there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

UNWANTED_MS = 10_000
REMIND_MS = 5_000
"""The message that wakes may be lost with a browser's socket."""


class LayerDemand:
    """One per track with several layers, poorest first. Times are milliseconds on any steady clock."""

    def __init__(self, layers: int, now_ms: float) -> None:
        self._wanted_ms = [now_ms] * layers
        self._told_ms = now_ms
        self.awake = [True] * layers

    def look(self, wanted: AbstractSet[int], live: Sequence[bool], now_ms: float) -> bool:
        """``wanted`` layers are chosen for somebody. True: tell the publisher which are ``awake``."""
        for layer in wanted:
            self._wanted_ms[layer] = now_ms
        best = max((layer for layer, comes in enumerate(live) if comes), default=0)
        awake = [layer >= best or now_ms - self._wanted_ms[layer] < UNWANTED_MS for layer in range(len(self.awake))]
        missing = any(awake[layer] and not live[layer] and layer in wanted for layer in range(best))
        changed = awake != self.awake
        self.awake = awake
        if changed or (missing and now_ms - self._told_ms >= REMIND_MS):
            self._told_ms = now_ms
            return True
        return False
