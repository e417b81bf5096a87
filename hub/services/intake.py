"""What an officer does when a citizen stands there: one entry makes the case and the reception that it came by."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from hub import citizen_id
from hub.auth import Actor
from hub.cases import NewCase, compact
from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.ids import is_id
from hub.likeness import Likeness
from hub.models import Case, CaseType, IdentityMethod
from hub.services import case_links, cases, known_parties, visits
from hub.services.identity import Vault
from hub.visits import NewVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``known_party``: who was recognised, whose ID number stays sealed unless another is typed.

    ``visit``: the citizen is here, so that a reception is written down too; ``identity_method`` None follows from the
    number that was typed.
    """

    case: NewCase
    known_party: str = ""
    visit: bool = False
    identity_method: IdentityMethod | None = None
    identity_note: str = ""
    requested: str = ""
    settled_by: str = ""
    point_id: str = ""


async def already_registered(db: AsyncSession, actor: Actor, entry_id: str) -> Case | None:
    """The case that this very entry has become, when its answer was lost on the way."""
    if not is_id(entry_id):
        return None
    found = await db.get(Case, entry_id)
    if found is None or found.created_by != actor.account_id:
        return None
    return found


async def register(db: AsyncSession, vault: Vault, actor: Actor, entry: Entry) -> Case:
    """The case, and its reception. Raises ``BadInput`` with the faults of both by field, ``Forbidden``."""
    new = await _recalled(db, vault, actor, entry)
    if new.id and (not is_id(new.id) or await db.get(Case, new.id) is not None):
        new = replace(new, id="")
    faults = _identity_faults(entry, new)
    try:
        found = await cases.register(db, vault, actor, new)
    except BadInput as error:
        raise BadInput(error.text.message, fields=error.fields | faults) from error
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
    if entry.visit:
        visit = NewVisit(
            identity_method=_method(entry, new),
            identity_note=entry.identity_note,
            unit_id=found.unit_id,
            point_id=entry.point_id,
            case_id=found.id,
            people_count=new.people_count,
            requested=entry.requested,
            settled_by=entry.settled_by,
        )
        await visits.record(db, vault, actor, visit)
    return found


@dataclass(frozen=True, slots=True)
class Alike:
    """An earlier case, as it is shown when the registration that it was found for has been rolled back."""

    case_id: str
    number: str
    summary: str
    why: tuple[Likeness, ...]


async def duplicates(db: AsyncSession, actor: Actor, found: Case) -> list[Alike]:
    """Earlier cases that say much the same; the same person with another matter is none."""
    return [
        Alike(one.case.id, one.case.number, one.case.summary, one.alike)
        for one in await case_links.suggestions(db, actor, found)
        if Likeness.CONTENT in one.alike
    ]


async def _recalled(db: AsyncSession, vault: Vault, actor: Actor, entry: Entry) -> NewCase:
    """A denouncer is never recognised: nothing may tie the denunciation to what the person did before."""
    if not entry.known_party or entry.case.id_number or entry.case.type is CaseType.DENUNCIATION:
        return entry.case
    known = await known_parties.recall(db, vault, actor, entry.known_party)
    return replace(entry.case, id_number=known.id_number) if known else entry.case


def _method(entry: Entry, new: NewCase) -> IdentityMethod:
    if entry.identity_method is not None:
        return entry.identity_method
    number = compact(new.id_number).upper()
    if not number:
        return IdentityMethod.NO_PAPER
    if citizen_id.read(number):
        return IdentityMethod.CITIZEN_ID
    return IdentityMethod.PASSPORT if citizen_id.is_passport(number) else IdentityMethod.OTHER_PAPER


def _identity_faults(entry: Entry, new: NewCase) -> dict[str, Text]:
    if entry.visit and _method(entry, new) is IdentityMethod.NO_PAPER and not entry.identity_note.strip():
        return {"identity_note": Text(N_("Không có số giấy tờ: hãy ghi đã biết người này là ai bằng cách nào."))}
    return {}
