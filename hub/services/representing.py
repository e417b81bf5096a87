"""Who speaks for a case's party and what the party needs: written down, ended, and shown like any identity."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, representation
from hub.auth import Action, Actor, Target, require
from hub.cases import compact, secrecy_fault
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Case, CaseType, PartyKind, PartyNeed, Representation, RepresentationKind
from hub.representation import NewRepresentative
from hub.services import audit, identity, legal_rules
from hub.services.case_access import get, require_here
from hub.services.identity import Identity, Vault
from hub.text import clean

_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")


_LINES = ("name", "address", "birth", "document_number", "scope", "card_number")


@dataclass(frozen=True, slots=True)
class Spoken:
    """``limit`` is the law's for a group of this size; ``missing``: the group has nobody yet; ``over``: it had more
    people when they were written down."""

    now: list[Representation]
    limit: int | None
    missing: bool
    over: bool = False


async def add(db: AsyncSession, vault: Vault, actor: Actor, case_id: str, new: NewRepresentative) -> Representation:
    """Raises ``BadInput`` by field, ``Forbidden``. In a denunciation the representative is as secret as the party."""
    case = await _editable(db, actor, case_id)
    new = replace(new, **{name: clean(getattr(new, name)) for name in _LINES})  # type: ignore[arg-type]
    so_far = await of_case(db, case)
    faults = representation.faults(
        new,
        case_type=CaseType(case.type),
        party=PartyKind(case.party.kind),
        there=[RepresentationKind(one.kind) for one in so_far.now],
        limit=so_far.limit,
        people=case.people_count,
    )
    if new.document_day is not None and new.document_day > calendar.local_day(utc_now()):
        faults["document_day"] = Text(N_("Ngày này chưa đến."))
    if case.party.secret and await identity.case_reveals(db, vault, actor, case, new.scope, new.document_number):
        faults["scope"] = secrecy_fault()
    if faults:
        raise BadInput(_CHECK, fields=faults)
    party = await identity.create_party(db, vault, PartyKind.INDIVIDUAL, _identity(new), secret=case.party.secret)
    row = Representation(
        case_id=case.id,
        party=party,
        kind=new.kind,
        document_number=new.document_number,
        document_day=new.document_day,
        scope=new.scope,
        card_number=new.card_number if new.kind is RepresentationKind.LAWYER else "",
        signed_by_all=new.signed_by_all and new.kind is RepresentationKind.GROUP,
        created_by=actor.account_id,
    )
    db.add(row)
    await db.flush()
    await audit.record(db, actor, "representative_added", "case", case.id, unit_path=case.unit.path, kind=str(new.kind))
    return row


def _identity(new: NewRepresentative) -> Identity:
    return Identity(
        name=new.name,
        address=new.address,
        birth=new.birth,
        id_number=compact(new.id_number).upper(),
        phone=compact(new.phone),
    )


async def end(db: AsyncSession, actor: Actor, case_id: str, row_id: str) -> None:
    """The person no longer speaks for the party; the row stays."""
    case = await _editable(db, actor, case_id)
    row = await db.get(Representation, row_id)
    if row is None or row.case_id != case.id:
        raise NotFound(N_("Không tìm thấy người đại diện này."))
    if row.ended_at is not None:
        raise Conflict(N_("Người này đã thôi đại diện."))
    row.ended_at = utc_now()
    await db.flush()
    await audit.record(db, actor, "representative_ended", "case", case.id, unit_path=case.unit.path)


async def of_case(db: AsyncSession, case: Case) -> Spoken:
    """Those who speak now, of a case that the actor has been allowed to read."""
    wanted = select(Representation).where(Representation.case_id == case.id, Representation.ended_at.is_(None))
    now = list((await db.execute(wanted.order_by(Representation.created_at))).unique().scalars())
    if case.party.kind != PartyKind.GROUP:
        return Spoken(now, None, missing=False)
    day = calendar.local_day(case.received_at)
    limit = representation.most(await legal_rules.rule_book(db), case.people_count, day)
    chosen = sum(one.kind == RepresentationKind.GROUP for one in now)
    return Spoken(now, limit, missing=not chosen, over=limit is not None and chosen > limit)


async def show(
    db: AsyncSession, vault: Vault, actor: Actor, case: Case, reason: str
) -> list[tuple[Representation, Identity]]:
    """Who they are, for a person who has just been shown the party's identity for the same reason; each logged."""
    require(actor, identity.reading(case.party), identity.identity_target(case))
    spoken = await of_case(db, case)
    return [(one, await identity.read_beside(db, vault, actor, case, one.party, reason)) for one in spoken.now]


async def hand_over(db: AsyncSession, vault: Vault, actor: Actor, source: Case, received: Case) -> None:
    """Who speaks for the party now, and what the party and they need, for the unit that takes the case over.

    Each is sealed anew for that unit under a pseudonym of its own. Nobody is shown anything; each is logged.
    """
    await _hand_over_need(db, source.party_id, received.party_id)
    for one in (await of_case(db, source)).now:
        party = await identity.hand_over(db, vault, actor, source, one.party)
        copied = ("kind", "document_number", "document_day", "scope", "card_number", "signed_by_all", "created_at")
        taken = {name: getattr(one, name) for name in copied}
        db.add(Representation(case_id=received.id, party=party, created_by=actor.account_id, **taken))
        await _hand_over_need(db, one.party_id, party.id)
    await db.flush()


async def _hand_over_need(db: AsyncSession, from_id: str, to_id: str) -> None:
    row = await db.get(PartyNeed, from_id)
    if row is not None:
        taken = {name: getattr(row, name) for name in ("nationality", "language", "interpreter", "needs")}
        db.add(PartyNeed(party_id=to_id, **taken))


async def need(db: AsyncSession, case: Case) -> PartyNeed | None:
    return await db.get(PartyNeed, case.party_id)


async def set_need(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    case_id: str,
    *,
    nationality: str,
    language: str,
    interpreter: bool,
    needs: str,
) -> None:
    """Replace what is known; nothing typed means nothing out of the ordinary. Raises ``BadInput``, ``Forbidden``."""
    case = await _editable(db, actor, case_id)
    given = {"nationality": clean(nationality), "language": clean(language), "needs": clean(needs)}
    limits = {"nationality": 60, "language": 60, "needs": 300}
    faults = {
        name: Text(N_("Dài quá %(longest)d ký tự."), {"longest": longest})
        for name, longest in limits.items()
        if len(given[name]) > longest
    }
    if interpreter and not given["language"]:
        faults["language"] = Text(N_("Hãy ghi cần phiên dịch tiếng gì."))
    if case.party.secret and await identity.case_reveals(db, vault, actor, case, *given.values()):
        faults["needs"] = secrecy_fault()
    if faults:
        raise BadInput(_CHECK, fields=faults)
    row = await db.get(PartyNeed, case.party_id) or PartyNeed(party_id=case.party_id)
    row.nationality, row.language, row.needs = given["nationality"], given["language"], given["needs"]
    row.interpreter = interpreter
    db.add(row)
    await db.flush()
    await audit.record(db, actor, "needs_recorded", "case", case.id, unit_path=case.unit.path)


async def _editable(db: AsyncSession, actor: Actor, case_id: str) -> Case:
    case = await get(db, actor, case_id)
    require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
    require_here(case)
    return case
