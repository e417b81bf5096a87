"""What a browser's session description says (RFC 8866, 8829), as far as the media plane wants to know.

``aiortc.sdp`` reads it; what that drops (``rid``, ``simulcast``, ``rtcp-rsize``, ``bundle-only``) is read here. Our own
descriptions are written by ``sdp_write``. VP8 and Opus are taken, what every point sends and receives; H.264 too from
room encoders, and by those who can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription, grouplines

from signaling.media import sdp_bounds

MOST_UFRAG, MOST_PASSWORD = 256, 256
"""Characters (RFC 8839 section 5.4)."""
MOST_FINGERPRINTS = 8

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
"""Which layer a packet belongs to, or a retransmission repeats (RFC 8852)."""
MOST_LAYERS = 3

CODECS = {"video": ("video/vp8", 90_000), "audio": ("audio/opus", 48_000)}
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_PROFILE = re.compile(r"(42|4d|64)[0-9a-f]{4}")

_RID = re.compile(r"rid:([A-Za-z0-9_-]{1,16}) send(?: |$)")

# Everything that aiortc's parser is seen to raise on nonsense; assertions included.
_NONSENSE = (ValueError, AssertionError, AttributeError, KeyError, IndexError, TypeError, StopIteration)


class SdpError(ValueError):
    """A description that does not parse or cannot be served; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec we forward, with the payload types of one section."""

    name: str
    """VP8, H264 or opus"""
    clock_rate: int
    payload_type: int
    rtx_payload_type: int | None
    feedback: frozenset[str]
    """As in rtcp-fb: ``nack``, ``nack pli``, ``transport-cc`` …"""
    parameters: str = ""
    """Of H.264, to be written into the answer (RFC 6184 section 8.2.2)."""


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line."""

    mid: str
    kind: str
    protocol: str
    direction: str
    rejected: bool
    codec: Codec | None
    formats: tuple[str, ...]
    extensions: dict[str, int]
    ssrcs: tuple[int, ...]
    rtx_of: dict[int, int] = field(default_factory=dict)
    """Retransmission SSRC to the SSRC it repeats (RFC 5576 FID groups)."""
    rids: tuple[str, ...] = ()
    """Of the layers it sends (RFC 8851, 8853), as the client ordered them: ours from small to large."""
    reduced_rtcp: bool = False
    h264: Codec | None = None
    """The section's H.264 with packetization mode 1, beside or instead of ``codec``."""

    @property
    def sends(self) -> bool:
        return not self.rejected and self.direction in ("sendrecv", "sendonly")

    @property
    def layers(self) -> tuple[str, ...]:
        """The rids that we take; empty when it sends one stream, or does not mark the packets of several."""
        vp8 = self.codec is not None and self.codec.name == "VP8"
        simulcast = vp8 and len(self.rids) > 1 and RID in self.extensions
        return self.rids[:MOST_LAYERS] if simulcast else ()

    @property
    def receives(self) -> bool:
        return not self.rejected and self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class Description:
    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    setup: str
    """active, passive or actpass"""
    sections: list[Section]

    def section(self, mid: str) -> Section | None:
        return next((section for section in self.sections if section.mid == mid), None)


def parse(text: str) -> Description:
    """Read an offer or answer. Raises ``SdpError``."""
    fault = sdp_bounds.fault(text)
    if fault is not None:
        raise SdpError(fault)
    try:
        session = SessionDescription.parse(text)
        _, groups = grouplines(text)
        sections = [_section(media, lines) for media, lines in zip(session.media, groups, strict=True)]
    except SdpError:
        raise
    except _NONSENSE as error:
        # Its own text may quote the description, which holds the ICE password, and ours is logged.
        raise SdpError(f"description does not parse: {type(error).__name__}") from error
    if not sections:
        raise SdpError("description has no media section")
    if len({section.mid for section in sections}) != len(sections):
        raise SdpError("media sections need distinct mids")
    # All sections are bundled: the first that is not rejected speaks for the transport (RFC 9143).
    leading = next((media for media, s in zip(session.media, sections, strict=True) if not s.rejected), None)
    return Description(*_transport(leading), sections)


def taking_h264(offer: Description) -> Description:
    """The offer of a room encoder: a section without VP8 is taken with its H.264."""
    sections = [
        replace(section, codec=section.h264, rids=()) if section.codec is None and section.h264 is not None else section
        for section in offer.sections
    ]
    return replace(offer, sections=sections)


