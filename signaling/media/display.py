"""A display's connection (WHEP): it offers lines to receive on, and we answer once. What the lines carry then changes
without a word: the picture of whoever has the stage, the voice of whoever speaks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hub import rtp
from signaling.media import sdp_write, vp8
from signaling.media.consumer import Consumer
from signaling.media.producer import Producer
from signaling.media.sdp import ABS_SEND_TIME, Description, SdpError, Section
from signaling.media.shape import ABS_SEND_TIME_ID, Shaped
from signaling.media.srtp import Offsets
from signaling.media.subscriber import Line, SubscribeTransport
from signaling.media.transport import Presence, Transport

if TYPE_CHECKING:
    from signaling.media.plane import Plane

MOST_LINES = 12
"""More than any display has use for."""


class DisplayTransport(SubscribeTransport):
    """Its payload types are its own, so packets are written one by one: displays are few."""

    answers = True

    def __init__(
        self, plane: Plane, peer_id: str, generation: int, on_presence: Callable[[Transport, Presence], None]
    ) -> None:
        super().__init__(plane, peer_id, generation, on_presence, lambda *_: None, lambda _: None)
        self._types: dict[int, int] = {}

    def negotiate(self, offer: Description, now_ns: int) -> str:
        """Answer the offer. Raises ``SdpError`` when it has no line that we could send on."""
        sections = [section for section in offer.sections if section.receives and section.codec is not None]
        if not sections or len(offer.sections) > MOST_LINES:
            raise SdpError("the offer must have lines to receive VP8 or Opus, and not too many")
        server = offer.setup != "passive"
        self.accept(offer, server=server)
        outgoing = {section.mid: self._line(section) for section in sections}
        self.voices = sum(not consumer.video for consumer in self.lines())
        for line in self._lines:
            section = offer.section(line.mid)
            codec = section.codec if section else None
            line.consumer.start(now_ns, uses_rtx=codec is not None and codec.rtx_payload_type is not None)
        setup = "passive" if server else "active"
        return sdp_write.sending_answer(self.local(), self.next_version(), offer.sections, outgoing, setup)

    def _line(self, section: Section) -> sdp_write.Outgoing:
        assert section.codec is not None
        video, codec = section.kind == "video", section.codec
        consumer = Consumer(self, video=video, stream_id="stage")
        self._lines.append(Line(section.mid, consumer, f"stage-{section.mid}"))
        self._by_ssrc[consumer.ssrc] = consumer
        self._types[sdp_write.VP8 if video else sdp_write.OPUS] = codec.payload_type
        if codec.rtx_payload_type is not None:
            self._types[sdp_write.VP8_RTX] = codec.rtx_payload_type
        if section.h264 is not None:
            self.h264 = True
            self._types[sdp_write.H264] = section.h264.payload_type
            if section.h264.rtx_payload_type is not None:
                self._types[sdp_write.H264_RTX] = section.h264.rtx_payload_type
        rtx_ssrc = consumer.rtx_ssrc if codec.rtx_payload_type is not None else None
        return sdp_write.Outgoing(
            section.mid,
            section.kind,
            consumer.ssrc,
            rtx_ssrc,
            consumer.stream_id,
            f"stage-{section.mid}",
            payload_type=codec.payload_type,
            rtx_payload_type=codec.rtx_payload_type,
            h264=section.h264,
            abs_send_time=section.extensions.get(ABS_SEND_TIME) == ABS_SEND_TIME_ID,
        )

    def receive_all(self, producers: Sequence[Producer], heights: Mapping[str, int], now_ns: int) -> None:
        """As many of the most important as there are lines."""
        pictures = [one for one in producers if one.video][: sum(consumer.video for consumer in self.lines())]
        voices = [one for one in producers if not one.video][: self.voices]
        super().receive_all([*pictures, *voices], heights, now_ns)

    # Packets ---------------------------------------------------------------------------------------------------------

    def send_runs(self, runs: Sequence[list[Shaped]], ssrc: int, offsets: Offsets) -> None:
        for run in runs:
            for packet in run:
                out = bytearray(packet.data)
                rtp.set_sequence(out, packet.sequence + offsets.sequence)
                rtp.set_timestamp(out, packet.timestamp + offsets.timestamp)
                rtp.set_ssrc(out, ssrc)
                if offsets.pictures is not None and packet.descriptor is not None:
                    vp8.renumber(memoryview(out), 0, packet.descriptor, offsets.pictures)
                self.send_rtp(out)

    def send_rtp(self, packet: bytes | bytearray) -> None:
        out = bytearray(packet)
        rtp.set_payload_type(out, self._types.get(rtp.payload_type(out), rtp.payload_type(out)))
        super().send_rtp(out)

    def on_connected(self) -> None:
        super().on_connected()
        for consumer in self.consumers:
            consumer.ask_keyframe(time.monotonic_ns())
