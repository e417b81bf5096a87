"""Minutes as they are written: a few seconds' typing a save, by several hands at once, none of it lost.

A save names what the writer's text was derived from, so that other writers' changes are merged rather than
overwritten; and it has a name of its own, so that one sent again after a lost answer is done once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from hub import minutes as rules
from hub import minutes_text
from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict, NotFound, TooLarge
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import (
    Case,
    CaseState,
    Hearing,
    HearingState,
    Minutes,
    MinutesEdit,
    MinutesSection,
    MinutesState,
    Recording,
)
from hub.services import audit, custody, hearing_lists, identity
from hub.services.identity import Vault
from hub.services.minutes_discretion import Discretion

SAVE_ID_MAX = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """``base`` is the edit that the text was derived from, 0 for none: of what it left, or with ``base_sent`` of the
    text as this writer had sent it, when others' changes were merged in that the writer has not seen yet."""

    key: str
    save_id: str
    base: int
    base_sent: bool
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part as it stands; ``number`` is its last edit."""

    key: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What has changed since the revision that was asked for, and which edit each save became."""

    state: MinutesState
    revision: int
    version: int
    sections: tuple[Section, ...]
    saved: Mapping[str, int]


def target(actor: Actor, hearing: Hearing) -> Target:
    """A hearing's minutes: by role over its units, or by the seat that is booked for the actor."""
    seat = next((str(seat.kind) for seat in hearing.seats if seat.account_id == actor.account_id), None)
    return Target(paths=hearing_lists.target(hearing).paths, seat_kind=seat)


def may_write(actor: Actor, hearing: Hearing) -> bool:
    return may(actor, Action.WRITE_MINUTES, target(actor, hearing))


async def get(db: AsyncSession, hearing_id: str) -> Minutes | None:
    """None: nobody has begun. Whoever shows them asks for permission."""
    return await db.get(Minutes, hearing_id)


async def draft(db: AsyncSession, actor: Actor, hearing_id: str, since: int = 0) -> Draft:
    """What was written after revision ``since``. Raises ``NotFound``, or ``Forbidden`` to who may not write."""
    hearing = await writable(db, actor, hearing_id)
    found = await get(db, hearing.id)
    if found is None:
        return Draft(MinutesState.WRITING, 0, 0, (), {})
    return await _draft(db, found, since, {})


async def texts(db: AsyncSession, hearing_id: str) -> dict[str, str]:
    """All parts as they stand, by key."""
    rows = await db.scalars(select(MinutesSection).where(MinutesSection.hearing_id == hearing_id))
    return {row.key: row.text for row in rows}


async def save(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    hearing_id: str,
    saves: Iterable[Save],
    *,
    since: int,
    discretion: Discretion | None = None,
) -> Draft:
    """Keep what was typed. Raises ``Conflict`` once the minutes are frozen, ``TooLarge``, and ``BadInput`` for a part
    that does not exist or a text that names a denouncer; then nothing of all was kept."""
    hearing = await writable(db, actor, hearing_id)
    found = await begin(db, actor, hearing)
    rules.require_state(MinutesState(found.state), MinutesState.WRITING)
    saved = {one.save_id: await _save(db, actor, hearing, found, one) for one in saves}
    await db.flush()
    changed = await _since(db, found, since)
    secret = [case for case in hearing.cases if case.party.secret]
    if secret and saved:
        await _require_discreet(db, vault, actor, secret, changed, discretion)
    return await _draft(db, found, since, saved)


async def begin(db: AsyncSession, actor: Actor, hearing: Hearing) -> Minutes:
    """The row, locked; made when it is not there. Raises ``Conflict`` for a hearing that is not held."""
    if hearing.state in (HearingState.CANCELLED, HearingState.POSTPONED):
        raise Conflict(N_("Buổi tiếp đã hoãn hoặc đã hủy nên không lập biên bản."))
    dialect: Any = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    blank = {"document": "", "sha256": "", "signature": "", "seal_key": ""}
    values = {"hearing_id": hearing.id, "state": MinutesState.WRITING, "revision": 0, "version": 0, **blank}
    made = await db.execute(
        dialect.insert(Minutes).values(created_at=utc_now(), **values).on_conflict_do_nothing().returning(Minutes.state)
    )
    if made.first() is not None:
        await audited(db, actor, "minutes_begun", hearing)
    return await locked(db, hearing.id)


async def locked(db: AsyncSession, hearing_id: str) -> Minutes:
    """Raises ``NotFound`` when nobody has begun."""
    wanted = select(Minutes).where(Minutes.hearing_id == hearing_id).with_for_update()
    found = (await db.execute(wanted.execution_options(populate_existing=True))).scalar_one_or_none()
    if found is None:
        raise NotFound(N_("Buổi tiếp này chưa có biên bản."))
    return found


