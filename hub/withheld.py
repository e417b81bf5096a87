"""Passages of a recording that only few may see: what a range covers, and what the others get in its place.

PURE. Segments cannot be cut without decoding them, so every segment that a range touches is withheld whole: the range
grows outward to its segments' boundaries. It covers all seats unless narrowed to one, because voices come out of the
others' loudspeakers too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub import webm

BLACK_SIZE = (320, 180)
BLACK = bytes.fromhex(
    "100f009d012a4001b4000007088585889984880028100030b027b8340b24fb5edcd939c3d939c3d939c3d939c3d939c3d939"
    "c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d9"
    "39c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d939c3d9397000feffab5080"
)
"""A black VP8 keyframe of ``BLACK_SIZE``."""
BLACK_EVERY_MS = 1000
SILENCE = b"\xfb\x06" + b"\xff\xfe" * 6
"""Six silent Opus frames of 20 ms in one packet (RFC 6716 section 3.2.5)."""
SILENCE_MS = 120


@dataclass(frozen=True, slots=True)
class Range:
    """From ``start_ms`` to ``end_ms`` of the recording; ``seat_id`` None: of every seat."""

    start_ms: int
    end_ms: int
    seat_id: str | None = None

    def touches(self, seat_id: str, start_ms: int, duration_ms: int) -> bool:
        """Whether a segment of that seat is withheld."""
        mine = self.seat_id is None or self.seat_id == seat_id
        return mine and start_ms < self.end_ms and self.start_ms < start_ms + max(1, duration_ms)

    def rounded(self, segments: Iterable[tuple[str, int, int]]) -> Range:
        """Grown to the boundaries of the segments, each (seat, start ms, duration ms), that it touches."""
        mine = [(start, start + length) for seat, start, length in segments if self.touches(seat, start, length)]
        start_ms = min([self.start_ms, *(start for start, _ in mine)])
        return Range(start_ms, max([self.end_ms, *(end for _, end in mine)]), self.seat_id)


def said_within(rounded: Iterable[Range], at_ms: int) -> bool:
    """Whether what was written at that moment is withheld: whoever wrote it, it may tell what a range hides."""
    return any(one.start_ms <= at_ms <= one.end_ms for one in rounded)


def instead(kind: str, start_ms: int, duration_ms: int) -> bytes:
    """A file of the same place and length with nothing to see (``video``) or to hear (``audio``)."""
    every_ms, data = (BLACK_EVERY_MS, BLACK) if kind == "video" else (SILENCE_MS, SILENCE)
    frames: Sequence[webm.Frame] = [
        webm.Frame(at, data, keyframe=True) for at in range(start_ms, start_ms + max(1, duration_ms), every_ms)
    ]
    return webm.video(frames, duration_ms, *BLACK_SIZE) if kind == "video" else webm.audio(frames, duration_ms)


def media_type(kind: str) -> str:
    """Of what ``instead`` gives."""
    return 'video/webm; codecs="vp8"' if kind == "video" else 'audio/webm; codecs="opus"'
