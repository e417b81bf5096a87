"""VP8 in RTP: the payload descriptor (RFC 7741 section 4.2) and the keyframe header (RFC 6386 section 9.1)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

import msgspec

from hub.rtp import Packet

_WIDE_PICTURE_AND_INDEXES = Struct("!HBB")


class Descriptor(msgspec.Struct, frozen=True, gc=False):
    """Where the changing fields of one packet's descriptor lie, as offsets into the packet, and what they hold.

    None where the field is absent.
    """

    payload_at: int
    """Where the VP8 data begins."""
    starts_frame: bool
    """First packet of a frame's first partition."""
    keyframe: bool
    """This packet begins a keyframe."""
    picture_id: int | None
    picture_id_bits: int
    """7 or 15, 0 when absent."""
    picture_id_at: int
    tl0_index: int | None
    tl0_at: int
    temporal_layer: int
    key_index: int | None
    key_at: int


def parse(packet: Packet, at: int, end: int) -> Descriptor | None:
    """The descriptor of the payload at ``packet[at:end]``; None when it is cut short or empty. Never raises."""
    try:
        return _parse(packet, at, end)
    except IndexError:
        return None


def _parse(packet: Packet, at: int, end: int) -> Descriptor | None:
    first, place = packet[at], at + 1
    flags = 0
    if first & 0x80:
        flags, place = packet[place], place + 1
    picture_id, bits, picture_at = None, 0, place
    if flags & 0x80:
        if packet[place] & 0x80:
            picture_id, bits = (packet[place] & 0x7F) << 8 | packet[place + 1], 15
            place += 2
        else:
            picture_id, bits = packet[place], 7
            place += 1
    tl0_at, tl0 = place, None
    if flags & 0x40:
        tl0 = packet[place]
        place += 1
    key_at, key, layer = place, None, 0
    if flags & 0x30:
        layer = packet[place] >> 6 if flags & 0x20 else 0
        key = packet[place] & 0x1F if flags & 0x10 else None
        place += 1
    if place >= end:
        return None
    starts = bool(first & 0x10) and not first & 0x07
    # The P bit of the frame tag is 0 in a keyframe (RFC 6386 section 9.1).
    keyframe = starts and not packet[place] & 1
    return Descriptor(place, starts, keyframe, picture_id, bits, picture_at, tl0, tl0_at, layer, key, key_at)


def is_keyframe(payload: Packet) -> bool:
    """Whether an RTP payload (descriptor first) begins a keyframe."""
    found = parse(payload, 0, len(payload))
    return found is not None and found.keyframe


def resolution(frame: Packet, at: int = 0) -> tuple[int, int] | None:
    """(width, height) in pixels from the header of the keyframe that begins at ``at``, None if it is none."""
    if len(frame) < at + 10 or frame[at] & 1 or bytes(frame[at + 3 : at + 6]) != b"\x9d\x01\x2a":
        return None
    # The upper two bits of each are a scaling hint for display.
    return (frame[at + 7] << 8 | frame[at + 6]) & 0x3FFF, (frame[at + 9] << 8 | frame[at + 8]) & 0x3FFF


class Offsets(NamedTuple):
    """What one consumer adds to a source's picture id, TL0PICIDX and KEYIDX."""

    picture: int
    tl0_index: int
    key_index: int


def renumber(view: memoryview, base: int, descriptor: Descriptor, offsets: Offsets) -> None:
    """Add ``offsets`` to the numbers of the packet that begins at ``base``."""
    at = base + descriptor.picture_id_at
    if descriptor.picture_id_bits == 15 and descriptor.tl0_index is not None and descriptor.key_index is not None:
        # All there, as libvpx writes them with layers: they lie side by side.
        assert descriptor.picture_id is not None
        key = view[at + 3] & 0xE0 | descriptor.key_index + offsets.key_index & 0x1F
        picture = 0x8000 | descriptor.picture_id + offsets.picture & 0x7FFF
        _WIDE_PICTURE_AND_INDEXES.pack_into(view, at, picture, descriptor.tl0_index + offsets.tl0_index & 0xFF, key)
        return
    packet = view[base:]
    if descriptor.picture_id is not None:
        write_picture_id(packet, descriptor, descriptor.picture_id + offsets.picture)
    if descriptor.tl0_index is not None:
        write_tl0_index(packet, descriptor, descriptor.tl0_index + offsets.tl0_index)
    if descriptor.key_index is not None:
        write_key_index(packet, descriptor, descriptor.key_index + offsets.key_index)


def write_picture_id(packet: bytearray | memoryview, descriptor: Descriptor, picture_id: int) -> None:
    """Replace the picture id in place, in as many bits as it has; nothing when it has none."""
    if descriptor.picture_id_bits == 15:
        packet[descriptor.picture_id_at] = 0x80 | (picture_id >> 8 & 0x7F)
        packet[descriptor.picture_id_at + 1] = picture_id & 0xFF
    elif descriptor.picture_id_bits == 7:
        packet[descriptor.picture_id_at] = picture_id & 0x7F


def write_tl0_index(packet: bytearray | memoryview, descriptor: Descriptor, index: int) -> None:
    if descriptor.tl0_index is not None:
        packet[descriptor.tl0_at] = index & 0xFF


def write_key_index(packet: bytearray | memoryview, descriptor: Descriptor, index: int) -> None:
    if descriptor.key_index is not None:
        packet[descriptor.key_at] = (packet[descriptor.key_at] & 0xE0) | (index & 0x1F)
