"""A paper that no longer counts: made void with a reason, kept in the list, its number never given out again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Document
from hub.services import documents, identity
from hub.services.form_facts import About
from hub.services.identity import Vault
from hub.text import clean

REASON_MAX = 500


async def void(db: AsyncSession, vault: Vault, actor: Actor, about: About, document_id: str, reason: str) -> Document:
    """There is no way back: who was wrong makes another paper. ``/verify`` tells since when, not why.

    Raises ``BadInput`` without a reason, ``Conflict`` for one that is void or unfinished, ``Forbidden``, ``NotFound``.
    """
    await documents.get(db, actor, about, document_id)
    row: Document = await db.get_one(Document, document_id, with_for_update={"of": Document}, populate_existing=True)
    require(actor, Action.MAKE_DOCUMENT, Target(paths=(row.unit.path,)))
    documents.require_valid(row)
    said = clean(reason)
    if not said or len(said) > REASON_MAX:
        text = (
            Text(N_("Dài quá %(longest)d ký tự."), {"longest": REASON_MAX}) if said else Text(N_("Hãy ghi lý do hủy."))
        )
        raise BadInput(text.message, fields={"reason": text}, **text.params)
    if row.case is not None:
        await identity.require_discreet(db, vault, actor, [row.case], said)
    row.voided_at, row.voided_by, row.void_reason = utc_now(), actor.account_id, said
    await db.flush()
    await documents.note(db, actor, "document_voided", row)  # why stays with the paper, where it can be erased
    return row
