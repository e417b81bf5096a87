"""People are reminded of what is due: whoever handles it before and after the day, then the superior; each once.

What is sent follows from what is due and from what was sent, so a morning that the hub was off is made up for on the
next working day. How many days before and after are rules like those of the law, dated and editable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import structlog
from sqlalchemy import insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.errors import NotReady
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.law import RuleBook
from hub.mail import Notice
from hub.models import (
    Account,
    Assignment,
    Case,
    CaseDue,
    CaseState,
    OrgUnit,
    Reminder,
    ReminderKind,
    ReminderRun,
    Role,
    RoleGrant,
)
from hub.services import absences, dues, legal_rules, mailing
from hub.services.absences import Away
from hub.tasks import GIVEN
from hub.working_days import ONE_DAY, WorkCalendar

BEFORE, SUPERIOR = "reminder_before", "reminder_superior"
LOOK_EVERY_S = 60.0
LISTED = 30
"""Most cases that one letter names; the page has them all."""
BATCH = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Thing:
    """What is due, and who has it."""

    case_id: str
    number: str
    unit_id: str
    clock: str
    due: date
    owner_id: str | None


@dataclass(frozen=True, slots=True)
class Reminded:
    """One line of a person's reminders."""

    case_id: str
    number: str
    summary: str
    kind: ReminderKind
    clock: str
    due: date


def horizon(today: date, ahead: int, days: WorkCalendar) -> date:
    """Up to this due day people are reminded today: so many working days ahead, and the days off that follow, because
    nobody is reminded on those."""
    day = today
    while ahead > 0:
        day += ONE_DAY
        ahead -= days.is_working(day)
    while not days.is_working(day + ONE_DAY):
        day += ONE_DAY
    return day


def overdue_before(today: date, after: int, days: WorkCalendar) -> date:
    """What was due before this day has been overdue for so many working days."""
    day = today
    while after > 1:
        day -= ONE_DAY
        after -= days.is_working(day)
    return day


_LAST_DAY = select(ReminderRun.day).order_by(ReminderRun.day.desc()).limit(1)


async def last_day(db: AsyncSession) -> date | None:
    return (await db.execute(_LAST_DAY)).scalar_one_or_none()


async def mine(db: AsyncSession, actor: Actor, *, limit: int = 10) -> list[Reminded]:
    """What the actor was reminded of on the last day, the most pressing first."""
    wanted = (
        select(Reminder, Case.number, Case.summary)
        .join(Case, Case.id == Reminder.case_id)
        .where(Reminder.account_id == actor.account_id, Reminder.day == _LAST_DAY.scalar_subquery())
        .order_by(Reminder.due, Reminder.case_id)
    )
    return [
        Reminded(row.case_id, number, summary, ReminderKind(row.kind), row.clock, row.due)
        for row, number, summary in (await db.execute(wanted.limit(limit))).all()
    ]


async def run(db: AsyncSession, book: RuleBook, mark: str, today: date) -> int:
    """Remind everybody of today's; how many people. Nothing on a day off, and nothing twice on a day."""
    if not book.days.is_working(today) or await db.get(ReminderRun, today) is not None:
        return 0
    db.add(ReminderRun(day=today))
    await db.flush()
    before, superior = book.find(BEFORE, today), book.find(SUPERIOR, today)
    until = horizon(today, before.value, book.days) if before else today - ONE_DAY
    late = overdue_before(today, superior.value, book.days) if superior else date.min
    people = _People(db, await _away(db, today))
    told: dict[str, list[_Line]] = {}
    things = [*await _clocks(db, mark, until), *await _given(db, until)]
    for start in range(0, len(things), BATCH):
        part = things[start : start + BATCH]
        sent = await _sent(db, part)
        rows = []
        for thing in part:
            for kind in _kinds(thing.due, today, late):
                for account_id, whose in (await people.for_(thing, kind)).items():
                    if (account_id, thing.case_id, thing.clock, thing.due, kind) not in sent:
                        told.setdefault(account_id, []).append(_Line(thing, kind, whose))
                        rows.append(_row(thing, kind, account_id, today))
        if rows:
            await db.execute(insert(Reminder), rows)
    for account_id, its in told.items():
        await mailing.queue(db, _digest(account_id, its, today), [account_id])
    return len(told)


