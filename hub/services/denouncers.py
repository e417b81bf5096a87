"""The denouncers' vault: sealing, opening and changing its key. Who may open it, and why, is asked in ``identity``.

A key of the ring is read only in a transaction that keeps a change of keys away, so that nothing is ever sealed with a
key that is about to be forgotten: on SQLite one transaction writes at a time, on PostgreSQL they share a lock.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub import key_rings, keys, sealed
from hub.db import Database
from hub.errors import ConfigError
from hub.i18n import N_
from hub.ids import utc_now
from hub.key_rings import KeyRing
from hub.models import DenouncerDocument, DenouncerIdentity, DenouncerPaper
from hub.sealed import WrongKey

BEFORE = ""
"""The key id of what is still under the identity key, from before the vault had one of its own."""
LOCK = 7_210_043
"""Of pg_advisory_xact_lock: shared by who seals and opens, held alone by who changes the key."""

Opener = Callable[[str, bytes], bytes]
"""Opens what lies under ``BEFORE``: party id and sealed bytes to the identity as JSON."""


async def keep(db: AsyncSession, ring: KeyRing, party_id: str, identity: bytes) -> None:
    """Seal an identity, instead of the one that was there."""
    await _lock(db)
    row = await db.get(DenouncerIdentity, party_id)
    if row is None:
        row = DenouncerIdentity(party_id=party_id)
        db.add(row)
    _seal(row, ring.current(), identity)
    await db.flush()


async def take(db: AsyncSession, ring: KeyRing, party_id: str, before: Opener) -> bytes:
    """The identity as JSON. Called from ``identity`` alone, which writes down who looks. Raises ``WrongKey``,
    ``ConfigError``."""
    await _lock(db)
    row = await db.get(DenouncerIdentity, party_id, populate_existing=True)
    if row is None:
        raise WrongKey(N_("Không có danh tính của người tố cáo này trong kho. Hãy phục hồi từ bản sao lưu."))
    return _opened(ring, row, before)


def new_document_key() -> bytes:
    return secrets.token_bytes(keys.KEY_BYTES)


async def keep_document_key(
    db: AsyncSession, ring: KeyRing, attachment_id: str, data_key: bytes, *, in_use: bool
) -> None:
    await _lock(db)
    key = ring.current()
    wrapped = sealed.seal(_documents(key.key), attachment_id, data_key)
    db.add(DenouncerDocument(attachment_id=attachment_id, key_id=key.id, wrapped=wrapped, in_use=in_use))
    await db.flush()


async def document_key(db: AsyncSession, ring: KeyRing, attachment_id: str) -> tuple[bytes, bool] | None:
    """The key and whether the object is sealed with it already; None for a document that has none."""
    await _lock(db)
    row = await db.get(DenouncerDocument, attachment_id, populate_existing=True)
    return None if row is None else (_unwrapped(ring, row), row.in_use)


async def paper_key(db: AsyncSession, ring: KeyRing, paper_id: str) -> bytes:
    """The key of a paper of a denunciation, made and kept now if it has none yet."""
    await _lock(db)
    row = await db.get(DenouncerPaper, paper_id, populate_existing=True)
    if row is not None:
        return sealed.unseal(_documents(_find(ring, row.key_id)), paper_id, row.wrapped)
    key, data_key = ring.current(), new_document_key()
    wrapped = sealed.seal(_documents(key.key), paper_id, data_key)
    db.add(DenouncerPaper(paper_id=paper_id, key_id=key.id, wrapped=wrapped))
    await db.flush()
    return data_key


async def document_in_use(db: AsyncSession, attachment_id: str) -> None:
    (await db.get_one(DenouncerDocument, attachment_id)).in_use = True


def seal_document(data_key: bytes, attachment_id: str, data: bytes) -> bytes:
    return sealed.seal(AESGCM(data_key), attachment_id, data)


def unseal_document(data_key: bytes, attachment_id: str, stored: bytes) -> bytes:
    """Raises ``WrongKey``."""
    return sealed.unseal(AESGCM(data_key), attachment_id, stored)


async def move_all(database: Database, ring: KeyRing, before: Opener) -> int:
    """Put everything under the ring's current key, what is from before the vault had one too; how much was moved."""
    async with database.transaction() as db:
        await _lock(db, alone=True)
        key = ring.current()
        of_people = select(DenouncerIdentity).where(DenouncerIdentity.key_id != key.id)
        people = list(await db.scalars(of_people.with_for_update()))
        for person in people:
            _seal(person, key, _opened(ring, person, before))
        of_documents = select(DenouncerDocument).where(DenouncerDocument.key_id != key.id)
        documents = list(await db.scalars(of_documents.with_for_update()))
        for document in documents:
            data_key = _unwrapped(ring, document)
            document.key_id = key.id
            document.wrapped = sealed.seal(_documents(key.key), document.attachment_id, data_key)
        papers = list(await db.scalars(select(DenouncerPaper).where(DenouncerPaper.key_id != key.id).with_for_update()))
        for paper in papers:
            data_key = sealed.unseal(_documents(_find(ring, paper.key_id)), paper.paper_id, paper.wrapped)
            paper.key_id, paper.wrapped = key.id, sealed.seal(_documents(key.key), paper.paper_id, data_key)
    return len(people) + len(documents) + len(papers)


