"""Whether the keys that are here open the identities in this database, those of denouncers apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from hub import key_rings
from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import ConfigError, HubError
from hub.sealed import WrongKey
from hub.services import denouncers, identity
from hub.services.identity import open_vault

IDENTITY, DENOUNCERS = "identity key", "denouncers' key"


def identity_key(config: Config) -> Iterator[Finding]:
    yield from _opening(
        config,
        IDENTITY,
        lambda db: identity.check_key(db, open_vault(config)),
        remedy="restore keys/identity.key from the backup that belongs to this database",
        fine="present, private, and the one that sealed this database",
    )


def denouncers_key(config: Config) -> Iterator[Finding]:
    """Each key that a denouncer's identity or document lies under must be here."""

    async def compare(db: AsyncSession) -> None:
        vault = open_vault(config)
        await denouncers.check(db, vault.ring, vault.unseal)
        used.update(await denouncers.by_key(db))

    used: dict[str, int] = {}
    remedy = "restore keys/denouncers.key from the backup, or add the key to denouncer_keys"
    current = key_rings.denouncers(config)
    for finding in _opening(config, DENOUNCERS, compare, remedy=remedy, fine=""):
        if finding.verdict is not Verdict.OK:
            yield finding
        elif set(used) <= {current.current().id}:
            yield Finding(DENOUNCERS, Verdict.OK, f"opens {sum(used.values())} identities and documents")
        elif set(used) <= {current.current().id, denouncers.BEFORE}:
            detail = f"{used[denouncers.BEFORE]} identities are still under the identity key"
            yield Finding(DENOUNCERS, Verdict.WARNING, detail, "run: hub migrate")
        else:
            yield Finding(
                DENOUNCERS, Verdict.WARNING, "a change of keys was broken off", "run: hub key rotate-denouncers"
            )


def _opening(
    config: Config, what: str, compare: Callable[[AsyncSession], Awaitable[None]], *, remedy: str, fine: str
) -> Iterator[Finding]:
    async def main() -> None:
        database = Database(config.database)
        try:
            async with database.transaction() as db:
                await compare(db)
        finally:
            await database.close()

    try:
        asyncio.run(main())
    except ConfigError as error:
        yield Finding(what, Verdict.FAULT, str(error), remedy)
    except WrongKey:
        yield Finding(what, Verdict.FAULT, "does not open what is in this database", remedy)
    except (HubError, DBAPIError):
        return  # the database's own finding says why
    else:
        yield Finding(what, Verdict.OK, fine)
