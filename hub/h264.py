"""H.264 as RTP carries it (RFC 6184), and what its parameter sets say (ITU-T H.264 section 7.3). PURE.

A NAL unit's first byte holds its type. Packetization mode 1: single units, STAP-A (several in one packet) and FU-A (one
in several). Readers raise nothing on nonsense from the network unless they say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview

IDR, SPS, PPS = 5, 7, 8
STAP_A, FU_A = 24, 28
SLICES = frozenset({1, 5})
_SEI, _DELIMITER = 6, 9

_WITH_CHROMA_FORMAT = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 138, 139, 244})
_MOST_SIDE = 16_384


def types(payload: Bytes) -> list[int]:
    """The types of the NAL units that begin in an RTP payload; the middle of a fragmented one gives nothing."""
    if not payload:
        return []
    first = payload[0] & 0x1F
    if first == FU_A:
        return [payload[1] & 0x1F] if len(payload) > 1 and payload[1] & 0x80 else []
    if first == STAP_A:
        return [unit[0] & 0x1F for unit in aggregated(payload)]
    return [first] if 0 < first < STAP_A else []


def begins_picture(payload: Bytes) -> bool:
    """Whether a picture may begin with this RTP payload: what comes before slices, or the slice with the first
    macroblock (its header begins with Exp-Golomb 0, one set bit)."""
    if len(payload) < 3:
        return False
    first = payload[0] & 0x1F
    if first == STAP_A:
        return any(_first_of_picture(unit) for unit in aggregated(payload))
    if first == FU_A:
        return bool(payload[1] & 0x80) and _first_of_picture(bytes([payload[1], payload[2]]))
    return 0 < first < STAP_A and _first_of_picture(payload)


def begins_keyframe(payload: Bytes) -> bool:
    """Whether an IDR picture, or the parameter sets before it, may begin with this RTP payload."""
    found = types(payload)
    return SPS in found or (IDR in found and begins_picture(payload))


def _first_of_picture(unit: Bytes) -> bool:
    kind = unit[0] & 0x1F
    return _SEI <= kind <= _DELIMITER or (kind in SLICES and len(unit) > 1 and bool(unit[1] & 0x80))


def aggregated(payload: Bytes) -> Iterator[bytes]:
    """The units of a STAP-A; ends where a length does not fit."""
    at = 1
    while at + 2 < len(payload):
        size = payload[at] << 8 | payload[at + 1]
        if size == 0 or at + 2 + size > len(payload):
            return
        yield bytes(payload[at + 2 : at + 2 + size])
        at += 2 + size


class Picture(NamedTuple):
    """What a sequence parameter set says of the picture."""

    width: int
    height: int
    profile_level: str
    """profile_idc, constraint flags and level_idc as six hexadecimal digits (RFC 6381: ``avc1.`` and these)."""


def picture(sps: bytes) -> Picture | None:
    """Read a sequence parameter set (with its NAL header); None when it makes no sense."""
    if len(sps) < 5 or sps[0] & 0x1F != SPS:
        return None
    try:
        width, height = _size(_Bits(_unescaped(sps[1:])))
    except IndexError:
        return None
    if not (0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE):
        return None
    return Picture(width, height, sps[1:4].hex())


def _unescaped(data: bytes) -> bytes:
    """Without the emulation prevention bytes (section 7.4.1)."""
    out = bytearray()
    zeros = 0
    for byte in data:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        zeros = zeros + 1 if byte == 0 else 0
        out.append(byte)
    return bytes(out)


class _Bits:
    """Bits and Exp-Golomb codes (section 9.1). Raises ``IndexError`` at the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def bit(self) -> int:
        value = self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
        self._at += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit()
        return value

    def unsigned(self) -> int:
        zeros = 0
        while not self.bit():
            zeros += 1
            if zeros > 32:
                raise IndexError
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _size(bits: _Bits) -> tuple[int, int]:
    profile = bits.bits(8)
    bits.bits(16)
    bits.unsigned()  # seq_parameter_set_id
    chroma = _chroma(bits) if profile in _WITH_CHROMA_FORMAT else 1
    bits.unsigned()  # log2_max_frame_num
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.bit()
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    bits.bit()
    width, units = (bits.unsigned() + 1) * 16, bits.unsigned() + 1
    frames_only = bits.bit()
    height = units * 16 * (2 - frames_only)
    if not frames_only:
        bits.bit()
    bits.bit()  # direct_8x8_inference
    if not bits.bit():
        return width, height
    left, right, top, bottom = (bits.unsigned() for _ in range(4))
    step_x = 2 if chroma in (1, 2) else 1
    step_y = (2 if chroma == 1 else 1) * (2 - frames_only)
    return width - (left + right) * step_x, height - (top + bottom) * step_y


def _chroma(bits: _Bits) -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.bit()
    bits.unsigned()
    bits.unsigned()
    bits.bit()
    if bits.bit():
        for number in range(8 if chroma != 3 else 12):
            if bits.bit():
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed() + 256) % 256
        last = following or last


def configuration(sps: bytes, pps: bytes) -> bytes:
    """The decoder configuration record (ISO/IEC 14496-15 section 5.3.3.1), ``avcC`` in an MP4 file."""
    head = bytes([1, *sps[1:4], 0xFF, 0xE1])
    record = head + len(sps).to_bytes(2) + sps + b"\x01" + len(pps).to_bytes(2) + pps
    if sps[1] in (100, 110, 122, 144):
        record += b"\xfd\xf8\xf8\x00"  # 4:2:0, 8 bits, as everything that reaches us; no extensions
    return record
