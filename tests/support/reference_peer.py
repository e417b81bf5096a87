"""A receiver that has nothing to do with the hub: measures what a browser really sends, to be subtracted later.

Chromium's file devices start picture and sound apart, differently each time, and on a busy machine the picture falls
behind and stays so. aiortc takes the same tracks from the page over a peer connection of its own, and its sender
reports (RFC 3550 section 6.4.1) put both on the browser's NTP clock: frame by frame and beep by beep the moments that
a recording of the same stretch must agree with.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtp import RtcpSrPacket
from playwright.sync_api import Page

from tests.support import lip_sync, picture_code, tones
from tests.support.decoding import mono
from tests.support.points import FRAMES_PER_S, LOOP_S, SAMPLES_PER_S, Point

NTP_TO_UNIX_S = 2_208_988_800
STEADY_S = 0.1

_OFFER = """async () => {
  const peer = new RTCPeerConnection();
  window.referencePeer = peer;
  const stream = mediaProbe.own();
  for (const track of stream.getTracks()) peer.addTrack(track.clone(), stream);
  await peer.setLocalDescription(await peer.createOffer());
  while (peer.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  return peer.localDescription.sdp;
}"""
_ANSWER = "async (sdp) => { await referencePeer.setRemoteDescription({ type: 'answer', sdp }); }"
_CLOSE = "() => { referencePeer.getSenders().forEach((s) => s.track?.stop()); referencePeer.close(); }"


@dataclass
class _Track:
    clock_rate: int
    reports: list[tuple[float, int]] = field(default_factory=list)
    """(UTC seconds, RTP timestamp)"""
    frames: list[tuple[int, Any]] = field(default_factory=list)
    """(timestamp from the first, frame counter or samples)"""
    clock: Any = None
    """aiortc's mapper, which knows the RTP timestamp of the first."""

    def seconds(self, since_first: int) -> float:
        """A timestamp on the sender's clock, UTC."""
        ntp, at = self.reports[-1]
        timestamp = self.clock._origin + since_first
        return ntp + ((timestamp - at + 2**31) % 2**32 - 2**31) / self.clock_rate


@dataclass(frozen=True)
class Heard:
    """What a page sent: (UTC seconds, counter) of its frames, and the UTC seconds at which its beeps began."""

    frames: list[tuple[float, int]]
    beeps: list[float]

    @property
    def drift_s(self) -> float:
        """By how much the picture fell behind its own rhythm meanwhile. A camera file that is read late stays late."""
        phases = [at - counter / FRAMES_PER_S for at, counter in self.frames]
        return max((p - phases[0] + LOOP_S / 2) % LOOP_S - LOOP_S / 2 for p in phases) if phases else math.inf


def listen_when_steady(pages: Sequence[tuple[Page, Point]], limit_s: float = 30) -> dict[Point, Heard]:
    """``listen`` again until no source drifts: Chromium's capture times are good only while it gets its processor.

    On a machine that is never quiet the last measurement is returned as it is.
    """
    deadline = time.monotonic() + limit_s
    while True:
        heard = listen(pages)
        if time.monotonic() > deadline or all(one.drift_s < STEADY_S for one in heard.values()):
            return heard


def listen(pages: Sequence[tuple[Page, Point]], seconds: float = 5.0) -> dict[Point, Heard]:
    """Take what several pages capture for a while, as it leaves their browsers."""
    peers = [(page, point, _Peer(point)) for page, point in pages]
    try:
        for page, _, peer in peers:
            page.evaluate(_ANSWER, peer.answer(page.evaluate(_OFFER)))
        pages[0][0].wait_for_timeout(seconds * 1000)
        for page, _, _ in peers:
            page.evaluate(_CLOSE)
        return {point: peer.heard() for _, point, peer in peers}
    finally:
        for _, _, peer in peers:
            peer.close()


class _Peer:
    """aiortc on an event loop of its own: playwright's synchronous interface occupies the main thread's."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._tracks = {"video": _Track(90_000), "audio": _Track(48_000)}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reference-peer")
        self._thread.start()
        self._tasks: list[asyncio.Task[None]] = []
        self._connection: RTCPeerConnection | None = None

    def answer(self, offer: str) -> str:
        return asyncio.run_coroutine_threadsafe(self._answer(offer), self._loop).result(20)

    async def _answer(self, offer: str) -> str:
        self._connection = connection = RTCPeerConnection()
        connection.on("track", self._receive)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in connection.getTransceivers():
            self._remember_reports(transceiver.receiver, self._tracks[transceiver.kind])
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)

    @staticmethod
    def _remember_reports(receiver: Any, track: _Track) -> None:
        track.clock = receiver._RTCRtpReceiver__timestamp_mapper
        handle = receiver._handle_rtcp_packet

        async def remember(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                track.reports.append((info.ntp_timestamp / 2**32 - NTP_TO_UNIX_S, info.rtp_timestamp))
            await handle(packet)

        receiver._handle_rtcp_packet = remember

    def _receive(self, incoming: MediaStreamTrack) -> None:
        self._tasks.append(self._loop.create_task(self._read(incoming, self._tracks[incoming.kind])))

    async def _read(self, incoming: MediaStreamTrack, track: _Track) -> None:
        while True:
            try:
                frame = await incoming.recv()
            except MediaStreamError:
                return
            if isinstance(frame, av.VideoFrame):
                seen = picture_code.read(frame.to_ndarray(format="rgb24"))
                if seen is not None and seen.point == self._point.code:
                    track.frames.append((frame.pts, seen.counter))
            else:
                track.frames.append((frame.pts, mono(frame)))

    def heard(self) -> Heard:
        video, audio = self._tracks["video"], self._tracks["audio"]
        if not (video.reports and audio.reports and video.frames and audio.frames):
            raise lip_sync.NotMeasurable(
                f"{len(video.frames)} frames, {len(audio.frames)} pieces of sound, "
                f"{len(video.reports)} and {len(audio.reports)} sender reports"
            )
        begin = audio.frames[0][0]
        sound = np.zeros(audio.frames[-1][0] - begin + SAMPLES_PER_S, np.float32)
        for at, samples in audio.frames:
            sound[at - begin : at - begin + len(samples)] = samples
        starts = audio.seconds(begin)
        return Heard(
            [(video.seconds(at), counter) for at, counter in video.frames],
            [starts + beep for beep in tones.beeps(sound, self._point)],
        )

    def close(self) -> None:
        async def shut() -> None:
            if self._connection is not None:
                await self._connection.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(shut(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
