"""Where hearings stand in a week or a day by hours: side by side in lanes where they overlap. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SEEN_MINUTES = 30
"""What a short hearing needs to be read; two that would cover each other on screen stand side by side."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One of ``lanes`` side by side, the first is 0; ``group``: those that overlap, each with the next at least."""

    lane: int
    lanes: int
    group: int


def lanes(spans: Sequence[tuple[int, int]]) -> list[Lane]:
    """The lane of each span of minutes (first, end), given in the order in which they begin."""
    taken: list[tuple[int, int]] = []  # group and lane of each
    ends: list[int] = []  # of the present group's lanes
    widths: list[int] = []  # of each group
    for first, end in spans:
        if all(first >= one for one in ends):
            ends = []
            widths.append(0)
        free = next((number for number, one in enumerate(ends) if first >= one), len(ends))
        ends[free : free + 1] = [max(end, first + SEEN_MINUTES)]
        widths[-1] = len(ends)
        taken.append((len(widths) - 1, free))
    return [Lane(lane, widths[group], group) for group, lane in taken]
