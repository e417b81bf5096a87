"""Receptions of people (lượt tiếp): write one down, read those of a case, of a unit's day or of a period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub import cases as case_rules
from hub import visits as rules
from hub.auth import Action, Actor, Target, may, require, scopes
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.ids import is_id, new_id, utc_now
from hub.models import (
    Account,
    Case,
    CaseType,
    Hearing,
    HearingCase,
    IdentityMethod,
    OrgUnit,
    Party,
    PartyKind,
    Point,
    RefusalGround,
    Role,
    Visit,
)
from hub.services import audit, identity, known_parties, register
from hub.services.case_access import get as get_case
from hub.services.case_access import require_here
from hub.services.identity import Identity, Vault
from hub.services.sign_in import actor_of
from hub.visits import NewVisit

_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit as lists show it; ``pseudonym`` is what may be shown of who came, empty when nobody knows."""

    id: str
    at: datetime
    day: date
    unit_id: str
    unit_name: str
    point_name: str
    officer: str
    case_id: str
    case_number: str
    case_type: CaseType | None
    case_readable: bool
    party_id: str
    pseudonym: str
    secret: bool
    people_count: int
    first: bool
    online: bool
    identity_method: IdentityMethod
    identity_note: str
    requested: str
    advised: str
    refusal_ground: RefusalGround | None
    refusal_reason: str
    decided_by: str
    document_number: str
    document_day: date | None


async def record(db: AsyncSession, vault: Vault, actor: Actor, new: NewVisit) -> Visit:
    """Keep a visit. Raises ``BadInput`` by field, ``Forbidden``, ``NotFound``.

    What was asked and advised is read by more people than a denouncer's identity is: it may not name them.
    """
    new, now = new.cleaned(), utc_now()
    unit, case = await _where(db, actor, new)
    faults = rules.faults(new, now) | await _reference_faults(db, unit, case, new)
    faults |= await _revealing(db, vault, actor, case, new)
    if faults:
        raise BadInput(_CHECK, fields=faults)
    party = case.party if case else await _visitor(db, vault, actor, new)
    found = Visit(
        id=await _id(db, new),
        unit=unit,
        point_id=new.point_id or None,
        account_id=actor.account_id,
        at=new.at or now,
        day=calendar.local_day(new.at or now),
        hearing_id=new.hearing_id or None,
        case=case,
        party=party,
        people_count=new.people_count,
        first=await _is_first(db, case, party) if new.first is None else new.first,
        identity_method=new.identity_method,
        identity_note=new.identity_note,
        requested=new.requested,
        advised=new.advised,
        refusal_ground=new.refusal_ground,
        refusal_reason=new.refusal_reason if new.refusal_ground else "",
        decided_by=(new.decided_by or None) if new.refusal_ground else None,
        document_number=new.document_number if new.refusal_ground else "",
        document_day=new.document_day if new.refusal_ground else None,
    )
    db.add(found)
    await db.flush()
    await _audited(db, actor, found)
    await register.enter(db, actor, found, new.settled_by)
    return found


async def _audited(db: AsyncSession, actor: Actor, found: Visit) -> None:
    action = "visit_refused" if found.refusal_ground else "visit_recorded"
    about = ("case", found.case.id) if found.case else ("visit", found.id)
    await audit.record(db, actor, action, *about, unit_path=found.unit.path, visit_id=found.id)


async def already_recorded(db: AsyncSession, actor: Actor, new: NewVisit) -> Visit | None:
    """The visit that this very form has become: by a lost answer, or by going back and sending again."""
    found = await db.get(Visit, new.id) if is_id(new.id) else None
    return found if found is not None and found.account_id == actor.account_id else None


async def _id(db: AsyncSession, new: NewVisit) -> str:
    return new.id if is_id(new.id) and await db.get(Visit, new.id) is None else new_id()


async def _where(db: AsyncSession, actor: Actor, new: NewVisit) -> tuple[OrgUnit, Case | None]:
    """The unit that receives, and the case that it is about, for whoever may register there."""
    unit = await db.get(OrgUnit, new.unit_id or actor.unit_id)
    if unit is None or not unit.active:
        raise BadInput(_CHECK, fields={"unit_id": Text(N_("Hãy chọn cơ quan."))})
    require(actor, Action.REGISTER_CASE, Target(paths=(unit.path,)))
    case = await get_case(db, actor, new.case_id) if new.case_id else None
    if case is not None:
        require_here(case)
    return unit, case


async def _revealing(db: AsyncSession, vault: Vault, actor: Actor, case: Case | None, new: NewVisit) -> dict[str, Text]:
    """The fields that name the denouncer."""
    if case is None or not case.party.secret:
        return {}
    written = {
        name: getattr(new, name) for name in ("requested", "advised", "settled_by", "refusal_reason", "identity_note")
    }
    return {
        name: case_rules.secrecy_fault()
        for name, text in written.items()
        if await identity.case_reveals(db, vault, actor, case, text)
    }


async def _visitor(db: AsyncSession, vault: Vault, actor: Actor, new: NewVisit) -> Party | None:
    if not new.name:
        return None
    if new.known_party and not new.id_number:
        known = await known_parties.recall(db, vault, actor, new.known_party)
        new = replace(new, id_number=known.id_number) if known else new
    who = Identity(
        name=new.name,
        address=new.address,
        birth=new.birth,
        id_number=case_rules.compact(new.id_number).upper(),
        phone=case_rules.compact(new.phone),
    )
    return await identity.create_party(db, vault, PartyKind.INDIVIDUAL, who, secret=False)


