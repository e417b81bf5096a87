"""Who receives the citizens at each point of a booking, and who interprets there, where they are named beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Conflict
from hub.i18n import N_, Text
from hub.models import Account, OrgUnit, Point, Role, RoleGrant, Seat
from hub.services.sign_in import actor_of


@dataclass(frozen=True, slots=True)
class Staff:
    """Of one point: accounts' ids, or empty. A point without a named officer is for any officer of its unit."""

    point_id: str
    officer_id: str = ""
    interpreter_id: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(one for one in (self.officer_id, self.interpreter_id) if one)


@dataclass(frozen=True, slots=True)
class PointStaff:
    """A point with who is named there, as a page shows it."""

    point: Point
    officer: Account | None
    interpreter: Account | None


@dataclass(frozen=True, slots=True)
class StaffChoices:
    """What a booking form offers: officers by point, and who may interpret at any of them."""

    officers: Mapping[str, Sequence[Account]]
    interpreters: Sequence[Account]


def staff_of(seats: Iterable[Seat]) -> tuple[Staff, ...]:
    """Of the seats where anybody is named."""
    return tuple(
        Staff(seat.point_id, seat.officer_id or "", seat.interpreter_id or "")
        for seat in seats
        if seat.point_id and (seat.officer_id or seat.interpreter_id)
    )


def in_order(staff: Iterable[Staff], points: Sequence[str]) -> tuple[Staff, ...]:
    """As the points come; who is named for none of them, or nobody named, is left out."""
    named = {one.point_id: one for one in staff if one.people}
    return tuple(named[point] for point in points if point in named)


async def at_points(db: AsyncSession, points: Sequence[str], staff: Iterable[Staff]) -> list[PointStaff]:
    """Each of the points, with whoever of ``staff`` is named there."""
    named = {one.point_id: one for one in staff}
    found = []
    for point_id in points:
        one = named.get(point_id, Staff(point_id))
        officer = await db.get(Account, one.officer_id) if one.officer_id else None
        interpreter = await db.get(Account, one.interpreter_id) if one.interpreter_id else None
        found.append(PointStaff(await db.get_one(Point, point_id), officer, interpreter))
    return found


def taken_by(people: Iterable[str]) -> ColumnElement[bool]:
    """Seats that occupy one of these accounts, in whatever part."""
    ids = list(people)
    return or_(Seat.account_id.in_(ids), Seat.officer_id.in_(ids), Seat.interpreter_id.in_(ids))


async def check(
    db: AsyncSession, staff: Sequence[Staff], points: Sequence[Point], unit: OrgUnit, faults: dict[str, Text]
) -> dict[str, Account]:
    """The accounts by id. Faults are told by ``officer_<point>`` and ``interpreter_<point>``."""
    there = {point.id: point for point in points}
    accounts: dict[str, Account] = {}
    for one in staff:
        point = there.get(one.point_id)
        if point is None:
            faults["point_ids"] = Text(N_("Cán bộ được phân công cho một điểm cầu không có trong buổi tiếp."))
            continue
        officer = await db.get(Account, one.officer_id) if one.officer_id else None
        if officer is not None and may_receive(officer, point):
            accounts[officer.id] = officer
        elif one.officer_id:
            faults[f"officer_{point.id}"] = Text(N_("Hãy chọn cán bộ tiếp dân có phạm vi gồm điểm cầu này."))
        interpreter = await db.get(Account, one.interpreter_id) if one.interpreter_id else None
        if interpreter is not None and may_interpret(interpreter, unit):
            accounts[interpreter.id] = interpreter
        elif one.interpreter_id:
            faults[f"interpreter_{point.id}"] = Text(N_("Hãy chọn người phiên dịch đang có tài khoản trong tỉnh."))
    return accounts


def twice(staff: Sequence[Staff], others: Iterable[str]) -> dict[str, Text]:
    """Nobody is at two places, or in two parts, of one hearing: faults by field."""
    seen, faults = set(others), {}
    for one in staff:
        for part, account_id in (("officer", one.officer_id), ("interpreter", one.interpreter_id)):
            if account_id and account_id in seen:
                faults[f"{part}_{one.point_id}"] = Text(N_("Một người không thể giữ hai vai trò trong cùng buổi tiếp."))
            seen.add(account_id)
    return faults


def clash(
    staff: Sequence[Staff], accounts: Mapping[str, Account], taken: frozenset[str], **which: str
) -> Conflict | None:
    """The first of them who is taken by another booking; ``which`` names that booking."""
    for one in staff:
        for part, account_id in (("officer", one.officer_id), ("interpreter", one.interpreter_id)):
            if account_id in taken:
                name = accounts[account_id].full_name
                return Conflict(_TAKEN[part], field=f"{part}_{one.point_id}", name=name, **which)
    return None


_TAKEN = {
    "officer": N_("Cán bộ tiếp dân %(name)s đã có buổi tiếp %(number)s lúc %(time)s: %(title)s."),
    "interpreter": N_("Người phiên dịch %(name)s đã có buổi tiếp %(number)s lúc %(time)s: %(title)s."),
}


def may_receive(account: Account, point: Point) -> bool:
    return account.disabled_at is None and actor_of(account).holds(Role.OFFICER, point.unit.path)


def may_interpret(account: Account, unit: OrgUnit) -> bool:
    """Anybody in use of the holding unit's province: who speaks the language is no role."""
    return account.disabled_at is None and account.unit.path.startswith(_province(unit))


async def choices(db: AsyncSession, points: Sequence[Point], unit: OrgUnit) -> StaffChoices:
    """Whoever shows them has asked for permission to book."""
    officers = select(RoleGrant.account_id).where(RoleGrant.role == Role.OFFICER)
    wanted = select(Account).where(Account.id.in_(officers), Account.disabled_at.is_(None)).order_by(Account.full_name)
    known = list((await db.execute(wanted)).unique().scalars())
    near = select(Account).join(OrgUnit, OrgUnit.id == Account.unit_id).where(Account.disabled_at.is_(None))
    near = near.where(OrgUnit.path.startswith(_province(unit))).order_by(Account.full_name)
    return StaffChoices(
        officers={point.id: _nearest(known, point) for point in points},
        interpreters=list((await db.execute(near)).unique().scalars()),
    )


def _nearest(officers: Sequence[Account], point: Point) -> list[Account]:
    """Those of the point's own unit first."""
    fitting = [one for one in officers if may_receive(one, point)]
    return sorted(fitting, key=lambda one: one.unit_id != point.unit_id)


def _province(unit: OrgUnit) -> str:
    parts = [part for part in unit.path.strip("/").split("/") if part]
    return "/" + "/".join(parts[:2]) + "/"
