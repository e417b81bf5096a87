"""A subscriber's line as water in a pipe: capacity, queue and losses; and what a browser would say of it."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.media.bandwidth import Bandwidth
from signaling.media.layers import Allocation, Layer, LayerChooser, Video
from signaling.media.probing import Prober, Sight

STEP_MS = 100


@dataclass
class FluidLine:
    """``queue_ms`` 0 is a line that polices: what is too much is lost at once and nothing is delayed."""

    capacity_bps: float
    queue_ms: float = 500
    loss: float = 0.0
    delay_ms: float = 0.0
    busy: bool = False
    """The browser is short of time: its estimate is far too low and stays there, and two of five answers are late."""
    _remb: float | None = None
    _quiet_ms: float = 0.0

    def carry(self, bps: float) -> tuple[float, float]:
        """(what arrives in bits per second, fraction lost) of one step."""
        before = self.delay_ms
        self.delay_ms = max(0.0, before + (bps / self.capacity_bps - 1) * STEP_MS)
        lost = max(0.0, self.delay_ms - self.queue_ms) * self.capacity_bps / 1000
        self.delay_ms = min(self.delay_ms, self.queue_ms)
        total = bps * STEP_MS / 1000
        fraction = min(1.0, lost / total) if total else 0.0
        arrived = (bps if self.delay_ms == 0 and not lost else self.capacity_bps) * (1 - self.loss)
        self._estimate(arrived, grew=self.delay_ms - before > 5 and self.delay_ms > 40)
        return arrived, 1 - (1 - fraction) * (1 - self.loss)

    def _estimate(self, arrived: float, *, grew: bool) -> None:
        """As Chromium's receiver: down to 85 % of what arrives when the queue grows, else up by 8 % a second."""
        if self.busy:
            self._remb = min(self._remb or arrived, 0.5 * arrived)
        elif grew:
            self._remb = 0.85 * arrived
        elif self._remb is None:
            self._quiet_ms += STEP_MS
            self._remb = arrived if self._quiet_ms >= 5000 else None
        elif self._remb < 1.5 * arrived + 10_000:
            self._remb *= 1.08 ** (STEP_MS / 1000)

    def round_trip_ms(self, now_ms: float) -> float:
        return 20 + self.delay_ms + (250 if self.busy and now_ms % 5_000 < 2_000 else 0)

    @property
    def remb(self) -> int | None:
        return int(self._remb) if self._remb is not None else None


class Subscriber:
    """One subscriber of one camera behind a line: estimator, probes and chooser in a closed loop."""

    def __init__(self, line: FluidLine, layers: tuple[Layer, ...], voices_bps: int) -> None:
        self.line, self.bandwidth, self.prober, self.chooser = line, Bandwidth(), Prober(), LayerChooser()
        self.video, self.voices_bps = Video("camera", layers), voices_bps
        self.now_ms = 0.0
        self.level: int | None = None
        self.overloaded_ms, self.padded_bytes = 0.0, 0.0
        self.levels: list[int | None] = []
        self._total = self._media = 0.0
        self._loss: list[float] = []
        self._allocation = Allocation()
        self._media_bps = 0.0

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 1000 / STEP_MS)):
            self._step()

    def _step(self) -> None:
        if self.now_ms % 500 == 0:
            self._choose()
        media = self.voices_bps + (0 if self.level is None else self.video.layers[self.level].bps)
        bps = media + self.prober.padding_bps
        self._total += bps * STEP_MS / 8000
        self.padded_bytes += self.prober.padding_bps * STEP_MS / 8000
        self._media_bps = media
        _, lost = self.line.carry(bps)
        self._loss.append(lost)
        self.overloaded_ms += STEP_MS if self.line.delay_ms > 200 or lost > self.line.loss + 0.1 else 0
        self.now_ms += STEP_MS
        self.bandwidth.sent(int(self._total), self.now_ms, content=self._allocation.next_bps is None)
        if self.now_ms % 300 == 0 and self.line.remb is not None:
            self.bandwidth.remb(self.line.remb, self.now_ms)
        if self.now_ms % 1000 == 0:
            self.bandwidth.round_trip(self.line.round_trip_ms(self.now_ms), self.now_ms)
            self.bandwidth.reported(sum(self._loss) / len(self._loss), self.now_ms)
            self._loss.clear()

    def _choose(self) -> None:
        bandwidth = self.bandwidth
        allocation = self._allocation
        tries = bandwidth.limited and not allocation.patient
        sight = Sight(
            media_bps=self._media_bps,
            sent_bps=bandwidth.sent_bps,
            available_bps=bandwidth.available_bps,
            remb_bps=bandwidth.remb_bps,
            need_bps=allocation.next_bps if tries else None,
            congested_ms=bandwidth.congested_ms,
            prompt=bandwidth.prompt(self.now_ms),
            late=bandwidth.late,
            still=self.level is None,
        )
        if self.prober.active:
            bandwidth.probing(self._media_bps, self.now_ms)
        proved = self.prober.look(sight, self.now_ms)
        if proved is not None:
            bandwidth.proved(proved)
        self._allocation = self.chooser.choose(
            [self.video],
            self.voices_bps,
            bandwidth.available_bps,
            self.now_ms,
            limited=bandwidth.limited,
            loses=bandwidth.loses,
        )
        self.level = self._allocation.choices["camera"].forward
        self.levels.append(self.level)
