"""The organisation: units as a tree with materialised paths, and the reception points that stand in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import new_id
from hub.models import OrgUnit, Point, UnitLevel
from hub.services import audit
from hub.text import clean

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,23}")
_ORDER = (UnitLevel.CENTRAL, UnitLevel.PROVINCE, UnitLevel.COMMUNE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """``parent_id`` empty makes a root, which only the command line and the first administrator's scope allow."""

    code: str
    name: str
    level: UnitLevel
    parent_id: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoint:
    code: str
    name: str
    unit_id: str
    address: str = ""
    phone: str = ""
    is_bridge: bool = False
    active: bool = True
    capacity: int = 1
    """How many hearings the point holds at once."""


CAPACITY_MAX = 20


async def list_units(db: AsyncSession, actor: Actor, *, closed: bool = False) -> list[OrgUnit]:
    """The units within any of the actor's roles, each after its parent."""
    wanted = select(OrgUnit).where(audit.within(OrgUnit.path, {grant.path for grant in actor.grants}))
    if not closed:
        wanted = wanted.where(OrgUnit.active)
    found = (await db.execute(wanted)).scalars().all()
    names = {unit.id: unit.name for unit in found}
    return sorted(found, key=lambda unit: [names.get(part, part) for part in unit.path.strip("/").split("/")])


async def list_points(
    db: AsyncSession, actor: Actor, *, closed: bool = False, bridges_only: bool = False
) -> list[Point]:
    """The points in the units within any of the actor's roles, by unit and name."""
    paths = {grant.path for grant in actor.grants}
    wanted = select(Point).join(OrgUnit, OrgUnit.id == Point.unit_id).where(audit.within(OrgUnit.path, paths))
    if not closed:
        wanted = wanted.where(Point.active)
    if bridges_only:
        wanted = wanted.where(Point.is_bridge)
    return list((await db.execute(wanted.order_by(Point.is_bridge.desc(), Point.name))).unique().scalars())


async def get_unit(db: AsyncSession, actor: Actor, unit_id: str) -> OrgUnit:
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không có cơ quan này."))
    require(actor, Action.MANAGE_UNITS, Target(paths=(unit.path,)))
    return unit


async def get_point(db: AsyncSession, actor: Actor, point_id: str) -> Point:
    point = await db.get(Point, point_id)
    if point is None:
        raise NotFound(N_("Không có điểm cầu này."))
    require(actor, Action.MANAGE_UNITS, Target(paths=(point.unit.path,)))
    return point


async def create_unit(db: AsyncSession, actor: Actor, new: NewUnit) -> OrgUnit:
    """Raises ``BadInput`` by field, ``Conflict`` when the code is taken, ``Forbidden`` outside one's scope."""
    code = new.code.strip().upper()
    faults = _faults(code, new.name)
    parent = await db.get(OrgUnit, new.parent_id) if new.parent_id else None
    if new.parent_id and parent is None:
        faults["parent_id"] = Text(N_("Không có cơ quan cấp trên này."))
    if parent is not None and (above := level_fault(new.level, UnitLevel(parent.level))) is not None:
        faults["level"] = above
    _raise(faults)
    require(actor, Action.MANAGE_UNITS, Target(paths=(parent.path if parent else "/",)))
    unit = made_unit(new, parent.path if parent else "/")
    await _insert(db, unit)
    await audit.record(db, actor, "unit_created", "unit", unit.id, unit_path=unit.path, code=code)
    return unit


def made_unit(new: NewUnit, parent_path: str) -> OrgUnit:
    """A row of what has been checked."""
    unit_id = new_id()
    return OrgUnit(
        id=unit_id,
        code=new.code.strip().upper(),
        name=clean(new.name),
        level=new.level,
        parent_id=new.parent_id or None,
        path=f"{parent_path}{unit_id}/",
        active=new.active,
    )


