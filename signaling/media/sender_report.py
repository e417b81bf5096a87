"""Sender reports for consumers, made from the publisher's (RFC 3550 section 6.4.1), and the round trip they give.

Sound and picture of one publisher are played in sync only when both streams' reports stay on the publisher's own
NTP clock; the timestamp alone moves with what the rewriter added.
"""

from __future__ import annotations

from collections import OrderedDict

from hub.rtp import distance
from signaling.media.rtcp import ExtendedReport, ReportBlock, SenderReport, TimeEcho, time_echoes

_REMEMBERED = 64
"""Reports: of nineteen lines each second, answered within a few seconds."""
_LONGEST_MS = 60_000.0
ANSWER_NS = 400_000_000
"""Between two answers to a reference time."""


class PublisherClock:
    """A publisher's last sender report of one stream; extrapolates it to any later moment."""

    __slots__ = ("_at_ns", "_clock_rate", "_ntp", "_rtp_timestamp", "known")

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._ntp = 0
        self._rtp_timestamp = 0
        self._at_ns = 0
        self.known = False
        """False until the publisher has reported: then there is nothing to send to consumers yet."""

    @property
    def at_ns(self) -> int:
        """When the publisher reported last, 0 if never."""
        return self._at_ns

    def received(self, report: SenderReport, at_ns: int) -> None:
        self._ntp, self._rtp_timestamp, self._at_ns = report.ntp, report.rtp_timestamp, at_ns
        self.known = True

    def onto(self, other: PublisherClock) -> int | None:
        """What makes a timestamp of this stream the other's of the same moment; None until both have reported.

        Two qualities of one picture are numbered from different beginnings (RFC 3550 section 5.1).
        """
        if not self.known or not other.known:
            return None
        apart = (self._ntp - other._ntp) * self._clock_rate >> 32
        return (other._rtp_timestamp + apart - self._rtp_timestamp) & 0xFFFFFFFF

    def report(self, ssrc: int, timestamp_offset: int, packets: int, octets: int, now_ns: int) -> SenderReport | None:
        """The consumer's report for now; ``timestamp_offset`` is what its rewriter adds to timestamps."""
        if not self.known:
            return None
        elapsed_ns = now_ns - self._at_ns
        return SenderReport(
            ssrc=ssrc,
            ntp=(self._ntp + (elapsed_ns << 32) // 1_000_000_000) & 0xFFFFFFFFFFFFFFFF,
            rtp_timestamp=(self._rtp_timestamp + elapsed_ns * self._clock_rate // 1_000_000_000 + timestamp_offset)
            & 0xFFFFFFFF,
            packets=packets & 0xFFFFFFFF,
            octets=octets & 0xFFFFFFFF,
        )


class EchoedTime:
    """The round trip to a publisher, from its answers to our reference times (RFC 3611): it gets no sender reports."""

    __slots__ = ("ms",)

    def __init__(self) -> None:
        self.ms: float | None = None
        """None until measured, and for ever with publishers that do not answer."""

    @staticmethod
    def now(now_ns: int) -> int:
        """A reference time: our own clock in NTP's format, as only we read it again."""
        return ((now_ns << 32) // 1_000_000_000) & 0xFFFFFFFFFFFFFFFF

    def received(self, echo: TimeEcho, now_ns: int) -> float | None:
        """The round trip in milliseconds that ``echo`` shows, smoothed into ``ms``; None when it makes no sense."""
        # Delays are rounded: an answer from nearby may seem to have come a little before it was asked for.
        measured = max(
            0.0, distance((self.now(now_ns) >> 16) - echo.dlrr & 0xFFFFFFFF, echo.lrr, bits=32) * 1000 / 65_536
        )
        if echo.lrr == 0 or measured > _LONGEST_MS:
            return None
        self.ms = measured if self.ms is None else self.ms + (measured - self.ms) / 8
        return measured


class RoundTrip:
    """The round trip to a subscriber, from when its reports say they saw ours.

    The NTP times in our reports are publishers' clocks, so the moment of sending is remembered beside them.
    """

    __slots__ = ("_sent", "ms")

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[int, int], int] = OrderedDict()
        self.ms: float | None = None
        """None until measured."""

    def sent(self, report: SenderReport, now_ns: int) -> None:
        self._sent[report.ssrc, report.ntp >> 16 & 0xFFFFFFFF] = now_ns
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    def received(self, block: ReportBlock, now_ns: int) -> float | None:
        """The round trip in milliseconds that ``block`` shows, smoothed into ``ms``; None when it answers no report."""
        # Once: while a stream rests, its receiver goes on telling of the same report, and of how late that one was.
        at_ns = self._sent.pop((block.ssrc, block.lsr), None)
        if at_ns is None:
            return None
        measured = max(0.0, (now_ns - at_ns) / 1e6 - block.dlsr * 1000 / 65_536)
        self.ms = measured if self.ms is None else self.ms + (measured - self.ms) / 8
        return measured


class TimeAnswers:
    """Answers to the reference times of one who only receives (RFC 3611 section 4.5).

    He learns his round trip by them, and then asks again for what is missing as soon as the answer could be here; a
    browser that knows none waits a tenth of a second each time.
    """

    __slots__ = ("_answered_ns", "_ssrc")

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._answered_ns: int | None = None

    def answer(self, report: ExtendedReport, now_ns: int) -> bytes | None:
        """To be sent at once, so that nothing was kept in between. A browser tells its time with every report, on a bad
        line many times a second: most go without an answer."""
        if report.reference is None or (self._answered_ns is not None and now_ns - self._answered_ns < ANSWER_NS):
            return None
        self._answered_ns = now_ns
        return time_echoes(self._ssrc, [TimeEcho(report.ssrc, report.reference, 0)])
