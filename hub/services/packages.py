"""A whole recording to take away: one ZIP with the segments as they were recorded, the manifest, the seal, the time
stamp, the public key, the chain of custody and a page that says how to check it without us."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models, seals
from hub import manifest as form
from hub.auth import Action, Actor
from hub.envelope import Undecipherable
from hub.errors import BadInput, NotReady
from hub.i18n import N_, Text
from hub.services import custody, extracts, identity, recording_keys, recordings, withholding
from hub.services import store as stores
from hub.services.extracts import Blank, Extract
from hub.services.hearing_lists import record_target
from hub.services.identity import Vault
from hub.services.package_readme import README, README_EXTRACT
from hub.services.replays import REASON_MAX
from hub.services.rereading import Trust
from hub.services.store import ObjectMissing, ObjectStore
from hub.services.withholding import Passage

PIECE_BYTES = 1 << 20
_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Package:
    """``files`` are written as they stand here, ``objects`` are (path in the package, object key, version) read from
    the store, ``segments`` too, opened with ``data_key`` where they are encrypted.

    An object that the store has lost is left out: the list of checksums tells that it is missing.
    """

    name: str
    at: datetime
    files: dict[str, bytes]
    objects: list[tuple[str, str, str]]
    segments: list[models.Segment]
    blanks: list[Blank] = field(default_factory=list)
    """In place of what is withheld."""
    data_key: bytes | None = field(default=None, repr=False)


async def prepare(
    db: AsyncSession,
    vault: Vault,
    trusted: Trust,
    actor: Actor,
    recording_id: str,
    reason: str,
    *,
    with_withheld: bool = False,
) -> Package:
    """What the package holds; the download is kept in the chain of custody, which is part of the package.

    Where passages are withheld it is an extract, unless ``with_withheld`` is asked for by who may.

    Raises ``NotFound``, ``Forbidden``, ``BadInput`` without a reason or when it names a denouncer, and ``NotReady``
    while the recording is not sealed.
    """
    recording, hearing = await _opened(db, actor, recording_id, with_withheld=with_withheld)
    reason = _reason(reason)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason, field="download_reason")
    if recording.sealed_at is None or recording.manifest_key is None:
        raise NotReady(N_("Bản ghi chưa được niêm phong nên chưa tải về được. Hãy thử lại sau."))
    data_key = await recording_keys.to_read(db, trusted.config, recording_id) if trusted.config else None
    passages = await withholding.in_force(db, recording_id)
    extract = await _extract(db, trusted, recording, passages) if passages and not with_withheld else None
    action = "download_extract" if extract else "download_withheld" if passages else "download"
    detail = {"manifest_sha256": extract.manifest_sha256} if extract else {}
    await custody.record(db, actor, recording_id, action, reason, unit_path=hearing.unit.path, **detail)
    rows = await db.scalars(_segments(recording))
    name = f"{hearing.number.replace('/', '-')}-{recording_id[:8]}"
    return Package(
        name=f"{name}-trich" if extract else name,
        at=recording.sealed_at,
        files=await _files(db, trusted, recording, extract),
        objects=_objects(recording, extract),
        segments=[row for row in rows if extract is None or row.object_key not in extract.hidden],
        blanks=extract.blanks if extract else [],
        data_key=data_key,
    )


async def _opened(
    db: AsyncSession, actor: Actor, recording_id: str, *, with_withheld: bool
) -> tuple[models.Recording, models.Hearing]:
    """For whoever may take it away, with what is withheld only for who may read that."""
    recording, hearing = await recordings.get(db, recording_id)
    auth.require(actor, Action.DOWNLOAD_RECORDING, record_target(hearing))
    await recordings.to_open(db, recording_id)
    if with_withheld:
        withholding.require_read(actor, hearing)
    return recording, hearing


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > REASON_MAX:
        fault = N_("Hãy nêu lý do tải về, không quá %(limit)s ký tự.")
        raise BadInput(fault, fields={"download_reason": Text(fault, {"limit": REASON_MAX})}, limit=REASON_MAX)
    return reason


async def _extract(db: AsyncSession, trusted: Trust, recording: models.Recording, passages: list[Passage]) -> Extract:
    if trusted.config is None:
        raise NotReady(N_("Chưa có khóa để ký bản trích."))
    return await extracts.make(db, trusted.config, recording, passages)


async def _files(
    db: AsyncSession, trusted: Trust, recording: models.Recording, extract: Extract | None
) -> dict[str, bytes]:
    """An extract's own seal stands where a recording's does; the recording's is put into ``original``."""
    files = {"README.txt": (README_EXTRACT if extract else README).encode()}
    folder = "original/" if extract else ""
    key = trusted.keys.get(recording.seal_key or "")
    if key is not None:
        files[f"{folder}key.pem"] = key.pem.encode()
    if recording.stamped_at is not None and trusted.authority is not None:
        files[f"{folder}authority.pem"] = trusted.authority.read_bytes()
    entries = [{**custody.as_json(row), "sha256": row.sha256} for row in await custody.entries(db, recording.id)]
    files["custody.json"] = json.dumps(entries, ensure_ascii=False, indent=1).encode()
    return files | (extract.files if extract else {})


