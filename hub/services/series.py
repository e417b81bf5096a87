"""Regular reception by recurrence: a series makes its hearings ahead; one, this and following, or all are changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, posting, recurrence
from hub.auth import Action, Actor, Target, require, scopes
from hub.errors import BadInput, Conflict, NotFound, Stale
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Hearing, HearingKind, OrgUnit, ReceptionSeries
from hub.models.receptions import Occurrence as OccurrenceRow
from hub.posting import PostingDue
from hub.recurrence import LONGEST, Occurrence
from hub.services import audit, booking_staff, bookings, hearings
from hub.services.booking_staff import Staff
from hub.services.bookings import Booking
from hub.services.identity import Vault
from hub.services.legal_rules import rule_book
from hub.text import clean

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesInput:
    """Ids of unit, accounts and points; ``starts`` and ``ends`` are ``HH:MM`` in Vietnam.

    ``skip_clashes``: days on which somebody or some point is taken are left out instead of refusing the whole.
    """

    unit_id: str
    title: str
    rule: str
    first_day: date
    last_day: date
    starts: str
    ends: str
    chair_id: str
    point_ids: tuple[str, ...]
    deputy_id: str = ""
    secretary_id: str = ""
    bridge_point_id: str = ""
    staff: tuple[Staff, ...] = ()
    skip_clashes: bool = False

    def times(self, day: date) -> tuple[datetime, datetime]:
        return calendar.at(day, time.fromisoformat(self.starts)), calendar.at(day, time.fromisoformat(self.ends))

    def booking(self, day: date) -> Booking:
        starts_at, ends_at = self.times(day)
        points = tuple(one for one in self.point_ids if one != self.bridge_point_id)
        return Booking(
            title=self.title,
            starts_at=starts_at,
            ends_at=ends_at,
            kind=HearingKind.REGULAR,
            unit_id=self.unit_id,
            chair_id=self.chair_id,
            deputy_id=self.deputy_id,
            secretary_id=self.secretary_id,
            bridge_point_id=self.bridge_point_id,
            point_ids=points,
            staff=booking_staff.in_order(self.staff, points),
        )


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One reception that a series would make."""

    occurrence: Occurrence
    clash: Text | None
    due: PostingDue | None
    late: bool
    """Too late already to be posted in time."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of making or changing a series; ``left_out`` are days with the clash that stood in the way."""

    series: ReceptionSeries
    hearings: Sequence[Hearing]
    left_out: Sequence[tuple[date, Text]]


async def preview(db: AsyncSession, vault: Vault, actor: Actor, wanted: SeriesInput) -> list[PlannedDay]:
    """The days that the series would have, with what stands in the way of each. Raises as ``create``."""
    check_input(wanted)
    book = await rule_book(db)
    days = future(wanted, recurrence.occurrences(wanted.rule, wanted.first_day, wanted.last_day, book.days))
    if not days:
        raise no_days()
    found = []
    today = calendar.local_day(utc_now())
    booked = await bookings.check(db, vault, actor, wanted.booking(days[0].day))
    for one in days:
        starts_at, ends_at = wanted.times(one.day)
        clash = await bookings.find_clash(db, booked.at(starts_at, ends_at))
        due = posting.due(book, one.day)
        found.append(PlannedDay(one, clash.text if clash else None, due, due is not None and due.late(today)))
    return found


async def create(db: AsyncSession, vault: Vault, actor: Actor, wanted: SeriesInput) -> Made:
    """Make the series and book its hearings. Raises ``BadInput`` by field, ``Conflict`` on a clash, ``Forbidden``."""
    check_input(wanted)
    book = await rule_book(db)
    days = future(wanted, recurrence.occurrences(wanted.rule, wanted.first_day, wanted.last_day, book.days))
    if not days:
        raise no_days()
    unit = await db.get(OrgUnit, wanted.unit_id or actor.unit_id)
    require(actor, Action.BOOK_HEARING, Target(paths=(unit.path,) if unit else ()))
    await bookings.check(db, vault, actor, wanted.booking(days[0].day))
    series = ReceptionSeries(created_by=actor.account_id, unit_id=unit.id if unit else "", version=1)
    fill(series, wanted)
    db.add(series)
    await db.flush()
    await db.refresh(series, ["unit", "chair"])
    made, left_out = await make(db, vault, actor, series, wanted, days)
    await note(db, actor, "series_created", series, count=len(made), left_out=len(left_out))
    return Made(series, made, left_out)


async def make(
    db: AsyncSession, vault: Vault, actor: Actor, series: ReceptionSeries, wanted: SeriesInput, days: list[Occurrence]
) -> tuple[list[Hearing], list[tuple[date, Text]]]:
    """Book a hearing for each of the days."""
    made: list[Hearing] = []
    left_out: list[tuple[date, Text]] = []
    for one in days:
        try:
            hearing = await hearings.book(db, vault, actor, wanted.booking(one.day), invite=False)
        except Conflict as clash:
            left_out.append((one.day, clash.text))
            continue
        db.add(OccurrenceRow(hearing=hearing, series_id=series.id, rule_day=one.rule_day, detached=False))
        made.append(hearing)
    if left_out and not wanted.skip_clashes:
        raise Conflict(
            N_("%(count)s ngày bị trùng lịch, đầu tiên là %(day)s: %(clash)s"),
            field="skip_clashes",
            count=len(left_out),
            day=left_out[0][0],
            clash=left_out[0][1],
        )
    await db.flush()
    return made, left_out


