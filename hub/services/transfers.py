"""A case sent to the body that is to settle it: transferred, acknowledged or returned, and its result told back.

Law on Citizen Reception 42/2013 Art 26–28; Law on Denunciations 25/2018 Art 24. The sender keeps its own case, which
shows how it stands; the recipient gets a case of its own when it acknowledges, with clocks of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defaultload, lazyload

from hub import calendar
from hub import cases as case_rules
from hub.auth import Action, Actor, Target, require, scopes
from hub.case_moves import Happened, MoveCode
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.mail import Notice
from hub.models import (
    Account,
    Case,
    CaseLink,
    CaseState,
    CaseType,
    LinkKind,
    OrgUnit,
    Role,
    RoleGrant,
    Transfer,
    TransferState,
)
from hub.services import audit, case_course, identity, mailing, representing, transfer_items
from hub.services.case_course import WantedMove
from hub.services.counters import next_number
from hub.services.identity import Vault
from hub.text import clean, clean_block, fold

NAME_MAX, ANSWER_MAX = 200, 1000
NOON = time(12)
OPEN = (TransferState.SENT, TransferState.ACKNOWLEDGED, TransferState.REPORTED)
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTransfer:
    """``unit_id`` of a unit of the hub, or ``to_name`` of a body outside it."""

    unit_id: str = ""
    to_name: str = ""
    day: date | None
    document_number: str
    document_day: date | None
    reason: str = ""
    items: tuple[str, ...] = ()
    """Ids of the documents that go along (``transfer_items``)."""


async def units(db: AsyncSession, case: Case) -> list[OrgUnit]:
    """Where it may go within the hub."""
    wanted = select(OrgUnit).where(OrgUnit.active, OrgUnit.id != case.unit_id).order_by(OrgUnit.path, OrgUnit.name)
    return list((await db.execute(wanted)).scalars())


async def of_case(db: AsyncSession, case_id: str) -> list[Transfer]:
    """Of this case, and the one that brought it; the latest first, of a case that the actor has been shown."""
    wanted = select(Transfer).where(or_(Transfer.case_id == case_id, Transfer.received_case_id == case_id))
    return list((await db.execute(wanted.order_by(Transfer.at.desc(), Transfer.id.desc()))).unique().scalars())


async def arrived(db: AsyncSession, actor: Actor, *, limit: int = 50) -> list[Transfer]:
    """What waits to be acknowledged by the actor's units, the oldest first; of a case its row and unit."""
    paths = scopes(actor, Action.RECEIVE_TRANSFER)
    if not paths:
        return []
    wanted = (
        select(Transfer)
        .join(OrgUnit, OrgUnit.id == Transfer.to_unit_id)
        .where(audit.within(OrgUnit.path, paths), Transfer.state == TransferState.SENT)
        .order_by(Transfer.day, Transfer.id)
        .options(lazyload(Transfer.received), lazyload(Transfer.to_unit))
        .options(defaultload(Transfer.case).options(lazyload(Case.party), lazyload(Case.attachments)))
    )
    return list((await db.execute(wanted.limit(limit))).unique().scalars())


async def send(
    db: AsyncSession, vault: Vault, actor: Actor, case_id: str, version: int, wanted: WantedTransfer
) -> Transfer:
    """Raises ``BadInput`` by field, ``Conflict`` when state or law do not allow it, ``Stale``, ``Forbidden``."""
    move = WantedMove(
        code=MoveCode.TRANSFER,
        day=wanted.day,
        document_number=wanted.document_number,
        document_day=wanted.document_day,
        reason=wanted.reason,
    )
    unit = await db.get(OrgUnit, wanted.unit_id) if wanted.unit_id else None
    faults = _recipient_faults(unit, wanted)
    try:
        case = await case_course.make(db, vault, actor, case_id, version, move)
    except BadInput as error:
        raise BadInput(_CHECK, fields=faults | error.fields) from error
    _require_recipient(case, unit, faults)
    await identity.require_discreet(db, vault, actor, [case], wanted.to_name, field="to_name")
    await _require_first(db, case, unit)
    assert wanted.day is not None
    assert wanted.document_day is not None
    sent = Transfer(
        case=case,
        to_unit=unit,
        to_name=unit.name if unit else clean(wanted.to_name),
        content_sha256=_fingerprint(case),
        document_number=clean(wanted.document_number),
        document_day=wanted.document_day,
        day=wanted.day,
        sent_by=actor.account_id,
    )
    db.add(sent)
    await db.flush()
    await transfer_items.choose(db, actor, sent, wanted.items)
    if unit is not None:
        subject = Text(N_("%(name)s chuyển đến một vụ việc, văn bản %(number)s"), _letter(case, sent))
        await _tell(db, sent, "transferred", subject, await _officers(db, unit.id))
    return sent


def _letter(case: Case, sent: Transfer) -> dict[str, object]:
    return {"name": case.unit.name, "number": sent.document_number}


