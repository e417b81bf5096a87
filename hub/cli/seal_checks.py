"""Whether recordings can be sealed here, and every seal there is can be checked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from hub import key_rings, signing_keys, timestamps
from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError, HubError
from hub.models import Recording
from hub.services import recording_keys as keys_of_recordings
from hub.timestamps import NotAStamp, StampAway

KEYS, STAMPS, MASTER = "seal keys", "time stamps", "master key"


def seal_keys(config: Config) -> Iterator[Finding]:
    """Every key that a recording of this database was sealed with must be known."""

    async def used() -> set[str]:
        database = Database(config.database)
        try:
            async with database.reading() as db:
                wanted = select(Recording.seal_key).where(Recording.seal_key.is_not(None)).distinct()
                return {key for key in await db.scalars(wanted) if key}
        finally:
            await database.close()

    try:
        missing = asyncio.run(used()) - signing_keys.public_keys(config).keys()
    except ConfigError as error:
        yield Finding(KEYS, Verdict.FAULT, str(error))
    except (HubError, DBAPIError):
        return  # the database's own finding says why
    else:
        if missing:
            remedy = "restore keys/public from the backup that belongs to this database"
            yield Finding(
                KEYS, Verdict.FAULT, f"recordings were sealed with unknown keys: {', '.join(missing)}", remedy
            )
        else:
            yield Finding(KEYS, Verdict.OK, "every key that a recording was sealed with is known")


def recording_keys(config: Config) -> Iterator[Finding]:
    """Every key that a recording is encrypted with must open with a master key that is known here."""

    async def used() -> dict[str, int]:
        database = Database(config.database)
        try:
            async with database.reading() as db:
                return await keys_of_recordings.by_master(db)
        finally:
            await database.close()

    try:
        known, wrapped = {key.id for key in key_rings.masters(config).known()}, asyncio.run(used())
    except ConfigError as error:
        yield Finding(MASTER, Verdict.FAULT, str(error))
        return
    except (HubError, DBAPIError):
        return  # the database's own finding says why
    lost = {master: count for master, count in wrapped.items() if master not in known}
    if lost:
        detail = ", ".join(f"{count} recordings need {master}" for master, count in lost.items())
        remedy = "restore keys/master.key from the backup, or add the key to master_keys"
        yield Finding(MASTER, Verdict.FAULT, f"missing: {detail}", remedy)
    elif len(wrapped) > 1:
        yield Finding(MASTER, Verdict.WARNING, "a change of keys was broken off", "run: hub key rotate-master")
    elif wrapped or config.encrypt_recordings:
        yield Finding(MASTER, Verdict.OK, f"opens the keys of {sum(wrapped.values())} recordings")


def time_stamps(config: Config) -> Iterator[Finding]:
    """Asks for a stamp of random bytes; nothing when no authority is configured."""
    if not config.timestamp_url or config.timestamp_ca is None:
        return
    data = secrets.token_bytes(64)
    try:
        stamp = timestamps.fetch(config.timestamp_url, config.timestamp_ca, data)
        at = timestamps.check(config.timestamp_ca, data, stamp)
    except (StampAway, NotAStamp) as error:
        remedy = "recordings are sealed all the same and stamped later; check timestamp_url, timestamp_ca and openssl"
        yield Finding(STAMPS, Verdict.WARNING, f"{config.timestamp_url}: {error}", remedy)
    else:
        yield Finding(STAMPS, Verdict.OK, f"{config.timestamp_url} answers with {at:%Y-%m-%d %H:%M:%S}Z")
