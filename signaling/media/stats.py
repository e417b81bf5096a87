"""What a peer's lines carried and lost since the last look."""

from __future__ import annotations

from dataclasses import dataclass

from hub.lines import Way
from signaling.media.control import PeerStats
from signaling.media.publisher import PublishTransport
from signaling.media.subscriber import SubscribeTransport


@dataclass(slots=True)
class PeerMeter:
    """One per peer; ``measure`` is called at regular intervals and reports on the time between two calls."""

    peer_id: str
    _at_ns: int = 0
    _in: tuple[int, int] = (0, 0)
    _out: tuple[int, int] = (0, 0)
    _expected: int = 0
    _received: int = 0

    def measure(
        self, publisher: PublishTransport | None, subscriber: SubscribeTransport | None, now_ns: int
    ) -> PeerStats:
        elapsed_s = (now_ns - self._at_ns) / 1e9 if self._at_ns else 2.0
        self._at_ns = now_ns
        loss, jitter_ms = self._publish_quality(publisher)
        came = _since(self._in, publisher.generation if publisher else -1, publisher.bytes_in if publisher else 0)
        went = _since(self._out, subscriber.generation if subscriber else -1, subscriber.bytes_out if subscriber else 0)
        self._in, self._out = came[1], went[1]
        losses = [consumer.loss for consumer in subscriber.consumers] if subscriber else []
        round_trip_ms = subscriber.round_trip.ms if subscriber else None
        up = _way(came[0] * 8 / elapsed_s, loss, jitter_ms, None) if publisher else None
        down = _way(went[0] * 8 / elapsed_s, max(losses, default=0.0), 0.0, round_trip_ms) if subscriber else None
        return PeerStats(peer_id=self.peer_id, up=up, down=down)

    def _publish_quality(self, publisher: PublishTransport | None) -> tuple[float, float]:
        producers = publisher.producers.values() if publisher else []
        streams = [stream.stats for producer in producers for stream in producer.streams]
        expected = sum(stream.expected_packets for stream in streams)
        received = sum(stream.received_packets for stream in streams)
        asked, got = expected - self._expected, received - self._received
        self._expected, self._received = expected, received
        loss = max(0.0, 1 - got / asked) if asked > 0 else 0.0
        # Counters that ran backwards belong to streams that ended in between.
        return (min(loss, 1.0) if got >= 0 else 0.0), max((stream.jitter_ms for stream in streams), default=0.0)


def _way(bps: float, loss: float, jitter_ms: float, round_trip_ms: float | None) -> Way:
    return Way(
        bps=int(bps),
        loss=loss,
        jitter_ms=jitter_ms,
        round_trip_ms=round_trip_ms,
        height=None,
        nacks=0,
        keyframe_requests=0,
    )


def _since(before: tuple[int, int], generation: int, total: int) -> tuple[int, tuple[int, int]]:
    """Bytes since ``before`` (generation, total): all of them when the transport is another one."""
    fresh = total if generation != before[0] else total - before[1]
    return max(0, fresh), (generation, total)
