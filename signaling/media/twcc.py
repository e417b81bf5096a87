"""Transport-wide congestion control, the receiving side: arrival times in, feedback packets out.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Without this feedback Chromium stays at its first 300 kbit/s.
Times are microseconds on any steady clock; they leave as 64 ms reference times and 250 µs deltas.
"""

from __future__ import annotations

from struct import Struct

from hub.rtp import Unwrapper
from signaling.media import rtcp

EVERY_MS = 80
"""How often feedback should be sent while packets come."""
MOST_STATUSES = 400
"""In one feedback packet, so that it stays below any path's MTU whatever the symbols."""
MOST_FEEDBACKS = 8
"""At a time: thirty thousand packets a second are more than anybody publishes."""
MOST_ARRIVALS = 4_096
"""Remembered; numbers that jump about make more of them than feedback can name, and then it begins anew."""
HISTORY_US = 500_000
"""Arrivals this old are forgotten; a late packet can only reopen what is still remembered."""

_I16 = Struct("!h")


class TwccRecorder:
    """One per publishing transport."""

    def __init__(self) -> None:
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._sequence = Unwrapper()
        self._arrivals: dict[int, int] = {}
        self._next: int | None = None
        self._floor: int | None = None
        self._latest_us = 0

    def received(self, transport_seq: int, at_us: int) -> None:
        """A packet with this transport-wide number arrived; a duplicate keeps its first time."""
        number = self._sequence.unwrap(transport_seq)
        if number in self._arrivals or (self._floor is not None and number < self._floor):
            return
        if len(self._arrivals) >= MOST_ARRIVALS:
            self._begin()
            number = self._sequence.unwrap(transport_seq)
        self._arrivals[number] = at_us
        self._latest_us = max(self._latest_us, at_us)
        # One that comes late after its loss was reported opens that stretch again, to take the loss back.
        if self._next is None or number < self._next:
            self._next = number

    def feedback(self, sender_ssrc: int, media_ssrc: int) -> bytes | None:
        """The next feedback packet, or None when there is nothing new. Call until None after a burst."""
        newest = self._sequence.highest
        if self._next is None or newest is None or self._next > newest:
            return None
        first = self._first_arrival(self._next, newest)
        # A gap so long that no packet of it is worth naming is skipped: the sender times it out by itself.
        begin = self._next if first - self._next < MOST_STATUSES else first
        reference = self._arrivals[first] // 64_000
        symbols, deltas = self._statuses(begin, min(newest + 1, begin + MOST_STATUSES), reference)
        packet = rtcp.transport_feedback(
            sender_ssrc,
            media_ssrc,
            base=begin,
            reference=reference,
            count=self._count,
            symbols=symbols,
            deltas=deltas,
        )
        self._count += 1
        self._next = begin + len(symbols)
        self._forget()
        return packet

    def _first_arrival(self, begin: int, newest: int) -> int:
        """There is one: the newest is forgotten only with everything before it, and then nothing reopens."""
        if newest - begin > len(self._arrivals):
            return min(n for n in self._arrivals if n >= begin)
        return next(n for n in range(begin, newest + 1) if n in self._arrivals)

    def _statuses(self, begin: int, end: int, reference: int) -> tuple[list[int], bytes]:
        """Symbols and packed deltas from ``begin``; stops early where a delta does not fit in 16 bits."""
        symbols: list[int] = []
        deltas = bytearray()
        ticks = reference * 256  # of 250 µs; counting on from what was sent keeps rounding from adding up
        for number in range(begin, end):
            at_us = self._arrivals.get(number)
            if at_us is None:
                symbols.append(0)
                continue
            delta = (at_us + 125) // 250 - ticks
            if 0 <= delta <= 255:
                symbols.append(1)
                deltas.append(delta)
            elif -32768 <= delta <= 32767:
                symbols.append(2)
                deltas += _I16.pack(delta)
            else:
                break
            ticks += delta
        return symbols, bytes(deltas)

    def _forget(self) -> None:
        """Keep what was reported for a while: a reopened stretch must name it again as received."""
        reported = self._next
        assert reported is not None
        oldest = self._latest_us - HISTORY_US
        forgotten = []
        # In order of arrival: what follows the first that is young enough is younger still.
        for number, at_us in self._arrivals.items():
            if at_us >= oldest:
                break
            if number < reported:
                forgotten.append(number)
        for number in forgotten:
            del self._arrivals[number]
        if forgotten:
            self._floor = max(forgotten) + 1
