"""What a subscriber's reports make of its line: its own losses count, not those of who sends the picture."""

from __future__ import annotations

from typing import Any

import pytest

from signaling.media.adaptation import LOOK_NS, Adaptation
from signaling.media.receiver_stats import ReportedLoss
from signaling.media.rtcp import ReportBlock

SECOND_NS = 1_000_000_000
PACKETS_PER_S = 100
PACKET_BYTES = 1_000


class Line:
    """Stands in for the subscriber's transport: a stream of pictures, and reports on it once a second."""

    pacer = None

    def __init__(self) -> None:
        self.reported_loss = ReportedLoss()
        self.bytes_out = self.numbered = self.sent = self.arrived = 0
        self.consumers: list[Any] = []
        self.order: dict[str, int] = {}
        self.heights: dict[str, int] = {}

    def lines(self) -> list[Any]:
        return self.consumers

    def second(self, *, publisher_loses: float, line_loses: float) -> None:
        self.numbered += PACKETS_PER_S
        sent = round(PACKETS_PER_S * (1 - publisher_loses))
        self.sent += sent
        self.bytes_out += sent * PACKET_BYTES
        arrived = round(sent * (1 - line_loses))
        self.arrived += arrived
        fraction = min(255, 256 * (PACKETS_PER_S - arrived) // PACKETS_PER_S)
        block = ReportBlock(1, fraction, self.numbered - self.arrived, self.numbered, 0, 0, 0)
        self.reported_loss.reported(block, self.sent)


def loses_after(seconds: int, *, publisher_loses: float, line_loses: float) -> bool:
    line = Line()
    adaptation = Adaptation(line)  # type: ignore[arg-type]
    for second in range(seconds):
        line.second(publisher_loses=publisher_loses, line_loses=line_loses)
        for part in range(2):
            adaptation.tick(second * SECOND_NS + part * LOOK_NS)
    return adaptation.bandwidth.loses


@pytest.mark.parametrize("publisher_loses", [0.2, 0.5, 0.8])
def test_what_the_publishers_line_has_lost_is_no_sign_of_the_subscribers(publisher_loses: float) -> None:
    assert not loses_after(20, publisher_loses=publisher_loses, line_loses=0)


@pytest.mark.parametrize("publisher_loses", [0, 0.5])
def test_a_line_that_loses_half_of_what_is_sent_is_found_to(publisher_loses: float) -> None:
    assert loses_after(6, publisher_loses=publisher_loses, line_loses=0.5)
