"""Whether the registers are what was written: hashes, chain, its end, and what the audit trail knows of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.models import AuditEvent, CaseState, RegisterBook, RegisterEntry
from hub.services import register


@dataclass(frozen=True, slots=True)
class Break:
    """``kind``: ``altered``, ``missing``, ``extra`` or ``outcome`` (what was frozen has been changed)."""

    unit_id: str
    year: int
    number: int
    kind: str


async def breaks(db: AsyncSession) -> tuple[int, list[Break]]:
    """How many entries were read, and what is wrong; every book."""
    count = 0
    found: list[Break] = []
    numbers = await _told(db)
    for book in list(await db.scalars(select(RegisterBook).order_by(RegisterBook.unit_id, RegisterBook.year))):
        entries, faults = await _of_book(db, book, numbers.pop((book.unit_id, book.year), set()))
        count, found = count + entries, [*found, *faults]
    # A whole book may have been taken out; the trail still knows its numbers.
    found += [Break(unit_id, year, max(told), "missing") for (unit_id, year), told in numbers.items()]
    return count, found


async def _of_book(db: AsyncSession, book: RegisterBook, told: set[int]) -> tuple[int, list[Break]]:
    found: list[Break] = []
    value, frozen, expected = "", "", 0

    def note(number: int, kind: str) -> None:
        found.append(Break(book.unit_id, book.year, number, kind))

    wanted = select(RegisterEntry).where(RegisterEntry.unit_id == book.unit_id, RegisterEntry.year == book.year)
    while True:
        some = wanted.where(RegisterEntry.number > expected).order_by(RegisterEntry.number).limit(register.CHUNK)
        entries = list((await db.execute(some)).unique().scalars())
        for entry in entries:
            for missing in range(expected + 1, entry.number):
                note(missing, "missing")
            if entry.sha256 != register.entry_hash(value, entry) or not _whole(entry):
                note(entry.number, "altered")
            value, expected = entry.sha256, entry.number
            frozen = register.frozen_hash(frozen, entry)
            told.discard(entry.number)
        if not entries:
            break
    for number in range(expected + 1, book.count + 1):
        note(number, "missing")
    if expected > book.count:
        note(book.count + 1, "extra")
    elif expected == book.count and value != book.sha256 and not found:
        note(expected, "altered")
    found += [Break(book.unit_id, book.year, number, "missing") for number in sorted(told) if number > book.count]
    if book.closed_at is not None and frozen != book.outcomes_sha256 and not found:
        note(expected, "outcome")
    return expected, found


def _whole(entry: RegisterEntry) -> bool:
    """Texts and identity fit their checksums, or were taken away because the case became a denunciation or may not be
    here."""
    denounced = entry.party is not None and entry.party.secret
    erased = entry.case is not None and entry.case.state == CaseState.STATE_SECRET
    if (denounced or erased) and not entry.texts and entry.sealed_who is None:
        return True
    who = hashlib.sha256(entry.sealed_who).hexdigest() if entry.sealed_who else ""
    return who == entry.who_sha256 and register.text_hash(entry.texts) == entry.texts_sha256


async def _told(db: AsyncSession) -> dict[tuple[str, int], set[int]]:
    """The numbers that the audit trail knows, by unit and year."""
    found: dict[tuple[str, int], set[int]] = {}
    wanted = select(AuditEvent.object_id, AuditEvent.detail).where(AuditEvent.action == "register_entered")
    for unit_id, detail in (await db.execute(wanted)).all():
        found.setdefault((unit_id, int(detail["year"])), set()).add(int(detail["number"]))
    return found
