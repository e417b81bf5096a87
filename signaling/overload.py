"""What is given up before anything is lost: a worker that is short of time sends smaller and fewer pictures. PURE.

Sound, the recording and the one who has the floor are never touched. Limits come quickly, a step at a time so that
each can show its effect, and go slowly: a worker that has just been relieved is not yet one with time to spare.
"""

from __future__ import annotations

from dataclasses import dataclass

from signaling.selection import Limits

STEPS = ((360, 1.0), (180, 0.75), (180, 0.5), (180, 0.25))
"""By level: most height in pixels of what is not large on the stage, and the part of the usual number of pictures."""
HIGHEST = len(STEPS)
FEWEST = 2
"""Who has the floor and who chairs."""

BUSY, IDLE = 0.85, 0.6
"""Part of a processor: above, a worker is short of time; below, it may carry more again."""
BACKLOG = 20_000
"""Packets that wait for the recorder: its worker is short of time to hand them over."""
RAISE_EVERY_S = 4.0
LOWER_AFTER_S = 15.0
LONGEST_LOWER_S = 240.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How a worker was over the last seconds."""

    load: float
    """Part of a processor, 0–1."""
    dropped: int = 0
    """Packets that the kernel did not take, since it began."""
    backlog: int = 0
    """Packets waiting for the recorder."""


def limits(level: int, most: int) -> Limits:
    """``most``: pictures that a browser is sent when nothing is limited."""
    if level <= 0:
        return Limits(most)
    height, part = STEPS[min(level, HIGHEST) - 1]
    return Limits(min(most, max(FEWEST, round(most * part))), height)


class Governor:
    """Follows one worker; ``level`` is what holds now."""

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self._dropped: int | None = None
        self._raised_s = self._lowered_s = float("-inf")
        self._calm_since_s: float | None = None
        self._lower_after_s = LOWER_AFTER_S

    def observe(self, sample: Sample, now_s: float) -> int:
        """The level after another measurement at ``now_s`` of a monotonic clock."""
        losing = self._dropped is not None and sample.dropped > self._dropped
        self._dropped = sample.dropped
        if losing or sample.load >= BUSY or sample.backlog >= BACKLOG:
            self._calm_since_s = None
            self._raise(now_s)
        elif sample.load > IDLE:
            self._calm_since_s = None
        else:
            self._lower(now_s)
        return self.level

    def _raise(self, now_s: float) -> None:
        if self.level >= HIGHEST or now_s - self._raised_s < RAISE_EVERY_S:
            return
        if now_s - self._lowered_s < self._lower_after_s:  # what was given back was too much: wait longer next time
            self._lower_after_s = min(LONGEST_LOWER_S, self._lower_after_s * 2)
        self.level += 1
        self._raised_s = now_s

    def _lower(self, now_s: float) -> None:
        if self._calm_since_s is None:
            self._calm_since_s = now_s
        if self.level == 0:
            if now_s - self._lowered_s > 2 * LONGEST_LOWER_S:
                self._lower_after_s = LOWER_AFTER_S
        elif now_s - self._calm_since_s >= self._lower_after_s:
            self.level -= 1
            self._lowered_s = self._calm_since_s = now_s
