"""Which media worker carries a hearing. PURE.

A worker is chosen once per hearing, and again only when it dies or is drained: moving costs everyone a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BUSY = 0.7
"""Part of a processor from which a worker gets no new hearing while another has time to spare."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A worker as the choice sees it."""

    index: int
    up: bool
    draining: bool = False
    """Told to give its hearings away: it is to be maintained."""
    load: float = 0.0
    """Part of a processor in use, 0–1."""
    seats: int = 0
    """Of all hearings that were given to it, whether or not anybody has come yet."""


def choose(workers: Iterable[Carrier]) -> int | None:
    """The worker for a new hearing: one with time to spare, of those the one with the fewest seats."""
    able = [worker for worker in workers if worker.up]
    if not able:
        return None
    return min(able, key=lambda one: (one.draining, one.load >= BUSY, one.seats, one.load, one.index)).index


def must_move(index: int, workers: Sequence[Carrier]) -> bool:
    """Whether a hearing cannot stay where it is: its worker is down, or gives it away to one that can take it."""
    here = workers[index]
    if not here.up:
        return True
    return here.draining and any(worker.up and not worker.draining for worker in workers)