async def renew(database: Database, ring: KeyRing, before: Opener) -> int:
    """Change to a new key; the one before is destroyed. May be repeated after it was broken off."""
    return await key_rings.renew(ring, lambda: move_all(database, ring, before))


async def by_key(db: AsyncSession) -> Counter[str]:
    """How many identities and documents each key seals, ``BEFORE`` among them."""
    found: Counter[str] = Counter()
    for column in (DenouncerIdentity.key_id, DenouncerDocument.key_id, DenouncerPaper.key_id):
        for key_id, count in (await db.execute(select(column, func.count()).group_by(column))).all():
            found[key_id] += count
    return found


async def check(db: AsyncSession, ring: KeyRing, before: Opener) -> None:
    """Open one row of each key and show it to nobody. Raises ``WrongKey``, ``ConfigError`` when one does not open."""
    first = select(func.min(DenouncerIdentity.party_id)).group_by(DenouncerIdentity.key_id)
    for person in await db.scalars(select(DenouncerIdentity).where(DenouncerIdentity.party_id.in_(first))):
        _opened(ring, person, before)
    one = select(func.min(DenouncerDocument.attachment_id)).group_by(DenouncerDocument.key_id)
    for document in await db.scalars(select(DenouncerDocument).where(DenouncerDocument.attachment_id.in_(one))):
        _unwrapped(ring, document)
    paper_ids = select(func.min(DenouncerPaper.paper_id)).group_by(DenouncerPaper.key_id)
    for paper in await db.scalars(select(DenouncerPaper).where(DenouncerPaper.paper_id.in_(paper_ids))):
        sealed.unseal(_documents(_find(ring, paper.key_id)), paper.paper_id, paper.wrapped)


def _seal(row: DenouncerIdentity, key: key_rings.RingKey, identity: bytes) -> None:
    row.key_id, row.sealed = key.id, sealed.seal(_identities(key.key), row.party_id, identity)
    row.sealed_at = utc_now()


def _opened(ring: KeyRing, row: DenouncerIdentity, before: Opener) -> bytes:
    if row.key_id == BEFORE:
        return before(row.party_id, row.sealed)
    return sealed.unseal(_identities(_find(ring, row.key_id)), row.party_id, row.sealed)


def _unwrapped(ring: KeyRing, row: DenouncerDocument) -> bytes:
    return sealed.unseal(_documents(_find(ring, row.key_id)), row.attachment_id, row.wrapped)


def _find(ring: KeyRing, key_id: str) -> bytes:
    found = ring.find(key_id)
    if found is None:
        raise ConfigError(
            [f"denouncers' key {key_id} is missing; restore keys/denouncers.key or add it to denouncer_keys"]
        )
    return found.key


def _identities(key: bytes) -> AESGCM:
    return AESGCM(sealed.derive(key, b"denouncer"))


def _documents(key: bytes) -> AESGCM:
    return AESGCM(sealed.derive(key, b"denouncer document"))


async def _lock(db: AsyncSession, *, alone: bool = False) -> None:
    """Until the transaction ends. SQLite needs none: who opens the vault writes that down, and so waits its turn."""
    if (await db.connection()).dialect.name == "postgresql":
        await db.execute(text(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}({LOCK})"))
