"""Names tried at the door that no account has: locked as accounts are, or a lock would tell which names exist."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST = 10_000
"""Names remembered; the one tried longest ago goes first."""


@dataclass(slots=True)
class _Tried:
    failures: int = 0
    locked_until: datetime | None = None


class Strangers:
    """In memory, one per web process. People type passwords into the wrong field, so of a name only a digest is kept,
    made with a key that is written nowhere."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._tried: OrderedDict[bytes, _Tried] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tried)

    def locked_until(self, username: str) -> datetime | None:
        tried = self._tried.get(self._digest(username))
        return tried.locked_until if tried else None

    def count(self, username: str, now: datetime, *, attempts: int, minutes: int) -> None:
        """One more wrong password; ``attempts`` in a row lock the name for so many ``minutes``."""
        digest = self._digest(username)
        tried = self._tried.setdefault(digest, _Tried())
        self._tried.move_to_end(digest)
        tried.failures += 1
        if tried.failures >= attempts:
            tried.failures, tried.locked_until = 0, now + timedelta(minutes=minutes)
        while len(self._tried) > MOST:
            self._tried.popitem(last=False)

    def _digest(self, username: str) -> bytes:
        return hashlib.blake2b(username.strip().lower().encode(), key=self._key, digest_size=16).digest()
