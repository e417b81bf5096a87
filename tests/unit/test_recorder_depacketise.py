"""RTP payloads to frames (RFC 7741, RFC 7587, RFC 4588) and frames to WebM (RFC 9559)."""

import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import webm
from recorder.depacketise import (
    OpusFrames,
    Packet,
    Reorder,
    Vp8Frames,
    opus_missing,
    opus_ticks,
    original,
    vp8_descriptor,
    vp8_size,
)
from tests.support.feed import times, vp8_data
from tests.support.rtp_packets import packet


def entry(
    sequence: int, *, arrived_ns: int = 0, timestamp: int = 0, marker: bool = True, payload: bytes = b""
) -> Packet:
    return Packet(sequence, timestamp, arrived_ns, 1, marker, payload)


@pytest.mark.parametrize(
    ("payload", "size", "starts"),
    [
        (b"\x10", 1, True),
        (b"\x00", 1, False),
        (b"\x11", 1, False),
        (b"\x90\x80\x12", 3, True),
        (b"\x90\x80\x92\x34", 4, True),
        (b"\x90\xe0\x92\x34\x01\x20", 6, True),
        (b"\x90\x30\x20", 3, True),
        (b"\x90", 2, True),
    ],
)
def test_the_vp8_descriptor_tells_its_length(payload: bytes, size: int, starts: bool) -> None:
    assert vp8_descriptor(payload) == (size, starts)


def test_a_keyframe_tells_its_size() -> None:
    assert vp8_size(vp8_data(keyframe=True, width=1280, height=720)) == (1280, 720)
    assert vp8_size(vp8_data(keyframe=False)) == (0, 0)
    assert vp8_size(b"\x10\x00") == (0, 0)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_packets_that_came_leave_in_order_and_losses_are_told(came: list[bool]) -> None:
    reorder = Reorder()
    sequences = [index for index, here in enumerate(came) if here]
    for sequence in sequences:
        reorder.push(entry(sequence))
    popped = [(item.sequence, lost) for item, lost in reorder.pop(None)]
    assert [sequence for sequence, _ in popped] == sequences
    assert [lost for _, lost in popped] == [
        bool(index and sequences[index - 1] != sequence - 1) for index, sequence in enumerate(sequences)
    ]


def test_a_missing_packet_is_waited_for_and_then_given_up() -> None:
    reorder = Reorder()
    reorder.push(entry(1))
    reorder.push(entry(3, arrived_ns=1_000_000_000))
    assert [item.sequence for item, _ in reorder.pop(2_400_000_000)] == [1]
    assert [item.sequence for item, _ in reorder.pop(2_500_000_000)] == [3]
    assert not reorder.push(entry(2)), "too late"


def test_a_picture_without_marker_ends_where_the_next_begins() -> None:
    joiner = Vp8Frames()
    first = joiner.push(entry(1, timestamp=1, marker=False, payload=b"\x10" + vp8_data(keyframe=True)), False)
    assert list(first) == []
    (frame,) = joiner.push(entry(2, timestamp=2, marker=False, payload=b"\x10" + vp8_data(keyframe=False)), False)
    assert (frame.timestamp, frame.keyframe, frame.width) == (1, True, 320)
    frame, _ = joiner.push(entry(3, timestamp=3, payload=b"\x10" + vp8_data(keyframe=False)), False)
    assert (frame.timestamp, frame.keyframe) == (2, False)


def test_half_a_picture_of_which_no_more_comes_is_none() -> None:
    joiner = Vp8Frames()
    half = joiner.push(entry(1, timestamp=1, marker=False, payload=b"\x10" + vp8_data(keyframe=True)), False)
    assert list(half) == []
    joiner.abandon()
    assert joiner.first_file() is None
    (frame,) = joiner.push(entry(9, timestamp=2, payload=b"\x10" + vp8_data(keyframe=True)), False)
    assert (frame.timestamp, frame.after_loss) == (2, True)


def test_a_stream_entered_in_the_middle_of_a_picture_begins_with_the_next() -> None:
    joiner = Vp8Frames()
    assert list(joiner.push(entry(1, timestamp=1, payload=b"\x00rest"), False)) == []
    (frame,) = joiner.push(entry(2, timestamp=2, payload=b"\x10" + vp8_data(keyframe=True)), False)
    assert frame.after_loss


def test_padding_counts_as_received_but_carries_nothing() -> None:
    found = original(bytes(packet(seq=9, payload=b"", padding=20)), None)
    assert found is not None
    assert found[0] == 9
    assert list(OpusFrames().push(entry(9, payload=bytes(found[1])), False)) == []


def test_a_retransmission_gives_the_originals_number_and_probing_padding_nothing() -> None:
    rtx = bytes(packet(seq=5, ssrc=7, payload=b"\x12\x34data"))
    assert original(rtx, 7) == (0x1234, b"data")
    assert original(bytes(packet(seq=5, ssrc=7, payload=b"", padding=9)), 7) is None
    assert original(b"nonsense", 7) is None


@pytest.mark.parametrize(
    ("toc", "ticks"), [(0xFC, 960), (0x78, 960), (0x08, 960), (0x18, 2880), (0xE0, 120), (0xF9, 1920), (0x0B, 960)]
)
def test_an_opus_packet_tells_how_long_it_lasts(toc: int, ticks: int) -> None:
    assert opus_ticks(bytes([toc, 1])) == ticks


def test_a_missing_opus_frame_decodes_to_as_much_sound() -> None:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "mono", "s16"
    sound = av.AudioFrame(format="s16", layout="mono", samples=960)
    for plane in sound.planes:
        plane.update(bytes(plane.buffer_size))
    sound.sample_rate, sound.pts = 48_000, 0
    data = bytes(codec.encode(sound)[0])
    frames = [webm.Frame(20 * i, data if i % 5 else opus_missing(data), keyframe=True) for i in range(50)]
    with av.open(io.BytesIO(webm.audio(frames, 1000))) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 48_000


@given(
    st.lists(st.integers(1, 4000), min_size=1, max_size=40),
    st.integers(0, 10**8),
    st.binary(min_size=1, max_size=3000),
    st.integers(1, 500),
)
def test_a_webm_file_keeps_every_time_and_every_byte(steps: list[int], begin: int, data: bytes, last: int) -> None:
    frames, at = [], begin
    for index, step in enumerate(steps):
        keyframe = index % 7 == 0
        frames.append(webm.Frame(at, (b"\x10" if keyframe else b"\x11") + data + bytes([index]), keyframe))
        at += step
    file = webm.video(frames, frames[-1].at_ms - begin + last, 320, 180)
    assert webm.video(frames, frames[-1].at_ms - begin + last, 320, 180) == file
    assert times(file) == [frame.at_ms for frame in frames]
    with av.open(io.BytesIO(file)) as container:
        packets = [item for item in container.demux() if item.pts is not None]
        assert [bytes(item) for item in packets] == [frame.data for frame in frames]
        assert [item.is_keyframe for item in packets] == [frame.keyframe for frame in frames]
        assert container.start_time is not None
        assert container.duration is not None
        assert container.duration // 1000 == frames[-1].at_ms + last
