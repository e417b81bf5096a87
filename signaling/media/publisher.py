"""A browser's publishing connection: it offers, we answer; its packets find their producers by SSRC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hub import rtp
from signaling.media import rtcp, sdp_write
from signaling.media.producer import Arrangement, Producer
from signaling.media.sdp import AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_CC, Description, Section
from signaling.media.sender_report import EchoedTime
from signaling.media.stream import Stream
from signaling.media.transport import OUR_SSRC, Presence, Transport
from signaling.media.twcc import EVERY_MS, MOST_FEEDBACKS, TwccRecorder

if TYPE_CHECKING:
    from signaling.media.plane import Plane

REPORT_NS = 1_000_000_000
SENDER_REPORT_NS = 100_000_000
FALLBACK_BPS = 3_000_000
"""What REMB grants a publisher that knows no transport-wide feedback, for all its tracks together."""
MOST_SSRCS = 32


def _ssrc(section: Section) -> int | None:
    """The stream's number, None when the offer leaves it to the packets' mid or rid."""
    return section.ssrcs[0] if section.ssrcs and not section.layers else None


class PublishTransport(Transport):
    """``on_ended`` is told of producers that the browser stopped; ``on_level`` of a microphone's loudness (-dBov) and
    when (ms)."""

    def __init__(
        self,
        plane: Plane,
        peer_id: str,
        generation: int,
        on_level: Callable[[Producer, int, float], None],
        on_presence: Callable[[Transport, Presence], None],
        on_ended: Callable[[Producer], None],
    ) -> None:
        super().__init__(plane, on_presence)
        self.peer_id, self.generation = peer_id, generation
        self.producers: dict[str, Producer] = {}
        self._on_level, self._on_ended = on_level, on_ended
        self._media: dict[int, tuple[Producer, Stream]] = {}
        self._rtx: dict[int, tuple[Producer, Stream]] = {}
        self._twcc: TwccRecorder | None = None
        self._twcc_id = self._level_id = self._mid_id = self._rid_id = self._repaired_id = -1
        self._feedback_ns = self._report_ns = 0
        self.round_trip = EchoedTime()

    # Negotiation -----------------------------------------------------------------------------------------------------

    def negotiate(
        self,
        offer: Description,
        sources: Mapping[str, str],
        *,
        recording_id: str | None,
        paused: Mapping[str, str],
        now_ns: int,
    ) -> str:
        """Take an offer, make and end producers as it says, and answer it. ``sources`` are those allowed."""
        sending = {
            section.mid: section
            for section in offer.sections
            if section.mid in sources and section.sends and section.codec is not None
        }
        wanted = {mid: sources[mid] for mid in sending}
        # ffmpeg insists on being the DTLS server; everybody else leaves it to us.
        server = offer.setup != "passive"
        self.accept(offer, server=server)
        for mid, producer in list(self.producers.items()):
            # Another SSRC is another stream: its numbers start anew, for the recorder too.
            known = producer.arrangement
            if wanted.get(mid) != producer.source or (known.ssrc, known.layers) != (
                _ssrc(sending[mid]),
                sending[mid].layers,
            ):
                self._end(mid, now_ns)
        # What was learned from packets stays: once the browser knows that we know, it marks them no longer.
        going_on = set(map(id, self.producers.values()))
        self._media = {ssrc: found for ssrc, found in self._media.items() if id(found[0]) in going_on}
        self._rtx = {ssrc: found for ssrc, found in self._rtx.items() if id(found[0]) in going_on}
        for section in offer.sections:
            if section.mid in wanted:
                source = wanted[section.mid]
                self._take(section, source, recording_id=recording_id, paused=paused.get(source, ""))
        self._learn_extensions(offer)
        return sdp_write.answer(
            self.local(), self.next_version(), offer.sections, wanted, "passive" if server else "active"
        )

    def _take(self, section: Section, source: str, *, recording_id: str | None, paused: str) -> None:
        assert section.codec is not None
        ssrc = _ssrc(section)
        rtx_ssrc = next((rtx for rtx, primary in section.rtx_of.items() if primary == ssrc), None)
        producer = self.producers.get(section.mid)
        if producer is None:
            nacks = "nack" in sdp_write.publish_feedback(section)
            level_id = section.extensions.get(AUDIO_LEVEL, 0)
            arrangement = Arrangement(section.codec, section.kind, nacks, ssrc, rtx_ssrc, section.layers, level_id)
            producer = self.producers[section.mid] = Producer(
                self.plane,
                self.peer_id,
                source,
                arrangement,
                self.send_rtcp,
                recording_id=recording_id,
                paused=paused,
            )
        if ssrc is not None:
            self._media[ssrc] = producer, producer.best
        if rtx_ssrc is not None:
            self._rtx[rtx_ssrc] = producer, producer.best

    def _learn_extensions(self, offer: Description) -> None:
        """All sections of a bundle give an extension the same id (RFC 8843 section 9)."""
        known = {uri: number for section in offer.sections for uri, number in section.extensions.items()}
        self._twcc_id = known.get(TRANSPORT_CC, -1)
        self._level_id = known.get(AUDIO_LEVEL, -1)
        self._mid_id = known.get(MID, -1)
        self._rid_id, self._repaired_id = known.get(RID, -1), known.get(REPAIRED_RID, -1)
        feedback = {name for section in offer.sections for name in sdp_write.publish_feedback(section)}
        if "transport-cc" not in feedback:
            self._twcc = None
        elif self._twcc is None:
            self._twcc = TwccRecorder()

    def _end(self, mid: str, now_ns: int) -> None:
        producer = self.producers.pop(mid)
        producer.close(now_ns)
        self._on_ended(producer)

    def end(self, producer: Producer, now_ns: int) -> None:
        """Take nothing more of it; what the browser goes on sending is dropped until it offers the line anew."""
        for mid, one in list(self.producers.items()):
            if one is producer:
                self._media = {ssrc: found for ssrc, found in self._media.items() if found[0] is not producer}
                self._rtx = {ssrc: found for ssrc, found in self._rtx.items() if found[0] is not producer}
                self._end(mid, now_ns)

    def end_all(self, now_ns: int) -> None:
        for mid in list(self.producers):
            self._end(mid, now_ns)

    # Packets ---------------------------------------------------------------------------------------------------------

    def on_rtp(self, packet: bytes, now_ns: int) -> None:
        level, number = rtp.values_of(packet, self._level_id, self._twcc_id)
        if number >= 0 and self._twcc is not None:
            self._twcc.received(number, now_ns // 1000)
        ssrc = rtp.ssrc(packet)
        found = self._media.get(ssrc)
        if found is not None:
            producer, stream = found
            if level >= 0 and not producer.video and not producer.paused and producer.source == "microphone":
                self._on_level(producer, level & 0x7F, now_ns / 1e6)
            stream.receive(packet, now_ns, paused=bool(producer.paused))
            return
        found = self._rtx.get(ssrc)
        if found is not None:
            found[1].receive_rtx(packet, now_ns, paused=bool(found[0].paused))
        else:
            self._adopt(packet, ssrc, now_ns)

    def _adopt(self, packet: bytes, ssrc: int, now_ns: int) -> None:
        """A stream the offer did not number: its mid and rid, or else its payload type, tell whose it is (RFC 8843,
        RFC 8852)."""
        if len(self._media) + len(self._rtx) >= MOST_SSRCS:
            return
        payload_type, mid = rtp.payload_type(packet), self._text(packet, self._mid_id)
        for candidate in [mid] if mid else list(self.producers):
            producer = self.producers.get(candidate)
            if producer is None:
                continue
            codec = producer.arrangement.codec
            repeats = payload_type == codec.rtx_payload_type
            if not repeats and payload_type != codec.payload_type:
                continue
            stream = self._stream_of(producer, packet, repeats=repeats, named=bool(mid))
            if stream is None:
                continue
            (self._rtx if repeats else self._media)[ssrc] = producer, stream
            if repeats:
                stream.receive_rtx(packet, now_ns, paused=bool(producer.paused))
            else:
                stream.ssrc = stream.ssrc or ssrc
                stream.receive(packet, now_ns, paused=bool(producer.paused))
            return

    def _stream_of(self, producer: Producer, packet: bytes, *, repeats: bool, named: bool) -> Stream | None:
        """``named``: the packet said by its mid that it is the producer's."""
        if producer.arrangement.layers:
            return producer.layer(self._text(packet, self._repaired_id if repeats else self._rid_id))
        taken = any(known is producer for known, _ in self._media.values())
        return producer.best if named or repeats or not taken else None

    def _text(self, packet: bytes, extension: int) -> str:
        found = rtp.extension(packet, extension) if extension > 0 else None
        return (found or b"").decode(errors="replace")

    def may_have_sent(self, datagram: bytes) -> bool:
        ssrc = int.from_bytes(datagram[4:8] if 192 <= datagram[1] <= 223 else datagram[8:12])
        return self.connected and (ssrc in self._media or ssrc in self._rtx)

    def on_rtcp(self, packet: rtcp.Rtcp, now_ns: int) -> None:
        if isinstance(packet, rtcp.SenderReport):
            found = self._media.get(packet.ssrc)
            # Each is told to every subscriber: who says it more often than anybody must is not listened to.
            if found is not None and now_ns - found[1].clock.at_ns >= SENDER_REPORT_NS:
                found[0].sender_report(found[1], packet, now_ns)
        elif isinstance(packet, rtcp.ExtendedReport):
            for echo in packet.echoes:
                if echo.ssrc == OUR_SSRC and self.round_trip.received(echo, now_ns) is not None:
                    self._tell_round_trip()

    def _tell_round_trip(self) -> None:
        for producer in self.producers.values():
            for stream in producer.streams:
                stream.round_trip(self.round_trip.ms or 0.0)

    # Timers ----------------------------------------------------------------------------------------------------------

    def tick(self, now_ns: int) -> bool:
        """Send what is due to the publisher: NACKs and PLIs, bandwidth feedback, receiver reports.

        Whether packets are missing, which must be asked for in time.
        """
        if not self.connected:
            return False
        missing = False
        for producer in self.producers.values():
            missing = producer.tick(now_ns) or missing
        if self._twcc is not None and now_ns - self._feedback_ns >= EVERY_MS * 1_000_000:
            self._feedback_ns = now_ns
            ssrc = next(iter(self._media), 0)
            for _ in range(MOST_FEEDBACKS):
                feedback = self._twcc.feedback(OUR_SSRC, ssrc)
                if feedback is None:
                    break
                self.send_rtcp(feedback)
        if now_ns - self._report_ns >= REPORT_NS:
            self._report_ns = now_ns
            self._report(now_ns)
        return missing

    def _report(self, now_ns: int) -> None:
        blocks = [block for producer in self.producers.values() for block in producer.report_blocks(now_ns)][:31]
        compound = rtcp.receiver_report(OUR_SSRC, blocks)
        if self._twcc is None and self._media:
            compound += rtcp.remb(OUR_SSRC, FALLBACK_BPS, list(self._media)[:31])
        self.send_rtcp(compound + rtcp.reference_time(OUR_SSRC, EchoedTime.now(now_ns)))