def _kinds(due: date, today: date, late: date) -> Iterator[ReminderKind]:
    if due >= today:
        yield ReminderKind.BEFORE
    else:
        yield ReminderKind.OVERDUE
        if due < late:
            yield ReminderKind.ESCALATED


def _row(thing: Thing, kind: ReminderKind, account_id: str, today: date) -> dict[str, object]:
    return {
        "id": new_id(),
        "case_id": thing.case_id,
        "account_id": account_id,
        "kind": kind,
        "clock": thing.clock,
        "due": thing.due,
        "day": today,
    }


async def _clocks(db: AsyncSession, mark: str, until: date) -> list[Thing]:
    wanted = (
        select(Case.id, Case.number, Case.unit_id, CaseDue.clock, CaseDue.due, Assignment.to_id)
        .join(CaseDue, CaseDue.case_id == Case.id)
        .outerjoin(Assignment, (Assignment.case_id == Case.id) & Assignment.ended_at.is_(None))
        .where(CaseDue.book == mark, CaseDue.due <= until)
        .order_by(CaseDue.due, Case.id)
    )
    found = (await db.execute(wanted)).all()
    return [
        Thing(case_id, number, unit_id, clock, due, to_id)
        for case_id, number, unit_id, clock, due, to_id in found
        if due is not None
    ]


async def _given(db: AsyncSession, until: date) -> list[Thing]:
    wanted = (
        select(Case.id, Case.number, Case.unit_id, Assignment.due, Assignment.to_id)
        .join(Assignment, Assignment.case_id == Case.id)
        .where(Assignment.ended_at.is_(None), Assignment.due <= until, Case.state != CaseState.CLOSED)
        .order_by(Assignment.due, Case.id)
    )
    found = (await db.execute(wanted)).all()
    return [
        Thing(case_id, number, unit_id, GIVEN, due, to_id)
        for case_id, number, unit_id, due, to_id in found
        if due is not None
    ]


async def _sent(db: AsyncSession, things: Iterable[Thing]) -> set[tuple[object, ...]]:
    pairs = [(thing.case_id, thing.due) for thing in things]
    wanted = select(Reminder.account_id, Reminder.case_id, Reminder.clock, Reminder.due, Reminder.kind)
    return {tuple(row) for row in (await db.execute(wanted.where(tuple_(Reminder.case_id, Reminder.due).in_(pairs))))}


@dataclass(frozen=True, slots=True)
class _Line:
    """``whose``: the name of somebody absent whom the reader is told it for, empty where it is their own."""

    thing: Thing
    kind: ReminderKind
    whose: str = ""


async def _away(db: AsyncSession, today: date) -> dict[str, Away]:
    """Who is not there to read a letter: who is away, and closed accounts that still have cases."""
    has = select(Assignment.to_id).where(Assignment.ended_at.is_(None))
    closed = select(Account.id).where(Account.disabled_at.is_not(None), Account.id.in_(has))
    out = await absences.away(db, today)
    return out | await absences.away(db, today, list((await db.execute(closed)).scalars()))


