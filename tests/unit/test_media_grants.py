"""What of an offer is taken: what the peer may send, of the kind that the source is, once for each source."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling.media.grants import KIND_OF, granted
from signaling.media.sdp import Codec, Description, Section

ALL = sorted(KIND_OF)


def _section(mid: str, kind: str, direction: str = "sendonly") -> Section:
    name, rate = ("opus", 48_000) if kind == "audio" else ("VP8", 90_000)
    return Section(
        mid=mid,
        kind=kind,
        protocol="UDP/TLS/RTP/SAVPF",
        direction=direction,
        rejected=False,
        codec=Codec(name, rate, 96, None, frozenset()),
        formats=("96",),
        extensions={},
        ssrcs=(),
    )


def _offer(*sections: Section) -> Description:
    return Description("ufrag", "password", [("sha-256", "AA")], "actpass", list(sections))


def test_each_source_goes_with_its_own_m_line() -> None:
    offer = _offer(_section("0", "audio"), _section("1", "video"))
    assert granted(offer, {"0": "microphone", "1": "camera"}, ALL) == {"0": "microphone", "1": "camera"}


def test_sound_that_calls_itself_a_camera_is_not_taken() -> None:
    """It would be heard while the microphone is muted: cameras are not."""
    offer = _offer(_section("0", "audio"))
    assert granted(offer, {"0": "camera"}, ALL) == {}
    assert granted(offer, {"0": "screen"}, ALL) == {}


def test_a_picture_that_calls_itself_a_microphone_is_not_taken() -> None:
    assert granted(_offer(_section("0", "video")), {"0": "microphone"}, ALL) == {}


def test_a_seat_has_one_camera_however_many_it_offers() -> None:
    offer = _offer(*(_section(str(number), "video") for number in range(50)))
    assert granted(offer, {str(number): "camera" for number in range(50)}, ALL) == {"0": "camera"}


def test_an_m_line_that_no_longer_sends_gives_its_source_free() -> None:
    offer = _offer(_section("0", "video", "inactive"), _section("1", "video"))
    assert granted(offer, {"0": "camera", "1": "camera"}, ALL) == {"1": "camera"}


@given(
    st.lists(st.sampled_from(["audio", "video"]), max_size=8),
    st.dictionaries(st.sampled_from([str(number) for number in range(10)]), st.sampled_from([*ALL, "x", ""])),
    st.sets(st.sampled_from(ALL)),
)
def test_nothing_is_taken_that_is_not_allowed_or_not_there(
    kinds: list[str], sources: dict[str, str], allowed: set[str]
) -> None:
    offer = _offer(*(_section(str(number), kind) for number, kind in enumerate(kinds)))
    taken = granted(offer, sources, allowed)
    assert set(taken.values()) <= allowed
    assert len(set(taken.values())) == len(taken)
    assert all(KIND_OF[source] == kinds[int(mid)] and sources[mid] == source for mid, source in taken.items())
