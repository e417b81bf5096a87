"""Whose pictures a browser is sent, the most important first, and how large it shows them. PURE.

Sound is not chosen here: everybody is listed, and the worker forwards the loudest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from signaling.state import Hearing

MOST_TILES = 64
"""More no page shows."""
MOST_HEIGHT = 4320
EVERYONE_SEES = 9
"""Up to so many others, everybody is sent everybody without asking."""

Picture = tuple[str, str]
"""(seat, ``camera`` or ``screen``)"""


@dataclass(frozen=True, slots=True)
class View:
    """What a page said it shows: pictures with their heights in device pixels, in its order, and the seats pinned."""

    heights: Mapping[Picture, int]
    pinned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What the media plane can give now; ``signaling.overload`` lowers it before anything is lost."""

    pictures: int = 16
    """Most pictures that a browser is sent (last-N)."""
    height: int | None = None
    """Most device pixels for what is not large on the stage; None: as the tile is."""


@dataclass(frozen=True, slots=True)
class Reception:
    """All that a peer is to receive."""

    seats: frozenset[str]
    """Whose sound."""
    pictures: tuple[Picture, ...]
    heights: Mapping[Picture, int] = field(default_factory=dict)


NOTHING_RECEIVED = Reception(frozenset(), ())


class Selection:
    """Made once per change of the hearing, asked for every browser."""

    def __init__(self, hearing: Hearing, senders: Sequence[str], limits: Limits) -> None:
        """``senders``: the seats that may send pictures, in the booking's order."""
        self._limits = limits
        self._everyone = frozenset(senders)
        screens = [(seat.seat_id, "screen") for seat in hearing.seats if seat.screen and seat.seat_id in self._everyone]
        self._stage = [*screens, *((one, "camera") for one in (hearing.floor, hearing.chair) if one is not None)]
        self._large = frozenset([*screens, *([(hearing.floor, "camera")] if hearing.floor is not None else [])])
        self._rest = [(seat_id, "camera") for seat_id in senders]
        self._small = len(senders) <= EVERYONE_SEES + 1

    def reception(self, seat_id: str, view: View | None) -> Reception:
        """``view`` None: the page has not said what it shows, or is none of ours."""
        chosen = tuple(self._chosen(seat_id, view))
        heights: dict[Picture, int] = {}
        if view is not None:
            heights = {one: self._height(one, view.heights[one]) for one in chosen if one in view.heights}
        if self._limits.height is not None:
            for one in chosen:
                if one not in heights and one not in self._large:
                    heights[one] = self._limits.height
        return Reception(self._everyone - {seat_id}, chosen, heights)

    def _chosen(self, seat_id: str, view: View | None) -> Iterator[Picture]:
        left = self._limits.pictures
        seen: set[Picture] = set()
        for one in self._wanted(view):
            if left <= 0:
                return
            if one[0] != seat_id and one not in seen and one[0] in self._everyone:
                seen.add(one)
                left -= 1
                yield one

    def _wanted(self, view: View | None) -> Iterable[Picture]:
        yield from self._stage
        if view is not None:
            for pinned in view.pinned:
                yield pinned, "camera"
            yield from view.heights
        if view is None or self._small:
            yield from self._rest

    def _height(self, picture: Picture, shown: int) -> int:
        if self._limits.height is None or picture in self._large:
            return shown
        return min(shown, self._limits.height)
