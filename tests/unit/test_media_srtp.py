"""libsrtp used in place: the contract of the private names in ``signaling/media/srtp.py``."""

from __future__ import annotations

import pylibsrtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import rtp
from signaling.media import rtcp, vp8
from signaling.media.shape import SHAPE_BYTES, Batch, Shaped, shape
from signaling.media.srtp import MOST_SOURCES, Inbound, Offsets, Outbound, arena
from tests.support.rtp_packets import packet

PROFILES = {
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM: 28,
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM: 44,
    pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 30,
}


def pair(profile: int) -> tuple[Outbound, Inbound]:
    def session(direction: int) -> pylibsrtp.Session:
        policy = pylibsrtp.Policy(key=bytes(range(PROFILES[profile])), ssrc_type=direction, srtp_profile=profile)
        policy.allow_repeat_tx = True
        return pylibsrtp.Session(policy)

    return Outbound(session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND)), Inbound(session(pylibsrtp.Policy.SSRC_ANY_INBOUND))


def picture(sequence: int, size: int, descriptor: bytes = b"\x90\xe0\x81\x02\x09\x20") -> Shaped:
    plain = packet(seq=sequence & 0xFFFF, ts=3_000 * sequence & 0xFFFFFFFF, payload=descriptor + bytes(size))
    data = shape(plain, sequence & 0xFFFF, 96, 0)
    return Shaped(data, sequence & 0xFFFF, rtp.timestamp(plain), vp8.parse(data, SHAPE_BYTES, len(data)))


@pytest.mark.parametrize("profile", PROFILES)
@given(st.lists(st.integers(900, 1_100), min_size=1, max_size=40), st.integers(-(2**16), 2**16), st.integers(0, 2**32))
def test_a_sealed_run_opens_to_the_same_payloads_under_the_consumers_numbers(
    profile: int, sizes: list[int], sequence: int, timestamp: int
) -> None:
    outbound, inbound = pair(profile)
    batch = Batch([picture(number, size) for number, size in enumerate(sizes)])
    offsets = Offsets(sequence, timestamp, vp8.Offsets(-300, 7, 5))
    for run in batch.runs:
        size = outbound.seal(run, 0xABCDEF01, offsets)
        for number, source in enumerate(run):
            plain = inbound.open(bytes(arena[number * size : (number + 1) * size]))
            assert rtp.valid(plain)
            assert rtp.ssrc(plain) == 0xABCDEF01
            assert rtp.sequence(plain) == source.sequence + sequence & 0xFFFF
            assert rtp.timestamp(plain) == source.timestamp + timestamp & 0xFFFFFFFF
            found, was = vp8.parse(plain, SHAPE_BYTES, len(plain)), source.descriptor
            assert found
            assert was
            assert found.picture_id == (was.picture_id or 0) - 300 & 0x7FFF
            assert found.tl0_index == (was.tl0_index or 0) + 7
            assert bytes(plain[found.payload_at :]) == source.data[was.payload_at :]


@pytest.mark.parametrize("descriptor", [b"\x90\x80\x05", b"\x90\xf0\x81\x02\x09\x23", b"\x90\x60\x09\x20", b"\x10"])
def test_whichever_numbers_a_vp8_packet_has_are_moved_and_no_others(descriptor: bytes) -> None:
    source = picture(1, 20, descriptor)
    view = memoryview(bytearray(b"...." + source.data))
    assert source.descriptor
    vp8.renumber(view, 4, source.descriptor, vp8.Offsets(1, 2, 3))
    found = vp8.parse(bytes(view[4:]), SHAPE_BYTES, len(view) - 4)
    assert found
    for name, step in (("picture_id", 1), ("tl0_index", 2), ("key_index", 3)):
        before = getattr(source.descriptor, name)
        assert getattr(found, name) == (None if before is None else before + step)
    assert bytes(view[4 + found.payload_at :]) == source.data[source.descriptor.payload_at :]
    assert bytes(view[:4]) == b"...."


def test_a_run_that_libsrtp_refuses_is_not_sent() -> None:
    outbound, _ = pair(pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    broken = picture(1, 10)
    broken.data = broken.data[:8]
    assert outbound.seal([broken], 1, Offsets(0, 0)) == 0
    assert outbound.seal_one(b"\x80") == b""
    assert outbound.rejected == 2


def test_nonsense_opens_to_nothing() -> None:
    _, inbound = pair(pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    assert [inbound.open(datagram) for datagram in (b"", b"\x80", bytes(100), bytes(70_000))] == [b""] * 4
    assert inbound.rejected >= 3


def from_source(ssrc: int, sequence: int = 1) -> bytes:
    return packet(ssrc=ssrc, seq=sequence)


def test_a_connection_has_only_so_many_sources_and_those_it_has_go_on() -> None:
    """libsrtp looks at every source it ever met for each packet: thousands of them would hold up everybody's media."""
    outbound, inbound = pair(pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    opened = [bool(inbound.open(outbound.seal_one(from_source(ssrc)))) for ssrc in range(1, 3 * MOST_SOURCES)]
    assert sum(opened) == inbound.sources == MOST_SOURCES
    assert inbound.open(outbound.seal_one(from_source(1, 2)))
    assert inbound.rejected == len(opened) - MOST_SOURCES


def test_reports_count_among_a_connections_sources_and_forgeries_do_not() -> None:
    outbound, inbound = pair(pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    forged = [inbound.open(from_source(ssrc) + bytes(16)) for ssrc in range(1, 3 * MOST_SOURCES)]
    assert not any(forged)
    assert inbound.sources == 0
    protect = outbound._session.protect_rtcp
    reports = [inbound.open_control(protect(rtcp.receiver_report(ssrc, []))) for ssrc in range(1, 3 * MOST_SOURCES)]
    assert sum(map(bool, reports)) == inbound.sources == MOST_SOURCES
    assert not inbound.open(outbound.seal_one(from_source(0xFFFF)))
    assert inbound.open(outbound.seal_one(from_source(1)))