def _recipient_faults(unit: OrgUnit | None, wanted: WantedTransfer) -> dict[str, Text]:
    name = clean(wanted.to_name)
    if unit is not None and not unit.active:
        return {"unit_id": Text(N_("Cơ quan này không còn hoạt động."))}
    if unit is None and (wanted.unit_id or not name):
        return {"unit_id": Text(N_("Hãy chọn cơ quan nhận, hoặc ghi tên cơ quan ngoài hệ thống."))}
    if unit is not None and name:
        return {"to_name": Text(N_("Chọn cơ quan trong danh sách thì để trống mục này."))}
    if len(name) > NAME_MAX:
        return {"to_name": Text(N_("Dài quá %(longest)d ký tự."), {"longest": NAME_MAX})}
    return {}


def _require_recipient(case: Case, unit: OrgUnit | None, faults: dict[str, Text]) -> None:
    if unit is not None and unit.id == case.unit_id:
        faults = {"unit_id": Text(N_("Không thể chuyển đến chính cơ quan này."))}
    if faults:
        raise BadInput(_CHECK, fields=faults)


def _fingerprint(case: Case) -> str:
    if case.type != CaseType.DENUNCIATION or not fold(case.content):
        return ""
    return hashlib.sha256(fold(case.content).encode()).hexdigest()


async def _require_first(db: AsyncSession, case: Case, unit: OrgUnit | None) -> None:
    """A denunciation's same content is transferred once only; what came back has not been transferred. Nobody gets
    back what they have returned."""
    own = select(Transfer).where(Transfer.case_id == case.id, Transfer.state == TransferState.RETURNED)
    if unit is not None and (await db.execute(own.where(Transfer.to_unit_id == unit.id))).first() is not None:
        text = Text(N_("%(name)s đã trả lại vụ việc này. Hãy chọn cơ quan khác."), {"name": unit.name})
        raise BadInput(_CHECK, fields={"unit_id": text})
    if case.type != CaseType.DENUNCIATION:
        return
    duplicates = select(CaseLink.other_id).where(CaseLink.case_id == case.id, CaseLink.kind == LinkKind.DUPLICATE)
    originals = select(CaseLink.case_id).where(CaseLink.other_id == case.id, CaseLink.kind == LinkKind.DUPLICATE)
    same = or_(Transfer.case_id.in_(duplicates), Transfer.case_id.in_(originals))
    if fingerprint := _fingerprint(case):
        same = or_(same, Transfer.content_sha256 == fingerprint)
    wanted = select(Transfer).where(same, Transfer.case_id != case.id, Transfer.state.in_(OPEN))
    before = (await db.execute(wanted.limit(1))).unique().scalar_one_or_none()
    if before is not None:
        raise Conflict(
            N_(
                "Tố cáo có cùng nội dung chỉ được chuyển một lần (Thông tư 05/2021/TT-TTCP, phiếu chuyển đơn tố cáo);"
                " đã chuyển ngày %(day)s bằng văn bản %(number)s. Hãy xếp lưu đơn này."
            ),
            day=before.day,
            number=before.document_number,
        )


async def acknowledge(db: AsyncSession, vault: Vault, actor: Actor, transfer_id: str, day: date | None) -> Case:
    """Take it over: the recipient's own case, with the person sealed anew for this unit. Raises ``BadInput`` for the
    day it arrived, ``Conflict`` when it was answered already, ``Forbidden``."""
    sent = await _answerable(db, actor, transfer_id)
    assert sent.to_unit is not None
    here = _arrival(sent, day)
    party = await identity.hand_over(db, vault, actor, sent.case)
    count = await next_number(db, f"case/{sent.to_unit.code}/{here.year}")
    source = sent.case
    received = Case(
        number=case_rules.number(CaseType(source.type), sent.to_unit.code, here.year, count),
        type=source.type,
        state=CaseState.RECEIVED,
        unit=sent.to_unit,
        party=party,
        people_count=source.people_count,
        created_by=actor.account_id,
        received_at=_instant(here),
        attachments=[],
        version=1,
        remote=source.remote,
        several_places=source.several_places,
        forwarded=True,
    )
    received.summary, received.content = source.summary, source.content
    received.folded = source.folded.replace(source.number.lower(), received.number.lower())
    received.lowered = source.lowered.replace(source.number.lower(), received.number.lower())
    db.add(received)
    sent.received, sent.state = received, TransferState.ACKNOWLEDGED
    sent.answered_by, sent.answered_day = actor.account_id, here
    await db.flush()
    await representing.hand_over(db, vault, actor, source, received)
    path = sent.to_unit.path
    await audit.record(
        db, actor, "case_registered", "case", received.id, unit_path=path, number=received.number, transfer=sent.id
    )
    await _answered(db, actor, sent, MoveCode.TRANSFER_TAKEN, here, "")
    return received


def _arrival(sent: Transfer, day: date | None) -> date:
    today = calendar.local_day(utc_now())
    if day is None or not sent.day <= day <= today:
        text = Text(N_("Ngày nhận phải từ ngày chuyển (%(day)s) đến hôm nay."), {"day": sent.day})
        raise BadInput(_CHECK, fields={"received_day": text})
    return day


