"""One petition with parts of several kinds becomes linked cases, a denunciation among them in secrecy.

Citizens' petitions of mixed content are taken apart before anything is done with them (Circular 06/2014/TT-TTCP and
its successors). The part is received when the whole was; it keeps the person, sealed anew, so that nothing of a
denunciation's party stands beside an open name.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor
from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from hub.models import Case, CaseLink, CaseState, CaseType, LinkKind, PartyKind
from hub.services import audit, cases, identity
from hub.services.attachments import neutral_name
from hub.services.case_locking import locked
from hub.services.cases import CaseEdit, NewCase
from hub.services.identity import Vault

EARLY = frozenset({CaseState.RECEIVED, CaseState.CLASSIFIED, CaseState.NEED_INFO})


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """``kept_…`` is what stays with the case, the rest goes to the new one with the documents named."""

    kept_summary: str
    kept_content: str
    type: CaseType
    summary: str
    content: str
    attachment_ids: tuple[str, ...] = ()


async def split(db: AsyncSession, vault: Vault, actor: Actor, case_id: str, version: int, wanted: Split) -> Case:
    """The new case. Raises ``BadInput`` by field, ``Stale``, ``Conflict`` once the case is accepted, ``Forbidden``.

    The caller has ``seal_pending`` run afterwards: a denunciation's documents may still lie open.
    """
    case = await locked(db, actor, case_id, version, Action.EDIT_CASE)
    if case.state not in EARLY:
        raise Conflict(N_("Chỉ tách được khi vụ việc chưa được thụ lý hoặc xử lý xong."))
    kept = CaseEdit(
        type=CaseType(case.type),
        summary=wanted.kept_summary,
        content=wanted.kept_content,
        people_count=case.people_count,
    )
    try:
        await cases.edit(db, vault, actor, case_id, version, kept)
    except BadInput as error:
        fields = {f"kept_{name}": text for name, text in error.fields.items()}
        raise BadInput(error.text.message, fields=fields) from error
    part = await _register(db, vault, actor, case, wanted)
    _move(case, part, wanted)
    db.add(CaseLink(case_id=part.id, other_id=case.id, kind=LinkKind.SPLIT, created_by=actor.account_id))
    await db.flush()
    await audit.record(db, actor, "case_split", "case", case.id, unit_path=case.unit.path)
    return part


async def _register(db: AsyncSession, vault: Vault, actor: Actor, case: Case, wanted: Split) -> Case:
    who = await identity.copied(db, vault, actor, case)
    part = await cases.register(
        db,
        vault,
        actor,
        NewCase(
            type=wanted.type,
            summary=wanted.summary,
            content=wanted.content,
            party_kind=PartyKind(case.party.kind),
            people_count=case.people_count,
            unit_id=case.unit_id,
            name=who.name,
            address=who.address,
            birth=who.birth,
            id_number=who.id_number,
            phone=who.phone,
        ),
    )
    part.received_at = case.received_at
    return part


def _move(case: Case, part: Case, wanted: Split) -> None:
    """Documents that go along; one that is sealed goes to another sealed case only."""
    mine = {one.id: one for one in case.attachments}
    moved = [mine[one] for one in wanted.attachment_ids if one in mine]
    if case.party.secret and not part.party.secret and moved:
        text = Text(N_("Tài liệu niêm phong của vụ tố cáo không chuyển sang vụ việc không niêm phong."))
        raise BadInput(text.message, fields={"attachment_ids": text})
    for number, one in enumerate(moved, 1):
        one.case_id = part.id
        if part.party.secret:
            one.file_name = neutral_name(number, one.file_name)
