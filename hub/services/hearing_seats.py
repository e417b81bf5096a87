"""Seats of a hearing: who may take which, what the check before entering found, the notice, and who sat there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict, NotFound
from hub.i18n import N_
from hub.ids import utc_now
from hub.models import (
    OVER_STATES,
    Account,
    Attendance,
    DeviceCheck,
    Gap,
    Hearing,
    Recording,
    RecordingNotice,
    Seat,
    SeatKind,
)
from hub.services import audit
from hub.services.hearing_lists import get, target, today
from hub.text import clean_block

OUTCOMES = frozenset({"ok", "failed", "skipped"})
DETAIL_MAX = 4_000
FAULT_GAPS = ("lost", "worker_lost", "recorder_lost", "spool_full")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCheckResult:
    """Each of the four is ``ok``, ``failed`` or ``skipped``; ``detail`` is for the technician: nothing personal."""

    camera: str
    microphone: str
    loudspeaker: str
    connection: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HelpDeskSeat:
    seat: Seat
    check: DeviceCheck | None
    """The last one, whoever made it."""
    notice_at: datetime | None
    seated: str
    """The official in the seat now by attendance, empty when nobody is."""


@dataclass(frozen=True, slots=True)
class GapSum:
    """Stretches that are missing in a recording and should not be: not what was muted or fell into a recess."""

    count: int
    total_ms: int


@dataclass(frozen=True, slots=True)
class HelpDeskHearing:
    hearing: Hearing
    seats: list[HelpDeskSeat]
    gaps: GapSum
    """As far as the recorder has packaged what came."""


def seat_target(actor: Actor, seat: Seat) -> Target:
    """A seat as ``auth.may(actor, TAKE_SEAT, …)`` wants it."""
    paths = (seat.point.unit.path,) if seat.kind == SeatKind.POINT and seat.point else ()
    return Target(paths=paths, seat_kind=str(seat.kind), own=seat.account_id == actor.account_id)


def seats_for(actor: Actor, hearing: Hearing) -> list[Seat]:
    """The seats that the actor may take, their own named seat first, then points in order."""
    return [seat for seat in hearing.seats if may(actor, Action.TAKE_SEAT, seat_target(actor, seat))]


async def save_device_check(
    db: AsyncSession, actor: Actor, hearing_id: str, seat_id: str, result: DeviceCheckResult
) -> DeviceCheck:
    """Keep what the check before entering found. Raises ``BadInput``, ``NotFound``, ``Forbidden``."""
    seat = await _own_seat(db, actor, hearing_id, seat_id)
    found = (result.camera, result.microphone, result.loudspeaker, result.connection)
    if not OUTCOMES.issuperset(found):
        raise BadInput(N_("Kết quả kiểm tra thiết bị không hợp lệ."))
    check = DeviceCheck(
        hearing_id=hearing_id,
        seat_id=seat.id,
        account_id=actor.account_id,
        camera=result.camera,
        microphone=result.microphone,
        loudspeaker=result.loudspeaker,
        connection=result.connection,
        detail=clean_block(result.detail)[:DETAIL_MAX],
        at=utc_now(),
    )
    db.add(check)
    await db.flush()
    return check


async def confirm_notice(db: AsyncSession, actor: Actor, hearing_id: str, seat_id: str) -> RecordingNotice:
    """The officer confirms that the citizen was told of the recording and its legal basis; logged each time."""
    seat = await _own_seat(db, actor, hearing_id, seat_id)
    notice = RecordingNotice(hearing_id=hearing_id, seat_id=seat.id, account_id=actor.account_id, at=utc_now())
    db.add(notice)
    await db.flush()
    await audit.record(db, actor, "recording_notice_confirmed", "hearing", hearing_id, seat_id=seat.id)
    return notice


async def notices(db: AsyncSession, hearing_id: str) -> dict[str, datetime]:
    """By seat, when the notice was last confirmed there."""
    wanted = select(RecordingNotice).where(RecordingNotice.hearing_id == hearing_id).order_by(RecordingNotice.at)
    return {notice.seat_id: notice.at for notice in (await db.execute(wanted)).scalars()}


async def attendance_joined(
    db: AsyncSession, hearing_id: str, seat_id: str, account_id: str, *, at: datetime | None = None
) -> Attendance:
    """A stay begins; one still open in that seat ends, since a seat is one browser's place."""
    now = at or utc_now()
    await attendance_left(db, hearing_id, seat_id, at=now)
    stay = Attendance(hearing_id=hearing_id, seat_id=seat_id, account_id=account_id, joined_at=now)
    db.add(stay)
    await db.flush()
    return stay


