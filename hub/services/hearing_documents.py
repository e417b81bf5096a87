"""Papers of a hearing: its minutes, their annexes, its conclusions; numbered, with a QR code, kept for good.

Each sets out one frozen or sealed text and carries its hash: a version of the minutes, an annex, an issued conclusion.
What ``documents`` does for papers of cases – PDF, signature, opening, scans – it does for these.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar
from hub.auth import Action, Actor, require
from hub.config import Config
from hub.db import Database
from hub.errors import Conflict, NotFound
from hub.form_registry import Edition, registry
from hub.forms import hearing as forms
from hub.forms.hearing import Around, Said
from hub.i18n import N_
from hub.ids import new_id, utc_now
from hub.models import (
    Account,
    CaseType,
    Conclusion,
    ConclusionState,
    Document,
    Hearing,
    MinutesAnnex,
    MinutesState,
    MinutesVersion,
)
from hub.papers import Paper
from hub.services import conclusions, documents, minutes, minutes_reading, paper_styles
from hub.services.documents import MadeMeanwhile
from hub.services.identity import Vault
from hub.services.store import ObjectStore


@dataclass(frozen=True, slots=True)
class _Made:
    """A paper before it has its number. ``counted``: it gets one of its own; an annex goes by its minutes'."""

    hearing: Hearing
    source_id: str
    edition: Edition
    paper: Paper
    number: str
    counted: bool = True


class Papers:
    """Makes them. Each is made once: asked for again, the same comes back. Raises as ``documents.make``."""

    def __init__(self, database: Database, store: ObjectStore, vault: Vault, config: Config) -> None:
        self._database, self._store, self._vault, self._config = database, store, vault, config

    async def of_minutes(self, actor: Actor, hearing_id: str) -> Document:
        """Of the last frozen version. Raises ``Conflict`` while the minutes are being written."""
        async with self._database.reading() as db:
            version = await _version(db, actor, hearing_id)
        return await self._make(actor, version.id, _of_minutes, version)

    async def of_annex(self, actor: Actor, annex_id: str) -> Document:
        """With the minutes' own paper, whose number it names."""
        async with self._database.reading() as db:
            annex = await db.get(MinutesAnnex, annex_id)
            if annex is None:
                raise NotFound(N_("Không tìm thấy phụ lục."))
        await self.of_minutes(actor, annex.hearing_id)
        return await self._make(actor, annex.id, _of_annex, annex)

    async def of_conclusion(self, actor: Actor, conclusion_id: str) -> Document:
        """Raises ``Conflict`` for a draft."""
        async with self._database.reading() as db:
            found = (await conclusions.get(db, actor, conclusion_id)).conclusion
        return await self._make(actor, found.id, _of_conclusion, found)

    async def _make(self, actor: Actor, source_id: str, compose: Any, source: Any) -> Document:
        with suppress(MadeMeanwhile):
            async with self._database.transaction() as db:
                if await of_source(db, source_id) is None:
                    await self._number(db, actor, await compose(db, actor, source))
        async with self._database.reading() as db:
            row = await of_source(db, source_id)
        assert row is not None
        return await documents.finish(self._database, self._store, self._vault, self._config, actor, row.id)

    async def _number(self, db: AsyncSession, actor: Actor, made: _Made) -> None:
        unit, day, counter, number = made.hearing.unit, made.paper.day, None, made.number
        if made.counted:
            counter, number = await documents.counted(db, unit, made.edition, day)
        if await of_source(db, made.source_id) is not None:
            raise MadeMeanwhile
        token, url = documents.verify_address(self._config)
        paper = replace(made.paper, verify_url=url, number=number if made.counted else "")
        row = Document(
            id=new_id(),
            hearing_id=made.hearing.id,
            source_id=made.source_id,
            text_sha256=paper.text_sha256,
            unit=unit,
            form_code=made.edition.code,
            edition=made.edition.valid_from,
            year=day.year,
            counter=counter,
            number=number,
            day=day,
            named=False,
            token=token,
            sealed=True,  # what people said at a hearing may name anybody: always under the vault's keys
            created_by=actor.account_id,
            scans=[],
        )
        await documents.keep(db, self._vault, actor, row, paper)