async def _is_first(db: AsyncSession, case: Case | None, party: Party | None) -> bool:
    """No earlier visit about this case; without one, none of a person with the same ID number."""
    if case is not None:
        earlier = select(Visit.id).where(Visit.case_id == case.id)
    elif party is not None and party.id_number_hash:
        earlier = (
            select(Visit.id)
            .join(Party, Party.id == Visit.party_id)
            .where(Party.id_number_hash == party.id_number_hash, Visit.case_id.is_(None), Party.id != party.id)
        )
    else:
        return True
    return (await db.execute(earlier.limit(1))).first() is None


async def _reference_faults(db: AsyncSession, unit: OrgUnit, case: Case | None, new: NewVisit) -> dict[str, Text]:
    found = {}
    point = await db.get(Point, new.point_id) if new.point_id else None
    if new.point_id and (point is None or not point.active or not point.unit.path.startswith(unit.path)):
        found["point_id"] = Text(N_("Hãy chọn một điểm cầu của cơ quan này."))
    if new.hearing_id and not await _about(db, new.hearing_id, case):
        found["hearing_id"] = Text(N_("Buổi tiếp này không phải về vụ việc này."))
    if new.refusal_ground and new.decided_by and new.decided_by not in {one.id for one in await deciders(db, unit)}:
        found["decided_by"] = Text(N_("Hãy chọn người có thẩm quyền đã quyết định từ chối."))
    return found


async def _about(db: AsyncSession, hearing_id: str, case: Case | None) -> bool:
    if case is None:
        return await db.get(Hearing, hearing_id) is not None
    return await db.get(HearingCase, (hearing_id, case.id)) is not None


async def deciders(db: AsyncSession, unit: OrgUnit) -> list[Account]:
    """Who may decide a refusal in this unit: its leaders and officers, and leaders above; by name, leaders first."""
    wanted = select(Account).join(OrgUnit, OrgUnit.id == Account.unit_id).where(OrgUnit.path.in_(_chain(unit.path)))
    found = []
    for account in (await db.execute(wanted.where(Account.disabled_at.is_(None)))).unique().scalars():
        decides = actor_of(account)
        leads = decides.holds(Role.LEADER, unit.path)
        if leads or (account.unit_id == unit.id and decides.holds(Role.OFFICER, unit.path)):
            found.append((not leads, account.full_name, account))
    return [account for _leads, _name, account in sorted(found, key=lambda one: one[:2])]


def _chain(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]


async def of_case(db: AsyncSession, actor: Actor, case: Case) -> list[VisitRow]:
    """The visits about a case that the actor has been allowed to read, the latest first."""
    wanted = select(Visit).where(Visit.case_id == case.id).order_by(Visit.at.desc(), Visit.id.desc())
    return [_row(actor, one) for one in (await db.execute(wanted)).unique().scalars()]


async def between(
    db: AsyncSession, actor: Actor, first_day: date, last_day: date, *, unit_id: str = "", below: bool = False
) -> list[VisitRow]:
    """The visits of a period (both days included) of one unit, of it and the units below, or of the whole scope.

    Oldest first. Raises ``Forbidden``, ``NotFound``.
    """
    paths = scopes(actor, Action.READ_CASE)
    require(actor, Action.READ_CASE, Target(paths=tuple(paths)))
    conditions: list[ColumnElement[bool]] = [Visit.day >= first_day, Visit.day <= last_day]
    if unit_id:
        unit = await db.get(OrgUnit, unit_id)
        if unit is None:
            raise NotFound(N_("Không tìm thấy cơ quan này."))
        require(actor, Action.READ_CASE, Target(paths=(unit.path,)))
        conditions.append(audit.within(OrgUnit.path, [unit.path]) if below else Visit.unit_id == unit_id)
    else:
        conditions.append(audit.within(OrgUnit.path, paths))
    wanted = select(Visit).join(OrgUnit, OrgUnit.id == Visit.unit_id).where(*conditions).order_by(Visit.at, Visit.id)
    return [_row(actor, one) for one in (await db.execute(wanted)).unique().scalars()]


async def get(db: AsyncSession, actor: Actor, visit_id: str) -> Visit:
    """Raises ``NotFound``, ``Forbidden``."""
    found = await db.get(Visit, visit_id)
    if found is None:
        raise NotFound(N_("Không tìm thấy lượt tiếp này."))
    require(actor, Action.READ_CASE, Target(paths=(found.unit.path,)))
    return found


def _row(actor: Actor, one: Visit) -> VisitRow:
    case = one.case
    readable = case is not None and may(actor, Action.READ_CASE, Target(paths=(case.unit.path,)))
    return VisitRow(
        id=one.id,
        at=one.at,
        day=one.day,
        unit_id=one.unit_id,
        unit_name=one.unit.name,
        point_name=one.point.name if one.point else "",
        officer=one.officer.full_name,
        case_id=case.id if case else "",
        case_number=case.number if case else "",
        case_type=CaseType(case.type) if case else None,
        case_readable=readable,
        party_id=one.party_id or "",
        pseudonym=one.party.pseudonym if one.party else "",
        secret=bool(one.party and one.party.secret),
        people_count=one.people_count,
        first=one.first,
        online=one.hearing_id is not None,
        identity_method=IdentityMethod(one.identity_method),
        identity_note=one.identity_note,
        requested=one.requested,
        advised=one.advised,
        refusal_ground=RefusalGround(one.refusal_ground) if one.refusal_ground else None,
        refusal_reason=one.refusal_reason,
        decided_by=one.decider.full_name if one.decider else "",
        document_number=one.document_number,
        document_day=one.document_day,
    )