async def writable(db: AsyncSession, actor: Actor, hearing_id: str) -> Hearing:
    """The hearing. Raises ``NotFound``, or ``Forbidden`` to who may not write its minutes."""
    hearing = await hearing_lists.get(db, actor, hearing_id)
    require(actor, Action.WRITE_MINUTES, target(actor, hearing))
    return hearing


async def _draft(db: AsyncSession, found: Minutes, since: int, saved: Mapping[str, int]) -> Draft:
    rows = await _since(db, found, since)
    sections = tuple(Section(row.key, row.edits, row.text) for row in rows)
    return Draft(MinutesState(found.state), found.revision, found.version, sections, saved)


async def _since(db: AsyncSession, found: Minutes, since: int) -> list[MinutesSection]:
    wanted = select(MinutesSection).where(
        MinutesSection.hearing_id == found.hearing_id, MinutesSection.revision > since
    )
    return list(await db.scalars(wanted))


async def _save(db: AsyncSession, actor: Actor, hearing: Hearing, found: Minutes, one: Save) -> int:
    """The edit that it became, or was before."""
    rules.require_key(one.key, {case.id for case in hearing.cases if case.state != CaseState.STATE_SECRET})
    if not one.save_id or len(one.save_id) > SAVE_ID_MAX:
        raise BadInput(N_("Dữ liệu gửi lên không đúng định dạng: %(fault)s"), fault="save_id")
    text = minutes_text.typed(one.text)
    _require_short(text)
    done: MinutesEdit | None = await db.scalar(_edits(found, one.key).where(MinutesEdit.save_id == one.save_id))
    if done is not None:
        return done.number
    section = await db.get(MinutesSection, (found.hearing_id, one.key))
    if section is None:
        section = MinutesSection(hearing_id=found.hearing_id, key=one.key, text="", revision=0, edits=0)
        db.add(section)
    result = text
    if one.base_sent or one.base != section.edits:
        result = minutes_text.merge(await _base(db, found, one), section.text, text)
    _require_short(result)
    change = minutes_text.edit(section.text, result)
    found.revision += 1
    section.revision, section.edits, section.text = found.revision, section.edits + 1, result
    db.add(
        MinutesEdit(
            hearing_id=found.hearing_id,
            key=one.key,
            number=section.edits,
            at=utc_now(),
            account_id=actor.account_id,
            save_id=one.save_id,
            start=change.start,
            removed=change.removed,
            inserted=change.inserted,
            sent=text if result != text else None,
        )
    )
    await db.flush()
    return section.edits


async def _base(db: AsyncSession, found: Minutes, one: Save) -> str:
    rows: list[MinutesEdit] = list(await db.scalars(_edits(found, one.key).where(MinutesEdit.number <= one.base)))
    if one.base_sent and rows and rows[-1].sent is not None:
        return rows[-1].sent
    return minutes_text.applied("", [minutes_text.Edit(row.start, row.removed, row.inserted) for row in rows])


def _edits(found: Minutes, key: str) -> Select[MinutesEdit]:
    mine = select(MinutesEdit).where(MinutesEdit.hearing_id == found.hearing_id, MinutesEdit.key == key)
    return mine.order_by(MinutesEdit.number)


def _require_short(text: str) -> None:
    if len(text) > rules.SECTION_MAX:
        raise TooLarge(N_("Mục này dài quá %(limit)s ký tự. Hãy rút gọn."), limit=rules.SECTION_MAX)


async def _require_discreet(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    secret: list[Case],
    changed: Iterable[MinutesSection],
    discretion: Discretion | None,
) -> None:
    text = "\n".join(row.text for row in changed)
    if discretion is not None:
        await discretion.require(db, vault, actor, secret, text)
    else:
        await identity.require_discreet(db, vault, actor, secret, text, field="text")


async def audited(
    db: AsyncSession, actor: Actor, action: str, hearing: Hearing, reason: str = "", **detail: object
) -> None:
    """An audit event about a hearing's minutes."""
    told = {"number": hearing.number, **detail}
    await audit.record(db, actor, action, "hearing", hearing.id, reason, unit_path=hearing.unit.path, **told)


async def witnessed(db: AsyncSession, actor: Actor, action: str, hearing: Hearing, **detail: object) -> None:
    """In the recording's chain of custody, which writes the audit event too."""
    recording_id = await db.scalar(select(Recording.id).where(Recording.hearing_id == hearing.id))
    if recording_id is None:
        await audited(db, actor, action, hearing, "", **detail)
        return
    await custody.record(
        db, actor, recording_id, action, "", unit_path=hearing.unit.path, hearing_id=hearing.id, **detail
    )
