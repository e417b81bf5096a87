"""The sound of a point: a beep at each whole second, then its tone in syllables, then a pause; and their detectors.

The tone comes and goes like speech because browsers suppress steady tones as noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.support.points import LOOP_S, POINTS, SAMPLES_PER_S, Point

Sound = NDArray[np.float32]
"""Mono samples in ±1."""

BEEP_S = 0.08
TONE_S = (0.12, 0.80)
SYLLABLES_PER_S = 5


def make(point: Point, seconds: int = LOOP_S) -> Sound:
    time = np.arange(SAMPLES_PER_S) / SAMPLES_PER_S
    beep = 0.5 * np.sin(2 * np.pi * point.beep_hz * time) * (time < BEEP_S)
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * SYLLABLES_PER_S * (time - TONE_S[0]))
    tone = 0.3 * np.sin(2 * np.pi * point.tone_hz * time) * syllables * ((time >= TONE_S[0]) & (time < TONE_S[1]))
    return np.tile((beep + tone).astype(np.float32), seconds)


def power(sound: Sound, frequency_hz: float, samples_per_s: int = SAMPLES_PER_S) -> float:
    """Goertzel: the mean power of one frequency; a full-scale sine there has 0.5."""
    if len(sound) == 0:
        return 0.0
    turn = np.exp(-2j * np.pi * frequency_hz / samples_per_s * np.arange(len(sound)))
    # The window keeps a loud neighbour from leaking in through the edges.
    window = np.hanning(len(sound)) * 2
    return float(2 * abs((sound * window) @ turn / len(sound)) ** 2)


def loudest_tone(sound: Sound, points: Sequence[Point] = POINTS, samples_per_s: int = SAMPLES_PER_S) -> Point | None:
    """Whose tone a piece of at least 0.2 s holds; None when none stands out from the others tenfold or all is quiet."""
    powers = sorted(((power(sound, p.tone_hz, samples_per_s), p.code, p) for p in points), reverse=True)
    best, second = powers[0], powers[1]
    return best[2] if best[0] > 1e-6 and best[0] > 10 * second[0] else None


def tones_heard(sound: Sound, piece_s: float = 0.4) -> set[Point]:
    """Everyone whose tone is the loudest in some piece."""
    size = int(piece_s * SAMPLES_PER_S)
    pieces = (sound[at : at + size] for at in range(0, len(sound) - size + 1, size))
    return {point for piece in pieces if (point := loudest_tone(piece)) is not None}


def beeps(sound: Sound, point: Point) -> list[float]:
    """When the point's beeps begin, in seconds from the first sample, to about 3 ms."""
    window = SAMPLES_PER_S // 200
    turn = np.exp(-2j * np.pi * point.beep_hz / SAMPLES_PER_S * np.arange(len(sound)))
    total = np.concatenate([[0], np.cumsum(sound * turn)])
    envelope = np.abs(total[window:] - total[:-window]) / window
    if not len(envelope) or envelope.max() < 0.005:
        return []
    # The usual beep sets the level, so that one loud click does not hide the others.
    seconds = max(1, len(envelope) // SAMPLES_PER_S)
    level = float(np.median([piece.max() for piece in np.array_split(envelope, seconds)])) or float(envelope.max())
    loud = envelope > 0.5 * level
    rises = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    found: list[float] = []
    for rise in rises:
        at = (rise + window / 2) / SAMPLES_PER_S
        # Loud for half a beep's length on average, and not the same beep again after a dip.
        rest = loud[rise : rise + int(BEEP_S * SAMPLES_PER_S)]
        if rest.mean() > 0.5 and (not found or at - found[-1] > 0.3):
            found.append(at)
    return found
