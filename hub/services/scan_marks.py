"""A signed scan that was entered by mistake: it stays with its hash and who added it, and counts no more.

The wrong file or another case's is soon beside the right one. Nothing is deleted: a mark with its reason is added, and
may be taken back by another mark. Why is kept with the mark alone, so that it can be erased with a state secret.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.models import Case, Document, DocumentScan, Hearing, Minutes, MinutesScan, MinutesState, ScanMark
from hub.services import documents, hearing_lists, identity, minutes, minutes_scans
from hub.services.form_facts import About
from hub.services.identity import Vault
from hub.text import clean

REASON_MAX = 500


async def mark(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    about: About,
    document_id: str,
    scan_id: str,
    reason: str,
    *,
    mistaken: bool,
) -> ScanMark:
    """Say that a paper's scan was entered by mistake, or take that back. Who may add a scan may do this.

    Raises ``BadInput`` without a reason, or for one that names a denouncer; ``Conflict`` when it is so already;
    ``Forbidden``, ``NotFound``.
    """
    row = await documents.get(db, actor, about, document_id)
    await documents.require_writable(db, actor, row)
    await db.get_one(Document, row.id, with_for_update={"of": Document})
    wanted = select(DocumentScan).where(DocumentScan.id == scan_id, DocumentScan.document_id == row.id)
    scan = (await db.execute(wanted.execution_options(populate_existing=True))).scalar_one_or_none()
    if scan is None:
        raise NotFound(N_("Không tìm thấy bản quét."))
    said = await _said(db, vault, actor, await _cases(db, row), reason)
    made = _append(actor, scan, said, mistaken=mistaken)
    await db.flush()
    await documents.note(db, actor, _action("document", mistaken=mistaken), row, scan_id=scan.id, mark=made.id)
    return made


async def mark_minutes(
    db: AsyncSession, vault: Vault, actor: Actor, hearing_id: str, scan_id: str, reason: str, *, mistaken: bool
) -> ScanMark:
    """The same for a scan of signed minutes, before and after they are locked; what was locked is not touched, and the
    recording's chain of custody tells of it. Raises as ``mark``."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    found = await db.get(Minutes, hearing_id, with_for_update=True)
    wanted = select(MinutesScan).where(MinutesScan.id == scan_id, MinutesScan.hearing_id == hearing_id)
    scan = (await db.execute(wanted.execution_options(populate_existing=True))).scalar_one_or_none()
    if found is None or scan is None:
        raise NotFound(N_("Không tìm thấy bản quét."))
    minutes_scans.require_scanning(actor, hearing, scan.seat_id or "")
    said = await _said(db, vault, actor, hearing.cases, reason)
    made = _append(actor, scan, said, mistaken=mistaken)
    await db.flush()
    action, told = _action("minutes", mistaken=mistaken), {"scan_id": scan.id, "sha256": scan.sha256, "mark": made.id}
    if found.state == MinutesState.LOCKED:
        await minutes.witnessed(db, actor, action, hearing, **told)
    else:
        await minutes.audited(db, actor, action, hearing, "", **told)
    return made


def _append(actor: Actor, scan: DocumentScan | MinutesScan, reason: str, *, mistaken: bool) -> ScanMark:
    if mistaken == (scan.mistake is not None):
        raise Conflict(
            N_("Bản quét này đã được đánh dấu thêm nhầm rồi.")
            if mistaken
            else N_("Bản quét này không bị đánh dấu thêm nhầm.")
        )
    made = ScanMark(mistaken=mistaken, reason=reason, created_by=actor.account_id)
    scan.marks.append(made)
    return made


async def _said(db: AsyncSession, vault: Vault, actor: Actor, cases: Iterable[Case], reason: str) -> str:
    said = clean(reason)
    if not said or len(said) > REASON_MAX:
        text = Text(N_("Dài quá %(longest)d ký tự."), {"longest": REASON_MAX}) if said else Text(N_("Hãy ghi lý do."))
        raise BadInput(text.message, fields={"reason": text}, **text.params)
    await identity.require_discreet(db, vault, actor, cases, said)
    return said


async def _cases(db: AsyncSession, row: Document) -> list[Case]:
    if row.hearing_id:
        return (await db.get_one(Hearing, row.hearing_id)).cases
    return [row.case] if row.case else []


def _action(kind: str, *, mistaken: bool) -> str:
    return f"{kind}_scan_mistaken" if mistaken else f"{kind}_scan_restored"
