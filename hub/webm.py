"""Write one track's frames as a self-contained WebM file whose times count from the recording's epoch.

PURE: frames in, bytes out, always the same bytes for the same frames, so that a segment made again after a crash has
the checksum it had before. FFmpeg's muxer is not used because it writes random identifiers and its own version, leaves
out the Opus header when nothing encodes (browsers then refuse the file), and shifts times by the encoder's delay.
Formats: RFC 8794 (EBML), RFC 9559 (Matroska), the WebM guidelines, RFC 7845 section 5.1 (OpusHead).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

CLUSTER_MAX_MS = 5_000
"""A block's time is 16 bits relative to its cluster; players seek by cluster."""

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER, _CUES = (
    b"\x1a\x45\xdf\xa3",
    b"\x18\x53\x80\x67",
    b"\x15\x49\xa9\x66",
    b"\x16\x54\xae\x6b",
    b"\x1f\x43\xb6\x75",
    b"\x1c\x53\xbb\x6b",
)
APPLICATION = b"citizen-reception-hub"
TRACK_UID = 1


@dataclass(frozen=True, slots=True)
class Frame:
    at_ms: int
    data: bytes
    keyframe: bool


def opus_head(channels: int) -> bytes:
    """The Opus identification header. Pre-skip is 0: a segment begins anywhere in the stream, nothing is to be cut."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 0, 48_000, 0, 0)


def video(frames: Sequence[Frame], duration_ms: int, width: int, height: int) -> bytes:
    """A VP8 file. ``duration_ms`` is from the first frame to the end of the last; there is at least one frame."""
    settings = _master(b"\xe0", _uint(b"\xb0", width) + _uint(b"\xba", height))
    return _file(frames, duration_ms, _uint(b"\x83", 1) + _element(b"\x86", b"V_VP8") + settings)


def audio(frames: Sequence[Frame], duration_ms: int, channels: int = 2) -> bytes:
    """An Opus file; RTP always announces two channels (RFC 7587), whatever the packets hold."""
    settings = _master(b"\xe1", _float(b"\xb5", 48_000) + _uint(b"\x9f", channels))
    entry = _uint(b"\x83", 2) + _element(b"\x86", b"A_OPUS") + _element(b"\x63\xa2", opus_head(channels))
    # SeekPreRoll: 80 ms decoded before a seek's target, as RFC 7845 section 4.6 asks.
    return _file(frames, duration_ms, entry + _uint(b"\x56\xaa", 0) + _uint(b"\x56\xbb", 80_000_000) + settings)


def _file(frames: Sequence[Frame], duration_ms: int, entry: bytes) -> bytes:
    head = _master(
        _EBML,
        _uint(b"\x42\x86", 1)
        + _uint(b"\x42\xf7", 1)
        + _uint(b"\x42\xf2", 4)
        + _uint(b"\x42\xf3", 8)
        + _element(b"\x42\x82", b"webm")
        + _uint(b"\x42\x87", 4)
        + _uint(b"\x42\x85", 2),
    )
    end_ms = frames[0].at_ms + duration_ms
    info = _master(
        _INFO,
        _uint(b"\x2a\xd7\xb1", 1_000_000)
        + _float(b"\x44\x89", float(end_ms))
        + _element(b"\x4d\x80", APPLICATION)
        + _element(b"\x57\x41", APPLICATION),
    )
    track = _master(b"\xae", _uint(b"\xd7", 1) + _uint(b"\x73\xc5", TRACK_UID) + _uint(b"\x9c", 0) + entry)
    body = info + _master(_TRACKS, track)
    cues = []
    for run in _runs(frames):
        cues.append(_cue(run[0].at_ms, len(body)))
        last = run[-1] is frames[-1]
        body += _cluster(run, end_ms - run[-1].at_ms if last else None)
    return head + _master(_SEGMENT, body + _master(_CUES, b"".join(cues)))


def _runs(frames: Sequence[Frame]) -> list[list[Frame]]:
    runs: list[list[Frame]] = []
    for frame in frames:
        if not runs or frame.at_ms - runs[-1][0].at_ms >= CLUSTER_MAX_MS:
            runs.append([])
        runs[-1].append(frame)
    return runs


def _cue(at_ms: int, position: int) -> bytes:
    place = _uint(b"\xf7", 1) + _uint(b"\xf1", position)
    return _master(b"\xbb", _uint(b"\xb3", at_ms) + _master(b"\xb7", place))


def _cluster(frames: Sequence[Frame], last_lasts_ms: int | None) -> bytes:
    base_ms = frames[0].at_ms
    blocks = []
    for index, frame in enumerate(frames):
        relative = frame.at_ms - base_ms
        if last_lasts_ms is not None and index == len(frames) - 1:
            # Only here is the duration not told by the next block's time.
            block = _element(b"\xa1", struct.pack("!BhB", 0x81, relative, 0) + frame.data)
            reference = b"" if frame.keyframe else _element(b"\xfb", struct.pack("!b", -1))
            blocks.append(_master(b"\xa0", block + _uint(b"\x9b", last_lasts_ms) + reference))
        else:
            flags = 0x80 if frame.keyframe else 0
            blocks.append(_element(b"\xa3", struct.pack("!BhB", 0x81, relative, flags) + frame.data))
    return _master(_CLUSTER, _uint(b"\xe7", base_ms) + b"".join(blocks))


def _element(identifier: bytes, data: bytes) -> bytes:
    return identifier + _size(len(data)) + data


_master = _element


def _uint(identifier: bytes, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _float(identifier: bytes, value: float) -> bytes:
    return _element(identifier, struct.pack("!d", value))


def _size(value: int) -> bytes:
    """An EBML length (RFC 8794 section 4): a marker bit, then the number; all ones would mean "unknown"."""
    for width in range(1, 9):
        if value < (1 << 7 * width) - 1:
            return (value | 1 << 7 * width).to_bytes(width, "big")
    raise ValueError(f"too long: {value}")
