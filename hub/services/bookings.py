"""What a booking must satisfy against the database: people with the right roles, points in reach, and no clash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, schedule
from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import (
    LIVE_STATES,
    Account,
    AdHocGround,
    Attendance,
    Case,
    DeviceCheck,
    DeviceToken,
    Hearing,
    HearingKind,
    HearingState,
    OrgUnit,
    Point,
    RecordingNotice,
    Role,
    Seat,
    SeatKind,
)
from hub.schedule import Slot
from hub.services import booking_staff, identity
from hub.services.booking_staff import Staff
from hub.services.case_access import get as get_case
from hub.services.case_access import require_here
from hub.services.identity import Vault
from hub.services.sign_in import actor_of
from hub.text import clean

TITLE_MAX = 200
POINTS_MAX = 250
OCCUPYING = (HearingState.SCHEDULED, *sorted(LIVE_STATES))
NAMED = {SeatKind.CHAIR: N_("Chủ trì"), SeatKind.DEPUTY: N_("Phó chủ trì"), SeatKind.SECRETARY: N_("Thư ký")}
NEEDED = {SeatKind.CHAIR: Role.LEADER, SeatKind.DEPUTY: Role.LEADER, SeatKind.SECRETARY: Role.SECRETARY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What is booked. Ids of accounts, points and cases; ``unit_id`` empty means the booker's own unit.

    ``bridge_point_id`` is where the chair sits; ``point_ids`` are the other points, in the order of their tiles.
    """

    title: str
    starts_at: datetime
    ends_at: datetime
    chair_id: str
    point_ids: tuple[str, ...]
    kind: HearingKind = HearingKind.REGULAR
    ad_hoc_ground: AdHocGround | None = None
    unit_id: str = ""
    deputy_id: str = ""
    secretary_id: str = ""
    bridge_point_id: str = ""
    case_ids: tuple[str, ...] = ()
    staff: tuple[Staff, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking with its ids looked up."""

    booking: Booking
    unit: OrgUnit
    people: dict[SeatKind, Account]
    bridge: Point | None
    points: Sequence[Point]
    cases: Sequence[Case]
    staff: Mapping[str, Account]
    """Officers and interpreters named for points, by id; ``booking.staff`` says who is where."""

    @property
    def slot(self) -> Slot:
        points = {point.id for point in (*self.points, self.bridge) if point}
        people = {account.id for account in self.people.values()} | self.staff.keys()
        return Slot(self.booking.starts_at, self.booking.ends_at, frozenset(people), frozenset(points))

    @property
    def capacity(self) -> dict[str, int]:
        """How many hearings each point holds at once."""
        return {point.id: point.capacity for point in (*self.points, self.bridge) if point}

    def at(self, starts_at: datetime, ends_at: datetime) -> Booked:
        """The same people and points at another time."""
        return replace(self, booking=replace(self.booking, starts_at=starts_at, ends_at=ends_at))

    @classmethod
    def of(cls, hearing: Hearing, starts_at: datetime, ends_at: datetime) -> Booked:
        """The same hearing at another time."""
        people = {SeatKind(seat.kind): seat.account for seat in hearing.seats if seat.account}
        chair = next(seat for seat in hearing.seats if seat.kind == SeatKind.CHAIR)
        points = [seat.point for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]
        booking = Booking(
            title=hearing.title,
            starts_at=starts_at,
            ends_at=ends_at,
            chair_id=people[SeatKind.CHAIR].id,
            point_ids=tuple(point.id for point in points),
            staff=booking_staff.staff_of(hearing.seats),
        )
        named = [account for seat in hearing.seats for account in (seat.officer, seat.interpreter) if account]
        staff = {account.id: account for account in named}
        return cls(booking, hearing.unit, people, chair.point, points, hearing.cases, staff)


def booking_of(hearing: Hearing) -> Booking:
    """What would have to be booked to get this hearing."""
    named = {str(seat.kind): seat for seat in hearing.seats if seat.kind != SeatKind.POINT}
    chair = named.get(SeatKind.CHAIR)
    return Booking(
        title=hearing.title,
        starts_at=hearing.starts_at,
        ends_at=hearing.ends_at,
        kind=HearingKind(hearing.kind),
        ad_hoc_ground=AdHocGround(hearing.ad_hoc_ground) if hearing.ad_hoc_ground else None,
        unit_id=hearing.unit_id,
        bridge_point_id=(chair.point_id if chair else "") or "",
        point_ids=tuple(seat.point_id for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point_id),
        case_ids=tuple(case.id for case in hearing.cases),
        staff=booking_staff.staff_of(hearing.seats),
        **{f"{kind}_id": (named[kind].account_id or "") if kind in named else "" for kind in NEEDED},
    )


async def check(
    db: AsyncSession, vault: Vault, actor: Actor, booking: Booking, before: Hearing | None = None
) -> Booked:
    """Look everything up. Raises ``BadInput`` with every fault by field, or ``Forbidden``."""
    unit = await db.get(OrgUnit, booking.unit_id or actor.unit_id)
    if unit is None or not unit.active:
        raise BadInput(N_("Hãy chọn cơ quan."), fields={"unit_id": Text(N_("Hãy chọn cơ quan."))})
    require(actor, Action.BOOK_HEARING, Target(paths=(unit.path,)))
    faults = schedule.time_faults(booking.starts_at, booking.ends_at, utc_now())
    faults |= schedule.ground_faults(booking.kind, booking.ad_hoc_ground)
    people = await _people(db, booking, unit, faults)
    bridge, points = await _points(db, booking, unit, faults)
    staff = await booking_staff.check(db, booking.staff, points, unit, faults)
    faults |= booking_staff.twice(booking.staff, (account.id for account in people.values()))
    cases = [await _case(db, actor, case_id, before) for case_id in dict.fromkeys(booking.case_ids)]
    await _check_title(db, vault, actor, clean(booking.title), cases, faults)
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
    return Booked(booking, unit, people, bridge, points, cases, staff)


async def refuse_clash(db: AsyncSession, booked: Booked, *, but: str = "") -> None:
    """Raise the ``Conflict`` that ``find_clash`` finds."""
    found = await find_clash(db, booked, but=but)
    if found is not None:
        raise found


async def find_clash(db: AsyncSession, booked: Booked, *, but: str = "") -> Conflict | None:
    """A ``Conflict`` that names the other booking when somebody named is taken or a point full, or None.

    The rows of all people and points are locked first, in one order, so that two bookings at the same moment see each
    other; SQLite's transactions come one by one anyway.
    """
    slot = booked.slot
    await db.execute(_lock(Account, slot.people))
    await db.execute(_lock(Point, slot.points))
    wanted = (
        select(Hearing)
        .where(Hearing.state.in_(OCCUPYING), Hearing.id != but)
        .where(Hearing.starts_at < slot.ends_at, Hearing.ends_at > slot.starts_at)
        .where(
            Hearing.id.in_(
                select(Seat.hearing_id).where(booking_staff.taken_by(slot.people) | Seat.point_id.in_(slot.points))
            )
        )
        .order_by(Hearing.starts_at)
    )
    others = (await db.execute(wanted)).unique().scalars().all()
    for other, found in zip(others, schedule.clashes(slot, [*map(slot_of, others)], booked.capacity), strict=True):
        if found is not None:
            return _clash(booked, found, other)
    return None


def slot_of(hearing: Hearing) -> Slot:
    """What a hearing occupies."""
    return Slot(
        hearing.starts_at,
        hearing.ends_at,
        frozenset[str]().union(*(seat.people for seat in hearing.seats)),
        frozenset(seat.point_id for seat in hearing.seats if seat.point_id),
    )


async def place_seats(db: AsyncSession, hearing: Hearing, booked: Booked) -> None:
    """Make, keep or remove seats so that they are those booked; a kept seat keeps its id and what was checked there."""
    existing = {_place(seat): seat for seat in await _seats(db, hearing)}
    wanted = [_named_seat(kind, account, booked) for kind, account in booked.people.items()]
    wanted += [_point_seat(point, booked) for point in booked.points]
    for place in existing.keys() - {_place(seat) for seat in wanted}:
        await _remove(db, existing[place])
    # Two steps, since a position is unique in its hearing at every moment.
    for number, seat in enumerate(existing.values()):
        seat.position = -1 - number
    await db.flush()
    for number, seat in enumerate(wanted):
        kept = existing.get(_place(seat))
        if kept is None:
            seat.hearing_id, seat.position = hearing.id, number
            db.add(seat)
        else:
            kept.label, kept.position = seat.label, number
            kept.account_id, kept.point_id = seat.account_id, seat.point_id
            kept.officer_id, kept.interpreter_id = seat.officer_id, seat.interpreter_id
    await db.flush()
    for kept in existing.values():
        if kept in db:  # somebody else may sit there now
            await db.refresh(kept, ["account", "point", "officer", "interpreter"])
    db.expire(hearing, ["seats"])
    await db.refresh(hearing, ["seats", "cases", "unit"])


def point_label(name: str) -> str:
    """``Điểm cầu xã Tân Tiến`` on the name plate, whether the point is called that or just ``Xã Tân Tiến``."""
    if name.lower().startswith("điểm cầu"):
        return name
    first, _, rest = name.partition(" ")
    common = first.lower() in {"xã", "phường", "thị", "đặc", "tỉnh", "thành", "trụ", "ủy", "sở", "ban", "trung"}
    return f"Điểm cầu {first.lower() if common else first} {rest}".strip()


def _lock(model: type[Account | Point], ids: frozenset[str]) -> Select[str]:
    """FOR NO KEY UPDATE: waits for another booking, yet lets rows that refer to these be written meanwhile."""
    return select(model.id).where(model.id.in_(ids)).order_by(model.id).with_for_update(key_share=True)


def _clash(booked: Booked, found: schedule.Clash, other: Hearing) -> Conflict:
    """The first of what is taken, in the order of the form, with the booking that holds it."""
    which = {"number": other.number, "time": calendar.stamp(other.starts_at, other.ends_at), "title": other.title}
    for kind, account in booked.people.items():
        if account.id in found.people:
            return Conflict(_TAKEN[kind], field=f"{kind}_id", name=account.full_name, **which)
    taken = booking_staff.clash(booked.booking.staff, booked.staff, found.people, **which)
    if taken is not None:
        return taken
    points = [point for point in (booked.bridge, *booked.points) if point and point.id in found.points]
    field = "bridge_point_id" if points[0] == booked.bridge else "point_ids"
    text = N_("%(name)s đã có buổi tiếp %(number)s lúc %(time)s: %(title)s.")
    return Conflict(text, field=field, name=point_label(points[0].name), **which)


_TAKEN = {
    SeatKind.CHAIR: N_("Chủ trì %(name)s đã có buổi tiếp %(number)s lúc %(time)s: %(title)s."),
    SeatKind.DEPUTY: N_("Phó chủ trì %(name)s đã có buổi tiếp %(number)s lúc %(time)s: %(title)s."),
    SeatKind.SECRETARY: N_("Thư ký %(name)s đã có buổi tiếp %(number)s lúc %(time)s: %(title)s."),
}


async def _people(
    db: AsyncSession, booking: Booking, unit: OrgUnit, faults: dict[str, Text]
) -> dict[SeatKind, Account]:
    wanted = {
        SeatKind.CHAIR: ("chair_id", booking.chair_id),
        SeatKind.DEPUTY: ("deputy_id", booking.deputy_id),
        SeatKind.SECRETARY: ("secretary_id", booking.secretary_id),
    }
    found = {}
    for kind, (field, account_id) in wanted.items():
        account = await db.get(Account, account_id) if account_id else None
        if account is not None and may_sit(account, kind, unit.path):
            found[kind] = account
        elif account_id or kind is SeatKind.CHAIR:
            faults[field] = Text(_UNFIT[kind])
    for twice in schedule.repeated(account_id for _, account_id in wanted.values() if account_id):
        for field, account_id in wanted.values():
            if account_id == twice and field != "chair_id":
                faults[field] = Text(N_("Một người không thể giữ hai vai trò trong cùng buổi tiếp."))
    return found


_UNFIT = {
    SeatKind.CHAIR: N_("Hãy chọn người chủ trì là lãnh đạo có phạm vi gồm cơ quan tổ chức buổi tiếp."),
    SeatKind.DEPUTY: N_("Phó chủ trì phải là lãnh đạo có phạm vi gồm cơ quan tổ chức buổi tiếp."),
    SeatKind.SECRETARY: N_("Thư ký phải có vai trò thư ký trong phạm vi gồm cơ quan tổ chức buổi tiếp."),
}


def may_sit(account: Account, kind: SeatKind, unit_path: str) -> bool:
    """Whether an account may be booked as chair, deputy or secretary of a hearing that the unit holds."""
    return account.disabled_at is None and actor_of(account).holds(NEEDED[kind], unit_path)


async def _points(
    db: AsyncSession, booking: Booking, unit: OrgUnit, faults: dict[str, Text]
) -> tuple[Point | None, list[Point]]:
    """Points of the unit, below it or above it: a province's hearing may use the central bridge, not a neighbour's."""
    bridge = await db.get(Point, booking.bridge_point_id) if booking.bridge_point_id else None
    if booking.bridge_point_id and (bridge is None or not (bridge.is_bridge and _in_reach(bridge, unit))):
        faults["bridge_point_id"] = Text(N_("Hãy chọn một điểm cầu trung tâm đang hoạt động của cơ quan này."))
    points = []
    for point_id in booking.point_ids:
        point = await db.get(Point, point_id)
        if point is None or not _in_reach(point, unit):
            faults["point_ids"] = Text(N_("Có điểm cầu đã ngừng hoạt động hoặc không thuộc cơ quan này."))
        else:
            points.append(point)
    if not booking.point_ids:
        faults["point_ids"] = Text(N_("Hãy chọn ít nhất một điểm cầu."))
    elif len(booking.point_ids) > POINTS_MAX:
        faults["point_ids"] = Text(N_("Một buổi tiếp có nhiều nhất %(most)d điểm cầu."), {"most": POINTS_MAX})
    elif schedule.repeated((*booking.point_ids, booking.bridge_point_id or None)):
        faults["point_ids"] = Text(N_("Một điểm cầu được chọn hai lần."))
    return bridge, points


def _in_reach(point: Point, unit: OrgUnit) -> bool:
    return point.active and (point.unit.path.startswith(unit.path) or unit.path.startswith(point.unit.path))


async def _case(db: AsyncSession, actor: Actor, case_id: str, before: Hearing | None) -> Case:
    """One more case must be readable by who books; those already on the hearing stay."""
    for case in before.cases if before else ():
        if case.id == case_id:
            return case
    found = await get_case(db, actor, case_id)
    require_here(found)  # what may not be spoken of here gets no hearing
    return found


async def _check_title(
    db: AsyncSession, vault: Vault, actor: Actor, title: str, cases: Sequence[Case], faults: dict[str, Text]
) -> None:
    if not title or len(title) > TITLE_MAX:
        faults["title"] = Text(N_("Hãy ghi nội dung buổi tiếp, không quá %(longest)d ký tự."), {"longest": TITLE_MAX})
        return
    for case in cases:
        if case.party.secret and await identity.case_reveals(db, vault, actor, case, title):
            faults["title"] = Text(
                N_("Nội dung buổi tiếp nêu tên người tố cáo, là điều phải giữ bí mật (Điều 56 Luật Tố cáo).")
            )


def _named_seat(kind: SeatKind, account: Account, booked: Booked) -> Seat:
    bridge = booked.bridge.id if booked.bridge and kind is SeatKind.CHAIR else None
    return Seat(kind=kind, account_id=account.id, point_id=bridge, label=f"{NAMED[kind]} – {account.full_name}")


def _point_seat(point: Point, booked: Booked) -> Seat:
    named = next((one for one in booked.booking.staff if one.point_id == point.id), Staff(point.id))
    return Seat(
        kind=SeatKind.POINT,
        point_id=point.id,
        label=point_label(point.name),
        officer_id=named.officer_id or None,
        interpreter_id=named.interpreter_id or None,
    )


def _place(seat: Seat) -> tuple[str, str | None]:
    """What makes a seat the same one: a named seat by its kind, a point's by its point."""
    return str(seat.kind), seat.point_id if seat.kind == SeatKind.POINT else None


async def _seats(db: AsyncSession, hearing: Hearing) -> Sequence[Seat]:
    found = await db.execute(select(Seat).where(Seat.hearing_id == hearing.id).order_by(Seat.position))
    return found.unique().scalars().all()


async def _remove(db: AsyncSession, seat: Seat) -> None:
    """With what was checked there for a hearing that will not take place; the audit trail keeps that it was."""
    for table in (DeviceCheck, RecordingNotice, Attendance, DeviceToken):
        await db.execute(delete(table).where(table.seat_id == seat.id))
    await db.execute(delete(Seat).where(Seat.id == seat.id))
    db.expunge(seat)
