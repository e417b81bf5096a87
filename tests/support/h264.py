"""Real H.264 for tests: pictures by x264, put into RTP as a room encoder would (RFC 6184, packetization mode 1)."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType

from tests.support import rtp_packets

PAYLOAD_BYTES = 600
FPS = 10


class H264Encoder:
    """Each picture is a plane of one brightness that tells its number."""

    def __init__(self, width: int = 320, height: int = 180, *, profile: str = "baseline") -> None:
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.time_base = Fraction(1, FPS)
        codec.options = {
            "preset": "veryfast" if profile == "high" else "ultrafast",
            "tune": "zerolatency",
            "profile": profile,
            "g": "10000",
            "x264-params": "repeat-headers=1:annexb=1:bframes=0:scenecut=0",
        }
        self._codec, self._number = codec, 0

    def next(self, *, keyframe: bool = False) -> list[bytes]:
        """The NAL units of the next picture, without start codes."""
        shape = (self._codec.height, self._codec.width, 3)
        image = np.random.default_rng(self._number).integers(0, 40, shape, np.uint8) + np.uint8(
            brightness(self._number)
        )
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._number, self._codec.time_base
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._number += 1
        return split(b"".join(bytes(packet) for packet in self._codec.encode(frame)))


def brightness(number: int) -> int:
    return 40 + number * 7 % 160


def split(stream: bytes) -> list[bytes]:
    """An Annex B stream's NAL units."""
    units = stream.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [unit for unit in units if unit]


def payloads(units: list[bytes], *, aggregate: bool = True) -> list[bytes]:
    """Small units together in a STAP-A, large ones in FU-As."""
    small = [unit for unit in units if len(unit) < 100] if aggregate else []
    rest = [unit for unit in units if unit not in small]
    found = []
    if len(small) > 1:
        found.append(b"\x78" + b"".join(len(unit).to_bytes(2) + unit for unit in small))
    else:
        rest = units
    for unit in rest:
        found += [unit] if len(unit) <= PAYLOAD_BYTES else fragments(unit)
    return found


def fragments(unit: bytes) -> list[bytes]:
    parts = [unit[at : at + PAYLOAD_BYTES] for at in range(1, len(unit), PAYLOAD_BYTES)]
    head = unit[0] & 0xE0 | 28
    found = []
    for index, part in enumerate(parts):
        flags = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
        found.append(bytes([head, flags | unit[0] & 0x1F]) + part)
    return found


def packets(
    units: list[bytes], *, seq: int, ts: int, ssrc: int = 1, pt: int = 96, aggregate: bool = True
) -> list[bytes]:
    """The picture's RTP packets; the last has the marker."""
    made = payloads(units, aggregate=aggregate)
    return [
        bytes(
            rtp_packets.packet(
                seq=seq + index & 0xFFFF, ts=ts & 0xFFFFFFFF, ssrc=ssrc, pt=pt, mark=index == len(made) - 1, payload=one
            )
        )
        for index, one in enumerate(made)
    ]
