"""What every consumer of a stream gets alike, made once per packet; and how packets are grouped for sending.

Every forwarded packet has the same shape: a fixed header, then one extension block that holds abs-send-time, 8 bytes
long. The publisher's own extensions are of no use to subscribers, and known offsets make rewriting cheap.

The kernel cuts one call's bytes into datagrams of one size (UDP GSO). A frame's packets differ by a byte or so, so
shorter ones are filled up with RTP padding (RFC 3550 section 5.1) before they are protected.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from struct import Struct

from hub import rtp
from signaling.media import vp8

ABS_SEND_TIME_ID = 3
SHAPE_BYTES = 20
MOST_PADDING = 24
"""More would cost the line more than the call saves."""
MOST_SEGMENTS = 48
"""In one call; the kernel takes 64, and 65,507 bytes in all."""

_SHAPE = Struct("!BBHIIHHI")
_ABS_SEND_TIME_HEAD = (ABS_SEND_TIME_ID << 4 | 2) << 24


def abs_send_time(now_ns: int) -> int:
    """24 bits of seconds in 6.18 fixed point (http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time)."""
    return ((now_ns << 18) // 1_000_000_000) & 0xFFFFFF


class Shaped:
    """One packet for all consumers; ``data`` has the source's numbers and SSRC 0."""

    __slots__ = ("data", "descriptor", "keyframe", "octets", "sequence", "timestamp")

    def __init__(
        self,
        data: bytes,
        sequence: int,
        timestamp: int,
        descriptor: vp8.Descriptor | None,
        *,
        keyframe: bool = False,
    ) -> None:
        self.data = data
        self.sequence, self.timestamp = sequence, timestamp
        self.octets = len(data) - SHAPE_BYTES
        """Of payload, without padding."""
        self.descriptor = descriptor
        self.keyframe = keyframe or (descriptor is not None and descriptor.keyframe)
        """Whether it begins a keyframe."""


def shape(packet: rtp.Packet, sequence: int, payload_type: int, now_ns: int) -> bytes:
    """The packet as all consumers get it, but for their own numbers; only ``SHAPE_BYTES`` when it has no payload."""
    begin, end = rtp.header_length(packet), len(packet) - rtp.padding_length(packet)
    head = _SHAPE.pack(
        0x90,
        (packet[1] & 0x80) | payload_type,
        sequence,
        rtp.timestamp(packet),
        0,
        rtp.ONE_BYTE_PROFILE,
        1,
        _ABS_SEND_TIME_HEAD | abs_send_time(now_ns),
    )
    return head + packet[begin:end]


def padding(ssrc: int, sequence: int, timestamp: int, payload_type: int, now_ns: int) -> bytes:
    """A packet without content, as large as one byte of padding length allows (RFC 3550 section 5.1)."""
    stamp = _ABS_SEND_TIME_HEAD | abs_send_time(now_ns)
    head = _SHAPE.pack(0xB0, payload_type, sequence, timestamp, ssrc, rtp.ONE_BYTE_PROFILE, 1, stamp)
    return head + bytes(254) + b"\xff"


class Batch:
    """The packets of one stream that came in one drain, in order of arrival, none of them a repeat.

    ``fill``: make neighbours equal in size, which only whoever sends them first may do.
    """

    __slots__ = ("in_order", "octets", "packets", "runs", "span")

    def __init__(self, packets: list[Shaped], *, fill: bool = True) -> None:
        self.packets = packets
        self.in_order = all(
            rtp.distance(later.sequence, earlier.sequence) > 0 for earlier, later in itertools.pairwise(packets)
        )
        """Whether each is newer than the one before, as nearly always."""
        self.span = packets[-1].sequence - packets[0].sequence & 0xFFFF
        """From the first number to the last."""
        self.octets = sum(packet.octets for packet in packets)
        self.runs = runs(packets, MOST_PADDING if fill else 0)


def runs(packets: Sequence[Shaped], most_padding: int) -> list[list[Shaped]]:
    """Neighbours of (nearly) one size together, each filled up to the largest of its run."""
    found: list[list[Shaped]] = []
    least = most = 0
    for packet in packets:
        size = len(packet.data)
        if found and len(found[-1]) < MOST_SEGMENTS and max(most, size) - min(least, size) <= most_padding:
            found[-1].append(packet)
            least, most = min(least, size), max(most, size)
        else:
            found.append([packet])
            least = most = size
    for run in found:
        if most_padding and len(run) > 1:
            _fill_up(run)
    return found


def _fill_up(run: list[Shaped]) -> None:
    most = max(len(packet.data) for packet in run)
    for packet in run:
        missing = most - len(packet.data)
        if missing:
            padded = bytearray(packet.data)
            rtp.pad(padded, missing)
            packet.data = bytes(padded)
