"""Many rows at once: COPY where PostgreSQL takes it, prepared INSERTs elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, cast

from sqlalchemy import Column, Connection, Table, insert
from sqlalchemy.types import JSON

Row = dict[str, Any]
BATCH = 5000


def put(connection: Connection, model: type[Any], rows: list[Row]) -> None:
    """Write ``rows`` as they are, with the columns' own defaults for what they leave out. All have the same keys."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, model.__table__, rows)
        return
    for first in range(0, len(rows), BATCH):
        connection.execute(insert(model), rows[first : first + BATCH])


def _copy(connection: Connection, table: Table, rows: list[Row]) -> None:
    given = [column for column in table.columns if column.name in rows[0] or column.default is not None]
    makers = [_maker(column) for column in given]
    names = ", ".join(f'"{column.name}"' for column in given)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([make(row) for make in makers])


def _maker(column: Column[Any]) -> Callable[[Row], Any]:
    name, default = column.name, cast(Any, column.default)
    encode = json.dumps if isinstance(column.type, JSON) else _plain

    def make(row: Row) -> Any:
        if name in row:
            return encode(row[name])
        return encode(default.arg(None) if default.is_callable else default.arg)

    return make


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def every(count: int, size: int) -> Iterator[tuple[int, int]]:
    """``(first, how many)`` of each part of ``count`` in parts of ``size``."""
    for first in range(0, count, size):
        yield first, min(size, count - first)
