"""The journal's format: what came over the tap, record after record, in append-only files.

PURE: bytes in, records out. A file is a run of records ``magic u16, kind u8, 0 u8, length u32, crc32 u32, body``
(big-endian; ``length`` is the body's, ``crc32`` covers all but itself). Kinds 2–6 are the tap's own frames
(``hub.tap``), kept word for word after a ``u16`` that says which worker start they came from; the others are ours:

====  =======  =================================================================================================
kind  name     body
====  =======  =================================================================================================
16    HEADER   JSON ``Header``; first in every file
17    ORIGIN   JSON ``Origin``: gives a worker start its number; repeated in every file that needs it
18    CLOSE    u64 monotonic_ns: the hearing's end
19    HOLE     u64 from_ns, u64 to_ns, UTF-8 cause: nothing could be recorded between the two
20    GONE     u16 origin, u64 monotonic_ns: that worker start is no more; its open tracks end
====  =======  =================================================================================================

A torn tail (power cut, kill) ends the reading; a damaged record in the middle is stepped over and counted.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

MAGIC = 0xCA7D
HEAD = struct.Struct("!HBBII")
FRAME_HEAD_BYTES = HEAD.size
MAX_BODY_BYTES = 1 << 17
HEADER, ORIGIN, CLOSE, HOLE, GONE = range(16, 21)
KINDS = frozenset({2, 3, 4, 5, 6, HEADER, ORIGIN, CLOSE, HOLE, GONE})
FORMAT_VERSION = 1

_ORIGIN_PREFIX = struct.Struct("!H")
_CLOSE = struct.Struct("!Q")
_HOLE = struct.Struct("!QQ")
_GONE = struct.Struct("!HQ")
_MAGIC_BYTES = MAGIC.to_bytes(2, "big")


class Header(msgspec.Struct, frozen=True):
    """What a journal file belongs to. Its times hold for this boot only: the monotonic clock starts anew with each."""

    version: int
    recording_id: str
    number: int
    """Counts the recording's journal files from 1."""
    boot_id: str
    epoch_ns: int
    """CLOCK_MONOTONIC of this boot at position 0 of the recording."""
    started_at: str
    """Position 0 in UTC, ISO 8601."""


class Origin(msgspec.Struct, frozen=True):
    number: int
    worker: int
    start_id: str
    last_record: int
    """The highest tap record already on disk in earlier files; 0 when none."""


class Record(NamedTuple):
    kind: int
    body: bytes | memoryview
    end: int
    """Offset just behind the record: where to go on reading."""


@dataclass(slots=True)
class Damage:
    """How much of a file could not be read; filled in by ``read``."""

    bytes_skipped: int = 0
    torn_bytes: int = 0


def pack(kind: int, body: bytes) -> bytes:
    """One record, ready to append."""
    return HEAD.pack(MAGIC, kind, 0, len(body), _checksum(kind, body)) + body


def pack_json(kind: int, value: msgspec.Struct) -> bytes:
    return pack(kind, msgspec.json.encode(value))


def pack_tap(kind: int, origin: int, payload: bytes | memoryview) -> bytes:
    """A tap frame's payload (from its record number on) as a record."""
    return pack(kind, _ORIGIN_PREFIX.pack(origin) + payload)


def pack_close(end_ns: int) -> bytes:
    return pack(CLOSE, _CLOSE.pack(end_ns))


def pack_hole(from_ns: int, to_ns: int, cause: str) -> bytes:
    return pack(HOLE, _HOLE.pack(from_ns, to_ns) + cause.encode())


def pack_gone(origin: int, at_ns: int) -> bytes:
    return pack(GONE, _GONE.pack(origin, at_ns))


def unpack_close(body: bytes | memoryview) -> int:
    return int(_CLOSE.unpack(body)[0])


def unpack_hole(body: bytes | memoryview) -> tuple[int, int, str]:
    from_ns, to_ns = _HOLE.unpack_from(body)
    return from_ns, to_ns, bytes(body[_HOLE.size :]).decode()


def unpack_gone(body: bytes | memoryview) -> tuple[int, int]:
    origin, at_ns = _GONE.unpack(body)
    return origin, at_ns


def read(data: bytes, start: int = 0, damage: Damage | None = None) -> Iterator[Record]:
    """The whole records of ``data`` from offset ``start`` on; never raises, whatever the bytes."""
    at, size = start, len(data)
    while at < size:
        record = _record_at(data, at)
        if record is None:
            following = _next_record(data, at + 1)
            if following is None:
                if damage is not None:
                    damage.torn_bytes += size - at
                return
            if damage is not None:
                damage.bytes_skipped += following - at
            at = following
            continue
        yield record
        at = record.end


def read_file(path: Path, damage: Damage | None = None) -> Iterator[Record]:
    """All whole records of a file."""
    return read(path.read_bytes(), 0, damage)


def header_of(data: bytes) -> Header | None:
    """The file's header, or None when even that was torn."""
    record = _record_at(data, 0)
    if record is None or record.kind != HEADER:
        return None
    try:
        return msgspec.json.decode(record.body, type=Header)
    except msgspec.DecodeError:
        return None


def origin_of(body: bytes | memoryview) -> Origin:
    return msgspec.json.decode(body, type=Origin)


def _record_at(data: bytes, at: int) -> Record | None:
    if at + HEAD.size > len(data):
        return None
    magic, kind, zero, length, checksum = HEAD.unpack_from(data, at)
    end = at + HEAD.size + length
    if magic != MAGIC or zero or kind not in KINDS or length > MAX_BODY_BYTES or end > len(data):
        return None
    body = data[at + HEAD.size : end]
    if _checksum(kind, body) != checksum:
        return None
    return Record(kind, body, end)


def _checksum(kind: int, body: bytes) -> int:
    return zlib.crc32(body, kind << 24 ^ len(body))


def _next_record(data: bytes, at: int) -> int | None:
    while (at := data.find(_MAGIC_BYTES, at)) >= 0:
        if _record_at(data, at) is not None:
            return at
        at += 1
    return None
