"""The worker's end of the tap (``hub.tap``): frames kept until the recorder has them on disk, at most five seconds.

``TapBuffer`` is pure; ``Tap`` is its Unix stream client, which dials again for ever. Media never waits for either.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import msgspec
import structlog

from hub import tap as wire

log = structlog.get_logger(__name__)

KEEP_NS = wire.KEEP_S * 1_000_000_000
KEEP_BYTES = 96 << 20
"""About five seconds of 150 Mbit/s: a bound for the worker's memory whatever is published."""
REDIAL_S = 0.2
CLOSE_S = 1
_HEAD = struct.Struct("!IB")


class _Frame(msgspec.Struct, frozen=True, gc=False):
    record: int
    at_ns: int
    kind: int
    track: int
    data: bytes


class TapBuffer:
    """Numbers frames, keeps those not acknowledged and says what to send. No I/O.

    RTP and SR frames older than ``KEEP_NS`` are given up (``lost`` counts them); TRACK, STATE and END are few and
    small and are kept until acknowledged, because without them what follows could not be understood.
    """

    def __init__(self, hello: wire.Hello) -> None:
        self._hello = hello
        self._record = 0
        self._kept: list[_Frame] = []
        self._frames: deque[_Frame] = deque()
        self._bytes = 0
        self._unsent: list[bytes] = []
        self.unsent_bytes = 0
        self._tracks: dict[int, _Frame] = {}
        self.lost = 0

    @property
    def waiting(self) -> int:
        """Frames the recorder has not acknowledged."""
        return len(self._kept) + len(self._frames)

    def open_track(self, track: wire.TrackOpened, at_ns: int) -> None:
        self._tracks[track.track] = self._add(wire.TRACK, track.track, at_ns, msgspec.json.encode(track))

    def rtp(self, track: int, at_ns: int, packet: bytes) -> None:
        self._record += 1
        self._keep(_Frame(self._record, at_ns, wire.RTP, track, wire.rtp_frame(self._record, track, at_ns, packet)))

    def sender_report(self, track: int, at_ns: int, ntp: int, rtp_timestamp: int) -> None:
        self._add(wire.SR, track, at_ns, struct.pack("!IQQI", track, at_ns, ntp, rtp_timestamp))

    def state(self, track: int, at_ns: int, cause: str) -> None:
        self._add(wire.STATE, track, at_ns, struct.pack("!IQ", track, at_ns) + cause.encode())

    def end_track(self, track: int, at_ns: int) -> None:
        self._add(wire.END, track, at_ns, struct.pack("!IQ", track, at_ns))

    def acknowledged(self, record: int) -> None:
        """Everything up to ``record`` is on the recorder's disk."""
        frames = self._frames
        while frames and frames[0].record <= record:
            self._forget(frames.popleft())
        for frame in [kept for kept in self._kept if kept.record <= record]:
            self._kept.remove(frame)
            self._forget(frame)

    def trim(self, now_ns: int) -> None:
        """Give up what is too old or too much."""
        frames = self._frames
        while frames and (now_ns - frames[0].at_ns > KEEP_NS or self._bytes > KEEP_BYTES):
            frame = frames.popleft()
            if frame.kind in (wire.RTP, wire.SR):
                self._bytes -= len(frame.data)
                self.lost += 1
            else:
                self._kept.append(frame)

    def begin(self) -> list[bytes]:
        """What a new connection gets first: HELLO, the tracks still of interest, then all that is unacknowledged."""
        self.take()
        hello = msgspec.json.encode(self._hello)
        waiting = [*self._kept, *self._frames]
        return [
            _HEAD.pack(1 + len(hello), wire.HELLO) + hello,
            *(frame.data for frame in self._tracks.values()),
            *(frame.data for frame in waiting if frame.kind != wire.TRACK),
        ]

    def take(self) -> list[bytes]:
        """What was added since the last call or ``begin``."""
        unsent, self._unsent = self._unsent, []
        self.unsent_bytes = 0
        return unsent

    def drop_unsent(self) -> None:
        """There is no connection: ``begin`` will send it all."""
        self.take()

    def _add(self, kind: int, track: int, at_ns: int, payload: bytes) -> _Frame:
        self._record += 1
        data = wire.TRACK_HEAD.pack(9 + len(payload), kind, self._record) + payload
        frame = _Frame(self._record, at_ns, kind, track, data)
        self._keep(frame)
        return frame

    def _keep(self, frame: _Frame) -> None:
        self._frames.append(frame)
        self._unsent.append(frame.data)
        size = len(frame.data)
        self.unsent_bytes += size
        self._bytes += size

    def _forget(self, frame: _Frame) -> None:
        self._bytes -= len(frame.data)
        if frame.kind == wire.END:
            self._tracks.pop(frame.track, None)


class Tap(asyncio.Protocol):
    """``flush`` is called once per drained batch. ``on_keyframe`` gets the track whose publisher is to be asked."""

    def __init__(self, path: Path, buffer: TapBuffer, on_keyframe: Callable[[int], None]) -> None:
        self.buffer = buffer
        self._path, self._on_keyframe = path, on_keyframe
        self._transport: asyncio.WriteTransport | None = None
        self._writable = False
        self._received = bytearray()
        self._gone = asyncio.Event()
        self._lost_when_writable = 0

    @property
    def connected(self) -> bool:
        return self._transport is not None

    async def run(self) -> None:
        """Dial, and dial again when the recorder went away, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.create_unix_connection(lambda: self, str(self._path))
            except OSError:
                await asyncio.sleep(REDIAL_S)
                continue
            await self._gone.wait()

    async def close(self) -> None:
        """Send what is left, wait a second at most until it is out, and hang up. ``run`` has ended before."""
        self.flush(0)
        if self._transport:
            self._transport.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._gone.wait()

    def flush(self, now_ns: int) -> None:
        """Send what is new. A recorder that does not read is not written to; what it misses stays in the buffer.

        Once something had to be given up meanwhile, the connection is too: what is left is sent on the next one.
        """
        self.buffer.trim(now_ns)
        if self._transport is None:
            self.buffer.drop_unsent()
        elif self._writable:
            self._lost_when_writable = self.buffer.lost
            frames = self.buffer.take()
            if frames:
                self._transport.write(b"".join(frames))
        elif self.buffer.lost > self._lost_when_writable:
            log.warning("recorder does not read", lost=self.buffer.lost)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not an assert: uvloop's transports do not inherit from asyncio's.
        writer = cast(asyncio.WriteTransport, transport)
        self._transport, self._writable = writer, True
        self._lost_when_writable = self.buffer.lost
        self._gone.clear()
        self._received.clear()
        writer.set_write_buffer_limits(high=4 << 20)
        log.info("recorder connected", waiting=self.buffer.waiting, lost=self.buffer.lost)
        writer.write(b"".join(self.buffer.begin()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport, self._writable = None, False
        log.warning("recorder gone", waiting=self.buffer.waiting)
        self._gone.set()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        while len(received) >= 5:
            length, kind = _HEAD.unpack_from(received)
            if length < 1 or length > wire.MAX_FRAME_BYTES:
                log.warning("recorder sent nonsense", length=length)
                self._hang_up()
                return
            if len(received) < 4 + length:
                return
            body = bytes(received[5 : 4 + length])
            del received[: 4 + length]
            if kind == wire.ACK and len(body) == 8:
                self.buffer.acknowledged(int.from_bytes(body))
            elif kind == wire.KEYFRAME and len(body) == 4:
                self._on_keyframe(int.from_bytes(body))

    def _hang_up(self) -> None:
        if self._transport:
            self._transport.close()
