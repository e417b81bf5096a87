"""What a subscriber's line can carry, from what its browser says of it. No I/O; rates in bits per second.

REMB (draft-alvestrand-rmcat-remb) comes from the arrival times of our packets and is quick to see a queue grow. It only
rises as far as something was sent, so a low one proves nothing: the line counts as *limited* once the estimate fell
below what was being sent, or once losses grew with what was sent. Losses that do not depend on the rate are the line's
own (radio, a bad cable): retransmission makes them good, and sending less would not.
"""

from __future__ import annotations

from collections import deque

START_BPS = 600_000
"""Assumed of a line of which nothing is known yet."""
MOST_BPS = 100_000_000
DOUBLE_MS = 1_500
"""While the browser reports and nothing speaks against it, twice as much is assumed after so long."""
AHEAD = 4
"""No more is assumed than so many times what has been sent: each step must have gone well before the next."""
SILENT_MS = 2_500
"""Who has not reported for so long says nothing for it either."""
FELL = 0.97
SHORT = 0.9
SHORT_MS = 1_500
"""An estimate below so much of what arrives for so long is a sign of a limit: it follows more slowly than we send."""
QUIET_BPS = 80_000
"""With less than this sent, an estimate that falls is noise."""
FORGET_MS = 30_000
"""A line that carried all that was wanted for so long is taken to be unlimited again, and tried in steps."""
LOSS = 0.10
"""Losses below this are no reason to send less (as in draft-ietf-rmcat-gcc-02 section 6) …"""
LOSS_ALONE = 0.28
"""… nor below this where no queue is seen beside them: radio and bad cables lose so much, and repeats make it good."""
CLEAR = 0.02
USUAL = 1.25
"""The line's own losses vary by so much."""
GROWTH = 1.08
"""Per second without losses, of what losses had brought down."""
PROVES = 1.5
"""What is sent without loss shows that so many times as much may be tried."""
TOGETHER_MS = 2_500
"""An estimate that falls, and losses or a queue, within so long of each other are one sign."""
QUEUED_MS = 75
STANDS_MS = 400
"""A browser that is short of time answers late now and then; only a queue makes round trips long for so long."""
PROMPT_MS = 1_500
"""A short round trip speaks for the line for so long."""
CLAIM_MS = 2_000
CLAIM = 0.85
"""An estimate that fell is so much of what arrived (draft-ietf-rmcat-gcc-02 section 5.5)."""
REFUTES = 0.25
"""Had the line no more than the estimate claims, a queue would stand by now. With less than so much of it, it has."""
MOST_REFUTED_MS = 300
SAME = 0.88
_WINDOW_MS = 1_000
_LEAST_BPS = 30_000


class SentRate:
    """The rate over the last second or so, from a counter of bytes."""

    def __init__(self, window_ms: float = _WINDOW_MS) -> None:
        self._window_ms = window_ms
        self._samples: deque[tuple[float, int]] = deque()
        self.bps = 0.0

    def measure(self, total_bytes: int, now_ms: float) -> None:
        samples = self._samples
        samples.append((now_ms, total_bytes))
        while len(samples) > 2 and samples[1][0] <= now_ms - self._window_ms:
            samples.popleft()
        since_ms = now_ms - samples[0][0]
        if since_ms > 0:
            self.bps = max(0, total_bytes - samples[0][1]) * 8000 / since_ms


