"""Where on the recording's time line a frame lies, and why there is nothing where there is nothing.

PURE. All times in nanoseconds from the recording's epoch. Arrival times alone would put sound and picture of one point
apart by what each took on its way; the publishers' sender reports (RFC 3550 section 6.4.1) put both on one clock, the
publisher's, and whatever travelled fastest lately puts that clock on ours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from statistics import median

HYSTERESIS_NS = 10_000_000
"""Smaller changes of an estimate are not followed, so that neighbouring segments fit without a seam."""
TRUST_NS = 5_000_000_000
"""Clocks that differ by more than this from what they did before were set."""
LATE_NS = 30_000_000_000
"""Media that arrived later than this after it should have been sent is placed by its arrival."""
FOLLOW_NS = 250_000_000
"""Without reports an offset is kept until arrivals differ from it by more."""
LEAST_HOLE_MS = 120
"""What we know that we did not record is told even where a source that pauses so long would not be asked why."""
REPORTS = 8
WINDOW_NS = 60_000_000_000

_NTP_FRACTION = 1 << 32


def ntp_ns(ntp: int) -> int:
    """A 64-bit NTP time in nanoseconds of its own era (RFC 5905 section 6)."""
    return (ntp >> 32) * 1_000_000_000 + (ntp % _NTP_FRACTION) * 1_000_000_000 // _NTP_FRACTION


class PublisherClock:
    """One browser's wall clock against ours: the smallest ``arrival - sent`` of all its tracks in the last minute."""

    def __init__(self) -> None:
        self._delays: dict[str, deque[tuple[int, int]]] = {}
        self._doubt: int | None = None

    def report(self, track_id: str, arrived_ns: int, delay_ns: int, *, steady: bool = False) -> None:
        """A sender report that arrived at ``arrived_ns`` was sent ``delay_ns`` before, by the publisher's clock.

        ``steady``: the track's RTP time runs with that clock as it did before, so the clock was not set: a report that
        is late then was stuck on its way, or whoever received it was, however many come like it.
        """
        shortest = self.offset_ns()
        if shortest is not None:
            doubted, self._doubt = self._doubt, None
            late = delay_ns - shortest
            if late > TRUST_NS and steady and track_id in self._delays:
                return
            if late > TRUST_NS and (doubted is None or abs(delay_ns - doubted) > TRUST_NS):
                self._doubt = delay_ns  # stuck on its way, or the clock was set back: the next one tells
                return
            if abs(late) > TRUST_NS:
                # The computer's clock was set: what was learnt of it, from any track, is void.
                self._delays.clear()
        self._add(track_id, arrived_ns, delay_ns)

    def sample(self, track_id: str, arrived_ns: int, delay_ns: int) -> None:
        """As ``report`` for a frame, whose time of sending is only derived: it never says that the clock was set."""
        shortest = self.offset_ns()
        if shortest is not None and abs(delay_ns - shortest) <= TRUST_NS:
            self._add(track_id, arrived_ns, delay_ns)

    def _add(self, track_id: str, arrived_ns: int, delay_ns: int) -> None:
        delays = self._delays.setdefault(track_id, deque())
        delays.append((arrived_ns, delay_ns))
        while delays[0][0] < arrived_ns - WINDOW_NS:
            delays.popleft()

    def keep(self, track_ids: Collection[str]) -> None:
        """Forget all tracks but these: another browser may sit there now."""
        self._delays = {key: delays for key, delays in self._delays.items() if key in track_ids}

    def offset_ns(self) -> int | None:
        """Our time minus the publisher's; None before its first report."""
        return min((delay for delays in self._delays.values() for _, delay in delays), default=None)


