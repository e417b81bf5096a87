"""The catalogue: what has been made of a recording's journal so far, as facts appended to one file.

It is the truth that database rows are written from, and from which a restarted recorder goes on. One append is one
checksummed JSON list: all of it counts after a crash, or none.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from hub.tap import TrackOpened
from recorder import spool

_HEAD_BYTES = 8


class Resume(msgspec.Struct, frozen=True):
    """Where a track's packaging stood: just behind its last segment, or when it began or ceased to stand still."""

    sequence: int | None
    """Extended RTP sequence number of the last packet used; None before the first."""
    timestamp: int | None
    """Extended RTP timestamp of the last frame used."""
    offset_ns: int | None
    """Position in ns = timestamp in ns + this."""
    covered_ms: int
    """Up to here the time line is accounted for, by segments and gaps."""
    cause: str
    """Why the track stands still, or ''."""
    width: int = 0
    height: int = 0
    parameters: str = ""
    """The parameter sets in force (H.264)."""
    intact: bool = False
    """What follows without a loss needs no keyframe to be decoded."""
    file: int = 0
    offset: int = 0
    """How far the journal had been read: everything but packets before it has had its effect."""


class TrackFact(msgspec.Struct, frozen=True, tag="track"):
    opened: TrackOpened
    start_id: str
    begins_ms: int


class SegmentFact(msgspec.Struct, frozen=True, tag="segment"):
    id: str
    track_id: str
    number: int
    start_ms: int
    duration_ms: int
    media_type: str
    begins_with_keyframe: bool
    size_bytes: int
    sha256: str
    object_key: str
    first_file: int
    """The earliest journal file that holds any of its packets."""
    resume: Resume
    voice: str = ""
    """When somebody speaks, half second by half second (``recorder.voice``)."""


class GapFact(msgspec.Struct, frozen=True, tag="gap"):
    id: str
    track_id: str
    start_ms: int
    end_ms: int
    cause: str


class TrackPoint(msgspec.Struct, frozen=True, tag="point"):
    """The track began or ceased to stand still; no segment is under way."""

    track_id: str
    resume: Resume


class TrackEnded(msgspec.Struct, frozen=True, tag="ended"):
    track_id: str
    open_from_ms: int | None = None
    """Set when its worker died: a gap that lasts until the same seat publishes the same source again."""


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """The store has the segment: it was read back and is right. What follows is about the bytes in the store."""

    segment_id: str
    encrypted: bool = False
    size_bytes: int | None = None
    sha256: str | None = None
    version: str = ""
    locked_until: datetime | None = None


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """Everything has been packaged; the recording is ``duration_ms`` long."""

    duration_ms: int


class Archived(msgspec.Struct, frozen=True, tag="archived"):
    manifest_sha256: str


Fact = TrackFact | SegmentFact | GapFact | TrackPoint | TrackEnded | Stored | Closed | Archived

_decoder = msgspec.json.Decoder(list[Fact])


class Catalogue:
    """The facts of one recording, in memory and on disk. Threads that read or append hold ``lock``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lock = threading.RLock()
        self.tracks: dict[str, TrackFact] = {}
        self.segments: dict[str, SegmentFact] = {}
        self.gaps: list[GapFact] = []
        self.ended: dict[str, TrackEnded] = {}
        self.resume: dict[str, Resume] = {}
        self.stored: dict[str, Stored] = {}
        self.unstored: dict[str, SegmentFact] = {}
        self.last_segment: dict[str, SegmentFact] = {}
        self.closed: Closed | None = None
        self.archived: Archived | None = None
        good = self._load()
        self._file = path.open("ab")
        if good < path.stat().st_size:
            self._file.truncate(good)  # a torn append never counted
        spool.sync_dir(path.parent)

    def append(self, facts: Sequence[Fact]) -> None:
        """Make facts durable, then count them. Raises ``OSError`` when the disk is full; then nothing has changed."""
        body = msgspec.json.encode(facts)
        place = self._path.stat().st_size
        try:
            self._file.write(len(body).to_bytes(4, "big") + zlib.crc32(body).to_bytes(4, "big") + body)
            self._file.flush()
            os.fdatasync(self._file.fileno())
        except OSError:
            self._reopen(place)
            raise
        for fact in facts:
            self._count(fact)

    def close(self) -> None:
        self._file.close()

    def _reopen(self, size: int) -> None:
        """Forget a half-written append, also in Python's own buffer."""
        os.truncate(self._path, size)
        try:
            self._file.close()
        except OSError:
            os.truncate(self._path, size)
        self._file = self._path.open("ab")

    def _load(self) -> int:
        data = self._path.read_bytes() if self._path.exists() else b""
        at = 0
        while at + _HEAD_BYTES <= len(data):
            length = int.from_bytes(data[at : at + 4], "big")
            body = data[at + _HEAD_BYTES : at + _HEAD_BYTES + length]
            if len(body) < length or zlib.crc32(body) != int.from_bytes(data[at + 4 : at + _HEAD_BYTES], "big"):
                break
            for fact in _decoder.decode(body):
                self._count(fact)
            at += _HEAD_BYTES + length
        return at

    def _count(self, fact: Fact) -> None:
        match fact:
            case TrackFact():
                self.tracks[fact.opened.track_id] = fact
            case SegmentFact():
                self.segments[fact.id] = self.unstored[fact.id] = fact
                self.last_segment[fact.track_id] = fact
                self.resume[fact.track_id] = fact.resume
            case GapFact():
                self.gaps.append(fact)
            case TrackPoint():
                self.resume[fact.track_id] = fact.resume
            case TrackEnded():
                self.ended[fact.track_id] = fact
            case Stored():
                self.stored[fact.segment_id] = fact
                self.unstored.pop(fact.segment_id, None)
            case Closed():
                self.closed = fact
            case Archived():
                self.archived = fact
