"""Rules and holidays: the book that deadlines are counted by, and what an administrator changes in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, law_files, retention
from hub.auth import Action, Actor, Target, may, require
from hub.db import READS_ONLY
from hub.errors import BadInput, NotFound, Stale
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.law import EARLIEST, LATEST, Rule, RuleBook, interchangeable, overlaps
from hub.law_files import LIMITS
from hub.models import (
    Account,
    AuditEvent,
    Certainty,
    DayKind,
    Direction,
    Holiday,
    LegalRule,
    OrgUnit,
    RuleUnit,
)
from hub.services import audit
from hub.services.law_loading import differences, object_type, plain
from hub.text import clean
from hub.working_days import LONGEST_DAYS, SATURDAY, SpecialDay, WorkCalendar

_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")
_CODE = re.compile(r"[a-z][a-z0-9_]{2,63}")
Row = TypeVar("Row", LegalRule, Holiday)
_BEFORE = "retention_rule"
"""As the audit trail called a rule of retention while these had a table of their own; their ids stayed."""


_BOOK = "rule_book"
"""Of ``AsyncSession.info``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEdit:
    code: str
    name: str
    value: int
    unit: RuleUnit
    legal_basis: str
    certainty: Certainty
    valid_from: date
    valid_to: date | None = None
    name_en: str = ""
    direction: Direction = Direction.AFTER
    note: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayEdit:
    day: date
    kind: DayKind
    name: str
    legal_basis: str
    certainty: Certainty
    name_en: str = ""
    note: str = ""
    active: bool = True


Edit = RuleEdit | HolidayEdit


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a row's history. ``changes`` maps a field to what it was (None: not there yet) and became."""

    at: datetime
    who: str
    """Empty: the hub itself, from its shipped files."""
    action: str
    reason: str
    changes: Mapping[str, tuple[object, object]]


async def rule_book(db: AsyncSession) -> RuleBook:
    """Everything that is in force at one time or another; asked once in a session that only reads."""
    known: RuleBook | None = db.info.get(_BOOK)
    if known is not None:
        return known
    rules, days = await db.execute(_RULES), await db.execute(_DAYS)
    book = _book(tuple(map(tuple, rules)), tuple(map(tuple, days)))
    if db.info.get(READS_ONLY):
        db.info[_BOOK] = book
    return book


_RULE_COLUMNS = (
    *("code", "name", "name_en", "value", "unit", "direction", "legal_basis", "certainty", "note"),
    *("valid_from", "valid_to"),
)
_DAY_COLUMNS = ("day", "kind", "name", "name_en", "certainty", "active")
_RULES = select(*(getattr(LegalRule, name) for name in _RULE_COLUMNS)).where(LegalRule.active)
_DAYS = select(*(getattr(Holiday, name) for name in _DAY_COLUMNS))


@lru_cache(maxsize=4)
def _book(rules: tuple[tuple[Any, ...], ...], days: tuple[tuple[Any, ...], ...]) -> RuleBook:
    """Made once of the same rows: pages ask for it many times a second, and it changes a few times a year."""
    rows = [SimpleNamespace(**dict(zip(_DAY_COLUMNS, one, strict=True))) for one in days]
    return RuleBook(
        tuple(as_rule(SimpleNamespace(**dict(zip(_RULE_COLUMNS, one, strict=True)))) for one in rules),
        WorkCalendar(
            {row.day: _special(row) for row in rows if row.active},
            tuple(_special(row) for row in rows if not row.active),
        ),
    )


