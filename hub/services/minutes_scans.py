"""Scans of signed minutes, kept in the object store; one that carries a denouncer's signature is a sealed document of
that case, under the vault's key."""

from __future__ import annotations

import asyncio
import hashlib

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import filetypes
from hub import minutes as rules
from hub.auth import Action, Actor, require
from hub.db import Database
from hub.errors import BadInput, NotFound
from hub.filetypes import FileType
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Attachment, Case, Hearing, Minutes, MinutesScan, MinutesState, MinutesVersion
from hub.services import (
    attachments,
    audit,
    denouncers,
    hearing_lists,
    identity,
    minutes,
    minutes_reading,
    scan_mistakes,
    sealed_objects,
)
from hub.services.attachments import AttachmentUpload, OpenedAttachment
from hub.services.identity import Vault
from hub.services.store import ObjectStore

SCANNED = frozenset({filetypes.PDF, filetypes.PNG, filetypes.JPEG})


async def add_scan(
    database: Database,
    store: ObjectStore,
    vault: Vault,
    actor: Actor,
    hearing_id: str,
    upload: AttachmentUpload,
    *,
    seat_id: str = "",
    max_bytes: int,
) -> MinutesScan:
    """Keep a scan of the signed print. Writers, and officers for their own point, while the minutes are read; of locked
    ones where every scan was entered by mistake.

    Raises ``TooLarge``, ``BadInput`` (not a PDF or picture), ``Forbidden``, ``Conflict``, ``StoreAway``.
    """
    kind = attachments.check(upload, max_bytes)
    if kind not in SCANNED:
        text = Text(N_("Bản quét phải là PDF, PNG hoặc JPEG."))
        raise BadInput(text.message, fields={"file": text})
    async with database.reading() as db:
        hearing, _ = await _scannable(db, actor, hearing_id, seat_id)
        secret = next((case for case in hearing.cases if case.party.secret), None)
    folder = "attachments" if secret else "minutes"
    kept = await sealed_objects.keep(store, folder, upload.data, kind.media_type, sealed=secret is not None)
    async with database.transaction() as db:
        hearing, found = await _scannable(db, actor, hearing_id, seat_id)
        row = await _row(db, actor, found, kind, upload)
        row.seat_id, row.object_key = seat_id or None, kept.object_key
        if secret is not None and kept.data_key is not None:
            row.attachment_id = kept.id
            db.add(_document(actor, secret, row))
            await db.flush()
            await denouncers.keep_document_key(db, vault.ring, kept.id, kept.data_key, in_use=True)
        db.add(row)
        await db.flush()
        await _note(db, actor, hearing, found, row)
        return row


async def _note(db: AsyncSession, actor: Actor, hearing: Hearing, found: Minutes, row: MinutesScan) -> None:
    told = {"scan_id": row.id, "sha256": row.sha256, "version": found.version}
    if found.state == MinutesState.LOCKED:
        await minutes.witnessed(db, actor, "minutes_scanned", hearing, **told)
    else:
        await minutes.audited(db, actor, "minutes_scanned", hearing, "", **told)


async def open_scan(
    database: Database, store: ObjectStore, vault: Vault, actor: Actor, scan_id: str, reason: str = ""
) -> OpenedAttachment:
    """Read a scan back, logged before it is shown; a denouncer's as any document of the vault, with a reason."""
    async with database.transaction() as db:
        row = await db.get(MinutesScan, scan_id)
        if row is None:
            raise NotFound(N_("Không tìm thấy bản quét."))
        hearing = await hearing_lists.get(db, actor, row.hearing_id)
        minutes_reading.require_read(actor, hearing)
        scan_mistakes.require_openable(row.mistake, reason, by_transfer=False)
        said = reason.strip() if row.mistake else ""  # of a denouncer's the vault's own entry tells why
        await identity.require_discreet(db, vault, actor, hearing.cases if said else (), said)
        path = hearing.unit.path
        await audit.record(
            db, actor, "minutes_scan_opened", "hearing", hearing.id, said, unit_path=path, scan_id=row.id
        )
    if row.attachment_id:
        return await attachments.open_attachment(database, store, vault, actor, row.attachment_id, reason)
    data = await asyncio.to_thread(sealed_objects.read_whole, store, None, row.id, row.object_key, row.sha256)
    return OpenedAttachment(row.file_name, row.media_type, data)


async def scans(db: AsyncSession, hearing_id: str) -> list[MinutesScan]:
    """The oldest first. Whoever shows them asks for permission."""
    wanted = select(MinutesScan).where(MinutesScan.hearing_id == hearing_id).order_by(MinutesScan.created_at)
    return list(await db.scalars(wanted))


async def signed(db: AsyncSession, version: MinutesVersion) -> list[MinutesScan]:
    """The scans of this version that count, the oldest first."""
    return [one for one in await scans(db, version.hearing_id) if one.version_id == version.id and one.mistake is None]


def _document(actor: Actor, case: Case, row: MinutesScan) -> Attachment:
    return Attachment(
        id=row.attachment_id,
        case_id=case.id,
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        object_key=row.object_key,
        sealed=True,
        created_by=actor.account_id,
    )


def require_scanning(actor: Actor, hearing: Hearing, seat_id: str) -> None:
    """Writers of the minutes, and who answers for this point. Raises ``Forbidden``."""
    own = {seat.id for seat in minutes_reading.answerable(actor, hearing)}
    if seat_id not in own:
        require(actor, Action.WRITE_MINUTES, minutes.target(actor, hearing))


async def _scannable(db: AsyncSession, actor: Actor, hearing_id: str, seat_id: str) -> tuple[Hearing, Minutes]:
    hearing = await hearing_lists.get(db, actor, hearing_id)
    require_scanning(actor, hearing, seat_id)
    if seat_id and seat_id not in {seat.id for seat in hearing.seats}:
        raise NotFound(N_("Không tìm thấy chỗ này trong buổi tiếp."))
    found = await minutes.get(db, hearing_id)
    if not await lacks_scan(db, found):
        rules.require_state(MinutesState(found.state) if found else MinutesState.WRITING, MinutesState.READING)
    assert found is not None
    return hearing, found


async def lacks_scan(db: AsyncSession, found: Minutes | None) -> bool:
    """Whether these are locked minutes of which every scan was entered by mistake: then the right one may be added."""
    if found is None or found.state != MinutesState.LOCKED:
        return False
    return not await signed(db, await _version(db, found))


async def _version(db: AsyncSession, found: Minutes) -> MinutesVersion:
    wanted = select(MinutesVersion).where(
        MinutesVersion.hearing_id == found.hearing_id, MinutesVersion.number == found.version
    )
    version: MinutesVersion = (await db.execute(wanted)).scalar_one()
    return version


async def _row(db: AsyncSession, actor: Actor, found: Minutes, kind: FileType, upload: AttachmentUpload) -> MinutesScan:
    held = select(func.count()).select_from(MinutesScan).where(MinutesScan.hearing_id == found.hearing_id)
    number = int(await db.scalar(held) or 0) + 1
    return MinutesScan(
        hearing_id=found.hearing_id,
        version_id=(await _version(db, found)).id,
        # A file name easily tells whose signature it carries.
        file_name=f"bien-ban-ky-{number}.{kind.suffixes[0]}",
        media_type=kind.media_type,
        size_bytes=len(upload.data),
        sha256=hashlib.sha256(upload.data).hexdigest(),
        created_by=actor.account_id,
        created_at=utc_now(),
    )
