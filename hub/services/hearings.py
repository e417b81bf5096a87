"""Hearings: booked, changed, postponed, cancelled. Lists and seats have modules of their own, offered here too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, schedule
from hub.auth import Action, Actor, Target, require
from hub.db import Database
from hub.errors import BadInput, Conflict, NotFound, Stale
from hub.i18n import N_, Text
from hub.ids import utc_now
from hub.models import LIVE_STATES, Account, AuditEvent, Hearing, HearingState
from hub.services import audit, hearing_agenda, hearing_changes, identity, invitations
from hub.services.bookings import Booked, Booking, check, place_seats, refuse_clash
from hub.services.counters import next_number
from hub.services.hearing_changes import Before
from hub.services.hearing_lists import (
    BookingChoices,
    HearingQuery,
    choices,
    coming,
    find,
    get,
    record_target,
    target,
    today,
)
from hub.services.hearing_seats import (
    DeviceCheckResult,
    HelpDeskHearing,
    HelpDeskSeat,
    attendance_joined,
    attendance_left,
    attendances,
    close_attendances,
    confirm_notice,
    help_desk,
    notices,
    save_device_check,
    seat_target,
    seats_for,
)
from hub.services.identity import Vault
from hub.text import clean

__all__ = [
    "Booking",
    "BookingChoices",
    "DeviceCheckResult",
    "HearingQuery",
    "HelpDeskHearing",
    "HelpDeskSeat",
    "attendance_joined",
    "attendance_left",
    "attendances",
    "book",
    "cancel",
    "change",
    "choices",
    "close_attendances",
    "coming",
    "confirm_notice",
    "find",
    "get",
    "help_desk",
    "mark_state",
    "notices",
    "postpone",
    "record_target",
    "require_discreet",
    "save_device_check",
    "seat_target",
    "seats_for",
    "target",
    "today",
]

REASON_MAX = 500


async def book(db: AsyncSession, vault: Vault, actor: Actor, booking: Booking, *, invite: bool = True) -> Hearing:
    """Book a hearing with its seats, and invite. Raises ``BadInput`` by field, ``Conflict`` naming the clash,
    ``Forbidden``."""
    booked = await check(db, vault, actor, booking)
    await refuse_clash(db, booked)
    now = utc_now()
    year = calendar.local_day(now).year
    count = await next_number(db, f"hearing/{booked.unit.code}/{year}")
    hearing = Hearing(
        number=f"BT-{booked.unit.code}-{year}-{count:06d}",
        state=HearingState.SCHEDULED,
        created_by=actor.account_id,
        created_at=now,
        reason="",
        version=1,
        seats=[],
    )
    await _write(db, hearing, booked)
    await _audit(db, actor, "hearing_booked", hearing)
    if invite:
        await invitations.invite(db, hearing)
    return hearing


async def change(
    db: AsyncSession, vault: Vault, actor: Actor, hearing_id: str, version: int, booking: Booking, reason: str
) -> Hearing:
    """Change anything of a hearing that has not begun; one postponed without a date is scheduled again by this.

    Raises as ``book``, and ``Stale`` when somebody saved after ``version``.
    """
    hearing = await _editable(db, actor, hearing_id, version)
    before = Before.of(hearing)
    reason = await _reason(db, vault, actor, hearing, reason)
    booked = await check(db, vault, actor, booking, hearing)
    await identity.require_discreet(db, vault, actor, booked.cases, reason)
    await refuse_clash(db, booked, but=hearing.id)
    hearing.state = schedule.move(HearingState(hearing.state), HearingState.SCHEDULED)
    hearing.reason = reason
    hearing.version += 1
    await _write(db, hearing, booked)
    await _audit(db, actor, "hearing_changed", hearing, reason)
    await hearing_changes.changed(db, vault, actor, hearing, before, reason)
    return hearing


async def postpone(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    hearing_id: str,
    version: int,
    reason: str,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Hearing:
    """Move to a new date with everything else as it is; without a date it waits as POSTPONED until changed.

    Needs a valid reason and notice (Law on Citizen Reception 42/2013 Art 24); the invited see ``Hearing.reason``.
    """
    hearing = await _editable(db, actor, hearing_id, version)
    reason = await _reason(db, vault, actor, hearing, reason)
    before = Before.of(hearing)
    if starts_at is None or ends_at is None:
        hearing.state = schedule.move(HearingState(hearing.state), HearingState.POSTPONED)
    else:
        faults = schedule.time_faults(starts_at, ends_at, utc_now())
        if faults:
            raise BadInput(N_("Một số mục chưa đúng. Hãy xem lại."), fields=faults)
        await refuse_clash(db, Booked.of(hearing, starts_at, ends_at), but=hearing.id)
        hearing.starts_at, hearing.ends_at = starts_at, ends_at
        hearing.state = schedule.move(HearingState(hearing.state), HearingState.SCHEDULED)
    hearing.reason = reason
    hearing.version += 1
    await db.flush()
    stamp = calendar.stamp(before.starts_at, before.ends_at)
    await _audit(db, actor, "hearing_postponed", hearing, reason, before=stamp)
    await hearing_changes.changed(db, vault, actor, hearing, before, reason)
    return hearing


async def cancel(db: AsyncSession, vault: Vault, actor: Actor, hearing_id: str, version: int, reason: str) -> Hearing:
    """Raises ``Stale``, ``Conflict`` once it has begun, ``BadInput`` without a reason."""
    hearing = await _editable(db, actor, hearing_id, version)
    before = Before.of(hearing)
    reason = await _reason(db, vault, actor, hearing, reason)
    hearing.state = schedule.move(HearingState(hearing.state), HearingState.CANCELLED)
    hearing.reason = reason
    hearing.version += 1
    await db.flush()
    await _audit(db, actor, "hearing_cancelled", hearing, reason)
    await hearing_changes.changed(db, vault, actor, hearing, before, reason)
    return hearing


async def require_discreet(database: Database, vault: Vault, actor: Actor, hearing_id: str, text: str) -> None:
    """Raise ``BadInput`` when a text typed in a hearing names the denouncer of one of its cases."""
    async with database.reading() as db:
        hearing = await db.get(Hearing, hearing_id)
        secret = [case for case in hearing.cases if case.party.secret] if hearing else []
    if secret:
        async with database.transaction() as db:
            await identity.require_discreet(db, vault, actor, secret, text, field="text")


async def mark_state(db: AsyncSession, hearing_id: str, state: HearingState, *, at: datetime | None = None) -> Hearing:
    """What the live hearing became: opened, in recess, interrupted, closed. The live side has asked ``auth`` already.

    Repeating a state does nothing, so events may be replayed. Raises ``Conflict`` for a move that does not follow.
    """
    hearing = await _locked(db, hearing_id)
    hearing.state = schedule.move(HearingState(hearing.state), state)
    if state in LIVE_STATES and hearing.opened_at is None:
        hearing.opened_at = at or utc_now()
    if state == HearingState.CLOSED and hearing.closed_at is None:
        hearing.closed_at = at or utc_now()
    await db.flush()
    return hearing


async def _write(db: AsyncSession, hearing: Hearing, booked: Booked) -> None:
    booking = booked.booking
    hearing.kind, hearing.ad_hoc_ground = booking.kind, booking.ad_hoc_ground
    hearing.title = clean(booking.title)
    hearing.starts_at, hearing.ends_at = booking.starts_at, booking.ends_at
    hearing.unit = booked.unit
    hearing.cases = list(booked.cases)
    db.add(hearing)
    await db.flush()
    await hearing_agenda.place(db, hearing.id, [case.id for case in booked.cases])
    await place_seats(db, hearing, booked)


async def _editable(db: AsyncSession, actor: Actor, hearing_id: str, version: int) -> Hearing:
    hearing = await _locked(db, hearing_id)
    require(actor, Action.BOOK_HEARING, Target(paths=(hearing.unit.path,)))
    if hearing.version != version:
        raise await _stale(db, hearing)
    if hearing.state not in (HearingState.SCHEDULED, HearingState.POSTPONED):
        raise Conflict(N_("Buổi tiếp đã bắt đầu, đã kết thúc hoặc đã hủy nên không thể thay đổi lịch."))
    return hearing


async def _locked(db: AsyncSession, hearing_id: str) -> Hearing:
    wanted = select(Hearing).where(Hearing.id == hearing_id).with_for_update(of=Hearing, key_share=True)
    hearing = (await db.execute(wanted.execution_options(populate_existing=True))).unique().scalar_one_or_none()
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp."))
    return hearing


async def _reason(db: AsyncSession, vault: Vault, actor: Actor, hearing: Hearing, typed: str) -> str:
    """Everyone invited reads it, so it must be there, and may not name a denouncer."""
    reason = clean(typed)
    if not reason or len(reason) > REASON_MAX:
        text = Text(
            N_("Hãy nêu lý do, không quá %(longest)d ký tự; mọi người được mời sẽ thấy."), {"longest": REASON_MAX}
        )
        raise BadInput(text.message, fields={"reason": text}, longest=REASON_MAX)
    await identity.require_discreet(db, vault, actor, hearing.cases, reason)
    return reason


async def _stale(db: AsyncSession, hearing: Hearing) -> Stale:
    last = (
        select(Account.full_name, AuditEvent.at)
        .join(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.object_type == "hearing", AuditEvent.object_id == hearing.id)
        .where(AuditEvent.action.in_(("hearing_changed", "hearing_postponed", "hearing_cancelled")))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    row = (await db.execute(last.limit(1))).first()
    name, at = row or ("", hearing.created_at)
    return Stale(
        N_("%(name)s đã thay đổi buổi tiếp này lúc %(time)s, sau khi bạn mở. Hãy xem bản mới rồi làm lại."),
        name=name,
        time=calendar.stamp(at),
    )


async def _audit(
    db: AsyncSession, actor: Actor, action: str, hearing: Hearing, reason: str = "", **detail: object
) -> None:
    await audit.record(
        db,
        actor,
        action,
        "hearing",
        hearing.id,
        reason,
        unit_path=hearing.unit.path,
        number=hearing.number,
        time=calendar.stamp(hearing.starts_at, hearing.ends_at),
        **detail,
    )
