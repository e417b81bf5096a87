"""The shipped rules and holidays in the database: what is missing is put in, what nobody has edited follows the files.

Runs at each start and after ``hub migrate``; a row is recognised by where it came from, so that an administrator's
edit, even of its code or day, is never undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from hub import law_files
from hub.db import driver_url
from hub.law import Rule, RuleBook
from hub.law_files import HolidayRow
from hub.models import AuditEvent, Holiday, LegalRule
from hub.working_days import SpecialDay, WorkCalendar

Row = TypeVar("Row", LegalRule, Holiday)

RULE_FIELDS = (
    *("code", "name", "name_en", "value", "unit", "direction"),
    *("legal_basis", "certainty", "note", "valid_from", "valid_to", "active"),
)
HOLIDAY_FIELDS = ("day", "kind", "name", "name_en", "legal_basis", "certainty", "note", "active")


def load_into(url: str) -> int:
    """Load into the database at ``url``; how many rows were put in or changed. Blocks."""
    engine = create_engine(driver_url(url, sync=True))
    try:
        with Session(engine) as session, session.begin():
            return load(session)
    finally:
        engine.dispose()


def load(session: Session) -> int:
    """In the caller's transaction. Changes of rows that were there are written into the audit trail."""
    rules = {f"{rule.code}@{rule.valid_from}": _rule_values(rule) for rule in law_files.shipped_rules()}
    days = {f"{row.day}": _holiday_values(row) for row in law_files.shipped_holidays()}
    return _bring(session, LegalRule, rules, _taken_rules(session)) + _bring(
        session, Holiday, days, _taken_days(session)
    )


def shipped_book() -> RuleBook:
    """The shipped files as they are, without any database."""
    rows = law_files.shipped_holidays()
    special = [(row.active, SpecialDay(row.day, row.kind, row.name, row.name_en, row.certainty)) for row in rows]
    days = WorkCalendar(
        {one.day: one for active, one in special if active}, tuple(one for active, one in special if not active)
    )
    return RuleBook(tuple(law_files.shipped_rules()), days)


def _taken_rules(session: Session) -> set[object]:
    return {(code, day) for code, day in session.execute(select(LegalRule.code, LegalRule.valid_from))}


def _taken_days(session: Session) -> set[object]:
    return set(session.scalars(select(Holiday.day)))


def _bring(session: Session, kind: type[Row], shipped: Mapping[str, dict[str, object]], taken: set[object]) -> int:
    present = {row.shipped_key: row for row in session.scalars(select(kind)) if row.shipped_key}
    count = 0
    for key, values in shipped.items():
        row = present.get(key)
        if row is None:
            # Somebody was first with a row of his own for the same: his stands.
            if _place(values) not in taken:
                session.add(kind(shipped_key=key, edited=False, version=1, **values))
                count += 1
        elif not row.edited and (changes := differences(row, values)):
            _note(session, row, changes)
            for name, value in values.items():
                setattr(row, name, value)
            row.version += 1
            count += 1
    session.flush()
    return count


def _place(values: Mapping[str, object]) -> object:
    return (values["code"], values["valid_from"]) if "code" in values else values["day"]


def _note(session: Session, row: LegalRule | Holiday, changes: dict[str, list[object]]) -> None:
    kind = "rule" if isinstance(row, LegalRule) else "holiday"
    session.add(
        AuditEvent(
            action=f"{kind}_updated", object_type=object_type(row), object_id=row.id, detail={"changes": changes}
        )
    )


def object_type(row: LegalRule | Holiday) -> str:
    """As the audit trail calls it."""
    return "legal_rule" if isinstance(row, LegalRule) else "holiday"


def differences(row: LegalRule | Holiday, values: Mapping[str, object]) -> dict[str, list[object]]:
    """What the values would change, by field: before and after, as JSON."""
    return {name: [plain(getattr(row, name)), plain(new)] for name, new in values.items() if getattr(row, name) != new}


def plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _rule_values(rule: Rule) -> dict[str, object]:
    return _values(rule, (name for name in RULE_FIELDS if name != "active")) | {"active": True}


def _holiday_values(row: HolidayRow) -> dict[str, object]:
    return _values(row, HOLIDAY_FIELDS)


def _values(row: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}
