"""The same questions as they were asked without an index of words: parts of words in folded text, pages by offset.

Kept to be measured beside ``hub.services.search`` and the lists; nothing else uses it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, lazyload

from hub.auth import Action, Actor, scopes
from hub.models import AuditEvent, Case, Hearing, OrgUnit, Party, PartyWord, Point, Seat
from hub.services import audit
from hub.services.identity import Vault
from hub.text import exact_words, words

PAGE = 20


async def cases(db: AsyncSession, vault: Vault, actor: Actor, text: str, kind: str, page: int) -> int:
    """How many rows the page has."""
    every = [or_(Case.folded.contains(w), _named(vault.word_hash(w))) for w in sorted(set(words(text)))]
    exactly = [or_(Case.lowered.contains(w), _named(vault.exact_word_hash(w))) for w in exact_words(text)]
    hit = case((_all(exactly), 1), else_=0) if exactly else case((Case.id.is_(None), 1), else_=0)
    wanted = (
        select(Case, hit.label("exactly"))
        .join(OrgUnit, OrgUnit.id == Case.unit_id)
        .join(Party, Party.id == Case.party_id)
        .where(audit.within(OrgUnit.path, scopes(actor, Action.READ_CASE)), *every)
        .options(lazyload("*"))
    )
    if kind:
        wanted = wanted.where(Case.type == kind)
    ranked = (hit.desc(),) if text else ()
    wanted = wanted.order_by(*ranked, Case.received_at.desc(), Case.id.desc()).limit(PAGE).offset(page * PAGE)
    return len((await db.execute(wanted)).all())


async def hearings(db: AsyncSession, actor: Actor, page: int) -> int:
    paths = scopes(actor, Action.READ_HEARING)
    holding, hosting = aliased(OrgUnit), aliased(OrgUnit)
    at_point = (
        select(Seat.hearing_id)
        .join(Point, Point.id == Seat.point_id)
        .join(hosting, hosting.id == Point.unit_id)
        .where(audit.within(hosting.path, paths))
    )
    mine = select(Seat.hearing_id).where(Seat.account_id == actor.account_id)
    wanted: Select[Any] = (
        select(Hearing.id)
        .join(holding, holding.id == Hearing.unit_id)
        .where(or_(audit.within(holding.path, paths), Hearing.id.in_(at_point), Hearing.id.in_(mine)))
    )
    wanted = wanted.order_by(Hearing.starts_at.desc(), Hearing.number.desc()).limit(50).offset(page * 50)
    return len((await db.execute(wanted)).all())


async def events(db: AsyncSession, actor: Actor, page: int) -> int:
    wanted = select(AuditEvent).where(audit.within(AuditEvent.unit_path, scopes(actor, Action.READ_AUDIT)))
    wanted = wanted.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(100).offset(page * 100)
    return len((await db.execute(wanted)).all())


def _named(word_hash: str) -> ColumnElement[bool]:
    return (
        select(PartyWord.party_id).where(PartyWord.party_id == Case.party_id, PartyWord.word_hash == word_hash).exists()
    )


def _all(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    found = conditions[0]
    for one in conditions[1:]:
        found = found & one
    return found
