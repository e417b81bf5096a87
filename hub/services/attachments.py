"""Documents that citizens bring: checked by content, kept in the object store under a name that says nothing.

The database is not held while the object store is at work: permission is asked in one transaction, the row written
in another, after the object is safely there.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require
from hub.db import Database
from hub.errors import BadInput, NotFound, NotReady, TooLarge
from hub.filetypes import FileType, recognise
from hub.i18n import N_, Text
from hub.models import Attachment, Case, DenouncerDocument, Scan
from hub.sealed import WrongKey
from hub.services import audit, denouncers, identity, scan_mistakes, sealed_objects, transfer_items
from hub.services.antivirus import Scanner, ScannerAway
from hub.services.case_access import require_here, require_readable, settling_paths
from hub.services.identity import Vault
from hub.services.store import ObjectMissing, ObjectStore
from hub.text import clean

NAME_MAX = 150


@dataclass(frozen=True, slots=True)
class AttachmentUpload:
    file_name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OpenedAttachment:
    file_name: str
    media_type: str
    data: bytes


async def add_attachment(
    database: Database,
    store: ObjectStore,
    vault: Vault,
    actor: Actor,
    case_id: str,
    upload: AttachmentUpload,
    *,
    max_bytes: int,
    scanner: Scanner | None = None,
) -> Attachment:
    """Keep a document; a denunciation's name the denouncer, so they are sealed under a neutral file name.

    Raises ``TooLarge``, ``BadInput`` (forbidden type, a virus), ``Forbidden``, ``StoreAway``, ``ScannerAway``.
    """
    kind = check(upload, max_bytes)
    async with database.reading() as db:
        secret = (await _editable(db, actor, case_id)).party.secret
    scan = await _scanned(database, actor, case_id, upload.data, scanner)
    kept = await sealed_objects.keep(store, "attachments", upload.data, kind.media_type, sealed=secret)
    async with database.transaction() as db:
        case = await _editable(db, actor, case_id)
        row = Attachment(
            id=kept.id,
            case_id=case.id,
            file_name=await _next_neutral_name(db, case, kind) if secret else _file_name(upload.file_name, kind),
            media_type=kind.media_type,
            size_bytes=len(upload.data),
            sha256=hashlib.sha256(upload.data).hexdigest(),
            object_key=kept.object_key,
            sealed=secret,
            scan=scan,
            created_by=actor.account_id,
        )
        db.add(row)
        await db.flush()
        if kept.data_key is not None:
            await denouncers.keep_document_key(db, vault.ring, row.id, kept.data_key, in_use=True)
        await audit.record(db, actor, "attachment_added", "case", case.id, **_told(case, row))
        return row


async def open_attachment(
    database: Database, store: ObjectStore, vault: Vault, actor: Actor, attachment_id: str, reason: str = ""
) -> OpenedAttachment:
    """Read a document back; logged before it is shown. A sealed one needs the right to see the identity, and a reason.

    Raises ``NotFound``, ``Forbidden``, ``BadInput`` (no reason), ``StoreAway``, ``NotReady`` when the bytes changed.
    """
    async with database.transaction() as db:
        row = await db.get(Attachment, attachment_id)
        case = await db.get(Case, row.case_id) if row else None
        if row is None or case is None:
            raise NotFound(N_("Không tìm thấy tệp đính kèm."))
        await _require_readable(db, actor, case, row, clean(reason))
        if row.scan == Scan.PENDING:
            raise NotReady(N_("Tài liệu này đang chờ quét vi-rút nên chưa mở được."))
        await identity.require_discreet(db, vault, actor, [case], clean(reason))
        await audit.record(db, actor, "attachment_opened", "case", case.id, clean(reason), **_told(case, row))
        found = await denouncers.document_key(db, vault.ring, row.id) if row.sealed else None
    return OpenedAttachment(row.file_name, row.media_type, await asyncio.to_thread(_whole, store, vault, found, row))


def _told(case: Case, row: Attachment) -> dict[str, str]:
    """What the trail knows of a document beside its case."""
    return {"unit_path": case.unit.path, "attachment_id": row.id}


def _whole(store: ObjectStore, vault: Vault, found: tuple[bytes, bool] | None, row: Attachment) -> bytes:
    """The document itself. Raises ``StoreAway``, ``NotReady`` when it is gone or has changed."""
    try:
        data = b"".join(store.read(row.object_key))
        if row.sealed:
            data = _unsealed(vault, found, row.id, data)
    except (ObjectMissing, WrongKey) as error:
        raise sealed_objects.damaged() from error
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise sealed_objects.damaged()
    return data


async def scan_pending(database: Database, store: ObjectStore, vault: Vault, scanner: Scanner | None) -> int:
    """Scan what waits for it; how many were. Raises ``StoreAway``, ``ScannerAway``; the rest is done next time.

    A document with a virus is taken away, row and object, and the case tells so.
    """
    async with database.reading() as db:
        waiting = (await db.execute(select(Attachment).where(Attachment.scan == Scan.PENDING))).scalars().all()
    for row in waiting if scanner else ():
        assert scanner is not None
        async with database.transaction() as db:
            found = await denouncers.document_key(db, vault.ring, row.id) if row.sealed else None
        virus = await scanner.scan(await asyncio.to_thread(_whole, store, vault, found, row))
        if virus:
            await asyncio.to_thread(store.delete, row.object_key)
        async with database.transaction() as db:
            await _settle(db, row.id, virus)
    return len(waiting) if scanner else 0


async def _settle(db: AsyncSession, attachment_id: str, virus: str) -> None:
    row = await db.get(Attachment, attachment_id)
    case = await db.get(Case, row.case_id) if row else None
    if row is None or case is None:
        return
    where = {"unit_path": case.unit.path, "attachment_id": row.id}
    if not virus:
        row.scan = Scan.CLEAN
        await audit.record(db, None, "attachment_scanned", "case", case.id, **where)
        return
    await remove(db, row)
    await audit.record(db, None, "attachment_refused", "case", case.id, **where, found=virus)


async def remove(db: AsyncSession, row: Attachment) -> None:
    """The row, with its key in the vault; the caller takes the object away first."""
    await db.execute(delete(DenouncerDocument).where(DenouncerDocument.attachment_id == row.id))
    await db.delete(row)
    await db.flush()


async def _scanned(database: Database, actor: Actor, case_id: str, data: bytes, scanner: Scanner | None) -> Scan:
    """Raises ``BadInput`` naming what was found, which is written down, or ``ScannerAway``."""
    if scanner is None:
        return Scan.NONE
    try:
        virus = await scanner.scan(data)
    except ScannerAway:
        if scanner.wait:
            return Scan.PENDING
        raise
    if not virus:
        return Scan.CLEAN
    async with database.transaction() as db:
        case = await _editable(db, actor, case_id)
        await audit.record(db, actor, "attachment_refused", "case", case.id, unit_path=case.unit.path, found=virus)
    raise _bad_file(Text(N_("Tệp có vi-rút (%(found)s) nên bị từ chối và không được lưu."), {"found": virus}))


def _unsealed(vault: Vault, found: tuple[bytes, bool] | None, attachment_id: str, data: bytes) -> bytes:
    """With the document's own key once it is in use; raises ``WrongKey``."""
    if found is not None and found[1]:
        return denouncers.unseal_document(found[0], attachment_id, data)
    return vault.unseal_document(attachment_id, data)


