"""One track's packets to segments and gaps: the second half of packaging.

No I/O: fed with what the journal holds, it leaves in ``out`` what came of it. Times are nanoseconds from the
recording's epoch. Where a segment ends: a video keyframe from 70 % of the longest length on, without one at 94 %; a
change of resolution; a stretch without media; a stop on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub import rtp, webm
from hub.tap import TrackOpened
from recorder import fmp4, timeline, voice
from recorder.breaks import Breaks
from recorder.catalogue import Resume
from recorder.depacketise import (
    Frame,
    Frames,
    OpusFrames,
    Packet,
    Reorder,
    Vp8Frames,
    opus_missing,
    opus_ticks,
    original,
)
from recorder.h264_frames import H264Frames, Parameters

ASK_AT, SOFT_AT, HARD_AT = 0.68, 0.70, 0.94
SILENT_NS = 3_000_000_000
"""A track that sends nothing for so long has its segment closed."""
LEAST_GAP_MS = {"audio": 120, "video": 500}
QUIET_NS = {"audio": 1_000_000_000, "video": 3_000_000_000}
"""Without any loss a source may pause so long: Opus in silence, a screen on which nothing moves."""
OVERLAP_NS = 250_000_000
JUMP_NS = 2_000_000_000
STUCK_PACKETS = 50

MEDIA_TYPES = {"vp8": 'video/webm; codecs="vp8"', "opus": 'audio/webm; codecs="opus"', "h264": "video/mp4"}


@dataclass(frozen=True, slots=True)
class Cut:
    """A finished segment."""

    number: int
    start_ms: int
    duration_ms: int
    media_type: str
    begins_with_keyframe: bool
    data: bytes
    first_file: int
    resume: Resume
    voice: str = ""
    """When somebody speaks (``voice.activity``)."""


@dataclass(frozen=True, slots=True)
class Gap:
    start_ms: int
    end_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class Point:
    """The track began or ceased to stand still; nothing is pending."""

    resume: Resume


@dataclass(frozen=True, slots=True)
class Ended:
    open_from_ms: int | None


Outcome = Cut | Gap | Point | Ended


class TrackPackager:
    """Raises ``ValueError`` for a codec that is not recorded. Browsers send VP8 and Opus, room encoders H.264 too."""

    def __init__(
        self,
        opened: TrackOpened,
        publisher: timeline.PublisherClock,
        holes: list[timeline.Hole],
        *,
        max_s: int,
        begins_ms: int = 0,
        number: int = 0,
        resume: Resume | None = None,
    ) -> None:
        codec = opened.codec.lower()
        if codec not in MEDIA_TYPES:
            raise ValueError(f"codec {opened.codec} is not recorded")
        self.opened, self.out = opened, list[Outcome]()
        self.cause = resume.cause if resume else ""
        self.wants_keyframe = False
        self._media_type = MEDIA_TYPES[codec]
        self._holes = holes
        self._max_ms, self._number = max_s * 1000, number
        self._covered_ms = resume.covered_ms if resume else begins_ms
        self._size = (resume.width, resume.height) if resume else (0, 0)
        self._clock = timeline.TrackClock(opened.track_id, publisher, resume.offset_ns if resume else None)
        self._sequences, self._timestamps = rtp.Unwrapper(16), rtp.Unwrapper(32)
        self._last_sequence = self._sequences.highest = resume.sequence if resume else None
        self._last_timestamp = self._timestamps.highest = resume.timestamp if resume else None
        goes_on = self._last_sequence is not None and not self.cause
        self._reorder = Reorder(self._last_sequence + 1 if goes_on and self._last_sequence is not None else None)
        self._parameters = resume.parameters if resume else ""
        self._joiner = _joiner(codec, self._parameters)
        self._frames: list[Frame] = []
        self._heard_ns: int | None = None
        self._late = 0
        self._intact = resume.intact if resume else False
        """The last frame could be decoded by whoever had all before it."""
        self._playable = False
        """So could the first of the segment under way."""
        self._breaks = Breaks()

    # What the journal holds ---------------------------------------------------------------------------------------

    def rtp(self, at_ns: int, packet: bytes, file: int) -> None:
        found = original(packet, self.opened.rtx_ssrc)
        if found is None:
            return
        timestamp = self._timestamps.unwrap(rtp.timestamp(packet))
        sequence = self._extend(found[0], at_ns)
        self._heard_ns = at_ns
        if self.cause:
            return
        level = voice.level_of(packet, self.opened.level_id)
        entry = Packet(sequence, timestamp, at_ns, file, rtp.marker(packet), bytes(found[1]), level)
        if self._reorder.push(entry):
            self._late = 0
        elif self._last_timestamp is not None and timestamp > self._last_timestamp:
            self._late += 1
            if self._late > STUCK_PACKETS:
                # The source began to count anew; all it sends would look old for ever.
                self._drain(None)
                self._reorder.restart()
                self._late = 0
        self._drain(at_ns)

    def report(self, at_ns: int, ntp: int, rtp_time: int) -> None:
        """A sender report of the publisher."""
        if self._timestamps.highest is not None:
            self._clock.report(at_ns, timeline.ntp_ns(ntp), self._ns(self._timestamps.peek(rtp_time)))

    def state(self, at_ns: int, cause: str) -> None:
        """The track stands still on purpose for ``cause``, or flows again ('')."""
        if cause == self.cause:
            return
        self._drain(None)
        self._account(self._at_ms(at_ns))
        self.cause = cause
        self._reorder.restart()
        self._intact = False
        self.wants_keyframe = not cause
        self.out.append(Point(self._resume()))

    def end(self, at_ns: int, *, worker_lost: bool = False) -> None:
        """No more will come. When the worker died, the gap stays open until the seat publishes again."""
        self._drain(None)
        self._close(None)
        if not worker_lost:
            self._account(self._at_ms(at_ns))
        self.out.append(Ended(self._covered_ms if worker_lost else None))

    def advance(self, now_ns: int) -> None:
        """Nothing that arrived before ``now_ns`` is still to be fed in."""
        self._drain(now_ns)
        if self._heard_ns is not None and now_ns - self._heard_ns > SILENT_NS:
            # What is joined so far stays: after a restart the rest of a picture may come this late.
            self._pop(None)
            self._close(None)

    def asks_keyframe(self) -> bool:
        """Whether a keyframe now would make a good cut, or is needed to go on."""
        if self.opened.kind != "video" or self.cause:
            return False
        frames = self._frames
        old = bool(frames) and self._ns(frames[-1].timestamp - frames[0].timestamp) >= ASK_AT * self._max_ms * 1_000_000
        return old or self.wants_keyframe or bool(frames and not frames[0].keyframe)

    def first_file(self) -> int | None:
        """The earliest journal file that holds a packet which is in no segment yet."""
        pending = [frame.first_file for frame in self._frames]
        waiting = (self._reorder.first_file(), self._joiner.first_file())
        return min([*pending, *(file for file in waiting if file is not None)], default=None)

    # Packets to frames --------------------------------------------------------------------------------------------

    def _extend(self, sequence: int, at_ns: int) -> int:
        highest = self._sequences.highest
        extended = self._sequences.unwrap(sequence)
        if highest is None or self._heard_ns is None or at_ns - self._heard_ns < 10 * JUMP_NS:
            return extended
        if extended < highest - 1000:
            # After a long silence half the circle may have passed unseen: forward, not back.
            extended += 1 << 16
            self._sequences.highest = extended
        return extended

    def _drain(self, now_ns: int | None) -> None:
        self._pop(now_ns)
        if now_ns is None:
            self._joiner.abandon()

    def _pop(self, now_ns: int | None) -> None:
        for packet, lost in self._reorder.pop(now_ns):
            for frame in self._joiner.push(packet, lost):
                self._take(frame)

    def _take(self, frame: Frame) -> None:
        if self._frames and not self._cut_before(frame):
            self._intact, self.wants_keyframe = False, self.opened.kind == "video"
            return
        self._intact = frame.keyframe or (self._intact and not frame.after_loss)
        if not self._frames:
            self._playable = self._intact
        self._frames.append(frame)
        self._clock.arrival(frame.arrived_ns, self._ns(frame.timestamp))
        if frame.keyframe:
            self.wants_keyframe = False
            if frame.width:
                self._size = (frame.width, frame.height)
            self._parameters = frame.parameters or self._parameters
        elif frame.after_loss:
            self.wants_keyframe = True

    # Frames to segments -------------------------------------------------------------------------------------------

    def _cut_before(self, frame: Frame) -> bool:
        """End the segment if it must end here; False: too many did, ``frame`` counts as lost."""
        first, last = self._frames[0], self._frames[-1]
        step_ns = self._ns(frame.timestamp - last.timestamp)
        # The network can only make arrivals later, so what is farther ahead has another clock.
        jumps = step_ns <= 0 or step_ns - (frame.arrived_ns - last.arrived_ns) > JUMP_NS
        if jumps or self._is_gap(last, frame, step_ns):
            if not self._breaks.may(frame.arrived_ns):
                return False
            self._close(None)
            if jumps:
                self._clock.restart()
        elif self._is_long(first, frame):
            self._close(frame)
        elif self._changes(frame):
            if not self._breaks.may(frame.arrived_ns):
                return False
            self._close(frame)
        return True

    def _changes(self, frame: Frame) -> bool:
        """Whether decoders must be told of another picture."""
        if not frame.keyframe:
            return False
        resized = bool(frame.width) and (frame.width, frame.height) != self._size
        return resized or frame.parameters != self._parameters

    def _is_gap(self, last: Frame, frame: Frame, step_ns: int) -> bool:
        kind = self.opened.kind
        longest = LEAST_GAP_MS[kind] * 1_000_000 if frame.after_loss else QUIET_NS[kind]
        silent_ns = step_ns - self._ns(last.ticks)
        if silent_ns > longest:
            return True
        holed = silent_ns >= timeline.LEAST_HOLE_MS * 1_000_000
        return holed and timeline.holed(self._at_ms(last.arrived_ns), self._at_ms(frame.arrived_ns), self._holes)

    def _is_long(self, first: Frame, frame: Frame) -> bool:
        age_ms = self._ns(frame.timestamp - first.timestamp) / 1_000_000
        if self.opened.kind == "audio":
            return age_ms + self._ns(frame.ticks) / 1_000_000 > self._max_ms
        if frame.keyframe:
            return not first.keyframe or age_ms >= SOFT_AT * self._max_ms
        return age_ms >= HARD_AT * self._max_ms

    def _close(self, following: Frame | None) -> None:
        """Make a segment of what is pending. ``following`` is the next frame when it follows without a gap."""
        frames, self._frames = self._frames, []
        if not frames:
            return
        offset = self._clock.settle()
        begins = self._ns(frames[0].timestamp) + offset
        if self._covered_ms * 1_000_000 - begins > OVERLAP_NS:
            offset = self._clock.offset_ns = offset + self._covered_ms * 1_000_000 - begins
        if following is not None:
            end_ticks = following.timestamp
        else:
            end_ticks = frames[-1].timestamp + (frames[-1].ticks or self._interval(frames))
        placed = self._place(frames, offset)
        start_ms, last_ms = placed[0].at_ms, placed[-1].at_ms
        parameters = Parameters.load(self._parameters)
        end_ms = min(self._at_ms(self._ns(end_ticks) + offset), start_ms + self._max_ms)
        duration_ms = max(end_ms, last_ms + 1) - start_ms
        # Without a keyframe after a loss there is nothing to see: kept, but for whoever watches the gap goes on.
        self._explain(start_ms if self._playable else start_ms + duration_ms, "", unseen=not self._playable)
        self._covered_ms = start_ms + duration_ms
        self._last_sequence, self._last_timestamp = frames[-1].last_sequence, frames[-1].timestamp
        self.out.append(
            Cut(
                number=self._number,
                start_ms=start_ms,
                duration_ms=duration_ms,
                media_type=fmp4.media_type(parameters) if parameters else self._media_type,
                begins_with_keyframe=frames[0].keyframe,
                data=self._write(placed, frames, duration_ms),
                first_file=min(frame.first_file for frame in frames),
                resume=self._resume(),
                voice=self._voice(frames, offset, start_ms, duration_ms),
            )
        )
        self._number += 1

    def _place(self, frames: list[Frame], offset: int) -> list[webm.Frame]:
        """Frames at their positions, strictly later one than the other; short holes in sound told to the decoder."""
        placed: list[webm.Frame] = []
        at_ms = self._covered_ms - 1
        expected: int | None = None
        for frame in frames:
            if frame.ticks and expected is not None:
                missing = opus_missing(placed[-1].data)
                while frame.timestamp - expected >= opus_ticks(missing):
                    at_ms = max(at_ms + 1, self._at_ms(self._ns(expected) + offset))
                    placed.append(webm.Frame(at_ms, missing, keyframe=True))
                    expected += opus_ticks(missing)
            at_ms = max(at_ms + 1, self._at_ms(self._ns(frame.timestamp) + offset))
            placed.append(webm.Frame(at_ms, frame.data, frame.keyframe))
            expected = frame.timestamp + frame.ticks
        return placed

    def _voice(self, frames: list[Frame], offset: int, start_ms: int, duration_ms: int) -> str:
        if self.opened.kind != "audio":
            return ""
        told = ((self._at_ms(self._ns(f.timestamp) + offset), f.level) for f in frames if f.level is not None)
        return voice.activity(told, start_ms, duration_ms)

    def _write(self, placed: list[webm.Frame], frames: list[Frame], duration_ms: int) -> bytes:
        if self.opened.kind == "audio":
            return webm.audio(placed, duration_ms)
        width, height = (frames[0].width, frames[0].height) if frames[0].keyframe else self._size
        parameters = Parameters.load(self._parameters)
        if parameters is not None:
            return fmp4.video(placed, duration_ms, width or 640, height or 360, parameters)
        return webm.video(placed, duration_ms, width or 640, height or 360)

    def _interval(self, frames: list[Frame]) -> int:
        """How long a last picture is shown when nothing follows: as long as those before, within reason."""
        rate = self.opened.clock_rate
        if len(frames) < 2:
            return rate // 30
        mean = (frames[-1].timestamp - frames[0].timestamp) // (len(frames) - 1)
        return min(max(mean, rate // 100), rate // 5)

    # The time line ------------------------------------------------------------------------------------------------

    def _account(self, at_ms: int) -> None:
        """Close the segment, then account for the time up to ``at_ms`` under the track's present cause."""
        self._close(None)
        if self._explain(at_ms, self.cause) or self.cause:
            self._covered_ms = max(self._covered_ms, at_ms)

    def _explain(self, until_ms: int, cause: str, *, unseen: bool = False) -> bool:
        """``unseen``: there are pictures in the stretch that nobody can watch, so however short, it is a gap."""
        least_ms = LEAST_GAP_MS[self.opened.kind]
        if unseen:
            least_ms = min(least_ms, max(1, until_ms - self._covered_ms))
        pieces = timeline.explain(self._covered_ms, until_ms, cause, self._holes, least_ms)
        self.out += [Gap(piece.start_ms, piece.end_ms, piece.cause) for piece in pieces]
        return bool(pieces)

    def _resume(self) -> Resume:
        width, height = self._size
        return Resume(
            sequence=self._last_sequence,
            timestamp=self._last_timestamp,
            offset_ns=self._clock.offset_ns,
            covered_ms=self._covered_ms,
            cause=self.cause,
            width=width,
            height=height,
            parameters=self._parameters,
            intact=self._intact,
        )

    def _ns(self, ticks: int) -> int:
        return ticks * 1_000_000_000 // self.opened.clock_rate

    def _at_ms(self, at_ns: int) -> int:
        return max(0, round(at_ns / 1_000_000))


def _joiner(codec: str, parameters: str) -> Frames:
    if codec == "h264":
        return H264Frames(Parameters.load(parameters))
    return Vp8Frames() if codec == "vp8" else OpusFrames()
