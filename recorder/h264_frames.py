"""H.264 pictures from their packets (RFC 6184), as MP4 files hold them: each NAL unit behind its length. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hub import h264
from recorder.depacketise import Frame, Packet


class Parameters(NamedTuple):
    """What a decoder needs before the first picture."""

    sps: bytes
    pps: bytes

    def dump(self) -> str:
        return f"{self.sps.hex()}/{self.pps.hex()}"

    @classmethod
    def load(cls, text: str) -> Parameters | None:
        sps, _, pps = text.partition("/")
        return cls(bytes.fromhex(sps), bytes.fromhex(pps)) if sps and pps else None


class H264Frames:
    """One access unit is one frame. One that lacks a packet is dropped, and the next one says so.

    Parameter sets are kept apart from the pictures: a picture without them, which nothing could show, is dropped too.
    """

    def __init__(self, parameters: Parameters | None = None) -> None:
        self.parameters = parameters
        self._sps = parameters.sps if parameters else b""
        self._pps = parameters.pps if parameters else b""
        self._units: list[bytes] = []
        self._fragments: list[bytes] = []
        self._first: Packet | None = None
        self._last: Packet | None = None
        self._broken = False
        self._after_loss = False

    def push(self, packet: Packet, lost: bool) -> Iterator[Frame]:
        if lost:
            self._after_loss = self._broken = True
            self._drop()
        if not packet.payload:
            return
        if self._first is not None and packet.timestamp != self._first.timestamp:
            yield from self._finish()  # its last packet came without the marker
        if self._first is None:
            # After a loss the rest of a picture that began before it is no picture.
            if self._broken and not h264.begins_picture(packet.payload):
                self._after_loss = True
                return
            self._first, self._broken = packet, False
        self._last = packet
        self._take(packet.payload)
        if packet.marker:
            yield from self._finish()

    def abandon(self) -> None:
        self._after_loss |= self._first is not None
        self._drop()

    def _finish(self) -> Iterator[Frame]:
        units, first, last = self._units, self._first, self._last
        self._drop()
        if first is None or last is None:
            return
        pictures = [unit for unit in units if not self._learn(unit)]
        if not any(unit[0] & 0x1F in h264.SLICES for unit in pictures):
            return
        if self.parameters is None:
            self._after_loss = True
            return
        keyframe = any(unit[0] & 0x1F == h264.IDR for unit in pictures)
        size = h264.picture(self.parameters.sps)
        after_loss, self._after_loss = self._after_loss, False
        yield Frame(
            timestamp=first.timestamp,
            arrived_ns=first.arrived_ns,
            data=b"".join(len(unit).to_bytes(4) + unit for unit in pictures),
            keyframe=keyframe,
            last_sequence=last.sequence,
            first_file=first.file,
            after_loss=after_loss,
            width=size.width if keyframe and size else 0,
            height=size.height if keyframe and size else 0,
            parameters=self.parameters.dump() if keyframe else "",
        )

    def first_file(self) -> int | None:
        return None if self._first is None else self._first.file

    def _take(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if kind == h264.STAP_A:
            self._units += h264.aggregated(payload)
        elif kind == h264.FU_A and len(payload) > 2:
            if payload[1] & 0x80:
                self._fragments = [bytes([payload[0] & 0xE0 | payload[1] & 0x1F])]
            if self._fragments:
                self._fragments.append(payload[2:])
                if payload[1] & 0x40:
                    self._units.append(b"".join(self._fragments))
                    self._fragments = []
        elif 0 < kind < h264.STAP_A:
            self._units.append(payload)

    def _learn(self, unit: bytes) -> bool:
        """Keep a parameter set; whether it was one."""
        kind = unit[0] & 0x1F
        if kind == h264.SPS and h264.picture(unit) is not None:
            self._sps = unit
        elif kind == h264.PPS:
            self._pps = unit
        if kind in (h264.SPS, h264.PPS) and self._sps and self._pps:
            self.parameters = Parameters(self._sps, self._pps)
        return kind in (h264.SPS, h264.PPS)

    def _drop(self) -> None:
        self._units, self._fragments, self._first, self._last = [], [], None, None
