"""Papers made from cases and visits: preview, make, list, open. Numbered without gaps per unit and year, kept for good.

The number is given out in the transaction that writes the row; the PDF is set and stored after it, outside of any
transaction. A paper that was cut off between the two is finished by ``finish`` with the same number and text.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import forms, net, papers, pdf, seals, signing_keys, word
from hub import manifest as canonical_form
from hub.auth import Action, Actor, Target, require
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, NotFound
from hub.form_registry import Edition
from hub.i18n import N_, Text
from hub.models import Case, Document, OrgUnit
from hub.papers import Paper
from hub.services import audit, hearing_document_access, identity, transfer_items, visits
from hub.services.case_access import get as get_case
from hub.services.counters import next_number
from hub.services.form_facts import About, Draft, draft, with_identity
from hub.services.identity import Vault
from hub.services.sealed_objects import key_for, put, read_paper, read_whole, sealed_text
from hub.services.store import ObjectStore

FORMAT = "citizen-reception-hub/document/1"
FOLDER = "documents/"
WATERMARK = "BẢN XEM TRƯỚC"
_CHECK = N_("Một số mục chưa đúng. Hãy xem lại.")
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person filled in. ``named``: the paper is to carry who came."""

    code: str
    typed: dict[str, str]
    named: bool
    about: About


@dataclass(frozen=True, slots=True)
class OpenedFile:
    file_name: str
    media_type: str
    data: bytes


async def preview(database: Database, vault: Vault, actor: Actor, wanted: Wanted) -> list[bytes]:
    """The paper's pages as PNG, without a number. Raises as ``make``."""
    async with database.transaction() as db:
        found, typed = await _checked(db, vault, actor, wanted, looking=True)
        paper = _compose(found, typed, number="......", day=found.facts.today, watermark=WATERMARK)
    return await pdf.pictures(paper)


async def make(
    database: Database,
    store: ObjectStore,
    vault: Vault,
    config: Config,
    actor: Actor,
    document_id: str,
    wanted: Wanted,
) -> Document:
    """Make it under the next number. ``document_id`` was drawn with the form, so that sending twice makes one.

    Raises ``BadInput`` by field, ``Forbidden``, ``NotFound``, ``NotReady``, ``StoreAway``.
    """
    with suppress(MadeMeanwhile):
        async with database.transaction() as db:
            await number(db, vault, config, actor, document_id, wanted)
    return await finish(database, store, vault, config, actor, document_id)


async def number(
    db: AsyncSession, vault: Vault, config: Config, actor: Actor, document_id: str, wanted: Wanted
) -> None:
    """Give it its number and keep what it says; ``finish`` does the rest. Raises as ``make``, and ``MadeMeanwhile``."""
    row = await db.get(Document, document_id)
    if row is None:
        await _number(db, vault, config, actor, document_id, wanted)
    elif not _is_about(row, wanted.about) or row.created_by != actor.account_id:
        raise Conflict(N_("Văn bản này đã được lập ở nơi khác. Hãy mở lại biểu mẫu."))


class MadeMeanwhile(Exception):
    """The same form was sent twice at once, and the other was first."""


async def _number(
    db: AsyncSession, vault: Vault, config: Config, actor: Actor, document_id: str, wanted: Wanted
) -> None:
    found, typed = await _checked(db, vault, actor, wanted)
    unit, day = found.unit, found.facts.today
    counter, number = await counted(db, unit, found.edition, day)
    if await db.scalar(select(Document.id).where(Document.id == document_id)):
        raise MadeMeanwhile
    token, url = verify_address(config)
    paper = _compose(found, typed, number=number, day=day, url=url)
    row = Document(
        id=document_id,
        case=found.case,
        visit_id=found.visit.id if found.visit else None,
        receipt_id=found.receipt.id if found.receipt else None,
        unit=unit,
        form_code=found.form.code,
        edition=found.edition.valid_from,
        year=day.year,
        counter=counter,
        number=number,
        day=day,
        named=found.facts.person.named,
        token=token,
        sealed=found.secret,
        created_by=actor.account_id,
        scans=[],
    )
    await keep(db, vault, actor, row, paper)


async def counted(db: AsyncSession, unit: OrgUnit, edition: Edition, day: date) -> tuple[int, str]:
    """The next number among all of the unit's papers of that year, and as they write it: ``07/GBN-UBND``."""
    counter = await next_number(db, f"document/{unit.id}/{day.year}")
    return counter, f"{counter:02d}/{edition.symbol}-{papers.abbreviation(unit.name)}"


def verify_address(config: Config) -> tuple[str, str]:
    """A new paper's token, and where its QR code leads."""
    token = secrets.token_urlsafe(16)
    return token, f"{net.public_url(config)}/verify/{token}"


