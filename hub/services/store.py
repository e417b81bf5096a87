"""The object store as the rest of the hub sees it; ``recorder.store`` implements it, ``hub.main`` injects it.

Methods block; call them through ``asyncio.to_thread`` from a coroutine. Keys are ASCII, ``/`` separated, and say
nothing about a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

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
    version: str = ""
    """Which one of several under the key; empty where the store keeps only one."""
    deleted: bool = False
    """Not an object but a mark that hides the versions before it."""


class ObjectLocked(Exception):
    """The version may not be deleted before its retention date, by anybody."""


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
        """Remove an object, in all its versions; absent is fine. Raises ``StoreAway``, ``ObjectLocked``."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """All objects below a prefix, in order of key."""
        ...


@runtime_checkable
class LockingStore(ObjectStore, Protocol):
    """A store that may keep versions and lock them. What is named by its version cannot be hidden by a later put or
    a plain delete. Every method raises ``StoreAway``."""

    def locking(self) -> bool:
        """Whether this store really locks (the bucket has Object Lock). Asked of the server once."""
        ...

    def read_version(self, key: str, version: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """As ``read``."""
        ...

    def delete_version(self, key: str, version: str) -> None:
        """For good. Absent is fine. Raises ``ObjectLocked``."""
        ...

    def lock(self, key: str, version: str, until: datetime) -> None:
        """In compliance mode: nobody can shorten it. Raises ``ObjectMissing``, ``ObjectLocked`` (locked longer)."""
        ...

    def locked_until(self, key: str, version: str) -> datetime | None:
        """The version's retention date in compliance mode; None without one. Raises ``ObjectMissing``."""
        ...

    def versions(self, prefix: str) -> Iterator[StoredObject]:
        """All versions and marks of deletion below a prefix."""
        ...


def locks(store: ObjectStore) -> bool:
    """Blocks. Raises ``StoreAway``."""
    return isinstance(store, LockingStore) and store.locking()


def read(store: ObjectStore, key: str, version: str = "", start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The version that is known, whatever was put or deleted since; the only one where none is known."""
    if version and isinstance(store, LockingStore):
        return store.read_version(key, version, start, length)
    return store.read(key, start, length)


def put_bytes(store: ObjectStore, key: str, data: bytes, *, media_type: str) -> str:
    """Put, or leave what is there: which version it is. Whoever calls compares."""
    try:
        return store.put_bytes(key, data, media_type=media_type).version
    except ObjectExists:
        return store.head(key).version


def everything(store: ObjectStore, prefix: str) -> Iterator[StoredObject]:
    """Every version where the store keeps several, else every object."""
    return store.versions(prefix) if isinstance(store, LockingStore) else store.list(prefix)
