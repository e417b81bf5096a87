"""Writing the register: an entry for every reception, corrections as entries of their own, closing a year.

The book's row is locked while an entry is written, in the transaction that keeps the reception: numbers have no gaps,
none comes twice, and a transaction that is undone gives its number back. Each entry is hashed together with the one
before it, the book's row knows count and last hash, and the audit trail knows every number.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub import manifest as canonical_form
from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import Case, CaseType, OrgUnit, Party, RegisterBook, RegisterEntry, Visit
from hub.register import CORRECTION_FIELDS, TEXT_MAX, Outcome, outcome_of
from hub.services import audit, case_course, identity
from hub.services.identity import Vault
from hub.text import clean_block

_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")
CHUNK = 500
"""Entries read at once."""


async def enter(db: AsyncSession, actor: Actor, visit: Visit, settled_by: str = "") -> RegisterEntry:
    """Write a reception down, in the transaction that keeps it. Nobody's identity is opened: it is copied sealed."""
    texts = {
        "content": visit.case.summary if visit.case else "",
        "requested": visit.requested[:TEXT_MAX],
        "settled_by": settled_by,
        "advised": "" if visit.case else visit.advised[:TEXT_MAX],
        "note": _note_of(visit),
        "reason": "",
    }
    entry = RegisterEntry(
        unit=visit.unit,
        day=visit.day,
        visit_id=visit.id,
        case=visit.case,
        case_type=CaseType(visit.case.type) if visit.case else None,
        people_count=visit.people_count,
        first=visit.first,
    )
    return await _append(db, actor, entry, visit.party, texts)


async def correct(
    db: AsyncSession, vault: Vault, actor: Actor, entry_id: str, texts: dict[str, str], reason: str
) -> RegisterEntry:
    """A new entry that names the one it corrects; that one stays as it is. Who came is taken as known now.

    Raises ``BadInput`` by field, ``Conflict`` (corrected already), ``Forbidden``, ``NotFound``.
    """
    wrong = await get(db, actor, entry_id)
    require(actor, Action.REGISTER_CASE, Target(paths=(wrong.unit.path,)))
    written = {name: clean_block(texts.get(name, "")) for name in CORRECTION_FIELDS} | {"reason": clean_block(reason)}
    await _check(db, vault, actor, wrong, written)
    written["advised"] = wrong.texts.get("advised", "")
    await _lock(db, wrong.unit_id, wrong.year)
    again = select(RegisterEntry.number).where(
        RegisterEntry.unit_id == wrong.unit_id,
        RegisterEntry.visit_id == wrong.visit_id,
        RegisterEntry.corrects == wrong.number,
    )
    if (number := await db.scalar(again)) is not None:
        raise Conflict(N_("Mục này đã được sửa ở mục số %(number)s. Hãy sửa mục đó."), number=number)
    entry = RegisterEntry(
        unit=wrong.unit,
        day=wrong.day,
        visit_id=wrong.visit_id,
        case=wrong.case,
        case_type=CaseType(wrong.case.type) if wrong.case else None,
        people_count=wrong.people_count,
        first=wrong.first,
        corrects=wrong.number,
    )
    return await _append(db, actor, entry, wrong.party, written)


async def get(db: AsyncSession, actor: Actor, entry_id: str) -> RegisterEntry:
    """Raises ``NotFound``, ``Forbidden``."""
    found = await db.get(RegisterEntry, entry_id)
    if found is None:
        raise NotFound(N_("Không tìm thấy mục này trong sổ."))
    require(actor, Action.READ_REGISTER, Target(paths=(found.unit.path,)))
    return found


async def settled_before(db: AsyncSession, case_id: str) -> str:
    """Who is said to have settled the matter before, in the latest entry that says it."""
    wanted = select(RegisterEntry.texts).where(RegisterEntry.case_id == case_id)
    latest = await db.scalars(wanted.order_by(RegisterEntry.at.desc()))
    return next((str(texts["settled_by"]) for texts in latest if texts and texts.get("settled_by")), "")


async def close_year(db: AsyncSession, actor: Actor, unit_id: str, year: int) -> RegisterBook:
    """Freeze handling and results as they stand; from then on the book takes no entry. Raises ``Conflict``."""
    unit = await db.get(OrgUnit, unit_id)
    if unit is None:
        raise NotFound(N_("Không tìm thấy cơ quan này."))
    require(actor, Action.CLOSE_REGISTER, Target(paths=(unit.path,)))
    if year >= calendar.local_day(utc_now()).year:
        raise Conflict(N_("Chỉ khóa được sổ của năm đã qua."))
    book = await _lock(db, unit_id, year)
    if book.closed_at is not None:
        raise Conflict(N_("Sổ năm này đã khóa."))
    book.outcomes_sha256 = await _freeze(db, unit_id, year)
    book.closed_at, book.closed_by = utc_now(), actor.account_id
    await db.flush()
    await audit.record(
        db,
        actor,
        "register_closed",
        "unit",
        unit_id,
        unit_path=unit.path,
        year=year,
        count=book.count,
        outcomes=book.outcomes_sha256,
    )
    return book


async def erase(db: AsyncSession, case: Case) -> None:
    """What the register says about a case that may not be here; numbers, days and checksums stay, the chain holds."""
    await db.execute(update(RegisterEntry).where(RegisterEntry.case_id == case.id).values(sealed_who=None, texts={}))


