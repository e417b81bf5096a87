"""Documents of a case that became a denunciation after they were added: sealed as soon as the store allows.

Found by state, never by a queue, and each step may be repeated after a crash: the sealed copy is put beside the
document, read back and checked, then the document goes, then the row points to the copy.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress

from sqlalchemy import or_, select

from hub.db import Database
from hub.models import Attachment, Case, DenouncerDocument, Document, DocumentScan, Party
from hub.sealed import WrongKey
from hub.services import denouncers
from hub.services.identity import Vault
from hub.services.store import ObjectExists, ObjectMissing, ObjectStore

SUFFIX = ".sealed"
Kept = Attachment | Document | DocumentScan


async def seal_pending(database: Database, store: ObjectStore, vault: Vault) -> int:
    """Seal what should be sealed and is not, or not with a key of its own; how many were.

    Raises ``StoreAway``; the rest is done next time.
    """
    async with database.reading() as db:
        wanted = (
            select(Attachment)
            .join(Case, Case.id == Attachment.case_id)
            .join(Party, Party.id == Case.party_id)
            .outerjoin(DenouncerDocument, DenouncerDocument.attachment_id == Attachment.id)
            .where(Party.secret, or_(Attachment.sealed.is_(False), DenouncerDocument.in_use.is_not(True)))
        )
        pending = (await db.execute(wanted)).scalars().all()
    done = 0
    for row in pending:
        data_key = await _key(database, vault, row.id)
        if not await asyncio.to_thread(replace, store, vault, data_key, row):
            continue
        async with database.transaction() as db:
            again = await db.get(Attachment, row.id, with_for_update=True)
            if again is not None and again.object_key == row.object_key:
                again.object_key, again.sealed = row.object_key + SUFFIX, True
                await denouncers.document_in_use(db, row.id)
                done += 1
    # File names and words that were open before the case was a denunciation.
    await database.forget_overwritten()
    return done


async def _key(database: Database, vault: Vault, attachment_id: str) -> bytes:
    """Kept before anything is sealed with it, so that a copy left by a crash can be read again."""
    async with database.transaction() as db:
        await db.get(Attachment, attachment_id, with_for_update=True)  # two that are at it agree on one key
        found = await denouncers.document_key(db, vault.ring, attachment_id)
        if found is not None:
            return found[0]
        data_key = denouncers.new_document_key()
        await denouncers.keep_document_key(db, vault.ring, attachment_id, data_key, in_use=False)
    return data_key


def replace(store: ObjectStore, vault: Vault, data_key: bytes, row: Kept) -> bool:
    """Put the sealed copy and take the document away. False when neither is whole: then nothing is touched."""
    assert row.object_key is not None
    key = row.object_key + SUFFIX
    if not _is_whole(store, data_key, row, key):
        try:
            data = b"".join(store.read(row.object_key))
            data = vault.unseal_document(row.id, data) if row.sealed else data
        except (ObjectMissing, WrongKey):
            return False
        if hashlib.sha256(data).hexdigest() != row.sha256:
            return False
        store.delete(key)
        # Another process may be at the same work; the copy that is there is checked like our own.
        with suppress(ObjectExists):
            stored = denouncers.seal_document(data_key, row.id, data)
            store.put_bytes(key, stored, media_type="application/octet-stream")
        if not _is_whole(store, data_key, row, key):
            return False
    store.delete(row.object_key)
    return True


def _is_whole(store: ObjectStore, data_key: bytes, row: Kept, key: str) -> bool:
    try:
        data = denouncers.unseal_document(data_key, row.id, b"".join(store.read(key)))
    except (ObjectMissing, WrongKey):
        return False
    return hashlib.sha256(data).hexdigest() == row.sha256
