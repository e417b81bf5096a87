"""Files for Chromium's fake camera and microphone, one pair per point, made once and kept outside the repository."""

from __future__ import annotations

import hashlib
import os
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.support import picture_code, points, tones
from tests.support.points import FRAMES, FRAMES_PER_S, HEIGHT, SAMPLES_PER_S, WIDTH, Point


def cache_dir() -> Path:
    """One directory per version of what draws and plays."""
    sources = (Path(module.__file__ or "").read_bytes() for module in (points, picture_code, tones))
    version = hashlib.sha256(b"".join(sources)).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"hub-test-media-{os.getuid()}-{version}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def camera_file(point: Point) -> Path:
    """A Y4M of the point's pictures."""
    return _made(cache_dir() / f"{point.name}.y4m", lambda path: _write_y4m(point, path))


def microphone_file(point: Point) -> Path:
    """A 16-bit mono WAV of the point's sound, as long as the pictures."""
    return _made(cache_dir() / f"{point.name}.wav", lambda path: _write_wav(point, path))


def _made(path: Path, write: Callable[[Path], None]) -> Path:
    if not path.exists():
        # Under another name first: a run that is interrupted must not leave half a file behind.
        partial = path.with_suffix(f".{os.getpid()}")
        write(partial)
        partial.rename(path)
    return path


def _write_y4m(point: Point, path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420mpeg2\n" % (WIDTH, HEIGHT, FRAMES_PER_S))
        for counter in range(FRAMES):
            file.write(b"FRAME\n")
            for plane in yuv420(picture_code.draw(point, counter)):
                file.write(plane.tobytes())


def yuv420(picture: picture_code.Picture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """BT.601 limited range, as cameras give it."""
    rgb = picture.astype(np.float32)
    matrix = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], np.float32)
    yuv = rgb @ (matrix.T / 255) + np.array([16, 128, 128], np.float32)
    small = yuv.reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 3).mean(axis=(1, 3))
    luma = np.round(yuv[:, :, 0]).astype(np.uint8)
    return luma, np.round(small[:, :, 1]).astype(np.uint8), np.round(small[:, :, 2]).astype(np.uint8)


def _write_wav(point: Point, path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_S)
        file.writeframes((tones.make(point) * 32_767).astype("<i2").tobytes())
