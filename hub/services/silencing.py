"""What was written of a case before it was a denunciation, or before the name was put right, names the denouncer no
more. The case's own words are checked as they are saved, and its documents sealed (``services.cases``)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.models import (
    Assignment,
    Base,
    Case,
    CaseEvent,
    CitizenNotice,
    Document,
    DocumentScan,
    MinutesScan,
    PartyNeed,
    Receipt,
    ReceiptItem,
    Representation,
    ScanMark,
    Transfer,
    Visit,
)
from hub.services import identity
from hub.services.case_access import hearings_about
from hub.services.identity import Vault

TITLE = "Tiếp công dân theo lịch đã đặt"


async def silence(db: AsyncSession, vault: Vault, actor: Actor, case: Case) -> None:
    """Take the party's name and numbers out of what others read. Logged as a comparison; nobody is shown anything."""
    without = await identity.redactor(db, vault, actor, case)
    of_receipts = ReceiptItem.receipt_id.in_(select(Receipt.id).where(Receipt.case_id == case.id))
    for kind, condition, names in (
        (CaseEvent, CaseEvent.case_id == case.id, ("reason", "document_number")),
        (Visit, Visit.case_id == case.id, ("requested", "advised", "refusal_reason", "identity_note")),
        (Assignment, Assignment.case_id == case.id, ("instruction", "answer")),
        (Representation, Representation.case_id == case.id, ("scope", "document_number")),
        (PartyNeed, PartyNeed.party_id == case.party_id, ("nationality", "language", "needs")),
        (Transfer, Transfer.case_id == case.id, ("answer",)),
        (CitizenNotice, CitizenNotice.case_id == case.id, ("proof",)),
        (ReceiptItem, of_receipts, ("name",)),
        (Document, Document.case_id == case.id, ("void_reason",)),
        (ScanMark, await _of_scans(db, case), ("reason",)),
    ):
        await _rows(db, kind, condition, names, without)
    for hearing in await hearings_about(db, case.id):
        if without(hearing.title) != hearing.title:
            hearing.title = TITLE
            hearing.version += 1
        if without(hearing.reason) != hearing.reason:
            hearing.reason = ""
    await db.flush()


async def _of_scans(db: AsyncSession, case: Case) -> ColumnElement[bool]:
    """Marks on signed papers of the case, and on signed minutes of hearings about it."""
    papers = select(DocumentScan.id).join(Document, Document.id == DocumentScan.document_id)
    hearings = [one.id for one in await hearings_about(db, case.id)]
    of_papers = papers.where(or_(Document.case_id == case.id, Document.hearing_id.in_(hearings)))
    of_minutes = select(MinutesScan.id).where(MinutesScan.hearing_id.in_(hearings))
    return or_(ScanMark.document_scan_id.in_(of_papers), ScanMark.minutes_scan_id.in_(of_minutes))


async def _rows(
    db: AsyncSession,
    kind: type[Base],
    condition: ColumnElement[bool],
    names: tuple[str, ...],
    without: Callable[[str], str],
) -> None:
    for row in (await db.execute(select(kind).where(condition))).unique().scalars():
        for name in names:
            longest = getattr(kind.__table__.c[name].type, "length", None)
            text = without(getattr(row, name))
            if text != getattr(row, name):
                setattr(row, name, text[:longest])
