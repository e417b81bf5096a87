"""Capture: frames from the media workers' taps to the journals, durable before they are acknowledged.

Nothing clever here: the event loop copies bytes into buffers, a thread writes and syncs all of them together every
``COMMIT_S`` (one group commit for all recordings), then each worker is told what it may forget.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, cast

import msgspec
import structlog

from hub import links, tap
from hub.errors import NotReady
from hub.i18n import N_
from hub.ids import monotonic_ns
from recorder import spool
from recorder.journal_writer import Batch, JournalWriter, scan
from recorder.package import Durable
from recorder.spool import RecordingDir

COMMIT_S = 0.25
GRACE_NS = 2_000_000_000
"""After a recording's end, frames from before it may still be under way for so long."""
BUFFER_MAX_BYTES = 64 << 20
FLOOR_BYTES = 64_000_000
"""Below this nothing but bookkeeping is written, so that what is there can still be closed and archived."""

_HEAD = struct.Struct("!IB")
_RECORD_TRACK = struct.Struct("!QI")

A = TypeVar("A")
R = TypeVar("R")

log = structlog.get_logger(__name__)


class Capture:
    """All open recordings. ``run`` commits until cancelled; ``free`` says how many bytes the spool disk has left."""

    def __init__(self, spool_dir: Path, *, min_bytes: int, free: Callable[[], int] | None = None) -> None:
        self._spool_dir, self._min_bytes = spool_dir, min_bytes
        self.free = free or (lambda: spool.free_bytes(spool_dir))
        self._floor = min(FLOOR_BYTES, min_bytes // 10)
        self._writers: dict[str, JournalWriter] = {}
        self._sealed: dict[str, Durable] = {}
        self._connections: set[TapConnection] = set()
        self.stopping = self.failing = False
        """``failing``: the last attempt to write a journal was refused by the disk."""
        self._server: asyncio.Server | None = None
        self._committing = asyncio.Lock()
        self._next_commit = asyncio.Event()
        self._opening = asyncio.Lock()
        self._full = False
        # Its own: the loop's threads may all be waiting for a slow object store.
        self._thread = ThreadPoolExecutor(1, "journal")

    # Recordings ---------------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Go on with every recording in the spool that was not closed. Blocks; to be called before ``listen``."""
        for folder in spool.recordings(self._spool_dir):
            found = scan(folder)
            if found is None:
                continue
            if found.end_ns is not None:
                self._sealed[folder.recording_id] = Durable(found.last_file, 1 << 62)
                continue
            writer = JournalWriter.recover(folder, found)
            self._writers[folder.recording_id] = writer
            log.info("recording goes on", recording=folder.recording_id, tracks=writer.open_tracks)

    async def open(self, recording_id: str, epoch_ns: int, started_at: str) -> int:
        """Make ready to record; returns the epoch, which for an open recording is its own.

        Raises ``NotReady`` when the disk is nearly full, ``ValueError`` for a recording that is already over.
        """
        async with self._opening:
            writer = self._writers.get(recording_id)
            if writer is not None and writer.end_ns is None:
                return writer.epoch_ns
            folder = RecordingDir(self._spool_dir, recording_id)
            if writer is not None or recording_id in self._sealed:
                raise ValueError("the recording is over")
            if self.free() < self._min_bytes:
                raise NotReady(N_("Ổ đĩa ghi hình sắp đầy, chưa thể mở buổi tiếp."))
            writer = JournalWriter(folder, epoch_ns=epoch_ns, started_at=started_at)
            try:
                await self._aside(_create, writer)
            except OSError as error:
                raise NotReady(N_("Không ghi được vào ổ đĩa ghi hình, chưa thể mở buổi tiếp.")) from error
            self._writers[recording_id] = writer
            for connection in self._connections:
                connection.route_again(recording_id)
            log.info("recording opened", recording=recording_id)
            return epoch_ns

    async def close(self, recording_id: str, end_ns: int) -> None:
        """Write down where the recording ends; returns when that is durable. Closing again changes nothing."""
        writer = self._writers.get(recording_id)
        if writer is None:
            log.info("recording was closed before", recording=recording_id)
            return
        writer.close_at(end_ns)
        await self.commit()
        if writer.dirty:
            raise NotReady(N_("Ổ đĩa ghi hình đã đầy."))
        log.info("recording closed", recording=recording_id)

    def writer(self, recording_id: str) -> JournalWriter | None:
        return self._writers.get(recording_id)

    def open_ids(self) -> list[str]:
        """Recordings whose hearing is not known to be over."""
        return [key for key, writer in self._writers.items() if writer.end_ns is None]

    def durable(self) -> dict[str, tuple[Durable, bool]]:
        """For each recording how far its journal may be read, and whether that is all there will ever be."""
        found = {key: (writer.durable, False) for key, writer in self._writers.items()}
        return found | {key: (durable, True) for key, durable in self._sealed.items()}

    def forget(self, recording_id: str) -> None:
        """Everything of a sealed recording is in the store."""
        self._sealed.pop(recording_id, None)

    def health(self) -> list[links.OpenRecordingHealth]:
        now = monotonic_ns()
        return [
            links.OpenRecordingHealth(
                recording_id=key,
                bytes_written=writer.bytes_written,
                tracks=writer.open_tracks,
                last_packet_age_ms=(
                    None if writer.last_packet_ns is None else max(0, now - writer.last_packet_ns) // 1_000_000
                ),
            )
            for key, writer in self._writers.items()
            if writer.end_ns is None
        ]

    # Committing ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Commit for ever; a last time when cancelled."""
        try:
            while True:
                await asyncio.sleep(COMMIT_S)
                await self.commit()
                self._seal(GRACE_NS)
        finally:
            await self._stop()

    async def commit(self) -> None:
        """Make everything durable that has come so far, then acknowledge it."""
        async with self._committing:
            self._watch_space()
            seen = [(connection, connection.seen) for connection in self._connections]
            batches = [(writer, writer.take()) for writer in self._writers.values() if writer.dirty]
            done = await self._aside(_write_all, batches) if batches else []
            for (writer, batch), good in zip(batches, done, strict=True):
                if good:
                    writer.written(batch)
                else:
                    writer.failed(batch)
            if all(done):
                for connection, record in seen:
                    connection.acknowledge(record)
            self.failing = not all(done)
            self._full = self.failing or self.free() < self._floor
            self._throttle()
            done_now, self._next_commit = self._next_commit, asyncio.Event()
            done_now.set()

    async def next_commit(self) -> None:
        """Return when the next commit is over: who reads what it made durable is then still awake with it."""
        await self._next_commit.wait()

    async def _aside(self, work: Callable[[A], R], argument: A) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, argument)

    def _watch_space(self) -> None:
        for writer in self._writers.values():
            if self._full:
                writer.stop_for_space()
            else:
                writer.go_on()

    def _throttle(self) -> None:
        too_much = sum(writer.buffered for writer in self._writers.values()) > BUFFER_MAX_BYTES
        for connection in self._connections:
            connection.hold(too_much)

    def _seal(self, grace_ns: int) -> None:
        now = monotonic_ns()
        for key, writer in list(self._writers.items()):
            if writer.end_ns is not None and now - writer.end_ns > grace_ns and not writer.dirty:
                self._sealed[key] = writer.durable
                del self._writers[key]

    async def _stop(self) -> None:
        self.stopping = True
        if self._server:
            self._server.close()
        await asyncio.sleep(0)  # a worker that had just been accepted is told so now, and turned away
        for connection in self._connections:
            connection.hold(True)
        await asyncio.shield(self.commit())
        for connection in list(self._connections):
            connection.hang_up()
        self._seal(0)  # nobody is left who could still send
        log.info("capture ended", open=len(self._writers))

    # Workers ------------------------------------------------------------------------------------------------------

    async def listen(self, path: Path) -> None:
        """Accept the workers' taps on a Unix socket."""
        await asyncio.to_thread(path.unlink, missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: TapConnection(self, self._connections), path=str(path))
        await asyncio.to_thread(path.chmod, 0o600)

    def worker_started(self, worker: int, start_id: str) -> None:
        for writer in self._writers.values():
            writer.worker_started(worker, start_id)

    def ask_keyframe(self, start_id: str, track: int) -> None:
        for connection in self._connections:
            if connection.start_id == start_id:
                connection.ask_keyframe(track)


