"""What a soak has shown: for each series how much it grows an hour, how sure that is, whether it is a leak. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WARM_UP = 0.25
"""The share of the run that is left out: caches fill and tables grow to their size at the beginning."""
SURE = 2.0
"""Standard errors that a slope must be away from what is allowed."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Per hour, with the standard error of a straight line through the samples."""

    per_hour: float
    error: float
    mean: float

    def verdict(self, allowed: float) -> str:
        """``allowed`` is a growth per hour that nobody would mind."""
        if self.per_hour - SURE * self.error > allowed:
            return "grows"
        if self.per_hour + SURE * self.error < allowed:
            return "steady"
        return "cannot tell"


def slope(samples: Sequence[tuple[float, float]]) -> Slope:
    """``samples``: seconds and values, at least three after the warm-up."""
    first, last = samples[0][0], samples[-1][0]
    kept = [(at / 3600, value) for at, value in samples if at >= first + WARM_UP * (last - first)]
    count = len(kept)
    mean_at, mean = sum(at for at, _ in kept) / count, sum(value for _, value in kept) / count
    spread = sum((at - mean_at) ** 2 for at, _ in kept)
    if count < 3 or spread == 0:
        return Slope(0.0, math.inf, mean)
    per_hour = sum((at - mean_at) * (value - mean) for at, value in kept) / spread
    rest = sum((value - mean - per_hour * (at - mean_at)) ** 2 for at, value in kept)
    return Slope(per_hour, math.sqrt(rest / (count - 2) / spread), mean)
