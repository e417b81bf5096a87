"""The media workers as the web process sees them: which are up, which hearing lives where, and calls to them.

A hearing lives in one worker, chosen by ``signaling.placement``. A worker that disconnects has died (only the
supervisor ends one): its hearings move to another live worker at once, or wait for its successor, whose ``start_id`` is
a new one. A drained worker's hearings move in the same way.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from hub.errors import BadInput, NotReady
from hub.i18n import N_
from hub.rpc import RpcClient, RpcError, RpcGone
from hub.services.live import WorkerLive
from signaling.media import control
from signaling.overload import Governor, Sample
from signaling.placement import Carrier, choose, must_move

SETTLE_S = 3.0
"""How long after the start a hearing may still be found in a worker that has not answered yet."""
ASK_EVERY_S = 2.0

log = structlog.get_logger(__name__)


def drain_mark(run_dir: Path, index: int) -> Path:
    """While this file is there, the worker is to give its hearings away."""
    return run_dir / f"worker-{index}.drain"


class Placement(msgspec.Struct, frozen=True):
    """Which worker carries a hearing, and which life of that worker."""

    index: int
    start_id: str


class Worker:
    """One worker's connection and what it last said of itself."""

    def __init__(self, index: int, path: Path, pool: WorkerPool) -> None:
        self.index = index
        self.state: control.WorkerState | None = None
        self.up = False
        self.draining = False
        self.governor = Governor()
        self._drain_mark = drain_mark(path.parent, index)
        self._pool = pool
        self.client = RpcClient(
            path,
            control.WorkerSends,
            on_event=lambda body: pool.on_event(index, body),
            on_connect=self._greet,
            on_disconnect=self._gone,
        )

    async def ask(self) -> None:
        state = await self.client.call(control.AskState())
        assert isinstance(state, control.WorkerState)
        if self.state is not None and state.start_id != self.state.start_id:
            self.governor = Governor()
        self.state = state
        self._look_at_mark()
        before = self.governor.level
        sample = Sample(state.load, state.dropped, state.tap_waiting)
        if self.governor.observe(sample, asyncio.get_running_loop().time()) != before:
            log.warning("pictures limited", worker=self.index, level=self.governor.level, load=round(state.load, 2))
            self._pool.on_change()

    def _look_at_mark(self) -> None:
        """``hub drain-worker`` leaves a file: it holds over restarts of the web process, until the worker's own."""
        was, self.draining = self.draining, self._drain_mark.exists()
        if was != self.draining:
            log.warning("media worker drained" if self.draining else "media worker takes hearings", worker=self.index)
            self._pool.on_change()

    async def _greet(self) -> None:
        """Retried while connected: a worker that is slow to start must not stay unknown for ever."""
        while True:
            try:
                await self.ask()
                break
            except TimeoutError:
                log.warning("media worker does not answer", worker=self.index)
        self.up = True
        assert self.state is not None
        log.info("media worker up", worker=self.index, start_id=self.state.start_id, routers=len(self.state.routers))
        self._pool.found(self)

    async def _gone(self) -> None:
        was_up, self.up = self.up, False
        if was_up:
            log.warning("media worker gone", worker=self.index)
            self._pool.on_change()