class _People:
    """Who is told: the one who has it, or the officers of its unit when nobody has; the superior is the unit's leader,
    or the nearest above. For somebody who is away whoever stands in is told too, if their own role lets them read the
    case; when nobody is there at all, the superior."""

    def __init__(self, db: AsyncSession, away: Mapping[str, Away]) -> None:
        self._db, self._away = db, away
        self._known: dict[tuple[str, Role], list[str]] = {}
        self._reads: dict[tuple[str, str], bool] = {}

    async def for_(self, thing: Thing, kind: ReminderKind) -> dict[str, str]:
        """Each with the name of whom they are told it for (``_Line.whose``)."""
        if kind is ReminderKind.ESCALATED:
            return await self._superiors(thing.unit_id)
        owners = [thing.owner_id] if thing.owner_id else await self._of(thing.unit_id, Role.OFFICER)
        told, there = await self._there(owners, thing.unit_id)
        if owners and not there:
            name = await self._name(owners[0]) if thing.owner_id else ""
            told = dict.fromkeys(await self._superiors(thing.unit_id), name) | told
        return told

    async def _superiors(self, unit_id: str) -> dict[str, str]:
        told: dict[str, str] = {}
        above: str | None = unit_id
        while above:
            some, there = await self._there(await self._of(above, Role.LEADER), unit_id)
            told = some | told
            if there:
                break
            unit = await self._db.get(OrgUnit, above)
            above = unit.parent_id if unit else None
        return told

    async def _there(self, account_ids: Sequence[str], unit_id: str) -> tuple[dict[str, str], bool]:
        """These and who stands in for them, and whether anybody of all is there."""
        told = dict.fromkeys(account_ids, "")
        there = False
        for account_id in account_ids:
            out = self._away.get(account_id)
            if out is None:
                there = True
            elif out.stand_in_id and await self._may_read(out.stand_in_id, unit_id):
                there = True
                told.setdefault(out.stand_in_id, await self._name(account_id))
        return told, there

    async def _may_read(self, account_id: str, unit_id: str) -> bool:
        if (account_id, unit_id) not in self._reads:
            account = await self._db.get_one(Account, account_id)
            unit = await self._db.get_one(OrgUnit, unit_id)
            self._reads[account_id, unit_id] = absences.reads_cases(account, unit.path)
        return self._reads[account_id, unit_id]

    async def _name(self, account_id: str) -> str:
        return (await self._db.get_one(Account, account_id)).full_name

    async def _of(self, unit_id: str, role: Role) -> list[str]:
        if (unit_id, role) not in self._known:
            wanted = (
                select(Account.id)
                .join(RoleGrant, RoleGrant.account_id == Account.id)
                .where(RoleGrant.role == role, RoleGrant.unit_id == unit_id, Account.unit_id == unit_id)
                .where(Account.disabled_at.is_(None))
                .order_by(Account.id)
            )
            self._known[unit_id, role] = list((await self._db.execute(wanted)).scalars())
        return self._known[unit_id, role]


_LINES = {
    ReminderKind.BEFORE: N_("%(number)s: đến hạn %(day)s"),
    ReminderKind.OVERDUE: N_("%(number)s: quá hạn từ %(day)s"),
    ReminderKind.ESCALATED: N_("%(number)s: quá hạn từ %(day)s, báo lãnh đạo"),
}
_LINES_FOR = {
    ReminderKind.BEFORE: N_("%(number)s: đến hạn %(day)s (%(name)s đang vắng)"),
    ReminderKind.OVERDUE: N_("%(number)s: quá hạn từ %(day)s (%(name)s đang vắng)"),
    ReminderKind.ESCALATED: N_("%(number)s: quá hạn từ %(day)s, báo lãnh đạo (%(name)s đang vắng)"),
}


def _digest(account_id: str, its: list[_Line], today: date) -> Notice:
    """One letter a person and day: how many, then numbers and days; what a case is about stays in the hub."""
    late = sum(one.kind is not ReminderKind.BEFORE for one in its)
    count: dict[str, object] = {"late": late, "soon": len(its) - late, "day": today}
    lines = [Text(N_("Hôm nay có %(late)d việc quá hạn và %(soon)d việc sắp đến hạn cần bạn lưu ý."), count)]
    for one in its[:LISTED]:
        said: dict[str, object] = {"number": one.thing.number, "day": one.thing.due}
        lines.append(
            Text(_LINES_FOR[one.kind], said | {"name": one.whose}) if one.whose else Text(_LINES[one.kind], said)
        )
    if len(its) > LISTED:
        lines.append(Text(N_("… và %(count)d việc khác, xem trên trang."), {"count": len(its) - LISTED}))
    subject = Text(N_("Việc đến hạn ngày %(day)s: %(late)d quá hạn, %(soon)d sắp đến hạn"), count)
    return Notice(key=f"reminders/{today.isoformat()}/{account_id}", subject=subject, lines=tuple(lines), path="/tasks")


class Reminding:
    """A task of the web process; of several processes one does a day's reminders."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config, self._database = config, database

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except NotReady as error:
                log.warning("reminders put off", fault=str(error))
            except Exception:
                # A fault here must never end the process, in which hearings are held.
                log.exception("reminding failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def once(self) -> int:
        """Remind when it is time; how many people were."""
        now = calendar.local(utc_now())
        if now.hour < self._config.reminder_hour:
            return 0
        async with self._database.reading() as db:
            if await db.get(ReminderRun, now.date()) is not None:
                return 0
        await dues.recount_all(self._database)
        async with self._database.transaction() as db:
            book = await legal_rules.rule_book(db)
            people = await run(db, book, dues.mark_of(book), now.date())
        if people:
            log.info("people reminded", people=people)
        return people
