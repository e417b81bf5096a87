"""The last packets of one producer in plain, so that subscribers' losses are answered from here (RFC 4588)."""

from __future__ import annotations

from typing import Generic, TypeVar

Packet = TypeVar("Packet")

VIDEO_PACKETS = 500
AUDIO_PACKETS = 200
KEEP_MS = 2_000


class PacketCache(Generic[Packet]):
    """A ring indexed by sequence number.

    Its size is rounded up to a power of two, so that numbers keep their places when the sequence wraps.
    """

    __slots__ = ("_mask", "_packets", "_seqs", "_times")

    def __init__(self, packets: int) -> None:
        size = 1 << (packets - 1).bit_length()
        self._mask = size - 1
        self._packets: list[Packet | None] = [None] * size
        self._seqs = [0] * size
        self._times = [0.0] * size

    def put(self, seq: int, packet: Packet, now_ms: float) -> None:
        """Keep ``packet``, which must not change afterwards."""
        place = seq & self._mask
        self._packets[place] = packet
        self._seqs[place] = seq
        self._times[place] = now_ms

    def get(self, seq: int, now_ms: float) -> Packet | None:
        """The packet, when it is still here and not older than ``KEEP_MS``."""
        place = seq & self._mask
        if self._seqs[place] != seq or now_ms - self._times[place] > KEEP_MS:
            return None
        return self._packets[place]
