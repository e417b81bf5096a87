"""What a line's figures say of it, when it is told, and how minutes are gathered and drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lines import Cause, Direction, Figures, Limit, Seen, SourceFigures, Trouble, Way, diagnose, score
from signaling import codec, protocol
from signaling.line_minutes import Gatherer
from signaling.line_watch import APPEARS, LASTS, SEEN_ROUNDS, LineWatch, visible
from signaling.media.control import PeerStats
from web import charts

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def way(loss: float = 0.0, trip: float | None = 30.0, bps: int = 500_000, **more: object) -> Way:
    fields = {"jitter_ms": 5.0, "height": 360, "nacks": 1, "keyframe_requests": 0}
    return Way(bps=bps, loss=loss, round_trip_ms=trip, **fields | more)  # type: ignore[arg-type]


def source(**more: object) -> SourceFigures:
    fields = {
        "source": "camera",
        "bps": 0,
        "loss": 0.0,
        "jitter_ms": 0.0,
        "height": None,
        "layer": "",
        "stalled": False,
    }
    return SourceFigures(**fields | more)  # type: ignore[arg-type]


def peer(loss: float = 0.0, **more: object) -> PeerStats:
    return PeerStats(peer_id="a", up=way(loss), down=way(), **more)  # type: ignore[arg-type]


def causes(figures: Figures) -> list[Cause]:
    return [trouble.cause for trouble in diagnose(figures)]


def test_a_good_line_has_no_trouble_and_the_best_mark() -> None:
    figures = Figures(up=way(), down=way(), seen=Seen())
    assert diagnose(figures) == []
    assert score(figures) == 4


def test_nothing_known_is_no_mark() -> None:
    assert score(Figures()) is None
    assert diagnose(Figures()) == []


@pytest.mark.parametrize(
    ("figures", "trouble"),
    [
        (Figures(up=way(0.12), down=way()), Trouble(Cause.LOSS_UP, 12)),
        (Figures(up=way(), down=way(0.05)), Trouble(Cause.LOSS_DOWN, 5)),
        (Figures(up=way(), down=way(trip=843)), Trouble(Cause.DELAY, 840)),
        (Figures(up=way(jitter_ms=87.0)), Trouble(Cause.JITTER, 90)),
        (Figures(up=way(), sources=[source(stalled=True)]), Trouble(Cause.STALLED)),
        (Figures(up=way(), microphone_silent=True), Trouble(Cause.MICROPHONE_SILENT)),
        (Figures(down=way(), estimate_bps=180_000), Trouble(Cause.NARROW_DOWN, 180)),
        (Figures(down=way(0.02), seen=Seen(concealed=0.08)), Trouble(Cause.SOUND_GAPS, 8)),
        (Figures(down=way(0.02), seen=Seen(frozen=0.5, freezes=3)), Trouble(Cause.FREEZES, 50)),
        (Figures(up=way(), seen=Seen(limited=Limit.COMPUTER)), Trouble(Cause.COMPUTER)),
        (
            Figures(up=way(), seen=Seen(limited=Limit.NETWORK, available_bps=131_000)),
            Trouble(Cause.NARROW_UP, 130),
        ),
    ],
    ids=lambda value: str(value.cause) if isinstance(value, Trouble) else "",
)
def test_each_fault_has_its_cause_and_amount(figures: Figures, trouble: Trouble) -> None:
    assert diagnose(figures) == [trouble]


def test_a_line_without_a_sign_of_life_has_that_one_trouble() -> None:
    figures = Figures(up=way(0.5), down=way(), gone=True)
    assert diagnose(figures) == [Trouble(Cause.GONE)]
    assert score(figures) == 0


def test_the_gravest_trouble_comes_first() -> None:
    figures = Figures(up=way(0.2, jitter_ms=100.0), down=way(0.04, trip=900), seen=Seen(frozen=0.9, freezes=1))
    assert causes(figures) == [Cause.LOSS_UP, Cause.LOSS_DOWN, Cause.DELAY, Cause.FREEZES, Cause.JITTER]


def test_a_browsers_word_alone_never_says_that_a_line_is_gone() -> None:
    assert score(Figures(up=way(), down=way(0.02), seen=Seen(concealed=1.0, frozen=1.0))) == 1


def test_nobody_is_blamed_for_what_another_line_loses() -> None:
    """The chair hears a bad publisher in pieces over a line of its own that loses nothing."""
    figures = Figures(up=way(), down=way(), seen=Seen(concealed=0.3, frozen=0.5, freezes=4))
    assert diagnose(figures) == []
    assert score(figures) == 4


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 5000))
def test_more_loss_never_earns_a_better_mark(less: float, more: float, trip: float) -> None:
    less, more = sorted((less, more))
    marks = [score(Figures(up=way(loss, trip), down=way())) for loss in (less, more)]
    assert marks[0] is not None
    assert marks[1] is not None
    assert marks[1] <= marks[0]


# Told and withdrawn --------------------------------------------------------------------------------------------------


def test_one_bad_moment_is_not_told_and_a_lasting_trouble_is_not_withdrawn_at_once() -> None:
    watch = LineWatch()
    for _ in range(APPEARS - 1):
        watch.measured([peer(0.2)])
        assert watch.troubles == {}
    watch.measured([peer(0.2)])
    assert watch.troubles == {"a": [Trouble(Cause.LOSS_UP, 20)]}
    for _ in range(LASTS - 1):
        watch.measured([peer()])
        assert watch.troubles == {"a": [Trouble(Cause.LOSS_UP, 20)]}
    watch.measured([peer()])
    assert watch.troubles == {}


def test_a_seat_that_is_gone_takes_its_troubles_with_it() -> None:
    watch = LineWatch()
    for _ in range(3):
        watch.measured([peer(0.2)])
    watch.measured([])
    assert watch.troubles == {}
    assert watch.figures == {}


def test_a_browser_that_says_nothing_more_is_no_longer_believed() -> None:
    watch = LineWatch()
    watch.seen("a", Seen(concealed=0.5))
    for _ in range(SEEN_ROUNDS):
        watch.measured([peer()])
        assert watch.figures["a"].seen is not None
    watch.measured([peer()])
    assert watch.figures["a"].seen is None


def test_freezes_are_counted_once_between_two_measurements() -> None:
    watch = LineWatch()
    watch.seen("a", Seen(freezes=2))
    watch.seen("a", Seen(freezes=3))
    assert watch.measured([peer()]) == {"a": 5}
    assert watch.measured([peer()]) == {}


def test_a_silent_transport_is_gone_until_it_speaks_again() -> None:
    watch = LineWatch()
    watch.transport("a", "publish", silent=True)
    watch.measured([peer()])
    assert watch.quality(["a"]) == {"a": 0}
    watch.transport("a", "subscribe", silent=False)
    assert watch.quality(["a"]) == {"a": 0}
    watch.transport("a", "publish", silent=False)
    watch.measured([peer()])
    assert watch.quality(["a"]) == {"a": 4}


def test_a_room_encoder_sends_in_the_browsers_place_and_a_display_is_no_line() -> None:
    watch = LineWatch()
    encoder = PeerStats(peer_id="device.a", up=way(0.1), down=None, sources=[source(bps=5)])
    display = PeerStats(peer_id="display.t.a", up=None, down=way(0.9))
    watch.measured([PeerStats(peer_id="a", up=None, down=way(0.02)), encoder, display])
    assert watch.figures.keys() == {"a"}
    line = watch.figures["a"]
    assert line.up is not None
    assert line.down is not None
    assert (line.up.loss, line.down.loss, line.sources[0].bps) == (0.1, 0.02, 5)


def test_what_was_measured_is_the_mark_and_what_was_told_where_nothing_was() -> None:
    watch = LineWatch()
    watch.measured([peer()])
    watch.told("a", 2)
    watch.told("b", 3)
    assert watch.quality(["a", "b", "c"]) == {"a": 4, "b": 3}


def test_a_point_is_told_of_its_own_line_only() -> None:
    bad = {"a": [Trouble(Cause.DELAY, 700)], "b": [Trouble(Cause.GONE)]}
    assert visible(bad, "a", all_seats=False) == {"a": bad["a"]}
    assert visible(bad, "c", all_seats=False) == {}
    assert visible(bad, "a", all_seats=True) == bad


@pytest.mark.parametrize(
    "seen",
    [
        '{"concealed":1.5}',
        '{"frozen":-1}',
        '{"freezes":-3}',
        '{"via":"pigeon"}',
        '{"available_bps":1e300}',
        '{"fps":"x"}',
        "5",
    ],
)
def test_a_browser_cannot_say_what_cannot_be(seen: str) -> None:
    from hub.errors import ProtocolError

    with pytest.raises(ProtocolError):
        codec.parse(f'{{"type":"line","seen":{seen}}}')


def test_a_browser_may_leave_out_what_it_does_not_know() -> None:
    message = codec.parse('{"type":"line","seen":{"fps":null,"via":"tcp"}}')
    assert isinstance(message, protocol.Line)
    assert message.seen == Seen(via="tcp")  # type: ignore[arg-type]


def test_what_the_worker_sends_survives_the_wire() -> None:
    sent = peer(0.1, sources=[source(height=720, layer="h")], estimate_bps=800_000, microphone_silent=True)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=PeerStats) == sent


# Minutes -------------------------------------------------------------------------------------------------------------


def test_a_minute_holds_least_mean_and_most_of_each_direction() -> None:
    gatherer = Gatherer("part")
    for second, loss in ((0, 0.0), (20, 0.1), (59, 0.2)):
        figures = {"a": Figures(up=way(loss, trip=None), down=None)}
        gatherer.add("h", figures, {}, NOON + timedelta(seconds=second))
    gatherer.finish(NOON + MINUTE + timedelta(seconds=5))
    [row] = gatherer.take()
    assert (row.hearing_id, row.seat_id, row.direction, row.minute) == ("h", "a", Direction.UP, NOON)
    assert (row.loss_min, round(row.loss_avg, 6), row.loss_max) == (0.0, 0.1, 0.2)
    assert (row.samples, row.nacks, row.height_max, row.round_trip_ms_avg) == (3, 3, 360, None)
    assert row.score_min == 1


def test_a_minute_under_way_is_not_written_yet() -> None:
    gatherer = Gatherer("part")
    gatherer.add("h", {"a": Figures(up=way(), down=way())}, {"a": 2}, NOON)
    gatherer.finish(NOON + MINUTE)
    assert gatherer.take() == []
    gatherer.finish()
    assert [(row.direction, row.freezes) for row in gatherer.take()] == [(Direction.UP, 0), (Direction.DOWN, 2)]


def test_rows_of_one_minute_are_written_together() -> None:
    gatherer = Gatherer("part")
    for minute in range(3):
        for seat in "abc":
            gatherer.add("h", {seat: Figures(up=way())}, {}, NOON + minute * MINUTE)
    gatherer.finish()
    batches = [gatherer.take() for _ in range(4)]
    assert [len(batch) for batch in batches] == [3, 3, 3, 0]
    assert [batch[0].minute for batch in batches[:3]] == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


def test_while_nothing_can_be_written_the_oldest_minutes_go_first() -> None:
    gatherer = Gatherer("part", most_rows=3)
    for minute in range(3):
        gatherer.add("h", {"a": Figures(up=way())}, {}, NOON + minute * MINUTE)
    gatherer.finish()
    batch = gatherer.take()
    gatherer.add("h", {"a": Figures(up=way())}, {}, NOON + 3 * MINUTE)
    gatherer.finish()
    gatherer.give_back(batch)
    kept = []
    while rows := gatherer.take():
        kept += [row.minute for row in rows]
    assert kept == [NOON + MINUTE, NOON + 2 * MINUTE, NOON + 3 * MINUTE]
    assert gatherer.forgotten == 1


# Charts --------------------------------------------------------------------------------------------------------------


def test_a_minute_without_figures_parts_the_curve() -> None:
    found = [(NOON, 0.0), (NOON + MINUTE, 0.1), (NOON + 3 * MINUTE, 0.05)]
    values = charts.minutes(found, NOON, NOON + 4 * MINUTE)
    assert values == [0.0, 0.1, None, 0.05, None]
    drawn = charts.chart(values, width=40, height=10, least_top=0.1)
    assert drawn.lines == ("0,10 10,0",)
    assert drawn.dots == ((30.0, 5.0),)


@given(st.lists(st.none() | st.floats(0, 1), max_size=500), st.integers(1, 60))
def test_thinning_keeps_the_worst_minute(values: list[float | None], most: int) -> None:
    thin = charts.thinned(values, most)
    assert len(thin) <= most
    known = [value for value in values if value is not None]
    assert max((value for value in thin if value is not None), default=None) == max(known, default=None)


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=300))
def test_everything_is_drawn_within_the_chart(values: list[float | None]) -> None:
    drawn = charts.chart(values, width=120, height=24, least_top=0.1)
    points = [tuple(map(float, pair.split(","))) for line in drawn.lines for pair in line.split()]
    assert all(0 <= x <= 120.1 and 0 <= y <= 24 for x, y in [*points, *drawn.dots])


@given(st.integers(0, 24 * 60))
def test_an_axis_never_has_more_ticks_than_can_be_read(count: int) -> None:
    ticks = charts.time_ticks(NOON, NOON + count * MINUTE, 640)
    assert 1 <= len(ticks) + (count == 0) <= charts.MOST_TICKS + 2
