"""One segment into the store: encrypted where its recording has a key, and read back whole before it counts."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from hub import envelope
from hub.services.store import ObjectExists, ObjectStore
from recorder.catalogue import SegmentFact, Stored

ENVELOPE_TYPE = "application/octet-stream"


def put(store: ObjectStore, segment: SegmentFact, path: Path, data_key: bytes | None) -> None:
    """Upload, or leave what is there from before a crash: ``look`` tells. Blocks.

    Raises ``StoreAway``, ``FileNotFoundError``, and ``ValueError`` when the spool's file is not what was recorded.
    """
    with suppress(ObjectExists):
        if data_key is None:
            store.put_file(segment.object_key, path, sha256=segment.sha256, media_type=segment.media_type)
            return
        data = path.read_bytes()  # ten seconds at most
        if hashlib.sha256(data).hexdigest() != segment.sha256:
            raise ValueError(f"{path.name}: not what was recorded")
        sealed = envelope.encrypt(data_key, segment.object_key, data)
        store.put_bytes(segment.object_key, sealed, media_type=ENVELOPE_TYPE)


def look(store: ObjectStore, segment: SegmentFact, data_key: bytes | None) -> Stored | None:
    """What the store gives back under the segment's key; None when that is not the segment. Blocks.

    Raises ``ObjectMissing``, ``StoreAway``.
    """
    data = b"".join(store.read(segment.object_key))
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 == segment.sha256:
        return Stored(segment.id, size_bytes=len(data), sha256=sha256)
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
    return Stored(segment.id, encrypted=True, size_bytes=len(data), sha256=sha256)
