"""Wrong tokens at the standard doors, counted by address: guessing is hopeless, but it must not cost us anything."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW_S = 60.0
MOST_WRONG = 20
"""Wrong tokens from one address in a window; a whole office may share it, so right tokens go on working."""
MOST_ADDRESSES = 10_000


class Knocks:
    """In memory, one per web process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def wait_s(self, address: str, digest: bytes) -> int:
        """Seconds for which this token from that address is not even looked up; 0: look it up."""
        began, count = self._wrong.get(address, (0.0, 0))
        left = began + WINDOW_S - self._clock()
        if count < MOST_WRONG or left <= 0 or digest in self._right:
            return 0
        return int(left) + 1

    def wrong(self, address: str) -> None:
        now = self._clock()
        began, count = self._wrong.get(address, (now, 0))
        if now - began > WINDOW_S:
            began, count = now, 0
        self._wrong[address] = began, count + 1
        self._wrong.move_to_end(address)
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)

    def right(self, digest: bytes) -> None:
        self._right[digest] = None
        self._right.move_to_end(digest)
        while len(self._right) > MOST_ADDRESSES:
            self._right.popitem(last=False)
