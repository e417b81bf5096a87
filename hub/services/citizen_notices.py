"""That the citizen was told: by which way, on which day, when it arrived, and what proves it.

Telling makes the step of the case that the law asks for, so its clock stops by the day of the notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor
from hub.case_moves import Happened, MoveCode
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Attachment, Case, CaseState, Channel, CitizenNotice
from hub.results import SETTLED, Outcome, outcomes
from hub.services import audit, case_course, identity
from hub.services.case_course import WantedMove
from hub.services.case_locking import locked
from hub.services.identity import Vault
from hub.text import clean

PROOF_MAX = 200
NEEDS_PROOF = frozenset({Channel.POST, Channel.PHONE, Channel.POSTED})
AT_ONCE = frozenset({Channel.HANDED, Channel.PHONE})
"""Who is spoken to has it that day."""
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedNotice:
    about: MoveCode
    channel: Channel
    day: date | None
    delivered: date | None = None
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome with the notices of it, the latest first."""

    outcome: Outcome
    notices: tuple[CitizenNotice, ...]


async def of_case(db: AsyncSession, case: Case) -> list[Told]:
    """Of a case that the actor has been shown."""
    found = await _outcomes(db, case)
    wanted = select(CitizenNotice).where(CitizenNotice.case_id == case.id)
    notices = (await db.execute(wanted.order_by(CitizenNotice.day.desc(), CitizenNotice.id))).scalars().all()
    return [Told(one, tuple(n for n in notices if n.about == one.happened.code)) for one in found]


async def _outcomes(db: AsyncSession, case: Case) -> list[Outcome]:
    events = (await case_course.events_of(db, [case.id]))[case.id]
    return outcomes(case_course.facts_of(case), case_course.happened(case, events))


async def tell(
    db: AsyncSession, vault: Vault, actor: Actor, case_id: str, version: int, wanted: WantedNotice
) -> CitizenNotice:
    """Write it down. Raises ``BadInput`` by field, ``Stale``, ``Conflict``, ``Forbidden``, ``NotFound``."""
    case = await locked(db, actor, case_id, version, Action.HANDLE_CASE)
    outcome = next((one for one in await _outcomes(db, case) if one.happened.code is wanted.about), None)
    if outcome is None:
        raise NotFound(N_("Vụ việc không có kết quả này để báo."))
    delivered = wanted.day if wanted.channel in AT_ONCE else wanted.delivered
    faults = _faults(wanted, delivered, outcome.happened.day)
    if faults:
        raise BadInput(_CHECK, fields=faults)
    assert wanted.day is not None
    proof = clean(wanted.proof)
    await identity.require_discreet(db, vault, actor, [case], proof, field="proof")
    if outcome.told_by is MoveCode.REPLY:
        await _write(db, actor, case, MoveCode.REPLY, wanted.day)
    else:
        move = WantedMove(code=outcome.told_by, day=wanted.day)
        case = await case_course.make(db, vault, actor, case.id, version, move)
    notice = CitizenNotice(
        case_id=case.id,
        about=wanted.about,
        channel=wanted.channel,
        day=wanted.day,
        delivered=delivered,
        proof=proof,
        account_id=actor.account_id,
    )
    db.add(notice)
    await db.flush()
    await _record(db, actor, case, "citizen_told", about=str(wanted.about), channel=str(wanted.channel))
    if delivered is not None:
        await _arrived(db, actor, case, notice)
    return notice


async def confirm(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    case_id: str,
    version: int,
    notice_id: str,
    day: date | None,
    proof: str,
) -> CitizenNotice:
    """It has arrived. Raises as ``tell``."""
    case = await locked(db, actor, case_id, version, Action.HANDLE_CASE)
    notice = await of(db, case, notice_id)
    today = calendar.local_day(utc_now())
    faults: dict[str, Text] = {}
    if notice.delivered is not None:
        faults["delivered"] = Text(N_("Đã ghi ngày nhận rồi."))
    elif day is None or not notice.day <= day <= today:
        faults["delivered"] = Text(N_("Ngày nhận phải từ ngày gửi (%(day)s) đến hôm nay."), {"day": notice.day})
    if len(clean(proof)) > PROOF_MAX:
        faults["proof"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": PROOF_MAX})
    if faults:
        raise BadInput(_CHECK, fields=faults)
    await identity.require_discreet(db, vault, actor, [case], clean(proof), field="proof")
    notice.delivered, notice.proof = day, clean(proof) or notice.proof
    await _arrived(db, actor, case, notice)
    await _record(db, actor, case, "notice_delivered", about=notice.about)
    return notice


async def prove(db: AsyncSession, actor: Actor, case_id: str, notice_id: str, attachment: Attachment) -> CitizenNotice:
    """Keep a document of the case as the proof of a notice, in the place of one that was wrong, which stays among the
    case's documents. The caller has added it, and so was allowed to."""
    case = await db.get(Case, case_id)
    assert case is not None
    notice = await of(db, case, notice_id)
    before, notice.attachment_id = notice.attachment_id, attachment.id
    told = {"about": notice.about, "attachment_id": attachment.id} | ({"replaced": before} if before else {})
    await _record(db, actor, case, "notice_proved", **told)
    return notice


async def of(db: AsyncSession, case: Case, notice_id: str) -> CitizenNotice:
    """Raises ``NotFound``."""
    notice = await db.get(CitizenNotice, notice_id)
    if notice is None or notice.case_id != case.id:
        raise NotFound(N_("Không có lần báo này."))
    return notice


async def _arrived(db: AsyncSession, actor: Actor, case: Case, notice: CitizenNotice) -> None:
    """From the day on which the decision was received the citizen's own time runs (Law on Complaints Art 33)."""
    if notice.about in SETTLED and notice.delivered is not None:
        await _write(db, actor, case, MoveCode.DELIVERED, notice.delivered)


async def _write(db: AsyncSession, actor: Actor, case: Case, code: MoveCode, day: date) -> None:
    state = CaseState(case.state)
    await case_course.write(db, actor, case, Happened(code=code, day=day, from_state=state, to_state=state))


def _faults(wanted: WantedNotice, delivered: date | None, since: date) -> dict[str, Text]:
    found: dict[str, Text] = {}
    today = calendar.local_day(utc_now())
    if wanted.day is None or not since <= wanted.day <= today:
        found["day"] = Text(N_("Ngày báo phải từ ngày có kết quả (%(day)s) đến hôm nay."), {"day": since})
    elif delivered is not None and not wanted.day <= delivered <= today:
        found["delivered"] = Text(N_("Ngày nhận phải từ ngày gửi (%(day)s) đến hôm nay."), {"day": wanted.day})
    if wanted.channel in NEEDS_PROOF and not clean(wanted.proof):
        found["proof"] = Text(N_("Hãy ghi số bưu gửi, nơi niêm yết, hoặc số máy đã gọi và giờ gọi."))
    if len(clean(wanted.proof)) > PROOF_MAX:
        found["proof"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": PROOF_MAX})
    return found


async def _record(db: AsyncSession, actor: Actor, case: Case, action: str, **detail: str) -> None:
    await audit.record(db, actor, action, "case", case.id, "", unit_path=case.unit.path, number=case.number, **detail)
