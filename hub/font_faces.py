"""Whether a font file has the letters of Vietnamese: its character map, read without any library."""

from __future__ import annotations

import struct
from pathlib import Path

LETTERS = "ếộữằỵẠỞơưđ"
_UNICODE = frozenset({(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)})


def sets_vietnamese(path: Path) -> bool:
    """False for a file that is missing, or no font with a Unicode map in format 4 (OpenType, ``cmap``)."""
    try:
        table = _cmap(path.read_bytes())
        return table is not None and all(_has(table, ord(letter)) for letter in LETTERS)
    except (OSError, struct.error, IndexError):
        return False


def _cmap(data: bytes) -> bytes | None:
    (count,) = struct.unpack_from(">H", data, 4)
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sLLL", data, 12 + 16 * number)
        if tag == b"cmap":
            return _format4(data[offset : offset + length])
    return None


def _format4(cmap: bytes) -> bytes | None:
    (count,) = struct.unpack_from(">H", cmap, 2)
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", cmap, 4 + 8 * number)
        if (platform, encoding) in _UNICODE and struct.unpack_from(">H", cmap, offset) == (4,):
            return cmap[offset:]
    return None


def _has(table: bytes, code: int) -> bool:
    """Of a subtable in format 4: the segment that ends at or after the letter, and the glyph that it gives."""
    segments = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", table, 14)
    at = next(number for number, end in enumerate((*ends, 0xFFFF)) if end >= code)
    starts, deltas, offsets = (16 + 2 * segments * part + 2 * at for part in (1, 2, 3))
    start, delta, offset = (struct.unpack_from(">H", table, where)[0] for where in (starts, deltas, offsets))
    if start > code:
        return False
    if offset == 0:
        return bool((code + delta) % 65536)
    glyph: int = struct.unpack_from(">H", table, offsets + offset + 2 * (code - start))[0]
    return bool(glyph)
