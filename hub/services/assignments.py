"""Who of a unit handles a case: given by its leader, accepted or returned by the officer, and every turn kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import Account, Assignment, AssignmentState, Case, CaseState, Role, RoleGrant
from hub.services import absences, audit, identity, mailing
from hub.services.case_access import get
from hub.services.identity import Vault
from hub.text import clean_block

TEXT_MAX = 1000
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAssignment:
    """``seen`` is the assignment that was current when the page was made, empty for none: who comes second is told.
    ``though_away`` names whom it is given to knowing that they are away."""

    to_id: str
    due: date | None = None
    instruction: str = ""
    seen: str = ""
    though_away: str = ""


class AwayThen(BadInput):
    """Whoever is to have it is away: ``stand_in_id`` may have it instead, None when nobody of the unit stands in."""

    def __init__(self, fault: Text, stand_in_id: str | None, stand_in: str) -> None:
        super().__init__(fault.message, fields={"to_id": fault}, **fault.params)
        self.stand_in_id, self.stand_in = stand_in_id, stand_in


async def officers(db: AsyncSession, case: Case) -> list[Account]:
    """Who may be given it: the officers of its very unit."""
    wanted = (
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role == Role.OFFICER, RoleGrant.unit_id == case.unit_id)
        .where(Account.unit_id == case.unit_id, Account.disabled_at.is_(None))
        .order_by(Account.full_name)
    )
    return list((await db.execute(wanted)).unique().scalars())


async def of_case(db: AsyncSession, case_id: str) -> list[Assignment]:
    """Every turn, the latest first, of a case that the actor has been shown."""
    wanted = select(Assignment).where(Assignment.case_id == case_id)
    wanted = wanted.order_by(Assignment.at.desc(), Assignment.id.desc())
    return list((await db.execute(wanted)).unique().scalars())


async def current(db: AsyncSession, case_id: str) -> Assignment | None:
    wanted = select(Assignment).where(Assignment.case_id == case_id, Assignment.ended_at.is_(None))
    return (await db.execute(wanted)).unique().scalar_one_or_none()


def may_assign(actor: Actor, case: Case, to_id: str = "") -> bool:
    """A leader gives it to anybody; an officer takes it themselves."""
    here = Target(paths=(case.unit.path,))
    return may(actor, Action.ASSIGN_CASE, here) or (
        to_id == actor.account_id and case.unit_id == actor.unit_id and may(actor, Action.HANDLE_CASE, here)
    )


async def assign(db: AsyncSession, vault: Vault, actor: Actor, case_id: str, wanted: WantedAssignment) -> Assignment:
    """Give the case to an officer; an earlier turn ends. Raises ``BadInput`` by field, ``Conflict``, ``Forbidden``."""
    case = await _locked(db, actor, case_id)
    now = await current(db, case.id)
    if not may_assign(actor, case, wanted.to_id) or (now is not None and wanted.to_id == actor.account_id):
        require(actor, Action.ASSIGN_CASE, Target(paths=(case.unit.path,)))
    if (now.id if now else "") != wanted.seen:
        raise Conflict(
            N_("Sau khi bạn mở trang, vụ việc đã được giao cho %(name)s. Hãy xem lại."),
            name=now.to.full_name if now else "",
        )
    if case.state == CaseState.CLOSED:
        raise Conflict(N_("Vụ việc đã kết thúc."))
    faults = await _faults(db, case, wanted)
    if faults:
        raise BadInput(_CHECK, fields=faults)
    if wanted.to_id not in (actor.account_id, wanted.though_away):
        await require_present(db, case, wanted.to_id, wanted.due)
    instruction = clean_block(wanted.instruction)
    await identity.require_discreet(db, vault, actor, [case], instruction, field="instruction")
    if now is not None:
        now.state, now.ended_at = AssignmentState.REPLACED, utc_now()
        await db.flush()
    given = Assignment(
        case_id=case.id, from_id=actor.account_id, to_id=wanted.to_id, instruction=instruction, due=wanted.due
    )
    if wanted.to_id == actor.account_id:
        given.state, given.answered_at = AssignmentState.ACCEPTED, utc_now()
    db.add(given)
    await db.flush()
    await _record(db, actor, case, "case_assigned", given, to=wanted.to_id)
    if wanted.to_id != actor.account_id:
        await mailing.queue(db, _notice(case, given), [wanted.to_id])
    return given


async def require_present(db: AsyncSession, case: Case, to_id: str, due: date | None = None) -> None:
    """Raise ``AwayThen`` when this officer is away today, or goes away before the day that is given."""
    today = calendar.local_day(utc_now())
    out = await absences.within(db, to_id, today, max(due or today, today))
    if out is None:
        return
    there = (await absences.away(db, max(today, out.first_day), [to_id])).get(to_id)
    able = {one.id for one in await officers(db, case)}
    stand_in_id = there.stand_in_id if there and there.stand_in_id in able else None
    said: dict[str, object] = {
        "name": out.account.full_name,
        "first": out.first_day,
        "last": out.last_day,
        "other": there.stand_in if there and stand_in_id else "",
    }
    if stand_in_id:
        until = N_("%(name)s nghỉ từ %(first)s đến %(last)s; %(other)s làm thay.")
        fault = Text(until if out.last_day else N_("%(name)s nghỉ từ %(first)s; %(other)s làm thay."), said)
    else:
        until = N_("%(name)s nghỉ từ %(first)s đến %(last)s và chưa có người làm thay.")
        fault = Text(until if out.last_day else N_("%(name)s nghỉ từ %(first)s và chưa có người làm thay."), said)
    raise AwayThen(fault, stand_in_id, str(said["other"]))


async def accept(db: AsyncSession, actor: Actor, assignment_id: str) -> Assignment:
    """The officer has seen it and takes it on. Raises ``Forbidden`` for everybody else, ``Conflict``."""
    one, case = await _own(db, actor, assignment_id)
    if one.state == AssignmentState.SENT:
        one.state, one.answered_at = AssignmentState.ACCEPTED, utc_now()
        await _record(db, actor, case, "assignment_accepted", one)
    return one


async def give_back(db: AsyncSession, vault: Vault, actor: Actor, assignment_id: str, reason: str) -> Assignment:
    """To whoever gave it, who is told why. Raises ``BadInput`` without a reason, ``Forbidden``, ``Conflict``."""
    return await _end(db, vault, actor, assignment_id, reason, AssignmentState.RETURNED)


async def finish(db: AsyncSession, vault: Vault, actor: Actor, assignment_id: str, report: str) -> Assignment:
    """What was asked for is done; the case goes on by its own steps. Raises as ``give_back``."""
    return await _end(db, vault, actor, assignment_id, report, AssignmentState.DONE)


async def _end(
    db: AsyncSession, vault: Vault, actor: Actor, assignment_id: str, text: str, state: AssignmentState
) -> Assignment:
    one, case = await _own(db, actor, assignment_id)
    returned = state is AssignmentState.RETURNED
    answer, field = clean_block(text), "return_reason" if returned else "report"
    if not answer and returned:
        raise BadInput(_CHECK, fields={field: Text(N_("Hãy ghi lý do trả lại."))})
    if len(answer) > TEXT_MAX:
        raise BadInput(_CHECK, fields={field: Text(N_("Dài quá %(longest)d ký tự."), {"longest": TEXT_MAX})})
    await identity.require_discreet(db, vault, actor, [case], answer, field=field)
    one.state, one.answer, one.ended_at = state, answer, utc_now()
    await db.flush()
    action = "assignment_returned" if returned else "assignment_done"
    await _record(db, actor, case, action, one)
    if one.from_id != actor.account_id:
        text_ = (
            N_("%(name)s trả lại vụ việc %(number)s")
            if returned
            else N_("%(name)s đã làm xong việc được giao ở vụ việc %(number)s")
        )
        subject = Text(text_, {"name": actor.name, "number": case.number})
        lines = (subject, Text(N_("Nội dung xem trong hệ thống.")))
        notice = Notice(key=f"{action}/{one.id}", subject=subject, lines=lines, path=f"/cases/{case.id}")
        await mailing.queue(db, notice, [one.from_id])
    return one


def _notice(case: Case, given: Assignment) -> Notice:
    lines = [Text(N_("Bạn được giao xử lý vụ việc %(number)s."), {"number": case.number})]
    if given.due is not None:
        lines.append(Text(N_("Hạn được giao: %(day)s."), {"day": given.due}))
    lines.append(Text(N_("Hãy mở trang vụ việc để xem ý kiến chỉ đạo, rồi nhận hoặc trả lại.")))
    return Notice(key=f"assigned/{given.id}", subject=lines[0], lines=tuple(lines), path=f"/cases/{case.id}")


async def _faults(db: AsyncSession, case: Case, wanted: WantedAssignment) -> dict[str, Text]:
    found: dict[str, Text] = {}
    if wanted.to_id not in {one.id for one in await officers(db, case)}:
        found["to_id"] = Text(N_("Hãy chọn cán bộ của cơ quan này."))
    if wanted.due is not None and wanted.due < calendar.local_day(utc_now()):
        found["due"] = Text(N_("Ngày này đã qua."))
    if len(wanted.instruction) > TEXT_MAX:
        found["instruction"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": TEXT_MAX})
    return found


async def _own(db: AsyncSession, actor: Actor, assignment_id: str) -> tuple[Assignment, Case]:
    one = await db.get(Assignment, assignment_id)
    if one is None:
        raise NotFound(N_("Không có việc được giao này."))
    case = await _locked(db, actor, one.case_id)
    await db.refresh(one)
    require(actor, Action.ANSWER_ASSIGNMENT, Target(paths=(case.unit.path,), own=one.to_id == actor.account_id))
    if one.ended_at is not None:
        raise Conflict(N_("Việc này đã được trả lại, làm xong hoặc giao cho người khác."))
    return one, case


async def _locked(db: AsyncSession, actor: Actor, case_id: str) -> Case:
    """The case, for one at a time who assigns or answers. Raises ``NotFound``, ``Forbidden``."""
    await get(db, actor, case_id)
    wanted = select(Case).where(Case.id == case_id).with_for_update(of=Case).execution_options(populate_existing=True)
    return (await db.execute(wanted)).unique().scalar_one()


async def _record(db: AsyncSession, actor: Actor, case: Case, action: str, one: Assignment, **detail: object) -> None:
    """Which turn, not its words: these tell of the case, and nothing is ever taken out of the audit trail."""
    told = {"number": case.number, "assignment": one.id, **detail}
    await audit.record(db, actor, action, "case", case.id, "", unit_path=case.unit.path, **told)
