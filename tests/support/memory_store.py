"""An object store in memory that can be away, for tests of its users. The real ones have tests of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from hub.services.store import ObjectExists, ObjectMissing, StoreAway, StoredObject


class MemoryStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away = False

    def put_file(self, key: str, path: Path, *, sha256: str, media_type: str) -> StoredObject:
        return self.put_bytes(key, path.read_bytes(), media_type=media_type)

    def put_bytes(self, key: str, data: bytes, *, media_type: str) -> StoredObject:
        self._ask()
        if key in self.objects:
            raise ObjectExists(key)
        self.objects[key] = data
        return self.head(key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        self.head(key)
        end = None if length is None else start + length
        yield self.objects[key][start:end]

    def head(self, key: str) -> StoredObject:
        self._ask()
        if key not in self.objects:
            raise ObjectMissing(key)
        data = self.objects[key]
        return StoredObject(key, len(data), hashlib.sha256(data).hexdigest())

    def delete(self, key: str) -> None:
        self._ask()
        self.objects.pop(key, None)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield self.head(key)

    def _ask(self) -> None:
        if self.away:
            raise StoreAway("away")
