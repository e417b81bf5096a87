"""Papers of a case that became a denunciation after they were made: text, PDF and scans sealed like its documents.

As ``sealing`` does it: found by state, every step may be repeated after a crash.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import Select, select

from hub.db import Database
from hub.models import Case, Document, DocumentScan, Party
from hub.services import denouncers, sealed_objects, sealing
from hub.services.identity import Vault
from hub.services.sealing import SUFFIX, replace
from hub.services.store import ObjectStore

Kept = Document | DocumentScan


async def seal_pending(database: Database, store: ObjectStore, vault: Vault) -> int:
    """What citizens brought and what was made for them; how many were sealed. Raises ``StoreAway``; the rest is done
    next time."""
    done = await sealing.seal_pending(database, store, vault)
    async with database.reading() as db:
        pending: list[Kept] = list((await db.execute(_made())).unique().scalars())
        pending += list((await db.execute(_scanned())).unique().scalars())
    for row in pending:
        async with database.transaction() as db:
            # Kept before anything is sealed with it, so that a copy left by a crash can be read again.
            await db.get(type(row), row.id, with_for_update={"of": type(row)})
            data_key = await denouncers.paper_key(db, vault.ring, row.id)
        if row.object_key is None or await asyncio.to_thread(replace, store, vault, data_key, row):
            done += await _write(database, vault, data_key, row)
    return done


def _made() -> Select[Document]:
    wanted = select(Document).join(Case, Case.id == Document.case_id).join(Party, Party.id == Case.party_id)
    return wanted.where(Party.secret, Document.sealed.is_(False))


def _scanned() -> Select[DocumentScan]:
    wanted = select(DocumentScan).join(Document, Document.id == DocumentScan.document_id)
    wanted = wanted.join(Case, Case.id == Document.case_id).join(Party, Party.id == Case.party_id)
    return wanted.where(Party.secret, DocumentScan.sealed.is_(False))


async def _write(database: Database, vault: Vault, data_key: bytes, row: Kept) -> int:
    async with database.transaction() as db:
        kind: type[Kept] = type(row)
        again: Kept | None = await db.get(kind, row.id, with_for_update={"of": kind}, populate_existing=True)
        if again is None or again.sealed or again.object_key != row.object_key:
            return 0
        if isinstance(again, Document):
            text = sealed_objects.read_text(vault, None, again)
            again.sealed_paper = sealed_objects.sealed_text(vault, data_key, again.id, text)
        if again.object_key is not None:
            again.object_key += SUFFIX
        again.sealed = True
    return 1
