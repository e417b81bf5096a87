"""Whether every register of receptions is still what was written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import HubError
from hub.models import OrgUnit
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
        count, found, codes = asyncio.run(_read(config))
    except (HubError, DBAPIError):
        return  # the database's own finding says why
    if not found:
        yield Finding(what, Verdict.OK, f"{count} entries, every chain whole")
        return
    named = "; ".join(f"{_unit(one, codes)}, {one.year}, entry {one.number} {WORDS[one.kind]}" for one in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    remedy = "compare with the backup of before; the audit trail tells who wrote each entry"
    yield Finding(what, Verdict.FAULT, f"{len(found)} faults: {named}{more}", remedy)


def _unit(fault: Break, codes: Mapping[str, str]) -> str:
    return f"unit {codes.get(fault.unit_id, fault.unit_id)}"


async def _read(config: Config) -> tuple[int, list[Break], dict[str, str]]:
    """How many entries there are, what is wrong, and the units' codes by id."""
    database = Database(config.database)
    try:
        async with database.reading() as db:
            codes = {row.id: row.code for row in await db.execute(select(OrgUnit.id, OrgUnit.code))}
            return *await register_checks.breaks(db), codes
    finally:
        await database.close()
