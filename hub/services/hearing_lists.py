"""Hearings found: one by one, today, coming, and by day, point, chair and case, always within the actor's scope."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, null, or_, select, true, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defaultload, lazyload

from hub import calendar
from hub.auth import Action, Actor, Target, require, scopes
from hub.errors import NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.keyset import Cursor
from hub.models import (
    LIVE_STATES,
    Account,
    Case,
    Hearing,
    HearingCase,
    HearingKind,
    HearingState,
    OrgUnit,
    Point,
    RoleGrant,
    Seat,
    SeatKind,
)
from hub.services import audit, booking_staff, search_scopes, unit_scopes
from hub.services.booking_staff import StaffChoices, taken_by
from hub.services.bookings import NEEDED, may_sit

PAGE = 50
NARROW_UNITS = 20
_BARE = (lazyload(Hearing.cases), defaultload(Hearing.seats).defaultload(Seat.account).lazyload(Account.grants))


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingQuery:
    """Days are local and both included; ``case_number`` may be a part of it; ``text`` is sought in number and title."""

    first_day: date | None = None
    last_day: date | None = None
    text: str = ""
    point_id: str = ""
    chair_id: str = ""
    person_id: str = ""
    """Whom it occupies: in the chair, as secretary, or named for a point."""
    case_number: str = ""
    case_id: str = ""
    unit_id: str = ""
    states: tuple[HearingState, ...] = ()
    newest_first: bool = True
    limit: int = PAGE
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """What a calendar or a list shows of a hearing's row."""

    id: str
    number: str
    kind: HearingKind
    title: str
    state: HearingState
    starts_at: datetime
    ends_at: datetime
    reason: str
    version: int


_HEADLINE = tuple(getattr(Hearing, one.name) for one in fields(Headline))


@dataclass(frozen=True, slots=True)
class Brief:
    """A hearing as a calendar or a list shows it; ``chair`` and ``points`` are names."""

    hearing: Headline
    unit_path: str
    chair: str
    points: list[str]


@dataclass(frozen=True, slots=True)
class Chair:
    """What a filter shows of an account."""

    id: str
    full_name: str


@dataclass(frozen=True, slots=True)
class BookingChoices:
    """What a booking form offers for a hearing held by ``unit``."""

    unit: OrgUnit
    chairs: list[Account]
    deputies: list[Account]
    secretaries: list[Account]
    bridges: list[Point]
    points: list[Point]
    staff: StaffChoices


def target(hearing: Hearing) -> Target:
    """The units a hearing concerns: the one that holds it and those of its points."""
    return Target(paths=_paths(hearing))


def record_target(hearing: Hearing) -> Target:
    """For what remains of it (replay, verification): as ``target``, but a denunciation's is the holding unit's alone.

    It shows the denouncer's face and voice, and a unit that was connected may be the one denounced (Law on
    Denunciations 2018 Art 56).
    """
    if any(case.party.secret for case in hearing.cases):
        return keeping_target(hearing)
    return target(hearing)


def keeping_target(hearing: Hearing) -> Target:
    """For whether its record goes on existing: the archive is the holding unit's, its points are guests in it."""
    return Target(paths=(hearing.unit.path,))


async def get(db: AsyncSession, actor: Actor, hearing_id: str) -> Hearing:
    """Raises ``NotFound``, or ``Forbidden`` to who is neither invited nor in scope."""
    hearing = await db.get(Hearing, hearing_id)
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp."))
    seat = next((s.kind for s in hearing.seats if actor.account_id in s.people), None)
    require(actor, Action.READ_HEARING, Target(paths=_paths(hearing), seat_kind=str(seat) if seat else None))
    return hearing


async def today(
    db: AsyncSession,
    actor: Actor,
    *,
    now: datetime | None = None,
    action: Action = Action.READ_HEARING,
    bare: bool = False,
) -> list[Hearing]:
    """Those of this local day, and any still under way from before, by time; cancelled ones too, so that all see it.

    ``action`` is what the actor wants to do with them; it sets the scope. ``bare``: without their
    cases and their people's roles, which a list does not show.
    """
    start, end = calendar.day_bounds(calendar.local_day(now or utc_now()))
    of_day = (Hearing.starts_at >= start) & (Hearing.starts_at < end)
    wanted = (await _readable(db, actor, action)).where(of_day | Hearing.state.in_(LIVE_STATES))
    return await _all(db, wanted.options(*_BARE if bare else ()).order_by(Hearing.starts_at, Hearing.number))


async def coming(db: AsyncSession, actor: Actor, *, now: datetime | None = None, limit: int = PAGE) -> list[Hearing]:
    """Those of the days after today, the next first; cancelled and postponed ones are shown as such."""
    _, end = calendar.day_bounds(calendar.local_day(now or utc_now()))
    wanted = (await _readable(db, actor)).where(Hearing.starts_at >= end)
    return await _all(db, wanted.order_by(Hearing.starts_at, Hearing.number).limit(limit))


