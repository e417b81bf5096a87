"""What a subscriber's line is found to carry, in a closed loop with a line that is known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from signaling.media.bandwidth import LOSS, START_BPS, Bandwidth, LossBrake, SentRate
from signaling.media.layers import Layer
from signaling.media.probing import MOST_WAIT_MS, PROBE_MS, STEP, STILL_TRIES, STILL_WAIT_MS, WAIT_MS, Prober, Sight
from tests.support.fluid_line import FluidLine, Subscriber

CAMERA = (Layer(90, 100_000), Layer(180, 220_000), Layer(360, 700_000))
VOICES = 50_000


def behind(line: FluidLine) -> Subscriber:
    return Subscriber(line, CAMERA, VOICES)


def test_a_good_line_soon_carries_everything() -> None:
    subscriber = behind(FluidLine(20_000_000))
    subscriber.run(5)
    assert subscriber.level == 2
    assert subscriber.overloaded_ms == 0
    subscriber.run(60)
    assert set(subscriber.levels[10:]) == {2}
    assert subscriber.padded_bytes == 0, "nobody probes a line that shows no limit"


@pytest.mark.parametrize("busy_s", [(0, 60), (10, 60), (3, 20)])
def test_a_browser_that_is_short_of_time_is_no_weak_line(busy_s: tuple[int, int]) -> None:
    line = FluidLine(20_000_000)
    subscriber = behind(line)
    begins_s, ends_s = busy_s
    subscriber.run(begins_s)
    line.busy = True
    subscriber.run(ends_s - begins_s)
    line.busy = False
    assert None not in subscriber.levels, "no picture stands still for it"


def test_a_line_that_was_weak_for_a_moment_is_climbed_although_the_estimate_stays_low() -> None:
    line = FluidLine(150_000)
    subscriber = behind(line)
    subscriber.run(10)
    line.capacity_bps, line.busy = 20_000_000, True
    subscriber.run(120)
    assert subscriber.level == 2


@pytest.mark.parametrize("queue_ms", [0, 100, 500, 2000])
@pytest.mark.parametrize(("capacity", "levels"), [(400_000, {0, 1}), (200_000, {0, None}), (100_000, {None, 0})])
def test_a_weak_line_gets_what_it_carries(capacity: int, queue_ms: int, levels: set[int | None]) -> None:
    subscriber = behind(FluidLine(capacity, queue_ms))
    subscriber.run(15)
    subscriber.overloaded_ms = 0
    before = len(subscriber.levels)
    subscriber.run(120)
    assert set(subscriber.levels[before:]) <= levels
    assert subscriber.overloaded_ms < 0.12 * 120_000, "the voices have the line to themselves nearly always"


def test_a_line_that_gets_better_is_climbed_by_probes() -> None:
    line = FluidLine(250_000)
    subscriber = behind(line)
    subscriber.run(60)
    assert subscriber.level in (0, None)
    line.capacity_bps = 5_000_000
    subscriber.run(75)
    assert subscriber.level == 2
    assert subscriber.padded_bytes > 0


@pytest.mark.parametrize(("slow_s", "back_s"), [(10, 15), (20, 15), (60, 27), (600, 27)])
@pytest.mark.parametrize("queue_ms", [0, 400, 1500])
@pytest.mark.parametrize("capacity", [100_000, 120_000])
def test_a_picture_that_stood_still_for_long_is_back_soon_after_the_line_is(
    capacity: int, queue_ms: int, slow_s: int, back_s: int
) -> None:
    line = FluidLine(capacity, queue_ms)
    subscriber = behind(line)
    subscriber.run(slow_s)
    line.capacity_bps = 5_000_000
    before = len(subscriber.levels)
    subscriber.run(back_s)
    assert subscriber.level is not None
    assert None in subscriber.levels[:before]


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.2, 0.4])
def test_losses_that_do_not_depend_on_the_rate_are_no_reason_to_send_less(loss: float) -> None:
    subscriber = behind(FluidLine(20_000_000, loss=loss))
    subscriber.run(60)
    assert set(subscriber.levels[80:]) == {2}


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.2])
def test_a_picture_of_one_quality_does_not_stand_still_for_losses_of_the_line(loss: float) -> None:
    subscriber = Subscriber(FluidLine(20_000_000, loss=loss), CAMERA[2:], VOICES)
    subscriber.run(60)
    assert set(subscriber.levels) == {0}


def test_a_brake_learns_what_is_the_lines_own_loss_although_it_varies() -> None:
    draw, brake, now_ms, caps = random.Random(4), LossBrake(), 0.0, 0
    sent = 800_000.0
    for _ in range(120):
        now_ms += 1000
        brake.report(min(1.0, max(0.0, draw.gauss(0.4, 0.05))), sent, now_ms)
        sent = min(800_000.0, brake.cap_bps or 800_000.0)
        caps += brake.cap_bps is not None and now_ms > 30_000
    assert caps < 10
    assert brake.line_loss > LOSS / 2


def test_an_estimate_that_only_follows_what_is_sent_is_no_limit() -> None:
    bandwidth, total = Bandwidth(), 0
    for step in range(100):
        total += 40_000 // 80
        bandwidth.sent(total, step * 100, content=True)
        bandwidth.remb(60_000 - step, step * 100)
        bandwidth.reported(0, step * 100)
    assert not bandwidth.limited
    assert bandwidth.available_bps == START_BPS


def test_an_estimate_that_falls_below_what_is_sent_is_a_limit_until_all_is_well_for_long() -> None:
    bandwidth, total, now_ms = Bandwidth(), 0, 0.0

    def send(seconds: float, remb: int) -> None:
        nonlocal total, now_ms
        for _ in range(int(seconds * 10)):
            now_ms += 100
            total += 500_000 // 80
            bandwidth.sent(total, now_ms, content=True)
            bandwidth.remb(remb, now_ms)

    bandwidth.round_trip(20, now_ms)
    send(5, 900_000)
    assert not bandwidth.limited
    send(1, 300_000)
    assert not bandwidth.limited, "a browser that is short of time says so too"
    bandwidth.round_trip(200, now_ms)
    assert not bandwidth.limited, "and answers late, now and then"
    send(1, 300_000)
    bandwidth.round_trip(200, now_ms)
    assert not bandwidth.limited, "with so little more than it says it carries, more would wait by now"
    send(1, 300_000)
    bandwidth.round_trip(400, now_ms)
    send(1, 300_000)
    bandwidth.round_trip(600, now_ms)
    assert bandwidth.limited
    assert bandwidth.available_bps == 300_000
    send(1, 600_000)
    assert bandwidth.available_bps == 600_000
    send(40, 600_000)
    assert not bandwidth.limited


def test_the_sent_rate_is_that_of_the_last_second() -> None:
    rate = SentRate()
    for step in range(50):
        rate.measure(step * 1250, step * 100)
    assert rate.bps == pytest.approx(100_000)
    for step in range(50, 65):
        rate.measure(50 * 1250, step * 100)
    assert rate.bps == pytest.approx(0, abs=1)


def test_a_probe_is_short_stops_at_the_first_sign_and_waits_longer_each_time() -> None:
    prober, now_ms, congested_ms = Prober(), 100_000.0, 0.0
    waits = []
    for _ in range(8):
        begun = now_ms
        while not prober.padding_bps:
            now_ms += 500
            prober.look(sight(congested_ms), now_ms)
        waits.append(now_ms - begun)
        congested_ms = now_ms = now_ms + 500
        assert prober.look(sight(congested_ms), now_ms) is None
        assert prober.padding_bps == 0
    assert waits[1] >= WAIT_MS
    assert waits == sorted(waits)
    assert waits[-1] == MOST_WAIT_MS


def sight(congested_ms: float = 0, sent_bps: float = 300_000, need_bps: float | None = 300_000) -> Sight:
    return Sight(
        media_bps=150_000,
        sent_bps=sent_bps,
        available_bps=150_000,
        remb_bps=None,
        need_bps=need_bps,
        congested_ms=congested_ms,
    )


def test_a_probe_proves_what_really_went_out() -> None:
    for sent_bps, proved in ((225_000, 225_000), (200_000, 200_000)):
        prober = Prober()
        assert prober.look(sight(), 10_000) is None
        assert prober.padding_bps == 75_000, "at most half as much again"
        assert prober.look(sight(sent_bps=sent_bps), 10_000 + PROBE_MS) == proved
        assert prober.padding_bps == 0


def test_a_probe_during_which_the_estimate_did_not_rise_proves_nothing() -> None:
    for estimate, proved in ((200_000, None), (210_000, 225_000)):
        prober = Prober()
        prober.look(replace(sight(), remb_bps=200_000), 10_000)
        assert prober.look(replace(sight(), remb_bps=estimate), 10_000 + PROBE_MS) == proved


def test_a_probe_under_which_the_estimate_sinks_ends_at_once() -> None:
    for estimate, ends in ((160_000, True), (180_000, False)):
        prober = Prober()
        prober.look(replace(sight(), remb_bps=200_000), 10_000)
        prober.look(replace(sight(), remb_bps=estimate), 10_500)
        assert prober.active is not ends


def test_an_estimate_says_nothing_while_all_that_is_sent_arrives_at_once() -> None:
    for estimate in (120_000, 200_000):
        prober = Prober()
        prober.look(replace(sight(), remb_bps=200_000), 10_000)
        prober.look(replace(sight(), remb_bps=estimate, prompt=True), 10_500)
        assert prober.look(replace(sight(), remb_bps=estimate, prompt=True), 10_000 + PROBE_MS) == 225_000


def test_who_shows_no_picture_probes_soon_again_and_no_bolder_for_it() -> None:
    prober, now_ms, congested_ms, waits = Prober(), 100_000.0, 0.0, []
    for _ in range(STILL_TRIES + 2):
        begun = now_ms
        while not prober.active:
            now_ms += 500
            prober.look(replace(sight(congested_ms), still=True), now_ms)
        assert prober.padding_bps == pytest.approx((STEP - 1) * 150_000)
        waits.append(now_ms - begun)
        congested_ms = now_ms = now_ms + 500
        prober.look(replace(sight(congested_ms), still=True), now_ms)
    assert max(waits[: STILL_TRIES + 1]) <= STILL_WAIT_MS
    assert waits[-1] > STILL_WAIT_MS


def test_a_probe_ends_when_nothing_is_missing_any_more() -> None:
    prober = Prober()
    prober.look(sight(), 10_000)
    prober.look(sight(need_bps=None), 10_500)
    assert prober.padding_bps == 0