def check(upload: AttachmentUpload, max_bytes: int) -> FileType:
    """What the file is by its content. Raises ``TooLarge``, or ``BadInput`` for what is not accepted."""
    if len(upload.data) > max_bytes:
        raise TooLarge(
            N_("Tệp lớn quá %(most)d MB. Hãy quét lại ở độ phân giải thấp hơn hoặc chia nhỏ."),
            most=max_bytes // 1_000_000,
        )
    if not upload.data:
        raise _bad_file(Text(N_("Tệp rỗng.")))
    kind = recognise(upload.data)
    if kind is None:
        raise _bad_file(
            Text(N_("Loại tệp này không được nhận. Hãy dùng PDF, PNG, JPEG, DOCX, XLSX, ODT, MP3 hoặc WAV."))
        )
    suffix = PurePath(upload.file_name.replace("\\", "/")).suffix.lower().lstrip(".")
    if suffix not in kind.suffixes:
        raise _bad_file(
            Text(N_("Nội dung tệp là %(kind)s, không đúng với đuôi tên tệp."), {"kind": kind.suffixes[0].upper()})
        )
    return kind


def _bad_file(text: Text) -> BadInput:
    return BadInput(text.message, fields={"file": text}, **text.params)


def _file_name(typed: str, kind: FileType) -> str:
    """The last part of the name, without anything a file system or a header could stumble over."""
    stem = PurePath(clean(typed).replace("\\", "/")).stem
    safe = "".join(c for c in stem if c not in '<>:"/\\|?*%;')[:NAME_MAX].strip(" .")
    return f"{safe or 'tai-lieu'}.{kind.suffixes[0]}"


def neutral_name(number: int, like: str) -> str:
    """``Tài liệu 1.pdf``, with the ending of ``like``: a file name easily tells whose document it is."""
    return f"Tài liệu {number}{PurePath(like).suffix}"


async def _next_neutral_name(db: AsyncSession, case: Case, kind: FileType) -> str:
    count = select(func.count()).select_from(Attachment).where(Attachment.case_id == case.id)
    return neutral_name((await db.execute(count)).scalar_one() + 1, f"x.{kind.suffixes[0]}")


async def _editable(db: AsyncSession, actor: Actor, case_id: str) -> Case:
    case = await db.get(Case, case_id)
    if case is None:
        raise NotFound(N_("Không tìm thấy vụ việc."))
    require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
    require_here(case)
    return case


async def _require_readable(db: AsyncSession, actor: Actor, case: Case, row: Attachment, reason: str) -> None:
    if not (row.sealed or case.party.secret):
        await require_readable(db, actor, case)
        await transfer_items.require_seen(db, actor, case, row.id)
        return
    settling = await settling_paths(db, case.id, taken=True)
    require(actor, Action.OPEN_VAULT, Target(paths=(*identity.identity_target(case).paths, *settling)))
    await transfer_items.require_seen(db, actor, case, row.id)
    mistakes = await scan_mistakes.of_attachments(db, [row.id])
    by_transfer = await transfer_items.seen(db, actor, case) is not None
    scan_mistakes.require_openable(mistakes.get(row.id), reason, by_transfer=by_transfer)
    if not reason:
        text = Text(N_("Tài liệu này có thể nêu tên người tố cáo. Hãy ghi lý do xem."))
        raise BadInput(text.message, fields={"reason": text})
