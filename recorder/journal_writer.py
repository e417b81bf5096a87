"""One recording's journal while it is being written: frames gathered in memory, written and synced in batches.

Gathering is for the event loop, ``write`` for a thread; a batch belongs to one of them at a time.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from hub import tap
from hub.ids import monotonic_ns
from recorder import journal, spool
from recorder.package import Durable
from recorder.spool import RecordingDir

ROTATE_BYTES = 16 << 20
_RECORD = struct.Struct("!Q")
_TRACK_AT = struct.Struct("!IQ")


@dataclass(slots=True)
class Batch:
    """Bytes for one journal file; ``write`` makes them durable or leaves the file as it was."""

    file: int
    data: bytes
    written_to: int = 0


@dataclass(slots=True)
class Found:
    """What the journal files on disk say of a recording."""

    header: journal.Header
    last_file: int
    workers: dict[str, int] = field(default_factory=dict)
    """start_id to worker index"""
    last_record: dict[str, int] = field(default_factory=dict)
    tracks: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """Tracks without an END: (start_id, number) to their TRACK frame."""
    last_ns: int = 0
    end_ns: int | None = None


def scan(folder: RecordingDir) -> Found | None:
    """Read the newest journal files: each repeats what is needed of those before. None when there is no journal."""
    numbers = folder.journal_numbers()
    found: Found | None = None
    for number in numbers[-3:]:
        data = folder.journal_file(number).read_bytes()
        header = journal.header_of(data)
        if header is None:
            continue
        if found is None:
            found = Found(header, numbers[-1], last_ns=header.epoch_ns)
        elif header.boot_id != found.header.boot_id:
            found.last_ns += header.epoch_ns - found.header.epoch_ns
        found.header = header
        _scan_file(found, data)
    return found


def _scan_file(found: Found, data: bytes) -> None:
    starts: dict[int, str] = {}
    for record in journal.read(data):
        body = record.body
        if record.kind == journal.ORIGIN:
            origin = journal.origin_of(body)
            starts[origin.number] = origin.start_id
            found.workers[origin.start_id] = origin.worker
            found.last_record[origin.start_id] = max(origin.last_record, found.last_record.get(origin.start_id, 0))
        elif record.kind == journal.CLOSE:
            found.end_ns = journal.unpack_close(body)
        elif record.kind == journal.GONE:
            start_id = starts.get(journal.unpack_gone(body)[0])
            found.tracks = {key: frame for key, frame in found.tracks.items() if key[0] != start_id}
        elif record.kind <= tap.END:
            _scan_tap(found, record.kind, starts.get(body[0] << 8 | body[1]), body[2:])


def _scan_tap(found: Found, kind: int, start_id: str | None, payload: bytes | memoryview) -> None:
    if start_id is None:
        return
    (number,) = _RECORD.unpack_from(payload)
    if kind == tap.TRACK:
        opened = msgspec.json.decode(payload[8:], type=tap.TrackOpened)
        found.tracks[start_id, opened.track] = bytes(payload)
        return
    found.last_record[start_id] = max(number, found.last_record.get(start_id, 0))
    track, at_ns = _TRACK_AT.unpack_from(payload, 8)
    found.last_ns = max(found.last_ns, at_ns)
    if kind == tap.END:
        found.tracks.pop((start_id, track), None)


class JournalWriter:
    """Not thread-safe: one event loop appends and takes batches; only ``write`` may run in a thread."""

    def __init__(self, folder: RecordingDir, *, epoch_ns: int, started_at: str) -> None:
        self.folder, self.epoch_ns, self.started_at = folder, epoch_ns, started_at
        self.end_ns: int | None = None
        self.last_packet_ns: int | None = None
        self.bytes_written = 0
        self.buffered = 0
        self.hole_from_ns: int | None = None
        self.durable = Durable(0, 0)
        self._workers: dict[str, int] = {}
        self._origins: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._last_taken: dict[str, int] = {}
        self._tracks: dict[tuple[str, int], bytes] = {}
        self._buffer: list[bytes] = []
        self._failed: Batch | None = None
        self._file, self._size = 0, ROTATE_BYTES  # so that the first batch begins a file
        self._boot_id = spool.boot_id()

    @classmethod
    def recover(cls, folder: RecordingDir, found: Found) -> JournalWriter:
        """Go on with a recording that a recorder left open; what nobody recorded meanwhile becomes a hole."""
        header, now = found.header, monotonic_ns()
        epoch_ns = header.epoch_ns
        if header.boot_id != spool.boot_id():
            # The machine was restarted and its clock with it: the wall clock carries position 0 over.
            since = datetime.now(UTC) - datetime.fromisoformat(header.started_at)
            # It may have been set back meanwhile; yet nothing new can lie before what is already recorded.
            passed_ns = max(round(since.total_seconds() * 1_000_000_000), found.last_ns - header.epoch_ns)
            epoch_ns = now - passed_ns
        writer = cls(folder, epoch_ns=epoch_ns, started_at=header.started_at)
        writer._file = found.last_file
        writer._workers, writer._last = found.workers, found.last_record
        writer._last_taken, writer._tracks = dict(found.last_record), found.tracks
        writer._origins = {start_id: index for index, start_id in enumerate(found.workers)}
        last_ns = epoch_ns + found.last_ns - header.epoch_ns
        writer.last_packet_ns = last_ns
        writer._add(journal.pack_hole(last_ns, max(now, last_ns), "recorder_lost"))
        return writer

    # Gathering ----------------------------------------------------------------------------------------------------

    def frame(self, start_id: str, kind: int, record: int, payload: memoryview) -> None:
        """A timed tap frame; one that is already on disk is dropped."""
        if record <= self._last.get(start_id, 0):
            return
        self._last[start_id] = record
        track, at_ns = _TRACK_AT.unpack_from(payload, 8)
        if self.end_ns is not None and at_ns > self.end_ns:
            return
        if kind == tap.RTP:
            self.last_packet_ns = at_ns
        if self.hole_from_ns is not None and kind in (tap.RTP, tap.SR):
            return
        if kind == tap.END:
            self._tracks.pop((start_id, track), None)
        self._add(journal.pack_tap(kind, self._origins[start_id], payload))

    def track(self, start_id: str, worker: int, opened: tap.TrackOpened, payload: bytes) -> None:
        """A track was opened, or is told of again."""
        if start_id not in self._origins:
            self._origins[start_id] = len(self._origins)
            self._workers[start_id] = worker
            self._last.setdefault(start_id, 0)
            self._add(self._origin(start_id))
        if (start_id, opened.track) not in self._tracks:
            self._tracks[start_id, opened.track] = payload
            self._add(journal.pack_tap(tap.TRACK, self._origins[start_id], payload))

    def worker_started(self, worker: int, start_id: str) -> None:
        """Worker ``worker`` is another process now: the tracks of the one before end."""
        for old in [old for old, index in self._workers.items() if index == worker and old != start_id]:
            keys = [key for key in self._tracks if key[0] == old]
            if keys:
                self._add(journal.pack_gone(self._origins[old], monotonic_ns()))
            for key in keys:
                del self._tracks[key]

    def close_at(self, end_ns: int) -> None:
        """The hearing is over; frames up to ``end_ns`` that are still under way are taken."""
        if self.end_ns is None:
            self.end_ns = max(end_ns, self.epoch_ns)
            self._add(journal.pack_close(self.end_ns))

    def stop_for_space(self) -> None:
        """The disk is full: from now on media is dropped, but not what happens to the tracks."""
        if self.hole_from_ns is None:
            self.hole_from_ns = monotonic_ns()

    def go_on(self) -> None:
        """There is space again."""
        if self.hole_from_ns is not None:
            self._add(journal.pack_hole(self.hole_from_ns, monotonic_ns(), "spool_full"))
            self.hole_from_ns = None

    @property
    def last_heard_ns(self) -> int:
        """When the last packet came, or else when the recording began."""
        return self.last_packet_ns if self.last_packet_ns is not None else self.epoch_ns

    @property
    def open_tracks(self) -> int:
        return len(self._tracks)

    @property
    def dirty(self) -> bool:
        return bool(self._buffer) or self._failed is not None or self._file == 0

    def _add(self, record: bytes) -> None:
        self._buffer.append(record)
        self.buffered += len(record)

    # Writing ------------------------------------------------------------------------------------------------------

    def take(self) -> Batch:
        """Everything gathered, for ``write``. A batch that failed comes back with what was gathered since."""
        data = b"".join(self._buffer)
        self._buffer.clear()
        if self._failed is not None:
            batch, self._failed = self._failed, None
            batch.data += data
        elif self._size >= ROTATE_BYTES:
            self._file, self._size = self._file + 1, 0
            batch = Batch(self._file, self._preamble() + data)
        else:
            batch = Batch(self._file, data, self._size)
        self._last_taken = dict(self._last)
        return batch

    def write(self, batch: Batch) -> None:
        """Append and sync; blocks. After an ``OSError`` the file is as before, as far as the disk lets us."""
        path = self.folder.journal_file(batch.file)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            try:
                os.ftruncate(fd, batch.written_to)  # what an attempt before may have left
                rest, at = memoryview(batch.data), batch.written_to
                while rest:
                    count = os.pwrite(fd, rest, at)
                    rest, at = rest[count:], at + count
                os.fdatasync(fd)
            except OSError:
                os.ftruncate(fd, batch.written_to)
                raise
        finally:
            os.close(fd)
        if batch.written_to == 0:
            spool.sync_dir(path.parent)

    def written(self, batch: Batch) -> None:
        """``write`` succeeded."""
        self._size = batch.written_to + len(batch.data)
        self.bytes_written += len(batch.data)
        self.buffered = sum(map(len, self._buffer))
        self.durable = Durable(batch.file, self._size)

    def failed(self, batch: Batch) -> None:
        """``write`` raised: keep the batch for the next attempt."""
        self._failed = batch
        self.buffered = len(batch.data) + sum(map(len, self._buffer))

    def _preamble(self) -> bytes:
        header = journal.Header(
            version=journal.FORMAT_VERSION,
            recording_id=self.folder.recording_id,
            number=self._file,
            boot_id=self._boot_id,
            epoch_ns=self.epoch_ns,
            started_at=self.started_at,
        )
        tracks = (
            journal.pack_tap(tap.TRACK, self._origins[start_id], frame) for (start_id, _), frame in self._tracks.items()
        )
        origins = map(self._origin, self._origins)
        return b"".join([journal.pack_json(journal.HEADER, header), *origins, *tracks])

    def _origin(self, start_id: str) -> bytes:
        origin = journal.Origin(
            self._origins[start_id], self._workers[start_id], start_id, self._last_taken.get(start_id, 0)
        )
        return journal.pack_json(journal.ORIGIN, origin)
