"""Cases that belong together: a second complaint and its first, duplicates, and what looks like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, Target, may, require, scopes
from hub.case_clocks import ClockState
from hub.case_moves import UNSETTLED, Happened, MoveCode
from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.likeness import Likeness, Traits, likenesses, traits_of
from hub.models import Case, CaseLink, CaseState, CaseType, LinkKind, OrgUnit, Party, PartyWord, Transfer
from hub.services import audit
from hub.services.case_access import get
from hub.services.case_course import course, write
from hub.services.case_locking import locked

CANDIDATES = 100
SUGGESTED = 5
RAREST = 2
"""The longest words of a summary are looked for: the longer, the rarer."""


@dataclass(frozen=True, slots=True)
class Linked:
    """``later``: this case is the one that the link was made from (the second complaint, the duplicate)."""

    case: Case
    kind: LinkKind
    later: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    case: Case
    alike: tuple[Likeness, ...]


async def linked(db: AsyncSession, actor: Actor, case: Case) -> list[Linked]:
    """Every link of the case; those of cases that the actor may not read only by number."""
    wanted = select(CaseLink).where(or_(CaseLink.case_id == case.id, CaseLink.other_id == case.id))
    found = []
    for link in (await db.execute(wanted.order_by(CaseLink.created_at))).scalars():
        other = await db.get(Case, link.other_id if link.case_id == case.id else link.case_id)
        if other is not None and link.kind != LinkKind.DISTINCT:
            if link.kind == LinkKind.SPLIT and not _may_know(actor, case, other):
                continue
            readable = may(actor, Action.READ_CASE, Target(paths=(other.unit.path,)))
            found.append(Linked(other, LinkKind(link.kind), link.case_id == case.id, readable))
    return found


def _may_know(actor: Actor, case: Case, other: Case) -> bool:
    """A link between a denunciation and what its author signed by name tells who denounced."""
    return all(
        may(actor, Action.OPEN_VAULT, Target(paths=(one.unit.path,))) for one in (case, other) if one.party.secret
    )


async def link(db: AsyncSession, actor: Actor, case_id: str, version: int, number: str, kind: LinkKind) -> Case:
    """Say that this case is the second complaint, a duplicate or no duplicate of the one with that number.

    Raises ``BadInput`` by field, ``Stale``, ``Forbidden``.
    """
    if kind is LinkKind.SPLIT:
        raise _fault("kind", Text(N_("Vụ việc được tách trên trang tách vụ việc.")))
    case = await locked(db, actor, case_id, version, Action.EDIT_CASE)
    same = select(Case).where(Case.number == number.strip().upper()).with_for_update(of=Case)
    other = (await db.execute(same)).unique().scalar_one_or_none()
    if other is None or not may(actor, Action.READ_CASE, Target(paths=(other.unit.path,))):
        raise _fault("number", Text(N_("Không tìm thấy vụ việc có số này trong phạm vi của bạn.")))
    if other.id == case.id:
        raise _fault("number", Text(N_("Đây là số của chính vụ việc này.")))
    if await _between(db, case, other):
        raise _fault("number", Text(N_("Hai vụ việc này đã được liên kết.")))
    if kind is LinkKind.SECOND_COMPLAINT:
        await _second_complaint(db, actor, case, other)
    db.add(CaseLink(case_id=case.id, other_id=other.id, kind=kind, created_by=actor.account_id))
    case.version += 1
    await db.flush()
    await audit.record(
        db, actor, "case_linked", "case", case.id, unit_path=case.unit.path, number=case.number, kind=str(kind)
    )
    return case


async def _second_complaint(db: AsyncSession, actor: Actor, case: Case, first: Case) -> None:
    """Law on Complaints 2011 Art 33: against the outcome of the first, or because it has not come in time."""
    if case.type != CaseType.COMPLAINT or first.type != CaseType.COMPLAINT:
        raise _fault("kind", Text(N_("Chỉ khiếu nại mới có lần hai.")))
    if first.level != 1 or case.level != 1:
        raise _fault("number", Text(N_("Vụ việc này hoặc vụ việc kia đã là khiếu nại lần hai.")))
    if case.received_at < first.received_at:
        raise _fault("number", Text(N_("Khiếu nại lần hai không thể được tiếp nhận trước khiếu nại lần đầu.")))
    already = select(CaseLink.id).where(CaseLink.other_id == first.id, CaseLink.kind == LinkKind.SECOND_COMPLAINT)
    if (await db.execute(already)).first() is not None:
        raise _fault("number", Text(N_("Khiếu nại này đã có khiếu nại lần hai.")))
    case.level = 2
    state = CaseState(first.state)
    day = calendar.local_day(case.received_at)
    await write(db, actor, first, Happened(code=MoveCode.SECOND_FILED, day=day, from_state=state, to_state=state))


async def is_early(db: AsyncSession, actor: Actor, first_id: str) -> bool:
    """Whether the first complaint is still being dealt with in time, so that a second has no ground yet: told, not
    refused, since only the papers show when an outcome came."""
    first = await get(db, actor, first_id)
    running = (await course(db, actor, first)).clocks
    late = any(one.state is ClockState.OVERDUE and not one.spec.citizens for one in running)
    return first.state in UNSETTLED and not late


def _fault(field: str, text: Text) -> BadInput:
    return BadInput(text.message, fields={field: text})


async def _between(db: AsyncSession, case: Case, other: Case) -> bool:
    pair = or_(
        and_(CaseLink.case_id == case.id, CaseLink.other_id == other.id),
        and_(CaseLink.case_id == other.id, CaseLink.other_id == case.id),
    )
    return (await db.execute(select(CaseLink.id).where(pair))).first() is not None


async def suggestions(db: AsyncSession, actor: Actor, case: Case) -> list[Suggestion]:
    """Cases in the actor's scope that may be the same, the likeliest first; what is linked already is not among them,
    nor what it was transferred from or to.

    A denouncer is in no index, so that a denunciation is compared by its content alone, and
    only with other denunciations.
    """
    paths = scopes(actor, Action.READ_CASE)
    require(actor, Action.READ_CASE, Target(paths=tuple(paths)))
    known = select(CaseLink.case_id, CaseLink.other_id).where(
        or_(CaseLink.case_id == case.id, CaseLink.other_id == case.id)
    )
    handed_over = select(Transfer.case_id, Transfer.received_case_id).where(
        Transfer.received_case_id.is_not(None),
        or_(Transfer.case_id == case.id, Transfer.received_case_id == case.id),
    )
    pairs = [*(await db.execute(known)).all(), *(await db.execute(handed_over)).all()]
    left_out = {case.id, *(one for pair in pairs for one in pair)}
    wanted = (
        select(Case)
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
        .join(Party, Party.id == Case.party_id)
        .where(audit.within(OrgUnit.path, paths), or_(*await _promising(db, case)), Case.id.notin_(left_out))
        # Beside an open case with the same content a pseudonym would say little.
        .where(Party.secret.is_(case.party.secret))
        .order_by(Case.received_at.desc())
        .limit(CANDIDATES)
    )
    others = (await db.execute(wanted)).unique().scalars().all()
    names = await _names(db, [case, *others])
    mine = _traits(case, names)
    found = [Suggestion(other, tuple(likenesses(mine, _traits(other, names)))) for other in others]
    found = [one for one in found if one.alike and one.alike != (Likeness.NAME,)] + [
        one for one in found if one.alike == (Likeness.NAME,)
    ]
    return sorted(found, key=lambda one: list(Likeness).index(one.alike[0]))[:SUGGESTED]


async def _promising(db: AsyncSession, case: Case) -> list[ColumnElement[bool]]:
    """Cheap conditions that every likely duplicate fulfils one of."""
    # Of words as long as each other always the same: what is suggested must not change from one process to the next.
    rarest = sorted(traits_of(case.summary).words, key=lambda word: (-len(word), word))[:RAREST]
    conditions: list[ColumnElement[bool]] = [Case.id.is_(None)]
    if rarest:
        conditions.append(and_(*(Case.folded.contains(word, autoescape=True) for word in rarest)))
    if case.party.id_number_hash:
        conditions.append(Party.id_number_hash == case.party.id_number_hash)
    mine = (await _names(db, [case]))[case.party_id]
    if mine:
        every = [
            select(PartyWord.party_id).where(PartyWord.party_id == Case.party_id, PartyWord.word_hash == one).exists()
            for one in sorted(mine)
        ]
        conditions.append(and_(*every))
    return conditions


async def _names(db: AsyncSession, cases: Sequence[Case]) -> dict[str, frozenset[str]]:
    """The hashes of each party's name."""
    ids = {case.party_id for case in cases}
    found: dict[str, set[str]] = {party_id: set() for party_id in ids}
    for party_id, word_hash in await db.execute(
        select(PartyWord.party_id, PartyWord.word_hash).where(PartyWord.party_id.in_(ids))
    ):
        found[party_id].add(word_hash)
    return {party_id: frozenset(hashes) for party_id, hashes in found.items()}


def _traits(case: Case, names: dict[str, frozenset[str]]) -> Traits:
    return traits_of(f"{case.summary} {case.content}", names[case.party_id], case.party.id_number_hash)
