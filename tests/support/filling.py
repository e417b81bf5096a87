"""Rows of which a test only needs that they are there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Date, Integer, LargeBinary, String

from hub import calendar
from hub.ids import new_id, utc_now
from hub.models.base import Base, UtcDateTime


def filled(model: type[Base], **given: object) -> Any:
    """A row in which what must be there and was not given is something of its type."""
    for column in model.__table__.columns:
        if column.name in given or column.nullable or column.default is not None or column.server_default is not None:
            continue
        kinds = {
            String: "x",
            Integer: 1,
            Boolean: False,
            LargeBinary: b"",
            Date: calendar.local_day(utc_now()),
            UtcDateTime: utc_now(),
        }
        fitting = (value for kind, value in kinds.items() if isinstance(column.type, kind))
        given[column.name] = next(fitting, {})
    given.setdefault("id", new_id())
    return model(**{name: value for name, value in given.items() if hasattr(model, name)})
