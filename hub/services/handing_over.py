"""What somebody who left, or is away for long, still has open, and handing it to another in one step.

Administrators see numbers only: they read no cases. The head of the unit hands over; every case's turn is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, may, require, require_known
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import (
    Absence,
    Account,
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    Conclusion,
    ConclusionState,
    ConclusionTask,
    Hearing,
    HearingState,
    ReceptionSeries,
    Role,
    RoleGrant,
    Seat,
    TaskState,
)
from hub.services import assignments, audit, identity, mailing
from hub.services.identity import Vault
from hub.text import clean_block

LISTED = 30
"""Most cases that one letter names; the page has them all."""
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True)
class Turn:
    """One open case of somebody; ``readable``: whoever asks may open it, so its words are shown too."""

    assignment: Assignment
    case: Case
    readable: bool


@dataclass(frozen=True, slots=True)
class OpenWork:
    """All that waits for one person. ``turns`` are cases, ``seats`` coming receptions in which they sit."""

    turns: tuple[Turn, ...]
    tasks: tuple[tuple[str, int, date | None], ...]
    """Of conclusions: its number, the task's, its day."""
    seats: tuple[Hearing, ...]
    series: tuple[ReceptionSeries, ...]
    stands_in_for: tuple[Absence, ...]

    def __bool__(self) -> bool:
        return bool(self.turns or self.tasks or self.seats or self.series or self.stands_in_for)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedHandOver:
    """``turns`` are the assignments that were ticked, as the page showed them."""

    to_id: str
    turns: Sequence[str]
    reason: str
    though_away: str = ""


async def open_work(db: AsyncSession, actor: Actor, account: Account) -> OpenWork:
    """Of an account that the actor administers or whose absence they may set. Raises ``Forbidden``."""
    require(actor, Action.SET_ABSENCE, Target(paths=(account.unit.path,), own=account.id == actor.account_id))
    tasks = (
        select(Conclusion.number, ConclusionTask.number, ConclusionTask.due)
        .join(Conclusion, Conclusion.id == ConclusionTask.conclusion_id)
        .where(ConclusionTask.owner_id == account.id, ConclusionTask.state == TaskState.OPEN)
        .where(Conclusion.state == ConclusionState.ISSUED)
        .order_by(ConclusionTask.due, ConclusionTask.id)
    )
    seats = (
        select(Hearing)
        .where(Hearing.state == HearingState.SCHEDULED, Hearing.ends_at > utc_now())
        .where(Hearing.id.in_(select(Seat.hearing_id).where(Seat.account_id == account.id)))
        .order_by(Hearing.starts_at, Hearing.id)
    )
    today = calendar.local_day(utc_now())
    series = select(ReceptionSeries).where(ReceptionSeries.chair_id == account.id, ReceptionSeries.last_day >= today)
    covers = select(Absence).where(Absence.stand_in_id == account.id, Absence.withdrawn_at.is_(None))
    covers = covers.where((Absence.last_day.is_(None)) | (Absence.last_day >= today)).order_by(Absence.first_day)
    return OpenWork(
        turns=tuple(await turns(db, actor, account.id)),
        tasks=tuple((said or "", number, due) for said, number, due in await db.execute(tasks)),
        seats=tuple((await db.execute(seats)).unique().scalars()),
        series=tuple((await db.execute(series)).unique().scalars()),
        stands_in_for=tuple((await db.execute(covers)).unique().scalars()),
    )


async def turns(db: AsyncSession, actor: Actor, account_id: str) -> list[Turn]:
    """Their open cases, what is due first on top; the caller has asked whether the actor may know of them."""
    wanted = (
        select(Assignment, Case)
        .join(Case, Case.id == Assignment.case_id)
        .where(Assignment.to_id == account_id, Assignment.ended_at.is_(None), Case.state != CaseState.CLOSED)
        .order_by(Assignment.due.is_(None), Assignment.due, Case.received_at, Case.id)
    )
    rows = (await db.execute(wanted)).unique().all()
    return [Turn(one, case, may(actor, Action.READ_CASE, Target(paths=(case.unit.path,)))) for one, case in rows]


