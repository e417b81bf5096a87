"""A description that would cost more to parse than any browser's is refused before it is parsed."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import sdp, sdp_bounds
from tests.unit.test_media_sdp import OFFER

_VIDEO = OFFER[OFFER.index("m=video") : OFFER.index("m=application")]


def _bomb(lines: str) -> str:
    return OFFER.replace("a=rtpmap:96 VP8/90000\r\n", "a=rtpmap:96 VP8/90000\r\n" + lines)


@pytest.mark.parametrize(
    "lines",
    [
        "a=rtpmap:98 VP9/90000\r\na=rtcp-fb:* nack\r\n" * 3_000,
        "a=rtpmap:98 VP9/90000\r\na=fmtp:98 x=y\r\n" * 3_000,
        "".join(f"a=ssrc:{number} cname:c\r\n" for number in range(5_000)),
        "".join(f"a=rid:{number} send\r\n" for number in range(5_000)),
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 3_000,
    ],
    ids=["feedback for all codecs", "parameters", "streams", "layers", "sections"],
)
def test_what_would_hold_the_worker_for_seconds_is_not_parsed(lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(SessionDescription, "parse", parsed.append)
    with pytest.raises(sdp.SdpError):
        sdp.parse(_bomb(lines))
    assert parsed == []


def test_fingerprints_that_every_section_would_get_a_copy_of_are_not_parsed() -> None:
    session = "a=fingerprint:sha-256 AA\r\n" * 500
    assert sdp_bounds.fault(OFFER.replace("t=0 0\r\n", "t=0 0\r\n" + session)) is not None


def test_a_description_with_many_lines_of_a_browser_is_parsed() -> None:
    """Four hundred m-lines, each with feedback and a pair of streams: the answer of a page that sees everybody."""
    lines = "".join(_VIDEO.replace("a=mid:1", f"a=mid:v{number}") for number in range(300))
    assert sdp_bounds.fault(OFFER[: OFFER.index("m=application")] + lines) is None


@pytest.mark.parametrize("secret", ["x" * 300, "ab\u00e9d", "ab\x07d"])
def test_ice_credentials_that_no_browser_makes_are_refused(secret: str) -> None:
    """They are written into checks of ours, where they must fit."""
    with pytest.raises(sdp.SdpError):
        sdp.parse(OFFER.replace("a=ice-ufrag:abcd", f"a=ice-ufrag:{secret}"))


@given(st.data())
def test_a_mutilated_description_is_taken_or_refused_and_nothing_else(data: st.DataObject) -> None:
    lines = OFFER.split("\r\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "repeat", "swap", "cut", "garble"])):
            case "drop":
                del lines[at : at + data.draw(st.integers(1, 5))]
                lines = lines or [""]
            case "repeat":
                lines[at:at] = [lines[at]] * data.draw(st.integers(1, 40))
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "garble":
                begin = data.draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:begin] + data.draw(st.text(max_size=12)) + lines[at][begin + 1 :]
    said = ""
    try:
        assert sdp.parse("\r\n".join(lines)).sections
    except sdp.SdpError as error:
        said = str(error)
    assert "0123456789abcdef" not in said
