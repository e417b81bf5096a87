"""One received RTP stream of a published track: a track sent in several qualities (simulcast) has one for each.

What came is checked for gaps and shaped for all consumers; a drain's packets are forwarded together at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub import h264, rtp
from signaling.media import rtcp, rtx, vp8
from signaling.media.bandwidth import SentRate
from signaling.media.cache import AUDIO_PACKETS, VIDEO_PACKETS, PacketCache
from signaling.media.keyframes import GopCache, KeyframeRequests
from signaling.media.nack import NackGenerator
from signaling.media.receiver_stats import ReceiverStats
from signaling.media.sdp import Codec
from signaling.media.sender_report import PublisherClock
from signaling.media.shape import SHAPE_BYTES, Batch, Shaped, shape
from signaling.media.transport import OUR_SSRC

if TYPE_CHECKING:
    from signaling.media.consumer import Consumer
    from signaling.media.layer_switch import LayerSwitch

LIVE_NS = 700_000_000
RATE_MS = 4_000
"""A keyframe now and then must not look like another rate."""


HOLD_NS = 1_000_000
"""A picture of which the rest is still coming is kept for so long …"""
HOLD_FOR = 8
"""… where so many receive it: for a few it would save nothing."""


class Stream:
    """``on_packet`` is given each new packet as it came, before it is forwarded; ``on_fresh`` is told when the first
    of a drain waits to be forwarded: then ``forward`` must be called."""

    def __init__(
        self,
        codec: Codec,
        *,
        video: bool,
        nacks: bool,
        ssrc: int | None,
        payload_type: int,
        rid: str = "",
        send_rtcp: Callable[[bytes], None],
        on_packet: Callable[[Stream, bytes, int], None],
        on_fresh: Callable[[Stream], None],
    ) -> None:
        self.ssrc = ssrc
        self.rid = rid
        """Of the layer that it is; empty where the publisher sends one stream."""
        self.height = 0
        """Of the last keyframe, in pixels; 0 until one came."""
        self.heard_ns = self._came_ns = 0
        self.octets_in = 0
        self.rate = SentRate(RATE_MS)
        self.asleep = False
        """The publisher was told that nobody needs it."""
        self.video, self.codec, self.nacks = video, codec, nacks
        self.stats = ReceiverStats(codec.clock_rate)
        self.clock = PublisherClock(codec.clock_rate)
        self.cache: PacketCache[Shaped] = PacketCache(VIDEO_PACKETS if video else AUDIO_PACKETS)
        self.consumers: list[Consumer | LayerSwitch] = []
        self.keyframes_asked = self.nacks_sent = 0
        self._payload_type = payload_type
        self._repeats_apart = codec.rtx_payload_type is not None
        self._nack = NackGenerator()
        self._keyframes = KeyframeRequests()
        self._gop: GopCache[Shaped] = GopCache()
        self._fresh: list[Shaped] = []
        self._fresh_since_ns = 0
        self._key_timestamp: int | None = None
        self._send_rtcp, self._on_packet, self._on_fresh = send_rtcp, on_packet, on_fresh

    # A packet's route ----------------------------------------------------------------------------------------------

    def receive(self, packet: bytes, now_ns: int, *, paused: bool) -> None:
        """A packet of the stream itself."""
        sequence = packet[2] << 8 | packet[3]
        # Sound is repeated on its own SSRC: a loss that was made good is a loss all the same to who reads the reports,
        # the publisher's encoder first, which adds error correction by them.
        if self._repeats_apart or not self._nack.asked(sequence):
            self.stats.received(sequence, rtp.timestamp(packet), now_ns)
        if self._nack.received(sequence, now_ns / 1e6) and not paused:
            self._take(packet, sequence, now_ns)

    def receive_rtx(self, packet: bytes, now_ns: int, *, paused: bool) -> None:
        """A retransmission (RFC 4588), or padding that probes for bandwidth."""
        if self.ssrc is None:
            return
        original = rtx.unwrap(packet, ssrc=self.ssrc, payload_type=self.codec.payload_type)
        if original is not None:
            sequence = rtp.sequence(original)
            if self._nack.received(sequence, now_ns / 1e6) and not paused:
                self._take(bytes(original), sequence, now_ns)

    def _take(self, packet: bytes, sequence: int, now_ns: int) -> None:
        if not self.live(now_ns):
            self._came_ns = now_ns
        self.heard_ns = now_ns
        self.octets_in += len(packet)
        self._on_packet(self, packet, now_ns)
        data = shape(packet, sequence, self._payload_type, now_ns)
        descriptor = None
        if len(data) == SHAPE_BYTES:
            self.forward(now_ns / 1e6)
            for consumer in self.consumers:
                consumer.leave_out(data)
            return
        keyframe = False
        if self.codec.name == "H264":
            keyframe = self._begins_keyframe(data, rtp.timestamp(packet))
        elif self.video:
            descriptor = vp8.parse(data, SHAPE_BYTES, len(data))
            if descriptor is None:
                return
        shaped = Shaped(data, sequence, rtp.timestamp(packet), descriptor, keyframe=keyframe)
        self.cache.put(sequence, shaped, now_ns / 1e6)
        if self.video:
            if shaped.keyframe:
                self._keyframes.arrived()
                self._measure(shaped)
            self._gop.add(sequence, shaped, keyframe=shaped.keyframe)
        if not self._fresh:
            self._fresh_since_ns = now_ns
            self._on_fresh(self)
        self._fresh.append(shaped)

    def _begins_keyframe(self, data: bytes, timestamp: int) -> bool:
        """The first of an H.264 keyframe's packets: parameter sets come before the picture, with its timestamp."""
        payload = memoryview(data)[SHAPE_BYTES:]
        if timestamp == self._key_timestamp or not h264.begins_keyframe(payload):
            return False
        self._key_timestamp = timestamp
        return True

    def _measure(self, keyframe: Shaped) -> None:
        if keyframe.descriptor is None:
            payload = keyframe.data[SHAPE_BYTES:]
            units = h264.aggregated(payload) if payload[0] & 0x1F == h264.STAP_A else [payload]
            found = next((each for unit in units if (each := h264.picture(unit)) is not None), None)
            self.height = found.height if found is not None else self.height
            return
        size = vp8.resolution(keyframe.data, keyframe.descriptor.payload_at)
        if size is not None:
            self.height = size[1]

    def live(self, now_ns: int) -> bool:
        """Whether its packets come: a layer may stop when the publisher's line or machine is too weak for it."""
        return now_ns - self.heard_ns < LIVE_NS

    def waits(self, now_ns: int) -> bool:
        """Whether it is better to wait a moment: a picture's packets come one after the other, and the more leave in
        one call the less each costs. Its last one carries the marker; sound is never kept."""
        if len(self.consumers) < HOLD_FOR or not self._fresh or now_ns - self._fresh_since_ns >= HOLD_NS:
            return False
        return self.video and not rtp.marker(self._fresh[-1].data)

    def settled(self, now_ns: int) -> bool:
        """Whether it has come for so long that its rate is known."""
        return now_ns - self._came_ns > RATE_MS * 1_000_000

    def forward(self, now_ms: float) -> None:
        """Send what came in this drain to every consumer."""
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        # Before anyone sends them: filling up to equal sizes changes their bytes, and a repeat must be the same.
        batch = Batch(fresh)
        for consumer in self.consumers:
            consumer.forward(batch, now_ms)

    # What the publisher and its subscribers say --------------------------------------------------------------------

    def sender_report(self, report: rtcp.SenderReport, now_ns: int) -> None:
        """The publisher's: remember it, and tell every consumer in its own numbers."""
        self.stats.sender_report(report, now_ns)
        self.clock.received(report, now_ns)
        for consumer in self.consumers:
            consumer.send_report(now_ns)

    def round_trip(self, ms: float) -> None:
        """To the publisher: what is missing is not asked for again before the answer can be here."""
        self._nack.round_trip_ms = ms

    def want_keyframe(self, now_ns: int, *, urgent: bool = False) -> None:
        """Asked for at once or when the throttle allows."""
        if self.video and self._keyframes.ask(now_ns / 1e6, urgent=urgent):
            self._send_pli()

    def tick(self, now_ns: int, *, paused: bool) -> bool:
        """Ask again for what is missing. Called every 20 ms or so; whether anything is."""
        now_ms = now_ns / 1e6
        missing = self._nack.due(now_ms)
        if self.ssrc is None or paused:
            return False
        if missing and self.nacks:
            self.nacks_sent += len(missing)
            self._send_rtcp(rtcp.nack(OUR_SSRC, self.ssrc, missing))
        if self.video and self._keyframes.due(now_ms):
            self._send_pli()
        return self._nack.missing

    def _send_pli(self) -> None:
        if self.ssrc is not None:
            self.keyframes_asked += 1
            self._send_rtcp(rtcp.pli(OUR_SSRC, self.ssrc))

    def report_block(self, now_ns: int) -> rtcp.ReportBlock | None:
        """For the next receiver report; None until something came."""
        return self.stats.block(self.ssrc, now_ns) if self.ssrc is not None else None

    # Consumers ------------------------------------------------------------------------------------------------------

    def join(self, consumer: Consumer, now_ns: int, *, paused: bool) -> None:
        """Begin to forward: replay a short group of pictures, else wait for a keyframe and ask for it."""
        # What waits for the end of the drain is in the group too: nobody may get it twice.
        self.forward(now_ns / 1e6)
        if consumer not in self.consumers:
            self.consumers.append(consumer)
        group = self._gop.packets() if self.video else []
        if group:
            consumer.forward(Batch(group, fill=False), now_ns / 1e6)
        elif not paused:
            self.want_keyframe(now_ns, urgent=True)
        consumer.send_report(now_ns)

    def leave(self, consumer: Consumer | LayerSwitch) -> None:
        if consumer in self.consumers:
            self.consumers.remove(consumer)

    def close(self) -> None:
        """Nothing comes any more: let go of everybody."""
        self.consumers.clear()
        self._fresh.clear()
        self._send_rtcp, self._on_packet = lambda _compound: None, lambda *_: None

    def paused(self) -> None:
        """Nothing more is forwarded for now, and what a late joiner would be shown is old."""
        self._fresh.clear()
        self._gop.clear()

    def resumed(self, now_ns: int) -> None:
        for consumer in self.consumers:
            consumer.begin_anew()
        self.want_keyframe(now_ns, urgent=True)