async def find(db: AsyncSession, actor: Actor, query: HearingQuery) -> list[Hearing]:
    """Hearings that the actor may read, by everything given in the query, from beyond ``after``."""
    wanted = await _asked(db, actor, query)
    return await _all(db, wanted.limit(query.limit))


async def titles(db: AsyncSession, actor: Actor, query: HearingQuery) -> list[Hearing]:
    """As ``find``, only the rows: of units, seats and cases nothing can be asked."""
    wanted = (await _asked(db, actor, query)).limit(query.limit).options(lazyload("*"))
    return list((await db.execute(wanted)).scalars())


async def _asked(db: AsyncSession, actor: Actor, query: HearingQuery) -> Select[Hearing]:
    wanted = (await _readable(db, actor)).where(*_days(query), *_places(query))
    if query.text.strip():
        sqlite = db.get_bind().dialect.name == "sqlite"
        wanted = wanted.where(search_scopes.hearings_with(query.text, sqlite=sqlite))
    return _ordered(wanted, query)


async def briefly(db: AsyncSession, actor: Actor, query: HearingQuery, *, points: bool = True) -> list[Brief]:
    """As ``find``, hundreds of hearings in two statements: people and points only by their names, or no points."""
    wanted = (await _asked(db, actor, query)).limit(query.limit).with_only_columns(*_HEADLINE, OrgUnit.path)
    rows = await db.execute(wanted.select_from(Hearing).join(OrgUnit, OrgUnit.id == Hearing.unit_id))
    found = [(Headline(*headline), path) for *headline, path in rows]
    if not found:
        return []
    kinds = (SeatKind.CHAIR, SeatKind.POINT) if points else (SeatKind.CHAIR,)
    seats = (
        select(Seat.hearing_id, Account.full_name, Point.name if points else null())
        .select_from(Seat)
        .outerjoin(Account, (Account.id == Seat.account_id) & (Seat.kind == SeatKind.CHAIR))
        .where(unit_scopes.one_of(db, Seat.hearing_id, [one.id for one, _ in found]), Seat.kind.in_(kinds))
        .order_by(Seat.position)
    )
    if points:
        seats = seats.outerjoin(Point, (Point.id == Seat.point_id) & (Seat.kind == SeatKind.POINT))
    chair: dict[str, str] = {}
    places: dict[str, list[str]] = {}
    for hearing_id, chairs_name, points_name in await db.execute(seats):
        if chairs_name is not None:
            chair.setdefault(hearing_id, chairs_name)
        if points_name is not None:
            places.setdefault(hearing_id, []).append(points_name)
    return [Brief(one, path, chair.get(one.id, ""), places.get(one.id, [])) for one, path in found]


def cursor(hearing: Hearing | Headline) -> Cursor:
    """Where a list goes on after this one."""
    return Cursor(hearing.starts_at, hearing.id)


async def choices(db: AsyncSession, actor: Actor, unit_id: str = "") -> BookingChoices:
    """People and points that may be booked for a hearing of this unit (the actor's own when empty)."""
    unit = await db.get(OrgUnit, unit_id or actor.unit_id)
    if unit is None:
        raise NotFound(N_("Không có cơ quan này."))
    require(actor, Action.BOOK_HEARING, Target(paths=(unit.path,)))
    with_role = select(RoleGrant.account_id).where(RoleGrant.role.in_(sorted(set(NEEDED.values()))))
    wanted = select(Account).where(Account.id.in_(with_role)).order_by(Account.full_name)
    accounts = (await db.execute(wanted)).unique().scalars().all()
    by_kind = {kind: [a for a in accounts if may_sit(a, kind, unit.path)] for kind in NEEDED}
    above = [part for part in unit.path.strip("/").split("/") if part]
    near = or_(OrgUnit.path.startswith(unit.path), OrgUnit.id.in_(above))
    in_reach = select(Point).join(OrgUnit, OrgUnit.id == Point.unit_id).where(Point.active, near)
    points = list((await db.execute(in_reach.order_by(Point.name))).unique().scalars())
    return BookingChoices(
        unit=unit,
        chairs=by_kind[SeatKind.CHAIR],
        deputies=by_kind[SeatKind.DEPUTY],
        secretaries=by_kind[SeatKind.SECRETARY],
        bridges=[point for point in points if point.is_bridge],
        points=points,
        staff=await booking_staff.choices(db, points, unit),
    )


def _paths(hearing: Hearing) -> tuple[str, ...]:
    points = {seat.point.unit.path for seat in hearing.seats if seat.point is not None}
    return (hearing.unit.path, *sorted(points - {hearing.unit.path}))