async def keep(db: AsyncSession, vault: Vault, actor: Actor, row: Document, paper: Paper) -> None:
    """The row with what the paper says, sealed."""
    data_key = await key_for(db, vault, row.id, sealed=row.sealed)
    row.sealed_paper = sealed_text(vault, data_key, row.id, json.dumps(papers.as_data(paper)).encode())
    db.add(row)
    await db.flush()
    await note(db, actor, "document_made", row)


async def finish(
    database: Database, store: ObjectStore, vault: Vault, config: Config, actor: Actor, document_id: str
) -> Document:
    """Set and store the PDF of a numbered paper; nothing to do when it is there. Raises as ``make``."""
    async with database.reading() as db:
        row = await _get(db, actor, document_id)
        await require_writable(db, actor, row)
        if row.sha256 is not None:
            return row
        data_key = await key_for(db, vault, row.id, sealed=row.sealed)
    data = await pdf.render(read_paper(vault, data_key, row))
    object_key, sha256 = f"{FOLDER}{secrets.token_hex(16)}", hashlib.sha256(data).hexdigest()
    await asyncio.to_thread(put, store, data_key, row.id, object_key, data, "application/pdf")
    key = await asyncio.to_thread(signing_keys.signing_key, config)
    async with database.transaction() as db:
        again = await db.get_one(Document, document_id, with_for_update={"of": Document})
        # Two may finish it at once, and the case may become a denunciation meanwhile: then what is there counts.
        first = again.sha256 is None and again.sealed == row.sealed
        if first:
            again.sha256, again.size_bytes, again.object_key = sha256, len(data), object_key
            again.signature = seals.sign(key, signed_facts(again)).hex()
            again.signed_with = seals.fingerprint(key.public_key())
    if not first:
        await asyncio.to_thread(store.delete, object_key)
    if again.sha256 is None:
        return await finish(database, store, vault, config, actor, document_id)
    return again


def signed_facts(row: Document) -> bytes:
    """What the hub vouches for: all that the verify page shows."""
    facts: dict[str, Any] = {
        "format": FORMAT,
        "document": row.id,
        "form": row.form_code,
        "edition": row.edition.isoformat(),
        "number": row.number,
        "day": row.day.isoformat(),
        "unit": row.unit_id,
        "sha256": row.sha256,
    }
    if row.text_sha256:
        facts["text_sha256"] = row.text_sha256
    return canonical_form.canonical(facts)


async def of_case(db: AsyncSession, case: Case) -> list[Document]:
    """The latest first, of a case that the actor has been allowed to read."""
    return await _rows(db, Document.case_id == case.id)


async def of_visits(db: AsyncSession, visit_ids: Iterable[str]) -> list[Document]:
    """The latest first, of visits that the actor has been allowed to read."""
    return await _rows(db, Document.visit_id.in_(list(visit_ids)))


async def _rows(db: AsyncSession, which: ColumnElement[bool]) -> list[Document]:
    wanted = select(Document).where(which).order_by(Document.created_at.desc(), Document.id.desc())
    return list((await db.execute(wanted)).unique().scalars())


async def open_pdf(
    database: Database, store: ObjectStore, vault: Vault, actor: Actor, document_id: str, reason: str = ""
) -> OpenedFile:
    """Logged before it is shown; of a denouncer's only with the right to the identity and a reason.

    Raises ``NotFound``, ``Forbidden``, ``BadInput`` (no reason), ``Conflict`` (not finished), ``StoreAway``.
    """
    row, data_key = await _opened(database, vault, actor, document_id, reason, "document_opened")
    if row.sha256 is None or row.object_key is None:
        raise Conflict(N_("Văn bản này chưa lập xong. Hãy bấm “Hoàn tất”."))
    data = await asyncio.to_thread(read_whole, store, data_key, row.id, row.object_key, row.sha256)
    return OpenedFile(f"{_file_stem(row)}.pdf", "application/pdf", data)


async def open_word(database: Database, vault: Vault, actor: Actor, document_id: str, reason: str = "") -> OpenedFile:
    """The same paper to be edited; what is changed there has neither number nor proof of its own. Raises as above."""
    row, data_key = await _opened(database, vault, actor, document_id, reason, "document_exported")
    data = await asyncio.to_thread(word.build, read_paper(vault, data_key, row))
    return OpenedFile(f"{_file_stem(row)}.docx", WORD_TYPE, data)


async def _opened(
    database: Database, vault: Vault, actor: Actor, document_id: str, reason: str, action: str
) -> tuple[Document, bytes | None]:
    async with database.transaction() as db:
        row = await _get(db, actor, document_id)
        await require_openable(db, vault, actor, row, reason, named=row.named)
        await note(db, actor, action, row, reason)
        return row, await key_for(db, vault, row.id, sealed=row.sealed)