async def get(db: AsyncSession, actor: Actor, series_id: str) -> ReceptionSeries:
    """Raises ``NotFound``, or ``Forbidden`` out of scope."""
    series = await db.get(ReceptionSeries, series_id)
    if series is None:
        raise NotFound(N_("Không tìm thấy lịch định kỳ này."))
    require(actor, Action.READ_HEARING, Target(paths=(series.unit.path,)))
    return series


async def list_series(db: AsyncSession, actor: Actor) -> list[ReceptionSeries]:
    """Those of the units in the actor's scope; those that still go on first."""
    paths = scopes(actor, Action.READ_HEARING)
    wanted = (
        select(ReceptionSeries)
        .join(OrgUnit, OrgUnit.id == ReceptionSeries.unit_id)
        .where(or_(audit.within(OrgUnit.path, paths), ReceptionSeries.chair_id == actor.account_id))
        .order_by(ReceptionSeries.last_day.desc(), ReceptionSeries.title)
    )
    return list((await db.execute(wanted)).unique().scalars())


async def rows_of(db: AsyncSession, series_id: str) -> list[OccurrenceRow]:
    """A series' occurrences with their hearings, by time."""
    wanted = select(OccurrenceRow).where(OccurrenceRow.series_id == series_id)
    rows = list((await db.execute(wanted)).unique().scalars())
    return sorted(rows, key=lambda row: (row.hearing.starts_at, row.rule_day))


async def of_hearing(db: AsyncSession, hearing_id: str) -> tuple[OccurrenceRow, ReceptionSeries] | None:
    row = await db.get(OccurrenceRow, hearing_id)
    return (row, await db.get_one(ReceptionSeries, row.series_id)) if row is not None else None


def fill(series: ReceptionSeries, wanted: SeriesInput) -> None:
    series.title = clean(wanted.title)
    series.rule = recurrence.parse(wanted.rule).rrule()
    series.first_day, series.last_day = wanted.first_day, wanted.last_day
    series.starts, series.ends = wanted.starts, wanted.ends
    series.chair_id = wanted.chair_id
    series.deputy_id = wanted.deputy_id or None
    series.secretary_id = wanted.secretary_id or None
    series.bridge_point_id = wanted.bridge_point_id or None
    series.point_ids = [one for one in wanted.point_ids if one != wanted.bridge_point_id]
    named = booking_staff.in_order(wanted.staff, series.point_ids)
    series.staff = [[one.point_id, one.officer_id, one.interpreter_id] for one in named]


def input_of(series: ReceptionSeries) -> SeriesInput:
    return SeriesInput(
        unit_id=series.unit_id,
        title=series.title,
        rule=series.rule,
        first_day=series.first_day,
        last_day=series.last_day,
        starts=series.starts,
        ends=series.ends,
        chair_id=series.chair_id,
        deputy_id=series.deputy_id or "",
        secretary_id=series.secretary_id or "",
        bridge_point_id=series.bridge_point_id or "",
        point_ids=tuple(series.point_ids),
        staff=staff_of(series),
    )


def staff_of(series: ReceptionSeries) -> tuple[Staff, ...]:
    """Who is named for its points, in their order."""
    return tuple(Staff(*one) for one in series.staff)


def check_input(wanted: SeriesInput) -> None:
    """Raises ``BadInput`` by field."""
    faults: dict[str, Text] = {}
    try:
        recurrence.parse(wanted.rule)
    except BadInput as error:
        faults |= error.fields
    for name, value in (("starts", wanted.starts), ("ends", wanted.ends)):
        if not _CLOCK.fullmatch(value):
            faults[name] = Text(N_("Hãy ghi giờ như 08:30."))
    if not faults and wanted.ends <= wanted.starts:
        faults["ends"] = Text(N_("Giờ kết thúc phải sau giờ bắt đầu."))
    if wanted.last_day < wanted.first_day:
        faults["last_day"] = Text(N_("Ngày cuối phải sau ngày đầu."))
    elif wanted.last_day - wanted.first_day > LONGEST:
        faults["last_day"] = Text(N_("Lịch định kỳ đặt trước không quá một năm."))
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)


def future(wanted: SeriesInput, days: list[Occurrence]) -> list[Occurrence]:
    """Those that have not begun."""
    now = utc_now()
    return [one for one in days if wanted.times(one.day)[0] > now]


def no_days() -> BadInput:
    text = Text(N_("Từ nay đến ngày cuối không có ngày nào theo quy tắc này."))
    return BadInput(text.message, fields={"rule": text})


def stale(series: ReceptionSeries) -> Stale:
    return Stale(
        N_("Lịch định kỳ “%(title)s” vừa được người khác sửa. Hãy xem bản mới rồi sửa lại."), title=series.title
    )


async def note(
    db: AsyncSession, actor: Actor, action: str, series: ReceptionSeries, reason: str = "", **detail: object
) -> None:
    await audit.record(
        db,
        actor,
        action,
        "reception_series",
        series.id,
        reason,
        unit_path=series.unit.path,
        rule=series.rule,
        until=series.last_day.isoformat(),
        **detail,
    )
