"""What the load client publishes: RTP packets that look like VP8 and Opus and can be checked to the last byte.

At the end of each payload stand who sent it, the packet's place in its picture, its counter and the moment it was sent
(CLOCK_MONOTONIC, ns); between them and the codec's header lies a pattern that follows from the counter. A server that
forwards may rewrite the RTP header and the VP8 descriptor, and may add RTP padding; the rest must arrive as it left.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hub import rtp

MAGIC = 0x4C4F
TRAILER = struct.Struct("!HHHHIQ")
_HEAD = struct.Struct("!BBHIIHH")
PATTERN = bytes((n * 37 + 11) & 0xFF for n in range(256)) * 8
VIDEO_CLOCK, AUDIO_CLOCK = 90_000, 48_000
CHECKED_BYTES = 256
"""Of the pattern before the trailer: what no server has a reason to touch."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a session agreed on for one stream; an extension id of 0 is not sent."""

    ssrc: int
    payload_type: int
    twcc_id: int = 0
    level_id: int = 0


def header(numbers: Numbers, sequence: int, timestamp: int, *, marker: bool, twcc: int = 0, level: int = 127) -> bytes:
    """An RTP header with the extensions a browser sends (RFC 8285, one-byte form)."""
    block = b""
    if numbers.twcc_id:
        block += bytes([numbers.twcc_id << 4 | 1]) + (twcc & 0xFFFF).to_bytes(2)
    if numbers.level_id:
        # The top bit says "voice" (RFC 6464).
        block += bytes([numbers.level_id << 4, (0x80 if level < 60 else 0) | level])
    block += bytes(-len(block) % 4)
    return (
        _HEAD.pack(
            0x90,
            numbers.payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            numbers.ssrc,
            0xBEDE,
            len(block) // 4,
        )
        + block
    )


def vp8_descriptor(picture: int, *, first: bool) -> bytes:
    """RFC 7741 section 4.2, with picture id, TL0PICIDX and temporal layer, as browsers send it."""
    start = bytes([0x90 if first else 0x80, 0xE0]) + (0x8000 | picture & 0x7FFF).to_bytes(2)
    return start + bytes([picture & 0xFF, 0x20])


def vp8_start(picture: int, *, first: bool, keyframe: bool, width: int = 1280, height: int = 720) -> bytes:
    """A packet's payload descriptor, and in a picture's first one the VP8 frame header."""
    descriptor = vp8_descriptor(picture, first=first)
    if not first:
        return descriptor
    if keyframe:
        return descriptor + b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)
    return descriptor + b"\x11\x00\x00"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose packet it is, and which of how many of a keyframe; ``of`` 0 is another picture's, or sound."""

    who: int = 0
    index: int = 0
    of: int = 0


NOWHERE = Place()


def fill(start: bytes, size: int, counter: int, sent_ns: int, place: Place = NOWHERE) -> bytes:
    """A payload of ``size`` bytes: ``start``, the pattern, the trailer."""
    room = size - len(start) - TRAILER.size
    trailer = TRAILER.pack(MAGIC, place.who, place.index, place.of, counter & 0xFFFFFFFF, sent_ns)
    return start + _pattern(room, counter) + trailer


def _pattern(size: int, counter: int) -> bytes:
    """The last ``size`` (at most 1,500) bytes before the trailer; where it stops follows from the counter."""
    stop = 1536 + (counter & 0xFF)
    return PATTERN[stop - size : stop]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a received packet says of itself. ``intact``: every checked byte of it is as it was sent."""

    counter: int
    sent_ns: int
    intact: bool
    place: Place = NOWHERE


def read(packet: bytes) -> Seen | None:
    """A plain RTP packet; None for what the load client never sent (probes, padding only)."""
    end = len(packet) - rtp.padding_length(packet)
    begin = rtp.header_length(packet)
    if end - begin < TRAILER.size:
        return None
    magic, who, index, of, counter, sent_ns = TRAILER.unpack_from(packet, end - TRAILER.size)
    if magic != MAGIC:
        return None
    last = end - TRAILER.size
    # Not the first bytes: a server may rewrite what the codec puts there.
    checked = max(0, min(CHECKED_BYTES, last - begin - 24))
    intact = packet[last - checked : last] == _pattern(checked, counter)
    return Seen(counter, sent_ns, intact, Place(who, index, of))
