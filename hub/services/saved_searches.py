"""Searches that a person keeps under a name. What was typed may name a citizen: it is sealed, and nobody else's."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Actor
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.models import SavedSearch
from hub.services.identity import Vault
from hub.services.search import require_any
from hub.text import clean

NAME_MAX = 80
MOST = 30


@dataclass(frozen=True, slots=True)
class Saved:
    """``query`` is the address's query, as the page of results understands it."""

    id: str
    name: str
    query: str


async def mine(db: AsyncSession, vault: Vault, actor: Actor) -> list[Saved]:
    """By name."""
    wanted = select(SavedSearch).where(SavedSearch.account_id == actor.account_id)
    found = [_opened(vault, row) for row in (await db.execute(wanted)).scalars()]
    return sorted(found, key=lambda one: one.name.casefold())


async def save(db: AsyncSession, vault: Vault, actor: Actor, name: str, query: str) -> Saved:
    """Under a new name, or over the one that has this name. Raises ``BadInput``, ``Forbidden``."""
    require_any(actor)
    name = _named(name)
    if not query:
        raise _fault(N_("Hãy tìm trước rồi mới lưu."))
    kept = await mine(db, vault, actor)
    same = next((one for one in kept if one.name.casefold() == name.casefold()), None)
    if same is None and len(kept) >= MOST:
        raise _fault(N_("Bạn đã lưu %(most)d tìm kiếm. Hãy xóa bớt."), most=MOST)
    row = await _own(db, actor, same.id) if same else SavedSearch(account_id=actor.account_id, sealed=b"")
    db.add(row)
    await db.flush()
    _seal(vault, row, name, query)
    await db.flush()
    return Saved(row.id, name, query)


async def rename(db: AsyncSession, vault: Vault, actor: Actor, saved_id: str, name: str) -> Saved:
    """Raises ``BadInput`` for a name that is none or another's, ``NotFound`` for somebody else's."""
    row = await _own(db, actor, saved_id)
    name = _named(name)
    for other in await mine(db, vault, actor):
        if other.id != saved_id and other.name.casefold() == name.casefold():
            raise _fault(N_("Bạn đã có tìm kiếm mang tên này."))
    kept = _opened(vault, row)
    _seal(vault, row, name, kept.query)
    await db.flush()
    return Saved(row.id, name, kept.query)


async def forget(db: AsyncSession, actor: Actor, saved_id: str) -> None:
    """Raises ``NotFound``."""
    await db.delete(await _own(db, actor, saved_id))
    await db.flush()


async def query_of(db: AsyncSession, vault: Vault, actor: Actor, saved_id: str) -> str:
    """Raises ``NotFound`` for somebody else's."""
    return _opened(vault, await _own(db, actor, saved_id)).query


async def _own(db: AsyncSession, actor: Actor, saved_id: str) -> SavedSearch:
    row = await db.get(SavedSearch, saved_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFound(N_("Không tìm thấy tìm kiếm đã lưu này."))
    return row


def _seal(vault: Vault, row: SavedSearch, name: str, query: str) -> None:
    row.sealed = vault.seal_kept(row.id, json.dumps([name, query], ensure_ascii=False).encode())


def _opened(vault: Vault, row: SavedSearch) -> Saved:
    name, query = json.loads(vault.unseal_kept(row.id, row.sealed))
    return Saved(row.id, name, query)


def _named(name: str) -> str:
    name = clean(name)
    if not name or len(name) > NAME_MAX:
        raise _fault(N_("Hãy đặt tên, không quá %(longest)d ký tự."), longest=NAME_MAX)
    return name


def _fault(message: str, **parameters: int) -> BadInput:
    return BadInput(message, fields={"name": Text(message, dict(parameters))}, **parameters)
