"""A seat's line: its figures, what they earn from 0 to 4, and what is wrong with it as a cause that people can act on.

*Up* is what the seat sends, *down* what it receives. What the media worker measured comes first; what the browser says
of itself is shown beside it and decides nothing but how the line is shown. PURE.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

GOOD = 4
"""The best score; 0 is the worst."""

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Milliseconds = Annotated[float, Meta(ge=0, le=600_000)]
Rate = Annotated[int, Meta(ge=0, le=100_000_000_000)]
Lines = Annotated[int, Meta(ge=0, le=16_384)]
Frames = Annotated[float, Meta(ge=0, le=1_000)]


class Direction(StrEnum):
    UP = "up"
    """What the seat sends."""
    DOWN = "down"
    """What it receives."""


class Limit(StrEnum):
    """Why a browser sends a worse picture than it was asked for (``qualityLimitationReason``)."""

    NONE = "none"
    COMPUTER = "cpu"
    NETWORK = "bandwidth"
    OTHER = "other"


class Path(StrEnum):
    """How a browser's packets reach the hub, as its ICE candidate says."""

    UNKNOWN = ""
    UDP = "udp"
    TCP = "tcp"
    RELAY = "relay"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One direction over the last interval, measured by the worker."""

    bps: int
    """Bits per second."""
    loss: float
    """Fraction 0–1 of the packets that never came by themselves."""
    jitter_ms: float
    round_trip_ms: float | None
    """None until measured."""
    height: int | None
    """Lines of the largest picture that passes; None: no picture."""
    nacks: int
    """Packets that had to be asked for again."""
    keyframe_requests: int


class SourceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One track that the seat sends."""

    source: str
    bps: int
    loss: float
    jitter_ms: float
    height: int | None
    layer: str
    """The best simulcast layer that comes (its rid), '' without simulcast."""
    stalled: bool
    """Nothing comes although it should."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser says of its own line since it last said so. Never to be trusted for more than showing it."""

    freezes: Count = 0
    """Pictures that stood still (W3C ``freezeCount``)."""
    frozen: Share = 0.0
    """Of the time, for the worst picture."""
    fps: Frames | None = None
    """Pictures a second of the liveliest picture shown."""
    height: Lines | None = None
    """Of the largest picture shown."""
    concealed: Share = 0.0
    """Share of the sound that had to be made up because packets were missing."""
    jitter_buffer_ms: Milliseconds | None = None
    limited: Limit = Limit.NONE
    sent_fps: Frames | None = None
    sent_height: Lines | None = None
    available_bps: Rate | None = None
    """What the browser thinks it could send."""
    round_trip_ms: Milliseconds | None = None
    via: Path = Path.UNKNOWN


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one seat's line now."""

    up: Way | None = None
    """None: it sends nothing."""
    down: Way | None = None
    sources: list[SourceFigures] = []
    estimate_bps: int | None = None
    """What the line carries to the seat, while that is less than its pictures would need; else None."""
    microphone_silent: bool = False
    """Its microphone is on and sends digital silence."""
    gone: bool = False
    """No packet and no sign of life."""
    seen: Seen | None = None


class Cause(StrEnum):
    """What is wrong, the gravest first."""

    GONE = "gone"
    MICROPHONE_SILENT = "microphone_silent"
    LOSS_UP = "loss_up"
    LOSS_DOWN = "loss_down"
    DELAY = "delay"
    STALLED = "stalled"
    SOUND_GAPS = "sound_gaps"
    NARROW_UP = "narrow_up"
    NARROW_DOWN = "narrow_down"
    FREEZES = "freezes"
    JITTER = "jitter"
    COMPUTER = "computer"


class Trouble(msgspec.Struct, frozen=True):
    """``amount`` is in the cause's own unit: per cent, milliseconds or kbit/s; 0 where there is nothing to count."""

    cause: Cause
    amount: int = 0


# (largest loss as a fraction, longest round trip in ms) for 4, 3, 2, 1: ITU-T G.114 calls 150 ms one way good and
# 400 ms the limit; Opus and VP8 with retransmission stay clear up to a few per cent of loss.
_STEPS = ((0.01, 200.0), (0.03, 350.0), (0.08, 600.0), (0.20, 1200.0))
# (largest share of sound made up, of time in which the worst picture stood) for 4, 3, 2, 1.
_SEEN_STEPS = ((0.02, 0.05), (0.05, 0.15), (0.15, 0.35), (0.35, 0.7))

