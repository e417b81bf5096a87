"""One subscriber's share of what is published: its line is watched, layers are chosen for it, weak lines are paced.

The rules are pure and elsewhere: ``bandwidth`` (what the line carries), ``probing``, ``layers`` and ``pacer``. Here
they are fed from the transport, and what they say is done.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from signaling.media.bandwidth import Bandwidth, SentRate
from signaling.media.layers import Allocation, Layer, LayerChooser, Video
from signaling.media.pacer import Pacer
from signaling.media.probing import Prober, Sight
from signaling.media.shape import SHAPE_BYTES, abs_send_time

if TYPE_CHECKING:
    from signaling.media.consumer import Consumer
    from signaling.media.producer import Producer
    from signaling.media.stream import Stream
    from signaling.media.subscriber import SubscribeTransport

LOOK_NS = 500_000_000
REPORT_NS = 1_000_000_000
LEAST_PACKETS = 20
"""Losses among fewer say little."""
NOMINAL_BPS = ((100, 90_000), (150, 130_000), (200, 220_000), (300, 350_000), (400, 700_000), (600, 1_000_000))
MOST_NOMINAL_BPS = 1_500_000
VOICE_BPS = 40_000
TALLEST = 360
MOST_PADDING_PACKETS = 40
"""In one tick."""
MOST_OWED_BYTES = 1_500.0


def nominal_bps(height: int) -> int:
    """What a layer of so many lines costs, until it is measured."""
    return next((bps for most, bps in NOMINAL_BPS if height <= most), MOST_NOMINAL_BPS)


def layers_of(producer: Producer, now_ns: int) -> list[Layer]:
    """What can be had of a video, poorest first."""
    count = len(producer.streams)
    found = []
    for at, stream in enumerate(producer.streams):
        height = stream.height or TALLEST >> (count - 1 - at)
        # A screen on which nothing moves sends next to nothing, and there is no other stream to take.
        live = count == 1 or stream.live(now_ns)
        bps = int(stream.rate.bps) if live else 0
        if count > 1 and not stream.settled(now_ns):
            bps = max(bps, nominal_bps(height))
        found.append(Layer(height, bps or nominal_bps(height), live, stream.asleep))
    return found


class Adaptation:
    """One per subscribing transport."""

    def __init__(self, transport: SubscribeTransport) -> None:
        self.bandwidth = Bandwidth()
        self._transport = transport
        self._chooser, self._prober = LayerChooser(), Prober()
        self._allocation = Allocation()
        self._media = SentRate()
        self._padding_bytes = 0
        self._owed_bytes = 0.0
        self._counted = transport.reported_loss.totals
        """Of what the receiver reports said, up to where it has been told on."""
        self._ticked_ns = self._reported_ns = 0
        # Spread over time: two hundred subscribers must not all be looked at in one tick.
        self._next_ns = secrets.randbelow(LOOK_NS)
        self._seen: tuple[int, ...] = ()

    @property
    def shortage_bps(self) -> int | None:
        """What the line carries, while that is less than its pictures would need; else None."""
        short = self.bandwidth.limited and self._allocation.next_bps is not None
        return int(self.bandwidth.available_bps) if short else None

    # What the browser says ----------------------------------------------------------------------------------------

    def remb(self, bps: int, now_ns: int) -> None:
        self.bandwidth.remb(bps, now_ns / 1e6)

    def round_trip(self, ms: float, now_ns: int) -> None:
        self.bandwidth.round_trip(ms, now_ns / 1e6)

    # Timers -------------------------------------------------------------------------------------------------------

    def tick(self, now_ns: int) -> bool:
        """Whether more waits to be sent, and should not wait for longer than 20 ms."""
        pacer, padding_bps = self._transport.pacer, self._prober.padding_bps
        if pacer is not None:
            self._send(pacer.due(now_ns / 1e6), now_ns)
        if padding_bps:
            self._pad(now_ns)
        self._ticked_ns = now_ns
        if now_ns >= self._next_ns:
            self._next_ns = now_ns + LOOK_NS
            self._look(now_ns)
        return pacer is not None or padding_bps > 0

    def _look(self, now_ns: int) -> None:
        now_ms, sent = now_ns / 1e6, self._transport.bytes_out
        self.bandwidth.sent(sent, now_ms, content=self._allocation.next_bps is None)
        self._media.measure(sent - self._padding_bytes, now_ms)
        # A hole that the publisher's own line has made is no sign of this one.
        losses = self._transport.reported_loss
        if now_ns - self._reported_ns >= REPORT_NS and losses.sent - self._counted[0] >= LEAST_PACKETS:
            self.bandwidth.reported(losses.since(self._counted), now_ms)
            self._counted, self._reported_ns = losses.totals, now_ns
        self._probe(now_ms)
        changes = tuple(one.producer.changes for one in self._videos() if one.producer is not None)
        if self.bandwidth.limited or self._allocation.next_bps is not None or changes != self._seen:
            self._seen = changes
            self.decide(now_ns)
        self._pace(now_ns)

    def _probe(self, now_ms: float) -> None:
        line, tries = self.bandwidth, self.bandwidth.limited and not self._allocation.patient
        sight = Sight(
            media_bps=self._media.bps,
            sent_bps=line.sent_bps,
            available_bps=line.available_bps,
            remb_bps=line.remb_bps,
            need_bps=self._allocation.next_bps if tries else None,
            congested_ms=line.congested_ms,
            prompt=line.prompt(now_ms),
            late=line.late,
            still=any(one.frozen for one in self._videos()),
        )
        if self._prober.active:
            line.probing(max(self._media.bps, self._allocation.bps), now_ms)
        proved = self._prober.look(sight, now_ms)
        if proved is not None:
            line.proved(proved)

    def _pad(self, now_ns: int) -> None:
        by = next((one for one in self._transport.lines() if one.video and one.started and one.uses_rtx), None)
        elapsed_ns = min(now_ns - self._ticked_ns, LOOK_NS)
        self._owed_bytes += self._prober.padding_bps * elapsed_ns / 8e9
        for _ in range(MOST_PADDING_PACKETS):
            if by is None or self._owed_bytes <= 0:
                break
            size = by.send_padding(now_ns)
            self._padding_bytes += size
            self._owed_bytes -= size
        self._owed_bytes = min(self._owed_bytes, MOST_OWED_BYTES)

    # Pacing ---------------------------------------------------------------------------------------------------------

    def _pace(self, now_ns: int) -> None:
        transport, line = self._transport, self.bandwidth
        # Without RTX a repeat must be the same to the byte, and what is paced is stamped when it leaves.
        suits = line.limited and all(one.uses_rtx for one in self._videos() if one.started)
        if not suits:
            if transport.pacer is not None:
                waiting, transport.pacer = transport.pacer.drain(), None
                self._send(waiting, now_ns)
        elif transport.pacer is None:
            transport.pacer = Pacer(line.available_bps, now_ns / 1e6)
        else:
            transport.pacer.rate(line.available_bps)
            if transport.pacer.overdue(now_ns / 1e6):
                for consumer in self._videos():
                    consumer.begin_anew()
                    consumer.ask_keyframe(now_ns)

    def _send(self, packets: Sequence[bytearray], now_ns: int) -> None:
        if packets:
            # Stamped as they leave, or the browser would take our queue for the network's.
            stamp = abs_send_time(now_ns).to_bytes(3)
            for packet in packets:
                packet[SHAPE_BYTES - 3 : SHAPE_BYTES] = stamp
                self._transport.send_rtp(packet)

    # Choosing -------------------------------------------------------------------------------------------------------

    def decide(self, now_ns: int) -> None:
        """Choose anew, and tell each line what to forward."""
        videos, lines = [], {}
        for consumer in self._videos():
            producer = consumer.producer
            assert producer is not None
            layers = layers_of(producer, now_ns)
            if producer.paused or not any(layer.live for layer in layers):
                # Nothing comes: nothing to pay, and nothing to change but that a line must wait for something.
                if consumer.chosen is None:
                    consumer.prefer(producer.streams[0], now_ns)
                continue
            height = self._transport.heights.get(producer.producer_id)
            videos.append(Video(producer.producer_id, layers, height))
            lines[producer.producer_id] = consumer
        line = self.bandwidth
        self._allocation = self._chooser.choose(
            videos,
            self._voices_bps(now_ns),
            line.available_bps,
            now_ns / 1e6,
            limited=line.limited,
            loses=line.loses,
        )
        for key, choice in self._allocation.choices.items():
            consumer, chosen = lines[key], choice.forward
            consumer.wanted_layer = choice.wanted
            consumer.prefer(None if chosen is None else _streams(consumer)[chosen], now_ns)

    def _videos(self) -> list[Consumer]:
        """Lines that carry a picture, most important first."""
        order = self._transport.order
        carried = [one for one in self._transport.consumers if one.video]
        return sorted(carried, key=lambda one: order.get(one.producer.producer_id, 0) if one.producer else 0)

    def _voices_bps(self, now_ns: int) -> int:
        total = 0
        for consumer in self._transport.consumers:
            if not consumer.video and consumer.stream is not None and consumer.stream.live(now_ns):
                total += int(consumer.stream.rate.bps) or VOICE_BPS
        return total


def _streams(consumer: Consumer) -> list[Stream]:
    assert consumer.producer is not None
    return consumer.producer.streams
