"""The units of a scope by their ids: what lists are filtered by, so that their indices are of use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub.db import READS_ONLY
from hub.models import OrgUnit
from hub.services import audit

_KNOWN = "units_within"
"""Of ``AsyncSession.info``."""
Units = list[OrgUnit] | None
"""None: every unit there is."""


async def units_within(db: AsyncSession, paths: Collection[str]) -> Units:
    """The units in one of the scopes; closed ones too, whose rows stay readable. Asked once of the same scopes in a
    session that only reads."""
    if "/" in paths:
        return None
    known: dict[frozenset[str], list[OrgUnit]] = db.info.setdefault(_KNOWN, {}) if db.info.get(READS_ONLY) else {}
    asked = frozenset(paths)
    if asked not in known:
        known[asked] = list((await db.execute(select(OrgUnit).where(audit.within(OrgUnit.path, asked)))).scalars())
    return known[asked]


def ids(units: Units) -> list[str]:
    return [unit.id for unit in units or ()]


def of_units(column: InstrumentedAttribute[Any], units: Units, values: list[str]) -> ColumnElement[bool]:
    """That the column holds one of the values, which are of these units."""
    if units is None:
        return true()
    return column.in_(values) if values else false()
