"""Session descriptions: what is read of a browser's, and what ours say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import sdp, sdp_write
from signaling.media.ice import Credentials
from signaling.media.sdp_write import Local, Outgoing

# As Chromium writes it, shortened to what matters: two codecs per section, extensions, FID, bundle.
OFFER = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=extmap-allow-mixed
a=msid-semantic: WMS stream
m=audio 40001 UDP/TLS/RTP/SAVPF 111 63 9
c=IN IP4 192.0.2.9
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 4f8a.local 40001 typ host
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdef01234567
a=ice-options:trickle
a=fingerprint:sha-256 {print}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendonly
a=msid:stream audio
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=ssrc:1001 cname:c
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 {print}
a=setup:actpass
a=mid:1
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rid:h send
a=simulcast:send h
a=ssrc-group:FID 2001 2002
a=ssrc:2001 cname:c
a=ssrc:2002 cname:c
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 {print}
a=setup:actpass
a=mid:2
a=sctp-port:5000
""".replace("{print}", ":".join(["AB"] * 32)).replace("\n", "\r\n")

LOCAL = Local(7, Credentials("ourfrag", "ourpassword"), "CD:EF", ("192.0.2.1", "fd00::1", "host.local"), 5000)


def lines_of(text: str, mid: str) -> list[str]:
    """The m-section with that mid."""
    sections = text.replace("\r\n", "\n").split("\nm=")[1:]
    return next(("m=" + s).split("\n") for s in sections if f"a=mid:{mid}\n" in s + "\n")


def test_an_offer_is_read_as_far_as_we_forward_it() -> None:
    offer = sdp.parse(OFFER)
    assert (offer.ufrag, offer.password, offer.setup) == ("abcd", "0123456789abcdef01234567", "actpass")
    audio, video, data = offer.sections
    assert audio.codec is not None
    assert (audio.codec.name, audio.codec.payload_type, audio.codec.rtx_payload_type) == ("opus", 111, None)
    assert video.codec is not None
    assert (video.codec.name, video.codec.payload_type, video.codec.rtx_payload_type) == ("VP8", 96, 97)
    assert "nack pli" in video.codec.feedback
    assert (video.ssrcs, video.rtx_of, video.rids) == ((2001,), {2002: 2001}, ("h",))
    assert audio.extensions[sdp.AUDIO_LEVEL] == 1
    assert audio.sends
    assert not audio.receives
    assert data.codec is None


def test_an_answer_takes_vp8_and_opus_and_nothing_else() -> None:
    offer = sdp.parse(OFFER)
    answer = sdp_write.answer(LOCAL, 3, offer.sections, {"0", "1"}, "passive")
    video = lines_of(answer, "1")
    assert video[0] == "m=video 9 UDP/TLS/RTP/SAVPF 96 97"
    assert "a=recvonly" in video
    assert "a=setup:passive" in video
    assert "a=rtcp-fb:96 transport-cc" in video
    assert "a=rtcp-fb:96 goog-remb" not in video
    assert not any("H264" in line or "red/" in line or "abs-send-time" in line for line in answer.splitlines())
    assert "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" in lines_of(answer, "0")
    assert answer.count("a=ice-lite") == 1
    assert "a=group:BUNDLE 0 1 2" in answer.splitlines()


def test_candidates_are_addresses_never_names() -> None:
    found = list(sdp_write.candidates(LOCAL.addresses, LOCAL.port))
    assert [line.split()[4] for line in found] == ["192.0.2.1", "fd00::1"]
    priorities = [int(line.split()[3]) for line in found]
    assert priorities == sorted(priorities, reverse=True)
    assert all(line.endswith("5000 typ host") for line in found)


def test_streams_are_offered_after_every_datagram_candidate() -> None:
    found = sdp_write.candidates(LOCAL.addresses, LOCAL.port, tcp=True)
    assert [line.split()[2] for line in found] == ["udp", "udp", "tcp", "tcp"]
    priorities = [int(line.split()[3]) for line in found]
    assert priorities == sorted(priorities, reverse=True)
    assert all(line.endswith("5000 typ host tcptype passive") for line in found[2:])
    assert len({line.split()[0] for line in found}) == 4, "each has a foundation of its own"


def test_what_is_not_wanted_is_inactive_but_keeps_its_line() -> None:
    offer = sdp.parse(OFFER)
    answer = sdp_write.answer(LOCAL, 1, offer.sections, {"0"}, "passive")
    assert "a=inactive" in lines_of(answer, "1")
    assert answer.count("\r\nm=") == 3


def test_a_section_without_a_codec_of_ours_is_rejected() -> None:
    text = OFFER.replace("VP8/90000", "AV1/90000")
    answer = sdp_write.answer(LOCAL, 1, sdp.parse(text).sections, {"0", "1"}, "passive")
    assert lines_of(answer, "1")[0].startswith("m=video 0 ")
    assert "a=group:BUNDLE 0 2" in answer.splitlines()


