"""Objects as files below one directory: the store of a single office, or of a mounted archive."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from hub.i18n import N_
from hub.services.store import ObjectExists, ObjectMissing, StoreAway, StoredObject
from recorder.spool import sync_dir

CHUNK_BYTES = 1 << 18
_KEY = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z_.-]*(/[0-9A-Za-z_-][0-9A-Za-z_.-]*)*")
_TEMPORARY = ".part"


def check_key(key: str) -> str:
    """The key, when it is one: ASCII names that never begin with a dot, ``/`` between them. Raises ``ValueError``."""
    if not _KEY.fullmatch(key) or len(key) > 200:
        raise ValueError(f"not an object key: {key!r}")
    return key


class DirectoryStore:
    """An object appears under its key whole or not at all, and is never overwritten.

    ``head`` reads the file and computes its checksum: what is told is what is on the disk now.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def make(cls, root: Path) -> DirectoryStore:
        """The store, its directory made when absent: at start only, never later over an unmounted disk."""
        root.mkdir(parents=True, exist_ok=True)
        return cls(root)

    def put_file(self, key: str, path: Path, *, sha256: str, media_type: str) -> StoredObject:
        with path.open("rb") as source:
            return self._put(key, iter(lambda: source.read(CHUNK_BYTES), b""), sha256)

    def put_bytes(self, key: str, data: bytes, *, media_type: str) -> StoredObject:
        return self._put(key, iter([data]), hashlib.sha256(data).hexdigest())

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        path = self._path(key)
        try:
            file = path.open("rb")
        except OSError as error:
            raise self._fault(error, key) from error
        return _chunks(file.fileno(), file, start, length)

    def head(self, key: str) -> StoredObject:
        digest, size = hashlib.sha256(), 0
        for chunk in self.read(key):
            digest.update(chunk)
            size += len(chunk)
        return StoredObject(key, size, digest.hexdigest())

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            self._present()
            path.unlink(missing_ok=True)
            sync_dir(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _away(error) from error

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Checksums are not computed here (``sha256`` is None)."""
        try:
            self._present()
            # Down to the last slash of the prefix is a folder; what is below is few enough to sort.
            folder = self.root / prefix.rpartition("/")[0]
            files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
            keys = sorted((path.relative_to(self.root).as_posix(), path.stat().st_size) for path in files)
        except OSError as error:
            raise _away(error) from error
        return (StoredObject(key, size, None) for key, size in keys if key.startswith(prefix))

    def _put(self, key: str, chunks: Iterator[bytes], sha256: str) -> StoredObject:
        path = self._path(key)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_TEMPORARY}")
        digest, size = hashlib.sha256(), 0
        try:
            self._present()
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    for chunk in chunks:
                        digest.update(chunk)
                        size += file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                if digest.hexdigest() != sha256:
                    raise ValueError(f"{key}: the data is not what its checksum says")
                os.link(temporary, path)  # unlike rename, refuses to overwrite
            finally:
                temporary.unlink(missing_ok=True)
            self._sync_names(path)
        except FileExistsError as error:
            raise ObjectExists(key) from error
        except OSError as error:
            raise _away(error) from error
        return StoredObject(key, size, sha256)

    def _sync_names(self, path: Path) -> None:
        for folder in path.parents:
            sync_dir(folder)
            if folder == self.root:
                return

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _present(self) -> None:
        if not self.root.is_dir():
            raise FileNotFoundError(2, "the store's directory is gone", str(self.root))

    def _fault(self, error: OSError, key: str) -> Exception:
        if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError) and self.root.is_dir():
            return ObjectMissing(key)
        return _away(error)


def _chunks(fd: int, owner: object, start: int, length: int | None) -> Iterator[bytes]:
    """``owner`` keeps the file open until the last chunk was taken."""
    at, left = start, length
    with owner:  # type: ignore[attr-defined]
        while left is None or left > 0:
            try:
                chunk = os.pread(fd, CHUNK_BYTES if left is None else min(CHUNK_BYTES, left), at)
            except OSError as error:
                raise _away(error) from error
            if not chunk:
                return
            yield chunk
            at += len(chunk)
            left = None if left is None else left - len(chunk)


def _away(error: OSError) -> StoreAway:
    return StoreAway(N_("Kho lưu trữ không phản hồi (%(why)s)."), why=error.strerror or type(error).__name__)
