"""The board of leaders' minimum: for every unit in scope and a month, what its head has held, plans and lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, minimums
from hub.auth import Action, Actor, Target, require, scopes
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.law import Rule, RuleBook
from hub.minimums import CHOICES, CODES, Standing, Standings
from hub.models import (
    LIVE_STATES,
    Account,
    Attendance,
    Hearing,
    HearingKind,
    HearingState,
    OrgUnit,
    Replacement,
    Role,
    Seat,
    SeatKind,
    UnitHead,
    UnitLevel,
)
from hub.services import audit
from hub.services.legal_rules import rule_book
from hub.services.sign_in import actor_of

COMING = (HearingState.SCHEDULED, *sorted(LIVE_STATES))


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """One line of the board. ``ad_hoc`` and ``by_others`` are days that are reported and do not count."""

    unit: OrgUnit
    head: Account | None
    rule: Rule | None
    found: Sequence[Standings]
    ad_hoc: int
    by_others: int

    @property
    def standing(self) -> Standing:
        return minimums.worst(self.found)

    @property
    def owed(self) -> int:
        return sum(one.period.owed for one in self.found)

    @property
    def done(self) -> int:
        return sum(min(one.done, one.period.owed) for one in self.found)

    @property
    def planned(self) -> int:
        return sum(one.planned for one in self.found)

    @property
    def missing(self) -> int:
        return sum(one.missing for one in self.found)

    @property
    def act_by(self) -> date | None:
        """When the next missing one must be posted at the latest."""
        return min((one.act_by for one in self.found if one.act_by), default=None)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Days by unit and by who chaired, of the whole span that a month's periods touch."""

    regular_done: dict[str, set[tuple[date, str]]]
    regular_planned: dict[str, set[tuple[date, str]]]
    ad_hoc_done: dict[str, set[date]]


async def board(db: AsyncSession, actor: Actor, month: date, *, today: date | None = None) -> list[UnitMonth]:
    """Every unit in the actor's scope, in the order of the tree."""
    paths = scopes(actor, Action.READ_HEARING)
    wanted = select(OrgUnit).where(OrgUnit.active, audit.within(OrgUnit.path, paths)).order_by(OrgUnit.path)
    units = list((await db.execute(wanted)).scalars())
    return await _months(db, units, month, today or calendar.local_day(utc_now()))


async def of_leader(db: AsyncSession, actor: Actor, *, today: date | None = None) -> list[UnitMonth]:
    """The present month of each unit that this person heads: what a leader sees on the first page."""
    today = today or calendar.local_day(utc_now())
    mine = select(UnitHead).where(UnitHead.account_id == actor.account_id)
    heads = [row for row in (await db.execute(mine)).unique().scalars() if _in_office(row, today)]
    return await _months(db, [row.unit for row in heads], today, today)


async def in_scope(db: AsyncSession, actor: Actor, paths: frozenset[str], today: date) -> list[UnitMonth]:
    """The present month of units whose head is written down: those the actor heads, and those within ``paths``."""
    wanted = (
        select(UnitHead)
        .join(OrgUnit, OrgUnit.id == UnitHead.unit_id)
        .where(OrgUnit.active, or_(UnitHead.account_id == actor.account_id, audit.within(OrgUnit.path, paths)))
        .order_by(OrgUnit.path)
    )
    heads = [row for row in (await db.execute(wanted)).unique().scalars() if _in_office(row, today)]
    return await _months(db, [row.unit for row in heads], today, today)


async def _months(db: AsyncSession, units: Sequence[OrgUnit], month: date, today: date) -> list[UnitMonth]:
    if not units:
        return []
    book = await rule_book(db)
    first = month.replace(day=1) - timedelta(days=7)
    last = month.replace(day=28) + timedelta(days=14)
    ids = [unit.id for unit in units]
    facts = await _facts(db, ids, first, last)
    heads: dict[str, list[UnitHead]] = {}
    for row in (await db.execute(select(UnitHead).where(UnitHead.unit_id.in_(ids)))).unique().scalars():
        heads.setdefault(row.unit_id, []).append(row)
    return [_unit_month(unit, heads.get(unit.id, []), facts, book, month, today) for unit in units]


def _unit_month(
    unit: OrgUnit, heads: Sequence[UnitHead], facts: _Facts, book: RuleBook, month: date, today: date
) -> UnitMonth:
    first = month.replace(day=1)
    end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    shown = min(max(today, first), end)
    head = next((row for row in heads if _in_office(row, shown)), None)
    code = head.rule_code if head else CODES[UnitLevel(unit.level)]
    by_head, others = _split(facts.regular_done.get(unit.id, set()), heads)
    planned, _ = _split(facts.regular_planned.get(unit.id, set()), heads)
    found = [minimums.standings(book, one, by_head, planned, today) for one in minimums.periods(book, code, first)]
    return UnitMonth(
        unit=unit,
        head=head.account if head else None,
        rule=found[0].period.rule if found else book.find(code, first),
        found=found,
        ad_hoc=len([day for day in facts.ad_hoc_done.get(unit.id, set()) if first <= day <= end]),
        by_others=len([day for day in others if first <= day <= end]),
    )


def _split(days: set[tuple[date, str]], heads: Sequence[UnitHead]) -> tuple[set[date], set[date]]:
    """Days on which the head of that day chaired, and those on which only somebody else did."""
    by_head = {day for day, chair in days if any(h.account_id == chair and _in_office(h, day) for h in heads)}
    return by_head, {day for day, _ in days} - by_head


def _in_office(row: UnitHead, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)


