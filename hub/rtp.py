"""RTP seen through its bytes: header fields, header extensions and sequence arithmetic, without packet objects.

RFC 3550 (RTP), RFC 5761 (RTP and RTCP on one port), RFC 8285 (header extensions). Building an object per packet costs
eight times what patching a ``bytearray`` costs, so everything here reads from, or writes into, the packet itself.
Readers expect a packet that passed ``valid``; only ``valid``, ``is_rtcp`` and ``extension_at`` may be given garbage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import TypeAlias

Packet: TypeAlias = bytes | bytearray | memoryview
"""A packet to read; setters take a ``bytearray``."""

HEADER_BYTES = 12
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000

_U16 = Struct("!H")
_U32 = Struct("!I")
_HEAD = Struct("!BBHII")
_EXTENSION_HEAD = Struct("!HH")


def is_rtcp(datagram: Packet) -> bool:
    """Tell RTCP from RTP when both come over one port (RFC 5761 section 4). Any bytes may be given."""
    return len(datagram) >= 4 and 192 <= datagram[1] <= 223


def valid(packet: Packet) -> bool:
    """Whether the bytes are an RTP packet whose header, extensions and padding fit inside it."""
    if len(packet) < HEADER_BYTES or packet[0] >> 6 != 2:
        return False
    end = HEADER_BYTES + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        if len(packet) < end + 4:
            return False
        end += 4 + 4 * int(_U16.unpack_from(packet, end + 2)[0])
    if len(packet) < end:
        return False
    if packet[0] & 0x20:
        return 0 < packet[-1] <= len(packet) - end
    return True


def sequence(packet: Packet) -> int:
    return packet[2] << 8 | packet[3]


def timestamp(packet: Packet) -> int:
    return int(_U32.unpack_from(packet, 4)[0])


def ssrc(packet: Packet) -> int:
    return int(_U32.unpack_from(packet, 8)[0])


def payload_type(packet: Packet) -> int:
    return packet[1] & 0x7F


def marker(packet: Packet) -> bool:
    return packet[1] >= 0x80


def header_length(packet: Packet) -> int:
    """Bytes before the payload: the fixed header, contributing sources and the extension block."""
    first = packet[0]
    length = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        length += 4 + 4 * int(_U16.unpack_from(packet, length + 2)[0])
    return length


def padding_length(packet: Packet) -> int:
    return packet[-1] if packet[0] & 0x20 else 0


def payload(packet: Packet) -> memoryview:
    """The payload without padding. The view keeps ``packet`` alive, and a ``bytearray`` at its size."""
    return memoryview(packet)[header_length(packet) : len(packet) - padding_length(packet)]


def set_sequence(packet: bytearray, value: int) -> None:
    _U16.pack_into(packet, 2, value & 0xFFFF)


def set_timestamp(packet: bytearray, value: int) -> None:
    _U32.pack_into(packet, 4, value & 0xFFFFFFFF)


def set_ssrc(packet: bytearray, value: int) -> None:
    _U32.pack_into(packet, 8, value)


def set_payload_type(packet: bytearray, value: int) -> None:
    packet[1] = (packet[1] & 0x80) | value


def set_marker(packet: bytearray, value: bool) -> None:
    packet[1] = (packet[1] & 0x7F) | (0x80 if value else 0)


def set_header(packet: bytearray, sequence_number: int, rtp_timestamp: int, source: int, type_number: int) -> None:
    """Write all four fields that forwarding changes in one call; flags and marker stay."""
    _HEAD.pack_into(
        packet,
        0,
        packet[0],
        (packet[1] & 0x80) | type_number,
        sequence_number & 0xFFFF,
        rtp_timestamp & 0xFFFFFFFF,
        source,
    )


def pad(packet: bytearray, count: int) -> None:
    """Append ``count`` (1–255) bytes of padding to a packet that has none."""
    packet[0] |= 0x20
    packet += bytes(count - 1)
    packet.append(count)


def extensions(packet: Packet) -> Iterator[tuple[int, int, int]]:
    """Each header extension element as (id, offset of its data, length in bytes), one- or two-byte form (RFC 8285)."""
    for identifier, _, start, length in _elements(packet):
        yield identifier, start, length


def values_of(packet: Packet, short: int, long: int) -> tuple[int, int]:
    """Of two elements at once, -1 for one that is not there: the first byte of ``short``, the two bytes of ``long``.

    Called for each packet that comes in: Chromium's form (one-byte heads) is read without a generator.
    """
    found_short = found_long = -1
    if not packet[0] & 0x10:
        return found_short, found_long
    at = HEADER_BYTES + 4 * (packet[0] & 0x0F)
    profile, words = _EXTENSION_HEAD.unpack_from(packet, at)
    if profile != ONE_BYTE_PROFILE:
        for identifier, _, start, length in _elements(packet):
            if identifier == short and length:
                found_short = packet[start]
            elif identifier == long and length == 2:
                found_long = packet[start] << 8 | packet[start + 1]
        return found_short, found_long
    at += 4
    end = at + 4 * words
    while at < end:
        head = packet[at]
        if head == 0:
            at += 1
            continue
        identifier, following = head >> 4, at + 2 + (head & 0x0F)
        # Id 15 ends the block (RFC 8285 section 4.2).
        if identifier == 15 or following > end:
            break
        if identifier == short:
            found_short = packet[at + 1]
        elif identifier == long and following - at == 3:
            found_long = packet[at + 1] << 8 | packet[at + 2]
        at = following
    return found_short, found_long


def extension_at(packet: Packet, identifier: int) -> tuple[int, int] | None:
    """Where element ``identifier`` has its data: (offset, length), or None. Patch it there to change it in place."""
    for found, _, start, length in _elements(packet):
        if found == identifier:
            return start, length
    return None


def extension(packet: Packet, identifier: int) -> bytes | None:
    """The data of header extension element ``identifier``, or None when the packet has none."""
    place = extension_at(packet, identifier)
    return None if place is None else bytes(packet[place[0] : place[0] + place[1]])


def renumber_extensions(packet: bytearray, ids: Mapping[int, int]) -> None:
    """Give each element the id the receiver negotiated; those not in ``ids`` are blanked out with padding bytes.

    One-byte elements take ids 1–14 only; nothing is moved, so the packet keeps its length.
    """
    if not packet[0] & 0x10:
        return
    one_byte = _U16.unpack_from(packet, HEADER_BYTES + 4 * (packet[0] & 0x0F))[0] == ONE_BYTE_PROFILE
    for identifier, head, start, length in _elements(packet):
        wanted = ids.get(identifier)
        if wanted is None:
            packet[head : start + length] = bytes(start + length - head)
        elif one_byte:
            packet[head] = wanted << 4 | (packet[head] & 0x0F)
        else:
            packet[head] = wanted


def _elements(packet: Packet) -> Iterator[tuple[int, int, int, int]]:
    """(id, offset of the element, offset of its data, length); ends at the first element that does not fit."""
    if len(packet) < HEADER_BYTES or not packet[0] & 0x10:
        return
    at = HEADER_BYTES + 4 * (packet[0] & 0x0F)
    if len(packet) < at + 4:
        return
    profile, words = _EXTENSION_HEAD.unpack_from(packet, at)
    at += 4
    end = min(at + 4 * words, len(packet))
    if profile == ONE_BYTE_PROFILE:
        yield from _one_byte_elements(packet, at, end)
    elif profile & 0xFFF0 == TWO_BYTE_PROFILE:
        yield from _two_byte_elements(packet, at, end)


def _one_byte_elements(packet: Packet, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    while at < end:
        head = packet[at]
        if head == 0:
            at += 1
            continue
        identifier, length = head >> 4, (head & 0x0F) + 1
        # Id 15 ends the block (RFC 8285 section 4.2).
        if identifier == 15 or at + 1 + length > end:
            return
        yield identifier, at, at + 1, length
        at += 1 + length


def _two_byte_elements(packet: Packet, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    while at < end:
        identifier = packet[at]
        if identifier == 0:
            at += 1
            continue
        if at + 2 > end or at + 2 + packet[at + 1] > end:
            return
        yield identifier, at, at + 2, packet[at + 1]
        at += 2 + packet[at + 1]


def distance(a: int, b: int, bits: int = 16) -> int:
    """Steps from ``b`` forward to ``a`` on the circle of ``bits``-bit numbers; negative when ``a`` is behind."""
    half = 1 << bits - 1
    return ((a - b + half) & ((1 << bits) - 1)) - half


def newer(a: int, b: int, bits: int = 16) -> bool:
    """Whether ``a`` comes after ``b``; at exactly half the circle neither does."""
    return distance(a, b, bits) > 0


class Unwrapper:
    """Turn wrapping numbers (16-bit sequence, 32-bit timestamp) into ones that only grow with the stream.

    Each value is placed at the nearest turn to the highest so far. The first is taken as it is, so a packet that was
    overtaken by the very first can come out negative.
    """

    __slots__ = ("_bits", "_half", "_mask", "highest")

    def __init__(self, bits: int = 16) -> None:
        self._bits = bits
        self._mask, self._half = (1 << bits) - 1, 1 << bits - 1
        self.highest: int | None = None

    def unwrap(self, value: int) -> int:
        """The extended number of ``value``, which counts as seen from now on."""
        highest = self.highest
        if highest is None:
            self.highest = value
            return value
        ahead = value - highest & self._mask
        if ahead < self._half:
            self.highest = extended = highest + ahead
            return extended
        return highest + ahead - self._mask - 1

    def peek(self, value: int) -> int:
        """The extended number of ``value`` without counting it as seen."""
        return value if self.highest is None else self.highest + distance(value, self.highest, self._bits)
