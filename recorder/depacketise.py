"""RTP packets, as they came, to encoded frames, in order: the first half of packaging.

PURE. ``Reorder`` puts packets in the order they were sent, drops duplicates and gives up on what is missing;
``Vp8Frames`` (RFC 7741) and ``OpusFrames`` (RFC 7587) join payloads to frames. All numbers are extended ones that
never wrap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hub import rtp

WAIT_NS = 1_500_000_000
"""How long a missing packet may still come: the worker asks for it for a second, and the answer takes its time."""


class Packet(NamedTuple):
    sequence: int
    timestamp: int
    arrived_ns: int
    """From the recording's epoch."""
    file: int
    """The journal file that holds it."""
    marker: bool
    payload: bytes
    level: int | None = None
    """How loud it is, in -dBov (RFC 6464), where the sender tells."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One encoded picture, or one Opus packet."""

    timestamp: int
    arrived_ns: int
    data: bytes
    keyframe: bool
    last_sequence: int
    first_file: int
    after_loss: bool
    """Packets between this frame and the one before never came."""
    width: int = 0
    height: int = 0
    """Of a keyframe; 0 otherwise."""
    ticks: int = 0
    """How long it lasts in units of the RTP clock, where the data tells (Opus); 0 otherwise."""
    parameters: str = ""
    """What a decoder needs to know before it (H.264 keyframes, ``h264_frames.Parameters``); '' otherwise."""
    level: int | None = None
    """How loud a sound is, in -dBov; None where the sender does not tell."""


def original(packet: bytes | memoryview, rtx_ssrc: int | None) -> tuple[int, memoryview] | None:
    """``(sequence number, payload)`` of an RTP packet; a retransmission (RFC 4588) gives those of the original.

    None when it is broken or carries nothing (padding sent to measure bandwidth, except that a media packet without
    payload is returned with an empty one, because its sequence number counts).
    """
    data = bytes(packet)
    if not rtp.valid(data):
        return None
    payload = rtp.payload(data)
    if rtx_ssrc is not None and rtp.ssrc(data) == rtx_ssrc:
        if len(payload) <= 2:
            return None
        return payload[0] << 8 | payload[1], payload[2:]
    return rtp.sequence(data), payload


class Reorder:
    """Packets in, packets out in order of sequence; a missing one is waited for ``WAIT_NS``, then given up."""

    def __init__(self, next_sequence: int | None = None) -> None:
        self._next = next_sequence
        self._held: dict[int, Packet] = {}
        self._skipped = False

    def push(self, packet: Packet) -> bool:
        """Whether the packet was new."""
        if self._next is None:
            self._next = packet.sequence
        if packet.sequence < self._next or packet.sequence in self._held:
            return False
        self._held[packet.sequence] = packet
        return True

    def pop(self, now_ns: int | None) -> Iterator[tuple[Packet, bool]]:
        """Packets whose turn it is, each with whether something before it is lost. ``None``: wait for nothing."""
        while self._held:
            packet = self._held.pop(self._next, None) if self._next is not None else None
            if packet is None:
                first = min(self._held)
                if now_ns is not None and now_ns - self._held[first].arrived_ns < WAIT_NS:
                    return
                self._next, self._skipped = first, True
                continue
            self._next = packet.sequence + 1
            lost, self._skipped = self._skipped, False
            yield packet, lost

    def restart(self) -> None:
        """Forget where we were: the stream was stopped on purpose and goes on from wherever it goes on."""
        self._held.clear()
        self._next, self._skipped = None, False

    def first_file(self) -> int | None:
        return min((packet.file for packet in self._held.values()), default=None)


class Frames(Protocol):
    """Joins packets in order to frames."""

    def push(self, packet: Packet, lost: bool) -> Iterator[Frame]: ...

    def abandon(self) -> None:
        """No more of the picture under way will come: half a picture is none."""
        ...

    def first_file(self) -> int | None: ...


class OpusFrames:
    """One packet is one frame (RFC 7587 section 4.2)."""

    def push(self, packet: Packet, lost: bool) -> Iterator[Frame]:
        if packet.payload:
            yield Frame(
                timestamp=packet.timestamp,
                arrived_ns=packet.arrived_ns,
                data=packet.payload,
                keyframe=True,
                last_sequence=packet.sequence,
                first_file=packet.file,
                after_loss=lost,
                ticks=opus_ticks(packet.payload),
                level=packet.level,
            )

    def abandon(self) -> None:
        pass

    def first_file(self) -> int | None:
        return None


def opus_ticks(packet: bytes) -> int:
    """How long an Opus packet lasts, at 48 kHz, from its first bytes (RFC 6716 section 3.1)."""
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = (120, 240, 480, 960)[config & 3]
    if code == 3:
        return frame * (packet[1] & 0x3F) if len(packet) > 1 else frame
    return frame * (1 if code == 0 else 2)


def opus_missing(model: bytes) -> bytes:
    """A packet that tells the decoder "one frame is missing here" in the mode of ``model`` (RFC 7845 section 4.1)."""
    return bytes([model[0] & 0xFC])


class Vp8Frames:
    """VP8 pictures from their packets. A picture that lacks a packet is dropped, and the next one says so."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._first: Packet | None = None
        self._last: Packet | None = None
        self._broken = False
        self._after_loss = False

    def push(self, packet: Packet, lost: bool) -> Iterator[Frame]:
        if lost:
            self._after_loss = self._broken = True
            self._drop()
        if not packet.payload:
            return
        size, starts = vp8_descriptor(packet.payload)
        if self._first is not None and packet.timestamp != self._first.timestamp:
            yield from self._finish()  # its last packet came without the marker
        if starts and self._first is None:
            self._first, self._broken = packet, False
        if self._broken or self._first is None:
            self._after_loss = True
            return
        self._parts.append(packet.payload[size:])
        self._last = packet
        if packet.marker:
            yield from self._finish()

    def abandon(self) -> None:
        self._after_loss |= self._first is not None
        self._drop()

    def _finish(self) -> Iterator[Frame]:
        data = b"".join(self._parts)
        first, last = self._first, self._last
        self._drop()
        if first is None or last is None or not data:
            return
        width, height = vp8_size(data)
        after_loss, self._after_loss = self._after_loss, False
        yield Frame(
            timestamp=first.timestamp,
            arrived_ns=first.arrived_ns,
            data=data,
            keyframe=not data[0] & 1,
            last_sequence=last.sequence,
            first_file=first.file,
            after_loss=after_loss,
            width=width,
            height=height,
        )

    def first_file(self) -> int | None:
        return None if self._first is None else self._first.file

    def _drop(self) -> None:
        self._parts, self._first, self._last = [], None, None


def vp8_descriptor(payload: bytes) -> tuple[int, bool]:
    """``(its size, whether a picture begins here)`` of the VP8 payload descriptor (RFC 7741 section 4.2)."""
    first = payload[0]
    starts = first & 0x17 == 0x10  # S set, partition index 0
    if not first & 0x80:
        return 1, starts
    size = 2
    flags = payload[1] if len(payload) > 1 else 0
    if flags & 0x80:
        size += 2 if len(payload) > 2 and payload[2] & 0x80 else 1
    if flags & 0x40:
        size += 1
    if flags & 0x30:
        size += 1
    return size, starts


def vp8_size(data: bytes) -> tuple[int, int]:
    """``(width, height)`` of a keyframe, ``(0, 0)`` of any other picture (RFC 6386 section 9.1)."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return 0, 0
    return (data[6] | data[7] << 8) & 0x3FFF, (data[8] | data[9] << 8) & 0x3FFF
