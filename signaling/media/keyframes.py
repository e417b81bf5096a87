"""Keyframes: when to ask a publisher for one (RFC 4585 PLI), and the last group of pictures for late joiners."""

from __future__ import annotations

from typing import Generic, TypeVar

from hub.rtp import distance

Packet = TypeVar("Packet")

BETWEEN_MS = 500
"""A source is asked at most this often, whoever wants it."""
MOST_ASKS = 20
"""Without an answer the wish is dropped: a camera that is switched off has no keyframe to give."""
MOST_PACKETS = 40
"""A longer group would take more bandwidth to replay than a new keyframe."""


class KeyframeRequests:
    """One per video source. A wish that comes too soon after the last request is kept, not lost."""

    __slots__ = ("_asked_at_ms", "_asks", "_urgent_at_ms", "wanted")

    def __init__(self) -> None:
        self._asked_at_ms: float | None = None
        self._urgent_at_ms: float | None = None
        self._asks = 0
        self.wanted = False

    def ask(self, now_ms: float, *, urgent: bool = False) -> bool:
        """Someone needs a keyframe. True: send a PLI now.

        ``urgent`` (a switch of floor or layer) passes the throttle, itself at most once in ``BETWEEN_MS``.
        """
        self.wanted = True
        self._asks = 0
        if urgent and (self._urgent_at_ms is None or now_ms - self._urgent_at_ms >= BETWEEN_MS):
            self._urgent_at_ms = now_ms
            return self._send(now_ms)
        return self.due(now_ms)

    def due(self, now_ms: float) -> bool:
        """True when a keyframe is still waited for and the source may be asked (again). Call it on a timer."""
        if not self.wanted:
            return False
        if self._asked_at_ms is not None and now_ms - self._asked_at_ms < BETWEEN_MS:
            return False
        if self._asks >= MOST_ASKS:
            self.wanted = False
            return False
        return self._send(now_ms)

    def _send(self, now_ms: float) -> bool:
        self._asked_at_ms = now_ms
        self._asks += 1
        return True

    def arrived(self) -> None:
        """A keyframe came."""
        self.wanted = False
        self._asks = 0


class GopCache(Generic[Packet]):
    """The last keyframe and what followed, while that is at most ``MOST_PACKETS`` packets."""

    __slots__ = ("_first", "_packets")

    def __init__(self) -> None:
        self._first: int | None = None
        self._packets: dict[int, Packet] = {}

    def add(self, seq: int, packet: Packet, *, keyframe: bool) -> None:
        """Take a packet in order of arrival; ``keyframe`` when it is the first of one."""
        if keyframe and (self._first is None or distance(seq, self._first) > 0):
            self._first = seq
            # What overtook the keyframe's first packet belongs to it.
            self._packets = {n: p for n, p in self._packets.items() if distance(n, seq) > 0}
        if self._first is None or distance(seq, self._first) < 0:
            return
        self._packets[seq] = packet
        if len(self._packets) > MOST_PACKETS:
            self.clear()

    def clear(self) -> None:
        """Forget it: the group grew too long, or the source was paused."""
        self._first = None
        self._packets = {}

    def packets(self) -> list[Packet]:
        """The group in stream order, ready to replay; empty when there is none or a packet of it is missing."""
        if self._first is None:
            return []
        run = [self._packets.get((self._first + number) & 0xFFFF) for number in range(len(self._packets))]
        return [] if None in run else [packet for packet in run if packet is not None]
