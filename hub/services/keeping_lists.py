"""What waits for somebody in the archive: proposals, what is due, what is held; and the rules of retention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models
from hub import retention as pure
from hub.auth import Action, Actor, Target
from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import DestructionState, RecordingState
from hub.services import audit, retention, unit_scopes

BASIS_MAX, YEARS_MAX = 300, 100
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    recording_id: str
    hearing_number: str
    title: str
    started_at: datetime
    retain_until: datetime | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Lists:
    proposed: list[Row]
    due: list[Row]
    held: list[Row]
    rules: list[pure.Rule]
    """The newest first."""
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
        rules=list(reversed(await retention.rules(db))),
        may_set=await _may_set(db, actor),
    )


async def _rows(db: AsyncSession, actor: Actor, *conditions: ColumnElement[bool]) -> list[Row]:
    units = await unit_scopes.units_within(db, auth.scopes(actor, Action.WATCH_ARCHIVE))
    recording, hearing = models.Recording, models.Hearing
    wanted = (
        select(recording.id, hearing.number, hearing.title, recording.started_at, recording.retain_until)
        .join(hearing, hearing.id == recording.hearing_id)
        .where(recording.state != RecordingState.DESTROYED, *conditions)
        .where(unit_scopes.of_units(hearing.unit_id, units, unit_scopes.ids(units)))
        .order_by(recording.retain_until, recording.id)
        .limit(SHOWN)
    )
    return [Row(*row) for row in await db.execute(wanted)]


async def add_rule(
    db: AsyncSession, actor: Actor, *, case_type: str, years: int | None, legal_basis: str, certain: bool, since: date
) -> None:
    """A new rule, in force from ``since``; recordings whose rule was chosen already keep theirs.

    Raises ``Forbidden`` unless the actor's scope covers every unit, and ``BadInput``.
    """
    await require_setter(db, actor)
    legal_basis, faults = " ".join(legal_basis.split()), {}
    if case_type not in ("", *models.CaseType):
        faults["case_type"] = Text(N_("Hãy chọn một mục trong danh sách."))
    if years is not None and not 1 <= years <= YEARS_MAX:
        faults["years"] = Text(
            N_("Hãy ghi số năm từ 1 đến %(most)s, hoặc để trống nếu lưu vĩnh viễn."), {"most": YEARS_MAX}
        )
    if not legal_basis or len(legal_basis) > BASIS_MAX:
        faults["legal_basis"] = Text(N_("Hãy nêu căn cứ pháp lý, không quá %(limit)s ký tự."), {"limit": BASIS_MAX})
    if faults:
        raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
    row = models.RetentionRule(
        case_type=case_type, years=years, legal_basis=legal_basis, certain=certain, valid_from=since.isoformat()
    )
    db.add(row)
    await db.flush()
    await audit.record(
        db, actor, "retention_rule_added", "retention_rule", row.id, case_type=case_type, years=years, since=str(since)
    )


async def require_setter(db: AsyncSession, actor: Actor) -> None:
    """Raises ``Forbidden`` unless the actor may add rules."""
    if not await _may_set(db, actor):
        auth.require(actor, Action.SET_RETENTION, Target())


async def _may_set(db: AsyncSession, actor: Actor) -> bool:
    top = await db.scalars(select(models.OrgUnit.path).where(models.OrgUnit.parent_id.is_(None)))
    return all(auth.may(actor, Action.SET_RETENTION, Target(paths=(path,))) for path in top)
