"""Papers and their scans, sealed where they belong to a denunciation: with which key, and read back whole."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from hub import papers
from hub.errors import NotReady
from hub.i18n import N_
from hub.ids import new_id
from hub.models import Document
from hub.papers import Paper
from hub.sealed import WrongKey
from hub.services import denouncers
from hub.services.identity import Vault
from hub.services.store import ObjectMissing, ObjectStore


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a new document lies; ``data_key``, where it is sealed, goes into the vault with the document's row."""

    id: str
    object_key: str
    data_key: bytes | None = field(repr=False)


async def keep(store: ObjectStore, folder: str, data: bytes, media_type: str, *, sealed: bool) -> Kept:
    """Under a name that tells nothing, before there is a row of it. Raises ``StoreAway``."""
    data_key = denouncers.new_document_key() if sealed else None
    kept = Kept(new_id(), f"{folder}/{secrets.token_hex(16)}", data_key)
    await asyncio.to_thread(put, store, data_key, kept.id, kept.object_key, data, media_type)
    return kept


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


def sealed_text(vault: Vault, data_key: bytes | None, document_id: str, text: bytes) -> bytes:
    """What a paper says, as its row keeps it."""
    if data_key is None:
        return vault.seal_paper(document_id, text)
    return denouncers.seal_document(data_key, document_id, text)


def read_text(vault: Vault, data_key: bytes | None, row: Document) -> bytes:
    """The way back. Raises ``NotReady`` when the row was altered."""
    try:
        if data_key is None:
            return vault.unseal_paper(row.id, row.sealed_paper)
        return denouncers.unseal_document(data_key, row.id, row.sealed_paper)
    except WrongKey as error:
        raise damaged() from error


def read_paper(vault: Vault, data_key: bytes | None, row: Document) -> Paper:
    """Raises ``NotReady`` when the row was altered."""
    return papers.from_data(json.loads(read_text(vault, data_key, row)))


def damaged() -> NotReady:
    return NotReady(N_("Tệp đính kèm không còn nguyên vẹn. Hãy báo quản trị viên để phục hồi từ bản sao lưu."))
