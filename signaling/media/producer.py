"""One published track: its streams, who may have it, and its copy for the recorder."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.ids import new_id
from hub.tap import TrackOpened
from signaling.media import peers, rtcp
from signaling.media.control import ProducerInfo
from signaling.media.layer_demand import LayerDemand
from signaling.media.layer_switch import LayerSwitch
from signaling.media.recorded_layers import RecordedLayers
from signaling.media.sdp import Codec
from signaling.media.sdp_write import H264, OPUS, VP8
from signaling.media.stream import Stream

if TYPE_CHECKING:
    from signaling.media.consumer import Consumer
    from signaling.media.plane import Plane


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What the offer says of a track's packets."""

    codec: Codec
    kind: str
    nacks: bool
    """Whether the publisher answers NACKs."""
    ssrc: int | None
    rtx_ssrc: int | None
    layers: tuple[str, ...] = ()
    """The rids of a track sent in several qualities, from the poorest to the best."""
    level_id: int = 0
    """The header extension that tells how loud a packet is (RFC 6464); 0 without one."""


class Producer:
    """``send_rtcp`` reaches the publisher; ``recording_id`` names the recording that is running, if one is."""

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
        self.video = arrangement.kind == "video"
        self.arrangement = arrangement
        self.paused = paused
        self.h264 = arrangement.codec.name == "H264"
        self.payload_type = H264 if self.h264 else VP8 if self.video else OPUS
        """As all subscribers get it."""
        self._plane, self._send_rtcp = plane, send_rtcp
        self._track: int | None = None
        self._recording_id = recording_id
        self.streams = [self._stream(arrangement, rid) for rid in arrangement.layers or ("",)]
        """From the poorest picture to the best; one where the publisher sends one."""
        self.changes = 0
        """Counts up when a layer begins, stops, falls asleep or changes its size."""
        self.demand = LayerDemand(len(self.streams), time.monotonic_ns() / 1e6)
        self._layers: list[tuple[bool, bool, int]] = []
        self._recorded: RecordedLayers | None = None

    def _stream(self, arrangement: Arrangement, rid: str) -> Stream:
        return Stream(
            arrangement.codec,
            rid=rid,
            video=self.video,
            nacks=arrangement.nacks,
            ssrc=arrangement.ssrc,
            payload_type=self.payload_type,
            send_rtcp=self._send_rtcp,
            on_packet=self._record_packet,
            on_fresh=self._plane.fresh.append,
        )

    def layer(self, rid: str) -> Stream | None:
        """The stream with that rid."""
        return next((stream for stream in self.streams if stream.rid == rid), None)

    @property
    def best(self) -> Stream:
        return self.streams[-1]

    @property
    def consumers(self) -> list[Consumer]:
        return [one for stream in self.streams for one in stream.consumers if not isinstance(one, LayerSwitch)]

    def info(self) -> ProducerInfo:
        return ProducerInfo(
            producer_id=self.producer_id,
            peer_id=self.peer_id,
            source=self.source,
            kind=self.kind,
            paused=self.paused,
        )

    # A packet's route ----------------------------------------------------------------------------------------------

    def _record_packet(self, stream: Stream, packet: bytes, now_ns: int) -> None:
        """The copy for the recorder: as it came, where there is one stream."""
        if self._track is None:
            if self._recording_id is None:
                return
            self._open_track(stream, now_ns)
        if self._track is None:
            return
        kept = packet if self._recorded is None else self._recorded.packet(stream, packet, now_ns)
        if kept is not None:
            self._plane.tap.rtp(self._track, now_ns, kept)

    # What the publisher and its subscribers say --------------------------------------------------------------------

    def sender_report(self, stream: Stream, report: rtcp.SenderReport, now_ns: int) -> None:
        """The publisher's: remember it, record it, and tell every consumer in its own numbers."""
        stream.sender_report(report, now_ns)
        if self._track is None or self.paused:
            return
        timestamp = report.rtp_timestamp
        kept = timestamp if self._recorded is None else self._recorded.report(stream, timestamp)
        if kept is not None:
            self._plane.tap.sender_report(self._track, now_ns, report.ntp, kept)

    def want_keyframe(self, now_ns: int, *, urgent: bool = False) -> None:
        """The recorder needs one: asked for at once or when the throttle allows."""
        if self.paused:
            return
        if self._recorded is not None:
            self._recorded.want_keyframe(now_ns, urgent=urgent)
        else:
            self.best.want_keyframe(now_ns, urgent=urgent)

    def tick(self, now_ns: int) -> bool:
        """Ask again for what is missing. Called every 20 ms or so; whether anything is."""
        missing = False
        for stream in self.streams:
            missing = stream.tick(now_ns, paused=bool(self.paused)) or missing
        return missing

    def look(self, now_ns: int) -> None:
        """How its streams are now. Called every half second or so."""
        for stream in self.streams:
            stream.rate.measure(stream.octets_in, now_ns / 1e6)
        layers = [(stream.live(now_ns), stream.asleep, stream.height) for stream in self.streams]
        if layers != self._layers:
            self._layers = layers
            self.changes += 1

    def wanted(self, layers: AbstractSet[int], now_ns: int) -> list[str] | None:
        """The rids that its publisher should send, when that is to be told; ``layers`` are chosen for somebody."""
        live = [stream.live(now_ns) for stream in self.streams]
        # While it is off or muted it sends nothing, and that is no reason to change anything.
        if self.paused or not self.demand.look(layers, live, now_ns / 1e6):
            return None
        for stream, awake in zip(self.streams, self.demand.awake, strict=True):
            stream.asleep = not awake
        return [stream.rid for stream in self.streams if not stream.asleep]

    def report_blocks(self, now_ns: int) -> list[rtcp.ReportBlock]:
        """For the next receiver report."""
        blocks = (stream.report_block(now_ns) for stream in self.streams)
        return [block for block in blocks if block is not None]

    # Pausing, recording -----------------------------------------------------------------------------------------------

    def pause(self, cause: str, now_ns: int) -> None:
        """Stop forwarding and recording, or go on with cause ''. The cause goes to the recorder."""
        if cause == self.paused:
            return
        resumed = bool(self.paused) and not cause
        self.paused = cause
        if self._track is not None:
            self._plane.tap.state(self._track, now_ns, cause)
        if resumed and self._recorded is not None:
            self._recorded.resumed()
        for stream in self.streams:
            if resumed:
                stream.resumed(now_ns)
            else:
                stream.paused()

    def record(self, recording_id: str | None, now_ns: int) -> None:
        """Hand the packets to another recording, or to none. A new track begins with its first packet."""
        if recording_id != self._recording_id:
            self._end_track(now_ns)
            self._recording_id = recording_id
            if recording_id is not None:
                known = [stream for stream in self.streams if stream.ssrc is not None]
                if known:
                    self._open_track(known[-1], now_ns)
                self.want_keyframe(now_ns)

    def close(self, now_ns: int) -> None:
        self._end_track(now_ns)
        for stream in self.streams:
            stream.close()
        self._send_rtcp = lambda _compound: None

    @property
    def track(self) -> int | None:
        """Its number on the tap while it is recorded."""
        return self._track

    def _open_track(self, stream: Stream, now_ns: int) -> None:
        """Only once an SSRC is known: the recorder reads streams by it."""
        if stream.ssrc is None or self._recording_id is None:
            return
        self._track = next(self._plane.track_numbers)
        codec = self.arrangement.codec
        if len(self.streams) > 1:
            self._recorded = RecordedLayers(
                self.streams, ssrc=stream.ssrc, payload_type=codec.payload_type, clock_rate=codec.clock_rate
            )
        self._plane.tap.open_track(
            TrackOpened(
                track=self._track,
                track_id=new_id(),
                recording_id=self._recording_id,
                seat_id=peers.seat_of(self.peer_id),
                source=self.source,
                kind=self.kind,
                codec=codec.name,
                clock_rate=codec.clock_rate,
                payload_type=codec.payload_type,
                ssrc=stream.ssrc,
                rtx_ssrc=self.arrangement.rtx_ssrc,
                sender=self.peer_id,
                level_id=self.arrangement.level_id,
            ),
            now_ns,
        )
        if self.paused:
            self._plane.tap.state(self._track, now_ns, self.paused)

    def _end_track(self, now_ns: int) -> None:
        if self._track is not None:
            self._plane.tap.end_track(self._track, now_ns)
            self._track = self._recorded = None