async def require_openable(
    db: AsyncSession, vault: Vault, actor: Actor, row: Document, reason: str, *, named: bool
) -> None:
    """Raise unless this person may see it; ``named``: it may tell who the denouncer is."""
    cases = [row.case] if row.case and row.secret else await hearing_document_access.signed_by_denouncers(db, row)
    if not (named and cases):
        return
    for case in cases:
        require(actor, Action.OPEN_VAULT, identity.identity_target(case))
    if not reason.strip():
        text = Text(N_("Văn bản này nêu tên người tố cáo. Hãy ghi lý do xem."))
        raise BadInput(text.message, fields={"reason": text})
    await identity.require_discreet(db, vault, actor, cases, reason)


async def require_writable(db: AsyncSession, actor: Actor, row: Document) -> None:
    """Raise unless this person may make it, and add its signed scan."""
    if row.hearing_id:
        await hearing_document_access.require_writable(db, actor, row)
    else:
        require(actor, Action.MAKE_DOCUMENT, Target(paths=(row.unit.path,)))


async def get(db: AsyncSession, actor: Actor, about: About, document_id: str) -> Document:
    """One of that case, visit or hearing. Raises ``NotFound``, ``Forbidden``."""
    row = await _get(db, actor, document_id)
    if not _is_about(row, about):
        raise NotFound(N_("Không tìm thấy văn bản."))
    return row


def require_valid(row: Document) -> None:
    """Raise ``Conflict`` for one that is not finished or no longer counts."""
    if row.sha256 is None:
        raise Conflict(N_("Văn bản này chưa lập xong. Hãy bấm “Hoàn tất”."))
    if row.voided_at is not None:
        raise Conflict(N_("Văn bản này đã bị hủy."))


def _is_about(row: Document, about: About) -> bool:
    if about.hearing_id:
        return row.hearing_id == about.hearing_id
    return row.case_id == about.case_id if about.case_id else row.visit_id == about.visit_id


async def _get(db: AsyncSession, actor: Actor, document_id: str) -> Document:
    row = await db.get(Document, document_id)
    if row is None:
        raise NotFound(N_("Không tìm thấy văn bản."))
    if row.hearing_id:
        await hearing_document_access.require_readable(db, actor, row)
    elif row.case_id:
        await transfer_items.require_seen(db, actor, await get_case(db, actor, row.case_id), row.id)
    else:
        await visits.get(db, actor, row.visit_id or "")
    return row


def object_keys(rows: Iterable[Document]) -> list[str]:
    """Of these papers and their scans."""
    return [key for row in rows for key in (row.object_key, *(scan.object_key for scan in row.scans)) if key]


async def erase(db: AsyncSession, rows: Iterable[Document]) -> None:
    """What these papers say, and their scans; the numbers stay, so that the series has no gap.

    The caller has asked for permission and deletes the objects.
    """
    for row in rows:
        for scan in list(row.scans):
            await db.delete(scan)
        row.sealed_paper, row.object_key = b"", None
        row.void_reason = ""


async def _checked(
    db: AsyncSession, vault: Vault, actor: Actor, wanted: Wanted, *, looking: bool = False
) -> tuple[Draft, dict[str, str]]:
    found = await draft(db, actor, wanted.about, wanted.code)
    typed = forms.cleaned(found.form, wanted.typed)
    faults = forms.faults(found.form, typed)
    if not faults:
        # Others than who may read the identity will read this paper's text.
        for name, text in typed.items() if found.secret else ():
            if text and found.case and await identity.case_reveals(db, vault, actor, found.case, text):
                faults[name] = Text(
                    N_("Nội dung này nêu danh tính người tố cáo, là điều phải giữ bí mật (Điều 56 Luật Tố cáo).")
                )
    if faults:
        raise BadInput(_CHECK, fields=faults)
    if wanted.named and found.may_name:
        found = await with_identity(db, vault, actor, found, looking=looking)
    return found, typed


def _compose(
    found: Draft, typed: dict[str, str], *, number: str, day: date, url: str = "", watermark: str = ""
) -> Paper:
    heading = forms.Heading(
        agency=found.unit.name,
        authority=found.facts.style.authority,
        number=number,
        day=day,
        verify_url=url,
        watermark=watermark,
    )
    return forms.compose(found.form, found.edition, found.facts, typed, heading)


async def note(db: AsyncSession, actor: Actor, action: str, row: Document, reason: str = "", **detail: str) -> None:
    """Into the trail of its case, visit or hearing."""
    kinds = {"case": row.case_id, "visit": row.visit_id, "hearing": row.hearing_id}
    about, about_id = next((kind, one) for kind, one in kinds.items() if one)
    await audit.record(
        db,
        actor,
        action,
        about,
        about_id,
        reason.strip(),
        unit_path=row.unit.path,
        document_id=row.id,
        form=row.form_code,
        number=row.number,
        **detail,
    )


def _file_stem(row: Document) -> str:
    """``12-GBN-UBND-2026``: says nothing about anybody."""
    return f"{row.number.replace('/', '-')}-{row.year}"
