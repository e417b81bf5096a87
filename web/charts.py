"""Figures over time as the points of plain SVG, made on the server. PURE: positions only, no markup, no words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Values = Sequence[float | None]
MINUTE = timedelta(minutes=1)
MOST_TICKS = 8
_NICE_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240)


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    """Position along the axis."""
    value: float | datetime


@dataclass(frozen=True, slots=True)
class Chart:
    """Within ``width`` × ``height``; y grows downwards, as SVG's does."""

    width: int
    height: int
    top: float
    """The value at the upper edge."""
    lines: tuple[str, ...]
    """``points`` of polylines: a gap in the values parts them."""
    dots: tuple[tuple[float, float], ...] = ()
    """Values that stand alone and would be no line."""


def minutes(found: Iterable[tuple[datetime, float | None]], first: datetime, last: datetime) -> list[float | None]:
    """One value for each minute from ``first`` to ``last``; None where there is none."""
    known = dict(found)
    count = int((last - first) / MINUTE) + 1
    return [known.get(first + index * MINUTE) for index in range(count)]


def thinned(values: Values, most: int, choose: Callable[[list[float]], float] = max) -> list[float | None]:
    """At most ``most`` values, each ``choose``n from its neighbours: a bad minute must not vanish."""
    if len(values) <= most:
        return list(values)
    step = math.ceil(len(values) / most)
    groups = ([one for one in values[at : at + step] if one is not None] for at in range(0, len(values), step))
    return [choose(group) if group else None for group in groups]


def chart(values: Values, *, width: int, height: int, least_top: float) -> Chart:
    """The upper edge is the greatest value, and at least ``least_top``."""
    top = max([least_top, *(one for one in values if one is not None)])
    step = width / max(1, len(values) - 1)
    lines: list[str] = []
    dots: list[tuple[float, float]] = []
    run: list[tuple[float, float]] = []
    for index, value in enumerate([*values, None]):
        if value is not None:
            run.append((round(index * step, 1), round(height - height * value / top, 1)))
        elif run:
            if len(run) == 1:
                dots.append(run[0])
            else:
                lines.append(" ".join(f"{x:g},{y:g}" for x, y in run))
            run = []
    return Chart(width, height, top, tuple(lines), tuple(dots))


def time_ticks(first: datetime, last: datetime, width: int) -> list[Tick]:
    """Round minutes along the axis, few enough to be read."""
    count = int((last - first) / MINUTE)
    every = next((nice for nice in _NICE_MINUTES if count / nice <= MOST_TICKS), _NICE_MINUTES[-1])
    step = width / max(1, count)
    begin = -(first.hour * 60 + first.minute) % every
    return [Tick(round(at * step, 1), first + at * MINUTE) for at in range(begin, count + 1, every)]


def value_ticks(one: Chart) -> list[Tick]:
    """Nought, the half and the top."""
    return [Tick(one.height * (1 - part), one.top * part) for part in (0.0, 0.5, 1.0)]
