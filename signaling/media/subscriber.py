"""A browser's subscribing connection: we offer lines for what it is to receive, it answers; one offer at a time.

Lines are given from producer to producer without a word of SDP: in a large hearing the floor passes for everyone at
once, and two hundred negotiations would take seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signaling.media import rtcp, sdp_write
from signaling.media.adaptation import Adaptation
from signaling.media.consumer import Consumer
from signaling.media.control import Stream
from signaling.media.pacer import Pacer
from signaling.media.producer import Producer
from signaling.media.receiver_stats import ReportedLoss
from signaling.media.sdp import Description
from signaling.media.sender_report import RoundTrip, TimeAnswers
from signaling.media.speakers import MOST_VOICES
from signaling.media.transport import OUR_SSRC, Presence, Transport

if TYPE_CHECKING:
    from signaling.media.plane import Plane


REPORTS_BYTES_PER_S, LEAST_REPORT_BYTES = 200_000, 150
"""1,300 small packets. It sends reports and requests for repeats, some 600 a second when sixteen large pictures lose a
fifth; a full datagram of such requests names six thousand packets, so few of those may come."""


@dataclass(slots=True)
class Line:
    """An m-line: once offered, it stays, and its consumer is given from producer to producer."""

    mid: str
    consumer: Consumer
    track_id: str


class SubscribeTransport(Transport):
    """``on_offer`` gets each new offer (revision, SDP, streams); ``on_slots`` is told when lines carry others."""

    # Who only receives is silent but for consent checks (every 4–6 s, RFC 7675) while nobody sends.
    silent_ns = 8_000_000_000
    intake_bytes_per_s, least_counted_bytes = REPORTS_BYTES_PER_S, LEAST_REPORT_BYTES
    answers = False
    h264 = False
    """Whether it can take H.264: Chromium does, Firefox without its plug-in does not."""
    voices = MOST_VOICES
    """Microphones that it is sent at once."""

    def __init__(
        self,
        plane: Plane,
        peer_id: str,
        generation: int,
        on_presence: Callable[[Transport, Presence], None],
        on_offer: Callable[[int, str, list[Stream]], None],
        on_slots: Callable[[SubscribeTransport], None],
    ) -> None:
        super().__init__(plane, on_presence)
        self.peer_id, self.generation = peer_id, generation
        self.round_trip = RoundTrip()
        self.reported_loss = ReportedLoss()
        self.estimate_bps: int | None = None
        """What the browser thinks its line can take (REMB), None until it says."""
        self.order: Mapping[str, int] = {}
        """Producer to its place among those wished, most important first."""
        self.pacer: Pacer | None = None
        """While the line is weak, pictures leave through it."""
        self.heights: Mapping[str, int] = {}
        """Producer to the height in pixels at which it is shown."""
        self.revision = 0
        self._on_offer, self._on_slots = on_offer, on_slots
        self._lines: list[Line] = []
        self._by_ssrc: dict[int, Consumer] = {}
        self._offered: list[Line] | None = None
        self._changed = False
        self.adaptation = Adaptation(self)
        self._time_answers = TimeAnswers(OUR_SSRC)
        self.told_frozen: list[tuple[str, str]] = []
        """What the browser was last told of ``frozen``."""

    def lines(self) -> list[Consumer]:
        """All that were ever offered."""
        return [line.consumer for line in self._lines]

    @property
    def consumers(self) -> list[Consumer]:
        """Those that carry a producer."""
        return [line.consumer for line in self._lines if line.consumer.producer is not None]

    # What it receives ----------------------------------------------------------------------------------------------

    def receive_all(self, producers: Sequence[Producer], heights: Mapping[str, int], now_ns: int) -> None:
        """Make ``producers`` the complete list, most important first; an offer follows only if lines are too few."""
        self.heights = heights
        self.order = {producer.producer_id: place for place, producer in enumerate(producers)}
        wanted = {producer.producer_id: producer for producer in producers}
        moved = False
        left: list[Line] = []
        for line in self._lines:
            producer = line.consumer.producer
            if producer is None or wanted.pop(producer.producer_id, None) is None:
                left.append(line)
        for producer in wanted.values():
            line = self._line_for(producer, left)
            moved = moved or line.consumer.started
            line.consumer.carry(producer, now_ns)
        for line in left:
            if line.consumer.producer is not None:
                line.consumer.carry(None, now_ns)
                moved = True
        self.adaptation.decide(now_ns)
        if moved:
            self._on_slots(self)
        self._offer_if_due()

    def _line_for(self, producer: Producer, left: list[Line]) -> Line:
        """One that is not needed any more, best the one beside a line of the same peer: those are played in sync."""
        beside = {
            line.consumer.stream_id
            for line in self._lines
            if line.consumer.producer is not None and line.consumer.producer.peer_id == producer.peer_id
        }
        fitting = [line for line in left if line.consumer.video == producer.video]
        if fitting:
            line = next((line for line in fitting if line.consumer.stream_id in beside), fitting[0])
            left.remove(line)
            return line
        consumer = Consumer(self, video=producer.video, stream_id=next(iter(beside), producer.producer_id))
        line = Line(str(len(self._lines)), consumer, producer.producer_id)
        self._lines.append(line)
        self._by_ssrc[consumer.ssrc] = consumer
        self._changed = True
        return line

    def frozen(self) -> list[tuple[str, str]]:
        """(peer, source) of the pictures that stand still because the line carries none of them."""
        still = [one.producer for one in self.consumers if one.frozen and one.producer is not None]
        return sorted((producer.peer_id, producer.source) for producer in still)

    def begun(self, _consumer: Consumer) -> None:
        """The first packet of what a line now carries has left: the browser may be told from which timestamp on."""
        self._on_slots(self)

    def streams(self) -> list[Stream]:
        """What each line carries now."""
        found = []
        for line in self._lines:
            producer = line.consumer.producer
            if producer is not None:
                found.append(
                    Stream(
                        mid=line.mid,
                        producer_id=producer.producer_id,
                        peer_id=producer.peer_id,
                        source=producer.source,
                        timestamp=line.consumer.first_timestamp,
                        codec=producer.arrangement.codec.name,
                    )
                )
        return found

    # Negotiation -----------------------------------------------------------------------------------------------------

    def _offer_if_due(self) -> None:
        if self._changed and self._offered is None:
            self._changed = False
            self.revision += 1
            self._offered = list(self._lines)
            self._tell()

    def offer_again(self) -> None:
        """The outstanding offer, if there is one, may have been lost with the web process; so may what was told of
        the lines."""
        self.told_frozen = []
        if self._offered is not None:
            self._tell()
        elif self._lines:
            self._on_slots(self)

    def restart(self) -> None:
        """Offer new ICE credentials: the browser looks for its way anew, and media flows by the old one meanwhile."""
        self.renew_credentials()
        self._changed = True
        # One that waits for its answer may be lost, and would go unanswered for ever.
        self.offer_again()
        self._offer_if_due()

    def _tell(self) -> None:
        assert self._offered is not None
        outgoing = [
            sdp_write.Outgoing(
                line.mid,
                "video" if line.consumer.video else "audio",
                line.consumer.ssrc,
                line.consumer.rtx_ssrc,
                line.consumer.stream_id,
                line.track_id,
            )
            for line in self._offered
        ]
        offered = {line.mid for line in self._offered}
        streams = [stream for stream in self.streams() if stream.mid in offered]
        self._on_offer(self.revision, sdp_write.offer(self.local(), self.revision, outgoing), streams)

    def answered(self, revision: int, answer: Description, now_ns: int) -> None:
        """Take the answer to the outstanding offer; one to an older offer changes nothing."""
        if self._offered is None or revision != self.revision:
            return
        offered, self._offered = self._offered, None
        self.accept(answer, server=answer.setup != "passive")
        self.h264 = self.h264 or any(section.h264 is not None for section in answer.sections if section.receives)
        lines = {line.mid: line for line in offered}
        for section in answer.sections:
            line = lines.get(section.mid)
            if line is not None and section.receives:
                codec = section.codec
                line.consumer.start(now_ns, uses_rtx=codec is not None and codec.rtx_payload_type is not None)
        self._offer_if_due()

    def on_connected(self) -> None:
        for consumer in self.consumers:
            consumer.resume(time.monotonic_ns())

    def close(self) -> None:
        for line in self._lines:
            line.consumer.stop()
        super().close()

    def _let_go(self) -> None:
        super()._let_go()
        self._lines, self._by_ssrc, self._offered = [], {}, None
        del self.adaptation

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
                    self._reported(block, now_ns)
            case rtcp.Remb(bits_per_second=rate):
                self.estimate_bps = rate
                self.adaptation.remb(rate, now_ns)
            case rtcp.ExtendedReport():
                self._answer_time(packet, now_ns)
            case _:
                pass

    def _answer_time(self, report: rtcp.ExtendedReport, now_ns: int) -> None:
        answer = self._time_answers.answer(report, now_ns)
        if answer is not None:
            self.send_rtcp(answer)

    def _reported(self, block: rtcp.ReportBlock, now_ns: int) -> None:
        took_ms = self.round_trip.received(block, now_ns)
        if took_ms is not None:
            self.adaptation.round_trip(took_ms, now_ns)
        if consumer := self._by_ssrc.get(block.ssrc):
            consumer.reported(block)
            self.reported_loss.reported(block, consumer.rewriter.packets)
