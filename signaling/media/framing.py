"""Datagrams on a stream: each after its length in two bytes, most significant first (RFC 4571). PURE.

Everything that goes over ICE-TCP is framed so: STUN, DTLS, SRTP and SRTCP alike (RFC 6544 section 3).
"""

from __future__ import annotations

HEADER_BYTES = 2


class FramingError(ValueError):
    """The stream holds what no peer of ours sends; nothing after it can be trusted."""


class Deframer:
    """Takes a stream in whatever pieces it comes and gives back its datagrams.

    ``largest_bytes`` bounds what one datagram, and so the memory kept for it, may be.
    """

    def __init__(self, largest_bytes: int) -> None:
        self.largest_bytes = largest_bytes
        self._rest = b""

    @property
    def waiting_bytes(self) -> int:
        """Of a datagram that is not whole yet, its header included."""
        return len(self._rest)

    def feed(self, piece: bytes) -> list[bytes]:
        """The datagrams that ``piece`` completes. Raises ``FramingError``; what was whole before it is lost too."""
        stream = self._rest + piece if self._rest else piece
        found, at, end = [], 0, len(stream)
        while end - at >= HEADER_BYTES:
            size = stream[at] << 8 | stream[at + 1]
            if size > self.largest_bytes:
                raise FramingError(f"a datagram of {size} bytes")
            start = at + HEADER_BYTES
            if start + size > end:
                break
            found.append(stream[start : start + size])
            at = start + size
        self._rest = stream[at:]
        return found


def frame(datagram: bytes) -> bytes:
    """The datagram with its length before it, at most 65,535 bytes."""
    return len(datagram).to_bytes(HEADER_BYTES) + datagram