def _segments(recording: models.Recording) -> Select[models.Segment]:
    mine = select(models.Segment).where(models.Segment.recording_id == recording.id)
    return mine.order_by(models.Segment.track_id, models.Segment.number)


def _objects(recording: models.Recording, extract: Extract | None) -> list[tuple[str, str, str]]:
    """Of an extract the list of checksums goes along, the manifest does not: it tells what is withheld."""
    names = [seals.SUMS, seals.SIGNATURE] if extract else ["manifest.json", seals.SUMS, seals.SIGNATURE]
    if recording.stamped_at is not None:
        names.append(seals.STAMP)
    folder = form.folder_of(recording.id)
    versions = recording.versions or {}
    return [(f"original/{name}" if extract else name, folder + name, versions.get(name, "")) for name in names]


def stream(store: ObjectStore, package: Package) -> Iterator[bytes]:
    """The ZIP in pieces of about a megabyte, never whole in memory. Blocks. Raises ``StoreAway``.

    Nothing is compressed: media is already, and what is stored plainly can be cut out of a damaged file.
    """
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for path, data in package.files.items():
            archive.writestr(_info(package, path), data)
        for path, chunks in _contents(store, package):
            try:
                first = next(chunks, b"")
            except (ObjectMissing, Undecipherable):
                continue
            with archive.open(_info(package, path), "w") as entry:
                entry.write(first)
                for chunk in chunks:
                    entry.write(chunk)
                    if len(out.pending) >= PIECE_BYTES:
                        yield out.take()
            if len(out.pending) >= PIECE_BYTES:
                yield out.take()
    yield out.take()


def _contents(store: ObjectStore, package: Package) -> Iterator[tuple[str, Iterator[bytes]]]:
    for path, key, version in package.objects:
        yield path, _lazily(partial(stores.read, store, key, version))
    for row in package.segments:
        path = row.object_key.removeprefix(form.folder_of(row.recording_id))
        yield path, _lazily(partial(recording_keys.read, store, package.data_key, row))
    for blank in package.blanks:
        yield blank.path, iter([blank.data()])


def _lazily(read: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Stores may say at once that an object is missing; here whoever takes the first piece is told."""
    yield from read()


def _info(package: Package, path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{package.name}/{Path(path).as_posix()}", package.at.timetuple()[:6])
    info.external_attr = _MODE
    return info


class _Out:
    """What ``zipfile`` writes to: only ``write`` and ``flush``, so that it never goes back."""

    def __init__(self) -> None:
        self.pending = bytearray()

    def write(self, data: bytes) -> int:
        self.pending += data
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data, self.pending = bytes(self.pending), bytearray()
        return data
