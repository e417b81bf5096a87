"""The media worker's process: takes the web process's wishes over a Unix socket and keeps the media flowing.

It needs nobody to go on: when the web process or the recorder goes away, packets are forwarded as before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog

from hub import memory
from hub.config import LOOPBACK, Config
from hub.ids import new_id
from hub.rpc import Peer, RpcServer
from hub.tap import Hello
from signaling.media import control, inventory
from signaling.media.plane import Plane, own_addresses
from signaling.media.probe import Probes
from signaling.media.router import Router, Unknown
from signaling.media.sdp import SdpError
from signaling.media.tap import Tap, TapBuffer
from signaling.media.transport import Transport

log = structlog.get_logger(__name__)

TICK_NS = 20_000_000
"""Timers are looked at with the first drain after so long: to be woken costs more than to look."""
HURRY_S = 0.02
REST_S = 0.1
"""How long without a drain before they are looked at all the same: while something waits to be sent, and else."""
FLUSH_NS = 200_000_000
FLUSH_BYTES = 256 * 1024
"""To the recorder goes much at once: after each drain it would be woken a thousand times a second."""
VOICES_NS = 100_000_000
LOOK_NS = 500_000_000
FOLLOW_S = 0.25
WATCH_NS = 1_000_000_000
STATS_NS = 2_000_000_000


class Worker:
    """Everything of one worker; ``run`` below gives it a process."""

    def __init__(self, config: Config, index: int) -> None:
        self.index, self.start_id = index, new_id()
        self._config = config
        self._routers: dict[str, Router] = {}
        path = config.run_dir / f"worker-{index}.sock"
        self._server = RpcServer(path, control.WorkerReceives, self._receive)
        buffer = TapBuffer(Hello(worker=index, start_id=self.start_id))
        self._tap = Tap(config.run_dir / "tap.sock", buffer, self._keyframe_for_track)
        self._plane = Plane(
            announced(config), buffer, self._server.broadcast, gso=config.media_gso, tcp=config.media_tcp
        )
        self._probes = Probes(self._plane)
        self._plane.rebinding.on_moved = self._moved
        self._plane.on_turn = self._turn
        self._next_look = self._next_voices = self._next_watch = self._next_stats = 0
        self._load = 0.0
        self._next_flush = self._next_tick = 0
        self._hurried = False
        self._used = (time.process_time_ns(), time.monotonic_ns())

    async def run(self) -> None:
        """Serve until cancelled; then say goodbye to every browser."""
        # A new life takes hearings again: what it was drained for is done.
        (self._config.run_dir / f"worker-{self.index}.drain").unlink(missing_ok=True)
        wanted = self._config.media_port
        self._plane.open(wanted + self.index if wanted else 0)
        log.info("media worker ready", worker=self.index, port=self._plane.port, addresses=self._plane.addresses)
        try:
            async with self._server, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tap.run(), name="tap")
                tasks.create_task(self._tick_for_ever(), name="tick")
        finally:
            for router in self._routers.values():
                router.close()
            # Last, so that the recorder hears of every track's end.
            await self._plane.close()
            await self._tap.close()

    # Requests --------------------------------------------------------------------------------------------------------

    def _receive(self, _peer: Peer, request: control.WorkerReceives) -> Any:
        try:
            reply = self._carry_out(request)
        except (SdpError, Unknown) as error:
            log.info("request refused", request=type(request).__name__, reason=str(error))
            reply = control.Refused(reason=str(error))
        now_ns = time.monotonic_ns()
        self._plane.forward(now_ns)
        self._tap.flush(now_ns)
        return reply

    def _carry_out(self, request: control.WorkerReceives) -> Any:
        match request:
            case control.AskState(kept=kept):
                return self._state(kept=kept)
            case control.Probe(probe_id=probe_id, owner=owner, sdp=sdp):
                return control.Probed(sdp=self._probes.answer(probe_id, owner, sdp))
            case control.OpenRouter(router_id=router_id, recording_id=recording_id):
                router = self._routers.get(router_id)
                if router is None:
                    router = self._routers[router_id] = Router(self._plane, router_id)
                router.record(recording_id)
            case control.CloseRouter(router_id=router_id):
                closing = self._routers.pop(router_id, None)
                if closing is not None:
                    closing.close()
            case _:
                return self._in_router(self._router(request.router_id), request)
        return control.Ok()

    def _in_router(self, router: Router, request: control.WorkerReceives) -> Any:
        match request:
            case control.Publish():
                return router.publish(request)
            case control.Subscribe(peer_id=peer_id, generation=generation, restart=restart):
                router.subscribe(peer_id, generation, restart=restart)
            case control.Watch():
                return router.watch_stage(request)
            case control.RestartIce():
                return router.restart_ice(request)
            case control.Consume():
                router.consume(request)
            case control.ConsumeMany(peers=peers):
                for wish in peers:
                    router.consume(wish)
            case control.SubscribeAnswer():
                router.answered(request)
            case control.Pause(producer_id=producer_id, cause=cause):
                router.pause(producer_id, cause)
            case control.EndProducer(producer_id=producer_id):
                router.end_producer(producer_id)
            case control.ClosePeer(peer_id=peer_id):
                router.close_peer(peer_id)
        return control.Ok()

    def _router(self, router_id: str) -> Router:
        router = self._routers.get(router_id)
        if router is None:
            raise Unknown("no such router")
        return router

    def _state(self, *, kept: bool) -> control.WorkerState:
        plane = self._plane
        return control.WorkerState(
            worker=self.index,
            start_id=self.start_id,
            udp_port=plane.port,
            addresses=list(plane.addresses),
            routers=[router.info() for router in self._routers.values()],
            packets_in=plane.packets_in,
            packets_out=plane.packets_out,
            tap_connected=self._tap.connected,
            tap_waiting=plane.tap.waiting,
            load=self._load,
            dropped=plane.dropped,
            kept=inventory.count(plane, self._routers.values()) if kept else {},
        )

    def _keyframe_for_track(self, track: int) -> None:
        for router in self._routers.values():
            for producer in router.producers.values():
                if producer.track == track:
                    producer.want_keyframe(time.monotonic_ns())

    def _moved(self, transport: Transport) -> None:
        moved_ns = time.monotonic_ns()

        def follow() -> None:
            for router in self._routers.values():
                router.follow(transport, moved_ns)

        asyncio.get_running_loop().call_later(FOLLOW_S, follow)

    # Timers ----------------------------------------------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(HURRY_S if self._hurried else REST_S)
            self._turn(time.monotonic_ns())

    def _turn(self, now_ns: int) -> None:
        if now_ns < self._next_tick:
            return
        self._next_tick = now_ns + TICK_NS
        self._tick(now_ns)
        if now_ns >= self._next_flush or self._tap.buffer.unsent_bytes > FLUSH_BYTES:
            self._next_flush = now_ns + FLUSH_NS
            self._tap.flush(now_ns)

    def _tick(self, now_ns: int) -> None:
        self._hurried = False
        for router in list(self._routers.values()):
            self._guard(router.tick, now_ns)
            self._hurried = self._hurried or router.hurried
            if now_ns >= self._next_look:
                self._guard(router.look, now_ns)
            if now_ns >= self._next_voices:
                self._guard(router.tell_voices, now_ns)
            if now_ns >= self._next_watch:
                self._guard(router.watch, now_ns)
            if now_ns >= self._next_stats:
                self._guard(router.tell_stats, now_ns)
        if now_ns >= self._next_look:
            self._next_look = now_ns + LOOK_NS
        if now_ns >= self._next_voices:
            self._next_voices = now_ns + VOICES_NS
        if now_ns >= self._next_watch:
            self._next_watch = now_ns + WATCH_NS
            self._guard(self._probes.watch, now_ns)
            self._guard(self._plane.watch, now_ns)
            self._measure_load(now_ns)
        if now_ns >= self._next_stats:
            self._next_stats = now_ns + STATS_NS

    def _measure_load(self, now_ns: int) -> None:
        used_ns, at_ns = time.process_time_ns(), now_ns
        self._load = min(1.0, (used_ns - self._used[0]) / max(1, at_ns - self._used[1]))
        self._used = used_ns, at_ns

    def _guard(self, work: Callable[[int], None], now_ns: int) -> None:
        """A fault in one hearing's timer must not stop the others' media."""
        try:
            work(now_ns)
        except Exception:
            log.exception("timer failed", work=work.__qualname__)


def announced(config: Config) -> list[str]:
    """The addresses for candidates. Loopback is among the machine's own only where the pages are served to it."""
    if config.media_addresses:
        return list(config.media_addresses)
    found = own_addresses()
    local_only = config.http_host in LOOPBACK
    return found if local_only or len(found) == 1 else found[:-1]


async def run(config: Config, index: int) -> None:
    """The worker's process, until cancelled. A dump of its memory would hold media keys: none is ever written."""
    memory.keep_private()
    await Worker(config, index).run()
