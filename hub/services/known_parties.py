"""Somebody who was here before: found by the whole ID number or the full name, so that nobody is typed twice.

Only where the officer may read identities, and never a denouncer, who is in no index. Each one that is shown is opened
under the audit trail like any other identity.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import cases as rules
from hub.auth import Action, Actor, Target, may, require, scopes
from hub.models import Case, OrgUnit, Party, PartyKind, PartyWord, Visit
from hub.services import audit, identity
from hub.services.identity import Identity, Vault
from hub.text import words

SHOWN = 5
LOOKED_AT = 40
NAME_WORDS = 2
"""A single word is no name; it would open half the village."""


@dataclass(frozen=True, slots=True)
class KnownParty:
    """``identity`` as it was typed last; ``cases`` those that the officer may read, the newest first."""

    party_id: str
    kind: PartyKind
    identity: Identity
    cases: tuple[Case, ...]


async def find(
    db: AsyncSession, vault: Vault, actor: Actor, *, id_number: str = "", name: str = ""
) -> list[KnownParty]:
    """At most five people. Raises ``Forbidden`` for who registers nothing. The transaction must write."""
    require(actor, Action.REGISTER_CASE, Target(paths=tuple(scopes(actor, Action.REGISTER_CASE))))
    alike = _alike(vault, rules.compact(id_number).upper(), name)
    if alike is None:
        return []
    found: dict[str, list[Case | Visit]] = {}
    for about in await _recent(db, actor, alike):
        assert about.party is not None
        found.setdefault(about.party.id_number_hash or about.party.id, []).append(about)
    return [await _known(db, vault, actor, group) for group in list(found.values())[:SHOWN]]


async def recall(db: AsyncSession, vault: Vault, actor: Actor, party_id: str) -> Identity | None:
    """The identity of a party that ``find`` has shown. None: gone, not for this officer, or a denouncer by now."""
    for about in await _recent(db, actor, Party.id == party_id):
        return await identity.recognise(db, vault, actor, about)
    return None


def _alike(vault: Vault, id_number: str, name: str) -> ColumnElement[bool] | None:
    if len(id_number) >= 7:
        return Party.id_number_hash == vault.number_hash(id_number)
    spoken = set(words(name))
    if id_number or len(spoken) < NAME_WORDS:
        return None
    return and_(
        *(
            select(PartyWord.party_id)
            .where(PartyWord.party_id == Party.id, PartyWord.word_hash == vault.word_hash(word))
            .exists()
            for word in sorted(spoken)
        )
    )


async def _recent(db: AsyncSession, actor: Actor, alike: ColumnElement[bool]) -> list[Case | Visit]:
    here = audit.within(OrgUnit.path, scopes(actor, Action.READ_IDENTITY))
    about_cases = (
        select(Case)
        .join(Party, Party.id == Case.party_id)
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
        .where(alike, Party.secret.is_(False), here)
        .order_by(Case.received_at.desc())
    )
    about_visits = (
        select(Visit)
        .join(Party, Party.id == Visit.party_id)
        .join(OrgUnit, OrgUnit.id == Visit.unit_id)
        .where(alike, Party.secret.is_(False), here, Visit.case_id.is_(None))
        .order_by(Visit.at.desc())
    )
    cases = (await db.execute(about_cases.limit(LOOKED_AT))).unique().scalars().all()
    visits = (await db.execute(about_visits.limit(LOOKED_AT))).unique().scalars().all()
    return [*cases, *visits]


async def _known(db: AsyncSession, vault: Vault, actor: Actor, group: list[Case | Visit]) -> KnownParty:
    newest = group[0]
    assert newest.party is not None
    who = await identity.recognise(db, vault, actor, newest)
    cases = [one for one in group if isinstance(one, Case)]
    readable = [one for one in cases if may(actor, Action.READ_CASE, Target(paths=(one.unit.path,)))]
    return KnownParty(newest.party.id, PartyKind(newest.party.kind), who, tuple(readable))
