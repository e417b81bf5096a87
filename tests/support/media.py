"""What media tests drive a worker with: its process, its control socket, an aiortc browser, and a recorder's ear."""

from __future__ import annotations

import asyncio
import fractions
import json
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from hub import rtp, tap
from hub.config import Config
from hub.rpc import RpcClient
from signaling.media import control
from tests.support.process import dying_with_us, stop, wait_until

WIDTH, HEIGHT, FPS = 640, 360, 15
RATE = 48_000
LIMIT_S = 60.0
"""For what only takes so long when it is broken."""


class Worker:
    """A worker process and its control socket. ``events`` collects what it tells."""

    def __init__(self, config: Config, index: int = 0, addresses: tuple[str, ...] = ()) -> None:
        self._config, self._index, self._addresses = config, index, addresses
        self.events: list[Any] = []
        self._heard = asyncio.Event()
        self._client = RpcClient(config.run_dir / f"worker-{index}.sock", control.WorkerSends, self._tell)
        self._reading: asyncio.Task[None] | None = None
        self.process: subprocess.Popen[bytes]

    async def __aenter__(self) -> Worker:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.disconnect()
        await asyncio.to_thread(stop, self.process)

    async def start(self) -> None:
        log_path = self._config.data_dir / f"worker-{self._index}.log"
        command = [sys.executable, "-m", "tests.support.media_worker", str(self._config.data_dir), str(self._index)]
        with log_path.open("ab") as log:
            # Not in another thread: the kernel would count that thread as the parent, and kill the worker when it ends.
            self.process = subprocess.Popen(  # noqa: ASYNC220
                [*dying_with_us("TERM"), *command, *self._addresses], stdout=log, stderr=subprocess.STDOUT
            )
        path = self._client.path
        await asyncio.to_thread(wait_until, path.exists, self.process, log_path, LIMIT_S)
        await self.connect()

    async def connect(self) -> None:
        self._reading = asyncio.create_task(self._client.run())
        async with asyncio.timeout(LIMIT_S):
            while not self._client.connected:  # noqa: ASYNC110 - the client has no event to wait for
                await asyncio.sleep(0.01)

    async def disconnect(self) -> None:
        """As a web process that dies."""
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    @property
    def control_path(self) -> Path:
        return self._client.path

    @property
    def log(self) -> str:
        return (self._config.data_dir / f"worker-{self._index}.log").read_text()

    async def call(self, request: Any) -> Any:
        return await self._client.call(request)

    async def state(self) -> control.WorkerState:
        state: control.WorkerState = await self.call(control.AskState())
        return state

    async def tap_waits_for_at_most(self, frames: int) -> None:
        """Until the recorder has acknowledged all but so many."""
        async with asyncio.timeout(LIMIT_S):
            while (await self.state()).tap_waiting > frames:  # noqa: ASYNC110 - it is asked, it does not tell
                await asyncio.sleep(0.05)

    def _tell(self, event: Any) -> None:
        self.events.append(event)
        self._heard.set()

    async def event(self, wanted: Callable[[Any], bool], limit_s: float = LIMIT_S) -> Any:
        """The first event, past or to come, that ``wanted`` accepts."""
        async with asyncio.timeout(limit_s):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                self._heard.clear()
                await self._heard.wait()


