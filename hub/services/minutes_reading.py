"""Minutes read back: frozen as a version, answered by every point, opened again when something is to be mended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import manifest
from hub import minutes as rules
from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.minutes_text import Marked
from hub.models import (
    Account,
    Document,
    Hearing,
    Minutes,
    MinutesAnswer,
    MinutesState,
    MinutesVersion,
    Position,
    Seat,
    SeatKind,
)
from hub.services import audit, hearing_lists, identity, minutes, minutes_document
from hub.services.hearing_seats import seat_target
from hub.services.identity import Vault
from hub.text import clean_block

WORDS_MAX = 4_000

REOPENED = "Biên bản được mở lại để sửa."
"""Why a paper no longer counts whose minutes were opened again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a seat's people last said to a version, and which officer confirmed it."""

    seat_id: str
    position: Position
    words: str
    who: str
    at: Any


@dataclass(frozen=True, slots=True)
class Reading:
    """A frozen version with its answers by seat. ``body`` is what this reader may see of it."""

    version: MinutesVersion
    frozen_by: str
    body: Mapping[str, Any]
    answers: Mapping[str, Answered]
    history: tuple[Answered, ...]


async def freeze(db: AsyncSession, vault: Vault, actor: Actor, hearing_id: str) -> MinutesVersion:
    """Freeze what is written as a version to be read back. Raises ``Conflict`` for empty minutes and before the
    opening, ``BadInput`` when they name a denouncer."""
    hearing = await minutes.writable(db, actor, hearing_id)
    if hearing.opened_at is None:
        raise Conflict(N_("Buổi tiếp chưa mở nên chưa có gì để đọc lại."))
    found = await minutes.begin(db, actor, hearing)
    texts = await minutes.texts(db, hearing_id)
    if not any(text.strip() for text in texts.values()):
        raise Conflict(N_("Biên bản chưa có nội dung nào."))
    found.state = rules.move(MinutesState(found.state), MinutesState.READING)
    secret = [case for case in hearing.cases if case.party.secret]
    await identity.require_discreet(db, vault, actor, secret, "\n".join(texts.values()), field="text")
    body = await minutes_document.build(db, hearing, texts)
    found.version += 1
    version = MinutesVersion(
        hearing_id=hearing_id,
        number=found.version,
        body=body,
        sha256=hashlib.sha256(manifest.canonical(body)).hexdigest(),
        frozen_at=utc_now(),
        frozen_by=actor.account_id,
    )
    db.add(version)
    await db.flush()
    await minutes.audited(db, actor, "minutes_frozen", hearing, version=version.number, sha256=version.sha256)
    return version


async def reopen(db: AsyncSession, vault: Vault, actor: Actor, hearing_id: str, reason: str) -> Minutes:
    """Go on writing, for a reason that is kept; the frozen version and its answers stay on record."""
    hearing = await minutes.writable(db, actor, hearing_id)
    found = await minutes.locked(db, hearing_id)
    wanted = rules.move(MinutesState(found.state), MinutesState.WRITING)
    reason = await _words(db, vault, actor, hearing, reason, "reason", N_("Hãy nêu lý do mở lại biên bản để sửa."))
    found.state = wanted
    found.revision += 1
    await _void_paper(db, actor, found)
    await audit.record(
        db, actor, "minutes_reopened", "hearing", hearing.id, reason, unit_path=hearing.unit.path, version=found.version
    )
    return found


async def _void_paper(db: AsyncSession, actor: Actor, found: Minutes) -> None:
    """Who holds the paper of the version that is opened again is told by its QR code that it no longer counts."""
    version = await _version(db, found.hearing_id, found.version)
    made = update(Document).where(Document.source_id == version.id, Document.voided_at.is_(None))
    await db.execute(made.values(voided_at=utc_now(), voided_by=actor.account_id, void_reason=REOPENED))


