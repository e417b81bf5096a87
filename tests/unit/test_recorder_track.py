"""Where segments are cut, what becomes a gap and why, and where on the time line media lies."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder import breaks, timeline
from recorder.timeline import Hole, Piece, explain
from recorder.track import Ended, Point
from tests.support.fake_worker import as_rtx
from tests.support.feed import SECOND, Feed, sizes, times, vp8_data


def spans(feed: Feed) -> list[tuple[int, int]]:
    return [(cut.start_ms, cut.duration_ms) for cut in feed.cuts]


def test_a_picture_is_cut_at_the_first_keyframe_after_seven_tenths() -> None:
    feed = Feed()
    feed.run(0, 20, keyframe_every=30)
    feed.track.end(20 * SECOND)
    assert spans(feed) == [(0, 9000), (9000, 9000), (18_000, 2000)]
    assert all(cut.begins_with_keyframe for cut in feed.cuts)


def test_without_a_keyframe_the_cut_comes_before_the_limit_and_is_marked() -> None:
    feed = Feed()
    feed.run(0, 15)
    feed.track.end(15 * SECOND)
    assert spans(feed) == [(0, 9400), (9400, 5600)]
    assert [cut.begins_with_keyframe for cut in feed.cuts] == [True, False]


def test_a_keyframe_is_asked_for_before_the_cut_only() -> None:
    feed = Feed()
    feed.run(0, 6.5)
    assert not feed.track.asks_keyframe()
    for index in range(5):
        feed.send(6.5 + index / 10)
    assert feed.track.asks_keyframe()
    feed.send(7.1, keyframe=True)
    assert not feed.track.asks_keyframe()


def test_a_change_of_resolution_begins_a_new_segment() -> None:
    feed = Feed()
    feed.run(0, 3)
    feed.send(3.0, keyframe=True, width=640)
    feed.send(3.1)
    feed.track.end(round(3.2 * SECOND))
    assert spans(feed) == [(0, 3000), (3000, 200)]


def test_sound_is_cut_at_the_limit_and_nothing_is_missing_between() -> None:
    feed = Feed("audio")
    feed.run(0, 25)
    feed.track.end(25 * SECOND)
    assert spans(feed) == [(0, 10_000), (10_000, 10_000), (20_000, 5000)]
    assert [at for cut in feed.cuts for at in times(cut.data)] == list(range(0, 25_000, 20))


def test_times_in_the_file_count_from_the_epoch() -> None:
    feed = Feed()
    feed.run(3600, 3603)
    feed.track.end(3603 * SECOND)
    (cut,) = feed.cuts
    assert times(cut.data) == list(range(3_600_000, 3_603_000, 100))


def test_a_muted_stretch_is_a_gap_with_its_cause_and_ends_the_segment() -> None:
    feed = Feed("audio")
    feed.run(0, 2)
    feed.track.state(2 * SECOND, "muted")
    feed.track.state(5 * SECOND, "recess")
    feed.track.state(9 * SECOND, "")
    feed.run(9, 10)
    feed.track.end(10 * SECOND)
    assert feed.gaps == [(2000, 5000, "muted"), (5000, 9000, "recess")]
    assert spans(feed) == [(0, 2000), (9000, 1000)]
    assert [o.resume.cause for o in feed.track.out if isinstance(o, Point)] == ["muted", "recess", ""]


def test_what_comes_while_muted_is_not_kept() -> None:
    feed = Feed("audio")
    feed.run(0, 1)
    feed.track.state(1 * SECOND, "muted")
    feed.run(1, 2)
    feed.track.end(2 * SECOND)
    assert spans(feed) == [(0, 1000)]
    assert feed.gaps == [(1000, 2000, "muted")]


def test_a_track_muted_from_its_beginning_asks_for_a_keyframe_when_it_may_flow() -> None:
    feed = Feed()
    feed.track.state(0, "muted")
    assert not feed.track.asks_keyframe()
    feed.track.state(4 * SECOND, "")
    assert feed.track.asks_keyframe()
    assert feed.gaps == [(0, 4000, "muted")]


def test_a_long_loss_is_a_gap_and_what_the_recorder_missed_is_its_own() -> None:
    feed = Feed("audio", holes=[Hole(3000, 6000, "recorder_lost")])
    feed.run(0, 2)
    feed.seq += 250
    feed.run(7, 8)
    feed.track.end(8 * SECOND)
    assert feed.gaps == [(2000, 3000, "lost"), (3000, 6000, "recorder_lost"), (6000, 7000, "lost")]


def test_a_hole_in_which_nothing_was_missed_is_no_gap() -> None:
    feed = Feed("audio", holes=[Hole(500, 1500, "recorder_lost")])
    feed.run(0, 3)
    feed.track.end(3 * SECOND)
    assert feed.gaps == []


def test_a_short_loss_of_sound_is_told_to_the_decoder_in_place() -> None:
    feed = Feed("audio")
    feed.run(0, 1, skip=(20, 21))
    feed.track.end(2 * SECOND)
    (cut,) = feed.cuts
    assert times(cut.data) == list(range(0, 1000, 20))


def test_a_quiet_screen_is_no_gap_but_its_silence_closes_the_segment() -> None:
    feed = Feed()
    feed.send(0, keyframe=True)
    feed.send(2.5)
    feed.track.advance(round(4 * SECOND))
    assert feed.cuts == []
    feed.track.advance(round(5.6 * SECOND))
    assert len(feed.cuts) == 1
    assert feed.gaps == []


def test_the_rest_of_a_picture_that_comes_after_a_long_silence_makes_it_whole() -> None:
    """As when a recorder is killed within a picture and its successor is slow to hear the rest."""
    feed = Feed()
    feed.run(0, 1)
    rest = feed.send(1.0, parts=2, lose=(1,))
    feed.track.advance(feed.at(5))
    for packet in rest:
        feed.track.rtp(feed.at(5), packet, 1)
    feed.track.end(feed.at(5))
    assert [sizes(cut.data)[-1] for cut in feed.cuts] == [len(vp8_data(keyframe=False))] * 2
    assert feed.gaps[0][0] > 1000


def test_what_cannot_be_decoded_for_want_of_a_keyframe_is_part_of_the_gap() -> None:
    feed = Feed()
    feed.run(0, 2)
    for n in range(20):
        feed.send(2 + n * 0.1, lose=(0,))
    for n in range(10):
        feed.send(4 + n * 0.1)
    feed.run(5, 6)
    feed.track.end(feed.at(6))
    assert [cut.begins_with_keyframe for cut in feed.cuts] == [True, False, True]
    assert feed.gaps == [(feed.cuts[0].start_ms + feed.cuts[0].duration_ms, 5000, "lost")]


def test_a_short_rest_that_cannot_be_decoded_is_part_of_the_gap_too() -> None:
    """However short: the limit cut what waits for a keyframe, and the hearing ended before one came."""
    feed = Feed()
    feed.run(0, 2)
    for n in range(10):
        feed.send(2 + n * 0.1, lose=(0,))
    for n in range(98):
        feed.send(3 + n * 0.1)
    feed.track.end(feed.at(12.8))
    assert [(cut.begins_with_keyframe, cut.duration_ms) for cut in feed.cuts][1:] == [(False, 9400), (False, 400)]
    assert feed.gaps == [(2000, 12_400, "lost"), (12_400, 12_800, "lost")]


def test_a_lost_packet_that_comes_back_as_rtx_leaves_no_trace() -> None:
    feed = Feed()
    feed.run(0, 1)
    (lost,) = feed.send(1.0, keyframe=True, parts=3, lose=(1,))
    feed.send(1.1)
    feed.track.rtp(feed.at(1.15), as_rtx(lost, 2, 77), 1)
    feed.track.rtp(feed.at(1.15), as_rtx(lost, 2, 78), 1)
    feed.track.end(round(1.2 * SECOND))
    assert sum(len(times(cut.data)) for cut in feed.cuts) == 12


def test_a_picture_that_lacks_a_packet_is_left_out_and_a_keyframe_is_wanted() -> None:
    feed = Feed()
    feed.run(0, 1)
    feed.send(1.0, parts=3, lose=(1,))
    feed.send(1.1)
    feed.track.advance(round(2.0 * SECOND))
    assert not feed.track.asks_keyframe(), "it may still come"
    feed.track.advance(round(2.7 * SECOND))
    assert feed.track.asks_keyframe()
    feed.track.end(round(2.8 * SECOND))
    (cut,) = feed.cuts
    assert times(cut.data) == [*range(0, 1000, 100), 1100]


def test_a_dead_workers_track_leaves_its_gap_open() -> None:
    feed = Feed("audio")
    feed.run(0, 2)
    feed.track.end(9 * SECOND, worker_lost=True)
    assert feed.gaps == []
    assert feed.track.out[-1] == Ended(2000)


def test_a_source_that_counts_anew_is_followed() -> None:
    feed = Feed("audio")
    feed.run(0, 2)
    feed.seq = 100
    feed.first_ts = 5_000_000
    feed.run(2, 8)
    feed.track.end(8 * SECOND)
    last = feed.cuts[-1]
    assert abs(last.start_ms + last.duration_ms - 8000) <= 20
    assert sum(cut.duration_ms for cut in feed.cuts) > 6500


def test_a_camera_that_changes_its_size_all_the_time_makes_no_flood_of_files() -> None:
    """Each file costs a hash, a row and a request to the store, and who sends decides how often the size changes."""
    feed = Feed()
    for index in range(600):
        feed.send(index / 10, keyframe=True, width=320 + index % 2 * 16)
    assert len(feed.cuts) <= 3 * breaks.MOST
    feed.run(100, 120, keyframe_every=30)
    feed.track.end(120 * SECOND)
    late = [cut for cut in feed.cuts if cut.start_ms >= 100_000]
    assert sum(cut.duration_ms for cut in late) == 20_000


def test_a_sound_that_jumps_in_time_with_every_packet_makes_no_flood_of_files() -> None:
    feed = Feed("audio")
    for index in range(2_000):
        feed.first_ts = index * 1_000_000
        feed.send(index / 50)
    assert len(feed.cuts) <= 2 * breaks.MOST
    feed.run(80, 90)
    feed.track.end(90 * SECOND)
    assert sum(cut.duration_ms for cut in feed.cuts if cut.start_ms >= 75_000) >= 9_500


def test_sender_reports_put_sound_and_picture_of_a_point_on_one_clock() -> None:
    sound, picture = Feed("audio"), Feed("video")
    picture.track._clock._publisher = sound.clock  # one browser
    picture.track._clock._track_id = "t2"
    picture.delay_s = 0.4  # the picture takes longer on its way
    wall = 1_800_000_000.25
    for second in range(8):
        sound.run(second, second + 1)
        picture.run(second, second + 1)
        sound.report(second + 0.5, wall_s=wall + second + 0.5)
        picture.report(second + 0.5, wall_s=wall + second + 0.5)
    sound.track.end(8 * SECOND)
    picture.track.end(9 * SECOND)
    assert abs(sound.cuts[0].start_ms - picture.cuts[0].start_ms) <= 2


def test_without_reports_arrival_places_media() -> None:
    feed = Feed()
    feed.delay_s = 0.3
    feed.run(1, 3)
    feed.track.end(4 * SECOND)
    assert spans(feed)[0] == (1300, 2000)


@pytest.mark.parametrize("set_by_s", [3600, -3600])
def test_a_clock_that_was_set_during_the_hearing_does_not_move_media(set_by_s: int) -> None:
    feed = Feed("audio")
    for second in range(30):
        feed.run(second, second + 1)
        jump = set_by_s if second >= 12 else 0
        feed.report(second + 0.5, wall_s=1_800_000_000 + second + 0.5 + jump)
    feed.track.end(30 * SECOND)
    assert feed.gaps == []
    assert spans(feed) == [(0, 10_000), (10_000, 10_000), (20_000, 10_000)]


def test_sound_that_got_stuck_on_its_way_is_placed_where_it_was_spoken() -> None:
    feed = Feed("audio")
    for second in range(12):
        feed.delay_s = max(0, 13 - second) if second >= 5 else 0  # nothing for eight seconds, then all at once
        feed.run(second, second + 1)
        feed.report(second + 0.5, wall_s=1_800_000_000 + second + 0.5)
    feed.track.end(12 * SECOND)
    assert feed.gaps == []
    assert spans(feed) == [(0, 10_000), (10_000, 2000)]


def test_what_was_received_late_for_many_segments_is_placed_where_it_was_spoken() -> None:
    """A stalled reader makes late arrivals; only the publisher's own clock says when something was said."""
    feed = Feed("audio", max_s=2)
    for second in range(30):
        feed.delay_s = max(0, 21 - second) if second >= 4 else 0  # nothing for 17 s, then all in a hurry
        feed.run(second, second + 1)
        feed.report(second + 0.5, wall_s=1_800_000_000 + second + 0.5)
    feed.track.end(30 * SECOND)
    assert feed.gaps == []
    assert spans(feed) == [(start_ms, 2000) for start_ms in range(0, 30_000, 2000)]


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=4))
def test_any_order_and_any_repetition_gives_the_same_file(order: list[int], twice: set[int]) -> None:
    def packets(feed: Feed) -> list[bytes]:
        collected: list[bytes] = []
        feed.track.rtp = lambda _at, packet, _file: collected.append(packet)  # type: ignore[method-assign]
        for index in range(12):
            feed.send(index / 10, keyframe=index == 0)
        return collected

    made = packets(Feed())
    straight, shuffled = Feed(), Feed()
    straight.track.rtp(0, made[0], 1)
    shuffled.track.rtp(0, made[0], 1)
    for packet in made[1:]:
        straight.track.rtp(SECOND, packet, 1)
    for index in order:
        shuffled.track.rtp(SECOND, made[index], 1)
        if index in twice:
            shuffled.track.rtp(SECOND, made[index], 1)
    straight.track.end(2 * SECOND)
    shuffled.track.end(2 * SECOND)
    assert [cut.data for cut in straight.cuts] == [cut.data for cut in shuffled.cuts]