class WorkerPool:
    """``run`` keeps the connections; ``place`` says where a hearing lives, choosing the least loaded worker."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        on_event: Callable[[int, Any], None],
        on_change: Callable[[], None],
    ) -> None:
        self.on_event, self.on_change = on_event, on_change
        self.workers = [Worker(index, path, self) for index, path in enumerate(paths)]
        self._places: dict[str, int] = {}
        self._seats: dict[str, int] = {}
        self._started_at: float | None = None

    async def run(self) -> None:
        self._started_at = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            for worker in self.workers:
                tasks.create_task(worker.client.run(), name=f"worker-{worker.index}")
            tasks.create_task(self._keep_asking(), name="worker-states")

    @property
    def ready(self) -> bool:
        return any(worker.up for worker in self.workers)

    def place(self, hearing_id: str, seats: int = 1) -> Placement | None:
        """The hearing's worker, a new one if its own is down or drained; None while there is none to choose.

        ``seats``: how many were booked, which says more about what is to come than who is there already.
        """
        index = self._places.get(hearing_id)
        self._seats[hearing_id] = seats
        carriers = self._carriers()
        if index is None or must_move(index, carriers):
            # With one worker there is nowhere else to look; with several the router may be in one yet to answer.
            if index is None and not self._settled():
                return None
            chosen = choose(carriers)
            if chosen is None:
                return None
            index = self._places[hearing_id] = chosen
        state = self.workers[index].state
        assert state is not None
        return Placement(index, state.start_id)

    def _carriers(self) -> list[Carrier]:
        seats = Counter[int]()
        for hearing_id, index in self._places.items():
            seats[index] += self._seats.get(hearing_id, 1)
        return [
            Carrier(one.index, one.up, one.draining, one.state.load if one.state else 0.0, seats[one.index])
            for one in self.workers
        ]

    def alive(self, placement: Placement) -> bool:
        worker = self.workers[placement.index]
        return worker.up and worker.state is not None and worker.state.start_id == placement.start_id

    def picture_level(self, placement: Placement) -> int | None:
        """See ``signaling.overload``; None when that life of the worker is over."""
        return self.workers[placement.index].governor.level if self.alive(placement) else None

    async def router(self, hearing_id: str, placement: Placement) -> control.RouterInfo | None:
        """What the worker itself says of the hearing's router, asked now. Raises ``NotReady``."""
        state = await self.call(placement, control.AskState())
        assert isinstance(state, control.WorkerState)
        return next((router for router in state.routers if router.router_id == hearing_id), None)

    def release(self, hearing_id: str) -> None:
        self._places.pop(hearing_id, None)
        self._seats.pop(hearing_id, None)

    def strays(self, alive: Callable[[str], bool]) -> list[tuple[int, str]]:
        """Routers that live where they should not: of hearings that are over, or that have moved on."""
        found = []
        for worker in self.workers:
            if worker.up and worker.state is not None:
                for router in worker.state.routers:
                    here = self._places.get(router.router_id, worker.index) == worker.index
                    if not (here and alive(router.router_id)):
                        found.append((worker.index, router.router_id))
        return found

    async def close_stray(self, index: int, router_id: str) -> None:
        worker = self.workers[index]
        try:
            await worker.client.call(control.CloseRouter(router_id=router_id))
            await worker.ask()
        except (RpcError, TimeoutError) as error:
            log.warning("stray router not closed", worker=index, router_id=router_id, error=repr(error))
        else:
            log.info("stray router closed", worker=index, router_id=router_id)

    async def call(self, placement: Placement, body: msgspec.Struct) -> Any:
        """A request to that very life of the worker. Raises ``BadInput`` if it refuses, ``NotReady`` if it is gone."""
        worker = self.workers[placement.index]
        if not self.alive(placement):
            raise NotReady(N_("Máy chủ truyền hình đang khởi động lại; hình và tiếng sẽ trở lại ngay."))
        return await self._call(worker, body)

    async def probe(self, probe_id: str, owner: str, sdp: str) -> str:
        """A device check's offer, answered by the least loaded worker."""
        candidates = [worker for worker in self.workers if worker.up]
        if not candidates:
            raise NotReady(N_("Máy chủ truyền hình chưa sẵn sàng. Hãy thử lại sau ít giây."))
        worker = min(candidates, key=lambda one: (one.draining, self._load(one.index)))
        reply = await self._call(worker, control.Probe(probe_id=probe_id, owner=owner, sdp=sdp))
        assert isinstance(reply, control.Probed)
        return reply.sdp

    def live_views(self) -> list[WorkerLive]:
        return [_view(worker, self._load(worker.index)) for worker in self.workers]

    def found(self, worker: Worker) -> None:
        """A worker answered: hearings whose router it already has stay there."""
        assert worker.state is not None
        for router in worker.state.routers:
            self._places.setdefault(router.router_id, worker.index)
        self.on_change()

    async def _call(self, worker: Worker, body: msgspec.Struct) -> Any:
        try:
            reply = await worker.client.call(body)
        except (RpcGone, TimeoutError) as error:
            raise NotReady(N_("Máy chủ truyền hình đang khởi động lại; hình và tiếng sẽ trở lại ngay.")) from error
        except RpcError as error:
            log.warning("media worker failed a request", worker=worker.index, error=str(error))
            raise NotReady(N_("Máy chủ truyền hình không thực hiện được yêu cầu.")) from error
        if isinstance(reply, control.Refused):
            raise BadInput(N_("Kết nối hình và tiếng bị từ chối: %(reason)s"), reason=reply.reason)
        return reply

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            for worker in self.workers:
                if worker.up:
                    try:
                        await worker.ask()
                    except (RpcError, TimeoutError) as error:
                        log.warning("media worker does not answer", worker=worker.index, error=repr(error))

    def _load(self, index: int) -> int:
        return sum(place == index for place in self._places.values())

    def _settled(self) -> bool:
        if all(worker.up for worker in self.workers):
            return True
        return self._started_at is not None and asyncio.get_running_loop().time() - self._started_at > SETTLE_S


def _view(worker: Worker, hearings: int) -> WorkerLive:
    state = worker.state if worker.up else None
    return WorkerLive(
        index=worker.index,
        connected=worker.up,
        udp_port=state.udp_port if state else None,
        addresses=tuple(state.addresses) if state else (),
        hearings=hearings,
        draining=worker.draining,
        picture_level=worker.governor.level if worker.up else 0,
        packets_in=state.packets_in if state else None,
        packets_out=state.packets_out if state else None,
        tap_connected=state.tap_connected if state else None,
        load=state.load if state else None,
        dropped=state.dropped if state else None,
    )
