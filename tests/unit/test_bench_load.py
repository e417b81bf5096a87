"""The load client checks what it receives: a server that changes, loses, repeats or forges a packet is found out."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from bench.load import content, sdp
from bench.load.content import Numbers
from bench.load.dtls import PROFILES, Dtls, HandshakeFailed, Identity, split_records
from bench.load.streams import Checked, Counted, Keyframe
from hub import rtp
from signaling.media import vp8

SIZE = 1100
NUMBERS = Numbers(ssrc=7, payload_type=96, twcc_id=3, level_id=1)


def packet(counter: int, *, size: int = SIZE, first: bool = True, keyframe: bool = False) -> bytearray:
    head = content.header(NUMBERS, counter, 9000, marker=True, twcc=counter, level=20)
    start = content.vp8_start(counter, first=first, keyframe=keyframe)
    return bytearray(head + content.fill(start, size - len(head), counter, sent_ns=123_456))


@given(st.integers(0, 2**32 - 1), st.sampled_from([150, 1100, 1200]))
def test_a_packet_has_the_size_asked_for_and_tells_what_it_is(counter, size):
    made = packet(counter, size=size)
    assert len(made) == size
    assert rtp.valid(made)
    assert content.read(bytes(made)) == content.Seen(counter, 123_456, intact=True)


def test_the_hub_reads_the_pictures_as_vp8():
    made = packet(3, keyframe=True)
    found = vp8.parse(made, rtp.header_length(made), len(made))
    assert found is not None
    assert found.keyframe
    inter = packet(4)
    found = vp8.parse(inter, rtp.header_length(inter), len(inter))
    assert found is not None
    assert not found.keyframe


@given(st.integers(0, 255), st.integers(1, 200))
def test_padding_that_a_server_adds_changes_nothing(counter, count):
    made = packet(counter)
    rtp.pad(made, count)
    assert content.read(bytes(made)) == content.Seen(counter, 123_456, intact=True)


@given(st.integers(SIZE - 200, SIZE - content.TRAILER.size - 1))
def test_a_changed_byte_is_noticed(at):
    made = packet(5)
    made[at] ^= 1
    seen = content.read(bytes(made))
    assert seen is not None
    assert not seen.intact


def test_a_probe_of_padding_is_not_taken_for_content():
    assert content.read(bytes(packet(1)[:40])) is None


def test_an_unbroken_stream_has_no_faults():
    checked = Checked()
    for counter in range(10):
        checked.add(counter, intact=True, delay_ns=counter)
    assert (checked.faults, checked.packets, len(checked.delays_ns)) == (0, 10, 10)


def test_a_hole_a_late_packet_and_a_repeat_are_told_apart():
    checked = Checked()
    for counter in (0, 1, 4, 3, 4):
        checked.add(counter, intact=True, delay_ns=1)
    assert (checked.holes, checked.late, checked.repeated) == ({2}, 1, 1)
    assert checked.faults == 3


def test_a_keyframe_is_there_when_all_its_packets_are_whatever_their_order():
    watch = Keyframe(7)
    assert not watch.add(content.Place(who=8, index=0, of=1), 100)
    assert not watch.add(content.Place(who=7, index=0, of=0), 50)
    assert not watch.add(content.Place(who=7, index=2, of=3), 62)
    assert not watch.add(content.Place(who=7, index=0, of=3), 60)
    assert not watch.add(content.Place(who=7, index=0, of=3), 60)
    assert watch.add(content.Place(who=7, index=1, of=3), 61)


def test_packets_of_two_keyframes_do_not_make_one():
    watch = Keyframe(None)
    assert not watch.add(content.Place(who=7, index=0, of=2), 10)
    assert not watch.add(content.Place(who=7, index=1, of=2), 21)
    assert not watch.add(content.Place(who=8, index=1, of=2), 11)


@given(st.integers(0, 65_535), st.lists(st.booleans(), min_size=1, max_size=400))
def test_packets_are_expected_by_their_numbers_across_the_wrap(first, arrives):
    stream = Counted(first, 96)
    stream.add(first, 100)
    for number, comes in enumerate(arrives, start=1):
        if comes:
            stream.add((first + number) & 0xFFFF, 100)
    last = max((number for number, comes in enumerate(arrives, start=1) if comes), default=0)
    assert stream.expected == last + 1
    assert stream.packets == 1 + sum(arrives)


def test_the_fraction_lost_is_of_the_time_since_the_last_report():
    stream = Counted(0, 96)
    for number in (0, 1, 2, 3):
        stream.add(number, 100)
    assert stream.fraction_lost() == 0
    stream.add(5, 100)
    assert stream.fraction_lost() == 128
    assert stream.fraction_lost() == 0


def test_dtls_records_are_not_torn_between_datagrams():
    records = [bytes([22, 254, 253]) + bytes(8) + length.to_bytes(2) + bytes(length) for length in (700, 300, 600)]
    assert split_records(b"".join(records)) == [records[0] + records[1], records[2]]


LOCAL = sdp.Local("u", "p", "AA:BB", ("192.0.2.1", 4000))


def test_what_we_offer_to_publish_reads_as_what_it_is():
    offer = sdp.read(sdp.publish_offer(LOCAL, [("0", "audio", 11), ("1", "video", 22)]))
    assert (offer.ufrag, offer.password, offer.address) == ("u", "p", ("192.0.2.1", 4000))
    audio, video = offer.sections
    assert (audio.kind, audio.ssrcs(), video.ssrcs()) == ("audio", [11], [22])
    assert audio.extension(sdp.AUDIO_LEVEL) == sdp.LEVEL_ID
    assert video.extension(sdp.AUDIO_LEVEL) == 0


def test_an_answer_receives_what_is_offered_and_leaves_empty_lines_inactive():
    text = sdp.publish_offer(LOCAL, [("0", "audio", 11), ("1", "video", 22)])
    offered = sdp.read(text.replace("a=sendonly", "a=inactive", 1))
    answer = sdp.read(sdp.answer(LOCAL, offered))
    assert [section.says("a=recvonly") for section in answer.sections] == [False, True]
    assert answer.sections[0].says("a=inactive")
    assert answer.sections[1].says("a=rtpmap:96 VP8/90000")
    assert answer.sections[1].ssrcs() == []


def test_a_description_without_an_address_is_refused():
    text = sdp.publish_offer(LOCAL, [("0", "audio", 11)]).replace("a=candidate", "a=x-candidate")
    with pytest.raises(sdp.NoAddress):
        sdp.read(text)


def shake_hands(client: Dtls, server: SSL.Connection) -> None:
    """The server through pyOpenSSL alone; the client has nothing to say any more when it is done."""
    to_server = client.step()
    while to_server:
        for datagram in to_server:
            server.bio_write(datagram)
        with suppress(SSL.WantReadError):
            server.do_handshake()
        to_client = split_records(server.bio_read(16_384))
        to_server = [out for datagram in to_client for out in client.step(datagram)]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_both_ends_of_a_handshake_derive_the_same_keys(profile):
    server = Identity(profile).connection()
    server.set_accept_state()
    client = Dtls(Identity(profile))
    shake_hands(client, server)
    assert client.done
    assert client.profile == profile
    assert server.get_selected_srtp_profile().decode() == profile


def test_a_server_that_agrees_on_no_profile_is_refused():
    server = Identity("SRTP_AES128_CM_SHA1_80").connection()
    server.set_accept_state()
    client = Dtls(Identity("SRTP_AEAD_AES_128_GCM"))
    with pytest.raises(HandshakeFailed, match="no common SRTP profile"):
        shake_hands(client, server)