async def _readable(db: AsyncSession, actor: Actor, action: Action = Action.READ_HEARING) -> Select[Hearing]:
    """``get``'s question for every row at once: the unit or a point's unit in scope, or a seat of one's own.

    A narrow scope has few hearings, which are gathered; in a wide one most that are passed on the way through time are
    readable, so each is asked.
    """
    units = await unit_scopes.units_within(db, scopes(actor, action))
    if units is None:
        return select(Hearing)
    mine = select(Seat.hearing_id).where(taken_by([actor.account_id]))
    of_units = unit_scopes.one_of(db, Hearing.unit_id, units)
    points = select(Point.id).where(unit_scopes.one_of(db, Point.unit_id, units))
    at_points = select(Seat.hearing_id).where(Seat.point_id.in_(points))
    if len(units) <= NARROW_UNITS:
        gathered = union(select(Hearing.id).where(of_units), at_points, mine)
        if db.get_bind().dialect.name == "sqlite":
            return select(Hearing).where(Hearing.id.in_(gathered))
        # As an array: of a union PostgreSQL expects thousands of rows, and reads all hearings.
        return select(Hearing).where(Hearing.id == any_(func.array(gathered.scalar_subquery())))
    own = Seat.hearing_id == Hearing.id
    any_row = search_scopes.any_row
    return select(Hearing).where(or_(of_units, any_row(at_points.where(own)), any_row(mine.where(own))))


def _days(query: HearingQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.first_day:
        conditions.append(Hearing.starts_at >= calendar.day_bounds(query.first_day)[0])
    if query.last_day:
        conditions.append(Hearing.starts_at < calendar.day_bounds(query.last_day)[1])
    if query.states:
        conditions.append(Hearing.state.in_(query.states))
    if query.unit_id:
        conditions.append(Hearing.unit_id == query.unit_id)
    return conditions


def _places(query: HearingQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.point_id:
        conditions.append(Hearing.id.in_(select(Seat.hearing_id).where(Seat.point_id == query.point_id)))
    if query.chair_id:
        chairs = select(Seat.hearing_id).where(Seat.kind == SeatKind.CHAIR, Seat.account_id == query.chair_id)
        conditions.append(Hearing.id.in_(chairs))
    if query.person_id:
        conditions.append(Hearing.id.in_(select(Seat.hearing_id).where(taken_by([query.person_id]))))
    about = select(HearingCase.hearing_id).join(Case, Case.id == HearingCase.case_id)
    if query.case_number.strip():
        sought = query.case_number.strip().upper()
        conditions.append(Hearing.id.in_(about.where(Case.number.contains(sought, autoescape=True))))
    if query.case_id:
        conditions.append(Hearing.id.in_(about.where(Case.id == query.case_id)))
    return conditions


def _ordered(wanted: Select[Hearing], query: HearingQuery) -> Select[Hearing]:
    at, after = Hearing.starts_at, query.after
    if query.newest_first:
        if after is not None:
            wanted = wanted.where(or_(at < after.at, and_(at == after.at, Hearing.id < after.key)))
        return wanted.order_by(at.desc(), Hearing.id.desc())
    if after is not None:
        wanted = wanted.where(or_(at > after.at, and_(at == after.at, Hearing.id > after.key)))
    return wanted.order_by(at.asc(), Hearing.id.asc())


async def _all(db: AsyncSession, wanted: Select[Hearing]) -> list[Hearing]:
    return list((await db.execute(wanted)).unique().scalars())


async def chairs(db: AsyncSession, actor: Actor) -> list[Chair]:
    """Who chairs hearings that the actor may read, by name: what a list can be filtered by.

    In a narrow scope these very people; in a wide one whoever belongs to it, or to a unit above, and ever chaired:
    asking of each hearing whether it may be read would take longer than the list.
    """
    paths = scopes(actor, Action.READ_HEARING)
    units = await unit_scopes.units_within(db, paths)
    chair = select(Seat.id).where(Seat.kind == SeatKind.CHAIR, Seat.account_id == Account.id)
    if units is not None and len(units) <= NARROW_UNITS:
        readable = (await _readable(db, actor)).with_only_columns(Hearing.id)
        seats = select(Seat.account_id).where(Seat.kind == SeatKind.CHAIR, Seat.hearing_id.in_(readable))
        condition: ColumnElement[bool] = Account.id.in_(seats)
    else:
        above = {part for path in paths for part in path.strip("/").split("/")}
        mine = or_(Account.unit_id.in_(above), audit.within(OrgUnit.path, paths)) if units is not None else true()
        condition = and_(mine, exists(chair))
    wanted = select(Account.id, Account.full_name).join(OrgUnit, OrgUnit.id == Account.unit_id).where(condition)
    return [Chair(*row) for row in await db.execute(wanted.order_by(Account.full_name, Account.id))]
