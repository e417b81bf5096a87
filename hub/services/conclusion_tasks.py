"""Tasks of conclusions carried out: reported by owners, confirmed or returned, reminded of until they are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub import conclusions as rules
from hub.auth import Action, Actor, require, scopes
from hub.auth import Target as Wanted
from hub.errors import BadInput, Forbidden, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import (
    Account,
    Conclusion,
    ConclusionState,
    ConclusionTask,
    Hearing,
    OrgUnit,
    Seat,
    SeatKind,
    TaskEvent,
    TaskState,
    TaskStep,
)
from hub.services import absences, audit, conclusions, identity, legal_rules, mailing
from hub.services.identity import Vault
from hub.text import clean_block

WORDS_MAX = 4_000


@dataclass(frozen=True, slots=True)
class OwnedTask:
    """A task as lists show it. ``left``: working days to go, negative once it is overdue."""

    task_id: str
    conclusion_id: str
    conclusion_number: str
    hearing_id: str
    number: int
    text: str
    owner: str
    unit: str
    due: date
    state: TaskState
    left: int
    overdue: bool
    soon: bool

    @property
    def path(self) -> str:
        return f"/conclusions/{self.conclusion_id}#task-{self.number}"


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step of a task, and who made it."""

    step: TaskStep
    words: str
    due: date | None
    who: str
    at: object


async def report(db: AsyncSession, vault: Vault, actor: Actor, task_id: str, words: str) -> ConclusionTask:
    """The owner says that it is done, and how. Raises ``Forbidden``, ``Conflict``, ``BadInput`` without words."""
    task, found, hearing = await _locked(db, actor, task_id)
    if not conclusions.owns(actor, task):
        raise Forbidden(N_("Bạn không có quyền làm việc này."))
    missing = N_("Hãy ghi kết quả thực hiện.")
    await _step(db, vault, actor, (task, found, hearing), TaskStep.REPORTED, words, missing)
    await _tell(db, found, task, TaskStep.REPORTED, _followers(hearing))
    return task


async def confirm(db: AsyncSession, vault: Vault, actor: Actor, task_id: str, words: str = "") -> ConclusionTask:
    """Who ran the hearing agrees that it is done."""
    task, found, hearing = await _followed(db, actor, task_id)
    await _step(db, vault, actor, (task, found, hearing), TaskStep.CONFIRMED, words, "")
    task.done_at = utc_now()
    await _tell(db, found, task, TaskStep.CONFIRMED, [task.owner_id])
    return task


async def give_back(db: AsyncSession, vault: Vault, actor: Actor, task_id: str, words: str) -> ConclusionTask:
    """It is not done yet, and why not."""
    task, found, hearing = await _followed(db, actor, task_id)
    missing = N_("Hãy ghi việc gì chưa xong.")
    await _step(db, vault, actor, (task, found, hearing), TaskStep.RETURNED, words, missing)
    await _tell(db, found, task, TaskStep.RETURNED, [task.owner_id])
    return task


async def extend(
    db: AsyncSession, vault: Vault, actor: Actor, task_id: str, due: date | None, words: str
) -> ConclusionTask:
    """Another due day, with its reason. Raises ``BadInput`` for a day that is not later."""
    task, found, hearing = await _followed(db, actor, task_id)
    book = await legal_rules.rule_book(db)
    moved = rules.due_day(due, None, task.due, book.days) if due else None
    if moved is None or moved <= max(task.due, _today()):
        text = Text(N_("Hạn mới phải sau hạn cũ và sau hôm nay."))
        raise BadInput(text.message, fields={"due": text})
    missing = N_("Hãy nêu lý do gia hạn.")
    await _step(db, vault, actor, (task, found, hearing), TaskStep.EXTENDED, words, missing, due=moved)
    task.due = moved
    await _tell(db, found, task, TaskStep.EXTENDED, [task.owner_id])
    return task


async def steps(db: AsyncSession, conclusion_id: str) -> dict[str, list[Stepped]]:
    """By task, in order. Whoever shows them asks for permission."""
    wanted = (
        select(TaskEvent, Account.full_name)
        .join(Account, Account.id == TaskEvent.account_id)
        .join(ConclusionTask, ConclusionTask.id == TaskEvent.task_id)
        .where(ConclusionTask.conclusion_id == conclusion_id)
        .order_by(TaskEvent.seq)
    )
    found: dict[str, list[Stepped]] = {}
    for row, name in (await db.execute(wanted)).all():
        one = Stepped(TaskStep(row.step), row.words, row.due, name, row.at)
        found.setdefault(row.task_id, []).append(one)
    return found


