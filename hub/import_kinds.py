"""What can be imported from a table."""

from __future__ import annotations

from enum import StrEnum


class ImportKind(StrEnum):
    UNITS = "units"
    POINTS = "points"
    ACCOUNTS = "accounts"
