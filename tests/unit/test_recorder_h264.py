"""H.264 from room encoders: read from RTP, cut into files that play by themselves, placed where it was spoken."""

from __future__ import annotations

import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import h264
from hub.tap import TrackOpened
from recorder import fmp4, timeline
from recorder.depacketise import Packet
from recorder.h264_frames import H264Frames, Parameters
from recorder.track import Cut, Gap, TrackPackager
from tests.support.h264 import FPS, H264Encoder, brightness, packets, payloads

SECOND = 1_000_000_000
OPENED = TrackOpened(
    track=1,
    track_id="t1",
    recording_id="r1",
    seat_id="s1",
    source="camera",
    kind="video",
    codec="H264",
    clock_rate=90_000,
    payload_type=96,
    ssrc=1,
)


class Feed:
    """One H.264 track at 10 pictures a second."""

    def __init__(self, **encoder: object) -> None:
        self.encoder = H264Encoder(**encoder)  # type: ignore[arg-type]
        self.track = TrackPackager(OPENED, timeline.PublisherClock(), [], max_s=10)
        self.seq, self.number = 65_500, 0

    def send(self, *, keyframe: bool = False, lose: int = -1, without_sets: bool = False) -> None:
        units = self.encoder.next(keyframe=keyframe)
        if without_sets:
            units = [unit for unit in units if unit[0] & 0x1F not in (7, 8)]
        at_s = self.number / FPS
        for index, packet in enumerate(packets(units, seq=self.seq, ts=2**32 - 9000 + round(at_s * 90_000))):
            self.seq += 1
            if index != lose:
                self.track.rtp(round(at_s * SECOND), packet, 1)
        self.number += 1

    def run(self, count: int, *, keyframe_every: int = 0) -> None:
        for index in range(count):
            self.send(keyframe=index == 0 or bool(keyframe_every and index % keyframe_every == 0))

    @property
    def cuts(self) -> list[Cut]:
        return [one for one in self.track.out if isinstance(one, Cut)]

    @property
    def gaps(self) -> list[Gap]:
        return [one for one in self.track.out if isinstance(one, Gap)]


def decoded(data: bytes) -> list[tuple[int, int]]:
    """(position in ms, mean brightness) of every picture in a file."""
    with av.open(io.BytesIO(data), "r") as file:
        stream = file.streams.video[0]
        frames = list(file.decode(stream))
        return [(round(f.time * 1000), round(f.to_ndarray(format="gray").mean())) for f in frames if f.time is not None]


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
def test_every_segment_plays_by_itself_with_times_from_the_recording_s_beginning(profile: str) -> None:
    feed = Feed(profile=profile)
    feed.run(200, keyframe_every=30)
    feed.track.end(20 * SECOND)
    assert [(cut.start_ms, cut.duration_ms) for cut in feed.cuts] == [(0, 9000), (9000, 9000), (18_000, 2000)]
    assert all(cut.begins_with_keyframe for cut in feed.cuts)
    seen = [picture for cut in feed.cuts for picture in decoded(cut.data)]
    assert [at for at, _ in seen] == [number * 100 for number in range(200)]
    for number, (_, light) in enumerate(seen):
        assert abs(light - (brightness(number) + 19.5)) < 16, number


def test_the_media_type_names_the_profile_and_level_of_the_stream() -> None:
    feed = Feed(profile="high")
    feed.run(5)
    feed.track.end(SECOND)
    assert feed.cuts[0].media_type.startswith('video/mp4; codecs="avc1.6400')


def test_the_same_packets_give_the_same_bytes() -> None:
    first, second = Feed(), Feed()
    for feed in (first, second):
        feed.run(30)
        feed.track.end(3 * SECOND)
    assert [cut.data for cut in first.cuts] == [cut.data for cut in second.cuts]


