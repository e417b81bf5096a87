"""One segment into the store: encrypted where its recording has a key, and read back whole before it counts."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from hub import envelope
from hub.services import store as stores
from hub.services.store import LockingStore, ObjectExists, ObjectLocked, ObjectStore
from recorder.catalogue import SegmentFact, Stored

ENVELOPE_TYPE = "application/octet-stream"


def put(store: ObjectStore, segment: SegmentFact, path: Path, data_key: bytes | None) -> str:
    """Upload, or leave what is there from before a crash: ``look`` tells; which version it is. Blocks.

    Raises ``StoreAway``, ``FileNotFoundError``, and ``ValueError`` when the spool's file is not what was recorded.
    """
    key = segment.object_key
    if data_key is None:
        try:
            return store.put_file(key, path, sha256=segment.sha256, media_type=segment.media_type).version
        except ObjectExists:
            return store.head(key).version
    data = path.read_bytes()  # ten seconds at most
    if hashlib.sha256(data).hexdigest() != segment.sha256:
        raise ValueError(f"{path.name}: not what was recorded")
    return stores.put_bytes(store, key, envelope.encrypt(data_key, key, data), media_type=ENVELOPE_TYPE)


def look(store: ObjectStore, segment: SegmentFact, data_key: bytes | None, version: str) -> Stored | None:
    """What the store gives back under the segment's key; None when that is not the segment. Blocks.

    Raises ``ObjectMissing``, ``StoreAway``.
    """
    data = b"".join(stores.read(store, segment.object_key, version))
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 == segment.sha256:
        return Stored(segment.id, size_bytes=len(data), sha256=sha256, version=version)
    if data_key is None:
        return None
    plain = hashlib.sha256()
    try:
        for piece in envelope.decrypt(data_key, segment.object_key, [data]):
            plain.update(piece)
    except envelope.Undecipherable:
        return None
    if plain.hexdigest() != segment.sha256:
        return None
    return Stored(segment.id, encrypted=True, size_bytes=len(data), sha256=sha256, version=version)


def lock(store: ObjectStore, segment: SegmentFact, stored: Stored, until: datetime) -> Stored:
    """Lock what was read back and is right, where the store locks and the file is encrypted. Blocks.

    Raises ``StoreAway``, ``ObjectMissing``.
    """
    if not stored.version or not stored.encrypted or not isinstance(store, LockingStore) or not store.locking():
        return stored
    with suppress(ObjectLocked):  # longer already, by a default of the bucket
        store.lock(segment.object_key, stored.version, until)
    return msgspec.structs.replace(stored, locked_until=until)
