"""A media worker without browsers: encodes test points' pictures and sounds and hands them over the real tap client."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType

from hub import tap as wire
from hub.ids import new_id
from signaling.media.tap import Tap, TapBuffer
from tests.support import counted, picture_code, rtp_packets, tones
from tests.support.points import FRAMES_PER_S, SAMPLES_PER_S, Point

OPUS_SAMPLES = 960
OPUS_S = OPUS_SAMPLES / SAMPLES_PER_S
VIDEO_RATE, VIDEO_PT, RTX_PT, AUDIO_PT = 90_000, 96, 97, 111
PACKET_BYTES = 600
"""Small, so that every picture takes several packets."""
NTP_EPOCH = 2_208_988_800
LATE_NS = 1_000_000_000
"""Who ``pauses`` does so after a stall of this machine that was longer."""
OURS_NS = wire.KEEP_S * 1_000_000_000 // 2
"""What is late by less arrives as if it were not: on a busy machine we are slow ourselves, but no network was, and a
recorder that only ever saw late arrivals can but place media late. Well within what a worker keeps of the past."""


def ntp(seconds: float) -> int:
    """Seconds since 1970 as a 64-bit NTP time."""
    whole = int(seconds)
    return (whole + NTP_EPOCH) << 32 | int((seconds - whole) * (1 << 32))


class Vp8Encoder:
    """Pictures of a point, numbered from 0."""

    def __init__(self, point: Point, scale: int = 1) -> None:
        self._point, self._scale, self._number = point, scale, 0
        codec = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height = picture_code.WIDTH // scale, picture_code.HEIGHT // scale
        codec.pix_fmt, codec.time_base, codec.bit_rate = "yuv420p", Fraction(1, FRAMES_PER_S), 400_000
        codec.options = {"deadline": "realtime", "cpu-used": "8", "g": "100000", "lag-in-frames": "0"}
        codec.open()  # not when the first picture is due
        self._codec = codec

    def next(self, counter: int, *, keyframe: bool) -> bytes:
        picture = picture_code.draw(self._point, counter)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = frame.reformat(self._codec.width, self._codec.height, "yuv420p")
        frame.pts, self._number = self._number, self._number + 1
        frame.time_base = self._codec.time_base
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class OpusEncoder:
    """The sound of a point in packets of 20 ms."""

    def __init__(self, point: Point) -> None:
        self._sound = tones.make(point, 1)
        codec = av.CodecContext.create("libopus", "w")
        codec.sample_rate, codec.layout, codec.format = SAMPLES_PER_S, "mono", "s16"
        codec.time_base, codec.bit_rate = Fraction(1, SAMPLES_PER_S), 48_000
        self._codec, self._at = codec, 0

    def next(self) -> bytes:
        while True:
            begin = self._at % SAMPLES_PER_S
            samples = (self._sound[begin : begin + OPUS_SAMPLES] * 32_767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = SAMPLES_PER_S, self._at
            self._at += OPUS_SAMPLES
            packets = [bytes(packet) for packet in self._codec.encode(frame)]
            if packets:
                return packets[0]


def vp8_packets(data: bytes, *, seq: int, ts: int, ssrc: int, picture: int) -> list[bytes]:
    """A picture as RTP packets with 15-bit picture ids (RFC 7741)."""
    parts = [data[at : at + PACKET_BYTES] for at in range(0, len(data), PACKET_BYTES)]
    packets = []
    for index, part in enumerate(parts):
        descriptor = bytes([0x90 if index == 0 else 0x80, 0x80]) + struct.pack("!H", 0x8000 | picture & 0x7FFF)
        packets.append(
            bytes(
                rtp_packets.packet(
                    seq=(seq + index) & 0xFFFF,
                    ts=ts & 0xFFFFFFFF,
                    ssrc=ssrc,
                    pt=VIDEO_PT,
                    mark=index == len(parts) - 1,
                    payload=descriptor + part,
                )
            )
        )
    return packets


def as_rtx(packet: bytes, ssrc: int, seq: int) -> bytes:
    """A packet as its retransmission (RFC 4588): its own number in front of the payload."""
    head = rtp_packets.packet(
        seq=seq & 0xFFFF,
        ts=struct.unpack_from("!I", packet, 4)[0],
        ssrc=ssrc,
        pt=RTX_PT,
        mark=packet[1] >= 0x80,
        payload=packet[2:4] + packet[12:],
    )
    return bytes(head)


@dataclass
class Network:
    """What the way from browser to worker does, seeded. Lost video packets come back as RTX after ``rtx_s``."""

    loss: float = 0.0
    rtx: bool = True
    rtx_s: float = 0.12
    swap: float = 0.0
    twice: float = 0.0
    video_delay_s: float = 0.0
    seed: int = 1
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)


@dataclass
class Sender:
    """One point's two tracks."""

    point: Point
    seat_id: str
    camera: wire.TrackOpened
    microphone: wire.TrackOpened
    video: Vp8Encoder
    sound: OpusEncoder
    clock_skew_s: float = 0.0
    """The point's wall clock against ours."""
    frames: int = 0
    packets: int = 0
    video_seq: int = 65_400
    audio_seq: int = 65_500
    rtx_seq: int = 0
    paused: str = ""
    keyframe: bool = True
    last_keyframe_ns: int = 0
    first: int = 0
    """What its pictures are counted from; its sounds from as many as last so long."""
    cut_off: bool = False
    """The point's network is gone: it sends, nothing arrives."""


