"""How the lines of a hearing were: kept minute by minute while it runs, read as a report afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may
from hub.errors import Hidden, NotFound
from hub.i18n import N_
from hub.lines import BAD_LOSS, BAD_ROUND_TRIP_MS, Direction
from hub.models import Hearing, LineMinute, Seat

MINUTE = timedelta(minutes=1)
PURGE_ROWS = 20_000
"""Deleted at a time, so that no transaction holds up a hearing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteRow:
    """A row of ``models.LineMinute``, whose fields explain themselves there."""

    hearing_id: str
    minute: datetime
    seat_id: str
    direction: Direction
    part: str
    samples: int
    bps_min: int
    bps_avg: int
    bps_max: int
    loss_min: float
    loss_avg: float
    loss_max: float
    jitter_ms_min: float
    jitter_ms_avg: float
    jitter_ms_max: float
    round_trip_ms_min: float | None
    round_trip_ms_avg: float | None
    round_trip_ms_max: float | None
    height_min: int | None
    height_max: int | None
    nacks: int
    keyframe_requests: int
    freezes: int
    gone: int
    score_min: int


async def keep(db: AsyncSession, rows: Sequence[MinuteRow]) -> None:
    """Write them all. The same rows again change nothing: a commit's answer may have been lost."""
    if not rows:
        return
    minutes = sorted({(row.hearing_id, row.minute) for row in rows})
    parts = {row.part for row in rows}
    written = tuple_(LineMinute.hearing_id, LineMinute.minute).in_(minutes)
    await db.execute(delete(LineMinute).where(written, LineMinute.part.in_(parts)))
    await db.execute(insert(LineMinute), [asdict(row) for row in rows])


async def purge(db: AsyncSession, before: datetime) -> int:
    """Forget what is older; how many rows went. Call again while it answers ``PURGE_ROWS``."""
    old = select(LineMinute.hearing_id, LineMinute.minute).where(LineMinute.minute < before).limit(PURGE_ROWS)
    keys = [(hearing_id, minute) for hearing_id, minute in (await db.execute(old)).all()]
    minutes = sorted(set(keys))
    for start in range(0, len(minutes), 200):
        chunk = minutes[start : start + 200]
        await db.execute(delete(LineMinute).where(tuple_(LineMinute.hearing_id, LineMinute.minute).in_(chunk)))
    return len(keys)


# The report ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """One seat, one direction, the whole hearing."""

    minutes: tuple[MinuteRow, ...]
    """In order; a minute that is missing was not connected."""

    @property
    def loss(self) -> float:
        """Mean over all measurements."""
        return _mean([(row.loss_avg, row.samples) for row in self.minutes]) or 0.0

    @property
    def bps(self) -> int:
        return round(_mean([(float(row.bps_avg), row.samples) for row in self.minutes]) or 0)

    @property
    def jitter_ms(self) -> float:
        return _mean([(row.jitter_ms_avg, row.samples) for row in self.minutes]) or 0.0

    @property
    def round_trip_ms(self) -> float | None:
        known = [(row.round_trip_ms_avg, row.samples) for row in self.minutes if row.round_trip_ms_avg is not None]
        return _mean(known)

    @property
    def freezes(self) -> int:
        return sum(row.freezes for row in self.minutes)

    @property
    def height_max(self) -> int | None:
        return max((row.height_max for row in self.minutes if row.height_max is not None), default=None)

    @property
    def worst(self) -> MinuteRow | None:
        """The minute with the greatest loss, the first of them."""
        return max(self.minutes, key=lambda row: row.loss_avg, default=None)

    @property
    def bad_minutes(self) -> int:
        return sum(_bad(row) for row in self.minutes)


@dataclass(frozen=True, slots=True)
class SeatLines:
    seat: Seat
    up: Way
    down: Way

    @property
    def connected_minutes(self) -> int:
        return len({row.minute for way in (self.up, self.down) for row in way.minutes})

    @property
    def bad_minutes(self) -> int:
        """Minutes in which either direction was not fit for a hearing."""
        return len({row.minute for way in (self.up, self.down) for row in way.minutes if _bad(row)})


