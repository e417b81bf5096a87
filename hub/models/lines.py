"""How each seat's line was, minute by minute."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.models.base import Base


class LineMinute(Base):
    """One seat's line in one direction during one minute. Holds figures only, and nothing about people or cases.

    ``part`` is the life of the web process that wrote it: after a restart in mid-minute the same minute has two rows.
    Rates are bits per second, losses fractions 0–1, times milliseconds.
    """

    __tablename__ = "line_minute"
    __table_args__ = (Index("ix_line_minute_minute", "minute"),)

    hearing_id: Mapped[str] = mapped_column(ForeignKey("hearing.id"), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    """Its first instant."""
    seat_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    direction: Mapped[str] = mapped_column(String(4), primary_key=True)
    """``up``: what the seat sent; ``down``: what it received."""
    part: Mapped[str] = mapped_column(String(32), primary_key=True)
    samples: Mapped[int]
    """Measurements that the figures were made from."""
    bps_min: Mapped[int] = mapped_column(BigInteger)
    bps_avg: Mapped[int] = mapped_column(BigInteger)
    bps_max: Mapped[int] = mapped_column(BigInteger)
    loss_min: Mapped[float]
    loss_avg: Mapped[float]
    loss_max: Mapped[float]
    jitter_ms_min: Mapped[float]
    jitter_ms_avg: Mapped[float]
    jitter_ms_max: Mapped[float]
    round_trip_ms_min: Mapped[float | None]
    round_trip_ms_avg: Mapped[float | None]
    round_trip_ms_max: Mapped[float | None]
    """All three None: not measured."""
    height_min: Mapped[int | None]
    height_max: Mapped[int | None]
    """Lines of the largest picture that passed; None: no picture."""
    nacks: Mapped[int]
    keyframe_requests: Mapped[int]
    freezes: Mapped[int]
    """``down``: pictures that stood still, by the browser's count; ``up``: measurements without any picture that
    should have come."""
    gone: Mapped[int]
    """Measurements in which the line gave no sign of life."""
    score_min: Mapped[int]
    """0 (bad) to 4."""
