"""What the worker measured and what the browser says, put together as one seat's figures and one score. PURE."""

from __future__ import annotations

from hub.lines import Figures, Seen, score
from signaling.media.control import PeerStats


def figures(stats: PeerStats | None, seen: Seen | None, *, gone: bool) -> Figures:
    """``gone``: its transport is silent."""
    if stats is None:
        return Figures(gone=gone, seen=seen)
    return Figures(
        up=stats.up,
        down=stats.down,
        sources=stats.sources,
        estimate_bps=stats.estimate_bps,
        microphone_silent=stats.microphone_silent,
        gone=gone,
        seen=seen,
    )


def combined(measured: Figures | None, told: int | None) -> int | None:
    """What was measured; the browser's own mark where nothing was. Its mark also falls when others' lines are bad."""
    points = score(measured) if measured is not None else None
    return told if points is None else points
