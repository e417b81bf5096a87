"""Papers and their scans, sealed where they belong to a denunciation: with which key, and read back whole."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotReady
from hub.i18n import N_
from hub.sealed import WrongKey
from hub.services import denouncers
from hub.services.identity import Vault
from hub.services.store import ObjectMissing, ObjectStore


async def key_for(db: AsyncSession, vault: Vault, paper_id: str, *, sealed: bool) -> bytes | None:
    """The key that a denunciation's paper is sealed with; None for one that is kept as it is."""
    return await denouncers.paper_key(db, vault.ring, paper_id) if sealed else None


def put(store: ObjectStore, data_key: bytes | None, paper_id: str, key: str, data: bytes, media_type: str) -> None:
    """Blocks. Raises ``StoreAway``."""
    if data_key is None:
        store.put_bytes(key, data, media_type=media_type)
    else:
        stored = denouncers.seal_document(data_key, paper_id, data)
        store.put_bytes(key, stored, media_type="application/octet-stream")


def read_whole(store: ObjectStore, data_key: bytes | None, paper_id: str, key: str, sha256: str) -> bytes:
    """Blocks. Raises ``NotReady`` when the bytes are missing or are not those that were kept, ``StoreAway``."""
    try:
        data = b"".join(store.read(key))
        if data_key is not None:
            data = denouncers.unseal_document(data_key, paper_id, data)
    except (ObjectMissing, WrongKey) as error:
        raise damaged() from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise damaged()
    return data


def damaged() -> NotReady:
    return NotReady(N_("Tệp đính kèm không còn nguyên vẹn. Hãy báo quản trị viên để phục hồi từ bản sao lưu."))
