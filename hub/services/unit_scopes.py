"""The units of a scope by their ids: what lists are filtered by, so that their indices are of use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, any_, false, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub.db import READS_ONLY
from hub.models import OrgUnit
from hub.services import audit

_KNOWN = "units_within"
"""Of ``AsyncSession.info``."""
Units = list[str] | None
"""Ids; None: every unit there is."""
FEW = 40
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


def of_units(db: AsyncSession, column: InstrumentedAttribute[Any], units: Units) -> ColumnElement[bool]:
    """That the column holds one of the units."""
    return true() if units is None else one_of(db, column, units)


def one_of(db: AsyncSession, column: InstrumentedAttribute[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """That the column holds one of the values, which may be hundreds: as one array then on PostgreSQL, because psycopg
    takes a statement apart at each placeholder and does not remember one that has many."""
    if not values:
        return false()
    if len(values) <= FEW or db.get_bind().dialect.name == "sqlite":
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(String)))
