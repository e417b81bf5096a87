"""Feeds a track packager with hand-made packets on an ideal clock, for tests of cutting and time."""

from __future__ import annotations

import io
import struct

import av

from hub.tap import TrackOpened
from recorder import timeline
from recorder.track import Cut, Gap, TrackPackager
from tests.support import rtp_packets
from tests.support.fake_worker import ntp

SECOND = 1_000_000_000
OPUS = b"\xfc" + b"opus" * 10  # a 20 ms CELT packet's first byte
PICTURE_S = 1 / 10


def vp8_data(*, keyframe: bool, width: int = 320, height: int = 180, size: int = 200) -> bytes:
    """Looks like a VP8 picture to all who read only its header."""
    if not keyframe:
        return b"\x11" + bytes(size)
    return b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(size)


class Feed:
    """One track, 10 pictures or 50 sounds a second, unless told otherwise."""

    def __init__(self, kind: str = "video", *, max_s: int = 10, holes: list[timeline.Hole] | None = None) -> None:
        self.kind, self.rate = kind, 90_000 if kind == "video" else 48_000
        self.opened = TrackOpened(
            track=1,
            track_id="t1",
            recording_id="r1",
            seat_id="s1",
            source="camera" if kind == "video" else "microphone",
            kind=kind,
            codec="VP8" if kind == "video" else "opus",
            clock_rate=self.rate,
            payload_type=96,
            ssrc=1,
            rtx_ssrc=2 if kind == "video" else None,
        )
        self.clock = timeline.PublisherClock()
        self.track = TrackPackager(self.opened, self.clock, holes or [], max_s=max_s)
        self.seq, self.first_ts = 65_530, 2**32 - 1000
        self.delay_s = 0.0

    def send(
        self, at_s: float, *, keyframe: bool = False, parts: int = 1, lose: tuple[int, ...] = (), width: int = 320
    ) -> list[bytes]:
        """A picture or a sound captured at ``at_s``; returns the packets that were lost on the way."""
        ts = (self.first_ts + round(at_s * self.rate)) & 0xFFFFFFFF
        if self.kind == "audio":
            payloads = [OPUS]
        else:
            data = vp8_data(keyframe=keyframe, width=width)
            step = -(-len(data) // parts)
            chunks = [data[at : at + step] for at in range(0, len(data), step)]
            payloads = [bytes([0x10 if index == 0 else 0]) + chunk for index, chunk in enumerate(chunks)]
        lost = []
        for index, payload in enumerate(payloads):
            packet = bytes(
                rtp_packets.packet(
                    seq=self.seq & 0xFFFF, ts=ts, ssrc=1, mark=index == len(payloads) - 1, payload=payload
                )
            )
            self.seq += 1
            if index in lose:
                lost.append(packet)
            else:
                self.track.rtp(self.at(at_s), packet, 1)
        return lost

    def run(self, begin_s: float, end_s: float, *, keyframe_every: int = 0, skip: tuple[int, ...] = ()) -> None:
        """Everything from ``begin_s`` to ``end_s``; the first picture is a keyframe; ``skip`` are lost on the way."""
        step = PICTURE_S if self.kind == "video" else 0.02
        for index in range(round((end_s - begin_s) / step)):
            keyframe = index == 0 or bool(keyframe_every and index % keyframe_every == 0)
            lose = (0,) if index in skip else ()
            self.send(begin_s + index * step, keyframe=keyframe, lose=lose)

    def report(self, at_s: float, *, wall_s: float) -> None:
        """A sender report: at ``at_s`` of media time the publisher's clock shows ``wall_s``."""
        self.track.report(self.at(at_s), ntp(wall_s), (self.first_ts + round(at_s * self.rate)) & 0xFFFFFFFF)

    def at(self, at_s: float) -> int:
        return round((at_s + self.delay_s) * SECOND)

    @property
    def cuts(self) -> list[Cut]:
        return [outcome for outcome in self.track.out if isinstance(outcome, Cut)]

    @property
    def gaps(self) -> list[tuple[int, int, str]]:
        return [(o.start_ms, o.end_ms, o.cause) for o in self.track.out if isinstance(o, Gap)]


def sizes(data: bytes) -> list[int]:
    """The sizes of a file's packets, in bytes."""
    with av.open(io.BytesIO(data)) as container:
        return [packet.size for packet in container.demux() if packet.pts is not None]


def times(data: bytes) -> list[int]:
    """The times of a file's packets, in milliseconds."""
    with av.open(io.BytesIO(data)) as container:
        return [
            round(packet.pts * float(packet.time_base) * 1000) for packet in container.demux() if packet.pts is not None
        ]