@given(
    st.integers(0, 5000),
    st.integers(0, 20_000),
    st.lists(st.tuples(st.integers(0, 25_000), st.integers(0, 8000)), max_size=4),
    st.sampled_from(["", "muted"]),
)
def test_the_pieces_of_a_gap_cover_it_without_overlap(
    start: int, length: int, raw: list[tuple[int, int]], cause: str
) -> None:
    holes = [Hole(at, at + size, "recorder_lost") for at, size in raw]
    pieces = explain(start, start + length, cause, holes, 120)
    if length < 120:
        assert pieces == []
        return
    assert pieces[0].start_ms == start
    assert pieces[-1].end_ms == start + length
    assert all(a.end_ms == b.start_ms and a.cause != b.cause for a, b in pairwise(pieces))


def test_a_cause_of_its_own_covers_a_whole_gap() -> None:
    assert explain(0, 1000, "muted", [Hole(0, 500, "spool_full")], 120) == [Piece(0, 1000, "muted")]


def test_what_was_not_recorded_is_told_even_where_a_still_picture_would_not_be() -> None:
    lost = Hole(100, 500, "recorder_lost")
    assert explain(100, 500, "", [], 500) == []
    assert explain(100, 500, "", [lost], 500) == [Piece(100, 500, "recorder_lost")]
    assert explain(100, 500, "", [Hole(100, 150, "recorder_lost")], 500) == []


def test_pictures_that_a_short_hole_swallowed_are_a_gap_and_a_still_picture_is_none() -> None:
    still, holed = Feed(), Feed(holes=[Hole(2050, 2350, "recorder_lost")])
    for feed in (still, holed):
        feed.run(0, 2.1)
        feed.send(2.4, keyframe=True)
        feed.run(2.5, 4)
        feed.track.end(4 * SECOND)
    assert still.gaps == []
    assert holed.gaps == [(2100, 2400, "recorder_lost")]


@pytest.mark.parametrize("seconds", [0.0, 1.5, 123_456.789])
def test_ntp_times_become_nanoseconds(seconds: float) -> None:
    whole, fraction = int(seconds), seconds % 1
    assert abs(timeline.ntp_ns(whole << 32 | int(fraction * 2**32)) - seconds * 1e9) < 2
