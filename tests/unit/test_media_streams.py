"""What is kept per stream: losses to ask for, packets to send again, keyframes, voices, reports."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import rtp
from signaling.media import audio_level, cache, keyframes, nack, rtx
from signaling.media.receiver_stats import ReceiverStats
from signaling.media.rtcp import ReportBlock, SenderReport
from signaling.media.sender_report import PublisherClock, RoundTrip
from tests.support.rtp_packets import packet

u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)

# Losses ------------------------------------------------------------------------------------------------------------


@given(u16, st.lists(st.booleans(), min_size=1, max_size=200))
def test_exactly_the_lost_packets_are_asked_for(first, arrived):
    generator = nack.NackGenerator()
    assert generator.received(first, 0)
    lost, pending = [], []
    for step, came in enumerate(arrived, 1):
        seq = first + step & 0xFFFF
        if came:
            assert generator.received(seq, 0)
            lost += pending
            pending = []
        else:
            pending.append(seq)
    if len(pending) == len(arrived):
        assert generator.due(1_000) == []
        return
    assert generator.due(nack.REORDER_MS) == lost


def test_reordering_within_a_moment_is_not_a_loss():
    generator = nack.NackGenerator()
    generator.received(1, 0)
    generator.received(3, 0)
    assert generator.due(5) == []
    assert generator.received(2, 6)
    assert generator.due(50) == []


@pytest.mark.parametrize(("round_trip_ms", "apart_ms"), [(5, 40), (60, 60), (0, 100)])
def test_a_loss_is_asked_for_again_and_again_for_a_second_and_then_given_up(round_trip_ms, apart_ms):
    generator = nack.NackGenerator()
    generator.round_trip_ms = round_trip_ms
    generator.received(1, 0)
    generator.received(3, 0)
    asked = [now for now in range(0, 2_000, 5) if generator.due(now) == [2]]
    assert asked == [10 + number * apart_ms for number in range(10)]
    assert generator.given_up == 1
    assert not generator.received(2, 2_000)


def test_a_slow_path_is_given_a_round_trip_to_answer():
    generator = nack.NackGenerator()
    generator.round_trip_ms = 300
    generator.received(1, 0)
    generator.received(3, 0)
    assert [now for now in range(0, 900, 10) if generator.due(now)] == [10, 310, 610]


def test_duplicates_are_told_and_a_packet_that_was_missing_is_new_once():
    generator = nack.NackGenerator()
    generator.received(1, 0)
    generator.received(3, 0)
    assert generator.received(2, 1)
    assert not generator.received(2, 2)
    assert not generator.received(3, 3)


def test_a_gap_too_large_to_ask_for_starts_anew():
    generator = nack.NackGenerator()
    generator.received(1, 0)
    generator.received(3, 0)
    assert generator.received(3 + nack.MOST_MISSING + 2, 0)
    assert generator.due(50) == []
    assert generator.given_up == 1


def test_a_loss_half_a_turn_behind_is_forgotten_even_if_time_stands_still():
    generator = nack.NackGenerator()
    generator.received(0, 0)
    generator.received(2, 0)
    for seq in range(100, 33_100, 200):
        generator.received(seq, 0)
    assert 1 not in generator.due(20)


# Packets to send again -----------------------------------------------------------------------------------------------


@given(u16, st.integers(1, 700), st.integers(1, 600))
def test_the_cache_keeps_at_least_its_size_across_the_wrap(first, count, size):
    ring = cache.PacketCache(size)
    for step in range(count):
        ring.put(first + step & 0xFFFF, b"%d" % step, 0)
    for step in range(max(0, count - size), count):
        assert ring.get(first + step & 0xFFFF, 0) == b"%d" % step
    assert ring.get(first + count & 0xFFFF, 0) is None
    assert ring.get(first - 1 & 0xFFFF, 0) is None


def test_the_cache_forgets_after_two_seconds():
    ring = cache.PacketCache(cache.AUDIO_PACKETS)
    ring.put(7, b"old", 0)
    assert ring.get(7, 2_000) == b"old"
    assert ring.get(7, 2_001) is None


def test_number_zero_is_not_found_in_an_empty_cache():
    assert cache.PacketCache(cache.VIDEO_PACKETS).get(0, 0) is None


@given(u16, u32, st.booleans(), st.binary(min_size=1, max_size=50), st.integers(0, 9), st.booleans())
def test_a_retransmission_gives_the_original_back(seq, ts, mark, body, padding, extended):
    extension = (rtp.ONE_BYTE_PROFILE, b"\x10\x07") if extended else None
    original = packet(seq=seq, ts=ts, ssrc=11, pt=96, mark=mark, payload=body, padding=padding, extension=extension)
    sent = rtx.wrap(original, ssrc=22, seq=9, payload_type=97)
    assert rtp.valid(sent)
    assert (rtp.ssrc(sent), rtp.sequence(sent), rtp.payload_type(sent)) == (22, 9, 97)
    back = rtx.unwrap(sent, ssrc=11, payload_type=96)
    assert back == packet(seq=seq, ts=ts, ssrc=11, pt=96, mark=mark, payload=body, extension=extension)


def test_padding_sent_as_retransmission_to_probe_the_path_is_no_packet():
    assert rtx.unwrap(packet(payload=b"", padding=200), ssrc=1, payload_type=96) is None


# Keyframes -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(0, 400), st.sampled_from(["ask", "due", "arrived"])), max_size=80))
def test_a_source_is_never_asked_twice_within_half_a_second(steps):
    requests, now, last = keyframes.KeyframeRequests(), 0.0, -math.inf
    for pause, what in steps:
        now += pause
        if what == "arrived":
            requests.arrived()
        elif requests.ask(now) if what == "ask" else requests.due(now):
            assert now - last >= keyframes.BETWEEN_MS
            last = now


def test_a_wish_that_came_too_soon_is_sent_later():
    requests = keyframes.KeyframeRequests()
    assert not requests.due(0)
    assert requests.ask(0)
    requests.arrived()
    assert not requests.ask(100)
    assert not requests.due(499)
    assert requests.due(500)
    requests.arrived()
    assert not requests.due(5_000)


def test_a_floor_change_passes_the_throttle_once():
    requests = keyframes.KeyframeRequests()
    assert requests.ask(0)
    assert requests.ask(10, urgent=True)
    assert not requests.ask(20, urgent=True)
    assert requests.ask(520, urgent=True)


def test_a_camera_without_keyframes_is_not_asked_for_ever():
    requests = keyframes.KeyframeRequests()
    asked = requests.ask(0) + sum(requests.due(now) for now in range(0, 60_000, 100))
    assert asked == keyframes.MOST_ASKS
    assert not requests.wanted
    assert requests.ask(60_000)


@given(u16, st.integers(1, keyframes.MOST_PACKETS), st.randoms(use_true_random=False))
def test_a_joiner_gets_the_keyframe_and_all_that_followed_in_order(first, count, random):
    gop = keyframes.GopCache()
    gop.add(first - 1 & 0xFFFF, b"before", keyframe=False)
    order = list(range(1, count))
    random.shuffle(order)
    gop.add(first, b"0", keyframe=True)
    for step in order:
        gop.add(first + step & 0xFFFF, b"%d" % step, keyframe=False)
    gop.add(first - 1 & 0xFFFF, b"late", keyframe=False)
    assert gop.packets() == [b"%d" % step for step in range(count)]


def test_packets_that_overtook_the_first_of_their_keyframe_belong_to_it():
    gop = keyframes.GopCache()
    gop.add(10, b"old", keyframe=True)
    gop.add(12, b"second", keyframe=False)
    gop.add(11, b"first", keyframe=True)
    assert gop.packets() == [b"first", b"second"]
    gop.add(10, b"old", keyframe=True)
    assert gop.packets() == [b"first", b"second"]


def test_an_incomplete_or_long_group_is_not_replayed():
    gop = keyframes.GopCache()
    assert gop.packets() == []
    gop.add(1, b"1", keyframe=True)
    gop.add(3, b"3", keyframe=False)
    assert gop.packets() == []
    for seq in range(4, 3 + keyframes.MOST_PACKETS):
        gop.add(seq, b"x", keyframe=False)
    gop.add(2, b"2", keyframe=False)
    assert gop.packets() == []
    gop.add(100, b"k", keyframe=True)
    assert gop.packets() == [b"k"]
    gop.clear()
    assert gop.packets() == []


# Voices --------------------------------------------------------------------------------------------------------------


def speak(voices: audio_level.Voices, peer: str, level: int, begin: float, end: float) -> None:
    now = begin
    while now < end:
        voices.observe(peer, level, now)
        now += 20


def test_the_loudest_speaker_comes_first_and_the_silent_are_not_named():
    voices = audio_level.Voices()
    for peer, level in (("quiet", 30), ("loud", 10), ("silent", 90)):
        speak(voices, peer, level, 0, 1_000)
    assert voices.speaking(1_000) == ["loud", "quiet"]


def test_a_cough_is_not_speech():
    voices = audio_level.Voices()
    speak(voices, "a", 100, 0, 300)
    speak(voices, "a", 5, 300, 360)
    speak(voices, "a", 100, 360, 1_000)
    assert voices.speaking(1_000) == []


def test_who_stops_sending_stops_speaking():
    voices = audio_level.Voices()
    speak(voices, "a", 10, 0, 1_000)
    assert voices.speaking(1_000) == ["a"]
    assert voices.speaking(1_000 + audio_level.STALE_MS + 1) == []
    voices.observe("a", 10, 5_000)
    assert voices.speaking(5_000) == []
    speak(voices, "a", 10, 5_000, 6_000)
    voices.forget("a")
    assert voices.speaking(6_000) == []


def test_who_falls_silent_is_dropped_after_a_window():
    voices = audio_level.Voices()
    speak(voices, "a", 10, 0, 1_000)
    speak(voices, "a", 127, 1_000, 2_000)
    assert voices.speaking(2_000) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 127), st.floats(0, 500)), max_size=200))
def test_any_levels_give_an_order_without_repeats(steps):
    voices, now = audio_level.Voices(), 0.0
    for peer, level, pause in steps:
        now += pause
        voices.observe(peer, level, now)
        speaking = voices.speaking(now)
        assert len(speaking) == len(set(speaking))


def test_the_level_is_read_without_the_voice_bit():
    assert audio_level.level_of(b"\xff") == 127
    assert audio_level.level_of(b"\x85") == 5


# Reports -------------------------------------------------------------------------------------------------------------


@given(u16, st.lists(st.sampled_from(["arrive", "lose", "twice"]), max_size=300))
def test_losses_are_counted_as_expected_less_received(first, fates):
    stats = ReceiverStats(90_000)
    stats.received(first, 0, 0)
    for step, fate in enumerate([*fates, "arrive"], 1):
        for _ in range({"arrive": 1, "lose": 0, "twice": 2}[fate]):
            stats.received(first + step & 0xFFFF, 0, 0)
    block = stats.block(9, 0)
    lost = fates.count("lose") - fates.count("twice")
    assert block.ssrc == 9
    assert block.lost == lost
    assert block.highest == first + len(fates) + 1
    assert block.fraction_lost == max(0, lost * 256 // (len(fates) + 2))
    assert stats.block(9, 0).fraction_lost == 0


def test_a_stream_that_has_not_begun_reports_nothing():
    assert ReceiverStats(48_000).block(1, 5) == ReportBlock(1, 0, 0, 0, 0, 0, 0)
    assert ReceiverStats(48_000).expected_packets == 0


def test_a_whole_interval_lost_is_255_of_256():
    stats = ReceiverStats(90_000)
    stats.received(1, 0, 0)
    stats.block(1, 0)
    stats.received(1_000, 0, 0)
    assert stats.block(1, 0).fraction_lost == 255


def test_jitter_settles_at_the_mean_deviation():
    stats = ReceiverStats(90_000)
    for number in range(2_000):
        late_ns = 10_000_000 if number % 2 else 0
        stats.received(number, number * 1_800, number * 20_000_000 + late_ns)
        stats.received(number, number * 1_800, number * 20_000_000 + late_ns + 999)
    assert stats.jitter_ms == pytest.approx(10, rel=0.01)
    assert stats.block(1, 0).jitter == pytest.approx(900, rel=0.01)


def test_a_steady_stream_has_no_jitter_across_the_timestamp_wrap():
    stats = ReceiverStats(90_000)
    for number in range(50):
        stats.received(number, (2**32 - 10_000 + number * 1_800) & 0xFFFFFFFF, number * 20_000_000)
    assert stats.jitter_ms == pytest.approx(0, abs=1e-6)


def test_a_report_tells_how_long_ago_the_publisher_reported():
    stats = ReceiverStats(90_000)
    stats.sender_report(SenderReport(1, 0x1122_3344_5566_7788, 0, 0, 0), 1_000_000_000)
    block = stats.block(1, 1_500_000_000)
    assert block.lsr == 0x3344_5566
    assert block.dlsr == 32_768


@given(st.integers(0, 2**64 - 1), u32, u32, st.integers(0, 3_600_000_000_000))
def test_a_consumers_report_moves_both_clocks_by_the_same_time(ntp, ts, offset, later_ns):
    clock = PublisherClock(48_000)
    assert clock.report(5, 0, 1, 2, 0) is None
    clock.received(SenderReport(1, ntp, ts, 8, 9), 1_000)
    report = clock.report(5, offset, 2**32 + 1, 2, 1_000 + later_ns)
    assert (report.ssrc, report.packets, report.octets) == (5, 1, 2)
    elapsed_s = ((report.ntp - ntp) % 2**64) / 2**32
    ticks = (report.rtp_timestamp - ts - offset) % 2**32
    assert elapsed_s == pytest.approx(later_ns / 1e9, abs=1e-6)
    assert ticks == pytest.approx(elapsed_s * 48_000, abs=2)


def test_the_round_trip_is_what_is_left_after_the_receivers_delay():
    trip = RoundTrip()
    report = SenderReport(5, 0xAAAA_BBBB_CCCC_DDDD, 0, 0, 0)
    block = ReportBlock(5, 0, 0, 0, 0, 0xBBBB_CCCC, 65_536 // 2)
    trip.sent(report, 0)
    assert trip.received(block, 540_000_000) == pytest.approx(40)
    assert trip.ms == pytest.approx(40)
    trip.sent(report, 0)
    assert trip.received(block, 620_000_000) == pytest.approx(120)
    assert trip.ms == pytest.approx(50)
    trip.sent(report, 0)
    assert trip.received(ReportBlock(6, 0, 0, 0, 0, 0xBBBB_CCCC, 0), 0) is None
    assert trip.received(block, 0) == 0


def test_only_the_last_reports_are_remembered():
    trip = RoundTrip()
    for second in range(100):
        trip.sent(SenderReport(5, second << 32, 0, 0, 0), second)
    assert trip.received(ReportBlock(5, 0, 0, 0, 0, 1 << 16, 0), 99) is None
    assert trip.received(ReportBlock(5, 0, 0, 0, 0, 99 << 16, 0), 99) is not None


def test_a_report_that_came_late_is_counted_once_however_often_it_is_told_of() -> None:
    """A stream that rests gets no newer one, and its receiver goes on answering the last."""
    trip, clock = RoundTrip(), PublisherClock(90_000)
    clock.received(SenderReport(1, 5 << 40, 0, 1, 1), 0)
    report = clock.report(7, 0, 1, 1, 0)
    assert report is not None
    trip.sent(report, 0)
    middle = report.ntp >> 16 & 0xFFFFFFFF
    found = [
        trip.received(ReportBlock(7, 0, 0, 0, 0, middle, at * 65_536), at * 1_000_000_000 + 236_000_000)
        for at in (1, 2, 3)
    ]
    assert found == [pytest.approx(236), None, None]
