"""Real VP8 pictures for receivers that decode: a moving pattern, encoded as a browser would for one layer."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType

WIDTH, HEIGHT, PER_S = 640, 360, 25


class Encoder:
    """``picture`` gives the next one; a keyframe when asked, and at the beginning."""

    def __init__(self) -> None:
        self._codec = av.VideoCodecContext.create("libvpx", "w")
        self._codec.width, self._codec.height, self._codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._codec.time_base, self._codec.framerate = Fraction(1, PER_S), Fraction(PER_S)
        self._codec.bit_rate = 800_000
        self._codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "100000"}
        self._number = 0
        self._stripes = (np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) // 16 % 2 * 120 + 60).astype(np.uint8)

    def picture(self, keyframe: bool) -> bytes:
        image = np.repeat(np.roll(self._stripes, 3 * self._number, axis=1)[:, :, None], 3, axis=2)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = self._number, Fraction(1, PER_S)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._number += 1
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))