def test_a_picture_that_lacks_a_packet_is_left_out_and_a_keyframe_asked_for() -> None:
    feed = Feed()
    feed.run(10)
    feed.send(lose=1)
    feed.send()
    feed.track.advance(4 * SECOND)
    assert feed.track.asks_keyframe()
    feed.track.end(4 * SECOND)
    assert sum(len(decoded(cut.data)) for cut in feed.cuts) == 11


def test_parameter_sets_sent_once_serve_every_later_segment() -> None:
    feed = Feed()
    feed.run(80)
    feed.send(keyframe=True, without_sets=True)
    for _ in range(19):
        feed.send()
    feed.track.end(10 * SECOND)
    assert [cut.start_ms for cut in feed.cuts] == [0, 8000]
    assert len(decoded(feed.cuts[1].data)) == 20


def test_a_recorder_started_anew_still_knows_the_parameter_sets() -> None:
    feed = Feed()
    feed.run(80)
    feed.send(keyframe=True, without_sets=True)
    resume = feed.cuts[0].resume
    assert Parameters.load(resume.parameters) is not None
    again = TrackPackager(OPENED, timeline.PublisherClock(), [], max_s=10, number=1, resume=resume)
    feed.track = again
    feed.send(keyframe=True, without_sets=True)
    feed.run(5)
    again.end(9 * SECOND)
    assert all(cut.media_type.startswith("video/mp4; codecs") for cut in feed.cuts)


def test_pictures_before_the_first_parameter_sets_are_a_gap_not_a_broken_file() -> None:
    feed = Feed()
    feed.send(keyframe=True, without_sets=True)
    for _ in range(9):
        feed.send()
    feed.run(10)
    feed.track.end(2 * SECOND)
    assert [gap.cause for gap in feed.gaps] == ["lost"]
    assert [cut.start_ms for cut in feed.cuts] == [1000]


def test_a_change_of_size_begins_a_new_segment() -> None:
    feed = Feed()
    feed.run(20)
    feed.encoder = H264Encoder(640, 360)
    feed.run(10)
    feed.track.end(3 * SECOND)
    assert [(cut.start_ms, cut.duration_ms) for cut in feed.cuts] == [(0, 2000), (2000, 1000)]
    with av.open(io.BytesIO(feed.cuts[1].data), "r") as file:
        assert file.streams.video[0].width == 640


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (1280, 720), (1920, 1080), (174, 98)])
def test_the_size_is_read_from_the_sequence_parameter_set(size: tuple[int, int]) -> None:
    for profile in ("baseline", "high"):
        units = H264Encoder(*size, profile=profile).next(keyframe=True)
        sps = next(unit for unit in units if unit[0] & 0x1F == h264.SPS)
        found = h264.picture(sps)
        assert found is not None
        assert (found.width, found.height) == size


def test_the_types_in_a_packet_are_told_however_they_are_packed() -> None:
    units = H264Encoder().next(keyframe=True)
    whole = [kind for payload in payloads(units, aggregate=False) for kind in h264.types(payload)]
    together = [kind for payload in payloads(units) for kind in h264.types(payload)]
    assert sorted(whole) == sorted(together)
    assert {h264.SPS, h264.PPS, h264.IDR} <= set(whole)


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans(), st.booleans()), max_size=30))
def test_nonsense_from_the_network_raises_nothing(parts: list[tuple[bytes, bool, bool]]) -> None:
    joiner = H264Frames()
    for number, (payload, marker, lost) in enumerate(parts):
        packet = Packet(number, number // 3, 0, 1, marker, payload)
        list(joiner.push(packet, lost))
        h264.types(payload)
        h264.picture(payload)
    joiner.abandon()


def test_a_file_is_read_by_nobody_s_guess_its_boxes_add_up() -> None:
    feed = Feed()
    feed.run(10)
    feed.track.end(SECOND)
    data, at, names = feed.cuts[0].data, 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        names.append(data[at + 4 : at + 8])
        at += size
    assert (names, at) == ([b"ftyp", b"moov", b"moof", b"mdat"], len(data))
    assert fmp4.TIMESCALE == 1000
