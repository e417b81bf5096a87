"""RTCP from and to the wire: what is built is read back, and garbage never raises."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import rtcp

u32 = st.integers(0, 0xFFFFFFFF)
u16 = st.integers(0, 0xFFFF)
blocks = st.lists(
    st.builds(
        rtcp.ReportBlock,
        ssrc=u32,
        fraction_lost=st.integers(0, 255),
        lost=st.integers(-0x800000, 0x7FFFFF),
        highest=u32,
        jitter=u32,
        lsr=u32,
        dlsr=u32,
    ),
    max_size=4,
).map(tuple)


@given(u32, st.integers(0, 2**64 - 1), u32, u32, u32, blocks)
def test_a_sender_report_survives_the_wire(ssrc, ntp, ts, packets, octets, reports):
    report = rtcp.SenderReport(ssrc, ntp, ts, packets, octets, reports)
    assert rtcp.parse(rtcp.sender_report(report)) == [report]


@given(u32, blocks)
def test_a_receiver_report_survives_the_wire(ssrc, reports):
    assert rtcp.parse(rtcp.receiver_report(ssrc, reports)) == [rtcp.ReceiverReport(ssrc, reports)]


def test_a_count_of_losses_too_large_for_24_bits_is_held_at_its_limit():
    block = rtcp.ReportBlock(1, 2, 9_000_000, 4, 5, 6, 7)
    [report] = rtcp.parse(rtcp.receiver_report(1, [block]))
    assert report.blocks[0].lost == 0x7FFFFF
    assert report.blocks[0].fraction_lost == 2


@given(u32, u32, u16, st.lists(st.integers(1, 40), max_size=40))
def test_nacked_numbers_come_back_in_order_across_the_wrap(sender, media, first, steps):
    lost = [first]
    for step in steps:
        lost.append((lost[-1] + step) & 0xFFFF)
    data = rtcp.nack(sender, media, lost)
    assert rtcp.parse(data) == [rtcp.Nack(sender, media, tuple(lost))]
    assert len(data) <= 12 + 4 * len(lost)


def test_seventeen_losses_in_a_row_fit_in_one_field():
    assert len(rtcp.nack(1, 2, [(65_530 + i) & 0xFFFF for i in range(17)])) == 16


@given(u32, u32, st.integers(0, 600))
def test_keyframe_requests_survive_the_wire(sender, media, command):
    compound = rtcp.pli(sender, media) + rtcp.fir(sender, media, command)
    assert rtcp.parse(compound) == [rtcp.Pli(sender, media), rtcp.Fir(sender, (media,))]


@given(u32, st.integers(0, 2**40), st.lists(u32, max_size=5))
def test_a_bandwidth_estimate_keeps_eighteen_bits(sender, rate, ssrcs):
    [estimate] = rtcp.parse(rtcp.remb(sender, rate, ssrcs))
    assert estimate.media_ssrcs == tuple(ssrcs)
    assert estimate.sender_ssrc == sender
    assert rate - rate / 2**17 <= estimate.bits_per_second <= rate


@given(st.lists(u32, min_size=1, max_size=3), st.text(max_size=300))
def test_a_cname_is_terminated_and_padded_to_whole_words(ssrcs, name):
    data = rtcp.cname(ssrcs, name)
    assert len(data) % 4 == 0
    assert struct.unpack_from("!H", data, 2)[0] == len(data) // 4 - 1
    chunk = (len(data) - 4) // len(ssrcs)
    text = name.encode()[:255]
    for number, ssrc in enumerate(ssrcs):
        start = 4 + number * chunk
        assert struct.unpack_from("!I", data, start)[0] == ssrc
        assert data[start + 4 : start + 6 + len(text)] == bytes([1, len(text)]) + text
        rest = data[start + 6 + len(text) : start + chunk]
        assert 1 <= len(rest) <= 4
        assert not any(rest)
    assert rtcp.parse(data) == []


def test_a_goodbye_names_its_sources():
    assert rtcp.parse(rtcp.bye([5, 6])) == [rtcp.Bye((5, 6))]
    assert rtcp.parse(rtcp.bye([])) == [rtcp.Bye(())]


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=200), u16, st.integers(-(2**23), 2**23 - 1))
def test_transport_feedback_survives_the_wire(symbols, base, reference):
    deltas = b"".join({0: b"", 1: b"\x04", 2: struct.pack("!h", -300)}[s] for s in symbols)
    data = rtcp.transport_feedback(1, 2, base=base, reference=reference, count=7, symbols=symbols, deltas=deltas)
    assert len(data) % 4 == 0
    [feedback] = rtcp.parse(data)
    assert (feedback.sender_ssrc, feedback.media_ssrc, feedback.count) == (1, 2, 7)
    now, expected = reference * 64_000, []
    for number, symbol in enumerate(symbols):
        now += {0: 0, 1: 1_000, 2: -75_000}[symbol]
        expected.append(((base + number) & 0xFFFF, now if symbol else None))
    assert feedback.arrivals == tuple(expected)


def test_a_long_run_is_split_at_the_largest_run_length():
    symbols = [0] * 9_000
    data = rtcp.transport_feedback(1, 2, base=0, reference=0, count=0, symbols=symbols, deltas=b"")
    assert len(data) == 24
    assert len(rtcp.parse(data)[0].arrivals) == 9_000


def test_runs_and_mixtures_of_statuses_each_find_their_shortest_chunk():
    for symbols, chunks in (([2] * 8 + [1], 2), ([1] * 20, 1), ([0, 1] * 7, 1), ([2, 1] * 7, 2), ([1] * 14 + [0], 2)):
        size = sum(symbols)
        data = rtcp.transport_feedback(1, 2, base=0, reference=0, count=0, symbols=symbols, deltas=bytes(size))
        assert len(data) - data[-1] * (data[0] >> 5 & 1) == 20 + 2 * chunks + size
        assert [at is None for _, at in rtcp.parse(data)[0].arrivals] == [symbol == 0 for symbol in symbols]


def test_feedback_cut_in_its_deltas_gives_the_arrivals_before_the_cut():
    body = struct.pack("!IIHHI", 1, 2, 10, 5, 0) + struct.pack("!H", 1 << 13 | 5) + bytes([4, 4])
    [feedback] = rtcp.parse(struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body)
    assert feedback.arrivals == ((10, 1_000), (11, 2_000))
    cut = struct.pack("!IIHHI", 1, 2, 10, 50, 0)
    assert rtcp.parse(struct.pack("!BBH", 0x8F, 205, 4) + cut)[0].arrivals == ()


@given(st.binary(max_size=200))
def test_garbage_never_raises(data):
    rtcp.parse(data)


@given(st.integers(0, 31), st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207]), st.binary(max_size=60))
def test_a_well_framed_packet_with_garbage_inside_never_raises(count, kind, body):
    body += bytes(-len(body) % 4)
    for flags in (0x80, 0xA0):
        rtcp.parse(struct.pack("!BBH", flags | count, kind, len(body) // 4) + body)


@given(st.binary(max_size=30))
def test_what_was_valid_before_the_garbage_is_returned(tail):
    tail = b"\x00" + tail
    assert rtcp.parse(rtcp.pli(1, 2) + tail) == [rtcp.Pli(1, 2)]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!BBHI", 0x81, 205, 1, 1),  # feedback without a media source
        struct.pack("!BBHI", 0x80, 200, 1, 1),  # a sender report without its body
        struct.pack("!BBH", 0x80, 201, 0),  # a receiver report without a sender
        struct.pack("!BBHIII", 0x8F, 206, 3, 1, 2, 3),  # application feedback too short for REMB
        struct.pack("!BBHII8s", 0x8F, 206, 4, 1, 2, b"BMER\0\0\0\0"),
        struct.pack("!BBHII", 0x8F, 205, 2, 1, 2),  # transport feedback without its head
        struct.pack("!BBHII", 0x9E, 206, 2, 1, 2),  # unknown format
        struct.pack("!BBHII", 0x9E, 205, 2, 1, 2),
        struct.pack("!BBHII", 0x80, 207, 2, 1, 2),  # extended reports
        struct.pack("!BBH", 0xA0, 201, 0),  # padding without a byte that counts it
        struct.pack("!BBHI", 0xA0, 201, 1, 9),  # more padding than packet
    ],
)
def test_what_is_not_understood_is_skipped(data):
    assert rtcp.parse(data) == []


def test_padding_after_a_packet_is_not_read_as_its_content():
    data = struct.pack("!BBHIII", 0xA1, 206, 3, 1, 2, 4)
    assert rtcp.parse(data) == [rtcp.Pli(1, 2)]