def _instant(day: date) -> datetime:
    """Today: now; an earlier day: at its noon."""
    now = utc_now()
    return now if calendar.local_day(now) == day else calendar.at(day, NOON)


async def give_back(db: AsyncSession, vault: Vault, actor: Actor, transfer_id: str, reason: str) -> Transfer:
    """To the sender, whose case is where it was and whose clocks never stopped. Raises ``BadInput`` without reason."""
    sent = await _answerable(db, actor, transfer_id)
    text = clean_block(reason)
    if not text or len(text) > ANSWER_MAX:
        fault = Text(N_("Hãy ghi lý do trả lại."))
        if text:
            fault = Text(N_("Dài quá %(longest)d ký tự."), {"longest": ANSWER_MAX})
        raise BadInput(_CHECK, fields={"return_reason": fault})
    await identity.require_discreet(db, vault, actor, [sent.case], text, field="return_reason")
    today = calendar.local_day(utc_now())
    sent.state, sent.answer, sent.answered_by, sent.answered_day = TransferState.RETURNED, text, actor.account_id, today
    await _answered(db, actor, sent, MoveCode.TRANSFER_RETURNED, today, text)
    return sent


async def _answered(db: AsyncSession, actor: Actor, sent: Transfer, code: MoveCode, day: date, reason: str) -> None:
    """Write the recipient's answer into the sender's case and tell who sent it."""
    case = await _sender_case(db, sent)
    state = CaseState(case.state)
    back = state
    if code is MoveCode.TRANSFER_RETURNED and state is CaseState.TRANSFERRED:
        events = (await case_course.events_of(db, [case.id]))[case.id]
        back = CaseState([one for one in events if one.code == MoveCode.TRANSFER][-1].from_state)
    await case_course.write(db, actor, case, Happened(code=code, day=day, from_state=state, to_state=back), reason)
    texts = {
        MoveCode.TRANSFER_TAKEN: N_("%(name)s đã tiếp nhận vụ việc chuyển theo văn bản %(number)s"),
        MoveCode.TRANSFER_RETURNED: N_("%(name)s trả lại vụ việc chuyển theo văn bản %(number)s"),
        MoveCode.RESULT_RECEIVED: N_("%(name)s báo kết quả vụ việc chuyển theo văn bản %(number)s"),
    }
    subject = Text(texts[code], {"name": sent.to_name, "number": sent.document_number})
    await _tell(db, sent, str(code), subject, [sent.sent_by])


async def report(db: AsyncSession, actor: Actor, received: Case, wanted: WantedMove) -> None:
    """The recipient has told the result: it stands in the sender's case at once, and that one's clock for telling the
    citizen starts (Art 27.2, 28.2). Nothing for a case that came from outside the hub."""
    found = select(Transfer).where(Transfer.received_case_id == received.id).with_for_update(of=Transfer)
    sent = (await db.execute(found)).unique().scalar_one_or_none()
    if sent is None or sent.state != TransferState.ACKNOWLEDGED or wanted.day is None:
        return
    sent.state = TransferState.REPORTED
    sent.result_number, sent.result_day = clean(wanted.document_number), wanted.document_day or wanted.day
    case = await _sender_case(db, sent)
    events = (await case_course.events_of(db, [case.id]))[case.id]
    if case.state == CaseState.TRANSFERRED and all(one.code != MoveCode.RESULT_RECEIVED for one in events):
        day = max([wanted.day, *(one.day for one in events)])
        await _answered(db, actor, sent, MoveCode.RESULT_RECEIVED, day, "")


async def _sender_case(db: AsyncSession, sent: Transfer) -> Case:
    wanted = select(Case).where(Case.id == sent.case_id).with_for_update(of=Case)
    return (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one()


async def _answerable(db: AsyncSession, actor: Actor, transfer_id: str) -> Transfer:
    wanted = select(Transfer).where(Transfer.id == transfer_id).with_for_update(of=Transfer)
    sent = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    if sent is None or sent.to_unit is None:
        raise NotFound(N_("Không tìm thấy vụ việc chuyển đến này."))
    require(actor, Action.RECEIVE_TRANSFER, Target(paths=(sent.to_unit.path,)))
    if sent.state != TransferState.SENT:
        raise Conflict(N_("Vụ việc chuyển đến này đã được tiếp nhận hoặc trả lại."))
    return sent


async def _officers(db: AsyncSession, unit_id: str) -> list[str]:
    wanted = (
        select(Account.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role == Role.OFFICER, RoleGrant.unit_id == unit_id, Account.unit_id == unit_id)
    )
    return list((await db.execute(wanted)).scalars())


async def _tell(db: AsyncSession, sent: Transfer, what: str, subject: Text, account_ids: list[str]) -> None:
    lines = (subject, Text(N_("Nội dung xem trong hệ thống.")))
    notice = Notice(key=f"{what}/{sent.id}", subject=subject, lines=lines, path=f"/cases/{sent.case_id}")
    await mailing.queue(db, notice, account_ids)