async def update_unit(db: AsyncSession, actor: Actor, unit_id: str, edit: NewUnit) -> OrgUnit:
    """Name, code and whether it is active. Its place in the tree stays: records of the past are scoped by it."""
    unit = await get_unit(db, actor, unit_id)
    code = edit.code.strip().upper()
    faults = _faults(code, edit.name)
    if (edit.parent_id or None) != unit.parent_id or edit.level != unit.level:
        faults["parent_id"] = Text(N_("Không thể chuyển cơ quan sang cấp khác. Hãy ngừng dùng và lập cơ quan mới."))
    _raise(faults)
    unit.code, unit.name, unit.active = code, clean(edit.name), edit.active
    await _flush(db)
    await audit.record(db, actor, "unit_changed", "unit", unit.id, unit_path=unit.path, code=code, active=edit.active)
    return unit


async def create_point(db: AsyncSession, actor: Actor, new: NewPoint) -> Point:
    """Raises as ``create_unit``."""
    code, unit = await _checked_point(db, actor, new)
    point = made_point(new, unit)
    await _insert(db, point)
    await audit.record(db, actor, "point_created", "point", point.id, unit_path=unit.path, code=code)
    await db.refresh(point, ["unit"])
    return point


def made_point(new: NewPoint, unit: OrgUnit) -> Point:
    """A row of what has been checked."""
    return Point(
        id=new_id(),
        code=new.code.strip().upper(),
        name=clean(new.name),
        unit_id=unit.id,
        address=clean(new.address),
        phone=clean(new.phone),
        is_bridge=new.is_bridge,
        active=new.active,
        capacity=new.capacity,
    )


async def update_point(db: AsyncSession, actor: Actor, point_id: str, edit: NewPoint) -> Point:
    """Both the point's unit now and the one wished must be in one's scope."""
    point = await get_point(db, actor, point_id)
    code, unit = await _checked_point(db, actor, edit)
    point.code, point.name, point.unit_id = code, clean(edit.name), unit.id
    point.address, point.phone = clean(edit.address), clean(edit.phone)
    point.is_bridge, point.active, point.capacity = edit.is_bridge, edit.active, edit.capacity
    await _flush(db)
    await audit.record(
        db, actor, "point_changed", "point", point.id, unit_path=unit.path, code=code, active=edit.active
    )
    await db.refresh(point, ["unit"])
    return point


async def _checked_point(db: AsyncSession, actor: Actor, new: NewPoint) -> tuple[str, OrgUnit]:
    code = new.code.strip().upper()
    faults = _faults(code, new.name)
    unit = await db.get(OrgUnit, new.unit_id)
    if unit is None or not unit.active:
        faults["unit_id"] = Text(N_("Hãy chọn cơ quan."))
    if not 1 <= new.capacity <= CAPACITY_MAX:
        faults["capacity"] = Text(N_("Số buổi tiếp cùng lúc từ 1 đến %(most)d."), {"most": CAPACITY_MAX})
    for field, longest in (("address", 400), ("phone", 40)):
        if len(clean(getattr(new, field))) > longest:
            faults[field] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})
    _raise(faults)
    assert unit is not None
    require(actor, Action.MANAGE_UNITS, Target(paths=(unit.path,)))
    return code, unit


def code_fault(code: str) -> Text | None:
    """Of a unit's or a point's code, in upper case."""
    if _CODE.fullmatch(code):
        return None
    return Text(N_("Mã gồm chữ in hoa không dấu, chữ số và dấu gạch ngang, nhiều nhất 24 ký tự."))


def level_fault(level: UnitLevel, above: UnitLevel) -> Text | None:
    if _ORDER.index(level) >= _ORDER.index(above):
        return None
    return Text(N_("Cơ quan cấp dưới không thể ở cấp cao hơn cơ quan cấp trên."))


def _faults(code: str, name: str) -> dict[str, Text]:
    faults = {}
    if (bad_code := code_fault(code)) is not None:
        faults["code"] = bad_code
    if not clean(name):
        faults["name"] = Text(N_("Hãy ghi tên."))
    elif len(clean(name)) > 200:
        faults["name"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": 200})
    return faults


def _raise(faults: dict[str, Text]) -> None:
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)


async def _insert(db: AsyncSession, row: OrgUnit | Point) -> None:
    try:
        async with db.begin_nested():
            db.add(row)
    except IntegrityError as error:
        raise Conflict(N_("Mã này đã được dùng."), field="code") from error


async def _flush(db: AsyncSession) -> None:
    try:
        async with db.begin_nested():
            await db.flush()
    except IntegrityError as error:
        raise Conflict(N_("Mã này đã được dùng."), field="code") from error
