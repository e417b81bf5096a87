"""What becomes of an archived recording: kept longer, held, or destroyed by two people. All in the chain of custody.

Nothing here touches the store: what has been approved is found in the rows and carried out by ``recorder.destroying``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, models
from hub import retention as pure
from hub.auth import Action, Actor
from hub.errors import BadInput, Conflict, Forbidden
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import DestructionKind, DestructionState, RecordingState
from hub.services import custody, identity, recordings, retention
from hub.services.hearing_lists import keeping_target
from hub.services.identity import Vault

REASON_MAX = 500
OPEN = (DestructionState.PROPOSED, DestructionState.APPROVED)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a recording's page shows about it. ``due``: past its retention date and not held."""

    retention: dict[str, object]
    retain_until: datetime | None
    locked_until: datetime | None
    held: bool
    held_reason: str
    due: bool
    destroyed: bool
    encrypted: bool
    destruction: models.Destruction | None
    """The last that was proposed."""
    papers: pure.Rule | None
    """Of a destroyed one: how long its certificate is kept at least."""
    may_keep: bool
    """Hold, release and extend."""
    may_destroy: bool
    may_propose: bool
    may_approve: bool


async def of(db: AsyncSession, actor: Actor, recording_id: str) -> Keeping:
    """Whoever shows it has asked for the permission to read the hearing."""
    recording, hearing = await recordings.get(db, recording_id)
    await retention.choose(db, recording)  # only shown here; written when something is done
    db.expunge(recording)
    last = await _last(db, recording_id)
    target, here = keeping_target(hearing), recording.state == RecordingState.ARCHIVED
    may_destroy = here and auth.may(actor, Action.DESTROY_RECORDING, target)
    may_approve = here and auth.may(actor, Action.APPROVE_DESTRUCTION, target)
    waiting = last is not None and last.state == DestructionState.PROPOSED
    return Keeping(
        retention=recording.retention or {},
        retain_until=recording.retain_until,
        locked_until=recording.locked_until,
        held=recording.held,
        held_reason=await _held_reason(db, recording),
        due=is_due(recording),
        destroyed=recording.state == RecordingState.DESTROYED,
        encrypted=await db.get(models.RecordingKey, recording_id) is not None,
        destruction=last,
        papers=await retention.papers(db, last.closed_at) if last is not None and last.closed_at else None,
        may_keep=here and auth.may(actor, Action.KEEP_RECORDING, target),
        may_destroy=may_destroy,
        may_propose=may_destroy and not recording.held and (last is None or last.state not in OPEN),
        may_approve=may_approve and waiting and last is not None and last.proposed_by != actor.account_id,
    )


def is_due(recording: models.Recording) -> bool:
    return not recording.held and recording.retain_until is not None and recording.retain_until <= utc_now()


async def extend(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, until: date, reason: str) -> None:
    """Keep it until the end of that local day; where the store locks, it is locked so far. Never shorter.

    Raises ``BadInput``, ``Conflict``, ``Forbidden``, ``NotFound``.
    """
    recording, hearing, reason = await _begin(db, vault, actor, recording_id, Action.KEEP_RECORDING, reason, "extend")
    wanted = pure.end_of(until)
    if recording.retain_until is None or wanted <= recording.retain_until:
        text = N_("Chỉ gia hạn được đến một ngày sau hạn lưu giữ hiện nay.")
        raise BadInput(text, fields={"extend_until": Text(text)})
    await _close(db, actor, recording, hearing, "extended")
    recording.retain_until = wanted
    await custody.record(
        db, actor, recording_id, "extend", reason, unit_path=hearing.unit.path, until=wanted.isoformat()
    )


async def hold(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str) -> None:
    """A legal hold: until it is lifted, nobody can have the recording destroyed; a proposal to do so lapses."""
    recording, hearing, reason = await _begin(db, vault, actor, recording_id, Action.KEEP_RECORDING, reason, "hold")
    if recording.held:
        return
    await _close(db, actor, recording, hearing, "held")
    recording.held = True
    await custody.record(db, actor, recording_id, "hold", reason, unit_path=hearing.unit.path)


async def release(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str) -> None:
    recording, hearing, reason = await _begin(db, vault, actor, recording_id, Action.KEEP_RECORDING, reason, "hold")
    if recording.held:
        recording.held = False
        await custody.record(db, actor, recording_id, "release", reason, unit_path=hearing.unit.path)


async def propose(
    db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, kind: DestructionKind, reason: str
) -> models.Destruction:
    """The first of two approvals. ``DUE`` only when it is; ``EMERGENCY`` at any time, but never while it is held."""
    recording, hearing, reason = await _begin(
        db, vault, actor, recording_id, Action.DESTROY_RECORDING, reason, "destroy"
    )
    await _require_free(db, recording, kind)
    last = await _last(db, recording_id)
    if last is not None and last.state in OPEN:
        raise Conflict(N_("Đã có một đề nghị tiêu hủy bản ghi này."))
    found = models.Destruction(
        recording_id=recording_id, kind=kind, proposed_by=actor.account_id, proposed_name=actor.name, reason=reason
    )
    db.add(found)
    await db.flush()
    await custody.record(
        db, actor, recording_id, "destroy_proposed", reason, unit_path=hearing.unit.path, kind=str(kind)
    )
    return found


