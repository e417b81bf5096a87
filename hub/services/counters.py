"""Numbers without holes or doubles: the increment belongs to the transaction that uses the number."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from hub.models import Counter


async def next_number(db: AsyncSession, series: str) -> int:
    """The next number of a series, from 1. Others who want one of the same series wait until this transaction ends."""
    dialect: Any = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(Counter).values(series=series, value=1)
    counted = insert.on_conflict_do_update(index_elements=["series"], set_={"value": Counter.value + 1})
    return int((await db.execute(counted.returning(Counter.value))).scalar_one())
