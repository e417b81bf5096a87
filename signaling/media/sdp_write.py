"""Our own session descriptions: answers to who publishes, offers to who subscribes.

Always one BUNDLE group, rtcp-mux, ICE-lite and host candidates of the worker's one port. Candidates are addresses,
never names: a closed network resolves no ``.local``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from signaling.media.ice import Credentials
from signaling.media.sdp import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    REPAIRED_RID,
    RID,
    TRANSPORT_CC,
    Codec,
    Section,
)
from signaling.media.shape import ABS_SEND_TIME_ID

# What subscribers get, whatever the publisher's numbers were: rewriting is then done once per packet.
VP8, VP8_RTX, OPUS = 96, 97, 111
H264, H264_RTX = 98, 99
H264_PARAMETERS = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
"""What every browser that knows H.264 takes; their decoders play main and high under it too."""
OPUS_PARAMETERS = "minptime=10;useinbandfec=1"

# Type preferences (RFC 8445 section 5.1.2.2; TCP as browsers have it) and RFC 6544's direction preference of passive.
_UDP_HOST, _TCP_HOST, _PASSIVE = 126, 90, 4

_PUBLISH_EXTENSIONS = (MID, AUDIO_LEVEL, TRANSPORT_CC)
_LAYER_EXTENSIONS = (RID, REPAIRED_RID)
_PUBLISH_FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc")


@dataclass(frozen=True, slots=True)
class Local:
    """What all descriptions of one transport share."""

    session_id: int
    credentials: Credentials
    fingerprint: str
    addresses: Sequence[str]
    port: int
    tcp: bool = False
    """Whether the port takes ICE-TCP connections as well."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One m-line of a subscribe offer; ``ssrc`` None is a line that waits to be used again."""

    mid: str
    kind: str
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    stream_id: str = ""
    track_id: str = ""
    payload_type: int | None = None
    rtx_payload_type: int | None = None
    """In an answer: the other side's numbers. In our offers: ours."""
    abs_send_time: bool = True
    h264: Codec | None = None
    """In an answer: the H.264 that the other side can take besides."""