async def _facts(db: AsyncSession, unit_ids: Sequence[str], first: date, last: date) -> _Facts:
    start, end = calendar.day_bounds(first, last)
    wanted = (
        select(Hearing.id, Hearing.unit_id, Hearing.kind, Hearing.state, Hearing.starts_at, Seat.account_id)
        .join(Seat, Seat.hearing_id == Hearing.id)
        .where(Seat.kind == SeatKind.CHAIR, Hearing.unit_id.in_(unit_ids))
        .where(Hearing.starts_at >= start, Hearing.starts_at < end)
        .where(Hearing.state.in_((HearingState.CLOSED, *COMING)))
    )
    rows = (await db.execute(wanted)).all()
    present = await _present(db, [row[0] for row in rows if row[3] == HearingState.CLOSED])
    facts = _Facts({}, {}, {})
    for hearing_id, unit_id, kind, state, starts_at, seated in rows:
        day, chair = calendar.local_day(starts_at), seated or ""
        if state != HearingState.CLOSED:
            if kind == HearingKind.REGULAR:
                facts.regular_planned.setdefault(unit_id, set()).add((day, chair))
        elif kind == HearingKind.AD_HOC:
            facts.ad_hoc_done.setdefault(unit_id, set()).add(day)
        else:
            came = chair if (hearing_id, chair) in present else ""
            facts.regular_done.setdefault(unit_id, set()).add((day, came))
    return facts


async def _present(db: AsyncSession, hearing_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Who really sat in a hearing: a head who was booked and did not come has not received anybody."""
    if not hearing_ids:
        return set()
    wanted = select(Attendance.hearing_id, Attendance.account_id).where(Attendance.hearing_id.in_(hearing_ids))
    return {(hearing_id, account_id) for hearing_id, account_id in (await db.execute(wanted)).all()}


# Heads -----------------------------------------------------------------------------------------------------------


async def heads_of(db: AsyncSession, actor: Actor, unit_id: str) -> tuple[OrgUnit, list[UnitHead]]:
    """All heads a unit has had, the latest first. Raises ``NotFound``, ``Forbidden``."""
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không có cơ quan này."))
    require(actor, Action.READ_HEARING, Target(paths=(unit.path,)))
    wanted = select(UnitHead).where(UnitHead.unit_id == unit_id).order_by(UnitHead.valid_from.desc())
    return unit, list((await db.execute(wanted)).unique().scalars())


async def head_on(db: AsyncSession, unit_id: str, day: date) -> Account | None:
    """Who heads the unit on a day, where that was written down."""
    wanted = select(UnitHead).where(UnitHead.unit_id == unit_id, UnitHead.valid_from <= day)
    rows = (await db.execute(wanted)).unique().scalars()
    return next((row.account for row in rows if _in_office(row, day)), None)


async def leaders_for(db: AsyncSession, unit: OrgUnit) -> list[Account]:
    """Who may be the head: leaders whose scope covers the unit."""
    everybody = select(Account).where(Account.disabled_at.is_(None)).order_by(Account.full_name)
    found = (await db.execute(everybody)).unique().scalars()
    return [one for one in found if actor_of(one).holds(Role.LEADER, unit.path)]


async def set_head(
    db: AsyncSession, actor: Actor, unit_id: str, account_id: str, rule_code: str, valid_from: date
) -> UnitHead:
    """From that day on this person heads the unit; whoever did before, until the day before. Raises ``BadInput``."""
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không có cơ quan này."))
    require(actor, Action.BOOK_HEARING, Target(paths=(unit.path,)))
    faults: dict[str, Text] = {}
    if account_id not in {one.id for one in await leaders_for(db, unit)}:
        faults["account_id"] = Text(N_("Hãy chọn một lãnh đạo có phạm vi gồm cơ quan này."))
    if rule_code not in CHOICES:
        faults["rule_code"] = Text(N_("Hãy chọn một mục trong danh sách."))
    rows = (await db.execute(select(UnitHead).where(UnitHead.unit_id == unit_id))).unique().scalars().all()
    if any(row.valid_from >= valid_from for row in rows):
        faults["valid_from"] = Text(N_("Đã có người đứng đầu từ ngày đó hoặc sau đó."))
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
    for row in rows:
        if row.valid_to is None or row.valid_to >= valid_from:
            row.valid_to = valid_from - timedelta(days=1)
    head = UnitHead(unit_id=unit_id, account_id=account_id, rule_code=rule_code, valid_from=valid_from)
    db.add(head)
    await db.flush()
    await db.refresh(head, ["account", "unit"])
    detail = {"rule": rule_code, "from": valid_from.isoformat(), "head": account_id}
    await audit.record(db, actor, "unit_head_set", "unit", unit_id, unit_path=unit.path, **detail)
    return head


async def replaced(db: AsyncSession, actor: Actor, month: date) -> list[tuple[Hearing, Replacement]]:
    """Receptions of a month that another leader held instead of the one announced: reported with the board."""
    first = month.replace(day=1)
    end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    start, stop = calendar.day_bounds(first, end)
    wanted = (
        select(Hearing, Replacement)
        .join(Replacement, Replacement.hearing_id == Hearing.id)
        .join(OrgUnit, OrgUnit.id == Hearing.unit_id)
        .where(audit.within(OrgUnit.path, scopes(actor, Action.READ_HEARING)))
        .where(Hearing.starts_at >= start, Hearing.starts_at < stop)
        .order_by(Hearing.starts_at, Replacement.at)
    )
    return [(hearing, row) for hearing, row in (await db.execute(wanted)).unique().all()]
