"""Reading and patching RTP headers in place, and arithmetic on numbers that wrap."""

from hypothesis import given
from hypothesis import strategies as st

from hub import rtp
from tests.support.rtp_packets import packet

u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)


@given(u16, u32, u32, st.integers(0, 127), st.booleans(), st.integers(0, 15), st.integers(0, 255), st.binary())
def test_every_field_is_read_as_it_was_written(seq, ts, ssrc, pt, mark, csrcs, padding, body):
    p = packet(seq=seq, ts=ts, ssrc=ssrc, pt=pt, mark=mark, csrcs=csrcs, padding=padding, payload=body)
    assert rtp.valid(p)
    assert rtp.sequence(p) == seq
    assert rtp.timestamp(p) == ts
    assert rtp.ssrc(p) == ssrc
    assert rtp.payload_type(p) == pt
    assert rtp.marker(p) is mark
    assert rtp.padding_length(p) == padding
    assert rtp.header_length(p) == 12 + 4 * csrcs
    assert bytes(rtp.payload(p)) == body


@given(u16, u32, u32, st.integers(0, 127), st.booleans())
def test_setters_change_their_field_and_nothing_else(seq, ts, ssrc, pt, mark):
    one_by_one, at_once = packet(mark=mark), packet(mark=mark)
    rtp.set_sequence(one_by_one, seq)
    rtp.set_timestamp(one_by_one, ts)
    rtp.set_ssrc(one_by_one, ssrc)
    rtp.set_payload_type(one_by_one, pt)
    rtp.set_header(at_once, seq, ts, ssrc, pt)
    assert one_by_one == at_once == packet(seq=seq, ts=ts, ssrc=ssrc, pt=pt, mark=mark)
    rtp.set_marker(at_once, not mark)
    assert at_once == packet(seq=seq, ts=ts, ssrc=ssrc, pt=pt, mark=not mark)


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_never_raises(data):
    if rtp.valid(data):
        assert len(rtp.payload(data)) >= 0
    rtp.is_rtcp(data)
    for identifier in range(16):
        rtp.extension(data, identifier)


def test_a_packet_whose_parts_do_not_fit_is_not_valid():
    assert not rtp.valid(b"")
    assert not rtp.valid(bytes([0x40]) + bytes(20))
    assert not rtp.valid(packet(payload=b"")[:11])
    truncated = packet(csrcs=3, payload=b"")
    assert not rtp.valid(truncated[:-1])
    extended = packet(extension=(rtp.ONE_BYTE_PROFILE, b"\x10\x01"), payload=b"")
    assert not rtp.valid(extended[:14])
    assert not rtp.valid(extended[:-1])
    assert rtp.extension(extended[:14], 1) is None
    no_padding_count = packet(payload=b"\x00")
    no_padding_count[0] |= 0x20
    assert not rtp.valid(no_padding_count)


def test_rtcp_is_told_from_rtp_by_its_second_byte():
    assert rtp.is_rtcp(bytes([0x80, 200, 0, 6]))
    assert not rtp.is_rtcp(packet(pt=111, mark=True))
    assert not rtp.is_rtcp(b"\x80\xc8")


def assert_values_of(p, wanted):
    for short in (*wanted, 9):
        for long in (*wanted, 9):
            if short != long:
                first = wanted.get(short, b"")[:1]
                both = wanted.get(long, b"")
                expected = (first[0] if first else -1, int.from_bytes(both) if len(both) == 2 else -1)
                assert rtp.values_of(p, short, long) == expected


@given(st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=6))
def test_one_byte_extensions_are_found_by_id(wanted):
    block = b"\x00".join(bytes([i << 4 | len(v) - 1]) + v for i, v in wanted.items())
    p = packet(extension=(rtp.ONE_BYTE_PROFILE, block))
    for identifier in range(1, 15):
        assert rtp.extension(p, identifier) == wanted.get(identifier)
    assert {i: bytes(p[at : at + n]) for i, at, n in rtp.extensions(p)} == wanted
    assert_values_of(p, wanted)
    assert bytes(rtp.payload(p)) == b"payload"


