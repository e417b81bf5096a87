"""Writing what an import plan says, thousands of rows in a moment: the plan has checked them in this transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.errors import BadInput, Conflict, Forbidden
from hub.i18n import DEFAULT_LANGUAGE, Text
from hub.import_columns import Fault
from hub.import_kinds import ImportKind
from hub.models import Account, OrgUnit, Point, Role, UnitLevel
from hub.services import audit, people
from hub.services.import_plans import Change, Known
from hub.services.people import AccountEdit, GrantInput, NewAccount, NewPoint, NewUnit
from hub.services.units import made_point, made_unit

Progress = Callable[[int], None]
AT_ONCE = 25
"""Rows that are written before everybody else in this process gets a turn: some ten milliseconds."""


class RowRefused(Exception):
    """A rule that the plan does not know refused a row; nothing is kept."""

    def __init__(self, row: int, text: Text) -> None:
        self.fault = Fault(row, "", "", text)


async def known(db: AsyncSession, kind: ImportKind) -> Known:
    """What is there now."""
    found = Known({unit.code: unit for unit in (await db.execute(select(OrgUnit))).scalars()})
    if kind is ImportKind.POINTS:
        found.points = {point.code: point for point in (await db.execute(select(Point))).unique().scalars()}
    elif kind is ImportKind.ACCOUNTS:
        found.accounts = {one.username: one for one in (await db.execute(select(Account))).unique().scalars()}
    return found


async def write(
    db: AsyncSession,
    actor: Actor,
    kind: ImportKind,
    changes: Sequence[Change],
    hashes: Mapping[str, str],
    progress: Progress,
) -> None:
    """In the caller's transaction. Raises ``RowRefused``, or ``IntegrityError`` when somebody came in between."""
    there = await known(db, kind)
    for done, change in enumerate(changes, start=1):
        try:
            if kind is ImportKind.UNITS:
                _unit(db, actor, change, there)
            elif kind is ImportKind.POINTS:
                _point(db, actor, change, there)
            else:
                await _account(db, actor, change, there, hashes)
        except (BadInput, Conflict, Forbidden) as error:
            raise RowRefused(change.row, error.text) from error
        progress(done)
        if done % AT_ONCE == 0:
            await db.flush()
            await asyncio.sleep(0)
    await db.flush()


def _unit(db: AsyncSession, actor: Actor, change: Change, there: Known) -> None:
    after = change.after
    unit = there.units.get(change.key)
    if unit is None:
        parent = there.units[after["parent"]] if after.get("parent") else None
        new = NewUnit(
            code=change.key,
            name=after["name"],
            level=UnitLevel(after["level"]),
            parent_id=parent.id if parent else "",
            active=after.get("active", "yes") == "yes",
        )
        unit = there.units[change.key] = made_unit(new, parent.path if parent else "/")
        db.add(unit)
    else:
        unit.name = after.get("name", unit.name)
        unit.active = after["active"] == "yes" if "active" in after else unit.active
    what = "unit_created" if change.new else "unit_changed"
    db.add(audit.made(actor, what, "unit", unit.id, unit_path=unit.path, code=unit.code, active=unit.active))


def _point(db: AsyncSession, actor: Actor, change: Change, there: Known) -> None:
    after, point = change.after, there.points.get(change.key)
    unit = there.units[after["unit"]] if "unit" in after else None
    if point is None:
        assert unit is not None
        new = NewPoint(
            code=change.key,
            name=after["name"],
            unit_id=unit.id,
            address=after.get("address", ""),
            phone=after.get("phone", ""),
            is_bridge=after.get("bridge") == "yes",
            active=after.get("active", "yes") == "yes",
        )
        point = made_point(new, unit)
        db.add(point)
    else:
        unit = unit or point.unit
        point.unit_id = unit.id
        for name in ("name", "address", "phone"):
            setattr(point, name, after.get(name, getattr(point, name)))
        point.is_bridge = after["bridge"] == "yes" if "bridge" in after else point.is_bridge
        point.active = after["active"] == "yes" if "active" in after else point.active
    what = "point_created" if change.new else "point_changed"
    db.add(audit.made(actor, what, "point", point.id, unit_path=unit.path, code=point.code, active=point.active))


async def _account(db: AsyncSession, actor: Actor, change: Change, there: Known, hashes: Mapping[str, str]) -> None:
    after, now = change.after, there.accounts.get(change.key)
    grants = _grants(after.get("roles", ""), there)
    texts = ("full_name", "title", "phone", "email")
    common: dict[str, Any] = {name: after.get(name, getattr(now, name, "")) for name in texts}
    common["language"] = after.get("language", now.language if now else DEFAULT_LANGUAGE)
    common["unit_id"] = there.units[after["unit"]].id if "unit" in after else now.unit_id if now else ""
    if now is not None:
        held = tuple(GrantInput(Role(one.role), one.unit_id) for one in now.grants)
        edit = AccountEdit(grants=grants if "roles" in after else held, **common)
        await people.update_account(db, actor, now.id, edit)
        return
    new = NewAccount(username=change.key, password="", must_change_password=True, **common)
    account = people.made_account(new, hashes[change.key], {(one.role, one.unit_id) for one in grants})
    db.add(account)
    unit, roles = there.units[after["unit"]], sorted([str(one.role), one.unit_id] for one in grants)
    told = {"unit_path": unit.path, "username": account.username}
    db.add(audit.made(actor, "account_created", "account", account.id, roles=roles, **told))


def _grants(written: str, there: Known) -> tuple[GrantInput, ...]:
    pairs = [part.split(" @ ") for part in written.split("; ") if part]
    return tuple(GrantInput(Role(role), there.units[code].id) for role, code in pairs)
