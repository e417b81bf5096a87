"""What a peer's lines carried and lost since the last look. Read from counters that the routes keep anyway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hub.lines import SourceFigures, Way
from signaling.media.control import PeerStats
from signaling.media.producer import Producer
from signaling.media.publisher import PublishTransport
from signaling.media.stream import Stream
from signaling.media.subscriber import SubscribeTransport
from signaling.media.transport import Transport

FIRST_S = 2.0
"""Taken for the time before the first look."""


@dataclass(slots=True)
class _Total:
    """Sums of a publisher's streams over one interval."""

    expected: int = 0
    received: int = 0
    octets: int = 0

    @property
    def loss(self) -> float:
        return min(1.0, max(0.0, 1 - self.received / self.expected)) if self.expected > 0 else 0.0


@dataclass(slots=True)
class _Line:
    """What a subscriber's consumers say together."""

    jitter_ms: float = 0.0
    height: int = 0
    nacks: int = 0
    keyframe_requests: int = 0


@dataclass(slots=True)
class PeerMeter:
    """One per peer; ``measure`` is called at regular intervals and reports on the time between two calls."""

    peer_id: str
    _at_ns: int = 0
    _carried: dict[Transport, int] = field(default_factory=dict)
    _streams: dict[Stream, tuple[int, int, int, int, int]] = field(default_factory=dict)
    _flowing: set[Producer] = field(default_factory=set)
    _down: tuple[SubscribeTransport | None, tuple[int, int, int], int, int] = (None, (0, 0, 0), 0, 0)

    def measure(
        self,
        publisher: PublishTransport | None,
        subscriber: SubscribeTransport | None,
        now_ns: int,
        *,
        microphone_silent: bool = False,
    ) -> PeerStats:
        elapsed_s = (now_ns - self._at_ns) / 1e9 if self._at_ns else FIRST_S
        self._at_ns = now_ns
        carried: dict[Transport, int] = {}
        up, sources = self._up(publisher, elapsed_s, carried) if publisher is not None else (None, [])
        down = self._received(subscriber, elapsed_s, carried) if subscriber is not None else None
        self._carried = carried
        return PeerStats(
            peer_id=self.peer_id,
            up=up,
            down=down,
            sources=sources,
            estimate_bps=subscriber.adaptation.shortage_bps if subscriber is not None else None,
            microphone_silent=microphone_silent,
        )

    def _rate(self, transport: Transport, total: int, elapsed_s: float, carried: dict[Transport, int]) -> int:
        """Bits per second; a transport that is new has begun at nought."""
        carried[transport] = total
        return int(max(0, total - self._carried.get(transport, 0)) * 8 / elapsed_s)

    # What it sends -------------------------------------------------------------------------------------------------

    def _up(
        self, publisher: PublishTransport, elapsed_s: float, carried: dict[Transport, int]
    ) -> tuple[Way, list[SourceFigures]]:
        before, self._streams = self._streams, {}
        flowed, self._flowing = self._flowing, set()
        whole, nacks, keyframes = _Total(), 0, 0
        sources = []
        for producer in publisher.producers.values():
            one = _Total()
            best: Stream | None = None
            jitter_ms = 0.0
            for stream in producer.streams:
                now = _counts(stream)
                then = before.get(stream, (0, 0, 0, 0, 0))
                self._streams[stream] = now
                one.expected += now[0] - then[0]
                one.received += now[1] - then[1]
                one.octets += now[2] - then[2]
                nacks += now[3] - then[3]
                keyframes += now[4] - then[4]
                if now[1] > then[1]:
                    best, jitter_ms = stream, max(jitter_ms, stream.stats.jitter_ms)
            if not producer.paused and publisher.connected:
                self._flowing.add(producer)
            stalled = one.octets == 0 and _should_come(producer) and producer in flowed & self._flowing
            sources.append(_source(producer, one, best, jitter_ms, elapsed_s, stalled=stalled))
            whole.expected += one.expected
            whole.received += one.received
        heights = [one.height for one in sources if one.height is not None]
        way = Way(
            bps=self._rate(publisher, publisher.bytes_in, elapsed_s, carried),
            loss=whole.loss,
            jitter_ms=max((one.jitter_ms for one in sources), default=0.0),
            round_trip_ms=publisher.round_trip.ms,
            height=max(heights, default=None),
            nacks=nacks,
            keyframe_requests=keyframes,
        )
        return way, sources

    # What it receives ------------------------------------------------------------------------------------------------

    def _received(self, subscriber: SubscribeTransport, elapsed_s: float, carried: dict[Transport, int]) -> Way:
        line = _Line()
        for consumer in subscriber.lines():
            line.nacks += consumer.nacks
            line.keyframe_requests += consumer.keyframe_requests
            stream = consumer.stream
            if stream is None or consumer.producer is None or consumer.producer.paused:
                continue
            if consumer.jitter_ms is not None and consumer.jitter_ms > line.jitter_ms:
                line.jitter_ms = consumer.jitter_ms
            if consumer.video and not consumer.frozen and stream.height > line.height:
                line.height = stream.height
        lost = subscriber.reported_loss
        known, before, nacks, keyframes = self._down
        if known is not subscriber:
            before, nacks, keyframes = (0, 0, 0), 0, 0
        self._down = subscriber, lost.totals, line.nacks, line.keyframe_requests
        return Way(
            bps=self._rate(subscriber, subscriber.bytes_out, elapsed_s, carried),
            loss=lost.since(before),
            jitter_ms=line.jitter_ms,
            round_trip_ms=subscriber.round_trip.ms,
            height=line.height or None,
            nacks=line.nacks - nacks,
            keyframe_requests=line.keyframe_requests - keyframes,
        )


def _counts(stream: Stream) -> tuple[int, int, int, int, int]:
    stats = stream.stats
    return stats.expected_packets, stats.received_packets, stream.octets_in, stream.nacks_sent, stream.keyframes_asked


def _should_come(producer: Producer) -> bool:
    """A camera that nobody looks at may rest, and a shared screen on which nothing moves."""
    return producer.source == "camera" and not all(stream.asleep for stream in producer.streams)


def _source(
    producer: Producer, total: _Total, best: Stream | None, jitter_ms: float, elapsed_s: float, *, stalled: bool
) -> SourceFigures:
    return SourceFigures(
        source=producer.source,
        bps=int(max(0, total.octets) * 8 / elapsed_s),
        loss=total.loss,
        jitter_ms=jitter_ms,
        height=best.height or None if best is not None else None,
        layer=best.rid if best is not None else "",
        stalled=stalled,
    )


class Meters:
    """One meter for each peer of a hearing."""

    def __init__(self) -> None:
        self._known: dict[str, PeerMeter] = {}

    def __len__(self) -> int:
        return len(self._known)

    def forget(self, peer_id: str) -> None:
        self._known.pop(peer_id, None)

    def measure(
        self,
        publishers: Mapping[str, PublishTransport],
        subscribers: Mapping[str, SubscribeTransport],
        silent: Callable[[str], bool],
        now_ns: int,
    ) -> list[PeerStats]:
        """Everybody, by peer id; ``silent`` tells whose microphone sends no sound."""
        return [
            self._known.setdefault(peer_id, PeerMeter(peer_id)).measure(
                publishers.get(peer_id), subscribers.get(peer_id), now_ns, microphone_silent=silent(peer_id)
            )
            for peer_id in sorted({*publishers, *subscribers})
        ]
