"""Signed papers that came back: a scan is added beside the document, never in the place of anything."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.db import Database
from hub.errors import BadInput, NotFound, TooLarge
from hub.filetypes import JPEG, PDF, PNG, FileType, recognise
from hub.i18n import N_, Text
from hub.ids import new_id
from hub.models import Document, DocumentScan
from hub.services import documents, scan_mistakes, transfer_items
from hub.services.documents import FOLDER, OpenedFile
from hub.services.form_facts import About
from hub.services.identity import Vault
from hub.services.sealed_objects import key_for, put, read_whole
from hub.services.store import ObjectStore

KINDS = (PDF, JPEG, PNG)


async def add(
    database: Database,
    store: ObjectStore,
    vault: Vault,
    actor: Actor,
    about: About,
    document_id: str,
    data: bytes,
    *,
    max_bytes: int,
) -> DocumentScan:
    """Keep a scan with its hash. Raises ``TooLarge``, ``BadInput`` (neither PDF, JPEG nor PNG by its content, or this
    very file is there), ``Conflict`` (not finished), ``Forbidden``, ``NotFound``, ``StoreAway``."""
    kind, sha256 = _check(data, max_bytes), hashlib.sha256(data).hexdigest()
    async with database.reading() as db:
        sealed = (await _writable(db, actor, about, document_id, sha256)).secret
    scan_id, key = new_id(), f"{FOLDER}{secrets.token_hex(16)}"
    async with database.transaction() as db:
        data_key = await key_for(db, vault, scan_id, sealed=sealed)
    await asyncio.to_thread(put, store, data_key, scan_id, key, data, kind.media_type)
    async with database.transaction() as db:
        row = await _writable(db, actor, about, document_id, sha256)
        scan = DocumentScan(
            id=scan_id,
            document_id=row.id,
            media_type=kind.media_type,
            size_bytes=len(data),
            sha256=sha256,
            object_key=key,
            sealed=sealed,
            created_by=actor.account_id,
        )
        db.add(scan)
        await db.flush()
        await documents.note(db, actor, "document_scanned", row, scan_id=scan.id)
        return scan


async def open_scan(
    database: Database,
    store: ObjectStore,
    vault: Vault,
    actor: Actor,
    about: About,
    document_id: str,
    scan_id: str,
    reason: str = "",
) -> OpenedFile:
    """Logged before it is shown; what was entered by mistake with a reason. A denunciation's may carry anything, a
    name or handwriting: see ``open_pdf``."""
    async with database.transaction() as db:
        row = await documents.get(db, actor, about, document_id)
        number, scan = next(((n, one) for n, one in enumerate(row.scans, 1) if one.id == scan_id), (0, None))
        if scan is None:
            raise NotFound(N_("Không tìm thấy văn bản."))
        scan_mistakes.require_openable(scan.mistake, reason, by_transfer=await _came_along(db, actor, row))
        await documents.require_openable(db, vault, actor, row, reason, named=True)
        await documents.note(db, actor, "document_opened", row, reason, scan_id=scan.id)
        data_key = await key_for(db, vault, scan.id, sealed=scan.sealed)
    data = await asyncio.to_thread(read_whole, store, data_key, scan.id, scan.object_key, scan.sha256)
    suffix = next(kind.suffixes[0] for kind in KINDS if kind.media_type == scan.media_type)
    return OpenedFile(f"{row.number.replace('/', '-')}-{row.year}-ban-ky-{number}.{suffix}", scan.media_type, data)


async def _came_along(db: AsyncSession, actor: Actor, row: Document) -> bool:
    """Whether this person sees the paper only because it was transferred."""
    return row.case is not None and await transfer_items.seen(db, actor, row.case) is not None


async def _writable(db: AsyncSession, actor: Actor, about: About, document_id: str, sha256: str) -> Document:
    row = await documents.get(db, actor, about, document_id)
    await documents.require_writable(db, actor, row)
    documents.require_valid(row)
    if sha256 == row.sha256:
        raise _bad(Text(N_("Đây là bản điện tử chưa ký của chính văn bản này. Hãy quét bản giấy đã ký.")))
    same = next((scan for scan in row.scans if scan.sha256 == sha256), None)
    if same is not None and same.mistake:
        raise _bad(Text(N_("Tệp này đã được thêm và bị đánh dấu thêm nhầm. Nếu đúng, hãy bỏ đánh dấu.")))
    if same is not None:
        raise _bad(Text(N_("Tệp này đã được thêm rồi.")))
    return row


def _check(data: bytes, max_bytes: int) -> FileType:
    if len(data) > max_bytes:
        most = max_bytes // 1_000_000
        raise TooLarge(N_("Tệp lớn quá %(most)d MB. Hãy quét lại ở độ phân giải thấp hơn hoặc chia nhỏ."), most=most)
    kind = recognise(data) if data else None
    if kind not in KINDS:
        raise _bad(Text(N_("Bản ký phải là tệp PDF, JPEG hoặc PNG.")))
    assert kind is not None
    return kind


def _bad(text: Text) -> BadInput:
    return BadInput(text.message, fields={"file": text}, **text.params)
