"""How long somebody must wait who has had more than his share. PURE."""

from __future__ import annotations


class Pace:
    """``per_s`` on average, ``burst`` at once. Beyond that nothing is refused: it waits its turn."""

    __slots__ = ("_at_s", "_burst", "_owed", "_per_s")

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._owed, self._at_s = 0.0, 0.0

    def wait_s(self, amount: float, now_s: float) -> float:
        """Take ``amount``; the seconds to wait before it may be used. ``now_s`` is on any steady clock."""
        self._owed = max(0.0, self._owed - (now_s - self._at_s) * self._per_s) + amount
        self._at_s = now_s
        return max(0.0, self._owed - self._burst) / self._per_s
