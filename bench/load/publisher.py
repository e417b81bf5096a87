"""Sends what a point sends: pictures as bursts of packets, sound every 20 ms, sender reports, keyframes when asked."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bench.load import content
from bench.load.content import AUDIO_CLOCK, VIDEO_CLOCK, Numbers, Place
from bench.load.peer import Peer
from signaling.media import rtcp

NTP_TO_UNIX_S = 2_208_988_800
REPORT_S = 1.0
KEPT_PACKETS = 512
"""For the server's NACKs."""
AUDIO_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Load:
    """What one publisher sends. ``packet_bytes`` is the RTP packet before SRTP; ``who`` tells publishers apart."""

    pictures_per_s: int = 60
    packets_per_picture: int = 5
    packet_bytes: int = 1100
    keyframe_packets: int = 5
    audio: bool = True
    audio_bytes: int = 120
    level: int = 20
    """Of the sound, in -dBov (RFC 6464): 127 is silence."""

    @property
    def packets_per_s(self) -> int:
        return self.pictures_per_s * self.packets_per_picture + (round(1 / AUDIO_EVERY_S) if self.audio else 0)


class Track:
    """One stream being sent."""

    def __init__(self, numbers: Numbers, clock: int) -> None:
        self.numbers, self.clock = numbers, clock
        self.sent = self.octets = self.counter = 0
        self.sequence = secrets.randbits(15)
        self.timestamp = secrets.randbits(31)
        self.kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT_PACKETS)

    def at(self, elapsed_s: float) -> int:
        return (self.timestamp + round(elapsed_s * self.clock)) & 0xFFFFFFFF


class Publisher:
    """``run`` sends until it is cancelled; ``running`` cleared holds everything back."""

    def __init__(self, peer: Peer, video: Numbers | None, audio: Numbers | None, load: Load, who: int = 0) -> None:
        self.peer, self.load, self.who = peer, load, who
        self.encode: Callable[[bool], bytes] | None = None
        """Gives a real VP8 picture, a keyframe if asked, for receivers that decode; else made-up ones are sent."""
        self.video = Track(video, VIDEO_CLOCK) if video else None
        self.audio = Track(audio, AUDIO_CLOCK) if audio and load.audio else None
        self.running = asyncio.Event()
        self.running.set()
        self.keyframe_due = True
        self.keyframes = self.keyframes_asked = self.repeated = self.pictures = 0
        self.picture_started: dict[int, float] = {}
        self._twcc = 0
        self._began = time.monotonic()
        peer.on_rtcp = self._asked

    @property
    def sent(self) -> int:
        """Packets, without repeats."""
        return sum(track.sent for track in (self.video, self.audio) if track)

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._report())]
        if self.video:
            tasks.append(asyncio.create_task(self._every(1 / self.load.pictures_per_s, self._picture)))
        if self.audio:
            tasks.append(asyncio.create_task(self._every(AUDIO_EVERY_S, self._sound)))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _every(self, period_s: float, send: Callable[[], None]) -> None:
        due = time.monotonic()
        while True:
            if not self.running.is_set():
                await self.running.wait()
                due = time.monotonic()  # no flood to catch up
            send()
            due += period_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _picture(self) -> None:
        assert self.video is not None
        keyframe, self.keyframe_due = self.keyframe_due, False
        self.keyframes += keyframe
        timestamp = self.video.at(time.monotonic() - self._began)
        if self.encode is not None:
            packets = self._encoded(self.video, self.encode(keyframe), timestamp)
        else:
            packets = self._made_up(self.video, timestamp, keyframe=keyframe)
        # A picture leaves a browser within microseconds: not to be drawn out by Python's encryption.
        for packet in packets:
            self.peer.send_datagram(packet)
        self.pictures += 1

    def _made_up(self, track: Track, timestamp: int, *, keyframe: bool) -> list[bytes]:
        count = self.load.keyframe_packets if keyframe else self.load.packets_per_picture
        packets = []
        for n in range(count):
            start = content.vp8_start(self.pictures, first=n == 0, keyframe=keyframe)
            place = Place(self.who, n, count if keyframe else 0)
            packets.append(self._make(track, start, timestamp, self.load.packet_bytes, place, marker=n == count - 1))
        return packets

    def _encoded(self, track: Track, picture: bytes, timestamp: int) -> list[bytes]:
        packets = []
        for at in range(0, len(picture), self.load.packet_bytes):
            payload = content.vp8_descriptor(self.pictures, first=at == 0) + picture[at : at + self.load.packet_bytes]
            last = at + self.load.packet_bytes >= len(picture)
            packets.append(self._protect(track, self._head(track, timestamp, marker=last) + payload))
        return packets

    def _sound(self) -> None:
        assert self.audio is not None
        timestamp = self.audio.at(time.monotonic() - self._began)
        # The first byte is a 20 ms CELT packet's (RFC 6716).
        place = Place(self.who)
        self.peer.send_datagram(self._make(self.audio, b"\xfc", timestamp, self.load.audio_bytes, place, marker=False))

    def _make(self, track: Track, start: bytes, timestamp: int, size: int, place: Place, *, marker: bool) -> bytes:
        """The next packet, protected."""
        head = self._head(track, timestamp, marker=marker)
        payload = content.fill(start, size - len(head), track.counter, time.monotonic_ns(), place)
        return self._protect(track, head + payload)

    def _head(self, track: Track, timestamp: int, *, marker: bool) -> bytes:
        self._twcc += 1
        return content.header(
            track.numbers, track.sequence, timestamp, marker=marker, twcc=self._twcc, level=self.load.level
        )

    def _protect(self, track: Track, packet: bytes) -> bytes:
        datagram = self.peer.protect(packet)
        track.kept.append((track.sequence, datagram))
        track.sent += 1
        track.octets += len(packet)
        track.counter += 1
        track.sequence = (track.sequence + 1) & 0xFFFF
        return datagram

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            await self.running.wait()
            for track in (self.video, self.audio):
                if track is not None and track.sent:
                    ntp = round((time.time() + NTP_TO_UNIX_S) * (1 << 32))
                    at = track.at(time.monotonic() - self._began)
                    report = rtcp.SenderReport(track.numbers.ssrc, ntp, at, track.sent, track.octets)
                    self.peer.send_rtcp(rtcp.sender_report(report) + rtcp.cname([track.numbers.ssrc], "load"))

    def _asked(self, packet: rtcp.Rtcp) -> None:
        if isinstance(packet, rtcp.Pli | rtcp.Fir):
            self.keyframe_due = True
            self.keyframes_asked += 1
        elif isinstance(packet, rtcp.Nack):
            for track in (self.video, self.audio):
                if track is not None and track.numbers.ssrc == packet.media_ssrc:
                    wanted = set(packet.lost)
                    for sequence, datagram in track.kept:
                        if sequence in wanted:
                            self.repeated += 1
                            self.peer.send_datagram(datagram)
