"""Seals archived recordings and has the seals stamped. What there is to do is found in the rows: nothing is forgotten
when a key, the store or the time-stamping authority is away, and what was archived before seals existed is sealed too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, and_, select

from hub import manifest as form
from hub import models, seals, signing_keys, timestamps
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.seals import PublicKey
from hub.services import store as stores
from hub.services.store import ObjectExists, ObjectMissing, ObjectStore
from recorder import rows
from recorder.turns import Faulty, for_ever

LOOK_EVERY_S = 2
BATCH = 20
STAMP_TYPE = "application/timestamp-reply"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seal:
    sealed_at: datetime
    key: str
    """The public key's fingerprint."""


class CannotSeal(Exception):
    """The store holds something else under the seal's keys, or not the manifest that the rows know of."""


class Sealing:
    """One per recorder process. Two that work side by side take over each other's seals."""

    def __init__(self, config: Config, database: Database, store: ObjectStore) -> None:
        self._config, self._database, self._store = config, database, store
        self._faulty = Faulty()

    def key(self) -> PublicKey:
        """The key that the next seal is made with. Raises ``ConfigError``."""
        fingerprint = seals.fingerprint(signing_keys.signing_key(self._config).public_key())
        return signing_keys.public_keys(self._config)[fingerprint]

    def seal(self, recording_id: str, manifest: bytes) -> Seal:
        """Put the seal beside the manifest, or take over the one that is there. Blocks.

        Raises ``StoreAway``, ``ConfigError``, ``CannotSeal``.
        """
        document = json.loads(manifest)
        key = signing_keys.signing_key(self._config)
        mine = seals.Heading(recording_id, _now(), seals.fingerprint(key.public_key()))
        names = seals.key_of(recording_id, seals.SUMS), seals.key_of(recording_id, seals.SIGNATURE)
        with suppress(ObjectExists):
            self._store.put_bytes(names[0], seals.sums(mine, manifest, document), media_type="text/plain")
        data = b"".join(self._store.read(names[0]))
        try:
            heading = seals.read_heading(data)
        except ValueError as error:
            raise CannotSeal(names[0]) from error
        if data != seals.sums(heading, manifest, document):
            raise CannotSeal(names[0])
        if heading.key == mine.key:
            with suppress(ObjectExists):
                self._store.put_bytes(names[1], seals.sign(key, data), media_type="application/octet-stream")
        self._check(heading, names, data)
        return Seal(heading.sealed_at, heading.key)

    def _check(self, heading: seals.Heading, names: tuple[str, str], data: bytes) -> None:
        try:
            signature = b"".join(self._store.read(names[1]))
        except ObjectMissing:
            # Begun with a key that is gone by now; what was never signed is no evidence, and the next turn begins anew.
            self._store.delete(names[0])
            raise CannotSeal(names[0]) from None
        known = signing_keys.public_keys(self._config).get(heading.key)
        if known is None or not seals.signed(known.key, data, signature):
            raise CannotSeal(names[1])

    async def run(self) -> None:
        """Seal and stamp until cancelled, beside the archiver: a slow authority holds nothing up."""
        await for_ever("seal", self.turn, LOOK_EVERY_S)

    async def turn(self) -> None:
        """Seal and stamp what is not. Raises ``NotReady`` (store or database away), ``StampAway``, ``ConfigError``."""
        for recording in await self._unsealed():
            await self._seal(recording)
        if self._config.timestamp_url:
            for recording in await self._unstamped():
                await self._stamp(recording)

    async def _unsealed(self) -> list[models.Recording]:
        return await self._archived(models.Recording.sealed_at.is_(None))

    async def _unstamped(self) -> list[models.Recording]:
        return await self._archived(
            and_(models.Recording.sealed_at.is_not(None), models.Recording.stamped_at.is_(None))
        )

    async def _archived(self, condition: ColumnElement[bool]) -> list[models.Recording]:
        wanted = select(models.Recording).where(
            models.Recording.state == models.RecordingState.ARCHIVED,
            models.Recording.id.not_in(self._faulty.ids()),
            condition,
        )
        async with self._database.reading() as db:
            return list(await db.scalars(wanted.order_by(models.Recording.id).limit(BATCH)))

    async def _seal(self, recording: models.Recording) -> None:
        try:
            seal = await asyncio.to_thread(
                self._seal_stored,
                recording.id,
                recording.manifest_sha256,
                (recording.versions or {}).get("manifest.json", ""),
            )
        except (CannotSeal, ObjectMissing, ValueError):
            self._faulty.add(recording.id)
            log.exception("recording cannot be sealed", recording=recording.id)
            return
        await rows.sealed(self._database, recording.id, seal.sealed_at, seal.key)
        log.info("recording sealed", recording=recording.id)

    def _seal_stored(self, recording_id: str, sha256: str | None, version: str) -> Seal:
        key = form.key_of(recording_id)
        data = b"".join(stores.read(self._store, key, version))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise CannotSeal(key)
        return self.seal(recording_id, data)

    async def _stamp(self, recording: models.Recording) -> None:
        try:
            at = await asyncio.to_thread(
                self._stamp_stored, recording.id, (recording.versions or {}).get(seals.SIGNATURE, "")
            )
        except (ObjectMissing, timestamps.NotAStamp):
            self._faulty.add(recording.id)
            log.exception("seal cannot be stamped", recording=recording.id)
            return
        await rows.stamped(self._database, recording.id, at)
        log.info("seal stamped", recording=recording.id)

    def _stamp_stored(self, recording_id: str, version: str) -> datetime:
        authority = self._config.timestamp_ca
        assert authority is not None  # the configuration gives both or neither
        signature = b"".join(stores.read(self._store, seals.key_of(recording_id, seals.SIGNATURE), version))
        key = seals.key_of(recording_id, seals.STAMP)
        try:
            return timestamps.check(authority, signature, b"".join(self._store.read(key)))
        except ObjectMissing:
            stamp = timestamps.fetch(self._config.timestamp_url, authority, signature)
        with suppress(ObjectExists):
            self._store.put_bytes(key, stamp, media_type=STAMP_TYPE)
        return timestamps.check(authority, signature, b"".join(self._store.read(key)))


def _now() -> datetime:
    now = utc_now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