async def of_owner(db: AsyncSession, actor: Actor, *, limit: int | None = None) -> list[OwnedTask]:
    """What waits for this account or its units, the most pressing first."""
    units = [OrgUnit.path.startswith(path) for path in sorted(scopes(actor, Action.REPORT_TASK))]
    mine = ConclusionTask.owner_id == actor.account_id
    # An account's task is its own; only a unit's waits for everybody in it.
    shared = ConclusionTask.owner_id.is_(None) & or_(False, *units)
    return await _listed(db, mine | shared, ConclusionTask.state == TaskState.OPEN, limit=limit)


async def not_carried_out(db: AsyncSession, actor: Actor, *, limit: int | None = None) -> list[OwnedTask]:
    """Of conclusions that this actor follows: everything that is not done yet, overdue first."""
    paths = sorted(scopes(actor, Action.FOLLOW_CONCLUSION))
    holding = select(OrgUnit.id).where(or_(False, *(OrgUnit.path.startswith(path) for path in paths)))
    named = (SeatKind.CHAIR, SeatKind.DEPUTY, SeatKind.SECRETARY)
    seated = select(Seat.hearing_id).where(Seat.account_id == actor.account_id, Seat.kind.in_(named))
    mine = Conclusion.unit_id.in_(holding) | Conclusion.hearing_id.in_(seated)
    return await _listed(db, mine, ConclusionTask.state != TaskState.DONE, limit=limit)


async def remind(db: AsyncSession) -> int:
    """Queue a letter for each task that is soon due or overdue and was not told of it yet; how many tasks."""
    tasks = await _listed(db, ConclusionTask.state == TaskState.OPEN)
    pressing = [task for task in tasks if task.soon or task.overdue]
    owners = await _owners(db, pressing)
    away = await absences.away(db, _today()) | await absences.away(db, _today(), owners)
    for one in pressing:
        task = await db.get(ConclusionTask, one.task_id)
        found = await db.get(Conclusion, one.conclusion_id)
        hearing = await db.get(Hearing, one.hearing_id)
        if task is None or found is None or hearing is None:
            continue
        to = [task.owner_id] if task.owner_id else await _reporters(db, task.owner_unit_id)
        present = {away[each].stand_in_id if each in away else each for each in to} - {None}
        if one.overdue or not present:  # nobody there to do it: who ran the hearing must know in time
            to += _followers(hearing)
        told = {each for each in (*present, *to) if each}
        await mailing.queue(db, _reminder(found, task, overdue=one.overdue), told)
    return len(pressing)


async def _owners(db: AsyncSession, tasks: list[OwnedTask]) -> list[str]:
    wanted = select(ConclusionTask.owner_id).where(ConclusionTask.id.in_([one.task_id for one in tasks]))
    return [owner for owner in await db.scalars(wanted.distinct()) if owner]


def _reminder(found: Conclusion, task: ConclusionTask, *, overdue: bool) -> Notice:
    """One letter before the due day and one after it; an extension begins anew."""
    subject = N_("Quá hạn: nhiệm vụ theo %(number)s") if overdue else N_("Sắp đến hạn: nhiệm vụ theo %(number)s")
    return Notice(
        key=f"conclusion-task/{task.id}/{'overdue' if overdue else 'soon'}/{task.due.isoformat()}",
        subject=Text(subject, {"number": found.number or ""}),
        lines=(Text(N_("Nhiệm vụ %(task)s, hạn %(due)s."), {"task": task.number, "due": task.due}),),
        path=f"/conclusions/{found.id}",
    )


async def _listed(db: AsyncSession, *conditions: ColumnElement[bool], limit: int | None = None) -> list[OwnedTask]:
    task, found = ConclusionTask, Conclusion
    wanted = (
        select(
            *(task.id, task.conclusion_id, found.number.label("said"), found.hearing_id, task.number, task.text),
            *(task.due, task.state, OrgUnit.name, Account.full_name),
        )
        .join(found, found.id == task.conclusion_id)
        .join(OrgUnit, OrgUnit.id == task.owner_unit_id)
        .outerjoin(Account, Account.id == task.owner_id)
        .where(found.state == ConclusionState.ISSUED, *conditions)
        .order_by(task.due, task.id)
        .limit(limit)
    )
    days, today = (await legal_rules.rule_book(db)).days, _today()
    rows = []
    for row in await db.execute(wanted):
        left = rules.left(row.due, today, days)
        rows.append(
            OwnedTask(
                task_id=row.id,
                conclusion_id=row.conclusion_id,
                conclusion_number=row.said or "",
                hearing_id=row.hearing_id,
                number=row.number,
                text=row.text,
                owner=row.full_name or "",
                unit=row.name,
                due=row.due,
                state=TaskState(row.state),
                left=left.days,
                overdue=left.overdue,
                soon=left.soon,
            )
        )
    return rows


