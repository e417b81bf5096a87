"""How long the machine kept us from running, so that a limit on our own work holds on a busy one."""

from __future__ import annotations

import time
from pathlib import Path

SCHEDSTAT = Path("/proc/thread-self/schedstat")


def kept_waiting_s() -> float:
    """Seconds that this thread was ready to run and had no processor, since it began (Linux,
    Documentation/scheduler/sched-stats.rst: the second of three figures, in nanoseconds)."""
    return int(SCHEDSTAT.read_text().split()[1]) / 1e9


class Stopwatch:
    """Seconds that something took, without those in which the machine ran others."""

    def __init__(self) -> None:
        self._waited_s = kept_waiting_s()
        self._began_s = time.perf_counter()

    def passed_s(self) -> float:
        took_s = time.perf_counter() - self._began_s
        return max(0.0, took_s - (kept_waiting_s() - self._waited_s))
