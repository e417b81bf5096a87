"""What to report about a received stream (RFC 3550 appendices A.1, A.3 and A.8)."""

from __future__ import annotations

from hub.rtp import Unwrapper, distance
from signaling.media.rtcp import ReportBlock, SenderReport

MOST_SSRCS = 1024


class ReportedLoss:
    """What a receiver's reports say was lost on its own line, of all streams that we send it, added up.

    A packet that its publisher's line lost is a hole for the receiver too, but none of its line's making: so what it
    got is compared with what we sent it, and it cannot have lost more than it says.
    """

    __slots__ = ("_last", "missing", "reported_lost", "sent")

    def __init__(self) -> None:
        self.sent = self.missing = self.reported_lost = 0
        self._last: dict[int, tuple[int, int, int]] = {}

    def reported(self, block: ReportBlock, sent: int) -> None:
        """``sent`` are the packets sent on this stream so far. The first report only says where counting begins."""
        before = self._last.get(block.ssrc)
        if before is None and len(self._last) >= MOST_SSRCS:
            return  # more than we could ever send: it makes them up
        self._last[block.ssrc] = block.highest, block.lost, sent
        if before is not None:
            expected, lost = distance(block.highest, before[0], bits=32), block.lost - before[1]
            self.sent += sent - before[2]
            self.missing += sent - before[2] - (expected - lost)
            self.reported_lost += lost

    def since(self, before: tuple[int, int, int]) -> float:
        """The fraction lost since the totals were ``before``."""
        sent, missing, lost = self.sent - before[0], self.missing - before[1], self.reported_lost - before[2]
        return min(1.0, max(0.0, min(missing, lost) / sent)) if sent > 0 else 0.0

    @property
    def totals(self) -> tuple[int, int, int]:
        return self.sent, self.missing, self.reported_lost


class ReceiverStats:
    """One per received stream. Arrival times are nanoseconds on any steady clock."""

    __slots__ = (
        "_expected_before",
        "_first",
        "_jitter",
        "_last_arrival_ns",
        "_last_timestamp",
        "_received_before",
        "_report_at_ns",
        "_report_middle",
        "_sequence",
        "clock_rate",
        "received_packets",
    )

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.received_packets = 0
        self._sequence = Unwrapper()
        self._first = 0
        self._jitter = 0.0
        self._last_arrival_ns = 0
        self._last_timestamp: int | None = None
        self._expected_before = 0
        self._received_before = 0
        self._report_middle = 0
        self._report_at_ns = 0

    def received(self, seq: int, timestamp: int, at_ns: int) -> None:
        """Count a packet of the stream itself; one that came by retransmission says nothing about the path."""
        number = self._sequence.unwrap(seq)
        if self.received_packets == 0 or number < self._first:
            self._first = number
        self.received_packets += 1
        if timestamp == self._last_timestamp:
            return  # the packets of one frame share a timestamp but are sent one after the other
        if self._last_timestamp is not None:
            apart = (at_ns - self._last_arrival_ns) * self.clock_rate / 1e9
            difference = abs(apart - distance(timestamp, self._last_timestamp, bits=32))
            self._jitter += (difference - self._jitter) / 16
        self._last_timestamp = timestamp
        self._last_arrival_ns = at_ns

    def sender_report(self, report: SenderReport, at_ns: int) -> None:
        """Remember the publisher's report for LSR and DLSR."""
        self._report_middle = report.ntp >> 16 & 0xFFFFFFFF
        self._report_at_ns = at_ns

    @property
    def jitter_ms(self) -> float:
        return self._jitter * 1000 / self.clock_rate

    @property
    def expected_packets(self) -> int:
        return 0 if self._sequence.highest is None else self._sequence.highest - self._first + 1

    @property
    def lost_packets(self) -> int:
        """Since the beginning; negative when there were more duplicates than losses."""
        return self.expected_packets - self.received_packets

    def block(self, ssrc: int, now_ns: int) -> ReportBlock:
        """The report block for now. Begins the next interval of the loss fraction."""
        expected = self.expected_packets - self._expected_before
        lost = expected - (self.received_packets - self._received_before)
        self._expected_before, self._received_before = self.expected_packets, self.received_packets
        fraction = min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
        delay = (now_ns - self._report_at_ns) * 65_536 // 1_000_000_000 if self._report_middle else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=fraction,
            lost=self.lost_packets,
            highest=(self._sequence.highest or 0) & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=self._report_middle,
            dlsr=min(delay, 0xFFFFFFFF),
        )
