"""What search and lists can be narrowed by: units, points and officers of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import lazyload

from hub.auth import Actor
from hub.models import Account, OrgUnit, Point, Role, RoleGrant
from hub.services import audit

MOST = 400


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    name: str
    depth: int = 0
    """Of a unit, below the highest that is offered."""


@dataclass(frozen=True, slots=True)
class Choices:
    units: list[Choice]
    officers: list[Choice]


async def choices(db: AsyncSession, actor: Actor, unit_id: str) -> Choices:
    """Units of the actor's roles as a tree; officials who register or chair there, of ``unit_id`` and below when one is
    chosen."""
    found = await units(db, actor)
    chosen = (await db.get(OrgUnit, unit_id)) if any(one.id == unit_id for one in found) else None
    return Choices(found, await _officers(db, {chosen.path} if chosen else {grant.path for grant in actor.grants}))


async def units(db: AsyncSession, actor: Actor) -> list[Choice]:
    """Of the actor's roles as a tree, closed ones too."""
    paths = {grant.path for grant in actor.grants}
    wanted = select(OrgUnit.id, OrgUnit.name, OrgUnit.path).where(audit.within(OrgUnit.path, paths))
    rows = (await db.execute(wanted)).all()
    names = {row.id: row.name for row in rows}
    parts = {row.id: row.path.strip("/").split("/") for row in rows}
    top = min((len(each) for each in parts.values()), default=0)
    ordered = sorted(rows, key=lambda row: [names.get(part, part) for part in parts[row.id]])
    return [Choice(row.id, row.name, len(parts[row.id]) - top) for row in ordered]


async def points(db: AsyncSession, actor: Actor, *, closed: bool = False) -> list[Choice]:
    """As ``units.list_points``, in its order, by name alone."""
    paths = {grant.path for grant in actor.grants}
    wanted = select(Point.id, Point.name).join(OrgUnit, OrgUnit.id == Point.unit_id)
    wanted = wanted.where(audit.within(OrgUnit.path, paths)).order_by(Point.is_bridge.desc(), Point.name)
    if not closed:
        wanted = wanted.where(Point.active)
    return [Choice(point_id, name) for point_id, name in await db.execute(wanted)]


async def _officers(db: AsyncSession, paths: set[str]) -> list[Choice]:
    with_role = select(RoleGrant.account_id).where(RoleGrant.role.in_((Role.OFFICER, Role.LEADER)))
    wanted = (
        select(Account.id, Account.full_name)
        .join(OrgUnit, OrgUnit.id == Account.unit_id)
        .where(audit.within(OrgUnit.path, paths), Account.id.in_(with_role))
        .order_by(Account.full_name, Account.id)
        .options(lazyload("*"))
        .limit(MOST)
    )
    return [Choice(account_id, name) for account_id, name in await db.execute(wanted)]