def _create(writer: JournalWriter) -> None:
    writer.folder.make()
    batch = writer.take()
    writer.write(batch)
    writer.written(batch)


def _write_all(batches: list[tuple[JournalWriter, Batch]]) -> list[bool]:
    done = []
    for writer, batch in batches:
        try:
            writer.write(batch)
            done.append(True)
        except OSError as error:
            log.warning("journal not written", recording=writer.folder.recording_id, error=str(error))
            done.append(False)
    return done


class TapConnection(asyncio.Protocol):
    """One worker's tap. Frames go to their recording's writer; ``seen`` is the last record number received."""

    def __init__(self, capture: Capture, connections: set[TapConnection]) -> None:
        self._capture, self._connections = capture, connections
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._hello: tap.Hello | None = None
        self._opened: dict[int, tuple[tap.TrackOpened, bytes]] = {}
        self._routes: dict[int, JournalWriter] = {}
        self._held = False
        self._acknowledged = 0
        self.seen = 0

    @property
    def start_id(self) -> str | None:
        return self._hello.start_id if self._hello else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not an assert: uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        if self._capture.stopping:
            self._transport.close()
            return
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)
        log.info("worker gone", worker=self._hello.worker if self._hello else None)

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        at, size = 0, len(received)
        with memoryview(received) as view:
            while size - at >= _HEAD.size:
                length, kind = _HEAD.unpack_from(view, at)
                if not 1 <= length <= tap.MAX_FRAME_BYTES:
                    log.warning("worker sent nonsense", length=length)
                    self.hang_up()
                    return
                if size - at < 4 + length:
                    break
                try:
                    with view[at + 5 : at + 4 + length] as payload:
                        self._frame(kind, payload)
                except (msgspec.DecodeError, UnicodeDecodeError, struct.error) as error:
                    log.warning("worker sent nonsense", kind=kind, fault=type(error).__name__)
                    self.hang_up()
                    return
                at += 4 + length
        del received[:at]

    def acknowledge(self, record: int) -> None:
        if self._transport and record > self._acknowledged:
            self._acknowledged = record
            self._transport.write(tap.ACK_FRAME.pack(9, tap.ACK, record))

    def ask_keyframe(self, track: int) -> None:
        if self._transport:
            self._transport.write(tap.KEYFRAME_FRAME.pack(5, tap.KEYFRAME, track))

    def hold(self, held: bool) -> None:
        """Stop reading: the worker's own buffer takes over."""
        if self._transport and held != self._held and not self._transport.is_closing():
            self._held = held
            if held:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def hang_up(self) -> None:
        if self._transport:
            self._transport.close()

    def route_again(self, recording_id: str) -> None:
        """The recording was opened after its tracks had been announced."""
        for opened, payload in self._opened.values():
            if opened.recording_id == recording_id:
                self._route(opened, payload)

    def _frame(self, kind: int, payload: memoryview) -> None:
        if kind == tap.HELLO:
            self._hello = msgspec.json.decode(payload, type=tap.Hello)
            log.info("worker connected", worker=self._hello.worker)
            self._capture.worker_started(self._hello.worker, self._hello.start_id)
        elif self._hello is None:
            self.hang_up()
        elif kind == tap.TRACK:
            opened = msgspec.json.decode(payload[8:], type=tap.TrackOpened)
            self._opened[opened.track] = opened, bytes(payload)
            self._route(opened, bytes(payload))
        elif tap.RTP <= kind <= tap.END:
            # TRACK frames are sent again out of turn, so only the others say how far we are.
            self.seen, track = _RECORD_TRACK.unpack_from(payload)
            writer = self._routes.get(track)
            if writer is not None:
                writer.frame(self._hello.start_id, kind, self.seen, payload)
            if kind == tap.END:
                self._opened.pop(track, None)
                self._routes.pop(track, None)

    def _route(self, opened: tap.TrackOpened, payload: bytes) -> None:
        assert self._hello is not None
        writer = self._capture.writer(opened.recording_id)
        if writer is None:
            log.warning("track of a recording that is not open", recording=opened.recording_id)
            return
        writer.track(self._hello.start_id, self._hello.worker, opened, payload)
        self._routes[opened.track] = writer
