"""What changes in a series: all of it or this and following, and days that follow an added holiday.

What was changed, postponed or cancelled by itself stays as it is. What is posted is moved only by a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, recurrence
from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Hearing, HearingState, ReceptionSeries
from hub.models.receptions import Occurrence as OccurrenceRow
from hub.models.receptions import Posting
from hub.recurrence import Occurrence
from hub.services import audit, bookings, hearings, invitations, series
from hub.services.bookings import Booked
from hub.services.identity import Vault
from hub.services.legal_rules import rule_book
from hub.services.series import Made, SeriesInput
from hub.text import clean
from hub.working_days import ONE_DAY, WorkCalendar


@dataclass(slots=True)
class Followed:
    """What a change of the days off did: hearings moved, and those that a person must look at."""

    moved: list[Hearing] = field(default_factory=list)
    posted: list[Hearing] = field(default_factory=list)
    clashing: list[Hearing] = field(default_factory=list)


async def change(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    series_id: str,
    version: int,
    wanted: SeriesInput,
    reason: str,
    *,
    from_day: date | None = None,
) -> Made:
    """Change all that is still to come, or with ``from_day`` (of the rule) this and following as a series of its own.

    Raises as ``series.create``, ``Stale``, and ``BadInput`` without a reason.
    """
    series.check_input(wanted)
    reason = _reason(reason)
    row = await _locked(db, series_id)
    require(actor, Action.BOOK_HEARING, Target(paths=(row.unit.path,)))
    if row.version != version:
        raise series.stale(row)
    book = await rule_book(db)
    start = max(calendar.local_day(utc_now()), from_day or row.first_day)
    before = await _open_rows(db, row.id, start)
    target = await _target(db, actor, row, wanted, from_day)
    # The count of weeks begins where it always did, unless the rule itself is another.
    if from_day is not None and series.input_of(row).rule != target.rule:
        target.first_day = from_day
    wanted = replace(wanted, first_day=target.first_day, unit_id=row.unit_id)
    days = recurrence.occurrences(wanted.rule, wanted.first_day, wanted.last_day, book.days)
    days = [one for one in series.future(wanted, days) if one.rule_day >= start]
    made = await _carry_over(db, vault, actor, target, wanted, before, days, reason)
    await series.note(
        db, actor, "series_changed", target, reason, count=len(made.hearings), left_out=len(made.left_out)
    )
    return made


async def _target(
    db: AsyncSession, actor: Actor, row: ReceptionSeries, wanted: SeriesInput, from_day: date | None
) -> ReceptionSeries:
    """The series itself, or its successor from that day on."""
    row.version += 1
    if from_day is None or from_day <= row.first_day:
        first_day = row.first_day
        series.fill(row, wanted)
        row.first_day = min(first_day, wanted.first_day) if row.rule == wanted.rule else wanted.first_day
        await db.flush()
        await db.refresh(row, ["unit", "chair"])
        return row
    target = ReceptionSeries(created_by=actor.account_id, unit_id=row.unit_id, follows_id=row.id, version=1)
    series.fill(target, wanted)
    target.first_day = row.first_day
    row.last_day = from_day - ONE_DAY
    db.add(target)
    await db.flush()
    await db.refresh(target, ["unit", "chair"])
    return target


async def _carry_over(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    target: ReceptionSeries,
    wanted: SeriesInput,
    before: list[OccurrenceRow],
    days: list[Occurrence],
    reason: str,
) -> Made:
    old, new = {row.rule_day: row for row in before}, {one.rule_day: one for one in days}
    matched, fresh, gone = recurrence.pairs(old, new)
    for rule_day in gone:
        await _drop(db, vault, actor, old[rule_day], reason)
    kept: list[Hearing] = []
    left_out: list[tuple[date, Text]] = []
    for rule_day in _in_order(matched):
        row = old[matched[rule_day]]
        row.series_id, row.rule_day = target.id, rule_day
        if row.detached:
            continue
        try:
            kept.append(await _to(db, vault, actor, row, wanted, new[rule_day], reason))
        except Conflict as clash:
            if not wanted.skip_clashes:
                clash.field = "skip_clashes"
                raise
            left_out.append((new[rule_day].day, clash.text))
    made, also_left_out = await series.make(db, vault, actor, target, wanted, [new[day] for day in fresh])
    return Made(target, [*kept, *made], [*left_out, *also_left_out])


def _in_order(matched: dict[date, date]) -> list[date]:
    """So that no occurrence moves onto a day that its neighbour has not left yet."""
    later = sorted((new for new, old in matched.items() if new > old), reverse=True)
    return later + sorted(new for new, old in matched.items() if new <= old)


async def _to(
    db: AsyncSession, vault: Vault, actor: Actor, row: OccurrenceRow, wanted: SeriesInput, to: Occurrence, reason: str
) -> Hearing:
    hearing, booking = row.hearing, wanted.booking(to.day)
    booking = replace(booking, case_ids=tuple(case.id for case in hearing.cases))
    if hearing.state == HearingState.SCHEDULED and booking == bookings.booking_of(hearing):
        return hearing
    changed = await hearings.change(db, vault, actor, hearing.id, hearing.version, booking, reason)
    row.detached = False
    return changed


async def _drop(db: AsyncSession, vault: Vault, actor: Actor, row: OccurrenceRow, reason: str) -> None:
    """No longer a day of the series; what somebody changed by itself stays."""
    if not row.detached:
        await hearings.cancel(db, vault, actor, row.hearing_id, row.hearing.version, reason)
        row.detached = False


async def _open_rows(db: AsyncSession, series_id: str, start: date) -> list[OccurrenceRow]:
    """Still to come, or taken out by itself; what an earlier change of the series cancelled is free to be made anew."""
    now = utc_now()
    return [
        row
        for row in await series.rows_of(db, series_id)
        if row.rule_day >= start
        and (row.detached or (row.hearing.state == HearingState.SCHEDULED and row.hearing.starts_at > now))
    ]


async def _locked(db: AsyncSession, series_id: str) -> ReceptionSeries:
    wanted = select(ReceptionSeries).where(ReceptionSeries.id == series_id).with_for_update(of=ReceptionSeries)
    row = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    if row is None:
        raise BadInput(N_("Không tìm thấy lịch định kỳ này."))
    return row


def _reason(typed: str) -> str:
    reason = clean(typed)
    if not reason or len(reason) > hearings.REASON_MAX:
        text = Text(
            N_("Hãy nêu lý do, không quá %(longest)d ký tự; mọi người được mời sẽ thấy."),
            {"longest": hearings.REASON_MAX},
        )
        raise BadInput(text.message, fields={"reason": text})
    return reason


async def follow(db: AsyncSession, actor: Actor | None = None) -> Followed:
    """Move what is not yet posted to where the days off of today put it; tell of what is posted, or finds no room.

    May be repeated. ``actor`` is who changed the days off; nobody when a release brought them.
    """
    found, book = Followed(), await rule_book(db)
    today = calendar.local_day(utc_now())
    running = select(ReceptionSeries).where(ReceptionSeries.last_day >= today)
    for row in (await db.execute(running)).unique().scalars():
        await _follow_one(db, actor, row, book.days, found)
    return found


async def _follow_one(
    db: AsyncSession, actor: Actor | None, row: ReceptionSeries, days: WorkCalendar, found: Followed
) -> None:
    wanted = series.input_of(row)
    due = {one.rule_day: one for one in recurrence.occurrences(row.rule, row.first_day, row.last_day, days)}
    astray: dict[date, OccurrenceRow] = {}
    for each in await _open_rows(db, row.id, calendar.local_day(utc_now())):
        there = due.get(each.rule_day)
        if not each.detached and there and calendar.local_day(each.hearing.starts_at) != there.day:
            astray[each.rule_day] = each
    order = _in_order({due[day].day: calendar.local_day(each.hearing.starts_at) for day, each in astray.items()})
    by_day = {due[rule_day].day: (due[rule_day], each.hearing) for rule_day, each in astray.items()}
    for day in order:
        occurrence, hearing = by_day[day]
        if await _is_posted(db, hearing.id):
            found.posted.append(hearing)
        elif await _shift(db, actor, hearing, wanted, occurrence):
            found.moved.append(hearing)
        else:
            found.clashing.append(hearing)


async def _is_posted(db: AsyncSession, hearing_id: str) -> bool:
    return (await db.execute(select(Posting.id).where(Posting.hearing_id == hearing_id).limit(1))).first() is not None


async def _shift(db: AsyncSession, actor: Actor | None, hearing: Hearing, wanted: SeriesInput, to: Occurrence) -> bool:
    starts_at, ends_at = wanted.times(to.day)
    if await bookings.find_clash(db, Booked.of(hearing, starts_at, ends_at), but=hearing.id):
        return False
    before = calendar.stamp(hearing.starts_at, hearing.ends_at)
    hearing.starts_at, hearing.ends_at = starts_at, ends_at
    hearing.reason = str(to.why) if to.why else ""
    hearing.version += 1
    await db.flush()
    await audit.record(
        db,
        actor,
        "hearing_shifted",
        "hearing",
        hearing.id,
        hearing.reason,
        unit_path=hearing.unit.path,
        number=hearing.number,
        time=calendar.stamp(starts_at, ends_at),
        before=before,
    )
    await invitations.follow(db, hearing)
    return True


async def on_days_off(db: AsyncSession, actor: Actor) -> list[tuple[Hearing, Text]]:
    """Regular receptions still to come that fall on a day off, with why: a person must postpone what is posted."""
    days = (await rule_book(db)).days
    query = hearings.HearingQuery(
        first_day=calendar.local_day(utc_now()), states=(HearingState.SCHEDULED,), newest_first=False, limit=1000
    )
    coming = await hearings.find(db, actor, query)
    return [
        (one, days.why_off(calendar.local_day(one.starts_at)))
        for one in coming
        if one.kind == "regular" and not days.is_working(calendar.local_day(one.starts_at))
    ]
