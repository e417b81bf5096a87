"""Room encoders and wall displays: what lets them in by the standard doors (WHIP, WHEP)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column
from hub.models.hearings import Seat


class DoorDirection(StrEnum):
    PUBLISH = "publish"  # WHIP: a room encoder sends the seat's picture and sound
    WATCH = "watch"  # WHEP: a display shows what the seat may see


class DeviceToken(Base):
    """Lets one device in at one seat of one hearing. The table holds only the token's SHA-256.

    A token carries at most one session, kept here so that a restarted web process still knows it.
    """

    __tablename__ = "device_token"
    __table_args__ = (Index("ix_device_token_hearing_id_direction", "hearing_id", "direction"),)

    id: Mapped[str] = id_column()
    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"))
    seat_id: Mapped[str] = mapped_column(ForeignKey("seat.id"), index=True)
    direction: Mapped[DoorDirection] = mapped_column(String(8))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    """None: the command line."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """When its last session began."""
    session_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    """The last path segment of the session's address; None while no device is connected."""
    generation: Mapped[int | None] = mapped_column(BigInteger)
    """The session's number in the media worker."""
    etag: Mapped[str | None] = mapped_column(String(64))
    """Names the session's ICE credentials (RFC 9725 section 4.3.3)."""

    seat: Mapped[Seat] = relationship(lazy="joined")
