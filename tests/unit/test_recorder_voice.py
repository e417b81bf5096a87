"""When somebody speaks, from the levels that packets carry."""

from hypothesis import given
from hypothesis import strategies as st

from hub.tap import TrackOpened
from recorder import timeline, voice
from recorder.track import Cut, TrackPackager
from tests.support.feed import OPUS, SECOND
from tests.support.rtp_packets import packet

LEVEL_ID = 5


def test_loud_packets_are_speech_quiet_ones_are_not_and_a_cough_is_neither() -> None:
    loud, quiet = [(at, 20) for at in range(0, 500, 20)], [(at, 60) for at in range(500, 1000, 20)]
    cough = [(at, 10 if at < 1080 else 60) for at in range(1000, 1500, 20)]
    assert voice.activity(loud + quiet + cough, 0, 1500) == "400"


def test_the_loudest_packet_decides_how_loud_it_is() -> None:
    assert [voice.activity([(0, level)], 0, 400) for level in (0, 17, 35, 36, 127)] == ["9", "5", "1", "0", "0"]


def test_where_no_packet_tells_a_level_nothing_is_claimed() -> None:
    assert voice.activity([], 0, 10_000) == ""


@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 127)), min_size=1),
    st.integers(0, 10_000),
    st.integers(1, 10_000),
)
def test_there_is_one_digit_for_each_half_second_whatever_comes(
    told: list[tuple[int, int]], start_ms: int, duration_ms: int
) -> None:
    found = voice.activity(told, start_ms, duration_ms)
    assert len(found) == -(-duration_ms // voice.SLOT_MS)
    assert set(found) <= set("0123456789")


def packaged(level_id: int) -> list[Cut]:
    opened = TrackOpened(1, "t", "r", "s", "microphone", "audio", "opus", 48_000, 111, 1, level_id=level_id)
    track = TrackPackager(opened, timeline.PublisherClock(), [], max_s=10)
    for index in range(200):
        level = 20 if 50 <= index < 100 else 90
        extension = (0xBEDE, bytes([LEVEL_ID << 4, 0x80 | level]))
        made = packet(seq=index, ts=index * 960, ssrc=1, payload=OPUS, extension=extension)
        track.rtp(index * SECOND // 50, bytes(made), 1)
    track.end(4 * SECOND)
    return [cut for cut in track.out if isinstance(cut, Cut)]


def test_a_segment_of_sound_tells_when_somebody_spoke() -> None:
    [cut] = packaged(LEVEL_ID)
    assert cut.voice == "00440000"


def test_a_publisher_without_levels_leaves_it_open() -> None:
    [cut] = packaged(0)
    assert cut.voice == ""