async def require_some_point(db: AsyncSession, actor: Actor, hearing_id: str) -> None:
    """Before anything is read of what was sent. Raises ``NotFound``, ``Forbidden`` to who answers for none of it."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    if not answerable(actor, hearing):
        require(actor, Action.ANSWER_MINUTES, Target())


async def answer(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    hearing_id: str,
    seat_id: str,
    *,
    version: int,
    position: str,
    words: str,
) -> MinutesAnswer:
    """Agreement or objection of the people at a point, confirmed by the officer beside them; kept for ever.

    ``position`` is a ``Position``. Raises ``BadInput`` for none and for an objection without words, ``Conflict`` when
    another version is being read.
    """
    hearing = await hearing_lists.get(db, actor, hearing_id)
    seat = _seat(hearing, seat_id)
    require(actor, Action.ANSWER_MINUTES, seat_target(actor, seat))
    found = await minutes.locked(db, hearing_id)
    rules.require_state(MinutesState(found.state), MinutesState.READING)
    if version != found.version:
        raise Conflict(N_("Biên bản vừa được sửa và chốt lại. Hãy đọc bản mới rồi xác nhận."))
    current = await _version(db, hearing_id, version)
    said = _position(position)
    missing = N_("Hãy ghi ý kiến không đồng ý: sai hoặc thiếu ở đâu.") if said is Position.OBJECTED else ""
    words = await _words(db, vault, actor, hearing, words, "words", missing)
    row = MinutesAnswer(
        version_id=current.id,
        seat_id=seat.id,
        position=said,
        words=words,
        account_id=actor.account_id,
        at=utc_now(),
    )
    db.add(row)
    await db.flush()
    await minutes.audited(db, actor, "minutes_answered", hearing, version=version, seat_id=seat.id, position=str(said))
    return row


async def reading(db: AsyncSession, actor: Actor, hearing_id: str, number: int = 0) -> Reading | None:
    """A frozen version, the last by default; None when there is none. Raises ``NotFound``, ``Forbidden``."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    require_read(actor, hearing)
    found = await minutes.get(db, hearing_id)
    if found is None or found.version == 0:
        return None
    version = await _version(db, hearing_id, number or found.version)
    frozen_by = await db.get(Account, version.frozen_by)
    history = await answers(db, version.id)
    return Reading(
        version=version,
        frozen_by=frozen_by.full_name if frozen_by else "",
        body=await minutes_document.visible(db, actor, hearing, version.body),
        answers={one.seat_id: one for one in history},
        history=tuple(history),
    )


async def moments(db: AsyncSession, actor: Actor, hearing: Hearing) -> list[Marked]:
    """What the last frozen version says of moments of the recording, as far as this reader may know; for who has been
    allowed to see the recording."""
    found = await minutes.get(db, hearing.id)
    if found is None or found.version == 0:
        return []
    version = await _version(db, hearing.id, found.version)
    return minutes_document.moments(await minutes_document.visible(db, actor, hearing, version.body))


def require_read(actor: Actor, hearing: Hearing) -> None:
    """Who may read frozen minutes: by role or seat, and officers of its points."""
    require(actor, Action.READ_MINUTES, minutes.target(actor, hearing))


async def answers(db: AsyncSession, version_id: str) -> list[Answered]:
    """In the order in which they were given."""
    wanted = (
        select(MinutesAnswer, Account.full_name)
        .join(Account, Account.id == MinutesAnswer.account_id)
        .where(MinutesAnswer.version_id == version_id)
        .order_by(MinutesAnswer.at, MinutesAnswer.id)
    )
    return [
        Answered(row.seat_id, Position(row.position), row.words, name, row.at)
        for row, name in (await db.execute(wanted)).all()
    ]


def answerable(actor: Actor, hearing: Hearing) -> list[Seat]:
    """The points for whose people the actor may answer."""
    points = [seat for seat in hearing.seats if seat.kind == SeatKind.POINT and seat.point]
    covered = [seat for seat in points if may(actor, Action.ANSWER_MINUTES, seat_target(actor, seat))]
    own = [seat for seat in covered if seat.point and seat.point.unit_id == actor.unit_id]
    return own or covered


def _position(text: str) -> Position:
    try:
        return Position(text)
    except ValueError as error:
        fault = Text(N_("Hãy chọn đồng ý hoặc không đồng ý."))
        raise BadInput(fault.message, fields={"position": fault}) from error


async def _version(db: AsyncSession, hearing_id: str, number: int) -> MinutesVersion:
    wanted = select(MinutesVersion).where(MinutesVersion.hearing_id == hearing_id, MinutesVersion.number == number)
    found = await db.scalar(wanted)
    if found is None:
        raise NotFound(N_("Không có bản chốt này của biên bản."))
    return found


def _seat(hearing: Hearing, seat_id: str) -> Seat:
    for seat in hearing.seats:
        if seat.id == seat_id and seat.kind == SeatKind.POINT:
            return seat
    raise NotFound(N_("Không tìm thấy chỗ này trong buổi tiếp."))


async def _words(
    db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, typed: str, field: str, missing: str
) -> str:
    words = clean_block(typed)
    if missing and not words:
        raise BadInput(missing, fields={field: Text(missing)})
    if len(words) > WORDS_MAX:
        text = Text(N_("Nội dung dài quá %(limit)s ký tự."), {"limit": WORDS_MAX})
        raise BadInput(text.message, fields={field: text}, limit=WORDS_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, words, field=field)
    return words
