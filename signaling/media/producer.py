"""One published track: what comes in is checked for gaps, handed to the recorder, and passed to its consumers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from hub import rtp
from hub.ids import new_id
from hub.tap import TrackOpened
from signaling.media import rtcp, rtx, vp8
from signaling.media.cache import AUDIO_PACKETS, VIDEO_PACKETS, PacketCache
from signaling.media.control import ProducerInfo
from signaling.media.keyframes import GopCache, KeyframeRequests
from signaling.media.nack import NackGenerator
from signaling.media.receiver_stats import ReceiverStats
from signaling.media.sdp import Codec
from signaling.media.sdp_write import ABS_SEND_TIME_ID, OPUS, VP8
from signaling.media.sender_report import PublisherClock
from signaling.media.transport import OUR_SSRC

if TYPE_CHECKING:
    from signaling.media.consumer import Consumer
    from signaling.media.plane import Plane

log = structlog.get_logger(__name__)

# Every forwarded packet has the same shape: a fixed header, then one extension block that holds abs-send-time, 8 bytes
# long. The publisher's own extensions are of no use to subscribers, and known offsets make rewriting cheap.
_SHAPE = struct.Struct("!BBHIIHHI")
SHAPE_BYTES = 20
_ABS_SEND_TIME_HEAD = (ABS_SEND_TIME_ID << 4 | 2) << 24


def abs_send_time(now_ns: int) -> int:
    """24 bits of seconds in 6.18 fixed point."""
    return ((now_ns << 18) // 1_000_000_000) & 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What the offer says of a track's packets."""

    codec: Codec
    kind: str
    nacks: bool
    """Whether the publisher answers NACKs."""
    ssrc: int | None
    rtx_ssrc: int | None


