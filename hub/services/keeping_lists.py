"""What waits for somebody in the archive: proposals, what is due, what is held; and the rules of retention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models, retention
from hub.auth import Action, Actor, Target
from hub.ids import utc_now
from hub.models import DestructionState, RecordingState
from hub.services import legal_rules, unit_scopes

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    recording_id: str
    hearing_number: str
    title: str
    started_at: datetime
    retain_until: datetime | None
    known: bool
    """Its own page is open to whoever looks at the list: an administrator watches the archive and opens none."""


@dataclass(frozen=True, slots=True)
class Lists:
    proposed: list[Row]
    due: list[Row]
    held: list[Row]
    rules: list[models.LegalRule]
    """All versions by code, the newest first."""
    may_set: bool


async def lists(db: AsyncSession, actor: Actor) -> Lists:
    """Of the hearings that units in the actor's scope held (``hearing_lists.keeping_target``). Raises ``Forbidden``."""
    if not auth.may_somewhere(actor, Action.WATCH_ARCHIVE):
        auth.require(actor, Action.WATCH_ARCHIVE, Target())
    waiting = select(models.Destruction.recording_id).where(
        models.Destruction.state.in_((DestructionState.PROPOSED, DestructionState.APPROVED))
    )
    table = models.Recording
    return Lists(
        proposed=await _rows(db, actor, table.id.in_(waiting)),
        due=await _rows(db, actor, table.retain_until <= utc_now(), table.held.is_(False), table.id.not_in(waiting)),
        held=await _rows(db, actor, table.held.is_(True)),
        rules=await _rules(db),
        may_set=await legal_rules.may_manage(db, actor),
    )


async def _rules(db: AsyncSession) -> list[models.LegalRule]:
    rule = models.LegalRule
    wanted = select(rule).where(rule.code.startswith(retention.CODE, autoescape=True), rule.active)
    return list((await db.execute(wanted.order_by(rule.code, rule.valid_from.desc()))).scalars())


async def _rows(db: AsyncSession, actor: Actor, *conditions: ColumnElement[bool]) -> list[Row]:
    units = await unit_scopes.units_within(db, auth.scopes(actor, Action.WATCH_ARCHIVE))
    recording, hearing = models.Recording, models.Hearing
    readers = await unit_scopes.units_within(db, auth.scopes(actor, Action.READ_HEARING))
    known = unit_scopes.of_units(db, hearing.unit_id, readers)
    wanted = (
        select(recording.id, hearing.number, hearing.title, recording.started_at, recording.retain_until, known)
        .join(hearing, hearing.id == recording.hearing_id)
        .where(recording.state != RecordingState.DESTROYED, *conditions)
        .where(unit_scopes.of_units(db, hearing.unit_id, units))
        .order_by(recording.retain_until, recording.id)
        .limit(SHOWN)
    )
    return [Row(*row) for row in await db.execute(wanted)]
