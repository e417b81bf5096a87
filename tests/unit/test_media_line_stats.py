"""What the worker measures of lines: round trips to publishers, losses that subscribers report, silent microphones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import rtcp
from signaling.media.audio_level import DIGITAL_SILENCE, SILENT_MS, Voices
from signaling.media.receiver_stats import ReportedLoss
from signaling.media.rtcp import ExtendedReport, ReportBlock, TimeEcho
from signaling.media.sender_report import ANSWER_NS, EchoedTime, TimeAnswers

U32 = st.integers(0, 2**32 - 1)


@given(U32, st.lists(st.tuples(U32, U32, U32), min_size=1, max_size=20))
def test_time_echoes_are_read_as_they_were_written(ssrc: int, fields: list[tuple[int, int, int]]) -> None:
    echoes = tuple(TimeEcho(*each) for each in fields)
    assert rtcp.parse(rtcp.time_echoes(ssrc, echoes)) == [ExtendedReport(ssrc, echoes)]


def test_a_reference_time_is_laid_out_as_rfc_3611_says() -> None:
    wanted = "80cf0004 00000001 04000002 0123456789abcdef"
    assert rtcp.reference_time(1, 0x0123456789ABCDEF) == bytes.fromhex(wanted)


@given(st.binary(max_size=64))
def test_broken_extended_reports_never_raise(body: bytes) -> None:
    padded = body + bytes(-len(body) % 4)
    rtcp.parse(bytes([0x80, rtcp.XR]) + (len(padded) // 4).to_bytes(2) + padded)


def test_a_report_may_ask_and_answer_and_blocks_of_other_kinds_are_passed_over() -> None:
    asked = rtcp.reference_time(7, 0x0123_4567_89AB_CDEF)
    answered = rtcp.time_echoes(7, [TimeEcho(1, 2, 3)])
    other = bytes([6, 0, 0, 1]) + bytes(4)
    body = other + asked[8:] + answered[8:]
    all_three = bytes([0x80, rtcp.XR]) + (1 + len(body) // 4).to_bytes(2) + asked[4:8] + body
    assert rtcp.parse(all_three) == [ExtendedReport(7, (TimeEcho(1, 2, 3),), 0x4567_89AB)]


def test_who_only_receives_is_answered_his_own_time_at_once_but_not_each_time() -> None:
    answers, asked = TimeAnswers(1), ExtendedReport(7, (), 0x4567_89AB)
    first = answers.answer(asked, 10**9)
    assert first is not None
    assert rtcp.parse(first) == [ExtendedReport(1, (TimeEcho(7, 0x4567_89AB, 0),))]
    assert answers.answer(asked, 10**9 + ANSWER_NS - 1) is None
    assert answers.answer(asked, 10**9 + ANSWER_NS) is not None


def test_a_report_that_asks_nothing_is_not_answered() -> None:
    assert TimeAnswers(1).answer(ExtendedReport(7, (TimeEcho(1, 2, 3),)), 10**9) is None


@given(st.integers(1, 2**62), st.integers(0, 5_000), st.integers(0, 20_000))
def test_the_round_trip_is_what_passed_less_what_the_publisher_kept(now_ns: int, trip_ms: int, kept_ms: int) -> None:
    """A publisher answers from its own clock: only how long it kept the question is its word."""
    measured = EchoedTime()
    asked = EchoedTime.now(now_ns) >> 16 & 0xFFFFFFFF
    back_ns = now_ns + (trip_ms + kept_ms) * 1_000_000
    found = measured.received(TimeEcho(1, asked, kept_ms * 65_536 // 1000), back_ns)
    if asked:
        assert found is not None
        assert abs(found - trip_ms) < 0.1
        assert measured.ms == found


def test_an_answer_that_makes_no_sense_is_not_taken() -> None:
    measured = EchoedTime()
    assert measured.received(TimeEcho(1, 0, 0), 10**12) is None
    long_ago = EchoedTime.now(10**12) >> 16 & 0xFFFFFFFF
    assert measured.received(TimeEcho(1, long_ago, 0), 10**12 + 120 * 10**9) is None
    assert measured.ms is None


def block(ssrc: int, highest: int, lost: int) -> ReportBlock:
    return ReportBlock(ssrc=ssrc, fraction_lost=0, lost=lost, highest=highest, jitter=0, lsr=0, dlsr=0)


def test_losses_are_counted_from_the_first_report_of_each_stream_on() -> None:
    loss = ReportedLoss()
    loss.reported(block(1, 40_000, 700), 5_000)
    assert loss.totals == (0, 0, 0)
    loss.reported(block(1, 40_100, 710), 5_100)
    loss.reported(block(2, 5, 0), 0)
    loss.reported(block(2, 105, 0), 100)
    assert loss.since((0, 0, 0)) == 10 / 200


def test_counting_goes_on_across_the_wrap() -> None:
    loss = ReportedLoss()
    loss.reported(block(1, 0xFFFF_FFF0, 0), 0)
    loss.reported(block(1, 0x10, 4), 32)
    assert loss.since((0, 0, 0)) == 4 / 32


def test_what_the_publishers_line_lost_is_not_the_receivers_loss() -> None:
    """Of a hundred numbers ten never reached us: the receiver says ten are lost, and got all that we sent."""
    loss = ReportedLoss()
    loss.reported(block(1, 0, 0), 0)
    loss.reported(block(1, 100, 10), 90)
    assert loss.since((0, 0, 0)) == 0
    loss.reported(block(1, 200, 25), 180)
    assert loss.since((90, 0, 10)) == 5 / 90


def test_packets_on_their_way_are_no_loss_when_nothing_is_reported_lost() -> None:
    loss = ReportedLoss()
    loss.reported(block(1, 0, 0), 0)
    loss.reported(block(1, 100, 0), 120)
    assert loss.since((0, 0, 0)) == 0


# Silent microphones --------------------------------------------------------------------------------------------------


def say(voices: Voices, level: int, begin_ms: int, end_ms: int) -> None:
    for now_ms in range(begin_ms, end_ms, 20):
        voices.observe("a", level, now_ms)


@pytest.mark.parametrize(("level", "silent"), [(DIGITAL_SILENCE, True), (DIGITAL_SILENCE - 1, False), (60, False)])
def test_a_microphone_is_silent_when_it_sends_digital_silence_for_long(level: int, silent: bool) -> None:
    voices = Voices()
    say(voices, level, 0, SILENT_MS + 100)
    assert voices.silent("a", SILENT_MS + 100) is silent


def test_one_sound_begins_the_silence_anew() -> None:
    voices = Voices()
    say(voices, DIGITAL_SILENCE, 0, 9_000)
    say(voices, 50, 9_000, 9_020)
    say(voices, DIGITAL_SILENCE, 9_020, 18_000)
    assert not voices.silent("a", 18_000)
    say(voices, DIGITAL_SILENCE, 18_000, 19_100)
    assert voices.silent("a", 19_100)


def test_muting_begins_it_anew_and_nothing_is_said_of_who_sends_nothing() -> None:
    voices = Voices()
    say(voices, DIGITAL_SILENCE, 0, 11_000)
    assert voices.silent("a", 11_000)
    assert not voices.silent("a", 14_000)
    voices.forget("a")
    say(voices, DIGITAL_SILENCE, 14_000, 15_000)
    assert not voices.silent("a", 15_000)
    assert not voices.silent("b", 15_000)


def test_sparse_packets_of_a_silent_microphone_are_one_silence() -> None:
    """Opus without a voice may send only every 400 ms, and some of that is lost."""
    voices = Voices()
    for now_ms in range(0, 12_000, 1_200):
        voices.observe("a", DIGITAL_SILENCE, now_ms)
    assert voices.silent("a", 11_500)
