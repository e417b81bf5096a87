"""Journal to segments: reads what capture has made durable, writes finished segments and the catalogue's facts.

A ``RecordingPackager`` holds nothing that cannot be had again: after any fault it is thrown away and a new one goes on
from the catalogue and the journal, in the same process or the next.
"""

from __future__ import annotations

import hashlib
import struct
import time
from dataclasses import dataclass

import msgspec
import structlog

from hub import tap
from hub.ids import new_id
from recorder import journal, spool, timeline
from recorder.catalogue import (
    Catalogue,
    Closed,
    Fact,
    GapFact,
    Resume,
    SegmentFact,
    TrackEnded,
    TrackFact,
    TrackPoint,
)
from recorder.spool import RecordingDir
from recorder.track import Cut, Ended, Gap, Point, TrackPackager

CHUNK_BYTES = 1 << 20
ASK_AGAIN_NS = 700_000_000
ADVANCE_EVERY = 256
"""Records between two looks at all tracks, so that silent ones are closed while a long journal is read again."""

_TAP_HEAD = struct.Struct("!HQ")
_TIMED = struct.Struct("!IQ")
_REPORT = struct.Struct("!QI")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Durable:
    """How far the journal may be read: all of every earlier file, and ``size`` bytes of ``file``."""

    file: int
    size: int