def test_without_transport_wide_feedback_remb_is_used() -> None:
    text = "\r\n".join(
        line for line in OFFER.split("\r\n") if "transport" not in line.replace("transport-cc", "transport")
    )
    offer = sdp.parse(text)
    video = lines_of(sdp_write.answer(LOCAL, 1, offer.sections, {"1"}, "passive"), "1")
    assert "a=rtcp-fb:96 goog-remb" in video


def test_our_answer_can_be_read_by_the_same_reader() -> None:
    offer = sdp.parse(OFFER)
    answer = sdp.parse(sdp_write.answer(LOCAL, 1, offer.sections, {"0", "1"}, "passive"))
    assert (answer.ufrag, answer.setup) == ("ourfrag", "passive")
    assert [section.receives for section in answer.sections[:2]] == [True, True]


def test_an_offer_of_ours_says_what_each_line_carries() -> None:
    text = sdp_write.offer(
        LOCAL,
        4,
        [
            Outgoing("0", "audio", 11, None, "seat", "p1"),
            Outgoing("1", "video", 12, 13, "seat", "p2"),
            Outgoing("2", "video"),
        ],
    )
    offer = sdp.parse(text)
    assert offer.setup == "actpass"
    assert offer.sections[1].rtx_of == {13: 12}
    assert offer.sections[1].ssrcs == (12,)
    assert "a=msid:seat p2" in lines_of(text, "1")
    assert "a=inactive" in lines_of(text, "2")
    assert " 4 IN IP4" in text.splitlines()[1]


LAYERS = (
    OFFER.replace("a=rid:h send\r\na=simulcast:send h\r\n", "a=rid:f send\r\na=rid:h send\r\na=rid:q send\r\n")
    .replace("a=rid:q send\r\n", "a=rid:q send\r\na=simulcast:send q;~h;f,x\r\n")
    .replace("a=ssrc-group:FID 2001 2002\r\na=ssrc:2001 cname:c\r\na=ssrc:2002 cname:c\r\n", "")
    .replace("a=rtpmap:96 VP8", f"a=extmap:5 {sdp.RID}\r\na=extmap:6 {sdp.REPAIRED_RID}\r\na=rtpmap:96 VP8")
)


def test_layers_are_taken_in_the_order_offered() -> None:
    video = sdp.parse(LAYERS).sections[1]
    assert (video.layers, video.ssrcs) == (("q", "h", "f"), ())
    answer = lines_of(sdp_write.answer(LOCAL, 1, sdp.parse(LAYERS).sections, {"1"}, "passive"), "1")
    assert [line for line in answer if "rid:" in line] == ["a=rid:q recv", "a=rid:h recv", "a=rid:f recv"]
    assert "a=simulcast:recv q;h;f" in answer
    assert f"a=extmap:5 {sdp.RID}" in answer
    assert f"a=extmap:6 {sdp.REPAIRED_RID}" in answer


def test_layers_whose_packets_are_not_marked_are_not_taken() -> None:
    text = LAYERS.replace(f"a=extmap:5 {sdp.RID}\r\n", "")
    assert sdp.parse(text).sections[1].layers == ()
    assert "simulcast" not in sdp_write.answer(LOCAL, 1, sdp.parse(text).sections, {"1"}, "passive")


def test_at_most_three_layers_are_taken() -> None:
    text = LAYERS.replace("a=simulcast:send q;~h;f,x", "a=rid:z send\r\na=simulcast:send q;h;f;z")
    assert sdp.parse(text).sections[1].layers == ("q", "h", "f")


def test_one_rid_is_no_simulcast() -> None:
    assert sdp.parse(OFFER).sections[1].layers == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=mid:1\r\n", ""),
        ("a=mid:1\r\n", "a=mid:0\r\n"),
        ("a=mid:1\r\n", "a=mid:x y\r\n"),
        ("a=ice-pwd:0123456789abcdef01234567\r\n", ""),
        ("a=setup:actpass", "a=setup:sideways"),
        ("a=rtcp-mux\r\n", ""),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96 97 103", "m=video nine"),
        ("a=ssrc:2001 cname:c", "a=ssrc:many"),
        ("a=fmtp:97 apt=96", "a=fmtp:55 apt=96"),
    ],
)
def test_a_broken_description_is_refused(old: str, new: str) -> None:
    assert old in OFFER
    with pytest.raises(sdp.SdpError):
        sdp.parse(OFFER.replace(old, new))


def test_a_description_beyond_all_measure_is_refused() -> None:
    with pytest.raises(sdp.SdpError):
        sdp.parse(OFFER + "a=x\r\n" * 100_000)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.parse(text)


@given(st.data())
def test_a_mangled_offer_is_read_or_refused(data: st.DataObject) -> None:
    lines = OFFER.split("\r\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(st.one_of(st.text(max_size=40), st.just(lines[place][: len(lines[place]) // 2])))
    try:
        offer = sdp.parse("\r\n".join(lines))
    except sdp.SdpError:
        return
    sdp_write.answer(LOCAL, 1, offer.sections, {"0", "1"}, "passive")