def answer(local: Local, version: int, sections: Sequence[Section], receive: Iterable[str], setup: str) -> str:
    """Answer an offer to publish: the mids in ``receive`` are taken, the others are inactive or rejected."""
    wanted = set(receive)
    taken = [section for section in sections if _acceptable(section)]
    lines = _session(local, version, [section.mid for section in taken])
    for section in sections:
        leads = section is (taken[0] if taken else None)
        if section not in taken:
            lines += [f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{section.mid}", "a=inactive"]
        elif section.codec is None:
            lines += [f"m={section.kind} 9 {section.protocol} {' '.join(section.formats)}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{section.mid}", "a=sctp-port:5000", *_transport(local, setup, leads=leads)]
        else:
            lines += _receiving(local, section, section.codec, active=section.mid in wanted, setup=setup, leads=leads)
    return "\r\n".join(lines) + "\r\n"


def offer(local: Local, version: int, outgoing: Sequence[Outgoing]) -> str:
    """Offer to a subscriber what it is to receive."""
    lines = _session(local, version, [line.mid for line in outgoing])
    for line in outgoing:
        lines += _sending(local, line, leads=line is outgoing[0])
    return "\r\n".join(lines) + "\r\n"


def sending_answer(
    local: Local, version: int, sections: Sequence[Section], outgoing: Mapping[str, Outgoing], setup: str
) -> str:
    """Answer an offer to receive: the mids in ``outgoing`` are sent on, the others are rejected."""
    lines = _session(local, version, [section.mid for section in sections if section.mid in outgoing])
    leading = next((section.mid for section in sections if section.mid in outgoing), "")
    for section in sections:
        line = outgoing.get(section.mid)
        if line is None:
            lines += [f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{section.mid}", "a=inactive"]
        else:
            offered = section.codec.feedback if section.codec else frozenset()
            lines += _sending(local, line, leads=section.mid == leading, setup=setup, feedback=offered)
    return "\r\n".join(lines) + "\r\n"


def _acceptable(section: Section) -> bool:
    """A data channel is taken for its transport only (a device check offers one): no SCTP is ever answered."""
    return not section.rejected and (section.codec is not None or section.kind == "application")


def _session(local: Local, version: int, mids: Sequence[str]) -> list[str]:
    lines = ["v=0", f"o=- {local.session_id} {version} IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    if mids:
        lines.append(f"a=group:BUNDLE {' '.join(mids)}")
    return [*lines, "a=msid-semantic: WMS *"]


def _transport(local: Local, setup: str, *, leads: bool) -> list[str]:
    """Only the section that leads the bundle names candidates: the others share its transport (RFC 9143)."""
    shared = [
        f"a=ice-ufrag:{local.credentials.ufrag}",
        f"a=ice-pwd:{local.credentials.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{setup}",
    ]
    if not leads:
        return shared
    return [*shared, *candidates(local.addresses, local.port, tcp=local.tcp), "a=end-of-candidates"]


def candidates(addresses: Sequence[str], port: int, *, tcp: bool = False) -> list[str]:
    """Host candidates, the first address preferred (RFC 8445 section 5.1.2). Names are left out.

    With ``tcp`` each address once more as passive TCP candidate (RFC 6544 section 4.5), all of them below all of UDP:
    on a stream one lost packet holds up what comes after it.
    """
    hosts = [ipaddress.ip_address(text) for text in addresses if _is_address(text)]
    lines = []
    for number, host in enumerate(hosts, start=1):
        priority = (_UDP_HOST << 24) + ((65_535 - number) << 8) + 255
        lines.append(f"a=candidate:{number} 1 udp {priority} {host} {port} typ host")
    for number, host in enumerate(hosts if tcp else (), start=1):
        preference = (_PASSIVE << 13) + 8191 - number
        priority = (_TCP_HOST << 24) + (preference << 8) + 255
        lines.append(f"a=candidate:{len(hosts) + number} 1 tcp {priority} {host} {port} typ host tcptype passive")
    return lines


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _receiving(local: Local, section: Section, codec: Codec, *, active: bool, setup: str, leads: bool) -> list[str]:
    rtx = codec.rtx_payload_type
    formats = [codec.payload_type] if rtx is None else [codec.payload_type, rtx]
    lines = [
        f"m={section.kind} 9 {section.protocol} {' '.join(map(str, formats))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=recvonly" if active and section.sends else "a=inactive",
        "a=rtcp-mux",
    ]
    if section.reduced_rtcp:
        lines.append("a=rtcp-rsize")
    layers = section.layers if active else ()
    known = (*_PUBLISH_EXTENSIONS, *_LAYER_EXTENSIONS) if layers else _PUBLISH_EXTENSIONS
    lines += [f"a=extmap:{section.extensions[uri]} {uri}" for uri in known if uri in section.extensions]
    lines += _codec(section.kind, codec.payload_type, rtx, codec.parameters)
    lines += [f"a=rtcp-fb:{codec.payload_type} {name}" for name in publish_feedback(section)]
    if layers:
        lines += [*(f"a=rid:{rid} recv" for rid in layers), f"a=simulcast:recv {';'.join(layers)}"]
    return lines + _transport(local, setup, leads=leads)


def publish_feedback(section: Section) -> list[str]:
    """What we will send a publisher: its bandwidth is told by arrival times or, when it knows none, by REMB."""
    if section.codec is None:
        return []
    offered = section.codec.feedback
    if "transport-cc" in offered and TRANSPORT_CC in section.extensions:
        return [name for name in _PUBLISH_FEEDBACK if name in offered]
    return [name for name in (*_PUBLISH_FEEDBACK[:3], "goog-remb") if name in offered]


def _codec(kind: str, payload_type: int, rtx: int | None, h264: str = "") -> list[str]:
    """``h264``: its parameters; otherwise a picture is VP8."""
    if kind == "audio":
        return [f"a=rtpmap:{payload_type} opus/48000/2", f"a=fmtp:{payload_type} {OPUS_PARAMETERS}"]
    lines = [f"a=rtpmap:{payload_type} {'H264' if h264 else 'VP8'}/90000"]
    if h264:
        lines.append(f"a=fmtp:{payload_type} {h264}")
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload_type}"]
    return lines


_SENDING_FEEDBACK = {"video": ("nack", "nack pli", "ccm fir", "goog-remb", "rrtr"), "audio": ("nack",)}


def _types(line: Outgoing) -> list[tuple[int, int | None, str]]:
    """(payload type, that of its retransmissions, H.264's parameters), the common codec first."""
    if line.kind == "audio":
        return [(OPUS if line.payload_type is None else line.payload_type, None, "")]
    if line.payload_type is None:
        return [(VP8, VP8_RTX, ""), (H264, H264_RTX, H264_PARAMETERS)]
    found = [(line.payload_type, line.rtx_payload_type, "")]
    if line.h264 is not None:
        found.append((line.h264.payload_type, line.h264.rtx_payload_type, line.h264.parameters))
    return found


def _sending(
    local: Local, line: Outgoing, *, leads: bool, setup: str = "actpass", feedback: frozenset[str] | None = None
) -> list[str]:
    """``feedback``: what the other side offered, in an answer."""
    codecs = _types(line)
    types = [str(number) for numbers in codecs for number in numbers[:2] if number is not None]
    lines = [
        f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(types)}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{line.mid}",
        "a=inactive" if line.ssrc is None else "a=sendonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        *([f"a=extmap:{ABS_SEND_TIME_ID} {ABS_SEND_TIME}"] if line.abs_send_time else []),
        *(text for codec in codecs for text in _codec(line.kind, *codec)),
    ]
    known = [name for name in _SENDING_FEEDBACK[line.kind] if feedback is None or name in feedback]
    lines += [f"a=rtcp-fb:{payload_type} {name}" for payload_type, *_ in codecs for name in known]
    if line.ssrc is not None:
        lines.append(f"a=msid:{line.stream_id} {line.track_id}")
        if line.rtx_ssrc is not None:
            lines.append(f"a=ssrc-group:FID {line.ssrc} {line.rtx_ssrc}")
        for ssrc in (line.ssrc, line.rtx_ssrc):
            if ssrc is not None:
                lines += [f"a=ssrc:{ssrc} cname:{line.stream_id}"]
                lines += [f"a=ssrc:{ssrc} msid:{line.stream_id} {line.track_id}"]
    return lines + _transport(local, setup, leads=leads)
