"""What a citizen hands over, listed on a receipt (giấy biên nhận): pages, originals, copies."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub import cases as rules
from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, Conflict
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.models import Case, Receipt, ReceiptItem
from hub.services import audit, identity
from hub.services.case_access import get, require_here
from hub.services.counters import next_number
from hub.services.identity import Vault
from hub.text import clean

NAME_MAX = 200
ITEMS_MAX = 40
PAGES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """``originals`` and ``copies`` are numbers of documents of this name, ``pages`` the sheets of one of them."""

    name: str
    pages: int
    originals: int
    copies: int


async def make(
    db: AsyncSession, vault: Vault, actor: Actor, case_id: str, items: list[Item], receipt_id: str = ""
) -> Receipt:
    """Under the next number of the unit and year. Raises ``BadInput`` by field (``name_1`` …), ``Forbidden``.

    ``receipt_id`` was drawn with the form, so that sending it twice makes one.
    """
    case = await get(db, actor, case_id)
    require(actor, Action.EDIT_CASE, Target(paths=(case.unit.path,)))
    require_here(case)
    there = await db.get(Receipt, receipt_id) if receipt_id else None
    if there is not None:
        if (there.case_id, there.account_id) != (case.id, actor.account_id):
            raise Conflict(N_("Giấy biên nhận này vừa được lập. Hãy mở lại trang."))
        return there
    items = [Item(clean(one.name), one.pages, one.originals, one.copies) for one in items]
    await _check(db, vault, actor, case, items)
    today = calendar.local_day(utc_now())
    count = await next_number(db, f"receipt/{case.unit.code}/{today.year}")
    if receipt_id and await db.scalar(select(Receipt.id).where(Receipt.id == receipt_id)):
        raise Conflict(N_("Giấy biên nhận này vừa được lập. Hãy mở lại trang."))
    receipt = Receipt(
        id=receipt_id or new_id(),
        case_id=case.id,
        number=f"BN-{case.unit.code}-{today.year}-{count:06d}",
        day=today,
        account_id=actor.account_id,
        items=[
            ReceiptItem(position=row, name=one.name, pages=one.pages, originals=one.originals, copies=one.copies)
            for row, one in enumerate(items, 1)
        ],
    )
    db.add(receipt)
    await db.flush()
    await audit.record(
        db, actor, "receipt_made", "case", case.id, unit_path=case.unit.path, receipt_id=receipt.id, items=len(items)
    )
    return receipt


async def _check(db: AsyncSession, vault: Vault, actor: Actor, case: Case, items: list[Item]) -> None:
    faults = _faults(items)
    for row, one in enumerate(items, 1):
        if case.party.secret and await identity.case_reveals(db, vault, actor, case, one.name):
            faults[f"name_{row}"] = rules.secrecy_fault()
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)


async def of_case(db: AsyncSession, case: Case) -> list[Receipt]:
    """Of a case that the actor has been allowed to read, oldest first."""
    wanted = select(Receipt).where(Receipt.case_id == case.id).order_by(Receipt.created_at, Receipt.id)
    return list((await db.execute(wanted)).unique().scalars())


def _faults(items: list[Item]) -> dict[str, Text]:
    if not items:
        return {"name_1": Text(N_("Hãy ghi ít nhất một tài liệu đã nhận."))}
    if len(items) > ITEMS_MAX:
        return {"name_1": Text(N_("Một giấy biên nhận ghi nhiều nhất %(most)d tài liệu."), {"most": ITEMS_MAX})}
    found = {}
    for row, one in enumerate(items, 1):
        if not one.name:
            found[f"name_{row}"] = Text(N_("Hãy ghi tên tài liệu."))
        elif len(one.name) > NAME_MAX:
            found[f"name_{row}"] = Text(N_("Dài quá %(longest)d ký tự."), {"longest": NAME_MAX})
        if not 1 <= one.pages <= PAGES_MAX:
            found[f"pages_{row}"] = Text(N_("Số tờ từ 1 đến %(most)d."), {"most": PAGES_MAX})
        if min(one.originals, one.copies) < 0 or not 1 <= one.originals + one.copies <= PAGES_MAX:
            found[f"originals_{row}"] = Text(N_("Hãy ghi có mấy bản chính, mấy bản sao."))
    return found