class LossBrake:
    """Lowers the rate while losses answer to it."""

    def __init__(self) -> None:
        self.cap_bps: float | None = None
        self.loss = 0.0
        """Smoothed."""
        self.line_loss = 0.0
        """The part of the losses that sending less does not cure."""
        self._begun: tuple[float, float] | None = None
        self._grown_ms = 0.0

    def report(self, loss: float, sent_bps: float, now_ms: float, *, queued: bool = False) -> bool:
        """``loss`` 0–1 of what was sent at ``sent_bps``; ``queued`` when round trips are longer than they need be.
        True when it shows a limit."""
        self.loss += (loss - self.loss) / 2
        self.line_loss += min(0.0, self.loss - self.line_loss) / 8
        if (
            self._begun is not None
            and loss > LOSS
            and not queued
            and self._is_lines_own(sent_bps, sent_bps * (1 - loss))
        ):
            self.line_loss, self.cap_bps, self._begun = self.loss, None, None
        excess = self.loss - self.line_loss
        if excess > (LOSS if queued else LOSS_ALONE):
            self._begun = self._begun or (sent_bps, sent_bps * (1 - loss))
            self.cap_bps = max(_LEAST_BPS, min(self.cap_bps or MOST_BPS, sent_bps * (1 - excess / 2)))
            self._grown_ms = now_ms
            return True
        if excess < CLEAR and self.cap_bps is not None:
            grown = self.cap_bps * GROWTH ** ((now_ms - self._grown_ms) / 1000)
            self.cap_bps = max(self.cap_bps, min(grown, PROVES * sent_bps))
            self._grown_ms = now_ms
            if self.cap_bps > START_BPS:
                self.cap_bps = self._begun = None
        return False

    def _is_lines_own(self, sent_bps: float, delivered: float) -> bool:
        """Much less was sent than when braking began, and what arrived became less in nearly the same proportion.

        A line that polices delivers what it has, whatever is sent; one whose queue still filled when braking began
        took more then than it carries, and delivers even less.
        """
        assert self._begun is not None
        sent_then, delivered_then = self._begun
        less = 1 - sent_bps / sent_then if sent_then else 0.0
        kept = delivered / delivered_then if delivered_then else 0.0
        return less > 0.2 and SAME * (1 - less) < kept < 1 - less / 2


class Delay:
    """Whether a queue stands on the line: round trips that stay clearly above the shortest one seen."""

    def __init__(self) -> None:
        self._shortest_ms: float | None = None
        self._long_since_ms = float("inf")
        self._recent: deque[tuple[float, float]] = deque(maxlen=32)

    @property
    def late(self) -> bool:
        """Whether the last one was long."""
        return self._long_since_ms < float("inf")

    def queued(self, round_trip_ms: float, now_ms: float) -> bool:
        shortest = self._shortest_ms = min(round_trip_ms, self._shortest_ms or round_trip_ms)
        self._recent.append((now_ms, round_trip_ms))
        if round_trip_ms <= shortest + max(QUEUED_MS, shortest / 2):
            self._long_since_ms = float("inf")
            return False
        self._long_since_ms = min(self._long_since_ms, now_ms)
        return now_ms - self._long_since_ms >= STANDS_MS

    def least_ms(self, now_ms: float) -> float | None:
        """What the quickest answer of late waited for: no queue is longer. None when nothing was measured."""
        recent = [ms for at_ms, ms in self._recent if now_ms - at_ms < PROMPT_MS]
        return min(recent) - self._shortest_ms if recent and self._shortest_ms is not None else None


