"""Conclusions of hearings: drafted by those who run the hearing, issued by its chair with a number and a seal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub import conclusions as rules
from hub.auth import Action, Actor, Target, may, require, require_known
from hub.config import Config
from hub.errors import BadInput, Conflict, Forbidden, NotFound, Stale
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import (
    Account,
    Case,
    Conclusion,
    ConclusionState,
    ConclusionTask,
    Hearing,
    HearingState,
    OrgUnit,
    Recording,
)
from hub.services import audit, custody, hearing_lists, identity, legal_rules, mailing, minutes, signed_texts
from hub.services.case_access import require_readable
from hub.services.counters import next_number
from hub.services.identity import Vault
from hub.services.manifests import instant
from hub.text import clean, clean_block

TEXT_MAX = 20_000
TASK_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTask:
    """``owner`` is an account's id or a unit's; the due day is given, or counted in working days from the issue."""

    text: str
    owner: str
    due: date | None = None
    working_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    text: str
    case_id: str = ""
    tasks: tuple[WantedTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Owners:
    """Who may be given a task: accounts in use and units, of the holding unit's whole province."""

    accounts: Sequence[Account]
    units: Sequence[OrgUnit]


@dataclass(frozen=True, slots=True)
class Shown:
    """A conclusion with what a page needs around it."""

    conclusion: Conclusion
    hearing: Hearing
    case: Case | None
    may_write: bool
    may_issue: bool
    may_follow: bool
    extra: dict[str, Any] = field(default_factory=dict)


async def create(db: AsyncSession, vault: Vault, actor: Actor, hearing_id: str, wanted: Draft) -> Conclusion:
    """A draft. Raises ``BadInput`` by field, ``Forbidden``, ``NotFound`` for a hearing that was not held."""
    hearing = await writable_hearing(db, actor, hearing_id)
    found = Conclusion(
        hearing_id=hearing.id,
        unit=hearing.unit,
        state=ConclusionState.DRAFT,
        created_by=actor.account_id,
        created_at=utc_now(),
        version=0,
        tasks=[],
    )
    await _write(db, vault, actor, hearing, found, wanted)
    await _audit(db, actor, "conclusion_drafted", found)
    return found


async def change(
    db: AsyncSession, vault: Vault, actor: Actor, conclusion_id: str, version: int, wanted: Draft
) -> Conclusion:
    """Raises as ``create``, ``Stale`` when somebody saved after ``version``, ``Conflict`` once it is issued."""
    found = await locked(db, conclusion_id)
    hearing = await writable_hearing(db, actor, found.hearing_id)
    _require_draft(found)
    if found.version != version:
        raise Stale(N_("Thông báo kết luận này vừa được người khác sửa. Hãy xem bản mới rồi làm lại."))
    await _write(db, vault, actor, hearing, found, wanted)
    await _audit(db, actor, "conclusion_changed", found)
    return found


async def issue(db: AsyncSession, config: Config, actor: Actor, conclusion_id: str, version: int) -> Conclusion:
    """The chair issues it: a number, the hub's seal, letters to the owners. There is no way back."""
    found = await locked(db, conclusion_id)
    hearing = (await get(db, actor, conclusion_id)).hearing
    require(actor, Action.ISSUE_CONCLUSION, minutes.target(actor, hearing))
    _require_draft(found)
    if found.version != version:
        raise Stale(N_("Thông báo kết luận này vừa được người khác sửa. Hãy xem bản mới rồi làm lại."))
    today = calendar.local_day(utc_now())
    if any(task.due < today for task in found.tasks):
        raise Conflict(N_("Có nhiệm vụ đã quá hạn trước khi ban hành. Hãy sửa ngày."))
    count = await next_number(db, f"conclusion/{found.unit.code}/{today.year}")
    found.number = f"TBKL-{found.unit.code}-{today.year}-{count:06d}"
    found.state, found.issued_at, found.issued_by = ConclusionState.ISSUED, utc_now(), actor.account_id
    found.version += 1
    signed = signed_texts.sign(config, await document(db, found, hearing, actor.name))
    found.document, found.sha256 = signed.text, signed.sha256
    found.signature, found.seal_key = signed.signature, signed.key
    await db.flush()
    await _audit(db, actor, "conclusion_issued", found, sha256=found.sha256)
    recording_id = await db.scalar(select(Recording.id).where(Recording.hearing_id == hearing.id))
    if recording_id is not None:
        detail = {"number": found.number, "sha256": found.sha256}
        await custody.record(db, actor, recording_id, "conclusion_issued", unit_path=hearing.unit.path, **detail)
    for task in found.tasks:
        await _tell_owner(db, found, task)
    return found


