"""The shipped files of the law: one reader for both, every fault told with its line. Pure.

A file is CSV in UTF-8 with a heading; empty lines and lines that begin with ``#`` are skipped. Days are 2026-07-01.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from typing import TypeVar

from hub.law import Rule, overlaps
from hub.models.law import Certainty, DayKind, Direction, RuleUnit
from hub.working_days import LONGEST_DAYS

RULES = "rules.csv"
HOLIDAYS = "holidays.csv"
RULE_COLUMNS = (
    *("code", "value", "unit", "direction", "valid_from", "valid_to", "certainty"),
    *("name", "name_en", "legal_basis", "note"),
)
HOLIDAY_COLUMNS = ("day", "kind", "active", "certainty", "name", "name_en", "legal_basis", "note")
LONGEST_TEXT = 300
LIMITS = {"code": 64, "name": 200, "name_en": 200, "legal_basis": 300, "note": 600}

Choice = TypeVar("Choice", bound=StrEnum)
Row = TypeVar("Row")


class LawFileError(ValueError):
    """Every fault of a file, as ``rules.csv, line 7: …``."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRow:
    day: date
    kind: DayKind
    active: bool
    certainty: Certainty
    name: str
    name_en: str
    legal_basis: str
    note: str


def shipped_rules() -> list[Rule]:
    return read_rules(shipped(RULES))


def shipped_holidays() -> list[HolidayRow]:
    return read_holidays(shipped(HOLIDAYS))


def shipped(name: str) -> str:
    return files("hub").joinpath("data", name).read_text(encoding="utf-8")


def read_rules(text: str, name: str = RULES) -> list[Rule]:
    """Raises ``LawFileError``: faults of single lines, and rules of one code that overlap."""
    rules = read_table(text, name, RULE_COLUMNS, _rule)
    faults = [
        f"{name}: {one.code}: the rows from {one.valid_from} and from {other.valid_from} overlap"
        for one, other in overlaps(rules)
    ]
    if faults:
        raise LawFileError(faults)
    return rules


def read_holidays(text: str, name: str = HOLIDAYS) -> list[HolidayRow]:
    """Raises ``LawFileError``: faults of single lines, and days that come twice."""
    rows = read_table(text, name, HOLIDAY_COLUMNS, _holiday)
    days = [row.day for row in rows]
    twice = sorted({day for day in days if days.count(day) > 1})
    if twice:
        raise LawFileError([f"{name}: {day} comes twice" for day in twice])
    return rows


def read_table(text: str, name: str, columns: tuple[str, ...], make: Callable[[Line], Row]) -> list[Row]:
    rows: list[Row] = []
    faults: list[str] = []
    lines = _lines(text)
    if next(lines, (0, []))[1] != list(columns):
        raise LawFileError([f"{name}: the first line must be the heading {','.join(columns)}"])
    for number, cells in lines:
        if len(cells) != len(columns):
            faults.append(f"{name}, line {number}: {len(cells)} cells instead of {len(columns)}")
            continue
        line = Line(dict(zip(columns, (cell.strip() for cell in cells), strict=True)))
        row = make(line)
        faults += [f"{name}, line {number}: {fault}" for fault in line.faults]
        rows.append(row)
    if faults:
        raise LawFileError(faults)
    return rows


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """A cell holds no line break, so a line of the file is a row, and its number is the editor's."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, next(csv.reader([line]))


class Line:
    """One line's cells; what is wrong with them is gathered."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.faults: list[str] = []

    def text(self, column: str, *, required: bool = True) -> str:
        value = self.cells[column]
        if required and not value:
            self.faults.append(f"{column} is empty")
        if len(value) > LIMITS.get(column, LONGEST_TEXT):
            self.faults.append(f"{column} is longer than {LIMITS.get(column, LONGEST_TEXT)} characters")
        return value

    def choice(self, column: str, kind: type[Choice], default: Choice) -> Choice:
        try:
            return kind(self.cells[column] or default)
        except ValueError:
            self.faults.append(f"{column} {self.cells[column]!r} is not one of {', '.join(kind)}")
            return default

    def day(self, column: str) -> date:
        try:
            return date.fromisoformat(self.cells[column])
        except ValueError:
            self.faults.append(f"{column} {self.cells[column]!r} is not a day such as 2026-07-01")
            return date.min

    def number(self, column: str) -> int:
        text = self.cells[column]
        if not text.isascii() or not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= LONGEST_DAYS:
            self.faults.append(f"{column} {text!r} is not a whole number from 1 to {LONGEST_DAYS}")
            return 1
        return int(text)


def _rule(line: Line) -> Rule:
    valid_from = line.day("valid_from")
    valid_to = line.day("valid_to") if line.cells["valid_to"] else None
    if valid_to is not None and valid_to < valid_from:
        line.faults.append("valid_to lies before valid_from")
    return Rule(
        code=line.text("code"),
        value=line.number("value"),
        unit=line.choice("unit", RuleUnit, RuleUnit.DAYS),
        direction=line.choice("direction", Direction, Direction.AFTER),
        valid_from=valid_from,
        valid_to=valid_to,
        certainty=line.choice("certainty", Certainty, Certainty.UNVERIFIED),
        name=line.text("name"),
        name_en=line.text("name_en"),
        legal_basis=line.text("legal_basis"),
        note=line.text("note", required=False),
    )


def _holiday(line: Line) -> HolidayRow:
    day, kind = line.day("day"), line.choice("kind", DayKind, DayKind.HOLIDAY)
    if kind is DayKind.SWAPPED_WORKING and day.isoweekday() <= 5 and day != date.min:
        line.faults.append(f"{day} is a weekday, so it cannot be worked in exchange")
    if line.cells["active"] not in ("yes", "no"):
        line.faults.append(f"active {line.cells['active']!r} is neither yes nor no")
    return HolidayRow(
        day=day,
        kind=kind,
        active=line.cells["active"] == "yes",
        certainty=line.choice("certainty", Certainty, Certainty.UNVERIFIED),
        name=line.text("name"),
        name_en=line.text("name_en"),
        legal_basis=line.text("legal_basis"),
        note=line.text("note", required=False),
    )