async def _freeze(db: AsyncSession, unit_id: str, year: int) -> str:
    value, last = "", 0
    wanted = select(RegisterEntry).where(RegisterEntry.unit_id == unit_id, RegisterEntry.year == year)
    while True:
        some = wanted.where(RegisterEntry.number > last).order_by(RegisterEntry.number).limit(CHUNK)
        entries = list((await db.execute(some)).unique().scalars())
        if not entries:
            return value
        outcomes = await outcomes_of(db, entries)
        for entry in entries:
            entry.outcome = asdict(outcomes[entry.id])
            value = frozen_hash(value, entry)
        last = entries[-1].number
        await db.flush()


async def outcomes_of(db: AsyncSession, entries: list[RegisterEntry]) -> dict[str, Outcome]:
    """By entry: frozen where the year is closed, else from the case as it stands."""
    cases = {one.case.id: one.case for one in entries if one.case is not None and one.outcome is None}
    events = await case_course.events_of(db, list(cases)) if cases else {}
    derived = {case_id: outcome_of(case_course.happened(case, events[case_id])) for case_id, case in cases.items()}
    return {
        one.id: Outcome(**one.outcome) if one.outcome is not None else derived.get(one.case_id or "", Outcome())
        for one in entries
    }


async def _append(
    db: AsyncSession, actor: Actor, entry: RegisterEntry, party: Party | None, texts: dict[str, str]
) -> RegisterEntry:
    book = await _open_book(db, entry.unit.id, entry.day.year)
    book.count += 1
    entry.year, entry.number, entry.at = book.year, book.count, utc_now()
    entry.account_id, entry.officer = actor.account_id, actor.name
    entry.party, entry.pseudonym = party, party.pseudonym if party else ""
    entry.sealed_who = party.sealed_identity if party and not party.secret else None
    entry.who_sha256 = hashlib.sha256(entry.sealed_who).hexdigest() if entry.sealed_who else ""
    entry.texts = {**texts, "salt": secrets.token_hex(16)}
    entry.texts_sha256 = text_hash(entry.texts)
    entry.unit_id, entry.case_id = entry.unit.id, entry.case.id if entry.case else None
    entry.party_id = party.id if party else None
    entry.sha256 = book.sha256 = entry_hash(book.sha256, entry)
    db.add(entry)
    await db.flush()
    path = entry.unit.path
    await audit.record(
        db, actor, "register_entered", "unit", entry.unit_id, unit_path=path, year=entry.year, number=entry.number
    )
    return entry


async def _open_book(db: AsyncSession, unit_id: str, year: int) -> RegisterBook:
    """Of that year, or when it is closed of the present one: what is late is entered where it was written."""
    book = await _lock(db, unit_id, year)
    this_year = calendar.local_day(utc_now()).year
    return book if book.closed_at is None else await _lock(db, unit_id, this_year)


async def _lock(db: AsyncSession, unit_id: str, year: int) -> RegisterBook:
    """The book's row until the transaction ends, made now when there is none."""
    dialect: Any = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    empty = dialect.insert(RegisterBook).values(unit_id=unit_id, year=year, count=0, sha256="", outcomes_sha256="")
    await db.execute(empty.on_conflict_do_nothing())
    wanted = select(RegisterBook).where(RegisterBook.unit_id == unit_id, RegisterBook.year == year).with_for_update()
    book: RegisterBook = (await db.execute(wanted.execution_options(populate_existing=True))).scalar_one()
    return book


async def _check(db: AsyncSession, vault: Vault, actor: Actor, wrong: RegisterEntry, texts: dict[str, str]) -> None:
    faults = {
        name: Text(N_("Dài quá %(longest)d ký tự."), {"longest": TEXT_MAX})
        for name, text in texts.items()
        if len(text) > TEXT_MAX
    }
    if not texts["reason"]:
        faults["reason"] = Text(N_("Hãy ghi lý do sửa."))
    if faults:
        raise BadInput(_CHECK, fields=faults)
    for name, text in texts.items():
        if text and wrong.case is not None:
            await identity.require_discreet(db, vault, actor, [wrong.case], text, field=name)


def _note_of(visit: Visit) -> str:
    if visit.refusal_ground is None:
        return "Trực tuyến" if visit.hearing_id else ""
    return f"Từ chối tiếp: Điều {visit.refusal_ground.replace('.', ' khoản ')} Luật Tiếp công dân"


def text_hash(texts: dict[str, Any]) -> str:
    """With its salt: without it nobody can try names until the checksum fits."""
    return hashlib.sha256(canonical_form.canonical(texts)).hexdigest()


def entry_hash(before: str, entry: RegisterEntry) -> str:
    facts = {
        "unit": entry.unit_id,
        "year": entry.year,
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "account": entry.account_id,
        "officer": entry.officer,
        "day": entry.day.isoformat(),
        "visit": entry.visit_id,
        "corrects": entry.corrects,
        "case": entry.case_id,
        "type": entry.case_type,
        "party": entry.party_id,
        "pseudonym": entry.pseudonym,
        "people": entry.people_count,
        "first": entry.first,
        "who": entry.who_sha256,
        "texts": entry.texts_sha256,
    }
    return hashlib.sha256(before.encode() + canonical_form.canonical(facts)).hexdigest()


def frozen_hash(before: str, entry: RegisterEntry) -> str:
    frozen = {"number": entry.number, "outcome": entry.outcome}
    return hashlib.sha256(before.encode() + canonical_form.canonical(frozen)).hexdigest()
