"""The recorder process: capture, packaging and archiving side by side, each restartable by itself."""

from __future__ import annotations

import asyncio
import os

import structlog

from hub import links
from hub.config import Config
from hub.db import Database
from hub.rpc import Peer, RpcServer
from hub.services.store import ObjectStore
from recorder import spool
from recorder.archive import Archiver
from recorder.capture import Capture
from recorder.destroying import Destroying
from recorder.locking import Locking
from recorder.packaging import Packaging
from recorder.reconciling import Reconciling
from recorder.sealing import Sealing

HEALTH_S = 1
LAST_TURN_S = 10
LOCK_AGAIN_S = 0.05
MEGABYTE = 1_000_000

log = structlog.get_logger(__name__)


class Recorder:
    """Wires the three parts and answers the web process."""

    def __init__(self, config: Config, database: Database, store: ObjectStore) -> None:
        self._config = config
        self.capture = Capture(config.spool_dir, min_bytes=config.spool_min_mb * MEGABYTE)
        self.packaging = Packaging(config.spool_dir, self.capture, max_s=config.segment_max_s)
        self.sealing = Sealing(config, database, store)
        self.locking = Locking(config, database, store)
        self.destroying = Destroying(config, database, store)
        self.reconciling = Reconciling(config, database, store)
        self.archiver = Archiver(config, database, store, self.capture, self.packaging, self.sealing)

    async def run(self) -> None:
        """Serve until cancelled; then everything received is durable and, as far as time allows, archived."""
        await asyncio.to_thread(_make_dirs, self._config)
        claim = await self._claim_spool()
        try:
            await self._serve()
        finally:
            os.close(claim)

    async def _claim_spool(self) -> int:
        """Wait until the recorder before us, if there is one, is really gone."""
        told = False
        while (claim := await asyncio.to_thread(spool.lock, self._config.spool_dir)) is None:
            if not told:
                log.warning("another process has the spool; waiting for its end", spool=str(self._config.spool_dir))
                told = True
            await asyncio.sleep(LOCK_AGAIN_S)
        return claim

    async def _serve(self) -> None:
        await asyncio.to_thread(self.capture.recover)
        await self.capture.commit()
        server = RpcServer(self._config.run_dir / "recorder.sock", links.RecorderReceives, self._answer)
        try:
            async with server, asyncio.TaskGroup() as tasks:
                await self.capture.listen(self._config.run_dir / "tap.sock")
                await self.packaging.recover()
                tasks.create_task(self.capture.run(), name="capture")
                tasks.create_task(self.packaging.run(), name="packaging")
                tasks.create_task(self.archiver.run(), name="archiver")
                tasks.create_task(self.sealing.run(), name="sealing")
                tasks.create_task(self.locking.run(), name="locking")
                tasks.create_task(self.destroying.run(), name="destroying")
                tasks.create_task(self.reconciling.run(), name="reconciling")
                tasks.create_task(self._tell_health(server), name="health")
        finally:
            await self._last_turn()

    async def _last_turn(self) -> None:
        try:
            async with asyncio.timeout(LAST_TURN_S):
                await self.packaging.turn()
                await self.archiver.turn()
        except TimeoutError:
            log.warning("stopped before everything was archived; the next start goes on")
        finally:
            self.packaging.close()

    async def _answer(self, _peer: Peer, request: links.RecorderReceives) -> links.RecorderSends:
        match request:
            case links.OpenRecording():
                epoch_ns = await self.capture.open(request.recording_id, request.epoch_ns, request.started_at)
                return links.RecordingReady(request.recording_id, epoch_ns)
            case links.CloseRecording():
                await self.capture.close(request.recording_id, request.end_ns)
                return links.Done()
            case links.AskHealth():
                return self.health()

    def health(self) -> links.RecorderHealth:
        free = self.capture.free()
        waiting, oldest_s = self.archiver.waiting()
        return links.RecorderHealth(
            spool_free_bytes=free,
            accepts=not self.capture.failing and free > 0 and free >= self._config.spool_min_mb * MEGABYTE,
            warns=free < self._config.spool_warn_mb * MEGABYTE,
            store_reachable=self.archiver.store_away.fine,
            segments_waiting=waiting,
            oldest_waiting_s=oldest_s,
            recordings=self.capture.health(),
        )

    async def _tell_health(self, server: RpcServer) -> None:
        while True:
            server.broadcast(self.health())
            await asyncio.sleep(HEALTH_S)


def _make_dirs(config: Config) -> None:
    config.run_dir.mkdir(parents=True, exist_ok=True)
    config.spool_dir.mkdir(parents=True, exist_ok=True)


async def run(config: Config, database: Database, store: ObjectStore) -> None:
    """The recorder process's body: runs until cancelled."""
    await Recorder(config, database, store).run()
