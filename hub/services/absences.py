"""Who is away and who stands in: said by the person, their leader or their administrator; why is not kept.

Standing in gives no right. It says who is written to and whose tasks are listed; what the stand-in may open or do
follows from their own role, as ever.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, may, require, scopes
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import Absence, Account, OrgUnit
from hub.services import audit, mailing
from hub.services.sign_in import actor_of

LONGEST = timedelta(days=3 * 366)
"""A date further ahead is a slip of the hand."""
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAbsence:
    """Both days included; ``last_day`` None: until somebody says that it is over. ``stand_in_id`` empty: nobody."""

    first_day: date
    last_day: date | None = None
    stand_in_id: str = ""


@dataclass(frozen=True, slots=True)
class Away:
    """Of somebody on a day. ``stand_in_id`` is who is really there: a stand-in who is away too hands on to their own.
    ``disabled``: the account is closed, so nobody will come back to it."""

    first_day: date | None = None
    last_day: date | None = None
    stand_in_id: str | None = None
    stand_in: str = ""
    disabled: bool = False


def reaches(account_id: str, away: Mapping[str, str | None]) -> str | None:
    """Who is there for somebody who is away, by who stands in for whom; None when the line ends or goes in a circle."""
    seen = {account_id}
    now = away.get(account_id)
    while now is not None and now in away:
        if now in seen:
            return None
        seen.add(now)
        now = away[now]
    return now


async def away(db: AsyncSession, day: date, account_ids: Collection[str] | None = None) -> dict[str, Away]:
    """Who of these (None: of all) is away on that day, disabled accounts among them when they are asked for by id."""
    rows = {row.account_id: row for row in (await db.execute(_of_day(day))).unique().scalars()}
    line: dict[str, str | None] = {
        account_id: row.stand_in_id if row.stand_in and row.stand_in.disabled_at is None else None
        for account_id, row in rows.items()
    }
    asked = set(rows) if account_ids is None else set(account_ids)
    found: dict[str, Away] = {}
    for account_id in asked & set(rows):
        row, there = rows[account_id], reaches(account_id, line)
        names = {one.stand_in_id: one.stand_in.full_name for one in rows.values() if one.stand_in}
        found[account_id] = Away(row.first_day, row.last_day, there, names.get(there, "") if there else "")
    if account_ids:
        closed = select(Account.id).where(Account.id.in_(asked), Account.disabled_at.is_not(None))
        for account_id in (await db.execute(closed)).scalars():
            now = found.get(account_id, Away())
            found[account_id] = Away(now.first_day, now.last_day, now.stand_in_id, now.stand_in, disabled=True)
    return found


async def stands_for(db: AsyncSession, account_id: str, day: date) -> frozenset[str]:
    """For whom somebody is there on that day; nobody while they are away themselves."""
    return frozenset(each for each, out in (await away(db, day)).items() if out.stand_in_id == account_id)


async def of_account(db: AsyncSession, account_id: str, today: date) -> list[Absence]:
    """What is now and still to come, the nearest first."""
    wanted = select(Absence).where(Absence.account_id == account_id, _kept(), _not_over(today))
    return list((await db.execute(wanted.order_by(Absence.first_day))).unique().scalars())


async def of_accounts(db: AsyncSession, account_ids: Collection[str], today: date) -> dict[str, list[Absence]]:
    """As ``of_account``, of many."""
    wanted = select(Absence).where(Absence.account_id.in_(set(account_ids)), _kept(), _not_over(today))
    found: dict[str, list[Absence]] = {}
    for row in (await db.execute(wanted.order_by(Absence.first_day))).unique().scalars():
        found.setdefault(row.account_id, []).append(row)
    return found


async def within(db: AsyncSession, account_id: str, first: date, last: date) -> Absence | None:
    """The first absence that touches these days."""
    wanted = select(Absence).where(Absence.account_id == account_id, _kept(), *_touches(first, last))
    return (await db.execute(wanted.order_by(Absence.first_day).limit(1))).unique().scalar_one_or_none()


async def stand_ins(db: AsyncSession, account: Account) -> list[Account]:
    """Who may stand in: of the very unit, in use, and reading its cases by their own role."""
    wanted = select(Account).where(
        Account.unit_id == account.unit_id, Account.id != account.id, Account.disabled_at.is_(None)
    )
    found = (await db.execute(wanted.order_by(Account.full_name, Account.username))).unique().scalars()
    return [one for one in found if reads_cases(one, account.unit.path)]


def reads_cases(account: Account, unit_path: str) -> bool:
    return may(actor_of(account), Action.READ_CASE, Target(paths=(unit_path,)))


def may_set(actor: Actor, account: Account) -> bool:
    return may(actor, Action.SET_ABSENCE, Target(paths=(account.unit.path,), own=account.id == actor.account_id))


async def person(db: AsyncSession, actor: Actor, account_id: str) -> Account:
    """Whose absence the actor may set. Raises ``NotFound``, ``Forbidden``."""
    account = await db.get(Account, account_id)
    if account is None:
        raise NotFound(N_("Không có tài khoản này."))
    own = account.id == actor.account_id
    require(actor, Action.SET_ABSENCE, Target(paths=(account.unit.path,), own=own))
    return account


async def people(db: AsyncSession, actor: Actor, unit_id: str) -> list[Account]:
    """Of a unit whose absences the actor may set, by name, closed accounts too. Raises ``NotFound``, ``Forbidden``."""
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không có cơ quan này."))
    require(actor, Action.SET_ABSENCE, Target(paths=(unit.path,)))
    wanted = select(Account).where(Account.unit_id == unit.id).order_by(Account.full_name, Account.username)
    return list((await db.execute(wanted)).unique().scalars())


async def units(db: AsyncSession, actor: Actor) -> list[OrgUnit]:
    """Whose people the actor may set absences of, the highest first."""
    inside = audit.within(OrgUnit.path, scopes(actor, Action.SET_ABSENCE))
    wanted = select(OrgUnit).where(inside, OrgUnit.active).order_by(OrgUnit.level, OrgUnit.name)
    return list((await db.execute(wanted)).unique().scalars())


async def add(db: AsyncSession, actor: Actor, account_id: str, wanted: WantedAbsence) -> Absence:
    """Raises ``BadInput`` by field (``first_day``, ``last_day``, ``stand_in_id``), ``NotFound``, ``Forbidden``."""
    # One at a time, so that a form that is sent twice makes one absence.
    await db.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    account = await person(db, actor, account_id)
    faults = await _faults(db, account, wanted)
    if faults:
        raise BadInput(_CHECK, fields=faults)
    row = Absence(
        account_id=account.id,
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        stand_in_id=wanted.stand_in_id or None,
        created_by=actor.account_id,
    )
    db.add(row)
    await db.flush()
    await _record(db, actor, account, "absence_set", row)
    if row.stand_in_id and row.stand_in_id != actor.account_id:
        await mailing.queue(db, _notice(account, row), [row.stand_in_id])
    return row


async def end(db: AsyncSession, actor: Actor, absence_id: str) -> Absence:
    """It is over as of today, or never was when it has not lasted a whole day yet. Raises ``NotFound``, ``Forbidden``,
    ``Conflict`` when it was over before."""
    wanted = select(Absence).where(Absence.id == absence_id).with_for_update(of=Absence)
    row = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    if row is None:
        raise NotFound(N_("Không có lần nghỉ này."))
    account = await person(db, actor, row.account_id)
    today = calendar.local_day(utc_now())
    if row.withdrawn_at is not None or (row.last_day is not None and row.last_day < today):
        raise Conflict(N_("Lần nghỉ này đã kết thúc."))
    if row.first_day < today:
        row.last_day = today - _ONE_DAY
    else:
        row.withdrawn_at = utc_now()
    await _record(db, actor, account, "absence_ended", row)
    return row


async def _faults(db: AsyncSession, account: Account, wanted: WantedAbsence) -> dict[str, Text]:
    today = calendar.local_day(utc_now())
    found: dict[str, Text] = {}
    first, last = wanted.first_day, wanted.last_day
    if abs(first - today) > LONGEST:
        found["first_day"] = Text(N_("Ngày này quá xa. Hãy xem lại năm."))
    if last is not None and last < first:
        found["last_day"] = Text(N_("Ngày cuối trước ngày đầu."))
    elif last is not None and last < today:
        found["last_day"] = Text(N_("Ngày này đã qua."))
    elif last is not None and last - first > LONGEST:
        found["last_day"] = Text(N_("Ngày này quá xa. Hãy xem lại năm."))
    if not found and (other := await within(db, account.id, first, last or date.max)) is not None:
        found["first_day"] = Text(N_("Trùng lần nghỉ đã ghi từ %(first)s."), {"first": other.first_day})
    if wanted.stand_in_id and wanted.stand_in_id not in {one.id for one in await stand_ins(db, account)}:
        found["stand_in_id"] = Text(N_("Hãy chọn người đang làm việc ở cơ quan này và đọc được hồ sơ."))
    elif wanted.stand_in_id and not found:
        out = await within(db, wanted.stand_in_id, first, first)
        if out is not None and out.stand_in_id in (None, account.id):
            found["stand_in_id"] = Text(N_("Người này cũng nghỉ ngày đó. Hãy chọn người khác."))
    return found


def _kept() -> ColumnElement[bool]:
    return Absence.withdrawn_at.is_(None)


def _not_over(day: date) -> ColumnElement[bool]:
    return or_(Absence.last_day.is_(None), Absence.last_day >= day)


def _touches(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (Absence.first_day <= last, _not_over(first))


def _of_day(day: date) -> Select[Absence]:
    return select(Absence).where(_kept(), *_touches(day, day)).order_by(Absence.first_day.desc(), Absence.id)


def _notice(account: Account, row: Absence) -> Notice:
    said = {"name": account.full_name, "first": row.first_day, "last": row.last_day}
    subject = (
        Text(N_("Bạn làm thay %(name)s từ %(first)s đến %(last)s"), said)
        if row.last_day
        else Text(N_("Bạn làm thay %(name)s từ %(first)s"), said)
    )
    lines = (
        subject,
        Text(N_("Việc của %(name)s hiện ở việc cần làm của bạn, và thư nhắc việc gửi cả cho bạn."), said),
        Text(N_("Quyền của bạn không đổi; việc nào bạn không làm được thì báo lãnh đạo.")),
    )
    return Notice(key=f"stands-in/{row.id}", subject=subject, lines=lines, path="/tasks?owner=me")


async def _record(db: AsyncSession, actor: Actor, account: Account, action: str, row: Absence) -> None:
    told = {
        "username": account.username,
        "absence": row.id,
        "first": row.first_day.isoformat(),
        "last": row.last_day.isoformat() if row.last_day else "",
        "stand_in": row.stand_in_id or "",
    }
    await audit.record(db, actor, action, "account", account.id, unit_path=account.unit.path, **told)
