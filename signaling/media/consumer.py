"""One producer forwarded to one subscriber: gate on a keyframe → rewrite the header → protect → send."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from hub import rtp
from signaling.media import rtcp, rtx, vp8
from signaling.media.producer import SHAPE_BYTES, Producer, abs_send_time
from signaling.media.rewriter import Rewriter
from signaling.media.sdp_write import OPUS, VP8, VP8_RTX

if TYPE_CHECKING:
    from signaling.media.subscriber import SubscribeTransport

REPEAT_NS = 20_000_000
"""A packet is not sent again sooner: several NACKs may name it before it has arrived."""
MOST_REPEATS = 64
"""Per NACK message; a subscriber who missed more needs a keyframe, not a flood."""
_REMEMBERED = 512


def _new_ssrc() -> int:
    return secrets.randbelow(0xFFFF_FF00) + 0x80


class Consumer:
    """Forwards once ``start`` was called, when the browser has said that it knows our numbers."""

    def __init__(self, transport: SubscribeTransport, producer: Producer) -> None:
        self.transport, self.producer = transport, producer
        self.video = producer.kind == "video"
        self.ssrc = _new_ssrc()
        self.rtx_ssrc = _new_ssrc() if self.video else None
        clock_rate = producer.arrangement.codec.clock_rate
        payload_type = VP8 if self.video else OPUS
        self.rewriter = Rewriter(ssrc=self.ssrc, payload_type=payload_type, clock_rate=clock_rate)
        self.loss = 0.0
        """Fraction of its packets that the subscriber last said were lost."""
        self.started = False
        self._uses_rtx = False
        self._waits = self.video
        self._rtx_sequence = secrets.randbelow(1 << 15)
        self._repeated_ns: dict[int, int] = {}

    def start(self, now_ns: int, *, uses_rtx: bool) -> None:
        """The subscriber has answered; called again at each later answer."""
        self._uses_rtx = uses_rtx and self.rtx_ssrc is not None
        if not self.started:
            self.started = True
            self.resume(now_ns)

    def resume(self, now_ns: int) -> None:
        """Join the producer if packets can leave; the transport calls it again when DTLS is done."""
        if self.started and self.transport.connected:
            self.producer.join(self, now_ns)

    def stop(self) -> None:
        self.started = False
        self.producer.leave(self)

    # The hot path ----------------------------------------------------------------------------------------------------

    def forward(self, packet: bytes, descriptor: vp8.Descriptor | None, now_ms: float) -> None:
        """One shaped packet; ``descriptor`` when it is video."""
        if self._waits:
            if descriptor is None or not descriptor.keyframe:
                return
            self._waits = False
        out = self.rewriter.forward(packet, now_ms, descriptor)
        if out is not None:
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
        """Send again what is still in the producer's ring."""
        for number in lost[:MOST_REPEATS]:
            if now_ns - self._repeated_ns.get(number, 0) < REPEAT_NS:
                continue
            source = self.rewriter.source_sequence(number)
            packet = self.producer.cache.get(source, now_ns / 1e6) if source is not None else None
            if packet is None:
                continue
            descriptor = vp8.parse(packet, SHAPE_BYTES, len(packet)) if self.video else None
            out = self.rewriter.forward(packet, now_ns / 1e6, descriptor, again=True)
            if out is not None and rtp.sequence(out) == number:
                self._remember(number, now_ns)
                self._repeat(out, now_ns)

    def _repeat(self, out: bytearray, now_ns: int) -> None:
        out[SHAPE_BYTES - 3 : SHAPE_BYTES] = abs_send_time(now_ns).to_bytes(3)
        if self._uses_rtx and self.rtx_ssrc is not None:
            self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
            out = rtx.wrap(out, ssrc=self.rtx_ssrc, seq=self._rtx_sequence, payload_type=VP8_RTX)
        self.transport.send_rtp(out)

    def _remember(self, number: int, now_ns: int) -> None:
        if len(self._repeated_ns) >= _REMEMBERED:
            self._repeated_ns.clear()
        self._repeated_ns[number] = now_ns

    def wants_keyframe(self, now_ns: int) -> None:
        """PLI or FIR."""
        self.producer.want_keyframe(now_ns)

    def send_report(self, now_ns: int) -> None:
        """The publisher's clock in our numbers, so that sound and picture keep together (RFC 3550 section 6.4)."""
        if self.rewriter.packets == 0 or self.producer.paused:
            return
        rewriter = self.rewriter
        report = self.producer.clock.report(
            self.ssrc, rewriter.timestamp_offset, rewriter.packets, rewriter.octets, now_ns
        )
        if report is not None:
            self.transport.round_trip.sent(report, now_ns)
            self.transport.send_rtcp(rtcp.sender_report(report) + rtcp.cname([self.ssrc], self.producer.peer_id))
