"""The object store as the rest of the hub sees it; ``recorder.store`` implements it, ``hub.main`` injects it.

Methods block; call them through ``asyncio.to_thread`` from a coroutine. Keys are ASCII, ``/`` separated, and say
nothing about a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hub.errors import NotReady


class StoreAway(NotReady):
    """The object store does not answer, or refuses us. Try again later; nothing is lost."""

    code = "store_away"


class ObjectMissing(Exception):
    """No object under that key."""


class ObjectExists(Exception):
    """An object is already there; the store never overwrites one."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size_bytes: int
    sha256: str | None
    """Lower-case hex as recorded at upload; None where the store does not know it."""


class ObjectStore(Protocol):
    def put_file(self, key: str, path: Path, *, sha256: str, media_type: str) -> StoredObject:
        """Upload a file, never overwriting. Raises ``ObjectExists`` (compare it then) or ``StoreAway``."""
        ...

    def put_bytes(self, key: str, data: bytes, *, media_type: str) -> StoredObject:
        """As ``put_file`` for something small."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The object's bytes in chunks. Raises ``ObjectMissing`` or ``StoreAway``."""
        ...

    def head(self, key: str) -> StoredObject:
        """Raises ``ObjectMissing`` or ``StoreAway``."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; absent is fine. Raises ``StoreAway``."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects below a prefix, in order of key."""
        ...
