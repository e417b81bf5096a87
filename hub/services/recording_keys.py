"""The keys that recordings are encrypted with: made at the first upload, found for reading, wrapped anew, destroyed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import envelope, key_rings, models
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, ConfigError, HubError, NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.services import custody
from hub.services import store as stores
from hub.services.store import ObjectStore


class KeyGone(HubError):
    """The recording's key was destroyed on purpose: nobody can ever read it again."""

    status = 410
    code = "key_gone"


@dataclass(frozen=True, slots=True)
class Found:
    """``data_key`` is None for a recording that was never encrypted, or whose key is destroyed."""

    data_key: bytes | None = None
    sha256: str = ""
    destroyed: bool = False
    why: str = ""
    """Why there is a key that cannot be had."""


async def find(db: AsyncSession, config: Config, recording_id: str) -> Found:
    """Raises ``ConfigError`` when no master key that is known here wrapped it."""
    row = await db.get(models.RecordingKey, recording_id)
    if row is None:
        return Found()
    if row.wrapped is None:
        return Found(None, row.sha256, destroyed=True)
    return Found(_unwrap(config, row), row.sha256)


async def to_read(db: AsyncSession, config: Config, recording_id: str) -> bytes | None:
    """As ``find``, for who wants to read: raises ``KeyGone`` when the key was destroyed."""
    found = await find(db, config, recording_id)
    if found.destroyed:
        raise KeyGone(N_("Khóa giải mã của bản ghi này đã bị tiêu hủy; không ai còn đọc được nội dung."))
    return found.data_key


async def ensure(database: Database, config: Config, recording_id: str) -> bytes | None:
    """The key to encrypt with, made and committed now when absent; None when there is no such recording.

    Raises ``ConfigError``, ``KeyGone``.
    """
    async with database.reading() as db:
        found = await to_read(db, config, recording_id)
    if found is not None:
        return found
    keeping = key_rings.masters(config).using()
    await asyncio.to_thread(keeping.__enter__)
    try:
        return await _make(database, config, recording_id)
    finally:
        keeping.__exit__(None, None, None)


async def _make(database: Database, config: Config, recording_id: str) -> bytes | None:
    async with database.transaction() as db:
        if await db.get(models.Recording, recording_id, with_for_update=True) is None:
            return None
        row = await db.get(models.RecordingKey, recording_id)
        if row is not None:
            return _unwrap(config, row)
        data_key, master = secrets.token_bytes(envelope.KEY_BYTES), key_rings.masters(config).current()
        row = models.RecordingKey(recording_id=recording_id, sha256=envelope.fingerprint(data_key))
        _wrap(row, master, data_key)
        db.add(row)
    return data_key


async def renew_master(database: Database, config: Config) -> int:
    """Wrap every key with a new master key (from the file), or with the first of the configuration; how many were.

    The file's key before is destroyed at the end. May be repeated after it was broken off.
    """
    return await key_rings.renew(key_rings.masters(config), lambda: _wrap_all(database, config))


async def _wrap_all(database: Database, config: Config) -> int:
    master = key_rings.masters(config).current()
    async with database.transaction() as db:
        query = select(models.RecordingKey).where(
            models.RecordingKey.wrapped.is_not(None), models.RecordingKey.master != master.id
        )
        rows = list(await db.scalars(query.with_for_update()))
        for row in rows:
            _wrap(row, master, _unwrap(config, row))
    return len(rows)


async def hand_out(database: Database, config: Config, actor: Actor, recording_id: str, reason: str) -> bytes:
    """The key itself, for who runs the hub; kept in the chain of custody. Raises ``BadInput`` without a reason,
    ``NotFound`` for a recording that is not encrypted, ``KeyGone``."""
    if not reason.strip():
        raise BadInput(N_("Hãy nêu lý do."))
    async with database.transaction() as db:
        data_key = await to_read(db, config, recording_id)
        if data_key is None:
            raise NotFound(N_("Bản ghi này không có hoặc không được mã hóa."))
        await custody.record(db, actor, recording_id, "key", reason)
    return data_key


async def by_master(db: AsyncSession) -> dict[str, int]:
    """How many keys each master key wraps."""
    query = select(models.RecordingKey.master, func.count()).where(models.RecordingKey.wrapped.is_not(None))
    found = await db.execute(query.group_by(models.RecordingKey.master))
    return {row[0]: row[1] for row in found}


async def destroy(db: AsyncSession, recording_id: str) -> str | None:
    """Forget the key in the caller's transaction; its fingerprint, or None when there was none to destroy."""
    row = await db.get(models.RecordingKey, recording_id, with_for_update=True)
    if row is None or row.wrapped is None:
        return None
    row.wrapped, row.master, row.destroyed_at = None, "", utc_now()
    return row.sha256


def read(
    store: ObjectStore,
    data_key: bytes | None,
    segment: models.Segment,
    start: int = 0,
    length: int | None = None,
) -> Iterator[bytes]:
    """A segment's bytes as they were recorded. Blocks. Raises ``StoreAway``, ``ObjectMissing``, ``Undecipherable``."""
    key, version = segment.object_key, segment.version
    if not segment.encrypted:
        return stores.read(store, key, version, start, length)
    if data_key is None:
        raise envelope.Undecipherable("no key")
    return envelope.read(data_key, key, lambda at, count: stores.read(store, key, version, at, count), start, length)


def _wrap(row: models.RecordingKey, master: key_rings.RingKey, data_key: bytes) -> None:
    row.master, row.wrapped = master.id, envelope.wrap(master.key, secrets.token_bytes(12), data_key, row.recording_id)


def _unwrap(config: Config, row: models.RecordingKey) -> bytes:
    for master in key_rings.masters(config).known():
        if master.id == row.master and row.wrapped is not None:
            try:
                return envelope.unwrap(master.key, row.wrapped, row.recording_id)
            except envelope.Undecipherable as error:
                raise ConfigError([f"the key of recording {row.recording_id} was changed in the database"]) from error
    raise ConfigError([f"master key {row.master} is missing; restore keys/master.key or add it to master_keys"])
