"""Which layer of each video a subscriber gets: what its tile can show and its line can carry. No I/O.

Voices come first and are paid before any picture. Then every video, most important first, gets its smallest layer; then
they are raised in the same order as far as their tiles are high. What fits is kept as it is; what would be raised must
fit with room to spare and not too soon after something had to be lowered, so that nothing swings to and fro.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ROOM = 1.15
"""To be raised, a choice must fit so many times."""
BLUR = 1.25
"""A tile may be so many times higher than its picture before the next layer is worth its cost."""
KEPT = 1 / 0.85
"""The last layer is kept although it is so many times what is carried: a browser that saw too much says 85 %."""
HOLD_MS = 3_000
MOST_HOLD_MS = 30_000
"""Nothing is raised for so long after something was lowered; longer each time that a raise did not last."""
MOST_STILL_MS = 6_000
"""A picture that stands still is tried again sooner."""
STEADY_MS = 20_000
"""A raise that lasted so long was right."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One stream of a video. ``bps`` is what it costs now, or what it would cost when it is asleep."""

    height: int
    """In pixels."""
    bps: int
    live: bool = True
    """Its packets come."""
    asleep: bool = False
    """Its publisher was told that nobody needs it, and would send it again."""


@dataclass(frozen=True, slots=True)
class Video:
    key: str
    layers: Sequence[Layer]
    """Small to large; at least one."""
    tile_height: int | None = None
    """In device pixels; None: as good as the line allows."""


@dataclass(frozen=True, slots=True)
class Choice:
    forward: int | None
    """The layer to forward, None: the picture stands still because the line carries none."""
    wanted: int | None
    """The layer that would be forwarded if its publisher sent it: it is not to fall asleep."""


@dataclass(slots=True)
class Allocation:
    choices: dict[str, Choice] = field(default_factory=dict)
    bps: int = 0
    """What all of it costs, voices included."""
    next_bps: int | None = None
    """What it would cost with the next raise that is missing for want of bandwidth; None when none is."""
    patient: bool = False
    """Something was lowered not long ago: nothing will be raised now, whatever the line carries."""


class LayerChooser:
    """One per subscriber."""

    def __init__(self) -> None:
        self._current: dict[str, int | None] = {}
        self._raised_ms = float("-inf")
        self._lowered_ms = float("-inf")
        self._hold_ms = HOLD_MS

    def choose(
        self,
        videos: Sequence[Video],
        voices_bps: int,
        available_bps: float,
        now_ms: float,
        *,
        limited: bool = True,
        loses: bool = False,
    ) -> Allocation:
        """``videos`` most important first. Without evidence of a limit (``limited`` False) every picture moves, and
        only raises have a price; with losses for evidence (``loses``) nothing is kept that does not fit."""
        patient = now_ms - self._lowered_ms < self._hold_ms
        still = now_ms - self._lowered_ms < min(self._hold_ms, MOST_STILL_MS)
        spent = voices_bps
        levels: dict[str, int | None] = {}
        for video in videos:
            first = _first(video)
            cost = video.layers[first].bps
            known, before = video.key in self._current, self._current.get(video.key)
            stood = known and before is None
            fits = spent + cost <= available_bps * (1 / ROOM if stood else KEPT if known and not loses else 1)
            if (fits and not (stood and still)) or not limited:
                levels[video.key] = first
                spent += cost
            else:
                levels[video.key] = None
        for video in videos:
            spent = self._raise(video, levels, spent, available_bps, patient=patient)
        missing = self._missing(videos, levels, spent)
        self._remember(videos, levels, now_ms)
        spare = available_bps - spent if limited else float("inf")
        choices = {
            video.key: Choice(_nearest_live(video, levels[video.key], spare), levels[video.key]) for video in videos
        }
        waits = still if None in levels.values() else patient
        return Allocation(choices, spent, missing, waits)

    def _raise(
        self, video: Video, levels: dict[str, int | None], spent: int, available_bps: float, *, patient: bool
    ) -> int:
        """Take the best layer that fits; returns what is spent then."""
        level = levels[video.key]
        if level is None:
            return spent
        before = self._current.get(video.key)
        base = spent - video.layers[level].bps
        for higher in range(_ideal(video), level, -1):
            layer = video.layers[higher]
            if not _can_be_had(layer):
                continue
            kept = before is not None and higher <= before
            new = video.key not in self._current
            if base + layer.bps <= available_bps / (1 if kept else ROOM) and (kept or new or not patient):
                levels[video.key] = higher
                return base + layer.bps
        return spent

    def _missing(self, videos: Sequence[Video], levels: Mapping[str, int | None], spent: int) -> int | None:
        for video in videos:
            level = levels[video.key]
            if level is None:
                return int((spent + video.layers[_first(video)].bps) * ROOM)
            for higher in range(level + 1, _ideal(video) + 1):
                layer = video.layers[higher]
                if _can_be_had(layer):
                    return int((spent - video.layers[level].bps + layer.bps) * ROOM)
        return None

    def _remember(self, videos: Sequence[Video], levels: dict[str, int | None], now_ms: float) -> None:
        known = [video for video in videos if video.key in self._current]
        if any(_rank(levels[video.key]) > _rank(self._current[video.key]) for video in known):
            self._raised_ms = now_ms
        if any(self._lowered(video, levels[video.key]) for video in known):
            lasted = now_ms - self._raised_ms > STEADY_MS
            self._hold_ms = HOLD_MS if lasted else min(2 * self._hold_ms, MOST_HOLD_MS)
            self._lowered_ms = now_ms
        self._current = levels

    def _lowered(self, video: Video, level: int | None) -> bool:
        """For want of bandwidth: not because its tile shrank or its publisher stopped the layer."""
        before = self._current[video.key]
        if before is None or before >= len(video.layers) or not _can_be_had(video.layers[before]):
            return False
        return _rank(level) < min(before, _ideal(video))


def _rank(level: int | None) -> int:
    return -1 if level is None else level


def _can_be_had(layer: Layer) -> bool:
    return layer.live or layer.asleep


def _first(video: Video) -> int:
    """The smallest layer that can be had; when none can, the smallest that there is."""
    return next((at for at, layer in enumerate(video.layers) if _can_be_had(layer)), 0)


def _ideal(video: Video) -> int:
    """The smallest layer that fills the tile."""
    if video.tile_height is not None:
        for at, layer in enumerate(video.layers):
            if layer.height * BLUR >= video.tile_height:
                return at
    return len(video.layers) - 1


def _nearest_live(video: Video, level: int | None, spare_bps: float) -> int | None:
    """What is forwarded until a sleeping layer is there: rather a smaller one, a larger one if it can be paid."""
    if level is None or video.layers[level].live:
        return level
    smaller = [at for at in range(level) if video.layers[at].live]
    if smaller:
        return smaller[-1]
    larger = next((at for at in range(level + 1, len(video.layers)) if video.layers[at].live), None)
    if larger is None:
        return level
    return larger if video.layers[larger].bps - video.layers[level].bps <= spare_bps else None