async def of_source(db: AsyncSession, source_id: str) -> Document | None:
    wanted = select(Document).where(Document.source_id == source_id)
    found: Document | None = (await db.execute(wanted)).unique().scalar_one_or_none()
    return found


async def of_sources(db: AsyncSession, source_ids: Collection[str]) -> dict[str, Document]:
    """By what they set out. Whoever shows them has asked whether that may be read."""
    rows = (await db.execute(select(Document).where(Document.source_id.in_(source_ids)))).unique().scalars()
    return {row.source_id: row for row in rows if row.source_id}


async def _version(db: AsyncSession, actor: Actor, hearing_id: str) -> MinutesVersion:
    hearing = await minutes.writable(db, actor, hearing_id)
    found = await minutes.get(db, hearing_id)
    read = await minutes_reading.reading(db, actor, hearing_id)
    if found is None or read is None or found.state == MinutesState.WRITING:
        raise Conflict(N_("Hãy chốt biên bản để đọc lại trước khi lập văn bản."))
    assert hearing.opened_at is not None
    return read.version


async def _of_minutes(db: AsyncSession, actor: Actor, version: MinutesVersion) -> _Made:
    hearing = await minutes.writable(db, actor, version.hearing_id)
    last = {one.seat_id: one for one in await minutes_reading.answers(db, version.id)}
    answers = {seat: Said(position=str(one.position), words=one.words, officer=one.who) for seat, one in last.items()}
    edition, around = await _around(db, hearing, forms.MINUTES, version.sha256)
    paper = forms.minutes_paper(version.body, answers, around)
    return _Made(hearing, version.id, edition, paper, "")


async def _of_annex(db: AsyncSession, actor: Actor, annex: MinutesAnnex) -> _Made:
    hearing = await minutes.writable(db, actor, annex.hearing_id)
    version = await _version(db, actor, hearing.id)
    main = await of_source(db, version.id)
    assert main is not None
    edition, around = await _around(db, hearing, forms.MINUTES, annex.sha256)
    paper = forms.annex_paper(annex.number, annex.text, version.body, main.number, around)
    return _Made(hearing, annex.id, edition, paper, f"{main.number}-PL{annex.number}", counted=False)


async def _of_conclusion(db: AsyncSession, actor: Actor, found: Conclusion) -> _Made:
    shown = await conclusions.get(db, actor, found.id)
    require(actor, Action.WRITE_CONCLUSION, minutes.target(actor, shown.hearing))
    if found.state != ConclusionState.ISSUED:
        raise Conflict(N_("Thông báo kết luận chưa ban hành nên chưa lập được văn bản."))
    signer = await db.get_one(Account, found.issued_by)
    # Of a denunciation the notice goes to people who may not know what it is about.
    open_case = shown.case if shown.case and shown.case.type != CaseType.DENUNCIATION else None
    edition, around = await _around(db, shown.hearing, forms.CONCLUSION, found.sha256)
    subject = open_case.summary if open_case else ""
    paper = forms.conclusion_paper(json.loads(found.document), subject, signer.title, around)
    return _Made(shown.hearing, found.id, edition, paper, "")


async def _around(db: AsyncSession, hearing: Hearing, code: str, sha256: str) -> tuple[Edition, Around]:
    """The edition of the hearing's day; the paper carries the day on which it is made."""
    today: date = calendar.local_day(utc_now())
    held = calendar.local_day(hearing.opened_at) if hearing.opened_at else today
    edition = registry().edition(code, held)
    return edition, Around(
        agency=hearing.unit.name,
        style=await paper_styles.of(db, hearing.unit),
        day=today,
        number="",
        text_sha256=sha256,
        form_note=edition.printed_note,
    )