def as_rule(row: Any) -> Rule:
    """Of a ``LegalRule``, or of what has its columns."""
    return Rule(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        value=row.value,
        unit=RuleUnit(row.unit),
        direction=Direction(row.direction),
        legal_basis=row.legal_basis,
        certainty=Certainty(row.certainty),
        note=row.note,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _special(row: Any) -> SpecialDay:
    return SpecialDay(row.day, DayKind(row.kind), row.name, row.name_en, Certainty(row.certainty))


async def list_rules(db: AsyncSession, actor: Actor) -> list[LegalRule]:
    """All versions, those that count for nothing too; by code, oldest first."""
    _require_reader(actor)
    return list((await db.execute(select(LegalRule).order_by(LegalRule.code, LegalRule.valid_from))).scalars())


async def list_holidays(db: AsyncSession, actor: Actor, year: int) -> list[Holiday]:
    _require_reader(actor)
    wanted = select(Holiday).where(Holiday.day >= date(year, 1, 1), Holiday.day <= date(year, 12, 31))
    return list((await db.execute(wanted.order_by(Holiday.day))).scalars())


async def holiday_years(db: AsyncSession, actor: Actor) -> list[int]:
    _require_reader(actor)
    return sorted({day.year for day in (await db.execute(select(Holiday.day))).scalars()})


async def get_rule(db: AsyncSession, actor: Actor, rule_id: str) -> LegalRule:
    _require_reader(actor)
    row = await db.get(LegalRule, rule_id)
    if row is None:
        raise NotFound(N_("Không có quy tắc này."))
    return row


async def get_holiday(db: AsyncSession, actor: Actor, holiday_id: str) -> Holiday:
    _require_reader(actor)
    row = await db.get(Holiday, holiday_id)
    if row is None:
        raise NotFound(N_("Không có ngày nghỉ này."))
    return row


async def may_manage(db: AsyncSession, actor: Actor) -> bool:
    """Rules are one for the whole hub, so only an administrator of its highest unit may change them."""
    return may(actor, Action.MANAGE_RULES, await _everything(db))


async def require_manager(db: AsyncSession, actor: Actor) -> None:
    """Raises ``Forbidden`` for everybody else."""
    require(actor, Action.MANAGE_RULES, await _everything(db))


async def save_rule(
    db: AsyncSession, actor: Actor, rule_id: str, version: int, edit: RuleEdit, reason: str
) -> LegalRule:
    """Change a rule, or add one when ``rule_id`` is empty. Raises ``BadInput`` by field, ``Stale``, ``Forbidden``."""
    await require_manager(db, actor)
    row = await _locked(db, LegalRule, rule_id) if rule_id else None
    faults = _text_faults(edit, reason) | _rule_faults(edit)
    others = [one for one in (await db.execute(select(LegalRule))).scalars() if row is None or one.id != row.id]
    if not faults:
        faults = _overlap_faults(others, edit)
    if faults:
        raise BadInput(_CHECK, fields=faults)
    return await _keep(db, actor, row, LegalRule, version, edit, reason)


async def save_holiday(
    db: AsyncSession, actor: Actor, holiday_id: str, version: int, edit: HolidayEdit, reason: str
) -> Holiday:
    """As ``save_rule``."""
    await require_manager(db, actor)
    row = await _locked(db, Holiday, holiday_id) if holiday_id else None
    faults = _text_faults(edit, reason)
    if not EARLIEST <= edit.day <= LATEST:
        faults["day"] = Text(N_("Ngày phải từ năm 1990 đến năm 2100."))
    if edit.kind is DayKind.SWAPPED_WORKING and edit.day.isoweekday() < SATURDAY:
        faults["kind"] = Text(N_("Chỉ thứ Bảy, Chủ nhật mới làm bù được."))
    same = (await db.execute(select(Holiday).where(Holiday.day == edit.day))).scalar_one_or_none()
    if same is not None and (row is None or same.id != row.id):
        faults["day"] = Text(N_("Ngày này đã có trong lịch: %(name)s."), {"name": same.name})
    if faults:
        raise BadInput(_CHECK, fields=faults)
    return await _keep(db, actor, row, Holiday, version, edit, reason)


async def history(db: AsyncSession, actor: Actor, row: LegalRule | Holiday) -> list[Change]:
    """Who changed what and when, the newest first."""
    _require_reader(actor)
    wanted = (
        select(AuditEvent, Account.full_name)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.object_type.in_((object_type(row), _BEFORE)), AuditEvent.object_id == row.id)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    return [
        Change(
            at=event.at,
            who=name or "",
            action=event.action,
            reason=event.reason,
            changes={field: (pair[0], pair[1]) for field, pair in event.detail.get("changes", {}).items()},
        )
        for event, name in (await db.execute(wanted)).all()
    ]


def _require_reader(actor: Actor) -> None:
    require(actor, Action.READ_RULES, Target(paths=tuple(grant.path for grant in actor.grants)))


async def _everything(db: AsyncSession) -> Target:
    return Target(paths=tuple((await db.execute(select(OrgUnit.path).where(OrgUnit.parent_id.is_(None)))).scalars()))


async def _locked(db: AsyncSession, kind: type[Row], row_id: str) -> Row:
    found = await db.get(kind, row_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(N_("Không có quy tắc hoặc ngày nghỉ này."))
    return found


async def _keep(
    db: AsyncSession, actor: Actor, row: Row | None, kind: type[Row], version: int, edit: Edit, reason: str
) -> Row:
    """Write the row and the history's entry, with what was and what is."""
    values = _values(edit)
    added = row is None
    if row is None:
        row = kind(shipped_key=None, edited=True, version=1, **values)
        changes = {name: [None, plain(value)] for name, value in values.items() if value not in ("", None)}
        db.add(row)
    elif row.version != version:
        raise await _stale(db, row)
    else:
        changes = differences(row, values)
        for name, value in values.items():
            setattr(row, name, value)
        row.version, row.edited = row.version + 1, row.edited or bool(changes)
    await db.flush()
    if isinstance(row, LegalRule):
        action, label = ("rule_added" if added else "rule_changed"), row.code
    else:
        action, label = ("holiday_added" if added else "holiday_changed"), row.day.isoformat()
    await audit.record(db, actor, action, object_type(row), row.id, clean(reason), code=label, changes=changes)
    return row


async def _stale(db: AsyncSession, row: LegalRule | Holiday) -> Stale:
    last = (
        select(Account.full_name, AuditEvent.at)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.object_type == object_type(row), AuditEvent.object_id == row.id)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    name, at = (await db.execute(last.limit(1))).first() or ("", utc_now())
    return Stale(
        N_("%(name)s đã sửa mục này lúc %(time)s, sau khi bạn mở. Hãy xem bản mới rồi sửa lại."),
        name=name or "hub",
        time=calendar.stamp(at),
    )


def _values(edit: Edit) -> dict[str, object]:
    given = {one.name: getattr(edit, one.name) for one in fields(edit)}
    return {name: clean(value) if type(value) is str else value for name, value in given.items()}


def _text_faults(edit: Edit, reason: str) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for name, value in _values(edit).items():
        if name in LIMITS and len(str(value)) > LIMITS[name]:
            found[name] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": LIMITS[name]})
    if not clean(edit.name):
        found["name"] = Text(N_("Hãy ghi tên."))
    if not clean(edit.legal_basis):
        found["legal_basis"] = Text(N_("Hãy ghi căn cứ: văn bản và điều, khoản."))
    if not clean(reason):
        found["reason"] = Text(N_("Hãy ghi lý do sửa."))
    return found


def _rule_faults(edit: RuleEdit) -> dict[str, Text]:
    found: dict[str, Text] = {}
    if not _CODE.fullmatch(clean(edit.code)):
        found["code"] = Text(N_("Mã gồm chữ thường không dấu, chữ số và dấu gạch dưới."))
    if not 1 <= edit.value <= LONGEST_DAYS:
        found["value"] = Text(N_("Giá trị từ 1 đến %(most)d."), {"most": LONGEST_DAYS})
    if not EARLIEST <= edit.valid_from <= LATEST:
        found["valid_from"] = Text(N_("Ngày phải từ năm 1990 đến năm 2100."))
    if edit.valid_to is not None and edit.valid_to < edit.valid_from:
        found["valid_to"] = Text(N_("Ngày hết hiệu lực phải sau ngày bắt đầu."))
    keeps = clean(edit.code).startswith(retention.CODE)
    if keeps != (edit.unit is RuleUnit.FOREVER) and (not keeps or edit.unit is not RuleUnit.YEARS):
        found["unit"] = Text(N_("Thời hạn lưu giữ tính bằng năm hoặc vĩnh viễn; quy tắc khác không vĩnh viễn."))
    elif keeps and edit.value > retention.YEARS_MAX:
        found["value"] = Text(N_("Giá trị từ 1 đến %(most)d."), {"most": retention.YEARS_MAX})
    else:
        found |= _meaning_faults(edit)
    return found


def _meaning_faults(edit: RuleEdit) -> dict[str, Text]:
    """A code that came with the hub is counted by it: a deadline that became a number of people would stop every page
    that shows one, and one counted backwards would be overdue from the start."""
    code = clean(edit.code)
    shipped = next((one for one in law_files.shipped_rules() if one.code == code), None)
    if shipped is None or code.startswith(retention.CODE):
        return {}
    found = {}
    if edit.unit not in interchangeable(shipped.unit):
        found["unit"] = Text(
            N_("Với đơn vị này phần mềm không tính được nữa. Hãy chọn đơn vị cùng loại với bản trước.")
        )
    if edit.direction != shipped.direction:
        found["direction"] = Text(N_("Chiều tính của mã này không đổi được."))
    return found


def _overlap_faults(others: Iterable[LegalRule], edit: RuleEdit) -> dict[str, Text]:
    """Two versions of one code on one day would leave nobody knowing which holds."""
    same = [one for one in others if one.code == clean(edit.code)]
    if any(one.valid_from == edit.valid_from for one in same):
        return {"valid_from": Text(N_("Đã có một bản của quy tắc này bắt đầu cùng ngày."))}
    mine = Rule(**{name: value for name, value in _values(edit).items() if name != "active"})  # type: ignore[arg-type]
    clash = overlaps([*(as_rule(one) for one in same if one.active), mine]) if edit.active else []
    if not clash:
        return {}
    other = next(one for pair in clash for one in pair if one is not mine)
    text = N_("Trùng thời gian hiệu lực với bản bắt đầu từ %(day)s. Hãy ghi ngày hết hiệu lực của bản trước.")
    return {"valid_from": Text(text, {"day": other.valid_from})}
