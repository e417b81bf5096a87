"""Which documents of a case go along with a transfer. The recipient sees these and no others, from the transfer on and
until it gives the case back; a denunciation's stay sealed until it has taken the case over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, scopes
from hub.errors import BadInput, Forbidden
from hub.form_registry import registry
from hub.i18n import N_, Named, Text
from hub.models import Attachment, Case, Document, OrgUnit, Scan, Transfer, TransferItem, TransferState
from hub.services import audit, scan_mistakes
from hub.services.case_access import reads_by_own_right


@dataclass(frozen=True, slots=True)
class Item:
    """``path`` leads to the document itself, empty where it opens on the case's page only, with a reason."""

    id: str
    name: str | Named
    number: str
    path: str
    mistaken: bool = False
    """Signed minutes that were entered by mistake."""


async def choices(db: AsyncSession, case: Case) -> list[Item]:
    """What may go along: what was brought, without signed minutes that were entered by mistake, and the papers made,
    finished and not void. A paper that names a denouncer
    stays where it is: the recipient is given the identity, not our papers about it."""
    papers = select(Document).where(Document.case_id == case.id, Document.sha256.is_not(None))
    papers = papers.where(Document.voided_at.is_(None)).order_by(Document.created_at, Document.id)
    made = [row for row in (await db.execute(papers)).unique().scalars() if not (row.named and case.party.secret)]
    mistaken = await scan_mistakes.of_attachments(db, [row.id for row in case.attachments])
    brought = [row for row in case.attachments if row.scan != Scan.PENDING and row.id not in mistaken]
    return [*(_brought(case, row) for row in brought), *(_made(case, row) for row in made)]


async def choose(db: AsyncSession, actor: Actor, sent: Transfer, wanted: Collection[str]) -> None:
    """Raises ``BadInput`` for what is no document of the case (any more)."""
    known = {one.id for one in await choices(db, sent.case)}
    if not set(wanted) <= known:
        text = Text(N_("Một tài liệu đã chọn không còn trong vụ việc. Hãy xem lại danh sách."))
        raise BadInput(text.message, fields={"items": text})
    db.add_all(TransferItem(transfer_id=sent.id, object_id=one) for one in sorted(wanted))
    await db.flush()
    where = {"unit_path": sent.case.unit.path, "transfer": sent.id}
    await audit.record(db, actor, "transfer_documents", "case", sent.case_id, **where, documents=sorted(wanted))


async def of_transfers(db: AsyncSession, sent: Sequence[Transfer]) -> dict[str, list[Item]]:
    """By transfer, what went along and is still there."""
    ids = {one.id: one.case for one in sent}
    rows = (await db.execute(select(TransferItem).where(TransferItem.transfer_id.in_(ids)))).scalars().all()
    objects = {row.object_id for row in rows}
    brought = select(Attachment).where(Attachment.id.in_(objects)).order_by(Attachment.created_at)
    made = select(Document).where(Document.id.in_(objects)).order_by(Document.created_at)
    found = {row.id: row for row in (await db.execute(brought)).scalars()}
    papers = {row.id: row for row in (await db.execute(made)).unique().scalars()}
    mistaken = await scan_mistakes.of_attachments(db, found)
    listed: dict[str, list[Item]] = {}
    for transfer_id, case in ids.items():
        mine = {row.object_id for row in rows if row.transfer_id == transfer_id}
        listed[transfer_id] = [
            *(_brought(case, row, mistaken=key in mistaken) for key, row in found.items() if key in mine),
            *(_made(case, row) for key, row in papers.items() if key in mine),
        ]
    return listed


async def seen(db: AsyncSession, actor: Actor, case: Case) -> frozenset[str] | None:
    """Ids of the documents of a readable case that this person may know of; None: of all."""
    if await reads_by_own_right(db, actor, case):
        return None
    wanted = (
        select(TransferItem.object_id)
        .join(Transfer, Transfer.id == TransferItem.transfer_id)
        .join(OrgUnit, OrgUnit.id == Transfer.to_unit_id)
        .where(Transfer.case_id == case.id, Transfer.state != TransferState.RETURNED)
        .where(audit.within(OrgUnit.path, scopes(actor, Action.READ_CASE)))
    )
    return frozenset((await db.execute(wanted)).scalars())


async def require_seen(db: AsyncSession, actor: Actor, case: Case, object_id: str) -> None:
    """Raise ``Forbidden`` for a document that did not go along."""
    known = await seen(db, actor, case)
    if known is not None and object_id not in known:
        raise Forbidden(N_("Tài liệu này không được chuyển cùng vụ việc."))


def only(known: frozenset[str] | None, rows: Iterable[Attachment]) -> list[Attachment]:
    return [row for row in rows if known is None or row.id in known]


def _brought(case: Case, row: Attachment, *, mistaken: bool = False) -> Item:
    sealed = row.sealed or case.party.secret
    return Item(row.id, row.file_name, "", "" if sealed else f"/cases/{case.id}/attachments/{row.id}", mistaken)


def _made(case: Case, row: Document) -> Item:
    title = registry().edition(row.form_code, row.edition).title
    return Item(row.id, title, row.number, f"/cases/{case.id}/documents#d-{row.id}")
