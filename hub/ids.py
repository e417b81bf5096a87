"""Identifiers and clocks, each in one place so that tests and restarts agree on them."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A time-ordered identifier: UUID version 7 (RFC 9562 §5.7) as 32 hexadecimal digits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return f"{value:032x}"


def is_id(text: str) -> bool:
    """Whether it has the form of ``new_id``: forms that browsers keep send one back."""
    return _ID.fullmatch(text) is not None


def utc_now() -> datetime:
    """The present instant, always with its zone."""
    return datetime.now(UTC)


def monotonic_ns() -> int:
    """CLOCK_MONOTONIC in nanoseconds; on Linux one value for all processes of the machine since boot."""
    return time.monotonic_ns()
