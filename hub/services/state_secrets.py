"""A case that turns out to hold a state secret: it may not be here (Law on Protection of State Secrets 117/2025/QH15).

A network that joins several places is no independent local network, so nothing secret may be made, kept, sent, spoken
of or recorded on it. What is left is a pointer: number, day, who decided, and where the offline register has the case.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require
from hub.db import Database
from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from hub.models import (
    LIVE_STATES,
    Assignment,
    Case,
    CaseEvent,
    CaseState,
    CitizenNotice,
    Document,
    Hearing,
    HearingCase,
    HearingState,
    PartyNeed,
    Receipt,
    ReceiptItem,
    Recording,
    Representation,
    StateSecret,
    Transfer,
    Visit,
)
from hub.services import attachments, audit, documents, hearing_changes, identity, register, state_secret_records
from hub.services.case_access import get, hearings_about
from hub.services.case_locking import locked
from hub.services.hearing_changes import Before
from hub.services.identity import Identity, Vault
from hub.services.state_secret_records import GONE, TITLE
from hub.services.store import ObjectStore
from hub.text import clean

ENTRY_MAX = 200
REASON = "Có vụ việc không được đưa ra buổi tiếp trực tuyến."
AHEAD = (HearingState.SCHEDULED, HearingState.POSTPONED)


async def flag(
    database: Database,
    store: ObjectStore,
    vault: Vault,
    actor: Actor,
    case_id: str,
    version: int,
    *,
    register_entry: str,
    confirmed: str,
) -> None:
    """Erase the case but for the pointer; there is no way back. ``confirmed`` is the case's number, typed.

    The documents go first: with the store away nothing is erased, and everything may be repeated. Raises ``BadInput``,
    ``Conflict`` while a hearing about it is going on, ``Stale``, ``Forbidden``, ``StoreAway``.
    """
    async with database.reading() as db:
        case = await get(db, actor, case_id)
        require(actor, Action.DECIDE_CASE, Target(paths=(case.unit.path,)))
        _check(case, clean(register_entry), confirmed)
        await _require_silent(db, case)
        keys = [one.object_key for one in case.attachments] + documents.object_keys(await _papers(db, case))
        keys += await state_secret_records.scan_keys(db, case)
    for key in dict.fromkeys(keys):
        await asyncio.to_thread(store.delete, key)
    async with database.transaction() as db:
        case = await locked(db, actor, case_id, version, Action.DECIDE_CASE)
        await _require_silent(db, case)
        await _erase(db, vault, case)
        await _strike_off(db, vault, actor, case)
        db.add(StateSecret(case_id=case.id, register_entry=clean(register_entry), account_id=actor.account_id))
        case.state, case.version = CaseState.STATE_SECRET, case.version + 1
        await db.flush()
        await audit.record(db, actor, "state_secret_flagged", "case", case.id, unit_path=case.unit.path)


async def _papers(db: AsyncSession, case: Case) -> list[Document]:
    return [*await documents.of_case(db, case), *await state_secret_records.papers(db, case)]


async def pointer(db: AsyncSession, case: Case) -> StateSecret | None:
    return await db.get(StateSecret, case.id)


async def copies(db: AsyncSession, case: Case) -> list[Case]:
    """What other units made of it when it was transferred, to or from here: each must be flagged by itself."""
    wanted = select(Transfer).where(or_(Transfer.case_id == case.id, Transfer.received_case_id == case.id))
    found = []
    for one in (await db.execute(wanted)).unique().scalars():
        other = one.received if one.case_id == case.id else one.case
        if other is not None and other.state != CaseState.STATE_SECRET:
            found.append(other)
    return found


async def recordings(db: AsyncSession, case: Case) -> list[tuple[Hearing, Recording]]:
    """Of hearings about it that were held before: they must be withheld or destroyed by those who may."""
    wanted = (
        select(Hearing, Recording)
        .join(Recording, Recording.hearing_id == Hearing.id)
        .join(HearingCase, HearingCase.hearing_id == Hearing.id)
        .where(HearingCase.case_id == case.id)
    )
    return [(hearing, recording) for hearing, recording in (await db.execute(wanted)).unique().all()]


def _check(case: Case, register_entry: str, confirmed: str) -> None:
    faults = {}
    if not register_entry:
        faults["register_entry"] = Text(N_("Hãy ghi số và nơi của sổ lưu ngoài hệ thống, không ghi nội dung."))
    elif len(register_entry) > ENTRY_MAX:
        faults["register_entry"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": ENTRY_MAX})
    if clean(confirmed).upper() != case.number:
        faults["confirmed"] = Text(N_("Hãy gõ đúng số vụ việc để xác nhận."))
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)


async def _require_silent(db: AsyncSession, case: Case) -> None:
    going_on = (
        select(Hearing.number)
        .join(HearingCase, HearingCase.hearing_id == Hearing.id)
        .where(HearingCase.case_id == case.id, Hearing.state.in_(sorted(LIVE_STATES)))
    )
    number = (await db.execute(going_on.limit(1))).scalar_one_or_none()
    if number:
        raise Conflict(
            N_("Buổi tiếp %(number)s về vụ việc này đang diễn ra. Chủ trì phải kết thúc ngay, rồi mới xóa được."),
            number=number,
        )


async def _erase(db: AsyncSession, vault: Vault, case: Case) -> None:
    nobody = Identity(name=GONE)
    notices = update(CitizenNotice).where(CitizenNotice.case_id == case.id)
    await db.execute(notices.values(proof="", attachment_id=None))
    made = await _papers(db, case)
    await state_secret_records.erase(db, case)
    for row in list(case.attachments):
        await attachments.remove(db, row)
    await documents.erase(db, made)
    await register.erase(db, case)
    case.summary, case.content = "", ""
    case.folded, case.lowered = case.number.lower(), case.number.lower()
    spoken_for = (await db.execute(select(Representation).where(Representation.case_id == case.id))).scalars().all()
    for party in (case.party, *(one.party for one in spoken_for)):
        await identity.replace_identity(db, vault, party, nobody)
        await db.execute(delete(PartyNeed).where(PartyNeed.party_id == party.id))
    papers: dict[str, object] = {"scope": "", "document_number": "", "card_number": ""}
    await db.execute(update(Representation).where(Representation.case_id == case.id).values(**papers))
    await db.execute(
        update(CaseEvent).where(CaseEvent.case_id == case.id).values(reason="", document_number="", document_day=None)
    )
    said: dict[str, object] = {"requested": "", "advised": "", "refusal_reason": "", "identity_note": ""}
    await db.execute(update(Visit).where(Visit.case_id == case.id).values(**said))
    tasks: dict[str, object] = {"instruction": "", "answer": ""}
    await db.execute(update(Assignment).where(Assignment.case_id == case.id).values(**tasks))
    sent: dict[str, object] = {"answer": "", "content_sha256": ""}
    await db.execute(update(Transfer).where(Transfer.case_id == case.id).values(**sent))
    receipts = select(Receipt.id).where(Receipt.case_id == case.id)
    await db.execute(update(ReceiptItem).where(ReceiptItem.receipt_id.in_(receipts)).values(name=GONE))


async def _strike_off(db: AsyncSession, vault: Vault, actor: Actor, case: Case) -> None:
    """Off every hearing to come; one that was about nothing else is cancelled, and everybody invited is told. Titles
    that tell of it go."""
    for hearing in await hearings_about(db, case.id):
        before = Before.of(hearing)
        hearing.title, hearing.version = TITLE, hearing.version + 1
        if hearing.state not in AHEAD:
            hearing.reason = ""
            continue
        hearing.reason = REASON
        hearing.cases = [one for one in hearing.cases if one.id != case.id]
        if not hearing.cases:
            hearing.state = HearingState.CANCELLED
        await db.flush()
        action = "hearing_changed" if hearing.cases else "hearing_cancelled"
        await audit.record(db, actor, action, "hearing", hearing.id, REASON, unit_path=hearing.unit.path)
        await hearing_changes.changed(db, vault, actor, hearing, before, REASON)