async def attendance_left(db: AsyncSession, hearing_id: str, seat_id: str, *, at: datetime | None = None) -> None:
    """The stay in that seat ends; nobody there is fine."""
    await _end_stays(db, at, Attendance.hearing_id == hearing_id, Attendance.seat_id == seat_id)


async def close_attendances(db: AsyncSession, hearing_id: str, *, at: datetime | None = None) -> None:
    """Every stay ends with the hearing."""
    await _end_stays(db, at, Attendance.hearing_id == hearing_id)


async def attendances(db: AsyncSession, actor: Actor, hearing_id: str) -> Sequence[Attendance]:
    """Who sat where and when, in order."""
    await get(db, actor, hearing_id)
    wanted = select(Attendance).where(Attendance.hearing_id == hearing_id).order_by(Attendance.joined_at)
    return (await db.execute(wanted)).scalars().all()


async def help_desk(db: AsyncSession, actor: Actor) -> list[HelpDeskHearing]:
    """Today's hearings within the technician's scope with the last check and notice of every seat."""
    seen = [
        h
        for h in await today(db, actor, action=Action.WATCH_HELP_DESK)
        if may(actor, Action.WATCH_HELP_DESK, target(h))
    ]
    ids = [hearing.id for hearing in seen]
    checks = await latest_checks(db, ids)
    seated = await _seated(db, ids)
    gaps = await _gaps(db, ids)
    found = []
    for hearing in seen:
        told = await notices(db, hearing.id)
        seats = [HelpDeskSeat(s, checks.get(s.id), told.get(s.id), seated.get(s.id, "")) for s in hearing.seats]
        found.append(HelpDeskHearing(hearing, seats, gaps.get(hearing.id, GapSum(0, 0))))
    return found


async def latest_checks(db: AsyncSession, hearing_ids: Sequence[str]) -> dict[str, DeviceCheck]:
    """By seat, what the last check there found."""
    wanted = select(DeviceCheck).where(DeviceCheck.hearing_id.in_(hearing_ids)).order_by(DeviceCheck.at)
    return {check.seat_id: check for check in (await db.execute(wanted)).scalars()}


async def _own_seat(db: AsyncSession, actor: Actor, hearing_id: str, seat_id: str) -> Seat:
    hearing = await get(db, actor, hearing_id)
    seat = next((s for s in hearing.seats if s.id == seat_id), None)
    if seat is None:
        raise NotFound(N_("Không tìm thấy chỗ này trong buổi tiếp."))
    require(actor, Action.TAKE_SEAT, seat_target(actor, seat))
    if hearing.state in OVER_STATES:
        raise Conflict(N_("Buổi tiếp đã kết thúc hoặc đã hủy."))
    return seat


async def _end_stays(db: AsyncSession, at: datetime | None, *conditions: ColumnElement[bool]) -> None:
    await db.execute(
        update(Attendance).where(*conditions, Attendance.left_at.is_(None)).values(left_at=at or utc_now())
    )


async def _gaps(db: AsyncSession, hearing_ids: list[str]) -> dict[str, GapSum]:
    wanted = (
        select(Recording.hearing_id, func.count(), func.sum(Gap.end_ms - Gap.start_ms))
        .join(Gap, Gap.recording_id == Recording.id)
        .where(Recording.hearing_id.in_(hearing_ids), Gap.cause.in_(FAULT_GAPS))
        .group_by(Recording.hearing_id)
    )
    return {hearing_id: GapSum(count, int(total)) for hearing_id, count, total in (await db.execute(wanted)).all()}


async def _seated(db: AsyncSession, hearing_ids: list[str]) -> dict[str, str]:
    wanted = (
        select(Attendance.seat_id, Account.full_name)
        .join(Account, Account.id == Attendance.account_id)
        .where(Attendance.hearing_id.in_(hearing_ids), Attendance.left_at.is_(None))
    )
    return {row.seat_id: row.full_name for row in (await db.execute(wanted)).all()}
