"""Recorded media decoded for inspection: frames with their codes, sound on one time line."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import av
import numpy as np

from tests.support import picture_code
from tests.support.points import SAMPLES_PER_S
from tests.support.tones import Sound


@dataclass
class Decoded:
    """Times are seconds on the file's own time line."""

    frames: list[tuple[float, picture_code.Seen | None]] = field(default_factory=list)
    sizes: set[tuple[int, int]] = field(default_factory=set)
    sound: Sound = field(default_factory=lambda: np.zeros(0, np.float32))
    sound_begins_s: float = 0.0
    pieces: list[tuple[float, float]] = field(default_factory=list)
    """(begin, end) of each run of sound without a gap above 60 ms."""

    def counters(self, point: int) -> list[tuple[float, int]]:
        """(time, counter) of the frames that carry the point's code."""
        return [(at, seen.counter) for at, seen in self.frames if seen is not None and seen.point == point]


def decode(files: Iterable[bytes]) -> Decoded:
    """All files (segments of one track, or whole recordings) on one time line."""
    result = Decoded()
    chunks: list[tuple[float, Sound]] = []
    for data in files:
        with av.open(io.BytesIO(data)) as container:
            for frame in container.decode():
                at = float(frame.pts * frame.time_base) if frame.pts is not None else 0.0
                if isinstance(frame, av.VideoFrame):
                    result.frames.append((at, picture_code.read(frame.to_ndarray(format="rgb24"))))
                    result.sizes.add((frame.width, frame.height))
                elif isinstance(frame, av.AudioFrame):
                    chunks.append((at, mono(frame)))
    result.frames.sort(key=lambda item: item[0])
    chunks.sort(key=lambda item: item[0])
    if chunks:
        _lay_out(result, chunks)
    return result


def mono(frame: av.AudioFrame) -> Sound:
    assert frame.sample_rate == SAMPLES_PER_S
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    scale = 32_768 if samples.dtype == np.int16 else 1
    return (samples.mean(axis=0) / scale).astype(np.float32)


def _lay_out(result: Decoded, chunks: list[tuple[float, Sound]]) -> None:
    """Every chunk at its place, silence in the gaps."""
    begin = chunks[0][0]
    end = max(at + len(chunk) / SAMPLES_PER_S for at, chunk in chunks)
    sound = np.zeros(round((end - begin) * SAMPLES_PER_S) + 1, np.float32)
    for at, chunk in chunks:
        place = round((at - begin) * SAMPLES_PER_S)
        sound[place : place + len(chunk)] = chunk[: len(sound) - place]
        until = at + len(chunk) / SAMPLES_PER_S
        if result.pieces and at - result.pieces[-1][1] <= 0.06:
            result.pieces[-1] = (result.pieces[-1][0], max(until, result.pieces[-1][1]))
        else:
            result.pieces.append((at, until))
    result.sound, result.sound_begins_s = sound, begin
