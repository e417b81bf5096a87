"""Write one track's H.264 frames as a self-contained fragmented MP4 file whose times count from the recording's epoch.

PURE, as ``webm``: the same frames give the same bytes. Browsers take H.264 through MediaSource in this form only
(ISO BMFF byte stream format). One initialisation segment, then one fragment: a file has at most ten seconds.
Formats: ISO/IEC 14496-12 (boxes), 14496-15 (avc1, avcC).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hub import h264
from hub.webm import Frame
from recorder.h264_frames import Parameters

TIMESCALE = 1000
"""Positions are whole milliseconds, as everywhere in a recording."""
_MATRIX = struct.pack("!9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SYNC, _NOT_SYNC = 0x02000000, 0x01010000
_RUN_FLAGS = 0x000701  # data offset; each sample's duration, size and flags
_BASE_IS_MOOF = 0x020000


def media_type(parameters: Parameters) -> str:
    """With the codec as RFC 6381 names it."""
    return f'video/mp4; codecs="avc1.{parameters.sps[1:4].hex().upper()}"'


def video(frames: Sequence[Frame], duration_ms: int, width: int, height: int, parameters: Parameters) -> bytes:
    """``duration_ms`` is from the first frame to the end of the last; frames hold units behind 4-byte lengths."""
    end_ms = frames[0].at_ms + duration_ms
    head = _box(b"ftyp", b"iso6" + _u32(0) + b"iso6" + b"avc1" + b"mp41")
    return head + _movie(end_ms, width, height, parameters) + _fragment(frames, end_ms)


def _movie(end_ms: int, width: int, height: int, parameters: Parameters) -> bytes:
    header = _full(b"mvhd", _u32(0, 0, TIMESCALE, 0, 0x10000) + b"\x01\x00" + bytes(10) + _MATRIX + bytes(24) + _u32(2))
    size = _u32(width << 16, height << 16)
    track_head = _full(b"tkhd", _u32(0, 0, 1, 0, 0) + bytes(16) + _MATRIX + size, flags=3)
    media_head = _full(b"mdhd", _u32(0, 0, TIMESCALE, 0) + b"\x55\xc4\x00\x00")
    handler = _full(b"hdlr", _u32(0) + b"vide" + bytes(12) + b"picture\x00")
    entry = bytes(6) + b"\x00\x01" + bytes(16) + struct.pack("!HH", width, height)
    entry += _u32(0x480000, 0x480000, 0) + b"\x00\x01" + bytes(32) + b"\x00\x18\xff\xff"
    entry = _box(b"avc1", entry + _box(b"avcC", h264.configuration(*parameters)))
    tables = b"".join(_full(name, _u32(0)) for name in (b"stts", b"stsc", b"stco")) + _full(b"stsz", _u32(0, 0))
    reference = _box(b"dinf", _full(b"dref", _u32(1) + _full(b"url ", b"", flags=1)))
    information = _full(b"vmhd", bytes(8), flags=1) + reference
    information += _box(b"stbl", _full(b"stsd", _u32(1) + entry) + tables)
    media = _box(b"mdia", media_head + handler + _box(b"minf", information))
    extends = _box(b"mvex", _full(b"mehd", _u32(end_ms)) + _full(b"trex", _u32(1, 1, 0, 0, 0)))
    return _box(b"moov", header + _box(b"trak", track_head + media) + extends)


def _fragment(frames: Sequence[Frame], end_ms: int) -> bytes:
    ends = [frame.at_ms for frame in frames[1:]] + [end_ms]
    samples = b"".join(
        _u32(end - frame.at_ms, len(frame.data), _SYNC if frame.keyframe else _NOT_SYNC)
        for frame, end in zip(frames, ends, strict=True)
    )

    def moof(offset: int) -> bytes:
        run = _full(b"trun", _u32(len(frames), offset) + samples, flags=_RUN_FLAGS)
        decode_time = _full(b"tfdt", struct.pack("!Q", frames[0].at_ms), version=1)
        track = _box(b"traf", _full(b"tfhd", _u32(1), flags=_BASE_IS_MOOF) + decode_time + run)
        return _box(b"moof", _full(b"mfhd", _u32(1)) + track)

    return moof(len(moof(0)) + 8) + _box(b"mdat", b"".join(frame.data for frame in frames))


def _u32(*values: int) -> bytes:
    return struct.pack(f"!{len(values)}I", *values)


def _box(name: bytes, body: bytes) -> bytes:
    return _u32(8 + len(body)) + name + body


def _full(name: bytes, body: bytes, *, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, _u32(version << 24 | flags) + body)