@given(st.dictionaries(st.integers(1, 255), st.binary(max_size=40), max_size=6))
def test_two_byte_extensions_are_found_by_id(wanted):
    block = b"\x00".join(bytes([i, len(v)]) + v for i, v in wanted.items())
    p = packet(extension=(rtp.TWO_BYTE_PROFILE, block))
    assert {i: bytes(p[at : at + n]) for i, at, n in rtp.extensions(p)} == wanted
    assert_values_of(p, wanted)


def test_extension_id_15_and_elements_that_do_not_fit_end_the_block():
    assert rtp.extension(packet(extension=(rtp.ONE_BYTE_PROFILE, b"\xf0\x01\x10\x02")), 1) is None
    assert rtp.extension(packet(extension=(rtp.ONE_BYTE_PROFILE, b"\x1f\x01")), 1) is None
    assert rtp.extension(packet(extension=(rtp.TWO_BYTE_PROFILE, b"\x01\x09\x00\x00")), 1) is None
    assert rtp.extension(packet(extension=(rtp.TWO_BYTE_PROFILE, b"\x02\x01\x00\x01")), 1) is None
    assert rtp.extension(packet(extension=(0x1234, b"\x10\x01")), 1) is None
    assert rtp.extension(packet(), 1) is None


@given(st.sampled_from([rtp.ONE_BYTE_PROFILE, rtp.TWO_BYTE_PROFILE]))
def test_renumbering_keeps_known_extensions_and_blanks_the_others(profile):
    block = b"\x10A!BC0D" if profile == rtp.ONE_BYTE_PROFILE else b"\x01\x01A\x02\x02BC\x03\x01D"
    p = packet(extension=(profile, block))
    size = len(p)
    rtp.renumber_extensions(p, {1: 3, 3: 9})
    assert len(p) == size
    assert {i: bytes(p[at : at + n]) for i, at, n in rtp.extensions(p)} == {3: b"A", 9: b"D"}
    plain = packet()
    rtp.renumber_extensions(plain, {1: 2})
    assert plain == packet()


@given(st.integers(1, 255), st.binary())
def test_padding_does_not_change_the_payload(count, body):
    p = packet(payload=body)
    rtp.pad(p, count)
    assert p == packet(payload=body, padding=count)
    assert bytes(rtp.payload(p)) == body


@given(u16, st.integers(1, 32767))
def test_a_later_packet_is_newer_across_wraparound(seq, step):
    later = (seq + step) % 65536
    assert rtp.newer(later, seq)
    assert not rtp.newer(seq, later)
    assert rtp.distance(later, seq) == step == -rtp.distance(seq, later)


@given(u16)
def test_numbers_half_a_circle_apart_are_neither_newer(seq):
    other = (seq + 32768) % 65536
    assert not rtp.newer(other, seq)
    assert not rtp.newer(seq, other)
    assert not rtp.newer(seq, seq)


@given(st.sampled_from([16, 32]), st.integers(0, 2**32), st.lists(st.integers(-20_000, 20_000), max_size=50))
def test_unwrapping_recovers_the_true_number_through_any_number_of_wraps(bits, start, steps):
    unwrapper, true, turn = rtp.Unwrapper(bits), start, 1 << bits
    first = unwrapper.unwrap(start % turn)
    highest = true
    for step in steps:
        true = highest + step
        highest = max(highest, true)
        assert unwrapper.peek(true % turn) - first == true - start
        assert unwrapper.unwrap(true % turn) - first == true - start


def test_peeking_before_the_first_value_gives_the_value():
    unwrapper = rtp.Unwrapper()
    assert unwrapper.peek(7) == 7
    assert unwrapper.highest is None
