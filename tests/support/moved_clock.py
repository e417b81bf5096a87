"""The hub's clock moved for a whole run of tests: ``TESTS_CLOCK=2028-02-29T09:00+07:00 .venv/bin/pytest …``

The clock goes on from that instant. Only what asks ``hub.ids`` in the test's own process is moved: programs started by
a test, browsers, PostgreSQL and files' times keep the machine's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hub import ids

VARIABLE = "TESTS_CLOCK"
EVENING = timedelta(hours=2)
"""Longer than a run of tests."""


def move(instant: datetime) -> None:
    """From now on ``hub.ids`` tells ``instant`` and what passes after it, wherever it was imported."""
    ahead = instant - datetime.now(UTC)
    ahead_ns = ahead // timedelta(microseconds=1) * 1000
    moved_datetime = SimpleNamespace(now=lambda zone: datetime.now(zone) + ahead)
    moved_time = SimpleNamespace(time_ns=lambda: time.time_ns() + ahead_ns, monotonic_ns=time.monotonic_ns)
    vars(ids).update(datetime=moved_datetime, time=moved_time)


@contextmanager
def back_in_the_evening() -> Iterator[None]:
    """Two hours earlier meanwhile: where midnight has come in mid-run, it is late on the day before. New identifiers go
    on, so that they stay in order."""
    before = ids.datetime
    vars(ids)["datetime"] = SimpleNamespace(now=lambda zone: before.now(zone) - EVENING)
    try:
        yield
    finally:
        vars(ids)["datetime"] = before


def move_as_asked() -> None:
    """By the environment; nothing without it."""
    if asked := os.environ.get(VARIABLE):
        instant = datetime.fromisoformat(asked)
        if instant.tzinfo is None:
            raise ValueError(f"{VARIABLE}={asked} has no zone, as in 2028-02-29T09:00+07:00")
        move(instant)