async def open_counts(db: AsyncSession, account_ids: Sequence[str]) -> dict[str, int]:
    """How many open cases each of these has."""
    wanted = (
        select(Assignment.to_id, func.count())
        .join(Case, Case.id == Assignment.case_id)
        .where(Assignment.to_id.in_(account_ids), Assignment.ended_at.is_(None), Case.state != CaseState.CLOSED)
        .group_by(Assignment.to_id)
    )
    rows = (await db.execute(wanted)).all()
    return {account_id: int(count) for account_id, count in rows}


async def person(db: AsyncSession, actor: Actor, account_id: str) -> Account:
    """Whose cases the actor, a head of their unit, may hand over. Raises ``NotFound``, ``Forbidden``."""
    account = await db.get(Account, account_id)
    if account is None:
        raise NotFound(N_("Không có tài khoản này."))
    require_known(actor, Action.SET_ABSENCE, Target(paths=(account.unit.path,)))
    require(actor, Action.ASSIGN_CASE, Target(paths=(account.unit.path,)))
    return account


async def receivers(db: AsyncSession, found: Sequence[Turn], account_id: str) -> list[Account]:
    """Who may be given all of these: officers of their unit. Cases of several units have nobody in common."""
    common: dict[str, Account] = {}
    of_units = {turn.case.unit_id: turn.case for turn in found}
    for nth, case in enumerate(of_units.values()):
        able = {one.id: one for one in await assignments.officers(db, case) if one.id != account_id}
        common = able if nth == 0 else {key: one for key, one in common.items() if key in able}
    return list(common.values())


