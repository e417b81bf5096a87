"""A browser's subscribing connection: we offer what it is to receive, it answers; one offer at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signaling.media import rtcp, sdp_write
from signaling.media.consumer import Consumer
from signaling.media.control import Stream
from signaling.media.producer import Producer
from signaling.media.sdp import Description
from signaling.media.sender_report import RoundTrip
from signaling.media.transport import Presence, Transport

if TYPE_CHECKING:
    from signaling.media.plane import Plane


@dataclass(slots=True)
class _Line:
    """An m-line. It is used again only after the browser has answered that it is empty: only then does a new track
    on it look new to the page."""

    mid: str
    kind: str
    consumer: Consumer | None = None
    free: bool = False


class SubscribeTransport(Transport):
    """``on_offer`` gets each new offer (revision, SDP, streams)."""

    # Who only receives is silent but for consent checks (every 4–6 s, RFC 7675) while nobody sends.
    silent_ns = 8_000_000_000

    def __init__(
        self,
        plane: Plane,
        peer_id: str,
        generation: int,
        on_presence: Callable[[Transport, Presence], None],
        on_offer: Callable[[int, str, list[Stream]], None],
    ) -> None:
        super().__init__(plane, on_presence)
        self.peer_id, self.generation = peer_id, generation
        self.round_trip = RoundTrip()
        self.estimate_bps: int | None = None
        """What the browser thinks its line can take (REMB), None until it says."""
        self.revision = 0
        self._on_offer = on_offer
        self._lines: list[_Line] = []
        self._by_ssrc: dict[int, Consumer] = {}
        self._offered: dict[str, Consumer | None] | None = None
        self._changed = False

    @property
    def consumers(self) -> list[Consumer]:
        return [line.consumer for line in self._lines if line.consumer is not None]

    # Negotiation -----------------------------------------------------------------------------------------------------

    def receive_all(self, producers: Sequence[Producer]) -> None:
        """Make ``producers`` the complete list; what differs is started or stopped, with an offer."""
        wanted = {producer.producer_id: producer for producer in producers}
        for line in self._lines:
            consumer = line.consumer
            if consumer is not None and wanted.pop(consumer.producer.producer_id, None) is None:
                consumer.stop()
                self._by_ssrc.pop(consumer.ssrc, None)
                line.consumer = None
                self._changed = True
        for producer in wanted.values():
            line = self._free_line(producer.kind)
            line.consumer, line.free = Consumer(self, producer), False
            self._by_ssrc[line.consumer.ssrc] = line.consumer
            self._changed = True
        self._offer_if_due()

    def _free_line(self, kind: str) -> _Line:
        for line in self._lines:
            if line.free and line.kind == kind:
                return line
        line = _Line(str(len(self._lines)), kind)
        self._lines.append(line)
        return line

    def _offer_if_due(self) -> None:
        if self._changed and self._offered is None:
            self._changed = False
            self.revision += 1
            self._offered = {line.mid: line.consumer for line in self._lines}
            self._tell()

    def offer_again(self) -> None:
        """The outstanding offer, if there is one, may have been lost with the web process."""
        if self._offered is not None:
            self._tell()

    def _tell(self) -> None:
        assert self._offered is not None
        kinds = {line.mid: line.kind for line in self._lines}
        outgoing, streams = [], []
        for mid, consumer in self._offered.items():
            if consumer is None:
                outgoing.append(sdp_write.Outgoing(mid, kinds[mid]))
                continue
            producer = consumer.producer
            outgoing.append(
                sdp_write.Outgoing(
                    mid, kinds[mid], consumer.ssrc, consumer.rtx_ssrc, producer.peer_id, producer.producer_id
                )
            )
            streams.append(
                Stream(mid=mid, producer_id=producer.producer_id, peer_id=producer.peer_id, source=producer.source)
            )
        self._on_offer(self.revision, sdp_write.offer(self.local(), self.revision, outgoing), streams)

    def answered(self, revision: int, answer: Description, now_ns: int) -> None:
        """Take the answer to the outstanding offer; one to an older offer changes nothing."""
        if self._offered is None or revision != self.revision:
            return
        offered, self._offered = self._offered, None
        self.accept(answer, server=answer.setup != "passive")
        lines = {line.mid: line for line in self._lines}
        for section in answer.sections:
            line = lines.get(section.mid)
            if line is None:
                continue
            consumer = offered.get(section.mid)
            line.free = consumer is None and line.consumer is None
            if consumer is not None and consumer is line.consumer and section.receives:
                codec = section.codec
                consumer.start(now_ns, uses_rtx=codec is not None and codec.rtx_payload_type is not None)
        self._offer_if_due()

    def on_connected(self) -> None:
        for consumer in self.consumers:
            consumer.resume(time.monotonic_ns())
        self.plane.udp.flush()

    def close(self) -> None:
        for consumer in self.consumers:
            consumer.stop()
        super().close()

    # What the browser says -------------------------------------------------------------------------------------------

    def on_rtcp(self, packet: rtcp.Rtcp, now_ns: int) -> None:
        match packet:
            case rtcp.Nack(media_ssrc=ssrc, lost=lost):
                if consumer := self._by_ssrc.get(ssrc):
                    consumer.nacked(lost, now_ns)
            case rtcp.Pli(media_ssrc=ssrc):
                if consumer := self._by_ssrc.get(ssrc):
                    consumer.wants_keyframe(now_ns)
            case rtcp.Fir(media_ssrcs=ssrcs):
                for ssrc in ssrcs:
                    if consumer := self._by_ssrc.get(ssrc):
                        consumer.wants_keyframe(now_ns)
            case rtcp.ReceiverReport(blocks=blocks) | rtcp.SenderReport(blocks=blocks):
                for block in blocks:
                    self.round_trip.received(block, now_ns)
                    if consumer := self._by_ssrc.get(block.ssrc):
                        consumer.loss = block.fraction_lost / 256
            case rtcp.Remb(bits_per_second=rate):
                self.estimate_bps = rate
            case _:
                pass