async def get(db: AsyncSession, actor: Actor, conclusion_id: str) -> Shown:
    """Raises ``NotFound``, or ``Forbidden`` to who may not read it."""
    found = await db.get(Conclusion, conclusion_id)
    if found is None:
        raise NotFound(N_("Không tìm thấy thông báo kết luận."))
    hearing = await db.get(Hearing, found.hearing_id)
    assert hearing is not None
    case = await db.get(Case, found.case_id) if found.case_id else None
    await _require_read(db, actor, found, hearing, case)
    target = minutes.target(actor, hearing)
    return Shown(
        found,
        hearing,
        case,
        may_write=found.state == ConclusionState.DRAFT and may(actor, Action.WRITE_CONCLUSION, target),
        may_issue=found.state == ConclusionState.DRAFT and may(actor, Action.ISSUE_CONCLUSION, target),
        may_follow=may_follow(actor, hearing),
    )


async def of_hearing(db: AsyncSession, actor: Actor, hearing_id: str) -> list[Conclusion]:
    """Those that the actor may read, the oldest first."""
    return await _readable(db, actor, Conclusion.hearing_id == hearing_id)


async def of_case(db: AsyncSession, actor: Actor, case_id: str) -> list[Conclusion]:
    return await _readable(db, actor, Conclusion.case_id == case_id)


async def owners(db: AsyncSession, hearing: Hearing) -> Owners:
    """For the form of who may write one: units of the same province, and their accounts."""
    parts = [part for part in hearing.unit.path.strip("/").split("/") if part]
    top = "/" + "/".join(parts[:2]) + "/"
    units = select(OrgUnit).where(OrgUnit.active, OrgUnit.path.startswith(top)).order_by(OrgUnit.name)
    accounts = (
        select(Account)
        .join(OrgUnit, OrgUnit.id == Account.unit_id)
        .where(Account.disabled_at.is_(None), OrgUnit.path.startswith(top))
        .order_by(Account.full_name)
    )
    return Owners(list((await db.scalars(accounts)).unique()), list((await db.scalars(units)).unique()))


def may_follow(actor: Actor, hearing: Hearing) -> bool:
    """Who confirms or returns what owners report: those who ran the hearing, and its unit's leaders and secretaries."""
    seat = minutes.target(actor, hearing).seat_kind
    return may(actor, Action.FOLLOW_CONCLUSION, Target(paths=(hearing.unit.path,), seat_kind=seat))


async def writable_hearing(db: AsyncSession, actor: Actor, hearing_id: str) -> Hearing:
    hearing = await hearing_lists.get(db, actor, hearing_id)
    require(actor, Action.WRITE_CONCLUSION, minutes.target(actor, hearing))
    if hearing.opened_at is None or hearing.state in (HearingState.CANCELLED, HearingState.POSTPONED):
        raise NotFound(N_("Buổi tiếp chưa được tổ chức nên chưa có kết luận."))
    return hearing


async def locked(db: AsyncSession, conclusion_id: str) -> Conclusion:
    wanted = select(Conclusion).where(Conclusion.id == conclusion_id).with_for_update(of=Conclusion)
    found = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    if found is None:
        raise NotFound(N_("Không tìm thấy thông báo kết luận."))
    return found


async def document(db: AsyncSession, found: Conclusion, hearing: Hearing, signer: str) -> dict[str, Any]:
    """What is sealed, and what the paper says."""
    case = await db.get(Case, found.case_id) if found.case_id else None
    return {
        "format": rules.FORMAT,
        "number": found.number,
        "unit": found.unit.name,
        "hearing": {"id": hearing.id, "number": hearing.number, "opened_at": instant(hearing.opened_at)},
        "case": {"id": case.id, "number": case.number} if case else None,
        "text": found.text,
        "tasks": [
            {
                "number": task.number,
                "text": task.text,
                "owner": task.owner.full_name if task.owner else None,
                "unit": task.owner_unit.name,
                "due": task.due.isoformat(),
            }
            for task in found.tasks
        ],
        "issued_at": instant(found.issued_at),
        "issued_by": signer,
    }


async def _write(
    db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, found: Conclusion, wanted: Draft
) -> None:
    faults: dict[str, Text] = {}
    text = clean_block(wanted.text)
    if not text or len(text) > TEXT_MAX:
        faults["text"] = Text(N_("Hãy ghi nội dung kết luận, không quá %(limit)s ký tự."), {"limit": TEXT_MAX})
    if wanted.case_id and wanted.case_id not in {case.id for case in hearing.cases}:
        faults["case_id"] = Text(N_("Vụ việc này không có trong buổi tiếp."))
    if len(wanted.tasks) > rules.MOST_TASKS:
        faults["tasks"] = Text(N_("Không quá %(limit)s nhiệm vụ."), {"limit": rules.MOST_TASKS})
    tasks = await _tasks(db, wanted.tasks[: rules.MOST_TASKS], hearing, faults)
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
    await _require_discreet(
        db, vault, actor, hearing, {"text": text} | {f"task{one.number}": one.text for one in tasks}
    )
    found.text, found.case_id = text, wanted.case_id or None
    found.version += 1
    db.add(found)
    # Numbers are unique in a conclusion at every moment: the old tasks go first.
    found.tasks = []
    await db.flush()
    found.tasks = tasks
    await db.flush()


