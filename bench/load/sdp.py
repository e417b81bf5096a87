"""The few lines of SDP that a load client needs: what a server offers or answers, and our own half. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
LEVEL_ID, TWCC_ID = 1, 3
VIDEO, AUDIO = 96, 111
"""Payload types that we offer."""

_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", re.IGNORECASE)
_ECHOED = ("a=mid:", "a=rtcp-mux", "a=rtcp-rsize", "a=extmap:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:")


class NoAddress(ValueError):
    """The server names no IPv4 host candidate over UDP."""


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line as the server wrote it."""

    mid: str
    kind: str
    first_line: str
    attributes: tuple[str, ...]

    def says(self, line: str) -> bool:
        return line in self.attributes

    def extension(self, uri: str) -> int:
        """Its id, 0 when it was not agreed on."""
        for line in self.attributes:
            if line.startswith("a=extmap:") and line.endswith(uri):
                return int(line[9:].split()[0].split("/")[0])
        return 0

    def ssrcs(self) -> list[int]:
        found = [int(line[7:].split()[0]) for line in self.attributes if line.startswith("a=ssrc:")]
        return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Remote:
    """A server's description."""

    ufrag: str
    password: str
    address: tuple[str, int]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Local:
    """What our descriptions of one peer share."""

    ufrag: str
    password: str
    fingerprint: str
    address: tuple[str, int]


def read(text: str) -> Remote:
    """Raises ``NoAddress``, or ``StopIteration`` for a description without ICE credentials."""
    lines = text.replace("\r\n", "\n").split("\n")
    address = next((match for match in map(_CANDIDATE.match, lines) if match), None)
    if address is None:
        raise NoAddress(text)
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            groups.append([])
        groups[-1].append(line)
    return Remote(
        ufrag=next(line[12:] for line in lines if line.startswith("a=ice-ufrag:")),
        password=next(line[10:] for line in lines if line.startswith("a=ice-pwd:")),
        address=(address[1], int(address[2])),
        sections=tuple(_section(group) for group in groups[1:]),
    )


def _section(lines: list[str]) -> Section:
    attributes = tuple(line for line in lines[1:] if line.startswith("a="))
    mid = next((line[6:] for line in attributes if line.startswith("a=mid:")), "")
    return Section(mid, lines[0][2:].split()[0], lines[0], attributes)


def answer(local: Local, offer: Remote) -> str:
    """Receive all that is offered, as a browser does that knows every extension and feedback named."""
    taken = [section for section in offer.sections if section.first_line.split()[1] != "0"]
    lines = _session(section.mid for section in taken)
    for section in offer.sections:
        if section not in taken:
            lines += [section.first_line, "c=IN IP4 0.0.0.0", f"a=mid:{section.mid}", "a=inactive"]
            continue
        words = section.first_line.split()
        lines += [" ".join([words[0], "9", *words[2:]]), "c=IN IP4 0.0.0.0"]
        lines += [line for line in section.attributes if line.startswith(_ECHOED)]
        lines.append("a=inactive" if section.says("a=inactive") else "a=recvonly")
        lines += _transport(local)
    return "\r\n".join(lines) + "\r\n"


def publish_offer(local: Local, tracks: Iterable[tuple[str, str, int]]) -> str:
    """Offer to send: (mid, kind, SSRC) each."""
    wanted = list(tracks)
    lines = _session(mid for mid, _, _ in wanted)
    for mid, kind, ssrc in wanted:
        number = VIDEO if kind == "video" else AUDIO
        lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}", "c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=sendonly"]
        lines += ["a=rtcp-mux", "a=rtcp-rsize", f"a=extmap:{TWCC_ID} {TRANSPORT_CC}"]
        if kind == "video":
            lines.append(f"a=rtpmap:{VIDEO} VP8/90000")
            feedback: tuple[str, ...] = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")
        else:
            lines += [f"a=extmap:{LEVEL_ID} {AUDIO_LEVEL}", f"a=rtpmap:{AUDIO} opus/48000/2"]
            lines.append(f"a=fmtp:{AUDIO} minptime=10;useinbandfec=1")
            feedback = ("transport-cc",)
        lines += [f"a=rtcp-fb:{number} {name}" for name in feedback]
        lines += [f"a=msid:load load-{mid}", f"a=ssrc:{ssrc} cname:load", f"a=ssrc:{ssrc} msid:load load-{mid}"]
        lines += _transport(local)
    return "\r\n".join(lines) + "\r\n"


def _session(mids: Iterable[str]) -> list[str]:
    return [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
    ]


def _transport(local: Local) -> list[str]:
    host, port = local.address
    return [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        # We are the DTLS client everywhere, so that the work of the handshake is shared in the same way.
        "a=setup:active",
        f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
        "a=end-of-candidates",
    ]
