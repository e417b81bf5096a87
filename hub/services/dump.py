"""The database's rows as portable JSON lines: dumped from SQLite or PostgreSQL, restored into either.

The first line of a table's dump is ``{"table": name, "columns": {column: kind}}``, every other a list of values in
the columns' order. The kinds describe the dump completely, so that an old dump is restored into the schema of its
own time and then migrated.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Float,
    LargeBinary,
    String,
    Table,
    column,
    create_engine,
    func,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import make_url
from sqlalchemy.types import TypeEngine

from hub.db import driver_url
from hub.models import Base, DeviceToken, SearchDoc, SignInSession, UtcDateTime

BATCH_ROWS = 500
LEFT_OUT = frozenset({SignInSession.__tablename__, DeviceToken.__tablename__, SearchDoc.__tablename__})
"""A restored hub asks everyone to sign in, and every device for a new token: a stolen backup must hold nothing open.
The search index is made again."""

_KINDS: list[tuple[type[TypeEngine[Any] | UtcDateTime], str]] = [
    (UtcDateTime, "datetime"),
    (Date, "date"),
    (JSON, "json"),
    (LargeBinary, "bytes"),
    (Boolean, "bool"),
    (Float, "float"),
    (String, "str"),
    (BigInteger, "int"),
]
_TYPES: dict[str, Callable[[], TypeEngine[Any]]] = {
    "datetime": UtcDateTime,
    "date": Date,
    "json": lambda: JSON(none_as_null=True),
    "bytes": LargeBinary,
    "bool": Boolean,
    "float": Float,
    "str": String,
    "int": BigInteger,
}


def open_engine(url: str) -> Engine:
    """A plain engine whose connections see one state of the database from their first statement to their last."""
    if make_url(url).get_backend_name() == "sqlite":
        # The standard library's driver would begin a transaction only at the first write.
        options = {"isolation_level": None, "timeout": 30}
        return create_engine(driver_url(url, sync=True), connect_args=options, hide_parameters=True)
    return create_engine(driver_url(url), isolation_level="REPEATABLE READ", hide_parameters=True)


def begin(connection: Connection) -> None:
    """Start the transaction explicitly where the driver would not."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")


def dump(connection: Connection) -> Iterator[tuple[str, Iterator[bytes]]]:
    """``(table, lines)`` for every table, referred-to tables first. Consume each table's lines before the next."""
    for each in Base.metadata.sorted_tables:
        if each.name not in LEFT_OUT:
            yield each.name, _dump_table(connection, each)


def _dump_table(connection: Connection, each: Table) -> Iterator[bytes]:
    kinds = {col.name: _kind(col) for col in each.columns}
    yield _line({"table": each.name, "columns": kinds})
    rows = connection.execution_options(yield_per=BATCH_ROWS).execute(select(each).order_by(*each.primary_key.columns))
    for row in _parents_first(each, rows):
        yield _line([_plain(kind, value) for kind, value in zip(kinds.values(), row, strict=True)])


def _parents_first(each: Table, rows: Iterable[Any]) -> Iterable[Any]:
    """Rows of a tree so that each comes after its parent: foreign keys are checked row by row on restoring."""
    names = [col.name for col in each.columns]
    own = [key.parent.name for key in each.foreign_keys if key.column.table is each]
    if not own:
        return rows
    parent, key = names.index(own[0]), names.index(next(iter(each.primary_key.columns)).name)
    waiting: dict[Any, list[Any]] = {}
    for row in rows:
        waiting.setdefault(row[parent], []).append(row)
    ordered = waiting.pop(None, [])
    for row in ordered:  # grows while it is walked
        ordered.extend(waiting.pop(row[key], []))
    return ordered


def load(connection: Connection, lines: Iterable[bytes]) -> tuple[str, int]:
    """Insert one table's dump; ``(table, rows)``. Raises ``ValueError`` when it is not a dump of ours."""
    walk = iter(lines)
    head = json.loads(next(walk))
    kinds: dict[str, str] = head["columns"]
    if unknown := set(kinds.values()) - _TYPES.keys():
        raise ValueError(f"{head['table']}: unknown kinds {sorted(unknown)}")
    target = table(head["table"], *(column(name, _TYPES[kind]()) for name, kind in kinds.items()))
    batch: list[dict[str, Any]] = []
    total = 0
    for line in walk:
        values = zip(kinds.items(), json.loads(line), strict=True)
        batch.append({name: _typed(kind, value) for (name, kind), value in values})
        if len(batch) >= BATCH_ROWS:
            connection.execute(insert(target), batch)
            total += len(batch)
            batch = []
    if batch:
        connection.execute(insert(target), batch)
    return head["table"], total + len(batch)


def is_empty(connection: Connection) -> bool:
    """Whether there is no table at all."""
    return not inspect(connection).get_table_names()


def count_rows(connection: Connection, name: str) -> int:
    return int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())


def _kind(col: Column[Any]) -> str:
    if isinstance(col.type, String):
        return "str"
    for cls, kind in _KINDS:
        if isinstance(col.type, cls):
            return kind
    if col.type.python_type is int:
        return "int"
    raise TypeError(f"{col}: {col.type!r} cannot be dumped")


def _plain(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind in ("datetime", "date"):
        return value.isoformat()
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return value


def _typed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "datetime":
        return datetime.fromisoformat(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "bytes":
        return base64.b64decode(value)
    return value


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