@dataclass(frozen=True, slots=True)
class LineReport:
    hearing: Hearing
    seats: tuple[SeatLines, ...]
    """Those with the most bad minutes first, then in the order of the table."""
    first: datetime | None
    last: datetime | None
    """The first and last minute measured; None: nothing was."""
    whole: bool
    """Whether all seats are in it; else only those of the reader's own units."""


def _bad(row: MinuteRow) -> bool:
    slow = row.round_trip_ms_avg is not None and row.round_trip_ms_avg > BAD_ROUND_TRIP_MS
    return row.loss_avg > BAD_LOSS or slow or row.gone > 0


def _mean(weighted: Sequence[tuple[float | None, int]]) -> float | None:
    total = sum(weight for _, weight in weighted)
    return sum((value or 0.0) * weight for value, weight in weighted) / total if total else None


async def report(db: AsyncSession, actor: Actor, hearing_id: str) -> LineReport:
    """Raises ``NotFound``, and ``Forbidden`` to who may see no seat's line in this hearing.

    Who holds the hearing, or sat at its head, sees all lines; who only answers for a point sees that point's.
    """
    hearing = await db.get(Hearing, hearing_id)
    if hearing is None:
        raise NotFound(N_("Không tìm thấy buổi tiếp."))
    seats = readable_seats(actor, hearing)
    if not seats:
        raise Hidden(N_("Bạn không có quyền làm việc này."))
    wanted = select(LineMinute).where(LineMinute.hearing_id == hearing_id)
    if len(seats) < len(hearing.seats):
        wanted = wanted.where(LineMinute.seat_id.in_([seat.id for seat in seats]))
    found: dict[tuple[str, str], dict[datetime, MinuteRow]] = {}
    for row in (await db.execute(wanted.order_by(LineMinute.minute, LineMinute.part))).scalars():
        minutes = found.setdefault((row.seat_id, row.direction), {})
        one = _row(row)
        minutes[row.minute] = _joined(minutes[row.minute], one) if row.minute in minutes else one
    lines = [
        SeatLines(seat, *(Way(tuple(found.get((seat.id, way), {}).values())) for way in (Direction.UP, Direction.DOWN)))
        for seat in seats
    ]
    measured = [minute for minutes in found.values() for minute in minutes]
    return LineReport(
        hearing=hearing,
        seats=tuple(sorted(lines, key=lambda one: (-one.bad_minutes, one.seat.position))),
        first=min(measured, default=None),
        last=max(measured, default=None),
        whole=len(seats) == len(hearing.seats),
    )


def readable_seats(actor: Actor, hearing: Hearing) -> list[Seat]:
    """The seats whose lines this person may see, in order."""
    own = next((str(seat.kind) for seat in hearing.seats if seat.account_id == actor.account_id), None)
    if may(actor, Action.READ_LINES, Target(paths=(hearing.unit.path,), seat_kind=own)):
        return list(hearing.seats)
    return [
        seat
        for seat in hearing.seats
        if seat.point is not None and may(actor, Action.READ_LINES, Target(paths=(seat.point.unit.path,)))
    ]


def _row(row: LineMinute) -> MinuteRow:
    return MinuteRow(**{name: getattr(row, name) for name in MinuteRow.__slots__})


def _joined(one: MinuteRow, other: MinuteRow) -> MinuteRow:
    """Two parts of one minute, from before and after a restart."""
    both = (one, other)
    samples = one.samples + other.samples

    def mean(name: str) -> float | None:
        return _mean([(getattr(row, name), row.samples) for row in both if getattr(row, name) is not None])

    def extreme(name: str, choose: object) -> object:
        known = [getattr(row, name) for row in both if getattr(row, name) is not None]
        return choose(known) if known else None  # type: ignore[operator]

    values = asdict(one) | {"samples": samples}
    for name in MinuteRow.__slots__:
        if name.endswith("_min"):
            values[name] = extreme(name, min)
        elif name.endswith("_max"):
            values[name] = extreme(name, max)
        elif name.endswith("_avg"):
            values[name] = mean(name)
        elif name in ("nacks", "keyframe_requests", "freezes", "gone"):
            values[name] = getattr(one, name) + getattr(other, name)
    values["bps_avg"] = round(values["bps_avg"])
    return MinuteRow(**values)
