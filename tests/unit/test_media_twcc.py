"""Transport-wide feedback: what the recorder says is what arrived, to 250 µs."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.media import rtcp
from signaling.media.twcc import MOST_STATUSES, TwccRecorder


def told(recorder: TwccRecorder) -> list[rtcp.TransportFeedback]:
    """Everything the recorder has to say now."""
    said = []
    while (data := recorder.feedback(1, 2)) is not None:
        assert len(data) < 1200
        said += rtcp.parse(data)
    return said


def test_nothing_received_means_no_feedback():
    recorder = TwccRecorder()
    assert recorder.feedback(1, 2) is None
    recorder.received(5, 1_000_000)
    assert recorder.feedback(1, 2) is not None
    assert recorder.feedback(1, 2) is None


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 2**37),
    st.lists(st.tuples(st.booleans(), st.integers(0, 60_000)), min_size=1, max_size=1_000),
)
def test_every_arrival_is_told_once_and_within_250_us(first, start_us, steps):
    recorder, sent, now = TwccRecorder(), {first: start_us}, start_us
    recorder.received(first, start_us)
    seq = first
    for arrived, gap in steps:
        seq, now = (seq + 1) & 0xFFFF, now + gap
        if arrived:
            recorder.received(seq, now)
            sent[seq] = now
    said = [arrival for feedback in told(recorder) for arrival in feedback.arrivals]
    heard = {number: at for number, at in said if at is not None}
    assert heard.keys() == sent.keys()
    assert len(said) == len({number for number, _ in said})
    # Reference time is 24 bits of 64 ms: compare on that circle.
    circle = (1 << 24) * 64_000
    for number, at in sent.items():
        difference = (heard[number] - at + circle // 2) % circle - circle // 2
        assert abs(difference) <= 250


def test_feedback_packets_are_counted_and_continue_where_the_last_ended():
    recorder = TwccRecorder()
    for number in range(MOST_STATUSES + 10):
        recorder.received(65_000 + number & 0xFFFF, number * 1_000)
    first, second = told(recorder)
    assert (first.count, second.count) == (0, 1)
    assert len(first.arrivals) == MOST_STATUSES
    assert second.arrivals[0][0] == (first.arrivals[-1][0] + 1) & 0xFFFF


def test_a_pause_longer_than_a_delta_can_say_starts_another_packet():
    recorder = TwccRecorder()
    recorder.received(1, 0)
    recorder.received(2, 20_000_000)
    first, second = told(recorder)
    assert first.arrivals == ((1, 0),)
    assert second.arrivals == ((2, 20_000_000),)


def test_losses_between_reports_are_named():
    recorder = TwccRecorder()
    recorder.received(1, 0)
    told(recorder)
    recorder.received(4, 64_000)
    [feedback] = told(recorder)
    assert feedback.arrivals == ((2, None), (3, None), (4, 64_000))


def test_a_packet_that_comes_late_takes_its_reported_loss_back():
    recorder = TwccRecorder()
    recorder.received(1, 0)
    recorder.received(3, 2_000)
    told(recorder)
    recorder.received(2, 5_000)
    [feedback] = told(recorder)
    assert feedback.arrivals == ((2, 5_000), (3, 2_000))


def test_a_packet_overtaken_by_the_very_first_is_told_too():
    recorder = TwccRecorder()
    recorder.received(0, 1_000)
    recorder.received(65_535, 2_000)
    [feedback] = told(recorder)
    assert feedback.arrivals == ((65_535, 2_000), (0, 1_000))


def test_a_duplicate_keeps_its_first_time():
    recorder = TwccRecorder()
    recorder.received(1, 0)
    recorder.received(1, 9_000)
    assert told(recorder)[0].arrivals == ((1, 0),)
    recorder.received(1, 9_000)
    assert told(recorder) == []


def test_a_packet_older_than_what_is_remembered_is_ignored():
    recorder = TwccRecorder()
    recorder.received(10, 0)
    told(recorder)
    recorder.received(11, 2_000_000)
    told(recorder)
    recorder.received(9, 2_000_000)
    assert told(recorder) == []


def test_a_reopened_stretch_too_far_in_time_is_told_in_two_packets():
    recorder = TwccRecorder()
    recorder.received(0, 0)
    recorder.received(30, 0)
    told(recorder)
    recorder.received(20, 10_000_000)
    first, second = told(recorder)
    assert first.arrivals == ((20, 10_000_000), *((number, None) for number in range(21, 30)))
    assert second.arrivals == ((30, 0),)
    assert told(recorder) == []


def test_a_jump_of_thousands_of_numbers_is_not_spelled_out():
    recorder = TwccRecorder()
    recorder.received(1, 0)
    told(recorder)
    recorder.received(5_000, 10_000)
    [feedback] = told(recorder)
    assert feedback.arrivals == ((5_000, 10_000),)