async def hand_over(
    db: AsyncSession, vault: Vault, actor: Actor, account_id: str, wanted: WantedHandOver
) -> list[Assignment]:
    """All that were ticked or none: each turn ends with the reason, and the receiver's begins with what was asked for
    and the same day. Raises ``BadInput`` by field, ``AwayThen``, ``Conflict`` naming what changed meanwhile,
    ``Forbidden``, ``NotFound``."""
    giver = await person(db, actor, account_id)
    reason = clean_block(wanted.reason)
    found = await _locked(db, actor, giver, wanted.turns)
    faults: dict[str, Text] = {}
    if not found:
        faults["turns"] = Text(N_("Hãy chọn ít nhất một vụ việc."))
    if not reason:
        faults["reason"] = Text(N_("Hãy ghi lý do bàn giao."))
    elif len(reason) > assignments.TEXT_MAX:
        faults["reason"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": assignments.TEXT_MAX})
    if found and wanted.to_id not in {one.id for one in await receivers(db, found, giver.id)}:
        faults["to_id"] = Text(N_("Hãy chọn cán bộ của cơ quan này."))
    if faults:
        raise BadInput(_CHECK, fields=faults)
    if wanted.to_id not in (actor.account_id, wanted.though_away):
        await assignments.require_present(db, found[0].case, wanted.to_id)
    await identity.require_discreet(db, vault, actor, [turn.case for turn in found], reason)
    now = utc_now()
    for turn in found:
        old = turn.assignment
        old.state, old.answer, old.ended_at = AssignmentState.REPLACED, reason, now
    await db.flush()
    return await _begin(db, actor, giver, found, wanted.to_id)


async def tell_heads(db: AsyncSession, account: Account) -> None:
    """Heads of the unit learn that an account was closed with cases open; nobody above them does."""
    count = (await open_counts(db, [account.id])).get(account.id, 0)
    if not count:
        return
    leads = select(Account.id).join(RoleGrant, RoleGrant.account_id == Account.id)
    leads = leads.where(RoleGrant.role == Role.LEADER, RoleGrant.unit_id == account.unit_id)
    heads = list((await db.execute(leads.where(Account.disabled_at.is_(None), Account.id != account.id))).scalars())
    said = {"name": account.full_name, "count": count}
    subject = Text(N_("Tài khoản của %(name)s đã khóa, còn %(count)d vụ việc cần bàn giao"), said)
    lines = (subject, Text(N_("Trên trang bàn giao, bạn giao tất cả hoặc một phần cho người khác trong một lần.")))
    key = f"handover-due/{account.id}/{utc_now().isoformat()}"
    path = f"/staff/{account.id}/handover"
    await mailing.queue(db, Notice(key=key, subject=subject, lines=lines, path=path), heads)


async def _begin(db: AsyncSession, actor: Actor, giver: Account, found: Sequence[Turn], to_id: str) -> list[Assignment]:
    made = []
    for turn in found:
        old = turn.assignment
        given = Assignment(
            case_id=turn.case.id, from_id=actor.account_id, to_id=to_id, instruction=old.instruction, due=old.due
        )
        if to_id == actor.account_id:
            given.state, given.answered_at = AssignmentState.ACCEPTED, utc_now()
        db.add(given)
        made.append(given)
    await db.flush()
    for turn, given in zip(found, made, strict=True):
        # The turn that ended holds the reason: words stay out of the trail (``assignments``).
        told = {"number": turn.case.number, "assignment": turn.assignment.id, "given": given.id, "to": to_id}
        path = turn.case.unit.path
        await audit.record(db, actor, "case_handed_over", "case", turn.case.id, unit_path=path, **told)
    path, count = giver.unit.path, len(made)
    await audit.record(db, actor, "work_handed_over", "account", giver.id, unit_path=path, to=to_id, count=count)
    for notice, who in ((_received(giver, found, made), to_id), (_given_up(found, made), giver.id)):
        if who != actor.account_id:
            await mailing.queue(db, notice, [who])
    return made


async def _locked(db: AsyncSession, actor: Actor, giver: Account, ids: Sequence[str]) -> list[Turn]:
    """The ticked turns, each case held for this transaction, always in the same order."""
    wanted = select(Assignment.case_id).where(Assignment.id.in_(list(ids)), Assignment.to_id == giver.id)
    case_ids = set((await db.execute(wanted)).scalars())
    locked = select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).with_for_update(of=Case)
    cases = {
        one.id: one for one in (await db.execute(locked.execution_options(populate_existing=True))).unique().scalars()
    }
    again = select(Assignment).where(Assignment.id.in_(list(ids)), Assignment.to_id == giver.id)
    rows = list((await db.execute(again.execution_options(populate_existing=True))).unique().scalars())
    if len(rows) != len(set(ids)):
        raise NotFound(N_("Không có việc được giao này."))
    for case in cases.values():
        require(actor, Action.ASSIGN_CASE, Target(paths=(case.unit.path,)))
    gone = [cases[one.case_id].number for one in rows if one.ended_at is not None]
    gone += [cases[one.case_id].number for one in rows if cases[one.case_id].state == CaseState.CLOSED]
    if gone:
        raise Conflict(
            N_(
                "Sau khi bạn mở trang, có việc đã giao người khác, làm xong hoặc kết thúc: %(numbers)s. "
                "Chưa bàn giao vụ việc nào; hãy xem lại danh sách."
            ),
            numbers=", ".join(sorted(set(gone))),
        )
    return [Turn(one, cases[one.case_id], readable=True) for one in sorted(rows, key=lambda one: one.case_id)]


def _received(giver: Account, found: Sequence[Turn], made: Sequence[Assignment]) -> Notice:
    said = {"name": giver.full_name, "count": len(found)}
    subject = Text(N_("Bạn nhận bàn giao %(count)d vụ việc của %(name)s"), said)
    return Notice(
        key=f"handed-over/{made[0].id}", subject=subject, lines=(subject, *_numbers(found)), path="/tasks?owner=me"
    )


def _given_up(found: Sequence[Turn], made: Sequence[Assignment]) -> Notice:
    subject = Text(N_("%(count)d vụ việc của bạn đã được bàn giao cho người khác"), {"count": len(found)})
    return Notice(key=f"handed-over/{made[0].id}", subject=subject, lines=(subject, *_numbers(found)), path="/tasks")


def _numbers(found: Sequence[Turn]) -> list[Text]:
    lines = [Text("%(number)s", {"number": turn.case.number}) for turn in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(Text(N_("… và %(count)d việc khác, xem trên trang."), {"count": len(found) - LISTED}))
    return lines
