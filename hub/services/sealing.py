"""Documents of a case that became a denunciation after they were added: sealed as soon as the store allows.

Found by state, never by a queue, and each step may be repeated after a crash: the sealed copy is put beside the
document, read back and checked, then the document goes, then the row points to the copy.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress

from sqlalchemy import select

from hub.db import Database
from hub.models import Attachment, Case, Party
from hub.services.identity import Vault, WrongKey
from hub.services.store import ObjectExists, ObjectMissing, ObjectStore

SUFFIX = ".sealed"


async def seal_pending(database: Database, store: ObjectStore, vault: Vault) -> int:
    """Seal what should be sealed and is not; how many were. Raises ``StoreAway``; the rest is done next time."""
    async with database.reading() as db:
        wanted = (
            select(Attachment)
            .join(Case, Case.id == Attachment.case_id)
            .join(Party, Party.id == Case.party_id)
            .where(Party.secret, Attachment.sealed.is_(False))
        )
        pending = (await db.execute(wanted)).scalars().all()
    done = 0
    for row in pending:
        if not await asyncio.to_thread(_replace, store, vault, row):
            continue
        async with database.transaction() as db:
            again = await db.get(Attachment, row.id, with_for_update=True)
            if again is not None and not again.sealed:
                again.object_key, again.sealed = row.object_key + SUFFIX, True
                done += 1
    return done


def _replace(store: ObjectStore, vault: Vault, row: Attachment) -> bool:
    """Put the sealed copy and take the document away. False when neither is whole: then nothing is touched."""
    key = row.object_key + SUFFIX
    if not _is_whole(store, vault, row, key):
        try:
            data = b"".join(store.read(row.object_key))
        except ObjectMissing:
            return False
        if hashlib.sha256(data).hexdigest() != row.sha256:
            return False
        store.delete(key)
        # Another process may be at the same work; the copy that is there is checked like our own.
        with suppress(ObjectExists):
            store.put_bytes(key, vault.seal_document(row.id, data), media_type="application/octet-stream")
        if not _is_whole(store, vault, row, key):
            return False
    store.delete(row.object_key)
    return True


def _is_whole(store: ObjectStore, vault: Vault, row: Attachment, key: str) -> bool:
    try:
        data = vault.unseal_document(row.id, b"".join(store.read(key)))
    except (ObjectMissing, WrongKey):
        return False
    return hashlib.sha256(data).hexdigest() == row.sha256
