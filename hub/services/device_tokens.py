"""Tokens that let a room encoder or a wall display in at one seat of one hearing (RFC 6750 bearer tokens).

Random, stored as a digest only, valid until the hearing is over or the token has expired or was revoked. A token
lets media in, nothing else: whether it flows is decided by the hearing (``signaling.wishes``).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require
from hub.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn
from hub.i18n import N_
from hub.ids import new_id, utc_now
from hub.models import OVER_STATES, AuditEvent, DeviceToken, DoorDirection, Hearing, Seat, SeatKind
from hub.services import audit

TOKEN_BYTES = 32
PREFIX = "hub_"
"""So that a leaked token is recognised for what it is."""
OVERTIME = timedelta(hours=6)
"""A hearing may last longer than it was booked for; its end voids the token at once in any case."""
HOURS_MAX = 24 * 31


@dataclass(frozen=True, slots=True)
class Issued:
    """``token`` is shown once: afterwards only its digest is known."""

    token: str
    row: DeviceToken
    hearing: Hearing


def seat_target(hearing: Hearing, seat: Seat) -> Target:
    """Who may connect a device there: whoever may book the hearing, and officers of the seat's own point."""
    paths: tuple[str, ...] = (hearing.unit.path,)
    if seat.kind == SeatKind.POINT and seat.point is not None:
        paths += (seat.point.unit.path,)
    return Target(paths=paths)


def connectable_seats(actor: Actor, hearing: Hearing) -> list[Seat]:
    """Where the actor may connect a device; nowhere once the hearing is over."""
    if hearing.state in OVER_STATES:
        return []
    return [seat for seat in hearing.seats if may(actor, Action.CONNECT_DEVICE, seat_target(hearing, seat))]


def require_some_seat(actor: Actor, hearing: Hearing) -> None:
    """Before anything else is said of the hearing. Raises ``Forbidden`` for who may connect a device to none of it."""
    if not any(may(actor, Action.CONNECT_DEVICE, seat_target(hearing, seat)) for seat in hearing.seats):
        require(actor, Action.CONNECT_DEVICE, Target(paths=(hearing.unit.path,)))


def find_seat(hearing: Hearing, wanted: str) -> Seat:
    """The seat that ``wanted`` means: a seat's id, the code of its point, or ``chair``, ``deputy``, ``secretary``.

    A bridge point may hold both the chair and a seat of its own; its own seat is meant then. Raises ``BadInput``.
    """
    name = wanted.strip().casefold()
    own = [s for s in hearing.seats if s.kind == SeatKind.POINT and s.point and s.point.code.casefold() == name]
    there = [s for s in hearing.seats if s.point and s.point.code.casefold() == name]
    named = [s for s in hearing.seats if s.id == name or (s.kind != SeatKind.POINT and str(s.kind) == name)]
    found = [*own, *there, *named]
    if not found:
        codes = ", ".join(sorted(s.point.code for s in hearing.seats if s.point)) or "–"
        raise BadInput(
            N_("Buổi tiếp không có điểm %(wanted)s. Các điểm: %(codes)s; hoặc chair, deputy, secretary."),
            wanted=wanted,
            codes=codes,
        )
    return found[0]


async def find_hearing(db: AsyncSession, wanted: str) -> Hearing:
    """By id or number. Raises ``NotFound``."""
    text = wanted.strip()
    query = select(Hearing).where(or_(Hearing.id == text.lower(), Hearing.number == text))
    hearing = (await db.execute(query)).unique().scalar_one_or_none()
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp."))
    return hearing


async def issue(
    db: AsyncSession, actor: Actor, hearing: Hearing, seat: Seat, direction: DoorDirection, hours: float | None = None
) -> Issued:
    """A new token. It expires ``OVERTIME`` after the booked end, or ``hours`` from now.

    Raises ``Forbidden``, ``Conflict`` when the hearing is over, ``BadInput``.
    """
    require(actor, Action.CONNECT_DEVICE, seat_target(hearing, seat))
    if hearing.state in OVER_STATES:
        raise Conflict(N_("Buổi tiếp đã kết thúc hoặc đã hủy."))
    if hours is not None and not 0 < hours <= HOURS_MAX:
        raise BadInput(N_("Số giờ phải lớn hơn 0 và không quá %(limit)s."), limit=HOURS_MAX)
    now = utc_now()
    expires_at = now + timedelta(hours=hours) if hours is not None else max(hearing.ends_at, now) + OVERTIME
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row = DeviceToken(
        id=new_id(),
        hearing_id=hearing.id,
        seat=seat,
        direction=direction,
        token_sha256=digest(token),
        created_by=actor.account_id or None,
        created_at=now,
        expires_at=expires_at,
    )
    db.add(row)
    await db.flush()
    await _note(db, actor, "device_token_issued", row, hearing, expires_at=expires_at.isoformat(timespec="seconds"))
    return Issued(token, row, hearing)