class Producer:
    """``send_rtcp`` reaches the publisher; ``recording`` gives the recording that is running, if one is."""

    def __init__(
        self,
        plane: Plane,
        peer_id: str,
        source: str,
        arrangement: Arrangement,
        send_rtcp: Callable[[bytes], None],
        *,
        recording_id: str | None,
        paused: str,
    ) -> None:
        self.producer_id = new_id()
        self.peer_id, self.source, self.kind = peer_id, source, arrangement.kind
        self.arrangement = arrangement
        self.paused = paused
        self.consumers: list[Consumer] = []
        video = arrangement.kind == "video"
        clock_rate = arrangement.codec.clock_rate
        self.stats = ReceiverStats(clock_rate)
        self.clock = PublisherClock(clock_rate)
        self.cache = PacketCache(VIDEO_PACKETS if video else AUDIO_PACKETS)
        self._nack = NackGenerator()
        self._keyframes = KeyframeRequests()
        self._gop = GopCache()
        self._plane, self._send_rtcp = plane, send_rtcp
        self._video = video
        self._payload_type = VP8 if video else OPUS
        self._ssrc = arrangement.ssrc
        self._track: int | None = None
        self._recording_id = recording_id

    def info(self) -> ProducerInfo:
        return ProducerInfo(
            producer_id=self.producer_id,
            peer_id=self.peer_id,
            source=self.source,
            kind=self.kind,
            paused=self.paused,
        )

    # A packet's route ----------------------------------------------------------------------------------------------

    def receive(self, packet: bytes, now_ns: int) -> None:
        """A packet of the stream itself."""
        sequence = rtp.sequence(packet)
        if self._ssrc is None:
            self._ssrc = rtp.ssrc(packet)
        self.stats.received(sequence, rtp.timestamp(packet), now_ns)
        if self._nack.received(sequence, now_ns / 1e6):
            self._take(packet, sequence, now_ns)

    def receive_rtx(self, packet: bytes, now_ns: int) -> None:
        """A retransmission (RFC 4588), or padding that probes for bandwidth."""
        if self._ssrc is None:
            return
        original = rtx.unwrap(packet, ssrc=self._ssrc, payload_type=self.arrangement.codec.payload_type)
        if original is not None:
            sequence = rtp.sequence(original)
            if self._nack.received(sequence, now_ns / 1e6):
                self._take(bytes(original), sequence, now_ns)

    def _take(self, packet: bytes, sequence: int, now_ns: int) -> None:
        if self.paused:
            return
        if self._track is not None:
            self._plane.tap.rtp(self._track, now_ns, packet)
        elif self._recording_id is not None:
            self._open_track(now_ns)
            self._plane.tap.rtp(self._track or 0, now_ns, packet)
        shaped = self._shape(packet, now_ns)
        now_ms = now_ns / 1e6
        if len(shaped) == SHAPE_BYTES:
            for consumer in self.consumers:
                consumer.leave_out(shaped)
            return
        self.cache.put(sequence, shaped, now_ms)
        descriptor = None
        if self._video:
            descriptor = vp8.parse(shaped, SHAPE_BYTES, len(shaped))
            if descriptor is None:
                return
            if descriptor.keyframe:
                self._keyframes.arrived()
            self._gop.add(sequence, shaped, keyframe=descriptor.keyframe)
        for consumer in self.consumers:
            consumer.forward(shaped, descriptor, now_ms)

    def _shape(self, packet: bytes, now_ns: int) -> bytes:
        """The packet as all consumers get it, but for their own numbers."""
        begin, end = rtp.header_length(packet), len(packet) - rtp.padding_length(packet)
        head = _SHAPE.pack(
            0x90,
            (packet[1] & 0x80) | self._payload_type,
            rtp.sequence(packet),
            rtp.timestamp(packet),
            0,
            rtp.ONE_BYTE_PROFILE,
            1,
            _ABS_SEND_TIME_HEAD | abs_send_time(now_ns),
        )
        return head + packet[begin:end]

    # What the publisher and its subscribers say --------------------------------------------------------------------

    def sender_report(self, report: rtcp.SenderReport, now_ns: int) -> None:
        """The publisher's: remember it, record it, and tell every consumer in its own numbers."""
        self.stats.sender_report(report, now_ns)
        self.clock.received(report, now_ns)
        if self._track is not None and not self.paused:
            self._plane.tap.sender_report(self._track, now_ns, report.ntp, report.rtp_timestamp)
        for consumer in self.consumers:
            consumer.send_report(now_ns)

    def want_keyframe(self, now_ns: int, *, urgent: bool = False) -> None:
        """A consumer or the recorder needs one: asked for at once or when the throttle allows."""
        if self._video and not self.paused and self._keyframes.ask(now_ns / 1e6, urgent=urgent):
            self._send_pli()

    def tick(self, now_ns: int) -> None:
        """Ask again for what is missing. Called every 20 ms or so."""
        now_ms = now_ns / 1e6
        missing = self._nack.due(now_ms)
        if self._ssrc is None or self.paused:
            return
        if missing and self.arrangement.nacks:
            self._send_rtcp(rtcp.nack(OUR_SSRC, self._ssrc, missing))
        if self._video and self._keyframes.due(now_ms):
            self._send_pli()

    def _send_pli(self) -> None:
        if self._ssrc is not None:
            self._send_rtcp(rtcp.pli(OUR_SSRC, self._ssrc))

    def report_block(self, now_ns: int) -> rtcp.ReportBlock | None:
        """For the next receiver report; None until something came."""
        return self.stats.block(self._ssrc, now_ns) if self._ssrc is not None else None

    # Consumers, pausing, recording -----------------------------------------------------------------------------------

    def join(self, consumer: Consumer, now_ns: int) -> None:
        """Begin to forward: replay a short group of pictures, else wait for a keyframe and ask for it."""
        if consumer not in self.consumers:
            self.consumers.append(consumer)
        group = self._gop.packets() if self._video else []
        for packet in group:
            consumer.forward(packet, vp8.parse(packet, SHAPE_BYTES, len(packet)), now_ns / 1e6)
        if not group:
            self.want_keyframe(now_ns)
        consumer.send_report(now_ns)

    def leave(self, consumer: Consumer) -> None:
        if consumer in self.consumers:
            self.consumers.remove(consumer)

    def pause(self, cause: str, now_ns: int) -> None:
        """Stop forwarding and recording, or go on with cause ''. The cause goes to the recorder."""
        if cause == self.paused:
            return
        resumed = bool(self.paused) and not cause
        self.paused = cause
        if self._track is not None:
            self._plane.tap.state(self._track, now_ns, cause)
        if resumed:
            for consumer in self.consumers:
                consumer.begin_anew()
            self.want_keyframe(now_ns, urgent=True)
        else:
            self._gop.clear()

    def record(self, recording_id: str | None, now_ns: int) -> None:
        """Hand the packets to another recording, or to none. A new track begins with its first packet."""
        if recording_id != self._recording_id:
            self._end_track(now_ns)
            self._recording_id = recording_id
            if recording_id is not None:
                self._open_track(now_ns)
                self.want_keyframe(now_ns)

    def close(self, now_ns: int) -> None:
        self._end_track(now_ns)
        self.consumers.clear()

    @property
    def track(self) -> int | None:
        """Its number on the tap while it is recorded."""
        return self._track

    def _open_track(self, now_ns: int) -> None:
        """Only once an SSRC is known: the recorder reads streams by it."""
        if self._ssrc is None or self._recording_id is None:
            return
        self._track = next(self._plane.track_numbers)
        codec = self.arrangement.codec
        self._plane.tap.open_track(
            TrackOpened(
                track=self._track,
                track_id=new_id(),
                recording_id=self._recording_id,
                seat_id=self.peer_id,
                source=self.source,
                kind=self.kind,
                codec=codec.name,
                clock_rate=codec.clock_rate,
                payload_type=codec.payload_type,
                ssrc=self._ssrc,
                rtx_ssrc=self.arrangement.rtx_ssrc,
            ),
            now_ns,
        )
        if self.paused:
            self._plane.tap.state(self._track, now_ns, self.paused)

    def _end_track(self, now_ns: int) -> None:
        if self._track is not None:
            self._plane.tap.end_track(self._track, now_ns)
            self._track = None
