"""Cases: register, find, read, edit. Attachments and timeline have modules of their own, offered here too."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub import cases as rules
from hub.auth import Action, Actor, Target, require
from hub.cases import NewCase
from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.models import (
    Case,
    CaseState,
    CaseType,
    OrgUnit,
    PartyKind,
)
from hub.services import audit, identity, silencing
from hub.services.attachments import (
    AttachmentUpload,
    OpenedAttachment,
    add_attachment,
    neutral_name,
    open_attachment,
)
from hub.services.case_access import get, require_readable, spoken_for
from hub.services.case_lists import CaseQuery, CaseRow, find
from hub.services.case_locking import locked
from hub.services.case_timeline import TimelineEntry, timeline
from hub.services.counters import next_number
from hub.services.identity import Identity, Vault
from hub.services.paper_sealing import seal_pending
from hub.text import clean, clean_block, exact, fold

__all__ = [
    "AttachmentUpload",
    "CaseEdit",
    "CaseQuery",
    "CaseRow",
    "NewCase",
    "OpenedAttachment",
    "TimelineEntry",
    "add_attachment",
    "edit",
    "find",
    "get",
    "open_attachment",
    "register",
    "require_readable",
    "seal_pending",
    "timeline",
    "warnings",
]

PAGE = 50
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEdit:
    """What may be changed. ``identity`` replaces the sealed one as a whole; None leaves it sealed and unread."""

    type: CaseType
    summary: str
    content: str
    people_count: int = 1
    identity: Identity | None = None


def warnings(new: NewCase) -> dict[str, Text]:
    """What looks odd but is accepted, by form field: ask this before or after ``register`` and show it."""
    return rules.warnings(new, calendar.local_day(utc_now()))


async def register(db: AsyncSession, vault: Vault, actor: Actor, new: NewCase) -> Case:
    """Register a case under the next number of its unit and year. Raises ``BadInput`` by field, ``Forbidden``."""
    new = new.cleaned()
    now = utc_now()
    unit = await db.get(OrgUnit, new.unit_id or actor.unit_id)
    if unit is None or not unit.active:
        raise BadInput(_CHECK, fields={"unit_id": Text(N_("Hãy chọn cơ quan."))})
    require(actor, Action.REGISTER_CASE, Target(paths=(unit.path,)))
    faults = rules.faults(new, calendar.local_day(now))
    if faults:
        raise BadInput(_CHECK, fields=faults)
    secret = new.type == CaseType.DENUNCIATION
    who = Identity(name=new.name, address=new.address, birth=new.birth, id_number=new.id_number, phone=new.phone)
    party = await identity.create_party(db, vault, new.party_kind, who, secret=secret)
    year = calendar.local_day(now).year
    count = await next_number(db, f"case/{unit.code}/{year}")
    found = Case(
        id=new.id or new_id(),
        number=rules.number(new.type, unit.code, year, count),
        type=new.type,
        state=CaseState.RECEIVED,
        unit=unit,
        party=party,
        people_count=new.people_count,
        created_by=actor.account_id,
        received_at=now,
        attachments=[],
        version=1,
    )
    _write(found, new.summary, new.content)
    db.add(found)
    await db.flush()
    await audit.record(db, actor, "case_registered", "case", found.id, unit_path=unit.path, number=found.number)
    return found


async def edit(db: AsyncSession, vault: Vault, actor: Actor, case_id: str, version: int, wanted: CaseEdit) -> Case:
    """Save over ``version``. Raises ``Stale`` naming who was first, ``BadInput`` by field, ``Forbidden``."""
    found = await locked(db, actor, case_id, version, Action.EDIT_CASE)
    summary, content = clean(wanted.summary), clean_block(wanted.content)
    who = _cleaned(wanted.identity)
    if who is not None and found.party.secret:
        require(actor, Action.OPEN_VAULT, identity.identity_target(found))
    await _check_edit(db, vault, actor, found, wanted, who, summary, content)
    changed = [name for name, old, new in _differences(found, wanted, summary, content) if old != new]
    if wanted.type == CaseType.DENUNCIATION and not found.party.secret:
        for party in (found.party, *await spoken_for(db, found)):
            await identity.make_secret(db, vault, party)
        await silencing.silence(db, vault, actor, found)
        for number, attachment in enumerate(found.attachments, 1):
            attachment.file_name = neutral_name(number, attachment.file_name)
    if who is not None:
        await identity.replace_identity(db, vault, found.party, who)
        if found.party.secret:
            await silencing.silence(db, vault, actor, found)
        changed.append("identity")
    found.type, found.people_count = wanted.type, wanted.people_count
    _write(found, summary, content)
    found.version += 1
    await db.flush()
    await audit.record(db, actor, "case_edited", "case", found.id, unit_path=found.unit.path, changed=changed)
    return found


def _write(found: Case, summary: str, content: str) -> None:
    found.summary, found.content = summary, content
    searched = f"{found.number}\n{summary}\n{content}"
    found.folded, found.lowered = fold(searched), exact(searched)


def _differences(found: Case, wanted: CaseEdit, summary: str, content: str) -> list[tuple[str, object, object]]:
    return [
        ("type", str(found.type), str(wanted.type)),
        ("summary", found.summary, summary),
        ("content", found.content, content),
        ("people_count", found.people_count, wanted.people_count),
    ]


def _cleaned(who: Identity | None) -> Identity | None:
    if who is None:
        return None
    return Identity(
        name=clean(who.name),
        address=clean(who.address),
        birth=clean(who.birth),
        id_number=rules.compact(who.id_number).upper(),
        phone=rules.compact(who.phone),
    )


async def _check_edit(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    found: Case,
    wanted: CaseEdit,
    who: Identity | None,
    summary: str,
    content: str,
) -> None:
    """The rules of a new entry, over what it will be; a sealed name is compared without being shown."""
    as_new = NewCase(
        type=wanted.type,
        summary=summary,
        content=content,
        party_kind=PartyKind(found.party.kind),
        people_count=wanted.people_count,
        name=who.name if who else "–sealed–",
        address=who.address if who else "–sealed–",
        birth=who.birth if who else "",
        id_number=who.id_number if who else "",
        phone=who.phone if who else "",
    )
    faults = rules.faults(as_new, calendar.local_day(utc_now()))
    secret = wanted.type == CaseType.DENUNCIATION or found.party.secret
    for field, text in (("summary", summary), ("content", content)) if secret else ():
        if who is not None:
            revealed = rules.reveals(text, name=who.name, id_number=who.id_number, phone=who.phone)
        else:
            revealed = await identity.case_reveals(db, vault, actor, found, text)
        if revealed:
            faults[field] = rules.secrecy_fault()
    if faults:
        raise BadInput(_CHECK, fields=faults)