class FakeWorker:
    """A worker start: use ``run`` around everything, ``open`` points, then ``play``."""

    def __init__(self, run_dir: Path, *, index: int = 0, network: Network | None = None) -> None:
        self.start_id = new_id()
        self.buffer = TapBuffer(wire.Hello(index, self.start_id))
        self.tap = Tap(run_dir / "tap.sock", self.buffer, self._on_keyframe)
        self.network = network or Network()
        self.senders: list[Sender] = []
        self.keyframes_asked = 0
        self.log = counted.SentLog()
        self.pauses = False
        """After a long stall of this machine the points go on later, as if they had not been there; else in a hurry."""
        self._tracks = 0
        self._later: list[tuple[int, int, bytes]] = []

    @contextlib.asynccontextmanager
    async def run(self) -> AsyncIterator[FakeWorker]:
        task = asyncio.create_task(self.tap.run())
        try:
            async with asyncio.timeout(60):
                while not self.tap.connected:  # noqa: ASYNC110 - the client under test has no event
                    await asyncio.sleep(0.02)
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def open(
        self, recording_id: str, point: Point, seat_id: str, *, scale: int = 1, skew_s: float = 0.0, first: int = 0
    ) -> Sender:
        camera = self._track(recording_id, seat_id, "camera", "video", "VP8", VIDEO_RATE, VIDEO_PT)
        microphone = self._track(recording_id, seat_id, "microphone", "audio", "opus", SAMPLES_PER_S, AUDIO_PT)
        sender = Sender(
            point, seat_id, camera, microphone, Vp8Encoder(point, scale), OpusEncoder(point), skew_s, first=first
        )
        self.senders.append(sender)
        return sender

    async def play(self, seconds: float) -> None:
        """Send whole seconds in real time, from the beginning of one on, so that counters and beeps share one clock."""
        begin = time.monotonic_ns()
        for sender in self.senders:
            sender.first += sender.frames  # whole seconds before: sounds are counted on from the same place
            sender.frames = sender.packets = 0
        sent_s = 0.0
        while True:
            elapsed = (time.monotonic_ns() - begin) / 1e9
            self._send_later()
            while sent_s < min(elapsed, seconds):  # in small steps, so that sound and picture mix however late we are
                late_ns = time.monotonic_ns() - begin - round(sent_s * 1e9)
                if self.pauses and late_ns > LATE_NS:
                    begin += late_ns
                    break
                sent_s = min(sent_s + OPUS_S, elapsed, seconds)
                for sender in self.senders:
                    self._send_due(sender, begin, sent_s)
            self.tap.flush(time.monotonic_ns())
            if elapsed >= seconds:
                return
            await asyncio.sleep(0.01)

    def pause(self, sender: Sender, cause: str) -> None:
        sender.paused = cause
        for track in (sender.camera, sender.microphone):
            self.buffer.state(track.track, time.monotonic_ns(), cause)

    def end(self, sender: Sender) -> None:
        for track in (sender.camera, sender.microphone):
            self.buffer.end_track(track.track, time.monotonic_ns())
        self.senders.remove(sender)
        self.tap.flush(time.monotonic_ns())

    # -----------------------------------------------------------------------------------------------------------

    def _track(
        self, recording_id: str, seat_id: str, source: str, kind: str, codec: str, rate: int, payload_type: int
    ) -> wire.TrackOpened:
        self._tracks += 1
        opened = wire.TrackOpened(
            track=self._tracks,
            track_id=new_id(),
            recording_id=recording_id,
            seat_id=seat_id,
            source=source,
            kind=kind,
            codec=codec,
            clock_rate=rate,
            payload_type=payload_type,
            ssrc=1000 + self._tracks,
            rtx_ssrc=2000 + self._tracks if kind == "video" else None,
        )
        self.buffer.open_track(opened, time.monotonic_ns())
        return opened

    def _on_keyframe(self, track: int) -> None:
        self.keyframes_asked += 1
        for sender in self.senders:
            if sender.camera.track == track and time.monotonic_ns() - sender.last_keyframe_ns > 500_000_000:
                sender.keyframe, sender.last_keyframe_ns = True, time.monotonic_ns()

    def _send_due(self, sender: Sender, begin: int, elapsed: float) -> None:
        offset = int((begin / 1e9 % 1000) * VIDEO_RATE)
        while sender.frames / FRAMES_PER_S < elapsed:
            ts = offset + sender.frames * VIDEO_RATE // FRAMES_PER_S
            data = sender.video.next(sender.first + sender.frames, keyframe=sender.keyframe)
            sender.keyframe = False
            captured_ns = begin + sender.frames * 1_000_000_000 // FRAMES_PER_S
            at_ns = max(captured_ns, time.monotonic_ns() - OURS_NS)
            if not sender.paused:
                self.log.add(sender.seat_id, "camera", sender.first + sender.frames, captured_ns)
            if not sender.paused and not sender.cut_off:
                for packet in vp8_packets(
                    data, seq=sender.video_seq, ts=ts, ssrc=sender.camera.ssrc, picture=sender.frames
                ):
                    self._send_video(sender, packet, at_ns)
                    sender.video_seq += 1
                if sender.frames % FRAMES_PER_S == 1:
                    self._report(sender, sender.camera, captured_ns, at_ns, ts)
            sender.frames += 1
        while sender.packets * OPUS_S < elapsed:
            ts = int(begin / 1e9 % 1000 * SAMPLES_PER_S) + sender.packets * OPUS_SAMPLES
            counter = round(sender.first / FRAMES_PER_S / OPUS_S) + sender.packets
            payload = counted.stamp(sender.sound.next(), counter)
            captured_ns = begin + round(sender.packets * OPUS_S * 1e9)
            at_ns = max(captured_ns, time.monotonic_ns() - OURS_NS)
            if not sender.paused:
                self.log.add(sender.seat_id, "microphone", counter, captured_ns)
            packet = rtp_packets.packet(
                seq=sender.audio_seq & 0xFFFF,
                ts=ts & 0xFFFFFFFF,
                ssrc=sender.microphone.ssrc,
                pt=AUDIO_PT,
                payload=payload,
            )
            sender.audio_seq += 1
            if not sender.paused and not sender.cut_off:
                if self.network.random.random() >= self.network.loss:
                    self.buffer.rtp(sender.microphone.track, at_ns, bytes(packet))
                if sender.packets % 100 == 7:
                    self._report(sender, sender.microphone, captured_ns, at_ns, ts)
            sender.packets += 1

    def _send_video(self, sender: Sender, packet: bytes, at_ns: int) -> None:
        network, track = self.network, sender.camera.track
        now = at_ns + int(network.video_delay_s * 1e9)
        chance = network.random.random()
        if chance < network.loss:
            if network.rtx:
                sender.rtx_seq += 1
                rtx = as_rtx(packet, sender.camera.rtx_ssrc or 0, sender.rtx_seq)
                self._later.append((now + int(network.rtx_s * 1e9), track, rtx))
            return
        late = network.random.random() < network.swap
        if late or network.video_delay_s:
            self._later.append((now + (20_000_000 if late else 0), track, packet))
        else:
            self.buffer.rtp(track, now, packet)
        if network.random.random() < network.twice:
            self._later.append((now + 5_000_000, track, packet))

    def _send_later(self) -> None:
        now = time.monotonic_ns()
        due = sorted((entry for entry in self._later if entry[0] <= now), key=lambda entry: entry[0])
        self._later = [entry for entry in self._later if entry[0] > now]
        for at, track, packet in due:
            self.buffer.rtp(track, at, packet)

    def _report(self, sender: Sender, opened: wire.TrackOpened, captured_ns: int, at_ns: int, ts: int) -> None:
        wall = time.time() - time.monotonic() + captured_ns / 1e9 + sender.clock_skew_s
        self.buffer.sender_report(opened.track, at_ns, ntp(wall), ts & 0xFFFFFFFF)