class Bandwidth:
    """One per subscribing transport. Feed it with ``sent`` several times a second."""

    def __init__(self) -> None:
        self.congested_ms = float("-inf")
        """When the last sign of too much was seen."""
        self.remb_bps: int | None = None
        self._trusted_bps = float(_LEAST_BPS)
        self._sent, self._claimed = SentRate(), SentRate(CLAIM_MS)
        self._brake, self._delay = LossBrake(), Delay()
        self._fell_ms = self._suffered_ms = self._queued_ms = self._well_ms = float("-inf")
        self._short_since_ms = float("inf")
        self._safe_bps, self._safe_ms = 0.0, float("-inf")
        self._queues = False
        self._assumed_bps = float(START_BPS)
        self._measured_ms: float | None = None
        self._content_ms = 0.0

    @property
    def sent_bps(self) -> float:
        return self._sent.bps

    @property
    def limited(self) -> bool:
        """Whether the line has shown that it does not carry everything."""
        return self._queues or self._brake.cap_bps is not None

    @property
    def loses(self) -> bool:
        """Whether it is losses that say so: then nothing more than what is available may be sent."""
        return self._brake.cap_bps is not None

    @property
    def late(self) -> bool:
        """Whether the last round trip was long: for a queue, or because the browser is short of time."""
        return self._delay.late

    @property
    def _whole(self) -> bool:
        """Whether nothing is lost but what the line always loses."""
        return self._brake.loss - self._brake.line_loss < CLEAR

    def prompt(self, now_ms: float) -> bool:
        """Whether what is sent now arrives at once and whole, or with the line's own losses only."""
        return not self.late and self._delay.least_ms(now_ms) is not None and self._whole

    @property
    def available_bps(self) -> float:
        """What may be sent now."""
        if not self.limited:
            return self._assumed_bps
        known = self._trusted_bps if self._queues else float(MOST_BPS)
        return known if self._brake.cap_bps is None else min(known, self._brake.cap_bps)

    def sent(self, total_bytes: int, now_ms: float, *, content: bool) -> None:
        """``total_bytes`` left for this subscriber since the beginning; ``content`` when nothing is missing."""
        self._sent.measure(total_bytes, now_ms)
        self._claimed.measure(total_bytes, now_ms)
        elapsed_ms = now_ms - (self._measured_ms if self._measured_ms is not None else now_ms)
        self._measured_ms = now_ms
        if not self.limited:
            if now_ms - self._well_ms < SILENT_MS < now_ms - self._queued_ms:
                grown = min(MOST_BPS, self._assumed_bps * 2 ** (elapsed_ms / DOUBLE_MS))
                self._assumed_bps = min(grown, max(self._assumed_bps, AHEAD * self._sent.bps))
            return
        self._content_ms = self._content_ms + elapsed_ms if content else 0.0
        if self._content_ms >= FORGET_MS and now_ms - self.congested_ms >= FORGET_MS:
            self._assumed_bps = max(self.available_bps, _LEAST_BPS)
            self._queues, self._brake.cap_bps, self._content_ms = False, None, 0.0

    def remb(self, bps: int, now_ms: float) -> None:
        """The browser's estimate."""
        before, self.remb_bps = self.remb_bps, bps
        self._trusted_bps = max(self._trusted_bps, self._in_sent(bps))
        if self._sent.bps < QUIET_BPS:
            return
        arriving = self._sent.bps * (1 - self._brake.loss)
        fell = before is not None and bps < FELL * before and bps < 1.05 * arriving
        self._short_since_ms = now_ms if bps >= SHORT * arriving else min(now_ms, self._short_since_ms)
        if fell or now_ms - self._short_since_ms > SHORT_MS:
            self._fell_ms = now_ms
            self._conclude(now_ms)

    def reported(self, loss: float, now_ms: float) -> None:
        """The browser's receiver report: the fraction 0–1 of packets lost since its last one."""
        queued = now_ms - self._queued_ms < SILENT_MS
        excess = loss - self._brake.line_loss
        too_much = excess > (LOSS if queued else LOSS_ALONE)
        if self._brake.report(loss, self._sent.bps, now_ms, queued=queued) or too_much:
            self.congested_ms = now_ms
        if too_much or (queued and loss > CLEAR + USUAL * self._brake.line_loss):
            self._suffered_ms = now_ms
            self._conclude(now_ms)
        if not too_much:
            self._well_ms = now_ms

    def round_trip(self, ms: float, now_ms: float) -> None:
        """One measurement of the round trip."""
        if self._delay.queued(ms, now_ms):
            self._suffered_ms = self._queued_ms = now_ms
            if self.limited and not self._refuted(now_ms):
                self.congested_ms = now_ms
            self._conclude(now_ms)

    def _conclude(self, now_ms: float) -> None:
        """An estimate falls when a browser is short of time, too: only with losses or a queue is it the line."""
        together = now_ms - min(self._fell_ms, self._suffered_ms) <= TOGETHER_MS
        if self.remb_bps is None or not together or self._refuted(now_ms):
            return
        self._queues = True
        self.congested_ms, self._trusted_bps = now_ms, self._in_sent(self.remb_bps)
        if now_ms - self._safe_ms < TOGETHER_MS:
            self._trusted_bps = max(self._trusted_bps, self._safe_bps)
        self._fell_ms = float("-inf")

    def _refuted(self, now_ms: float) -> bool:
        """More than the estimate would have it went through: nothing was lost, and hardly anything waits."""
        least_ms = self._delay.least_ms(now_ms)
        if self.remb_bps is None or least_ms is None or least_ms > MOST_REFUTED_MS or not self._whole:
            return False
        would_wait_ms = (CLAIM * self._claimed.bps / max(self.remb_bps, 1) - 1) * CLAIM_MS
        return least_ms < REFUTES * would_wait_ms

    def _in_sent(self, bps: float) -> float:
        """What must be sent for so much to arrive: an estimate counts arrivals, and the line's own losses stay."""
        return bps / (1 - min(self._brake.line_loss, 0.5))

    def probing(self, media_bps: float, now_ms: float) -> None:
        """Padding is being sent beside ``media_bps``, which went well alone: too much now is the padding's fault."""
        self._safe_bps, self._safe_ms = media_bps, now_ms

    def proved(self, bps: float) -> None:
        """So much was sent for a while without a sign of too much."""
        self._trusted_bps = max(self._trusted_bps, bps)
        if self._brake.cap_bps is not None:
            self._brake.cap_bps = max(self._brake.cap_bps, bps)
