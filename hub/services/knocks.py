"""Wrong tokens at the standard doors, counted by address: guessing is hopeless, but it must not cost us anything.

And how often a right one may begin: a device that fails and tries again at once must not keep others from their turn.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW_S = 60.0
MOST_WRONG = 20
"""Wrong tokens from one address in a window; a whole office may share it, so right tokens go on working."""
MOST_ADDRESSES = 10_000
BEGIN_EVERY_S, BEGIN_AT_ONCE = 3.0, 10
"""Connections of one token, ICE restarts included: each is rows, an entry in the trail and work for a media worker."""


class Knocks:
    """In memory, one per web process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._begun: OrderedDict[str, float] = OrderedDict()
        """Token to when it has its whole share again."""

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

    def begin_wait_s(self, token_id: str) -> int:
        """Seconds until this token may begin another connection; 0: now, and that is counted."""
        now = self._clock()
        whole_at = max(now, self._begun.get(token_id, now)) + BEGIN_EVERY_S
        left = whole_at - now - BEGIN_EVERY_S * BEGIN_AT_ONCE
        if left > 0:
            return int(left) + 1
        self._begun[token_id] = whole_at
        self._begun.move_to_end(token_id)
        while len(self._begun) > MOST_ADDRESSES:
            self._begun.popitem(last=False)
        return 0