class RecordingPackager:
    """Packages one recording. Every method blocks (files) and belongs in one thread at a time."""

    def __init__(self, folder: RecordingDir, catalogue: Catalogue, *, max_s: int) -> None:
        self._folder, self._catalogue, self._max_s = folder, catalogue, max_s
        self._clocks: dict[tuple[str, str], timeline.PublisherClock] = {}
        self._holes: list[timeline.Hole] = []
        self._tracks: dict[tuple[str, int], TrackPackager] = {}
        self._waiting: dict[tuple[str, int], tap.TrackOpened] = {}
        self._begun: dict[str, Resume] = dict(catalogue.resume)
        self._orphans = _orphans(catalogue)
        self._starts: dict[int, str] = {}
        self._epoch_ns = 0
        self._now_ns = 0
        self._asked: dict[str, int] = {}
        numbers = folder.journal_numbers()
        self._file, self._offset = (numbers[0] if numbers else 1), 0
        self.end_ns: int | None = None
        """Position of the recording's end, once the journal told."""
        for fact in catalogue.tracks.values():
            if fact.opened.track_id not in catalogue.ended:
                self._add_track(fact)

    # Driving ------------------------------------------------------------------------------------------------------

    def step(self, durable: Durable, limit_s: float = 0.02) -> bool:
        """Read on for about ``limit_s``. True when there is more to read at once."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if not self._read_chunk(durable):
                return False
        return True

    def advance(self, now_ns: int) -> None:
        """All that came before CLOCK_MONOTONIC ``now_ns`` has been read."""
        self._advance_tracks(now_ns - self._epoch_ns)

    def keyframes(self, now_ns: int) -> list[tuple[str, int]]:
        """Each ``(start_id, track)`` whose publisher should send a keyframe now; not again for ``ASK_AGAIN_NS``."""
        wanted = []
        for key, track in self._tracks.items():
            track_id = track.opened.track_id
            if track.asks_keyframe() and now_ns - self._asked.get(track_id, -ASK_AGAIN_NS) >= ASK_AGAIN_NS:
                self._asked[track_id] = now_ns
                wanted.append(key)
        return wanted

    def finish(self, duration_ms: int) -> None:
        """The recording is over and everything has been read: close what is open."""
        for key in list(self._tracks):
            self._tracks[key].end(duration_ms * 1_000_000)
            self._settle(key)
        gaps: list[Fact] = [
            GapFact(new_id(), track_id, from_ms, duration_ms, "worker_lost")
            for track_id, from_ms in self._orphans.values()
            if duration_ms > from_ms
        ]
        self._append([*gaps, Closed(duration_ms)])

    def first_needed_file(self) -> int:
        """Earlier journal files hold nothing that is not in a segment."""
        pending = (track.first_file() for track in self._tracks.values())
        return min([self._file, *(file for file in pending if file is not None)])

    def media_end_ms(self) -> int:
        """Where the last segment ends."""
        with self._catalogue.lock:
            return max((s.start_ms + s.duration_ms for s in self._catalogue.segments.values()), default=0)

    # Reading ------------------------------------------------------------------------------------------------------

    def _read_chunk(self, durable: Durable) -> bool:
        """Read one chunk; False when there is nothing more."""
        path = self._folder.journal_file(self._file)
        size = path.stat().st_size if path.exists() else 0
        newest = self._file >= durable.file
        limit = min(size, durable.size) if newest else size
        if self._offset >= limit:
            return not newest and self._next_file()
        with path.open("rb") as file:
            file.seek(self._offset)
            data = file.read(min(CHUNK_BYTES, limit - self._offset))
        base, read_to = self._offset, 0
        damage = journal.Damage()
        for index, record in enumerate(journal.read(data, damage=damage)):
            read_to = record.end
            self._offset = base + read_to
            self._process(record)
            if index % ADVANCE_EVERY == ADVANCE_EVERY - 1:
                self._advance_tracks(self._now_ns)
        if damage.bytes_skipped:
            self._damaged(path.name, damage.bytes_skipped)
        whole_rest = base + len(data) >= limit
        if whole_rest and read_to < len(data):
            self._damaged(path.name, len(data) - read_to)
            self._offset = limit
        elif read_to == 0:
            self._offset = base + len(data) - journal.MAX_BODY_BYTES
        return True

    def _next_file(self) -> bool:
        later = [number for number in self._folder.journal_numbers() if number > self._file]
        if not later:
            return False
        self._file, self._offset = later[0], 0
        return True

    def _damaged(self, name: str, count: int) -> None:
        log.warning("journal damaged", recording=self._folder.recording_id, file=name, bytes=count)

    def _process(self, record: journal.Record) -> None:
        body = record.body
        match record.kind:
            case journal.HEADER:
                self._epoch_ns = msgspec.json.decode(body, type=journal.Header).epoch_ns
            case journal.ORIGIN:
                origin = journal.origin_of(body)
                self._starts[origin.number] = origin.start_id
            case journal.CLOSE:
                self.end_ns = max(0, journal.unpack_close(body) - self._epoch_ns)
            case journal.HOLE:
                self._hole(*journal.unpack_hole(body))
            case journal.GONE:
                self._gone(*journal.unpack_gone(body))
            case _:
                self._tap_record(record.kind, memoryview(body))

    def _tap_record(self, kind: int, body: memoryview) -> None:
        origin, _ = _TAP_HEAD.unpack_from(body)
        start_id = self._starts.get(origin)
        if start_id is None:
            return
        rest = body[_TAP_HEAD.size :]
        if kind == tap.TRACK:
            opened = msgspec.json.decode(rest, type=tap.TrackOpened)
            key = (start_id, opened.track)
            if key not in self._tracks and opened.track_id not in self._catalogue.ended:
                self._waiting[key] = opened
            return
        number, at_ns = _TIMED.unpack_from(rest)
        at_ns -= self._epoch_ns
        self._now_ns = max(self._now_ns, at_ns)
        key = (start_id, number)
        track = self._tracks.get(key) or self._begin(key, at_ns)
        if track is None:
            return
        rest = rest[_TIMED.size :]
        if kind == tap.RTP:
            track.rtp(at_ns, bytes(rest), self._file)
        elif kind == tap.SR:
            track.report(at_ns, *_REPORT.unpack(rest))
        elif not self._had_effect(track):
            if kind == tap.STATE:
                track.state(at_ns, bytes(rest).decode())
            elif kind == tap.END:
                track.end(at_ns)
        if track.out:
            self._settle(key)

    def _had_effect(self, track: TrackPackager) -> bool:
        """Whether the catalogue already knows what follows from the record just read, from before a restart."""
        resume = self._begun.get(track.opened.track_id)
        return resume is not None and (self._file, self._offset) <= (resume.file, resume.offset)

    # Tracks -------------------------------------------------------------------------------------------------------

    def _begin(self, key: tuple[str, int], at_ns: int) -> TrackPackager | None:
        """The track's first timed record: from here on its time is accounted for."""
        opened = self._waiting.pop(key, None)
        if opened is None or opened.track_id in self._catalogue.ended:
            return None
        fact = TrackFact(opened, key[0], max(0, round(at_ns / 1_000_000)))
        facts: list[Fact] = [fact]
        orphan = self._orphans.pop((opened.seat_id, opened.source), None)
        if orphan and fact.begins_ms > orphan[1]:
            facts.append(GapFact(new_id(), orphan[0], orphan[1], fact.begins_ms, "worker_lost"))
        self._append(facts)
        return self._add_track(fact)

    def _add_track(self, fact: TrackFact) -> TrackPackager | None:
        opened = fact.opened
        clock = self._clocks.setdefault((fact.start_id, opened.sender or opened.seat_id), timeline.PublisherClock())
        clock.keep({track.opened.track_id for track in self._tracks.values()})
        last = self._catalogue.last_segment.get(opened.track_id)
        try:
            track = TrackPackager(
                opened,
                clock,
                self._holes,
                max_s=self._max_s,
                begins_ms=fact.begins_ms,
                number=last.number + 1 if last else 0,
                resume=self._begun.get(opened.track_id),
            )
        except ValueError as error:
            log.warning("track cannot be packaged", track=opened.track_id, error=str(error))
            return None
        self._tracks[fact.start_id, opened.track] = track
        return track

    def _hole(self, from_ns: int, to_ns: int, cause: str) -> None:
        start_ms, end_ms = ((at - self._epoch_ns) // 1_000_000 for at in (from_ns, to_ns))
        self._holes.append(timeline.Hole(max(0, start_ms), max(0, end_ms), cause))
        for track in self._tracks.values():
            track.wants_keyframe = True  # what comes after may build on pictures that nobody has

    def _gone(self, origin: int, at_ns: int) -> None:
        start_id = self._starts.get(origin)
        for key in [key for key in self._tracks if key[0] == start_id]:
            if not self._had_effect(self._tracks[key]):
                self._tracks[key].end(at_ns - self._epoch_ns, worker_lost=True)
                self._settle(key)

    def _advance_tracks(self, now_ns: int) -> None:
        for key in list(self._tracks):
            self._tracks[key].advance(now_ns)
            if self._tracks[key].out:
                self._settle(key)

    # Outcomes -----------------------------------------------------------------------------------------------------

    def _settle(self, key: tuple[str, int]) -> None:
        """Write what came of a track: the files first, then, in one append, the facts."""
        track = self._tracks[key]
        opened = track.opened
        outcomes, track.out = track.out, []
        facts: list[Fact] = []
        for outcome in outcomes:
            match outcome:
                case Cut():
                    facts.append(self._write(opened.track_id, outcome))
                case Gap():
                    facts.append(GapFact(new_id(), opened.track_id, outcome.start_ms, outcome.end_ms, outcome.cause))
                case Point():
                    facts.append(TrackPoint(opened.track_id, self._here(outcome.resume)))
                case Ended():
                    facts.append(TrackEnded(opened.track_id, outcome.open_from_ms))
                    del self._tracks[key]
                    if outcome.open_from_ms is not None:
                        self._orphans[opened.seat_id, opened.source] = (opened.track_id, outcome.open_from_ms)
        self._append(facts)

    def _write(self, track_id: str, cut: Cut) -> SegmentFact:
        spool.write_file(self._folder.segment_file(track_id, cut.number), cut.data)
        return SegmentFact(
            id=new_id(),
            track_id=track_id,
            number=cut.number,
            start_ms=cut.start_ms,
            duration_ms=cut.duration_ms,
            media_type=cut.media_type,
            begins_with_keyframe=cut.begins_with_keyframe,
            size_bytes=len(cut.data),
            sha256=hashlib.sha256(cut.data).hexdigest(),
            object_key=f"recordings/{self._folder.recording_id}/{track_id}/{cut.number:06d}{_suffix(cut.media_type)}",
            first_file=cut.first_file,
            resume=self._here(cut.resume),
            voice=cut.voice,
        )

    def _here(self, resume: Resume) -> Resume:
        return msgspec.structs.replace(resume, file=self._file, offset=self._offset)

    def _append(self, facts: list[Fact]) -> None:
        with self._catalogue.lock:
            self._catalogue.append(facts)


def _suffix(media_type: str) -> str:
    return ".mp4" if media_type.startswith("video/mp4") else ".webm"


def _orphans(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, int]]:
    """``(seat, source) → (track, since ms)`` of gaps that a dead worker left open and nobody has closed since."""
    told = {gap.track_id for gap in catalogue.gaps if gap.cause == "worker_lost"}
    found = {}
    for ended in catalogue.ended.values():
        if ended.open_from_ms is not None and ended.track_id not in told:
            opened = catalogue.tracks[ended.track_id].opened
            found[opened.seat_id, opened.source] = (ended.track_id, ended.open_from_ms)
    return found