class TrackClock:
    """Maps one track's RTP time, in nanoseconds, to positions: position = time + ``offset``."""

    def __init__(self, track_id: str, publisher: PublisherClock, offset_ns: int | None = None) -> None:
        self._track_id, self._publisher = track_id, publisher
        self._reports: deque[int] = deque(maxlen=REPORTS)
        self._earliest: int | None = None
        self._heard_ns = 0
        self.offset_ns = offset_ns

    def report(self, arrived_ns: int, sent_ns: int, media_ns: int) -> None:
        """A sender report: the publisher's wall clock ``sent_ns`` is RTP time ``media_ns``."""
        steady = bool(self._reports) and abs(sent_ns - media_ns - self._reports[-1]) <= TRUST_NS
        if not steady:
            self._reports.clear()
        self._reports.append(sent_ns - media_ns)
        self._publisher.report(self._track_id, arrived_ns, arrived_ns - sent_ns, steady=steady)

    def arrival(self, arrived_ns: int, media_ns: int) -> None:
        """A frame came; the earliest counts until the next ``settle``."""
        delay, self._heard_ns = arrived_ns - media_ns, arrived_ns
        self._earliest = delay if self._earliest is None else min(self._earliest, delay)

    def settle(self) -> int:
        """The offset for the segment that is complete now. Needs at least one ``arrival`` since the last call."""
        assert self._earliest is not None
        wanted, self._earliest = self._wanted(self._earliest), None
        if self.offset_ns is None or abs(wanted - self.offset_ns) > HYSTERESIS_NS:
            self.offset_ns = wanted
        return self.offset_ns

    def restart(self) -> None:
        """The publisher's RTP time jumped: what was learnt of it is void."""
        self._reports.clear()
        self._earliest = self.offset_ns = None

    def _wanted(self, earliest: int) -> int:
        if self._reports:
            sent = round(median(self._reports))
            # Every frame is a sample of the way it took; reports alone are too few to find the shortest.
            self._publisher.sample(self._track_id, self._heard_ns, earliest - sent)
            publisher = self._publisher.offset_ns()
            # Media may be late, even very late, but it cannot arrive before it is sent.
            if publisher is not None and -TRUST_NS <= earliest - sent - publisher <= LATE_NS:
                return sent + publisher
        if self.offset_ns is not None and abs(self.offset_ns - earliest) <= FOLLOW_NS:
            return self.offset_ns
        return earliest


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch, in milliseconds, in which nothing at all could be recorded."""

    start_ms: int
    end_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class Piece:
    start_ms: int
    end_ms: int
    cause: str


def holed(start_ms: int, end_ms: int, holes: Collection[Hole]) -> bool:
    """Whether a hole of at least ``LEAST_HOLE_MS`` lies in the stretch."""
    return any(min(end_ms, hole.end_ms) - max(start_ms, hole.start_ms) >= LEAST_HOLE_MS for hole in holes)


def explain(start_ms: int, end_ms: int, cause: str, holes: Collection[Hole], least_ms: int) -> list[Piece]:
    """The stretch without media, cut into pieces by cause.

    ``cause`` is the track's own ('' when it should flow): it covers all. Otherwise what ``holes`` cover has theirs and
    the rest is ``lost``. Pieces shorter than ``least_ms`` join the piece before; a stretch that is shorter is no gap,
    unless a hole is the reason.
    """
    if holed(start_ms, end_ms, holes):
        least_ms = min(least_ms, LEAST_HOLE_MS)
    if end_ms - start_ms < least_ms:
        return []
    if cause:
        return [Piece(start_ms, end_ms, cause)]
    pieces: list[Piece] = []
    at = start_ms
    for hole in sorted(holes, key=lambda h: h.start_ms):
        left, right = max(at, hole.start_ms), min(end_ms, hole.end_ms)
        if left >= right:
            continue
        if left > at:
            pieces.append(Piece(at, left, "lost"))
        pieces.append(Piece(left, right, hole.cause))
        at = right
    if at < end_ms:
        pieces.append(Piece(at, end_ms, "lost"))
    return _join_short(pieces, least_ms)


def _join_short(pieces: list[Piece], least_ms: int) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before and (piece.cause == before.cause or piece.end_ms - piece.start_ms < least_ms):
            joined[-1] = Piece(before.start_ms, piece.end_ms, before.cause)
        elif before and before.end_ms - before.start_ms < least_ms:
            joined[-1] = Piece(before.start_ms, piece.end_ms, piece.cause)
        else:
            joined.append(piece)
    return joined
