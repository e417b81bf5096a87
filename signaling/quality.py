"""How good a seat's line is, 0 (bad) to 4 (good), from what the worker measured and what the browser says. PURE."""

from __future__ import annotations

from signaling.media.control import PeerStats

# (largest loss as a fraction, longest round trip in ms) for 4, 3, 2, 1: ITU-T G.114 calls 150 ms one way good and
# 400 ms the limit; Opus and VP8 with retransmission stay clear up to a few per cent of loss.
_STEPS = ((0.01, 200.0), (0.03, 350.0), (0.08, 600.0), (0.20, 1200.0))


def from_stats(stats: PeerStats) -> int:
    loss = max(stats.publish_loss, stats.subscribe_loss)
    for score, (most_loss, longest_ms) in zip((4, 3, 2, 1), _STEPS, strict=True):
        if loss <= most_loss and (stats.round_trip_ms is None or stats.round_trip_ms <= longest_ms):
            return score
    return 0


def combined(measured: int | None, told: int | None) -> int | None:
    """The worse of both; whoever suffers knows best."""
    known = [score for score in (measured, told) if score is not None]
    return min(known) if known else None
