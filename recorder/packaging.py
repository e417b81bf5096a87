"""Keeps one packager per recording in the spool going, in a thread, in short turns so that capture comes first."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog

from hub.ids import monotonic_ns
from recorder import spool
from recorder.capture import COMMIT_S, Capture
from recorder.catalogue import Catalogue
from recorder.package import Durable, RecordingPackager
from recorder.spool import RecordingDir

COMMITS_A_TURN = 2
"""What a turn costs beside its packets, it costs each time; a keyframe is asked for at the end of one."""
SHORT_S = 4
"""Segments that are no longer are looked at after each commit: theirs are asked for within tenths of a second."""
REST_S = 0.01
AGAIN_S = 5
NICE = 10
SETTLE_S = 3
"""After a start, workers first send again what the recorder before had not acknowledged."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Work:
    """One recording in the spool."""

    folder: RecordingDir
    catalogue: Catalogue
    packager: RecordingPackager | None = None
    retry_at: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    rows: set[str] = field(default_factory=set)
    """Ids of tracks, segments and gaps that the database is known to have."""
    rows_stored: set[str] = field(default_factory=set)
    rows_read: bool = False
    row_closed: bool = False
    deleted: set[str] = field(default_factory=set)
    """Segments whose spool file is gone, because the store has them and the row says so."""
    faulty: dict[str, float] = field(default_factory=dict)
    """Segments the store holds something else for, and when (``time.monotonic``) to look again; a person must."""
    first_needed_file: int = 0
    tidied_to: int = -1
    """``first_needed_file`` when the spool was last tidied."""
    data_key: bytes | None = field(default=None, repr=False)
    lock_until: datetime | None = None
    """Where the store locks: until when. Known with the key."""
    key_found: bool = False
    """What the recording's files are encrypted with; None until ``key_found``, or when they are not."""


def _give_way() -> None:
    """Live media and capture first: on Linux a thread has a nice value of its own."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Packaging:
    """``works`` is shared with the archiver, which removes what is archived."""

    def __init__(self, spool_dir: Path, capture: Capture, *, max_s: int) -> None:
        self._spool_dir, self._capture, self._max_s = spool_dir, capture, max_s
        self.works: dict[str, Work] = {}
        self._started = time.monotonic()
        self._recovered, self._recover_at = True, 0.0
        self._thread = ThreadPoolExecutor(1, "packaging", initializer=_give_way)

    async def recover(self) -> None:
        """Take up every recording in the spool, also one that needs no more than to be archived.

        From a disk that may not be written to nothing can be taken up; ``turn`` tries again.
        """
        self._recovered = True
        for folder in await asyncio.to_thread(lambda: list(spool.recordings(self._spool_dir))):
            if folder.recording_id in self.works:
                continue
            try:
                self.works[folder.recording_id] = await self._aside(self._load, folder.recording_id)
            except OSError as error:
                log.warning("recording not taken up", recording=folder.recording_id, error=repr(error))
                self._recovered, self._recover_at = False, time.monotonic() + AGAIN_S

    async def run(self) -> None:
        """Package until cancelled."""
        while True:
            for _ in range(COMMITS_A_TURN if self._max_s > SHORT_S else 1):
                await self._capture.next_commit()
            try:
                await self.turn()
            except Exception:
                # A fault here must never end the process, which is recording.
                log.exception("packaging failed")

    async def turn(self) -> None:
        """Everything that is durable now, for every recording."""
        if not self._recovered and time.monotonic() >= self._recover_at:
            await self.recover()
        for recording_id, (durable, sealed) in self._capture.durable().items():
            work = self.works.get(recording_id)
            if work is None:
                if recording_id not in self._capture.durable():
                    continue  # archived and removed since the loop began
                if not self._recovered:
                    continue
                work = self.works[recording_id] = await self._aside(self._load, recording_id)
            if work.catalogue.closed is None and time.monotonic() >= work.retry_at:
                await self._package(work, durable, sealed)

    def close(self) -> None:
        """Let go of the files."""
        self._thread.shutdown(wait=False)
        for work in self.works.values():
            with work.lock:
                work.catalogue.close()

    async def _aside(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run in packaging's own thread, which the scheduler makes wait for everybody else."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _load(self, recording_id: str) -> Work:
        folder = RecordingDir(self._spool_dir, recording_id)
        return Work(folder, Catalogue(folder.catalogue))

    async def _package(self, work: Work, durable: Durable, sealed: bool) -> None:
        wanted: list[tuple[str, int]] = []
        now_ns = monotonic_ns()
        try:
            more = True
            while more:
                more = await self._aside(self._step, work, durable, now_ns, sealed, wanted)
                if more:
                    await asyncio.sleep(REST_S)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing is lost: begin again from the catalogue
            log.warning("packaging failed", recording=work.folder.recording_id, error=repr(error))
            work.retry_at = time.monotonic() + AGAIN_S
        for start_id, track in wanted:
            self._capture.ask_keyframe(start_id, track)

    def _step(self, work: Work, durable: Durable, now_ns: int, sealed: bool, wanted: list[tuple[str, int]]) -> bool:
        # A cancelled turn leaves its thread running; the lock keeps the next one from meeting it.
        with work.lock:
            try:
                packager = work.packager
                if packager is None:
                    spool.sweep(work.folder.path)
                    packager = work.packager = RecordingPackager(work.folder, work.catalogue, max_s=self._max_s)
                if work.catalogue.closed is not None:
                    return False
                if packager.step(durable):
                    return True
                self._conclude(work, packager, now_ns, sealed, wanted)
            except BaseException:
                work.packager = None
                raise
        return False

    def _conclude(
        self, work: Work, packager: RecordingPackager, now_ns: int, sealed: bool, wanted: list[tuple[str, int]]
    ) -> None:
        if sealed:
            end_ns = packager.end_ns
            packager.finish(packager.media_end_ms() if end_ns is None else round(end_ns / 1_000_000))
            log.info("recording packaged", recording=work.folder.recording_id)
        else:
            wanted += packager.keyframes(now_ns)
            if time.monotonic() - self._started > SETTLE_S:
                # What was durable when the turn began has been read; the last commit was at most so long before.
                packager.advance(now_ns - round(2 * COMMIT_S * 1_000_000_000))
        work.first_needed_file = packager.first_needed_file()
