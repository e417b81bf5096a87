"""What remains of a destroyed recording, to take away and check without us (docs/evidence.md): the certificate with its
signature and key, and beside it, in ``original``, the list of checksums that the recording was sealed with.

The manifest is not in it: it tells notes and messages. The certificate names its checksum, and the list does.
"""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest as form
from hub import models, seals
from hub.auth import Actor
from hub.errors import NotFound, NotReady
from hub.i18n import N_
from hub.services import recording_facts
from hub.services import store as stores
from hub.services.destruction import NAME, SIGNATURE
from hub.services.packages import Package
from hub.services.rereading import Trust
from hub.services.store import ObjectMissing, ObjectStore


async def prepare(db: AsyncSession, store: ObjectStore, trusted: Trust, actor: Actor, recording_id: str) -> Package:
    """For whoever may read the recording's page. Raises ``NotFound`` (also when it is not destroyed), ``Forbidden``,
    and ``NotReady`` when the store is away or has lost the signature."""
    found = await recording_facts.facts(db, actor, recording_id)
    last = found.keeping.destruction
    if last is None or not last.certificate or last.closed_at is None:
        raise NotFound(N_("Bản ghi này chưa bị tiêu hủy."))
    recording = await db.get_one(models.Recording, recording_id)
    hearing = await db.get_one(models.Hearing, recording.hearing_id)
    folder, versions = form.folder_of(recording_id), recording.versions or {}
    certificate = last.certificate.encode()
    try:
        signature = await asyncio.to_thread(_read, store, folder + SIGNATURE, versions.get(SIGNATURE, ""))
    except ObjectMissing as error:
        raise NotReady(N_("Chữ ký của biên bản không có trong kho lưu trữ. Hãy báo quản trị viên.")) from error
    files = {NAME: certificate, SIGNATURE: signature}
    for known in trusted.keys.values():
        if seals.signed(known.key, certificate, signature):
            files["key.pem"] = known.pem.encode()
    if (key := trusted.keys.get(recording.seal_key or "")) is not None:
        files["original/key.pem"] = key.pem.encode()
    names = [seals.SUMS, seals.SIGNATURE]
    if recording.stamped_at is not None:
        names.append(seals.STAMP)
        if trusted.authority is not None:
            files["original/authority.pem"] = await asyncio.to_thread(trusted.authority.read_bytes)
    return Package(
        name=f"{hearing.number.replace('/', '-')}-{recording_id[:8]}-tieu-huy",
        at=last.closed_at,
        files=files,
        objects=[(f"original/{name}", folder + name, versions.get(name, "")) for name in names],
        segments=[],
    )


def _read(store: ObjectStore, key: str, version: str) -> bytes:
    return b"".join(stores.read(store, key, version))
