"""Waits in a stream's row for its next keyframe, then gives its place to the consumer that changes over to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signaling.media.shape import Batch

if TYPE_CHECKING:
    from signaling.media.consumer import Consumer
    from signaling.media.stream import Stream


class LayerSwitch:
    """Takes a consumer's place among those of ``stream``: the picture it has goes on until the other begins."""

    def __init__(self, consumer: Consumer, stream: Stream, now_ns: int) -> None:
        self.consumer, self.stream = consumer, stream
        # What waits for the end of the drain came before: a keyframe in it would be forwarded twice.
        stream.forward(now_ns / 1e6)
        stream.consumers.append(self)
        stream.want_keyframe(now_ns, urgent=True)

    def forward(self, batch: Batch, now_ms: float) -> None:
        for number, packet in enumerate(batch.packets):
            if packet.keyframe:
                row = self.stream.consumers
                row[row.index(self)] = self.consumer
                self.consumer.change_over(self.stream, Batch(batch.packets[number:], fill=False), now_ms)
                return

    def cancel(self) -> None:
        self.stream.leave(self)

    def leave_out(self, packet: bytes) -> None:
        """Nothing of this stream has been forwarded."""

    def begin_anew(self) -> None:
        """Neither after a pause."""

    def send_report(self, now_ns: int) -> None:
        """The subscriber sees the other stream's numbers still."""
