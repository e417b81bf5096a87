"""A package is made while it is sent: whatever its size, only a few pieces of it are in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hub import models
from hub.services import packages
from hub.services.packages import Package

PIECE = bytes(1 << 18)
COUNT = 60


class Store:
    """Counts what was read, so that reading ahead would be seen."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, key: str, start: int = 0, length: int | None = None, **_: Any) -> Iterator[bytes]:
        for _piece in range(4):
            self.read_bytes += len(PIECE)
            yield PIECE


def package() -> Package:
    rows = [
        models.Segment(recording_id="r", object_key=f"recordings/r/t/{n:06d}.webm", size_bytes=1 << 20, encrypted=False)
        for n in range(COUNT)
    ]
    return Package("goi", datetime.now(UTC), {"README.txt": b"read me"}, [], rows)


def test_nothing_is_read_before_it_is_sent_and_no_piece_is_large() -> None:
    store: Any = Store()
    sent = 0
    for piece in packages.stream(store, package()):
        sent += len(piece)
        assert len(piece) < 3 << 20
        assert store.read_bytes - sent < 3 << 20
    assert sent > COUNT << 20


def test_what_was_streamed_is_a_whole_zip() -> None:
    store: Any = Store()
    with zipfile.ZipFile(io.BytesIO(b"".join(packages.stream(store, package())))) as found:
        assert found.testzip() is None
        assert len(found.namelist()) == COUNT + 1
