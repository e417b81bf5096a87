"""What waits for a slow TCP peer: bounded, sound before picture, and nothing that has grown too old. PURE.

A stream that is slower than what it is to carry delays everything behind it. So picture waits apart from the rest, and
is the first to go; who makes pictures is told in time (``congested``) to leave out whole frames instead.
"""

from __future__ import annotations

from collections import deque

from signaling.media.framing import frame
from signaling.media.sdp_write import OPUS

CONGESTED_NS = 250_000_000
"""Picture that has waited so long: no more of it is wanted for now."""
STALE_NS = 1_500_000_000
"""Media that has waited so long is dropped: whoever plays it has given up on it."""
MOST_VIDEO_BYTES = 256 * 1024
MOST_OTHER_BYTES = 64 * 1024
_RTCP_FIRST, _RTCP_LAST = 192, 223


def is_media(datagram: bytes | bytearray | memoryview) -> bool:
    """SRTP, told from STUN and DTLS by its first byte and from SRTCP by its second (RFC 5761, 7983)."""
    return len(datagram) > 1 and 127 < datagram[0] < 192 and not _RTCP_FIRST <= datagram[1] <= _RTCP_LAST


def is_video(datagram: bytes | bytearray | memoryview) -> bool:
    """Of what we send, only Opus has its payload type: everything else in SRTP is picture."""
    return is_media(datagram) and datagram[1] & 0x7F != OPUS


class SendQueue:
    """Framed datagrams in the order in which they are to leave. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self.congested = False
        """Picture is not wanted until what waits has left."""
        self.sent = self.dropped = 0
        self._first: deque[tuple[int, bytes, bool]] = deque()
        self._video: deque[tuple[int, bytes]] = deque()
        self._first_bytes = self._video_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        return self._first_bytes + self._video_bytes

    def put(self, datagram: bytes | bytearray | memoryview, now_ns: int) -> None:
        """Queue it, or drop it when its queue is full."""
        if is_video(datagram):
            if self._video_bytes + len(datagram) > MOST_VIDEO_BYTES:
                self.congested = True
                self.dropped += 1
                return
            framed = frame(bytes(datagram))
            self._video.append((now_ns, framed))
            self._video_bytes += len(framed)
        elif self._first_bytes + len(datagram) > MOST_OTHER_BYTES:
            self.dropped += 1
        else:
            framed = frame(bytes(datagram))
            self._first.append((now_ns, framed, is_media(datagram)))
            self._first_bytes += len(framed)

    def take(self, most_bytes: int, now_ns: int) -> bytes:
        """What is to leave now, whole datagrams, at least one if any waits."""
        self._drop_stale(now_ns)
        parts: list[bytes] = []
        size = 0
        while self._first and (not parts or size + len(self._first[0][1]) <= most_bytes):
            framed = self._first.popleft()[1]
            parts.append(framed)
            size += len(framed)
        self._first_bytes -= size
        begin = size
        while self._video and (not parts or size + len(self._video[0][1]) <= most_bytes):
            framed = self._video.popleft()[1]
            parts.append(framed)
            size += len(framed)
        self._video_bytes -= size - begin
        self.sent += len(parts)
        self.look(now_ns)
        return b"".join(parts)

    def look(self, now_ns: int) -> None:
        """Notice that picture has waited too long, or that it has all left."""
        if not self._video:
            self.congested = False
        elif now_ns - self._video[0][0] > CONGESTED_NS:
            self.congested = True

    def clear(self) -> None:
        self._first.clear()
        self._video.clear()
        self._first_bytes = self._video_bytes = 0

    def _drop_stale(self, now_ns: int) -> None:
        while self._video and now_ns - self._video[0][0] > STALE_NS:
            self._video_bytes -= len(self._video.popleft()[1])
            self.dropped += 1
        # What is no media (checks, handshake, reports) stays: it is little, and it does not age.
        if self._first and self._first[0][2] and now_ns - self._first[0][0] > STALE_NS:
            kept = [each for each in self._first if not each[2] or now_ns - each[0] <= STALE_NS]
            self.dropped += len(self._first) - len(kept)
            self._first = deque(kept)
            self._first_bytes = sum(len(each[1]) for each in kept)
