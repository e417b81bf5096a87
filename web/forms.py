"""Reading a form: text fields as typed, choices that must be known ones, days and hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from aiohttp import web as http
from multidict import MultiDict

from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from web import format as formats
from web.keys import MULTIPART

Choice = TypeVar("Choice", bound=StrEnum)

CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


class Form:
    """What was posted. Faults are gathered, so that all of them are shown at once by ``check``."""

    def __init__(self, fields: MultiDict[str]) -> None:
        self.fields = fields
        self.faults: dict[str, Text] = {}

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def secret(self, name: str) -> str:
        """A password: spaces at its ends belong to it."""
        return self.fields.get(name, "")

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for value in self.fields.getall(name, []) if value))

    def yes(self, name: str) -> bool:
        return self.fields.get(name) == "yes"

    def number(self, name: str, default: int) -> int:
        """A whole number; anything else is a fault of the field."""
        text = self.text(name)
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            self.faults[name] = Text(N_("Hãy ghi một số nguyên."))
            return default

    def choice(self, name: str, kind: type[Choice], default: Choice, missing: str = "") -> Choice:
        """One of an enumeration's members; with ``missing``, nothing chosen is a fault with that text."""
        text = self.text(name)
        try:
            return kind(text)
        except ValueError:
            if missing or text:
                self.faults[name] = Text(missing or N_("Hãy chọn một mục trong danh sách."))
            return default

    def day(self, name: str, *, required: bool = True) -> date | None:
        """A day; what is none is a fault of the field."""
        text = self.text(name)
        if not text and not required:
            return None
        try:
            return formats.parse_day(text)
        except ValueError:
            self.faults[name] = Text(N_("Hãy ghi ngày như 23/11/2026."))
            return None

    def instant(self, day: str, clock: str, default: datetime) -> datetime:
        """The instant of a day field and an hour field, in Vietnam's time."""
        try:
            formats.parse_day(self.text(day))
        except ValueError:
            self.faults[day] = Text(N_("Hãy ghi ngày như 23/11/2026."))
        try:
            formats.parse_clock(self.text(clock))
            return formats.parse_local(self.text(day), self.text(clock))
        except ValueError:
            if day not in self.faults:
                self.faults[clock] = Text(N_("Hãy ghi giờ như 08:30."))
            return default

    def check(self) -> None:
        """Raise ``BadInput`` with the faults found so far."""
        if self.faults:
            raise BadInput(CHECK, fields=self.faults)


async def read(request: http.Request) -> Form:
    """The fields. Raises ``BadInput`` for what cannot be read; a form without a file comes URL-encoded."""
    if MULTIPART in request:
        raise BadInput(N_("Không đọc được biểu mẫu đã gửi."))
    posted = await request.post()
    fields: MultiDict[str] = MultiDict()
    for name, value in posted.items():
        if isinstance(value, str):
            fields.add(name, value)
    return Form(fields)


def query_day(query: Mapping[str, str], name: str) -> date | None:
    """A day in an address; nonsense is no day."""
    try:
        return formats.parse_day(query.get(name, ""))
    except ValueError:
        return None


def query_month(query: Mapping[str, str], name: str = "month") -> date | None:
    """The first day of a month like ``2026-12`` in an address; nonsense is none."""
    try:
        found = date.fromisoformat(f"{query.get(name, '')}-01")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def query_choice(query: Mapping[str, str], name: str, kind: type[Choice]) -> Choice | None:
    try:
        return kind(query.get(name, ""))
    except ValueError:
        return None


def query_number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def together(form: Form, error: BadInput | Conflict) -> BadInput | Conflict:
    """The page's faults and the service's, each field told once, in the order of the fields on the page."""
    if not isinstance(error, BadInput) or not form.faults:
        return error
    found = {**error.fields, **form.faults}
    order = {name: nth for nth, name in enumerate(form.fields)}
    fields = dict(sorted(found.items(), key=lambda one: order.get(one[0], len(order))))
    return BadInput(CHECK, fields=fields)


def field_errors(error: BadInput | Conflict | None) -> dict[str, Text]:
    """By field, what a service refused; a conflict names one field at most."""
    if isinstance(error, BadInput):
        return error.fields
    if isinstance(error, Conflict) and error.field:
        return {error.field: error.text}
    return {}