class Picture(MediaStreamTrack):
    """A moving picture: the frame's number is its brightness, so that a stuck one is told from a moving one."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / FPS)
        self.number += 1
        image = np.full((HEIGHT, WIDTH, 3), (self.number * 3) % 200 + 20, dtype=np.uint8)
        image[:, :: 1 + self.number % 7] ^= 0x1F
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = self.number * 90_000 // FPS, fractions.Fraction(1, 90_000)
        return frame


class Tone(MediaStreamTrack):
    """A sine of ``hertz``."""

    kind = "audio"

    def __init__(self, hertz: float = 440) -> None:
        super().__init__()
        self._hertz, self._samples = hertz, 0

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(0.02)
        count = RATE // 50
        phase = (self._samples + np.arange(count)) / RATE * self._hertz * 2 * np.pi
        frame = av.AudioFrame.from_ndarray((np.sin(phase) * 12_000).astype(np.int16)[None, :], layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._samples, fractions.Fraction(1, RATE)
        self._samples += count
        return frame


class Browser:
    """One seat with aiortc for a browser: at most one connection to publish and one to subscribe."""

    def __init__(self, worker: Worker, router_id: str, peer_id: str) -> None:
        self.worker, self.router_id, self.peer_id = worker, router_id, peer_id
        self.publishing: RTCPeerConnection | None = None
        self.subscribing: RTCPeerConnection | None = None
        self.received: dict[str, Received] = {}
        """producer_id to what came of it"""
        self.offers: list[control.SubscribeOffer] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._generations = [0, 0]

    async def publish(self, *, hertz: float = 440, video: bool = True, **options: Any) -> control.Published:
        """Publish a camera and a microphone; a second call is a new peer connection."""
        if self.publishing:
            await self.publishing.close()
        self._generations[0] += 1
        self.publishing = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sources = {"0": "microphone"}
        pc.addTrack(Tone(hertz))
        if video:
            pc.addTrack(Picture())
            sources["1"] = "camera"
            capabilities = RTCRtpSender.getCapabilities("video").codecs
            chosen = [codec for codec in capabilities if codec.mimeType in ("video/VP8", "video/rtx")]
            pc.getTransceivers()[1].setCodecPreferences(chosen)
        await pc.setLocalDescription(await pc.createOffer())
        reply = await self.worker.call(
            control.Publish(
                router_id=self.router_id,
                peer_id=self.peer_id,
                generation=self._generations[0],
                sdp=pc.localDescription.sdp,
                sources=sources,
                allowed=["camera", "microphone"],
                **options,
            )
        )
        assert isinstance(reply, control.Published), reply
        await pc.setRemoteDescription(RTCSessionDescription(reply.sdp, "answer"))
        return reply

    async def subscribe(self, producer_ids: list[str]) -> None:
        """Receive these; a second call with others changes the list."""
        if self.subscribing is None:
            self._generations[1] += 1
            self.subscribing = RTCPeerConnection(RTCConfiguration(iceServers=[]))
            self.subscribing.on("track", self._track)
            self._run(self._answer_offers(self.subscribing, self._generations[1]))
            await self.worker.call(
                control.Subscribe(router_id=self.router_id, peer_id=self.peer_id, generation=self._generations[1])
            )
        await self.worker.call(
            control.Consume(router_id=self.router_id, peer_id=self.peer_id, producer_ids=producer_ids)
        )

    async def _answer_offers(self, pc: RTCPeerConnection, generation: int) -> None:
        answered = 0
        while True:

            def mine(event: Any, after: int = answered) -> bool:
                return (
                    isinstance(event, control.SubscribeOffer)
                    and (event.peer_id, event.generation) == (self.peer_id, generation)
                    and event.revision > after
                )

            offer = await self.worker.event(mine, limit_s=3600)
            answered = offer.revision
            self.offers.append(offer)
            for stream in offer.streams:
                self.received.setdefault(stream.producer_id, Received())
            await pc.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await pc.setLocalDescription(await pc.createAnswer())
            reply = await self.worker.call(
                control.SubscribeAnswer(
                    router_id=self.router_id,
                    peer_id=self.peer_id,
                    generation=generation,
                    revision=offer.revision,
                    sdp=pc.localDescription.sdp,
                )
            )
            assert isinstance(reply, control.Ok), reply

    def _track(self, track: MediaStreamTrack) -> None:
        self._run(self._consume(track))

    def carried(self, track: MediaStreamTrack) -> str | None:
        """The producer that the track's line carries by what the worker said last."""
        assert self.subscribing
        mids = {one.receiver.track.id: one.mid for one in self.subscribing.getTransceivers() if one.receiver.track}
        streams: list[control.Stream] = []
        for event in self.worker.events:
            if isinstance(event, control.SubscribeOffer) and event.peer_id == self.peer_id:
                streams = event.streams
            elif isinstance(event, control.Slots):
                streams = next((one.streams for one in event.peers if one.peer_id == self.peer_id), streams)
        return next((one.producer_id for one in streams if one.mid == mids.get(track.id)), None)

    async def _consume(self, track: MediaStreamTrack) -> None:
        from aiortc.mediastreams import MediaStreamError

        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                producer_id = self.carried(track)
                if producer_id is not None:
                    self.received.setdefault(producer_id, Received()).add(frame)

    def _run(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pc in (self.publishing, self.subscribing):
            if pc:
                await pc.close()


class Received:
    """Frames that came out of a decoder."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, Any]] = []
        self._more = asyncio.Event()

    def add(self, frame: Any) -> None:
        self.frames.append((asyncio.get_running_loop().time(), frame))
        self._more.set()

    async def reach(self, count: int, limit_s: float = LIMIT_S) -> None:
        """Wait until so many frames have come in all."""
        async with asyncio.timeout(limit_s):
            while len(self.frames) < count:
                self._more.clear()
                await self._more.wait()

    def loudest_hertz(self) -> float:
        """The strongest frequency in the last half second of sound."""
        samples = np.concatenate([frame.to_ndarray().reshape(-1, 2)[:, 0] for _, frame in self.frames[-25:]])
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        return float(np.argmax(spectrum) * RATE / len(samples))


class Recorder:
    """Listens on the tap as the recorder does. ``acknowledges`` may be switched off."""

    def __init__(self, path: Path, *, acknowledges: bool = True) -> None:
        self.path, self.acknowledges = path, acknowledges
        self.frames: list[tuple[int, int, bytes]] = []
        """(kind, record or 0, payload after the record number)"""
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Recorder:
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path=str(self.path))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, kind = struct.unpack("!IB", await reader.readexactly(5))
                body = await reader.readexactly(length - 1)
                record = 0
                if kind != tap.HELLO:
                    record, body = int.from_bytes(body[:8]), body[8:]
                self.frames.append((kind, record, body))
                if record and self.acknowledges:
                    writer.write(tap.ACK_FRAME.pack(9, tap.ACK, record))
        self._writers.discard(writer)
        writer.close()

    def ask_keyframe(self, track: int) -> None:
        for writer in self._writers:
            writer.write(tap.KEYFRAME_FRAME.pack(5, tap.KEYFRAME, track))

    def tracks(self) -> dict[int, dict[str, Any]]:
        opened = [json.loads(body) for kind, _, body in self.frames if kind == tap.TRACK]
        return {track["track"]: track for track in opened}

    def packets(self, track: int) -> list[bytes]:
        """The RTP packets of a track, each checked."""
        found = [body[12:] for kind, _, body in self.frames if kind == tap.RTP and body[:4] == struct.pack("!I", track)]
        assert all(rtp.valid(packet) for packet in found)
        return found

    def arrivals(self, track: int) -> list[int]:
        """When each of ``packets`` came to the worker, monotonic ns."""
        head = struct.pack("!I", track)
        return [int.from_bytes(body[4:12]) for kind, _, body in self.frames if kind == tap.RTP and body[:4] == head]

    def causes(self, track: int) -> list[str]:
        head = struct.pack("!I", track)
        return [body[12:].decode() for kind, _, body in self.frames if kind == tap.STATE and body[:4] == head]


@asynccontextmanager
async def hearing(config: Config, *peers: str) -> AsyncIterator[tuple[Worker, list[Browser]]]:
    """A worker with the router ``h1`` and browsers that have not done anything yet."""
    async with Worker(config) as worker:
        await worker.call(control.OpenRouter(router_id="h1", recording_id=None))
        browsers = [Browser(worker, "h1", peer_id) for peer_id in peers]
        try:
            yield worker, browsers
        finally:
            for browser in browsers:
                await browser.close()


async def until(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


async def falls_quiet(count: Callable[[], Awaitable[int]], fewer_than: int, lasts_s: float = 1.0) -> None:
    """Until fewer than so many more are counted in a while: what was under way may come late on a slow machine."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            before = await count()
            await asyncio.sleep(lasts_s)
            if await count() - before < fewer_than:
                return
