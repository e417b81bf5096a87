"""All hearings somebody is connected to or that are under way, and the background work that keeps them true.

``Live.run`` must be running (``signaling.app`` ties it to the web application). It implements ``LiveView``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from hub import models
from hub.config import Config
from hub.db import Database
from hub.errors import Conflict, NotFound, NotReady
from hub.models import RecordingState
from hub.services.live import HearingLive, RecorderLive, WorkerLive
from signaling import protocol as p
from signaling.booking import load
from signaling.clock import Clock
from signaling.context import Context, Discreet, SeatsFor
from signaling.line_metrics import LineCollector
from signaling.line_minutes import LineKeeper
from signaling.live_hearing import LiveHearing
from signaling.media import control
from signaling.metrics import Metrics
from signaling.recording import Over, RecorderLink, UnderWay
from signaling.workers import WorkerPool

TICK_S = 1.0
IDLE_S = 60.0
"""A hearing that is not under way is forgotten when nobody has been connected for this long."""

log = structlog.get_logger(__name__)


class Live:
    def __init__(
        self,
        config: Config,
        database: Database,
        *,
        seats_for: SeatsFor,
        registry: CollectorRegistry,
        clock: Clock | None = None,
        discreet: Discreet | None = None,
    ) -> None:
        run_dir = config.run_dir
        sockets = [run_dir / f"worker-{index}.sock" for index in range(config.media_workers)]
        self._pool = WorkerPool(sockets, on_event=self._worker_says, on_change=self._changed)
        self._recorder = RecorderLink(
            run_dir / "recorder.sock", under_way=self._under_way, over=self._over, on_change=self._changed
        )
        self.context = Context(
            config=config,
            database=database,
            seats_for=seats_for,
            pool=self._pool,
            recorder=self._recorder,
            clock=clock or Clock(),
            metrics=Metrics(registry),
            wake=self.wake,
            keeper=LineKeeper(database, config.line_days),
            discreet=discreet,
        )
        self._hearings: dict[str, LiveHearing] = {}
        self._media_tasks: dict[str, asyncio.Task[None]] = {}
        self._users: dict[str, int] = {}
        self._loading = asyncio.Lock()
        self._loaded = False
        self._wake = asyncio.Event()
        registry.register(LineCollector(self._under_way_views, self.workers))
        self.stopping = False
        self.guests_known = True
        """False while ``signaling.doors`` still looks for guests of this process's earlier life."""
        self.rechecks: list[Callable[[str], None]] = []
        """Called with an account's id when it must be asked again who it is and what it may."""

    # Running --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pool.run(), name="worker-pool")
                tasks.create_task(self._recorder.run(), name="recorder-link")
                tasks.create_task(self._tick(), name="tick")
                tasks.create_task(self.context.keeper.run(), name="line-keeper")
        finally:
            self.stopping = True
            media = list(self._media_tasks.values())
            for task in media:
                task.cancel()
            drains = [hearing.drain() for hearing in self._hearings.values()]
            await asyncio.gather(*media, *drains, return_exceptions=True)

    async def _tick(self) -> None:
        while not self.stopping:  # sockets that we close ourselves are not lost seats
            self._wake.clear()
            await self._load_all()
            for hearing in list(self._hearings.values()):
                try:
                    await hearing.observe()
                except (NotReady, Conflict) as error:
                    log.warning("not kept yet", hearing_id=hearing.state.hearing_id, fault=str(error))
                except Exception:  # one hearing's fault must not stop the clocks of all others
                    log.exception("observing failed", hearing_id=hearing.state.hearing_id)
            await self._tidy()
            self._measure()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()

    async def _load_all(self) -> None:
        """After a start: hearings under way go on, whether or not a browser has come back yet."""
        if self._loaded:
            return
        try:
            async with self.context.database.reading() as db:
                query = select(models.Hearing.id).where(models.Hearing.state.in_(models.LIVE_STATES))
                ids = list(await db.scalars(query))
            for hearing_id in ids:
                await self._get(hearing_id)
        except NotReady as error:
            log.warning("hearings under way not read yet", fault=str(error))
            return
        self._loaded = True
        self._recorder.tend_soon()
        log.info("live side ready", hearings=len(ids))

    async def _tidy(self) -> None:
        for hearing_id, hearing in list(self._hearings.items()):
            idle = not hearing.audience and not self._users.get(hearing_id)
            if idle and not hearing.state.live and time.monotonic() - hearing.audience.idle_since > IDLE_S:
                del self._hearings[hearing_id]
                self._media_tasks.pop(hearing_id).cancel()
        if not (self._loaded and self.guests_known):
            return
        for index, router_id in self._pool.strays(self._alive):
            await self._pool.close_stray(index, router_id)

    def _alive(self, hearing_id: str) -> bool:
        hearing = self._hearings.get(hearing_id)
        return hearing is not None and (hearing.state.live or hearing.media.link.has_guests)

    def _measure(self) -> None:
        metrics = self.context.metrics
        metrics.hearings.set(len(self._hearings))
        metrics.live_hearings.set(sum(hearing.state.live for hearing in self._hearings.values()))
        metrics.tasks.set(len(asyncio.all_tasks()))
        metrics.blocks.set(sys.getallocatedblocks())
        metrics.workers_up.set(sum(worker.connected for worker in self._pool.live_views()))
        metrics.recorder_ready.set(self._recorder.refuses() is None)

    # Hearings -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def using(self, hearing_id: str) -> AsyncIterator[LiveHearing]:
        """The hearing for as long as a socket needs it. Raises ``NotFound`` or ``NotReady``."""
        self._users[hearing_id] = self._users.get(hearing_id, 0) + 1
        try:
            yield await self._get(hearing_id)
        finally:
            self._users[hearing_id] -= 1
            if not self._users[hearing_id]:
                del self._users[hearing_id]
            self.wake()

    async def _get(self, hearing_id: str) -> LiveHearing:
        async with self._loading:
            hearing = self._hearings.get(hearing_id)
            if hearing is None:
                booked = await load(self.context.database, hearing_id)
                hearing = self._hearings[hearing_id] = LiveHearing(self.context, booked)
                self._media_tasks[hearing_id] = asyncio.create_task(
                    hearing.media.link.run(), name=f"media-{hearing_id}"
                )
                hearing.media.link.poke()
            return hearing

    def wake(self) -> None:
        """Observe now rather than at the next tick."""
        self._wake.set()

    def _changed(self) -> None:
        for hearing in self._hearings.values():
            hearing.media.link.poke()
        self.wake()

    def _worker_says(self, index: int, event: object) -> None:
        router_id = getattr(event, "router_id", None)
        hearing = self._hearings.get(router_id) if router_id is not None else None
        if hearing is None:
            return
        try:
            hearing.media.worker_says(index, event)
        except Exception:  # a fault of ours in one hearing must not break the link that all hearings share
            log.exception("worker event failed", hearing_id=router_id, name=type(event).__name__)
        if isinstance(event, control.TransportState):
            self.wake()

    # Recordings -----------------------------------------------------------------------------------------------------

    def _under_way(self) -> list[UnderWay] | None:
        if not self._loaded:
            return None
        found = [hearing.under_way for hearing in self._hearings.values()]
        return [recording for recording in found if recording is not None]

    async def _over(self) -> list[Over]:
        """Recordings whose hearing has ended and that are not archived: the recorder may have missed the end."""
        async with self.context.database.reading() as db:
            rows = await db.execute(
                select(models.Recording.id, models.Recording.duration_ms, models.HearingEvent.payload)
                .join(models.HearingEvent, models.HearingEvent.hearing_id == models.Recording.hearing_id)
                .where(models.Recording.state == RecordingState.CLOSED, models.HearingEvent.kind == "opened")
            )
            return [
                Over(recording_id, int(payload["epoch_ns"]) + (duration_ms or 0) * 1_000_000)
                for recording_id, duration_ms, payload in rows.all()
            ]

    # LiveView -------------------------------------------------------------------------------------------------------

    def hearing(self, hearing_id: str) -> HearingLive | None:
        hearing = self._hearings.get(hearing_id)
        return hearing.view() if hearing is not None else None

    def _under_way_views(self) -> list[HearingLive]:
        return [hearing.view() for hearing in self._hearings.values() if hearing.state.live]

    def recorder(self) -> RecorderLive:
        return self._recorder.live_view()

    def workers(self) -> list[WorkerLive]:
        return self._pool.live_views()

    def account_changed(self, account_id: str) -> None:
        for ask in self.rechecks:
            ask(account_id)

    async def booking_changed(self, hearing_id: str) -> None:
        hearing = self._hearings.get(hearing_id)
        if hearing is not None:
            with suppress(NotFound):
                await hearing.booking_changed()

    def minutes_changed(self, hearing_id: str) -> None:
        hearing = self._hearings.get(hearing_id)
        if hearing is not None:
            hearing.audience.tell(p.MinutesChanged())

    async def probe(self, probe_id: str, owner: str, sdp: str) -> str:
        """The answer to the offer of an account's device check. Raises ``HubError``."""
        return await self._pool.probe(probe_id, owner, sdp)
