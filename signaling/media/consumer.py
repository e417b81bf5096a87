"""One line to one subscriber, whichever producer it carries: wait for a keyframe → own numbers → protect → send.

A line keeps its SSRC while it is given from producer to producer, so that nothing has to be negotiated.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from hub import rtp
from signaling.media import rtcp, rtx
from signaling.media.layer_switch import LayerSwitch
from signaling.media.nack import Budget
from signaling.media.rewriter import Rewriter
from signaling.media.sdp_write import H264, H264_RTX, OPUS, VP8, VP8_RTX
from signaling.media.shape import SHAPE_BYTES, Batch, abs_send_time, padding

if TYPE_CHECKING:
    from signaling.media.producer import Producer
    from signaling.media.stream import Stream
    from signaling.media.subscriber import SubscribeTransport

REPEAT_NS = 20_000_000
"""A packet is not sent again sooner: several NACKs may name it before it has arrived."""
MOST_REPEATS = 64
"""Per NACK message; a subscriber who missed more needs a keyframe, not a flood."""
NAMED_PER_S = 2_000
"""Looked up for one line: a line that loses a fifth of a fast stream names 400, repeated requests included."""
REPEATS_PER_S = 500
"""For one line: a third of 1,500 packets a second. Who asks for more wants our bandwidth, not the picture."""
_REMEMBERED = 512


def _new_ssrc() -> int:
    return secrets.randbelow(0xFFFF_FF00) + 0x80


class Consumer:
    """Forwards once ``start`` was called, when the browser has said that it knows our numbers."""

    def __init__(self, transport: SubscribeTransport, *, video: bool, stream_id: str) -> None:
        self.transport, self.video = transport, video
        self.stream_id = stream_id
        """Lines that share one are played in sync."""
        self.producer: Producer | None = None
        self.stream: Stream | None = None
        """The one of the producer's streams that is forwarded now."""
        self.chosen: Stream | None = None
        """The one that should be forwarded; another goes on until its next keyframe."""
        self.wanted_layer: int | None = None
        """Of the producer's streams, the one that its publisher should send for us."""
        self.frozen = False
        """The picture stands still because the line carries none of it."""
        self.ssrc = _new_ssrc()
        self.rtx_ssrc = _new_ssrc() if video else None
        self._clock_rate = 90_000 if video else 48_000
        self.rewriter = Rewriter(ssrc=self.ssrc, payload_type=VP8 if video else OPUS, clock_rate=self._clock_rate)
        self.loss = 0.0
        """Fraction of its packets that the subscriber last said were lost."""
        self.jitter_ms: float | None = None
        self.nacks = self.repeats = self.keyframe_requests = 0
        self.first_timestamp: int | None = None
        """Of what it carries now, as the subscriber sees it; None while nothing of it has been sent."""
        self.started = False
        self.uses_rtx = False
        """Repeats go by a stream of their own, so that a packet need not be the same to the byte."""
        self._switch: LayerSwitch | None = None
        self._waits = video
        self._choked = False
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._repeated_ns: dict[int, int] = {}
        self._budget, self._named = Budget(REPEATS_PER_S, REPEATS_PER_S), Budget(NAMED_PER_S, NAMED_PER_S)

    # What it carries -------------------------------------------------------------------------------------------------

    def carry(self, producer: Producer | None, now_ns: int) -> None:
        """Give the line to another producer, or to none. The subscriber sees one unbroken stream."""
        if producer is self.producer:
            return
        self._leave()
        self.producer = producer
        one = producer is not None and len(producer.streams) == 1
        self.chosen, self.frozen = producer.best if producer is not None and one else None, False
        self.wanted_layer = None
        self.rewriter.switch()
        if producer is not None:
            self.rewriter.payload_type = producer.payload_type
        self._waits = self.video
        self.first_timestamp = None
        self.resume(now_ns)

    def start(self, now_ns: int, *, uses_rtx: bool) -> None:
        """The subscriber has answered; called again at each later answer."""
        self.uses_rtx = uses_rtx and self.rtx_ssrc is not None
        if not self.started:
            self.started = True
            self.resume(now_ns)

    def resume(self, now_ns: int) -> None:
        """Join the producer if packets can leave; the transport calls it again when DTLS is done."""
        producer, stream = self.producer, self.chosen
        if producer is None or stream is None or not self.started or not self.transport.connected:
            return
        if producer.h264 and not self.transport.h264:
            return  # the browser has no decoder for it; its page says so
        if self.stream is None:
            self.stream = stream
            stream.join(self, now_ns, paused=bool(producer.paused))

    def prefer(self, stream: Stream | None, now_ns: int) -> None:
        """Forward this one of the producer's streams, from its next keyframe on; None: the picture stands still."""
        self.frozen = stream is None
        if stream is self.chosen:
            return
        self.chosen = stream
        self._stop_switch()
        if stream is None or self._waits:
            # Nothing goes on meanwhile, so there is nothing to wait for.
            self._leave()
            self.rewriter.switch()
            self._waits = True
            self.resume(now_ns)
        elif self.stream is None:
            self.resume(now_ns)
        elif stream is not self.stream:
            self._switch = LayerSwitch(self, stream, now_ns)

    def change_over(self, stream: Stream, batch: Batch, now_ms: float) -> None:
        """``stream`` has come to a keyframe, with which ``batch`` begins, and has us in its row."""
        before, self.stream, self._switch = self.stream, stream, None
        offset = None
        if before is not None:
            before.leave(self)
            apart = stream.clock.onto(before.clock)
            offset = None if apart is None else self.rewriter.timestamp_offset + apart & 0xFFFFFFFF
        self.rewriter.switch(offset)
        self.forward(batch, now_ms)
        self.send_report(int(now_ms * 1e6))

    def stop(self) -> None:
        self.started = False
        self._leave()

    def _stop_switch(self) -> None:
        if self._switch is not None:
            self._switch.cancel()
            self._switch = None

    def _leave(self) -> None:
        self._stop_switch()
        if self.stream is not None:
            self.stream.leave(self)
            self.stream = None

    # The hot path ----------------------------------------------------------------------------------------------------

    def forward(self, batch: Batch, now_ms: float) -> None:
        """What came in one drain: nearly always all of it is sent with the same offsets."""
        if self.video and (self._choked or self.transport.congested) and self._is_choked(now_ms):
            return
        if self._waits:
            found = self._from_keyframe(batch)
            if found is None:
                return
            batch = found
        paced = self.video and self.transport.pacer is not None
        offsets = None if paced else self.rewriter.steady(batch, now_ms)
        if offsets is not None:
            self.transport.send_runs(batch.runs, self.ssrc, offsets)
        else:
            self._forward_singly(batch, now_ms)

    def _is_choked(self, now_ms: float) -> bool:
        """A connection that takes no more (TCP) gets whole pictures again when it has caught up, and no torn ones."""
        if self.transport.congested:
            if not self._choked:
                self._choked = True
                self.begin_anew()
        elif self._choked:
            self._choked = False
            if self.stream is not None:
                self.stream.want_keyframe(int(now_ms * 1e6))
        return self._choked

    def _from_keyframe(self, batch: Batch) -> Batch | None:
        for number, packet in enumerate(batch.packets):
            if packet.keyframe:
                self._waits = False
                return Batch(batch.packets[number:], fill=False) if number else batch
        return None

    def _forward_singly(self, batch: Batch, now_ms: float) -> None:
        for packet in batch.packets:
            out = self.rewriter.forward(packet.data, now_ms, packet.descriptor)
            if out is None:
                continue
            if self.first_timestamp is None:
                self.first_timestamp = rtp.timestamp(out)
                self.transport.begun(self)
            if self.video and self.transport.pacer is not None:
                self.transport.pacer.push(out, now_ms)
            else:
                self.transport.send_rtp(out)

    def leave_out(self, packet: bytes) -> None:
        """A packet without content: the subscriber must not miss its number."""
        if not self._waits:
            self.rewriter.drop(packet)

    def begin_anew(self) -> None:
        """The producer goes on after a pause: no hole, and a picture only from a keyframe on."""
        self.rewriter.switch()
        self._waits = self.video

    # What the subscriber says --------------------------------------------------------------------------------------

    def nacked(self, lost: tuple[int, ...], now_ns: int) -> None:
        """Send again what is still in the stream's ring."""
        self.nacks += 1
        named = lost[:MOST_REPEATS]
        if self.stream is None or self._choked or not self._named.take(len(named), now_ns / 1e6):
            return
        for number in named:
            if now_ns - self._repeated_ns.get(number, 0) < REPEAT_NS:
                continue
            source = self.rewriter.source_sequence(number)
            packet = self.stream.cache.get(source, now_ns / 1e6) if source is not None else None
            if packet is None:
                continue
            out = self.rewriter.forward(packet.data, now_ns / 1e6, packet.descriptor, again=True)
            if out is not None and rtp.sequence(out) == number and self._budget.take(1, now_ns / 1e6):
                self._remember(number, now_ns)
                self._repeat(out, now_ns)

    def _repeat(self, out: bytearray, now_ns: int) -> None:
        """By RTX, or else to the byte as it was sent before: AES-GCM must never see other bytes under one number."""
        self.repeats += 1
        if self.uses_rtx and self.rtx_ssrc is not None:
            out[SHAPE_BYTES - 3 : SHAPE_BYTES] = abs_send_time(now_ns).to_bytes(3)
            self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
            out = rtx.wrap(out, ssrc=self.rtx_ssrc, seq=self._rtx_sequence, payload_type=self._rtx_type)
            if self.transport.pacer is not None:
                self.transport.pacer.push_first(out, now_ns / 1e6)
                return
        self.transport.send_rtp(out)

    def send_padding(self, now_ns: int) -> int:
        """A packet of nothing but padding, to see whether the line carries more; returns its bytes."""
        if self.rtx_ssrc is None or not self.uses_rtx:
            return 0
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        packet = padding(self.rtx_ssrc, self._rtx_sequence, self.rewriter.timestamp, self._rtx_type, now_ns)
        self.transport.send_rtp(packet)
        return len(packet)

    @property
    def _rtx_type(self) -> int:
        return H264_RTX if self.rewriter.payload_type == H264 else VP8_RTX

    def _remember(self, number: int, now_ns: int) -> None:
        if len(self._repeated_ns) >= _REMEMBERED:
            self._repeated_ns.clear()
        self._repeated_ns[number] = now_ns

    def wants_keyframe(self, now_ns: int) -> None:
        """PLI or FIR."""
        self.keyframe_requests += 1
        self.ask_keyframe(now_ns)

    def ask_keyframe(self, now_ns: int) -> None:
        if self.stream is not None and self.producer is not None and not self.producer.paused:
            self.stream.want_keyframe(now_ns)

    def reported(self, block: rtcp.ReportBlock) -> None:
        """The subscriber's receiver report on this line."""
        self.loss = block.fraction_lost / 256
        self.jitter_ms = block.jitter * 1000 / self._clock_rate

    def send_report(self, now_ns: int) -> None:
        """The publisher's clock in our numbers, so that sound and picture keep together (RFC 3550 section 6.4)."""
        rewriter, stream, producer = self.rewriter, self.stream, self.producer
        if rewriter.packets == 0 or stream is None or producer is None or producer.paused or self._waits:
            return
        report = stream.clock.report(self.ssrc, rewriter.timestamp_offset, rewriter.packets, rewriter.octets, now_ns)
        if report is not None:
            self.transport.round_trip.sent(report, now_ns)
            self.transport.send_rtcp(rtcp.sender_report(report) + rtcp.cname([self.ssrc], self.stream_id))
