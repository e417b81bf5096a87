"""Which packets of a publisher are missing and should be asked for again (RFC 4585 generic NACK)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.rtp import Unwrapper

REORDER_MS = 10
"""A gap may be mere reordering: the first request waits this long."""
REPEAT_MS = 40
"""A request is not repeated sooner, nor sooner than a round trip."""
UNKNOWN_REPEAT_MS = 100
"""Before the round trip was measured."""
MOST_REQUESTS = 10
"""At 20 % loss each way a request and its answer get through in two of three cases: three requests left one packet in a
hundred missing, a broken picture every second."""
KEEP_MS = 1_000
"""A packet missing for this long is no use to anyone's jitter buffer any more."""
MOST_MISSING = 256
"""A larger gap is a stream that started anew, or a path that is dead: asking would only add to the flood."""
MISSING_PER_S = 1_000
"""More than a third of the fastest stream. Who leaves out more than he sends wants our memory, not a repeat."""


class Budget:
    """So many per second on average, that many at once. Times are milliseconds on any steady clock."""

    __slots__ = ("_at_ms", "_left", "_most", "_per_ms")

    def __init__(self, per_s: float, most: float) -> None:
        self._per_ms, self._most = per_s / 1e3, most
        self._left, self._at_ms = most, 0.0

    def take(self, count: float, now_ms: float) -> bool:
        """Whether there is enough left; then it is spent."""
        self._fill(now_ms)
        if count > self._left:
            return False
        self._left -= count
        return True

    def left(self, now_ms: float) -> bool:
        """Whether anything is."""
        self._fill(now_ms)
        return self._left > 0

    def spend(self, count: float) -> None:
        """What has been used, even if there was less."""
        self._left -= count

    def _fill(self, now_ms: float) -> None:
        self._left = min(self._most, self._left + (now_ms - self._at_ms) * self._per_ms)
        self._at_ms = now_ms


@dataclass(slots=True)
class _Missing:
    since_ms: float
    ask_at_ms: float
    requests: int = 0


class NackGenerator:
    """One per received stream. Times are milliseconds on any steady clock."""

    __slots__ = ("_budget", "_missing", "_sequence", "given_up", "round_trip_ms")

    def __init__(self) -> None:
        self._sequence = Unwrapper()
        self._missing: dict[int, _Missing] = {}
        self._budget = Budget(MISSING_PER_S, 2 * MOST_MISSING)
        self.round_trip_ms = 0.0
        """Set it when measured."""
        self.given_up = 0
        """Packets that never came."""

    def received(self, seq: int, now_ms: float) -> bool:
        """Count a packet in, retransmitted or not. False for one that was here before or came too late to matter."""
        highest = self._sequence.highest
        number = self._sequence.unwrap(seq)
        if highest is None or number == highest + 1:
            return True
        if number <= highest:
            return self._missing.pop(number, None) is not None
        gap = number - highest
        if gap > MOST_MISSING or not self._budget.take(gap - 1, now_ms):
            self.given_up += len(self._missing)
            self._missing.clear()
            return True
        for lost in range(highest + 1, number):
            self._missing[lost] = _Missing(now_ms, now_ms + REORDER_MS)
        return True

    def asked(self, seq: int) -> bool:
        """Whether this packet was asked for and has not come yet: what comes now may be the repeat."""
        if not self._missing:
            return False
        found = self._missing.get(self._sequence.peek(seq))
        return found is not None and found.requests > 0

    @property
    def missing(self) -> bool:
        """Whether any packet is waited for."""
        return bool(self._missing)

    def due(self, now_ms: float) -> list[int]:
        """Sequence numbers to ask for now, in stream order; they count as asked for."""
        if not self._missing:
            return []
        asked = []
        again_ms = max(REPEAT_MS, self.round_trip_ms or UNKNOWN_REPEAT_MS)
        for number, missing in list(self._missing.items()):
            if now_ms - missing.since_ms >= KEEP_MS or number < (self._sequence.highest or 0) - 0x7FFF:
                del self._missing[number]
                self.given_up += 1
            elif missing.requests < MOST_REQUESTS and now_ms >= missing.ask_at_ms:
                missing.requests += 1
                missing.ask_at_ms = now_ms + again_ms
                asked.append(number & 0xFFFF)
        return asked