async def revoke(db: AsyncSession, actor: Actor, wanted: str) -> DeviceToken:
    """By id, or by the token itself. Idempotent. Raises ``NotFound``, ``Forbidden``."""
    text = wanted.strip()
    query = select(DeviceToken).where(or_(DeviceToken.id == text.lower(), DeviceToken.token_sha256 == digest(text)))
    row = (await db.execute(query)).unique().scalar_one_or_none()
    if row is None:
        raise NotFound(N_("Không tìm thấy mã kết nối này."))
    hearing = await db.get_one(Hearing, row.hearing_id)
    require(actor, Action.CONNECT_DEVICE, seat_target(hearing, row.seat))
    if row.revoked_at is None:
        row.revoked_at = utc_now()
        await db.flush()
        await _note(db, actor, "device_token_revoked", row, hearing)
    return row


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[DeviceToken]:
    """Those that still open a door, oldest first."""
    query = select(DeviceToken).where(
        DeviceToken.hearing_id == hearing_id, DeviceToken.revoked_at.is_(None), DeviceToken.expires_at > utc_now()
    )
    return (await db.execute(query.order_by(DeviceToken.created_at))).unique().scalars().all()


async def find(db: AsyncSession, token: str, hearing_id: str, seat_id: str, direction: DoorDirection) -> DeviceToken:
    """The row of a token presented at a door. Raises ``NotSignedIn`` for one that opens nothing any more, ``Forbidden``
    for one that opens another door."""
    query = select(DeviceToken).where(DeviceToken.token_sha256 == digest(token))
    row = (await db.execute(query)).unique().scalar_one_or_none()
    if row is None or row.revoked_at is not None:
        raise NotSignedIn(N_("Mã kết nối không đúng hoặc đã bị thu hồi."))
    if row.expires_at <= utc_now():
        raise NotSignedIn(N_("Mã kết nối đã hết hạn. Hãy lấy mã mới."))
    if (row.hearing_id, row.seat_id, row.direction) != (hearing_id, seat_id, direction):
        raise Forbidden(N_("Mã kết nối này dành cho buổi tiếp, điểm hoặc chiều khác."))
    return row


async def session_begun(
    db: AsyncSession, token_id: str, address: str, *, session_id: str, generation: int, etag: str
) -> None:
    """A device is connected; the one that used the token before is not any more."""
    row = await db.get_one(DeviceToken, token_id)
    row.session_id, row.generation, row.etag, row.used_at = session_id, generation, etag, utc_now()
    await _told(db, row, "device_connected", address)


async def session_ended(db: AsyncSession, session_id: str, address: str = "") -> None:
    """The session's device hung up, was sent away, or is gone. Idempotent."""
    query = select(DeviceToken).where(DeviceToken.session_id == session_id)
    row = (await db.execute(query)).unique().scalar_one_or_none()
    if row is not None:
        row.session_id = row.generation = row.etag = None
        await _told(db, row, "device_disconnected", address)


async def session_restarted(db: AsyncSession, session_id: str, etag: str) -> None:
    """ICE was restarted."""
    query = select(DeviceToken).where(DeviceToken.session_id == session_id)
    row = (await db.execute(query)).unique().scalar_one_or_none()
    if row is not None:
        row.etag = etag


async def sessions(db: AsyncSession, hearing_id: str | None = None) -> Sequence[DeviceToken]:
    """All tokens with a device on them, of one hearing or of all."""
    query = select(DeviceToken).where(DeviceToken.session_id.is_not(None))
    if hearing_id is not None:
        query = query.where(DeviceToken.hearing_id == hearing_id)
    return (await db.execute(query)).unique().scalars().all()


def void(row: DeviceToken, now: datetime) -> bool:
    """Whether the token opens nothing any more, by itself; the hearing may be over besides."""
    return row.revoked_at is not None or row.expires_at <= now


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def _told(db: AsyncSession, row: DeviceToken, action: str, address: str) -> None:
    hearing = await db.get_one(Hearing, row.hearing_id)
    event = await _note(db, None, action, row, hearing)
    event.address = address[:64]
    await db.flush()


async def _note(
    db: AsyncSession, actor: Actor | None, action: str, row: DeviceToken, hearing: Hearing, **detail: str
) -> AuditEvent:
    return await audit.record(
        db,
        actor,
        action,
        "hearing",
        hearing.id,
        "",
        unit_path=hearing.unit.path,
        number=hearing.number,
        seat=row.seat_id,
        direction=str(row.direction),
        token=row.id,
        **detail,
    )
