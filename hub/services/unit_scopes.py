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
Units = list[str] | None
"""Ids; None: every unit there is."""
TOP_SLASHES = 2
"""Of the path of a unit that stands under no other, and of ``/``."""


async def units_within(db: AsyncSession, paths: Collection[str]) -> Units:
    """The units in one of the scopes; closed ones too, whose rows stay readable. Asked once of the same scopes in a
    session that only reads."""
    if "/" in paths:
        return None
    known: dict[frozenset[str], Units] = db.info.setdefault(_KNOWN, {}) if db.info.get(READS_ONLY) else {}
    asked = frozenset(paths)
    if asked not in known:
        known[asked] = None if await _are_all(db, asked) else await _within(db, asked)
    return known[asked]


async def _are_all(db: AsyncSession, paths: frozenset[str]) -> bool:
    """Whether the scopes are those of all units that stand under no other: a list then need not name them one by
    one."""
    if not any(path.count("/") <= TOP_SLASHES for path in paths):
        return False
    tops = (await db.execute(select(OrgUnit.path).where(OrgUnit.parent_id.is_(None)))).scalars()
    return paths.issuperset(tops)


async def _within(db: AsyncSession, paths: frozenset[str]) -> list[str]:
    return list((await db.execute(select(OrgUnit.id).where(audit.within(OrgUnit.path, paths)))).scalars())


def of_units(column: InstrumentedAttribute[Any], units: Units) -> ColumnElement[bool]:
    """That the column holds one of the units."""
    if units is None:
        return true()
    return column.in_(units) if units else false()