def _transport(media: MediaDescription | None) -> tuple[str, str, list[tuple[str, str]], str]:
    if media is None:
        raise SdpError("every media section is rejected")
    ice, dtls = media.ice, media.dtls
    if ice is None or not ice.usernameFragment or not ice.password:
        raise SdpError("no ICE credentials")
    for text, most in ((ice.usernameFragment, MOST_UFRAG), (ice.password, MOST_PASSWORD)):
        if len(text) > most or not (text.isascii() and text.isprintable()):
            raise SdpError("no proper ICE credentials")
    if dtls is None or not dtls.fingerprints or len(dtls.fingerprints) > MOST_FINGERPRINTS:
        raise SdpError("no DTLS fingerprint or setup")
    fingerprints = [(print_.algorithm, print_.value) for print_ in dtls.fingerprints]
    setup = {"client": "active", "server": "passive"}.get(dtls.role, "actpass")
    return ice.usernameFragment, ice.password, fingerprints, setup


def _section(media: MediaDescription, lines: list[str]) -> Section:
    mid = media.rtp.muxId
    if not mid or len(mid) > 32 or not mid.isprintable() or " " in mid:
        raise SdpError("a media section has no proper mid")
    attributes = [line[2:] for line in lines if line.startswith("a=")]
    bundle_only = "bundle-only" in attributes
    rejected = media.port == 0 and not bundle_only
    if not rejected and media.kind in CODECS and not media.rtcp_mux:
        raise SdpError("rtcp-mux is needed")
    rtx_of = {group.items[1]: group.items[0] for group in media.ssrc_group if _is_fid(group.semantic, group.items)}
    return Section(
        mid=mid,
        kind=media.kind,
        protocol=media.profile,
        direction=media.direction or "sendrecv",
        rejected=rejected,
        codec=_codec(media) if media.kind in CODECS else None,
        formats=tuple(map(str, media.fmt)),
        extensions={extension.uri: extension.id for extension in media.rtp.headerExtensions},
        ssrcs=tuple(each.ssrc for each in media.ssrc if each.ssrc not in rtx_of),
        rtx_of={int(rtx): int(primary) for rtx, primary in rtx_of.items()},
        rids=_rids(attributes),
        reduced_rtcp="rtcp-rsize" in attributes,
        h264=_h264(media) if media.kind == "video" else None,
    )


def _rids(attributes: list[str]) -> tuple[str, ...]:
    """The rids sent: in the order of ``a=simulcast``, the first of alternatives, those that begin paused too."""
    declared = [found[1] for attribute in attributes if (found := _RID.match(attribute))]
    for attribute in attributes:
        fields = attribute.split()
        if fields and fields[0] == "simulcast:send" and len(fields) > 1:
            named = [part.split(",")[0].lstrip("~") for part in fields[1].split(";")]
            return tuple(dict.fromkeys(rid for rid in named if rid in declared))
    return tuple(declared)


def _is_fid(semantic: str, items: list[int | str]) -> bool:
    return semantic == "FID" and len(items) == 2


def _codec(media: MediaDescription) -> Codec | None:
    """The section's VP8 or Opus, with the payload type that retransmits it."""
    wanted, clock_rate = CODECS[media.kind]
    for codec in media.rtp.codecs:
        if codec.mimeType.lower() == wanted and codec.clockRate == clock_rate and codec.payloadType is not None:
            return _taken(media, codec, "VP8" if media.kind == "video" else "opus")
    return None


def _h264(media: MediaDescription) -> Codec | None:
    """Constrained baseline, main or high, in packets of mode 1 (RFC 6184 section 8.1)."""
    for codec in media.rtp.codecs:
        if codec.mimeType.lower() != "video/h264" or codec.clockRate != 90_000 or codec.payloadType is None:
            continue
        profile = str(codec.parameters.get("profile-level-id", "42e01f")).lower()
        if str(codec.parameters.get("packetization-mode", 0)) == "1" and _PROFILE.fullmatch(profile):
            said = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"
            return _taken(media, codec, "H264", said)
    return None


def _taken(media: MediaDescription, codec: RTCRtpCodecParameters, name: str, parameters: str = "") -> Codec:
    assert codec.payloadType is not None
    rtx = next(
        (
            other.payloadType
            for other in media.rtp.codecs
            if other.mimeType.lower() == f"{media.kind}/rtx" and other.parameters.get("apt") == codec.payloadType
        ),
        None,
    )
    feedback = frozenset(f"{fb.type} {fb.parameter}" if fb.parameter else fb.type for fb in codec.rtcpFeedback)
    return Codec(name, codec.clockRate, codec.payloadType, rtx, feedback, parameters)
