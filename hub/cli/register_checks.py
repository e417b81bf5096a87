"""Whether every register of receptions is still what was written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import HubError
from hub.services import register_checks
from hub.services.register_checks import Break

NAMED = 5
"""So many faults are named."""
WORDS = {
    "altered": "was changed",
    "missing": "is missing",
    "extra": "was put in",
    "outcome": "what was frozen at the end of the year was changed",
}


def registers(config: Config) -> Iterator[Finding]:
    what = "registers"
    try:
        count, found = asyncio.run(_read(config))
    except (HubError, DBAPIError):
        return  # the database's own finding says why
    if not found:
        yield Finding(what, Verdict.OK, f"{count} entries, every chain whole")
        return
    named = "; ".join(f"unit {one.unit_id}, {one.year}, entry {one.number} {WORDS[one.kind]}" for one in found[:NAMED])
    remedy = "compare with the backup of before; the audit trail tells who wrote each entry"
    yield Finding(what, Verdict.WARNING, f"{len(found)} faults: {named}", remedy)


async def _read(config: Config) -> tuple[int, list[Break]]:
    database = Database(config.database)
    try:
        async with database.reading() as db:
            return await register_checks.breaks(db)
    finally:
        await database.close()
