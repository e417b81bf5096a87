"""Paging by where one is instead of by how many were passed: rows that come meanwhile shift nothing. Pure.

A list's address carries the cursors of the pages passed, ``a.b.c``: the last is where this page begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PAGES_MAX = 200
"""Nobody turns more pages than that; beyond it a list wants narrowing."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?[0-9a-f]{1,16})_([0-9a-z]{1,64})(?:_([0-9]))?")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row shown: its instant, and what tells it from others of that instant. ``stage``: which part of a list
    that is made of several."""

    at: datetime
    key: str
    stage: int = 0

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return f"{microseconds:x}_{self.key}" + (f"_{self.stage}" if self.stage else "")


@dataclass(frozen=True, slots=True)
class Trail:
    """The cursors of the pages passed, oldest first; none: the first page."""

    cursors: tuple[Cursor, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Trail:
        """Nonsense is the first page."""
        found = [_CURSOR.fullmatch(part) for part in text.split(".")] if text else []
        try:
            cursors = [
                Cursor(_EPOCH + timedelta(microseconds=int(one[1], 16)), one[2], int(one[3] or 0))
                for one in found
                if one is not None
            ]
        except OverflowError:
            return cls()
        return cls(tuple(cursors)) if len(cursors) == len(found) <= PAGES_MAX else cls()

    @property
    def here(self) -> Cursor | None:
        return self.cursors[-1] if self.cursors else None

    @property
    def page(self) -> int:
        """Counted from 0."""
        return len(self.cursors)

    def then(self, last: Cursor | None) -> str | None:
        """The address of the page after the row ``last``; None when there is none or one has gone far enough."""
        return None if last is None or self.page >= PAGES_MAX else ".".join(map(str, (*self.cursors, last)))

    def before(self) -> str | None:
        """The address of the page before; empty: the first. None on the first."""
        return ".".join(map(str, self.cursors[:-1])) if self.cursors else None
