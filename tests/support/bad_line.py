"""One direction of a bad line: seeded losses, delay, jitter, and a capacity with a queue before it. No I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

JITTER_S = 0.05
"""How long one value of the jitter lasts: delay on real lines wanders, it is not drawn anew for each packet."""
OVERHEAD_BYTES = 28
"""IPv4 and UDP headers, which the line carries too."""


@dataclass
class BadLine:
    """``loss`` is the fraction of media packets lost at random; ``bps`` 0 is a line without a limit."""

    loss: float = 0.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    bps: float = 0.0
    queue_ms: float = 300.0
    seed: int = 1
    lost: int = 0
    carried: int = 0
    carried_bytes: int = 0
    _free_at: float = 0.0
    _last_at: float = 0.0
    _wander: tuple[int, float] = (-1, 0.0)
    _draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)

    @property
    def plain(self) -> bool:
        """Nothing is delayed."""
        return not (self.delay_ms or self.jitter_ms or self.bps)

    def carry(self, size: int, now: float, *, media: bool) -> float | None:
        """When a datagram of ``size`` bytes sent at ``now`` (seconds) arrives; None: never. Order is kept."""
        if media and self._draw.random() < self.loss:
            self.lost += 1
            return None
        at = now
        if self.bps:
            begins = max(now, self._free_at)
            if begins - now > self.queue_ms / 1000:
                self.lost += 1
                return None
            at = self._free_at = begins + (size + OVERHEAD_BYTES) * 8 / self.bps
        at = max(self._last_at, at + (self.delay_ms + self._jitter(now)) / 1000)
        self._last_at = at
        self.carried += 1
        self.carried_bytes += size + OVERHEAD_BYTES
        return at

    def _jitter(self, now: float) -> float:
        window = int(now / JITTER_S)
        if self._wander[0] != window:
            self._wander = (window, self._draw.uniform(-self.jitter_ms, self.jitter_ms))
        return self._wander[1]
