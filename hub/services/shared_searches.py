"""Searches that a unit shares: what was chosen from lists, found again by everybody of the unit in their own rights.

Words are never shared. A name of somebody who denounced would be read by all who see the list, and refusing just such a
name would tell that this person has denounced; so nothing that was typed goes along, nor the name under which a search
is kept. What others read is made from the choices.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub.auth import Action, Actor, Target, may
from hub.errors import BadInput, NotFound
from hub.i18n import N_
from hub.models import (
    Account,
    CaseState,
    CaseType,
    HearingState,
    OrgUnit,
    SearchKind,
    SharedSearch,
)
from hub.services import audit
from hub.services.search import Held, require_any

MOST = 50
"""Of a unit."""
WORDS = "q"
CHOSEN = ("kind", "type", "state", "unit", "from", "to", "due", "held", "officer")
_OF_LISTS: Mapping[str, frozenset[str]] = {
    "kind": frozenset(SearchKind),
    "type": frozenset(CaseType),
    "state": frozenset((*CaseState, *HearingState)),
    "due": frozenset({"overdue"}),
    "held": frozenset(Held),
}


@dataclass(frozen=True, slots=True)
class Shared:
    """``chosen`` by the filters' names; ``unit`` and ``officer`` are what the ids in it are called. ``removable``: the
    reader shared it, or heads the unit."""

    id: str
    query: str
    chosen: Mapping[str, str]
    unit: str
    officer: str
    by: str
    removable: bool


async def of_unit(db: AsyncSession, actor: Actor) -> list[Shared]:
    """Of the actor's own unit, the newest first."""
    wanted = select(SharedSearch).where(SharedSearch.unit_id == actor.unit_id)
    rows = list((await db.execute(wanted.order_by(SharedSearch.created_at.desc()))).unique().scalars())
    every = [dict(parse_qsl(row.query)) for row in rows]
    units = await _called(db, OrgUnit.id, OrgUnit.name, {one["unit"] for one in every if "unit" in one})
    people = await _called(db, Account.id, Account.full_name, {one["officer"] for one in every if "officer" in one})
    return [
        Shared(
            id=row.id,
            query=row.query,
            chosen=chosen,
            unit=units.get(chosen.get("unit", ""), ""),
            officer=people.get(chosen.get("officer", ""), ""),
            by=row.account.full_name,
            removable=_may_remove(actor, row, actor.unit_path),
        )
        for row, chosen in zip(rows, every, strict=True)
    ]


async def share(db: AsyncSession, actor: Actor, asked: Mapping[str, str]) -> SharedSearch:
    """With the actor's unit; what is shared already stays as it is. Raises ``BadInput`` for what holds words or chooses
    nothing, ``Forbidden`` for who may not search."""
    require_any(actor)
    query = await _canonical(db, asked)
    # One at a time of a unit, so that a form that is sent twice shares once.
    await db.execute(select(OrgUnit.id).where(OrgUnit.id == actor.unit_id).with_for_update())
    same = select(SharedSearch).where(SharedSearch.unit_id == actor.unit_id, SharedSearch.query == query)
    if (there := (await db.execute(same)).unique().scalar_one_or_none()) is not None:
        return there
    count = select(func.count()).select_from(SharedSearch).where(SharedSearch.unit_id == actor.unit_id)
    if (await db.execute(count)).scalar_one() >= MOST:
        raise BadInput(N_("Cơ quan đã chia sẻ %(most)d tìm kiếm. Hãy bỏ bớt."), most=MOST)
    row = SharedSearch(unit_id=actor.unit_id, account_id=actor.account_id, query=query)
    db.add(row)
    await db.flush()
    await audit.record(db, actor, "search_shared", "search", row.id, query=query)
    return row


async def withdraw(db: AsyncSession, actor: Actor, shared_id: str) -> None:
    """By who shared it or a head of the unit; copies that others made stay theirs. Raises ``NotFound``."""
    row = await db.get(SharedSearch, shared_id)
    unit = await db.get_one(OrgUnit, row.unit_id) if row else None
    if row is None or unit is None or not _may_remove(actor, row, unit.path):
        raise NotFound(N_("Không tìm thấy tìm kiếm được chia sẻ này."))
    await audit.record(db, actor, "search_withdrawn", "search", row.id, query=row.query)
    await db.delete(row)
    await db.flush()


def _may_remove(actor: Actor, row: SharedSearch, unit_path: str) -> bool:
    return row.account_id == actor.account_id or may(actor, Action.ASSIGN_CASE, Target(paths=(unit_path,)))


async def _canonical(db: AsyncSession, asked: Mapping[str, str]) -> str:
    """The choices alone, each one that there is, in one order. Days are ``2026-11-23``."""
    if asked.get(WORDS, "").strip():
        raise BadInput(
            N_(
                "Chỉ chia sẻ được điều kiện chọn từ danh sách. Từ đã gõ có thể nêu tên công dân hay người tố cáo, nên"
                " không chia sẻ. Hãy tìm lại không có từ rồi lưu và chia sẻ."
            )
        )
    chosen = {name: asked[name] for name in CHOSEN if asked.get(name)}
    for name, text in chosen.items():
        if not await _is_there(db, name, text):
            raise BadInput(N_("Một điều kiện của tìm kiếm này không còn. Hãy tìm lại rồi lưu."))
    if not set(chosen) - {"kind"}:
        raise BadInput(N_("Hãy chọn ít nhất một điều kiện rồi mới chia sẻ."))
    return urlencode(chosen)


async def _is_there(db: AsyncSession, name: str, text: str) -> bool:
    if name in _OF_LISTS:
        return text in _OF_LISTS[name]
    if name == "unit":
        return await db.get(OrgUnit, text) is not None
    if name == "officer":
        return await db.get(Account, text) is not None
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


async def _called(
    db: AsyncSession, key: InstrumentedAttribute[str], name: InstrumentedAttribute[str], ids: Collection[str]
) -> dict[str, str]:
    found = await db.execute(select(key, name).where(key.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in found}
