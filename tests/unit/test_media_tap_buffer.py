"""What the worker keeps for the recorder, and what it sends when."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hub import tap as wire
from signaling.media.tap import KEEP_NS, TapBuffer

S = 1_000_000_000
PACKET = bytes([0x80, 96, 0, 1]) + bytes(20)


def new_buffer() -> TapBuffer:
    return TapBuffer(wire.Hello(worker=0, start_id="s"))


def track(number: int) -> wire.TrackOpened:
    return wire.TrackOpened(
        track=number,
        track_id=f"t{number}",
        recording_id="r",
        seat_id="chair",
        source="camera",
        kind="video",
        codec="VP8",
        clock_rate=90_000,
        payload_type=96,
        ssrc=5,
    )


def kinds(frames: list[bytes]) -> list[int]:
    for frame in frames:
        assert int.from_bytes(frame[:4]) == len(frame) - 4
    return [frame[4] for frame in frames]


def records(frames: list[bytes]) -> list[int]:
    return [int.from_bytes(frame[5:13]) for frame in frames]


def test_frames_are_sent_once_and_kept_until_acknowledged() -> None:
    buffer = new_buffer()
    buffer.open_track(track(1), 0)
    buffer.rtp(1, 0, PACKET)
    assert kinds(buffer.take()) == [wire.TRACK, wire.RTP]
    assert buffer.take() == []
    assert buffer.waiting == 2
    buffer.acknowledged(1)
    assert buffer.waiting == 1
    buffer.acknowledged(2)
    assert buffer.waiting == 0


def test_a_new_connection_gets_hello_tracks_and_what_is_not_acknowledged() -> None:
    buffer = new_buffer()
    buffer.open_track(track(1), 0)
    for _ in range(3):
        buffer.rtp(1, 0, PACKET)
    buffer.acknowledged(2)
    frames = buffer.begin()
    assert kinds(frames) == [wire.HELLO, wire.TRACK, wire.RTP, wire.RTP]
    assert json.loads(frames[0][5:])["start_id"] == "s"
    assert records(frames[1:]) == [1, 3, 4]
    assert buffer.take() == [], "what the greeting held is not sent twice"


def test_a_track_that_ended_is_announced_until_its_end_is_on_disk() -> None:
    buffer = new_buffer()
    buffer.open_track(track(1), 0)
    buffer.end_track(1, 0)
    buffer.acknowledged(1)
    assert kinds(buffer.begin()) == [wire.HELLO, wire.TRACK, wire.END]
    buffer.acknowledged(2)
    assert kinds(buffer.begin()) == [wire.HELLO]


def test_packets_older_than_five_seconds_are_given_up_but_not_what_explains_the_rest() -> None:
    buffer = new_buffer()
    buffer.open_track(track(1), 0)
    buffer.rtp(1, 0, PACKET)
    buffer.state(1, 1, "muted")
    buffer.rtp(1, 4 * S, PACKET)
    buffer.trim(KEEP_NS + 2)
    assert buffer.lost == 1
    assert kinds(buffer.begin()) == [wire.HELLO, wire.TRACK, wire.STATE, wire.RTP]
    assert records(buffer.begin()[1:]) == [1, 3, 4]
    buffer.acknowledged(4)
    assert buffer.waiting == 0


def test_a_state_says_its_cause_in_words() -> None:
    buffer = new_buffer()
    buffer.state(7, 9, "recess")
    frame = buffer.take()[0]
    assert frame[13:17] == (7).to_bytes(4)
    assert frame[17:25] == (9).to_bytes(8)
    assert frame[25:] == b"recess"


def test_an_rtp_frame_holds_the_packet_as_it_came() -> None:
    buffer = new_buffer()
    buffer.rtp(3, 12, PACKET)
    length, kind, record, number, at_ns = wire.RTP_HEAD.unpack_from(buffer.take()[0])
    assert (kind, record, number, at_ns, length) == (wire.RTP, 1, 3, 12, 21 + len(PACKET))


@given(st.lists(st.tuples(st.sampled_from(["rtp", "state", "end", "ack", "trim", "begin"]), st.integers(0, 40))))
def test_what_a_connection_gets_is_always_in_order_and_never_acknowledged_before(steps: list[tuple[str, int]]) -> None:
    buffer, now, made, acknowledged = new_buffer(), 0, 1, 0
    buffer.open_track(track(1), 0)
    for step, value in steps:
        now += value * S // 10
        made += step in ("rtp", "state", "end")
        if step == "rtp":
            buffer.rtp(1, now, PACKET)
        elif step == "state":
            buffer.state(1, now, "muted")
        elif step == "end":
            buffer.end_track(1, now)
        elif step == "ack":
            acknowledged = max(acknowledged, min(value, made))
            buffer.acknowledged(acknowledged)
        elif step == "trim":
            buffer.trim(now)
        else:
            frames = [frame for frame in buffer.begin() if frame[4] not in (wire.HELLO, wire.TRACK)]
            assert records(frames) == sorted(set(records(frames)))
            assert all(record > acknowledged for record in records(frames))