BAD_LOSS = 0.03
BAD_ROUND_TRIP_MS = 500.0
BAD_JITTER_MS = 60.0
BAD_CONCEALED = 0.05
BAD_FROZEN = 0.2
NARROW_BPS = 250_000
"""A talking head at 360 lines needs about this much."""
NARROW_DOWN_BPS = 400_000
"""Below this the pictures of even a small hearing are poor, or stand still."""


def score(figures: Figures) -> int | None:
    """0 (bad) to 4 (good); None when nothing is known."""
    if figures.gone:
        return 0
    ways = [way for way in (figures.up, figures.down) if way is not None]
    if not ways and figures.seen is None:
        return None
    return min(_measured(ways), _seen(figures.seen) if _own(figures) else GOOD)


def _own(figures: Figures) -> bool:
    """Whether what its browser suffers may be its own line's doing: one bad publisher is heard in pieces by all."""
    down = figures.down
    if down is None:
        return True
    slow = (down.round_trip_ms or 0.0) > _STEPS[1][1]
    return down.loss > _STEPS[0][0] or down.jitter_ms > BAD_JITTER_MS or slow or figures.estimate_bps is not None


def _measured(ways: list[Way]) -> int:
    loss = max((way.loss for way in ways), default=0.0)
    round_trip_ms = max((way.round_trip_ms or 0.0 for way in ways), default=0.0)
    return _step(_STEPS, loss, round_trip_ms)


def _seen(seen: Seen | None) -> int:
    # A browser's word alone never says that a line is gone.
    return GOOD if seen is None else max(1, _step(_SEEN_STEPS, seen.concealed, seen.frozen))


def _step(steps: tuple[tuple[float, float], ...], first: float, second: float) -> int:
    for points, (most, longest) in zip((4, 3, 2, 1), steps, strict=True):
        if first <= most and second <= longest:
            return points
    return 0


def diagnose(figures: Figures) -> list[Trouble]:
    """What is wrong now, the gravest first; empty when the line is fit for a hearing."""
    if figures.gone:
        return [Trouble(Cause.GONE)]
    found = [*_up(figures), *_down(figures), *_delay(figures)]
    order = list(Cause)
    return sorted(found, key=lambda trouble: order.index(trouble.cause))


def _up(figures: Figures) -> list[Trouble]:
    found, way, seen = [], figures.up, figures.seen
    if figures.microphone_silent:
        found.append(Trouble(Cause.MICROPHONE_SILENT))
    if way is None:
        return found
    if way.loss > BAD_LOSS:
        found.append(Trouble(Cause.LOSS_UP, _percent(way.loss)))
    if way.jitter_ms > BAD_JITTER_MS:
        found.append(Trouble(Cause.JITTER, _tens(way.jitter_ms)))
    if any(one.stalled for one in figures.sources):
        found.append(Trouble(Cause.STALLED))
    if seen is not None and seen.limited is Limit.NETWORK and seen.available_bps is not None:
        narrow = seen.available_bps < NARROW_BPS
        found += [Trouble(Cause.NARROW_UP, _tens(seen.available_bps / 1000))] if narrow else []
    if seen is not None and seen.limited is Limit.COMPUTER:
        found.append(Trouble(Cause.COMPUTER))
    return found


def _down(figures: Figures) -> list[Trouble]:
    found, way, seen = [], figures.down, figures.seen
    if way is not None and way.loss > BAD_LOSS:
        found.append(Trouble(Cause.LOSS_DOWN, _percent(way.loss)))
    if figures.estimate_bps is not None and figures.estimate_bps < NARROW_DOWN_BPS:
        found.append(Trouble(Cause.NARROW_DOWN, _tens(figures.estimate_bps / 1000)))
    if not _own(figures):
        return found
    if seen is not None and seen.concealed > BAD_CONCEALED:
        found.append(Trouble(Cause.SOUND_GAPS, _percent(seen.concealed)))
    if seen is not None and seen.frozen > BAD_FROZEN:
        found.append(Trouble(Cause.FREEZES, _percent(seen.frozen)))
    return found


def _delay(figures: Figures) -> list[Trouble]:
    ways = [way.round_trip_ms or 0.0 for way in (figures.up, figures.down) if way is not None]
    worst = max(ways, default=0.0)
    return [Trouble(Cause.DELAY, _tens(worst))] if worst > BAD_ROUND_TRIP_MS else []


def _percent(share: float) -> int:
    return max(1, round(share * 100))


def _tens(number: float) -> int:
    """Rounded, so that what people read does not flicker."""
    return round(number / 10) * 10
