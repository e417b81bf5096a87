"""One clock per hearing: the recording's, so that every event's instant is also its place beside the pictures.

While a hearing is open, ``now`` is its opening plus what CLOCK_MONOTONIC has counted since, so a correction of the
wall clock does not move chapters against the media. After a reboot, when that count began anew, the wall clock serves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.ids import monotonic_ns, utc_now
from signaling.state import Hearing

REBOOT_APART = timedelta(minutes=10)
"""A monotonic clock this far behind the wall clock has not counted from this boot."""


@dataclass(frozen=True, slots=True)
class Clock:
    utc_now: Callable[[], datetime] = utc_now
    monotonic_ns: Callable[[], int] = monotonic_ns

    def elapsed(self, hearing: Hearing) -> timedelta | None:
        """How long the recording has run; None before the opening. After the end: its whole length."""
        if hearing.opened_at is None or hearing.epoch_ns is None:
            return None
        if hearing.closed_at is not None:
            return hearing.closed_at - hearing.opened_at
        wall = self.utc_now() - hearing.opened_at
        counted = timedelta(microseconds=(self.monotonic_ns() - hearing.epoch_ns) // 1000)
        rebooted = counted < timedelta(0) or wall - counted > REBOOT_APART
        return max(timedelta(0), wall) if rebooted else counted

    def elapsed_ms(self, hearing: Hearing) -> int | None:
        elapsed = self.elapsed(hearing)
        return None if elapsed is None else elapsed // timedelta(milliseconds=1)

    def now(self, hearing: Hearing) -> datetime:
        elapsed = self.elapsed(hearing)
        if elapsed is None or hearing.closed_at is not None or hearing.opened_at is None:
            return self.utc_now()
        return hearing.opened_at + elapsed
