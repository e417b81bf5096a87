"""What a peer that is let in can make the worker do: no more, and remember no more, than honest media need."""

from __future__ import annotations

import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import rtp
from hub.tap import Hello
from signaling.media import rtcp
from signaling.media.consumer import MOST_REPEATS, NAMED_PER_S, Consumer
from signaling.media.nack import MISSING_PER_S, MOST_MISSING, Budget, NackGenerator
from signaling.media.plane import Plane
from signaling.media.subscriber import LEAST_REPORT_BYTES, REPORTS_BYTES_PER_S, SubscribeTransport
from signaling.media.tap import TapBuffer
from signaling.media.transport import INTAKE_BYTES_PER_S, LEAST_COUNTED_BYTES, Transport
from signaling.media.twcc import MOST_ARRIVALS, MOST_STATUSES, TwccRecorder


def test_feedback_that_names_sixty_thousand_packets_is_not_read_by_who_has_no_use_for_it() -> None:
    """Fifty of them fit into one datagram."""
    body = struct.pack("!IIHHI", 1, 2, 0, 65_535, 0) + struct.pack("!H", 0x1FFF) * 8
    compound = struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body
    assert rtcp.parse(compound * 40 + rtcp.pli(1, 2), arrivals=False) == [rtcp.Pli(1, 2)]


def test_gaps_beyond_what_any_line_loses_are_not_asked_for() -> None:
    generator = NackGenerator()
    for number in range(1_000):
        generator.received(number * (MOST_MISSING - 1) & 0xFFFF, number)
    assert len(generator.due(1_500)) <= MISSING_PER_S + 2 * MOST_MISSING


def test_a_third_of_a_fast_stream_lost_is_asked_for() -> None:
    generator, asked = NackGenerator(), set[int]()
    for number in range(3_000):
        if number % 3:
            assert generator.received(number, number / 3)
        if number % 60 == 0:
            asked.update(generator.due(number / 3))
    asked.update(generator.due(1_010))
    assert len(asked) >= 999


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=300))
def test_numbers_that_jump_about_make_neither_an_endless_report_nor_a_fault(numbers: list[int]) -> None:
    recorder = TwccRecorder()
    for at, number in enumerate(numbers):
        recorder.received(number, at * 100)
    reports = 0
    while recorder.feedback(1, 2) is not None:
        reports += 1
        assert reports <= len(numbers) + 65_536 * len(numbers) // MOST_STATUSES


def test_arrivals_that_cannot_be_reported_are_forgotten() -> None:
    recorder = TwccRecorder()
    for at in range(3 * MOST_ARRIVALS):
        recorder.received(at * (MOST_STATUSES - 1) & 0xFFFF, at)
        if at % 500 == 0:
            recorder.feedback(1, 2)
    assert len(recorder._arrivals) <= MOST_ARRIVALS
    assert recorder.feedback(1, 2) is not None


@given(st.lists(st.tuples(st.floats(0, 1_000), st.integers(1, 10)), max_size=60))
def test_a_budget_is_never_overdrawn(steps: list[tuple[float, int]]) -> None:
    budget, now_ms, taken = Budget(per_s=100, most=50), 0.0, 0
    for wait_ms, count in steps:
        now_ms += wait_ms
        taken += count if budget.take(count, now_ms) else 0
    assert taken <= 50 + now_ms / 10 + 1e-6


def test_a_budget_not_used_up_serves_everybody() -> None:
    budget = Budget(per_s=100, most=50)
    assert all(budget.take(1, at * 10) for at in range(1_000))


@given(st.binary(max_size=120))
def test_any_plain_rtcp_may_come(datagram: bytes) -> None:
    for kind in range(200, 208):
        words = len(datagram) // 4
        rtcp.parse(struct.pack("!BBH", 0x81, kind, words) + datagram)
        rtcp.parse(struct.pack("!BBH", 0x8F, kind, words) + datagram)


@given(st.binary(min_size=12, max_size=80), st.integers(0, 255))
def test_any_plain_rtp_has_extensions_that_lie_inside_it(packet: bytes, profile: int) -> None:
    shaped = bytes([0x90 | packet[0] & 0x2F]) + packet[1:12] + bytes([0xBE, 0xDE]) + packet[12:]
    two_byte = shaped[:12] + bytes([0x10, profile & 0x0F]) + shaped[14:]
    for each in (packet, shaped, two_byte):
        if rtp.valid(each):
            assert all(at + length <= len(each) for _, at, length in rtp.extensions(each))


class Opened:
    """Counts what is decrypted; ``true`` says whether it proves itself."""

    def __init__(self, *, true: bool) -> None:
        self.count, self.true = 0, true

    def _open(self, datagram: bytes) -> bytes:
        self.count += 1
        return datagram if self.true else b""

    open = open_control = _open


def sends_only(plane: Plane) -> Transport:
    return Transport(plane, lambda *_: None)


def receives_only(plane: Plane) -> Transport:
    return SubscribeTransport(plane, "p", 1, lambda *_: None, lambda *_: None, lambda _: None)


def connected(make: Callable[[Plane], Transport], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A transport for which time stands still."""
    transport: Any = make(Plane(["192.0.2.1"], TapBuffer(Hello(worker=0, start_id="x")), lambda _: None))
    transport.connected, transport._inbound = True, Opened(true=True)
    monkeypatch.setattr("signaling.media.transport.time.monotonic_ns", lambda: 10**12)
    return transport


MAKERS = [
    (sends_only, INTAKE_BYTES_PER_S, LEAST_COUNTED_BYTES),
    (receives_only, REPORTS_BYTES_PER_S, LEAST_REPORT_BYTES),
]


@pytest.mark.parametrize(("make", "bytes_per_s", "least"), MAKERS)
@pytest.mark.parametrize("size", [40, 1_200])
def test_small_packets_are_counted_as_well_and_who_only_receives_has_little_to_say(
    make: Callable[[Plane], Transport], bytes_per_s: int, least: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = connected(make, monkeypatch)
    for number in range(20_000):
        transport.receive_media(bytes([0x80, 201 if number % 2 else 96]) + bytes(size - 2))
    most = bytes_per_s / max(size, least)
    assert most <= transport._inbound.count <= most + 1
    assert transport.rejected == 20_000 - transport._inbound.count


@pytest.mark.parametrize(("make", "bytes_per_s", "least"), MAKERS)
def test_what_somebody_else_sends_from_a_peers_address_uses_up_nothing_of_his(
    make: Callable[[Plane], Transport], bytes_per_s: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can name another's address in what he sends could silence him otherwise."""
    transport = connected(make, monkeypatch)
    transport._inbound = Opened(true=False)
    forged = bytes([0x80, 201]) + bytes(1_198)
    for _ in range(2 * bytes_per_s // max(least, len(forged))):
        assert not transport.receive_media(forged)
    transport._inbound = Opened(true=True)
    assert transport.receive_media(forged)


def test_only_so_many_packets_are_looked_up_for_who_asks_for_all_of_them_again() -> None:
    transport: Any = receives_only(Plane(["192.0.2.1"], TapBuffer(Hello(worker=0, start_id="x")), lambda _: None))
    consumer: Any = Consumer(transport, video=True, stream_id="s")
    looked_up: list[int] = []
    consumer.stream = object()
    consumer.rewriter = SimpleNamespace(source_sequence=looked_up.append)
    for _ in range(1_000):
        consumer.nacked(tuple(range(68)), 10**12)
    assert NAMED_PER_S - MOST_REPEATS < len(looked_up) <= NAMED_PER_S
