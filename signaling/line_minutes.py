"""Gathers lines' figures into minutes and writes the finished ones in one batch a minute, beside everything else.

Nothing waits for it. While the database is away finished minutes are kept, up to a bound; beyond it the oldest go.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from hub.db import Database
from hub.errors import NotReady
from hub.ids import new_id, utc_now
from hub.lines import Direction, Figures, Way, score
from hub.services import lines
from hub.services.lines import MinuteRow

EVERY_S = 60.0
LATE_S = 5.0
"""How long after its end a minute is written: the last figures are still on their way."""
MOST_ROWS = 200_000
"""Kept while the database is away: 197 points for four hours and more, some 100 MB."""
FLUSH_S = 3.0
"""How long the end of the process waits for the last minutes to be written."""
PURGE_EVERY_S = 6 * 3600.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Range:
    least: float | None = None
    most: float | None = None
    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        if value is None:
            return
        if self.least is None or value < self.least:
            self.least = value
        if self.most is None or value > self.most:
            self.most = value
        self.total += value
        self.count += 1

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class _Minute:
    samples: int = 0
    bps: _Range = field(default_factory=_Range)
    loss: _Range = field(default_factory=_Range)
    jitter_ms: _Range = field(default_factory=_Range)
    round_trip_ms: _Range = field(default_factory=_Range)
    height: _Range = field(default_factory=_Range)
    nacks: int = 0
    keyframe_requests: int = 0
    freezes: int = 0
    gone: int = 0
    score_min: int = 4

    def add(self, way: Way, freezes: int, *, gone: bool, points: int) -> None:
        self.samples += 1
        self.bps.add(way.bps)
        self.loss.add(way.loss)
        self.jitter_ms.add(way.jitter_ms)
        self.round_trip_ms.add(way.round_trip_ms)
        self.height.add(way.height)
        self.nacks += way.nacks
        self.keyframe_requests += way.keyframe_requests
        self.freezes += freezes
        self.gone += gone
        self.score_min = min(self.score_min, points)

    def row(self, hearing_id: str, minute: datetime, seat_id: str, direction: Direction, part: str) -> MinuteRow:
        return MinuteRow(
            hearing_id=hearing_id,
            minute=minute,
            seat_id=seat_id,
            direction=direction,
            part=part,
            samples=self.samples,
            bps_min=int(self.bps.least or 0),
            bps_avg=int(self.bps.mean or 0),
            bps_max=int(self.bps.most or 0),
            loss_min=self.loss.least or 0.0,
            loss_avg=self.loss.mean or 0.0,
            loss_max=self.loss.most or 0.0,
            jitter_ms_min=self.jitter_ms.least or 0.0,
            jitter_ms_avg=self.jitter_ms.mean or 0.0,
            jitter_ms_max=self.jitter_ms.most or 0.0,
            round_trip_ms_min=self.round_trip_ms.least,
            round_trip_ms_avg=self.round_trip_ms.mean,
            round_trip_ms_max=self.round_trip_ms.most,
            height_min=None if self.height.least is None else int(self.height.least),
            height_max=None if self.height.most is None else int(self.height.most),
            nacks=self.nacks,
            keyframe_requests=self.keyframe_requests,
            freezes=self.freezes,
            gone=self.gone,
            score_min=self.score_min,
        )


class Gatherer:
    """The minutes under way and those finished. Knows no clock of its own."""

    def __init__(self, part: str, most_rows: int = MOST_ROWS) -> None:
        self.finished: deque[MinuteRow] = deque(maxlen=most_rows)
        self.forgotten = 0
        """Rows that there was no room for."""
        self._part = part
        self._under_way: dict[tuple[str, datetime, str, Direction], _Minute] = {}

    def add(self, hearing_id: str, figures: Mapping[str, Figures], freezes: Mapping[str, int], at: datetime) -> None:
        """One measurement of every seat; ``freezes`` are those that browsers have told since the last."""
        minute = at.replace(second=0, microsecond=0)
        for seat_id, one in figures.items():
            points = score(one)
            stalled = any(source.stalled for source in one.sources)
            for direction, way, frozen in (
                (Direction.UP, one.up, int(stalled)),
                (Direction.DOWN, one.down, freezes.get(seat_id, 0)),
            ):
                if way is not None:
                    found = self._under_way.setdefault((hearing_id, minute, seat_id, direction), _Minute())
                    found.add(way, frozen, gone=one.gone, points=4 if points is None else points)

    def finish(self, now: datetime | None = None) -> None:
        """Minutes that were over ``LATE_S`` before ``now`` are finished; all of them without ``now``."""
        for key in list(self._under_way):
            hearing_id, minute, seat_id, direction = key
            if now is None or minute + timedelta(minutes=1, seconds=LATE_S) <= now:
                row = self._under_way.pop(key).row(hearing_id, minute, seat_id, direction, self._part)
                self.forgotten += len(self.finished) == self.finished.maxlen
                self.finished.append(row)

    def take(self) -> list[MinuteRow]:
        """All rows of the oldest finished minute: they are written together."""
        batch: list[MinuteRow] = []
        while self.finished and (not batch or self.finished[0].minute == batch[0].minute):
            batch.append(self.finished.popleft())
        return batch

    def give_back(self, batch: list[MinuteRow]) -> None:
        """What could not be written is the oldest: it goes first when there is no room."""
        room = (self.finished.maxlen or 0) - len(self.finished)
        self.forgotten += max(0, len(batch) - room)
        self.finished.extendleft(reversed(batch[len(batch) - min(room, len(batch)) :]))


class LineKeeper:
    """``run`` writes finished minutes and forgets those older than ``keep_days``."""

    def __init__(self, database: Database, keep_days: int, utc: Callable[[], datetime] = utc_now) -> None:
        self.gatherer = Gatherer(new_id())
        self.every_s = EVERY_S
        self._database, self._keep_days, self._utc = database, keep_days, utc
        self._purged_at: float | None = None

    def add(self, hearing_id: str, figures: Mapping[str, Figures], freezes: Mapping[str, int]) -> None:
        self.gatherer.add(hearing_id, figures, freezes, self._utc())

    async def run(self) -> None:
        """Until cancelled; then what there is is written, if the database takes it."""
        try:
            while True:
                await asyncio.sleep(self.every_s)
                self.gatherer.finish(self._utc())
                await self.write()
                await self._purge()
        finally:
            self.gatherer.finish()
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self.write()

    async def write(self) -> None:
        """Everything that is finished, minute by minute; what the database does not take stays for the next time."""
        gatherer = self.gatherer
        while batch := gatherer.take():
            try:
                async with self._database.transaction() as db:
                    await lines.keep(db, batch)
            except NotReady as error:
                gatherer.give_back(batch)
                waiting, forgotten = len(gatherer.finished), gatherer.forgotten
                log.warning("lines not kept yet", rows=waiting, forgotten=forgotten, fault=str(error))
                return
            except asyncio.CancelledError:
                gatherer.give_back(batch)
                raise
            except Exception:  # rows that can never be written must not stand in the way of all later ones
                log.exception("lines not kept", rows=len(batch))

    async def _purge(self) -> None:
        now = time.monotonic()
        if self._purged_at is not None and now - self._purged_at < PURGE_EVERY_S:
            return
        try:
            gone = lines.PURGE_ROWS
            while gone == lines.PURGE_ROWS:
                async with self._database.transaction() as db:
                    gone = await lines.purge(db, self._utc() - timedelta(days=self._keep_days))
        except NotReady as error:
            log.warning("old lines not forgotten yet", fault=str(error))
            return
        except Exception:  # minutes are no reason to stop the live side
            log.exception("old lines not forgotten")
        self._purged_at = now