async def approve(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str) -> None:
    """The second approval, by a leader who did not propose it. From now on it is destroyed; nothing brings it back."""
    recording, hearing, reason = await _begin(
        db, vault, actor, recording_id, Action.APPROVE_DESTRUCTION, reason, "destroy"
    )
    found = await _proposed(db, recording_id)
    if found.proposed_by == actor.account_id:
        raise Forbidden(N_("Người đề nghị tiêu hủy không được tự duyệt; cần một người khác."))
    await _require_free(db, recording, found.kind)
    found.state, found.approved_by, found.approved_name = DestructionState.APPROVED, actor.account_id, actor.name
    found.approved_at, found.approve_reason = utc_now(), reason
    await custody.record(
        db, actor, recording_id, "destroy_approved", reason, unit_path=hearing.unit.path, kind=str(found.kind)
    )


async def refuse(db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, reason: str) -> None:
    """Take the proposal away: whoever may propose may refuse, also the one who proposed it."""
    recording, hearing, reason = await _begin(
        db, vault, actor, recording_id, Action.DESTROY_RECORDING, reason, "refuse"
    )
    await _proposed(db, recording_id)
    await _close(db, actor, recording, hearing, reason)


async def _begin(
    db: AsyncSession, vault: Vault, actor: Actor, recording_id: str, action: Action, reason: str, field: str
) -> tuple[models.Recording, models.Hearing, str]:
    """The recording, locked for us, with its rule chosen; permission and reason asked for."""
    recording, hearing = await recordings.get(db, recording_id)
    auth.require(actor, action, keeping_target(hearing))
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_MAX:
        text = N_("Hãy nêu lý do, không quá %(limit)s ký tự.")
        raise BadInput(text, fields={f"{field}_reason": Text(text, {"limit": REASON_MAX})}, limit=REASON_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason)
    recording = await db.get_one(models.Recording, recording_id, with_for_update=True, populate_existing=True)
    if recording.state != RecordingState.ARCHIVED:
        raise Conflict(N_("Chỉ làm được việc này khi bản ghi đã lưu trữ xong và chưa bị tiêu hủy."))
    await retention.choose(db, recording)
    await retention.lengthen(db, recording)
    return recording, hearing, reason


async def _require_free(db: AsyncSession, recording: models.Recording, kind: DestructionKind) -> None:
    if recording.held:
        raise Conflict(N_("Bản ghi đang được giữ lại theo yêu cầu pháp lý nên không thể tiêu hủy."))
    if kind == DestructionKind.DUE and not is_due(recording):
        raise Conflict(N_("Bản ghi chưa hết hạn lưu giữ nên chưa thể tiêu hủy."))
    key = await db.get(models.RecordingKey, recording.id)
    if recording.locked_until is not None and recording.locked_until > utc_now() and key is None:
        raise Conflict(N_("Các tệp còn bị khóa trong kho lưu trữ và không được mã hóa nên chưa thể tiêu hủy."))


async def _close(
    db: AsyncSession, actor: Actor, recording: models.Recording, hearing: models.Hearing, reason: str
) -> None:
    """End a proposal without destroying; an approved one is past that."""
    last = await _last(db, recording.id)
    if last is None or last.state not in OPEN:
        return
    if last.state == DestructionState.APPROVED:
        raise Conflict(N_("Việc tiêu hủy đã được hai người duyệt và đang thực hiện."))
    last.state, last.closed_at = DestructionState.REFUSED, utc_now()
    await custody.record(db, actor, recording.id, "destroy_refused", reason, unit_path=hearing.unit.path)


async def _proposed(db: AsyncSession, recording_id: str) -> models.Destruction:
    last = await _last(db, recording_id)
    if last is None or last.state != DestructionState.PROPOSED:
        raise Conflict(N_("Không có đề nghị tiêu hủy nào đang chờ duyệt."))
    return last


async def _last(db: AsyncSession, recording_id: str) -> models.Destruction | None:
    wanted = select(models.Destruction).where(models.Destruction.recording_id == recording_id)
    found: models.Destruction | None = await db.scalar(
        wanted.order_by(models.Destruction.proposed_at.desc(), models.Destruction.id.desc()).limit(1)
    )
    return found


async def _held_reason(db: AsyncSession, recording: models.Recording) -> str:
    if not recording.held:
        return ""
    wanted = select(models.CustodyEvent.reason).where(
        models.CustodyEvent.recording_id == recording.id, models.CustodyEvent.action == "hold"
    )
    return await db.scalar(wanted.order_by(models.CustodyEvent.seq.desc()).limit(1)) or ""
