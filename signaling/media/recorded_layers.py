"""The recorder's one stream of a track that is sent in several qualities: always the best that comes.

A better layer takes over with its first keyframe; a poorer one only when the better has fallen silent, with the
keyframe that is asked of it then. Numbers and timestamps go on unbroken, so that the change is a cut, not a hole.
"""

from __future__ import annotations

from hub import rtp
from signaling.media import vp8
from signaling.media.rewriter import Rewriter
from signaling.media.stream import Stream

SILENT_NS = 250_000_000
"""Without a packet for so long, while another layer has them, a layer has stopped: six pictures at 24 a second."""
BEGIN_NS = 200_000_000
"""At the beginning a better layer is waited for so long: they begin one after the other."""


class RecordedLayers:
    """``ssrc`` and ``payload_type`` are what the recorder was told of the track."""

    def __init__(self, streams: list[Stream], *, ssrc: int, payload_type: int, clock_rate: int) -> None:
        self._streams = streams
        self._rewriter = Rewriter(ssrc=ssrc, payload_type=payload_type, clock_rate=clock_rate)
        self._current: Stream | None = None
        self._begun_ns: int | None = None
        self._heard_ns = 0
        self._asked: Stream | None = None

    @property
    def current(self) -> Stream | None:
        return self._current

    def packet(self, stream: Stream, packet: bytes, now_ns: int) -> bytes | None:
        """The packet as it is to be recorded; None when it is of a layer that is not."""
        begin, end = rtp.header_length(packet), len(packet) - rtp.padding_length(packet)
        descriptor = vp8.parse(packet, begin, end)
        if stream is not self._current and not self._takes_over(stream, descriptor, now_ns):
            return None
        if stream is self._current:
            self._heard_ns = now_ns
        if descriptor is None:
            self._rewriter.drop(packet)
            return None
        out = self._rewriter.forward(packet, now_ns / 1e6, descriptor)
        return None if out is None else bytes(out)

    def _takes_over(self, stream: Stream, descriptor: vp8.Descriptor | None, now_ns: int) -> bool:
        current = self._current
        self._begun_ns = self._begun_ns if self._begun_ns is not None else now_ns
        if descriptor is None or not self._wanted(stream, now_ns):
            return False
        if not descriptor.keyframe:
            if self._asked is not stream:
                self._asked = stream
                stream.want_keyframe(now_ns, urgent=True)
            return False
        offset = None
        if current is not None:
            apart = stream.clock.onto(current.clock)
            offset = None if apart is None else self._rewriter.timestamp_offset + apart & 0xFFFFFFFF
        self._rewriter.switch(offset)
        self._current, self._asked = stream, None
        return True

    def _wanted(self, stream: Stream, now_ns: int) -> bool:
        at = self._streams.index(stream)
        if self._current is None:
            last = at == len(self._streams) - 1
            return last or now_ns - (self._begun_ns or now_ns) >= BEGIN_NS
        if at > self._streams.index(self._current):
            return True
        if now_ns - self._heard_ns < SILENT_NS:
            return False
        # The best of those that do come.
        return not any(better.heard_ns > now_ns - SILENT_NS for better in self._streams[at + 1 :])

    def report(self, stream: Stream, rtp_timestamp: int) -> int | None:
        """A sender report's timestamp in the recorded numbers; None when another layer is recorded."""
        if stream is not self._current:
            return None
        return rtp_timestamp + self._rewriter.timestamp_offset & 0xFFFFFFFF

    def want_keyframe(self, now_ns: int, *, urgent: bool) -> None:
        """Of the layer that is recorded, or of all while none is."""
        for stream in self._streams if self._current is None else [self._current]:
            stream.want_keyframe(now_ns, urgent=urgent)

    def resumed(self) -> None:
        """After a pause: begin with the best again."""
        self._current = self._begun_ns = self._asked = None
