"""How far sound and picture of a point are apart, from its frame counters and beeps."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterable, Sequence

from tests.support.points import FRAMES_PER_S


class NotMeasurable(AssertionError):
    """Too few frames or beeps, or they contradict each other: then there is no honest number."""


def offset_s(frames: Sequence[tuple[float, int]], beep_times: Iterable[float]) -> float:
    """Seconds by which the picture comes after the sound (negative: before), from −0.5 to 0.5.

    ``frames`` are (time shown, counter). A frame's counter says when in its second it was drawn, so each frame, not
    only a flash, tells the picture's phase; each beep begins at a whole second and tells the sound's.
    """
    picture = _phase([(at - counter / FRAMES_PER_S) for at, counter in frames], least=FRAMES_PER_S, what="frames")
    sound = _phase(list(beep_times), least=2, what="beeps")
    return _wrap(picture - sound)


def shift_s(
    recorded_frames: Sequence[tuple[float, int]],
    recorded_beeps: Sequence[float],
    sent_frames: Sequence[tuple[float, int]],
    sent_beeps: Sequence[float],
) -> float:
    """Seconds by which a recording moved the picture against the sound; negative when the picture comes too early.

    Times of both sides are on clocks that agree to a few seconds. A frame is recognised by its counter, a beep by its
    moment, so the source's own skew, and its drift, cancel out; a whole second of beeps cannot be told from none.
    """
    by_counter: dict[int, list[float]] = {}
    for at, counter in recorded_frames:
        by_counter.setdefault(counter, []).append(at)
    pictures = [
        at - sent_at for sent_at, counter in sent_frames for at in by_counter.get(counter, []) if abs(at - sent_at) < 10
    ]
    if len(pictures) < FRAMES_PER_S:
        raise NotMeasurable(f"only {len(pictures)} frames are in both the recording and what was sent")
    picture = statistics.median(pictures)
    sounds = [
        _wrap(at - sent_at - picture) for sent_at in sent_beeps for at in recorded_beeps if abs(at - sent_at) < 10
    ]
    if len(sounds) < 2:
        raise NotMeasurable(f"only {len(sounds)} beeps are in both the recording and what was sent")
    return -statistics.median(sounds)


def flash_times(frames: Sequence[tuple[float, bool]]) -> list[float]:
    """When flashes begin, from (time, whether it flashes) of each frame; one already under way is skipped."""
    return [at for (_, before), (at, now) in itertools.pairwise(frames) if now and not before]


def _wrap(seconds: float) -> float:
    return (seconds + 0.5) % 1 - 0.5


def _phase(times: Sequence[float], *, least: int, what: str) -> float:
    """The common fraction of a second of all times; half of them must agree to 50 ms."""
    if len(times) < least:
        raise NotMeasurable(f"only {len(times)} {what}, at least {least} are needed")
    x = sum(math.cos(2 * math.pi * t) for t in times)
    y = sum(math.sin(2 * math.pi * t) for t in times)
    centre = math.atan2(y, x) / (2 * math.pi)
    deviations = sorted(_wrap(t - centre) for t in times)
    median = deviations[len(deviations) // 2]
    near = sum(abs(d - median) < 0.05 for d in deviations)
    if near * 2 < len(times):
        raise NotMeasurable(f"{what} are in no common rhythm")
    return centre + median
