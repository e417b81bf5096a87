"""Lines and media workers for ``/metrics``, read when they are asked for. Labels hold no names and stay few.

A hearing is named by its identifier, only while it is under way, and only so many at a time: nothing here grows with
the years, and nothing says who sat there or about what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from hub.lines import GOOD, Cause, Direction, Way
from hub.services.live import HearingLive, SeatLive, WorkerLive

HEIGHTS = (180, 360, 540, 720, 1080)
"""Lines of a picture, by which lines are counted: what is larger is ``more``."""
MOST_HEARINGS = 50
"""With labels of their own; the others are counted together as ``other``."""
Metric = CounterMetricFamily | GaugeMetricFamily


class LineCollector(Collector):
    """Reads the views that the help desk reads."""

    def __init__(self, hearings: Callable[[], list[HearingLive]], workers: Callable[[], list[WorkerLive]]) -> None:
        self._hearings, self._workers = hearings, workers

    def collect(self) -> Iterator[Metric]:
        yield from _workers(self._workers())
        hearings = self._hearings()
        seats = [seat for hearing in hearings for seat in hearing.seats]
        yield _scores(seats)
        yield _troubles(seats)
        yield from _ways(seats)
        yield from _by_hearing(hearings)

    def describe(self) -> Iterable[Metric]:
        """Nothing is read at the time of registering."""
        return []


def _workers(workers: list[WorkerLive]) -> Iterator[Metric]:
    up = GaugeMetricFamily("hub_media_worker_up", "1 while the media worker answers.", labels=["worker"])
    load = GaugeMetricFamily("hub_media_worker_load", "Share of one core in use, 0–1.", labels=["worker"])
    carried = GaugeMetricFamily("hub_media_worker_hearings", "Hearings that the worker carries.", labels=["worker"])
    came = CounterMetricFamily("hub_media_worker_packets_received", "Packets from browsers.", labels=["worker"])
    went = CounterMetricFamily("hub_media_worker_packets_sent", "Packets to browsers.", labels=["worker"])
    dropped = CounterMetricFamily(
        "hub_media_worker_packets_dropped", "Packets that the kernel would not take.", labels=["worker"]
    )
    level = GaugeMetricFamily(
        "hub_media_worker_picture_level",
        "How far pictures are limited for want of time, 0: not at all.",
        labels=["worker"],
    )
    draining = GaugeMetricFamily("hub_media_worker_draining", "1 while it gives its hearings away.", labels=["worker"])
    for worker in workers:
        name = [str(worker.index)]
        up.add_metric(name, float(worker.connected))
        carried.add_metric(name, worker.hearings)
        level.add_metric(name, worker.picture_level)
        draining.add_metric(name, float(worker.draining))
        for metric, value in (
            (load, worker.load),
            (came, worker.packets_in),
            (went, worker.packets_out),
            (dropped, worker.dropped),
        ):
            if value is not None:
                metric.add_metric(name, value)
    yield from (up, load, carried, came, went, dropped, level, draining)


def _scores(seats: list[SeatLive]) -> Metric:
    metric = GaugeMetricFamily("hub_line_seats", "Seats by the mark of their line, 0 (bad) to 4.", labels=["score"])
    found = Counter(seat.quality for seat in seats if seat.quality is not None)
    for points in range(GOOD + 1):
        metric.add_metric([str(points)], found[points])
    return metric


def _troubles(seats: list[SeatLive]) -> Metric:
    metric = GaugeMetricFamily("hub_line_troubles", "Lines with a trouble, by its cause.", labels=["cause"])
    found = Counter(trouble.cause for seat in seats for trouble in seat.troubles)
    for cause in Cause:
        metric.add_metric([str(cause)], found[cause])
    return metric


def _ways(seats: list[SeatLive]) -> Iterator[Metric]:
    rate = GaugeMetricFamily("hub_line_bits_per_second", "Media of all lines together.", labels=["direction"])
    loss = GaugeMetricFamily("hub_line_worst_loss_ratio", "The greatest loss of any line, 0–1.", labels=["direction"])
    trip = GaugeMetricFamily(
        "hub_line_worst_round_trip_seconds", "The longest round trip of any line.", labels=["direction"]
    )
    jitter = GaugeMetricFamily(
        "hub_line_worst_jitter_seconds", "The greatest jitter of any line.", labels=["direction"]
    )
    for direction in Direction:
        ways = _of(seats, direction)
        name = [str(direction)]
        rate.add_metric(name, sum(way.bps for way in ways))
        loss.add_metric(name, max((way.loss for way in ways), default=0.0))
        trip.add_metric(name, max((way.round_trip_ms or 0.0 for way in ways), default=0.0) / 1000)
        jitter.add_metric(name, max((way.jitter_ms for way in ways), default=0.0) / 1000)
    yield from (rate, loss, trip, jitter, *_pictures(seats))


def _pictures(seats: list[SeatLive]) -> Iterator[Metric]:
    """The layers in use, and where nothing moves."""
    sizes = GaugeMetricFamily(
        "hub_line_pictures", "Lines by the height of the largest picture on them.", labels=["direction", "lines"]
    )
    still = GaugeMetricFamily(
        "hub_line_standing_still",
        "up: seats of which a track should come and does not; down: seats whose browser has just seen a freeze.",
        labels=["direction"],
    )
    for direction in Direction:
        found = Counter(_size(way.height) for way in _of(seats, direction))
        for size in ("none", *map(str, HEIGHTS), "more"):
            sizes.add_metric([str(direction), size], found[size])
    lines = [seat.line for seat in seats if seat.line is not None]
    still.add_metric([str(Direction.UP)], sum(any(one.stalled for one in line.sources) for line in lines))
    still.add_metric([str(Direction.DOWN)], sum(line.seen is not None and line.seen.freezes > 0 for line in lines))
    yield from (sizes, still)


def _of(seats: list[SeatLive], direction: Direction) -> list[Way]:
    lines = [seat.line for seat in seats if seat.line is not None]
    ways = [line.up if direction is Direction.UP else line.down for line in lines]
    return [way for way in ways if way is not None]


def _size(height: int | None) -> str:
    if height is None:
        return "none"
    return next((str(most) for most in HEIGHTS if height <= most), "more")


def _by_hearing(hearings: list[HearingLive]) -> Iterator[Metric]:
    there = GaugeMetricFamily("hub_hearing_seats", "Seats with media, by hearing under way.", labels=["hearing"])
    bad = GaugeMetricFamily("hub_hearing_bad_lines", "Bad lines, by hearing under way.", labels=["hearing"])
    seats: Counter[str] = Counter()
    troubled: Counter[str] = Counter()
    for number, hearing in enumerate(sorted(hearings, key=lambda one: one.hearing_id)):
        name = hearing.hearing_id if number < MOST_HEARINGS else "other"
        seats[name] += sum(seat.line is not None for seat in hearing.seats)
        troubled[name] += sum(bool(seat.troubles) for seat in hearing.seats)
    for name, count in seats.items():
        there.add_metric([name], count)
        bad.add_metric([name], troubled[name])
    yield from (there, bad)
