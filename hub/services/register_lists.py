"""Reading the register: what each reader may see of it, in pages and as a whole for print and workbook; every reading
of names is logged, and every export."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, require
from hub.db import Database
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.models import CaseType, OrgUnit, RegisterBook, RegisterEntry
from hub.register import Line, Outcome, classification
from hub.services import audit, identity, register
from hub.services.identity import Identity, Vault

WITHHELD = "(Nội dung ghi khi đó không còn ở đây: vụ việc đã chuyển thành tố cáo hoặc không được đưa vào hệ thống.)"
REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One book's entries; ``first_day`` and ``last_day`` are days of reception, both included."""

    unit_id: str
    year: int
    first_day: date | None = None
    last_day: date | None = None
    type: CaseType | None = None


@dataclass(frozen=True, slots=True)
class Page:
    unit: OrgUnit
    book: RegisterBook | None
    lines: list[Line]
    more: bool


async def page(db: AsyncSession, vault: Vault, actor: Actor, query: Query, *, limit: int, offset: int) -> Page:
    """The latest entries first; ID numbers masked. Raises ``Forbidden``, ``NotFound``."""
    unit = await _unit(db, actor, query.unit_id)
    wanted = _wanted(query).order_by(RegisterEntry.number.desc()).limit(limit + 1).offset(offset)
    entries = list((await db.execute(wanted)).unique().scalars())
    known = await identity.of_entries(db, vault, actor, unit, entries[:limit], "register_read", "")
    lines = await _lines(db, entries[:limit], known, full=False)
    return Page(unit, await db.get(RegisterBook, (query.unit_id, query.year)), lines, len(entries) > limit)


async def one(db: AsyncSession, vault: Vault, actor: Actor, entry_id: str) -> tuple[RegisterEntry, Line]:
    """Raises ``NotFound``, ``Forbidden``."""
    entry = await register.get(db, actor, entry_id)
    known = await identity.of_entries(db, vault, actor, entry.unit, [entry], "register_read", "")
    return entry, (await _lines(db, [entry], known, full=False))[0]


async def years(db: AsyncSession, unit_id: str) -> list[int]:
    wanted = select(RegisterBook.year).where(RegisterBook.unit_id == unit_id).order_by(RegisterBook.year.desc())
    return list(await db.scalars(wanted))


async def start_export(
    database: Database, actor: Actor, query: Query, *, kind: str, reason: str, full: bool
) -> OrgUnit:
    """Permission and the log, before the first line is read. ``full``: ID numbers unmasked, which needs a reason.

    Raises ``BadInput``, ``Forbidden``, ``NotFound``.
    """
    reason = " ".join(reason.split())
    async with database.transaction() as db:
        unit = await _unit(db, actor, query.unit_id)
        if full:
            require(actor, Action.READ_IDENTITY, Target(paths=(unit.path,)))
        if full and not reason:
            text = Text(N_("Hãy ghi lý do cần số giấy tờ đầy đủ."))
            raise BadInput(text.message, fields={"reason": text})
        if len(reason) > REASON_MAX:
            text = Text(N_("Dài quá %(longest)d ký tự."), {"longest": REASON_MAX})
            raise BadInput(text.message, fields={"reason": text}, longest=REASON_MAX)
        await audit.record(
            db,
            actor,
            "register_exported",
            "unit",
            unit.id,
            reason,
            unit_path=unit.path,
            format=kind,
            year=query.year,
            first_day=query.first_day.isoformat() if query.first_day else "",
            last_day=query.last_day.isoformat() if query.last_day else "",
            type=query.type or "",
            full_id_numbers=full,
        )
    return unit


async def stream(
    database: Database, vault: Vault, actor: Actor, query: Query, *, full: bool, reason: str = ""
) -> AsyncGenerator[list[Line], None]:
    """All lines in the order of the book, some hundred at a time, each in a short transaction of its own."""
    last = 0
    while True:
        async with database.transaction() as db:
            unit = await _unit(db, actor, query.unit_id)
            wanted = _wanted(query).where(RegisterEntry.number > last).order_by(RegisterEntry.number)
            entries = list((await db.execute(wanted.limit(register.CHUNK))).unique().scalars())
            known = await identity.of_entries(db, vault, actor, unit, entries, "register_opened", reason)
            lines = await _lines(db, entries, known, full=full)
        if not entries:
            return
        last = entries[-1].number
        yield lines


async def _unit(db: AsyncSession, actor: Actor, unit_id: str) -> OrgUnit:
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không tìm thấy cơ quan này."))
    require(actor, Action.READ_REGISTER, Target(paths=(unit.path,)))
    return unit


def _wanted(query: Query) -> Select[RegisterEntry]:
    wanted = select(RegisterEntry).where(RegisterEntry.unit_id == query.unit_id, RegisterEntry.year == query.year)
    if query.first_day:
        wanted = wanted.where(RegisterEntry.day >= query.first_day)
    if query.last_day:
        wanted = wanted.where(RegisterEntry.day <= query.last_day)
    if query.type:
        wanted = wanted.where(RegisterEntry.case_type == query.type)
    return wanted


async def _lines(
    db: AsyncSession, entries: list[RegisterEntry], known: dict[str, Identity], *, full: bool
) -> list[Line]:
    outcomes = await register.outcomes_of(db, entries)
    corrections = await _corrections(db, entries)
    lines = []
    for entry in entries:
        party, who = entry.party, known.get(entry.id)
        texts = entry.texts or {"content": WITHHELD}
        lines.append(
            Line(
                entry_id=entry.id,
                number=entry.number,
                year=entry.year,
                day=entry.day,
                who=who.name if who else party.pseudonym if party else "Không cho biết họ tên",
                address=who.address if who else "",
                id_number=(who.id_number if full else who.masked_id_number) if who else "",
                content=texts.get("content", ""),
                requested=texts.get("requested", ""),
                classification=classification(
                    CaseType(entry.case_type) if entry.case_type else None, entry.people_count, first=entry.first
                ),
                settled_by=texts.get("settled_by", ""),
                outcome=_with_advice(outcomes[entry.id], texts),
                note=texts.get("note", ""),
                corrects=entry.corrects,
                corrected_by=corrections.get(entry.number, ()),
                reason=texts.get("reason", ""),
                secret=bool(party and party.secret),
                case_id=entry.case_id or "",
                case_number=entry.case.number if entry.case else "",
                officer=entry.officer,
            )
        )
    return lines


def _with_advice(outcome: Outcome, texts: dict[str, Any]) -> Outcome:
    """Column 9 of who came without a case: what they were told."""
    advised = str(texts.get("advised", ""))
    return replace(outcome, guided=advised) if advised and not outcome.guided else outcome


async def _corrections(db: AsyncSession, entries: list[RegisterEntry]) -> dict[int, tuple[int, ...]]:
    """By number: the numbers of the entries that correct it."""
    if not entries:
        return {}
    wanted = select(RegisterEntry.corrects, RegisterEntry.number).where(
        RegisterEntry.unit_id == entries[0].unit_id,
        RegisterEntry.visit_id.in_([entry.visit_id for entry in entries]),
        RegisterEntry.corrects.is_not(None),
    )
    found: dict[int, tuple[int, ...]] = {}
    for corrected, number in (await db.execute(wanted.order_by(RegisterEntry.number))).all():
        if corrected is not None:
            found[corrected] = (*found.get(corrected, ()), number)
    return found
