"""When to send padding to find out whether a limited line carries more. No I/O; times in milliseconds.

An estimate rises only with what is sent, and a better layer is sent only when the estimate allows it: padding breaks
the circle, without anything being lost when the line carries it not. Each probe is short, stops at the first sign of
too much, and is repeated less and less often while it fails: the voices share the line with it.
"""

from __future__ import annotations

from dataclasses import dataclass

PROBE_MS = 2_500
"""So long the whole rate must hold before it counts as proved."""
AGAIN_MS = 2_000
"""A late answer may be the browser's want of time: such a probe is broken off and repeated once, so much later."""
WAIT_MS = 5_000
MOST_WAIT_MS = 30_000
STILL_WAIT_MS, STILL_TRIES = 7_000, 2
"""While a picture stands still: with two probes it is back twelve seconds after the line. Who has tried so often
in vain has a weak line, and its voices have the more of it: then three times as long."""
LONGER = 1.5
STEP = 1.5
"""A probe raises the rate at most so many times; the next one, at once when it succeeded, goes on from there."""
BEYOND = (1.2, 1.5, 2.0)
"""An estimate above what was sent is no proof: it is trusted so far, and not much farther. After each success in a row
the next step may be larger."""
ROSE = 1.01
SANK = 0.85
"""An estimate that has become so much smaller while more was sent: the queue grows already, whatever reports say."""
LEAST_BPS = 50_000
MARGIN = 1.1
"""What was sent is measured a little short of what was meant."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a prober is shown of its line, in bits per second."""

    media_bps: float
    sent_bps: float
    """What leaves, padding included."""
    available_bps: float
    """What the line is known to carry."""
    remb_bps: float | None
    """The browser's estimate."""
    need_bps: float | None
    """The rate worth reaching; None when nothing is missing, or no limit is seen."""
    congested_ms: float
    """When the line last showed that it got too much."""
    prompt: bool = False
    """What is sent arrives at once and whole: then an estimate that does not rise is the browser's want of time."""
    late: bool = False
    """The last round trip was long; the next one tells whether that was a queue."""
    still: bool = False
    """A picture stands still for want of bandwidth."""


class Prober:
    """One per subscribing transport."""

    def __init__(self) -> None:
        self.padding_bps = 0.0
        """To send now, beside the media."""
        self._target_bps = 0.0
        self._begun_ms: float | None = None
        self._doubtful = False
        self._remb_then: float | None = None
        self._wait_ms = 0.0
        self._successes = self._failures = 0
        self._ended_ms = float("-inf")

    @property
    def active(self) -> bool:
        return self._begun_ms is not None

    def look(self, seen: Sight, now_ms: float) -> float | None:
        """Called several times a second. Returns the rate that a finished probe has proved, else None."""
        if self._begun_ms is not None:
            return self._go_on(seen, self._begun_ms, now_ms)
        calm_ms = now_ms - seen.congested_ms
        wait_ms = min(self._wait_ms, self._most_still_ms) if seen.still else self._wait_ms
        again_ms = max(wait_ms, AGAIN_MS) if self._doubtful else wait_ms
        calm = calm_ms >= max(wait_ms, WAIT_MS) and now_ms - self._ended_ms >= again_ms
        if calm and seen.need_bps is not None and seen.need_bps > seen.media_bps:
            self._begun_ms, self._remb_then = now_ms, seen.remb_bps
            # Also where a picture stands still and less than its smallest layer is no use: voices would pay for a leap.
            at_once = max(STEP * max(seen.media_bps, LEAST_BPS), self._beyond * seen.available_bps)
            self._target_bps = min(MARGIN * seen.need_bps, at_once)
            self.padding_bps = max(0.0, self._target_bps - seen.media_bps)
        return None

    def _go_on(self, seen: Sight, begun_ms: float, now_ms: float) -> float | None:
        if seen.congested_ms >= begun_ms or self._sank(seen):
            self._failed(now_ms)
        elif seen.need_bps is None:
            self._end(now_ms)
        elif seen.late:
            self._doubt(now_ms)
        elif now_ms - begun_ms < PROBE_MS:
            self.padding_bps = max(0.0, self._target_bps - seen.media_bps)
        elif self._went_well(seen):
            self._end(now_ms)
            self._wait_ms = 0.0
            self._doubtful = False
            self._successes += 1
            self._failures = 0
            # What really went out while it was quiet: padding that found no way proves nothing.
            return min(self._target_bps, seen.sent_bps)
        else:
            self._failed(now_ms)
        return None

    @property
    def _most_still_ms(self) -> int:
        return STILL_WAIT_MS if self._failures <= STILL_TRIES else 3 * STILL_WAIT_MS

    @property
    def _beyond(self) -> float:
        return BEYOND[min(self._successes, len(BEYOND) - 1)]

    def _sank(self, seen: Sight) -> bool:
        if self._remb_then is None or seen.remb_bps is None or seen.prompt:
            return False
        return seen.remb_bps < SANK * self._remb_then

    def _went_well(self, seen: Sight) -> bool:
        """The estimate rose, or had no reason to: one that was low before shows no overuse by falling again."""
        if self._remb_then is None or seen.remb_bps is None or seen.prompt:
            return True
        return seen.remb_bps > ROSE * self._remb_then or seen.remb_bps >= seen.sent_bps

    def _doubt(self, now_ms: float) -> None:
        if self._doubtful:
            self._failed(now_ms)
        else:
            self._end(now_ms)
            self._doubtful = True

    def _failed(self, now_ms: float) -> None:
        self._end(now_ms)
        self._doubtful = False
        self._successes = 0
        self._failures += 1
        self._wait_ms = min(max(LONGER * self._wait_ms, WAIT_MS), MOST_WAIT_MS)

    def _end(self, now_ms: float) -> None:
        self._begun_ms, self.padding_bps, self._ended_ms = None, 0.0, now_ms