async def _require_discreet(
    db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, texts: Mapping[str, str]
) -> None:
    """Raise ``BadInput`` at the field that names a denouncer: all are compared at once, each only when one does."""
    try:
        await identity.require_discreet(db, vault, actor, hearing.cases, "\n".join(texts.values()), field="text")
    except BadInput:
        for field, text in texts.items():
            await identity.require_discreet(db, vault, actor, hearing.cases, text, field=field)
        raise


async def _tasks(
    db: AsyncSession, wanted: Sequence[WantedTask], hearing: Hearing, faults: dict[str, Text]
) -> list[ConclusionTask]:
    known = await owners(db, hearing)
    accounts, units = {a.id: a for a in known.accounts}, {u.id: u for u in known.units}
    book = await legal_rules.rule_book(db)
    today = calendar.local_day(utc_now())
    made = []
    for number, one in enumerate(wanted, start=1):
        text, account, unit, row = clean(one.text), accounts.get(one.owner), units.get(one.owner), number
        if not text or len(text) > TASK_MAX:
            limits: dict[str, object] = {"row": row, "limit": TASK_MAX}
            faults[f"task{number}"] = Text(N_("Nhiệm vụ %(row)s: hãy ghi nội dung, không quá %(limit)s ký tự."), limits)
        if account is None and unit is None:
            faults[f"owner{number}"] = Text(
                N_("Nhiệm vụ %(row)s: hãy chọn người hoặc cơ quan thực hiện."), {"row": row}
            )
        if one.due is None and one.working_days is None:
            faults[f"due{number}"] = Text(
                N_("Nhiệm vụ %(row)s: hãy ghi hạn là ngày như 23/11/2026 hoặc số ngày làm việc như 10."), {"row": row}
            )
            continue
        due = rules.due_day(one.due, one.working_days, today, book.days)
        if due < today:
            faults[f"due{number}"] = Text(
                N_("Nhiệm vụ %(row)s: hạn đã qua. Hãy ghi ngày từ hôm nay trở đi."), {"row": row}
            )
        owner_unit = account.unit if account else unit
        if owner_unit is not None:
            made.append(ConclusionTask(number=number, text=text, owner=account, owner_unit=owner_unit, due=due))
    return made


async def _tell_owner(db: AsyncSession, found: Conclusion, task: ConclusionTask) -> None:
    """A letter to the account; a unit finds it among its tasks. Never what the task says: mail leaves the hub."""
    if task.owner_id is None:
        return
    notice = Notice(
        key=f"conclusion-task/{task.id}/given",
        subject=Text(N_("Nhiệm vụ theo thông báo kết luận %(number)s"), {"number": found.number}),
        lines=(
            Text(N_("Bạn được giao một nhiệm vụ, hạn %(due)s."), {"due": task.due}),
            Text(N_("Nội dung xem trong hệ thống.")),
        ),
        path=f"/conclusions/{found.id}",
    )
    await mailing.queue(db, notice, [task.owner_id])


async def _readable(db: AsyncSession, actor: Actor, condition: Any) -> list[Conclusion]:
    rows = (await db.scalars(select(Conclusion).where(condition).order_by(Conclusion.created_at))).unique()
    shown = []
    for row in rows:
        try:
            await get(db, actor, row.id)
        except Forbidden:
            continue
        shown.append(row)
    return shown


async def _require_read(db: AsyncSession, actor: Actor, found: Conclusion, hearing: Hearing, case: Case | None) -> None:
    """A draft is for who writes it. What was issued: owners of its tasks, who reads the case, else the minutes."""
    target = minutes.target(actor, hearing)
    if found.state == ConclusionState.DRAFT:
        require_known(actor, Action.WRITE_CONCLUSION, target)
        return
    if any(owns(actor, task) for task in found.tasks):
        return
    if case is not None:
        await require_readable(db, actor, case)
        return
    require_known(actor, Action.READ_MINUTES, target)


def owns(actor: Actor, task: ConclusionTask) -> bool:
    """Whether a task is the actor's to report: their own, or their unit's."""
    own = task.owner_id is not None and task.owner_id == actor.account_id
    return may(actor, Action.REPORT_TASK, Target(paths=(task.owner_unit.path,), own=own))


def _require_draft(found: Conclusion) -> None:
    if found.state != ConclusionState.DRAFT:
        raise Conflict(N_("Thông báo kết luận đã ban hành, không sửa được nữa."))


async def _audit(db: AsyncSession, actor: Actor, action: str, found: Conclusion, **detail: object) -> None:
    told = {"number": found.number or "", "conclusion_id": found.id, **detail}
    await audit.record(db, actor, action, "hearing", found.hearing_id, "", unit_path=found.unit.path, **told)