async def _step(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    about: tuple[ConclusionTask, Conclusion, Hearing],
    step: TaskStep,
    typed: str,
    missing: str,
    *,
    due: date | None = None,
) -> None:
    task, found, hearing = about
    after = rules.after(TaskState(task.state), step)
    words = clean_block(typed)
    if missing and not words:
        raise BadInput(missing, fields={"words": Text(missing)})
    if len(words) > WORDS_MAX:
        text = Text(N_("Nội dung dài quá %(limit)s ký tự."), {"limit": WORDS_MAX})
        raise BadInput(text.message, fields={"words": text}, limit=WORDS_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, words, field="words")
    seq = int(await db.scalar(select(func.count()).select_from(TaskEvent).where(TaskEvent.task_id == task.id)) or 0)
    db.add(
        TaskEvent(
            task_id=task.id, seq=seq + 1, step=step, words=words, due=due, account_id=actor.account_id, at=utc_now()
        )
    )
    task.state = after
    await db.flush()
    told = {"number": found.number or "", "conclusion_id": found.id, "task": task.number}
    path = hearing.unit.path
    await audit.record(db, actor, f"task_{step}", "hearing", hearing.id, "", unit_path=path, **told)


_SUBJECTS = {
    TaskStep.REPORTED: N_("Báo cáo hoàn thành nhiệm vụ theo %(number)s"),
    TaskStep.CONFIRMED: N_("Đã xác nhận nhiệm vụ theo %(number)s"),
    TaskStep.RETURNED: N_("Trả lại nhiệm vụ theo %(number)s"),
    TaskStep.EXTENDED: N_("Gia hạn nhiệm vụ theo %(number)s"),
}


async def _tell(
    db: AsyncSession, found: Conclusion, task: ConclusionTask, step: TaskStep, to: Iterable[str | None]
) -> None:
    count = int(await db.scalar(select(func.count()).select_from(TaskEvent).where(TaskEvent.task_id == task.id)) or 0)
    notice = Notice(
        key=f"conclusion-task/{task.id}/{count}",
        subject=Text(_SUBJECTS[step], {"number": found.number or ""}),
        lines=(Text(N_("Nhiệm vụ %(task)s, hạn %(due)s."), {"task": task.number, "due": task.due}),),
        path=f"/conclusions/{found.id}",
    )
    await mailing.queue(db, notice, [each for each in to if each])


async def _locked(db: AsyncSession, actor: Actor, task_id: str) -> tuple[ConclusionTask, Conclusion, Hearing]:
    wanted = select(ConclusionTask).where(ConclusionTask.id == task_id).with_for_update(of=ConclusionTask)
    task = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    found = await db.get(Conclusion, task.conclusion_id) if task else None
    if task is None or found is None or found.state != ConclusionState.ISSUED:
        raise NotFound(N_("Không tìm thấy nhiệm vụ."))
    try:
        shown = await conclusions.get(db, actor, found.id)
    except Forbidden as error:
        raise NotFound(N_("Không tìm thấy nhiệm vụ.")) from error
    return task, found, shown.hearing


async def _followed(db: AsyncSession, actor: Actor, task_id: str) -> tuple[ConclusionTask, Conclusion, Hearing]:
    task, found, hearing = await _locked(db, actor, task_id)
    if not conclusions.may_follow(actor, hearing):
        require(actor, Action.FOLLOW_CONCLUSION, Wanted())
    return task, found, hearing


def _followers(hearing: Hearing) -> list[str | None]:
    return [seat.account_id for seat in hearing.seats if seat.kind in (SeatKind.CHAIR, SeatKind.SECRETARY)]


async def _reporters(db: AsyncSession, unit_id: str) -> list[str | None]:
    """A unit's own people, for a task that names nobody."""
    rows = await db.scalars(select(Account.id).where(Account.unit_id == unit_id, Account.disabled_at.is_(None)))
    return list(rows)


def _today() -> date:
    return calendar.local_day(utc_now())
