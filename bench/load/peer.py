"""One peer connection of the load client: a UDP socket, ICE checks, DTLS, and what comes over SRTP."""

from __future__ import annotations

import asyncio
import secrets
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import pylibsrtp
from aioice import stun

from bench.load import content, sdp
from bench.load.dtls import Dtls, Identity
from bench.load.streams import Checked, Counted, Keyframe
from bench.load.wire import SLOT_BYTES, Wire, dropped, open_socket
from signaling.media import rtcp

if TYPE_CHECKING:
    import socket

_HEADER = struct.Struct("!BBHII")
CHECK_AGAIN_S, FLIGHT_AGAIN_S, CONSENT_S = 0.1, 0.05, 4.0
"""As browsers do, about: while there is no answer; a DTLS flight waits twice as long each time."""
REMB_BPS = 20_000_000


class Peer:
    """``checks``: decrypt and examine every packet; otherwise they are counted by their headers.

    ``on_rtcp`` gets what the server asks of a publisher, ``on_media`` is called once, at the first media packet.
    """

    def __init__(self, wire: Wire, identity: Identity, address: str, *, checks: bool = False) -> None:
        self.timed = checks
        self.socket: socket.socket = open_socket(address, timed=checks)
        self.local = sdp.Local(
            secrets.token_hex(4), secrets.token_hex(12), identity.fingerprint, self.socket.getsockname()
        )
        self.streams: dict[int, Counted] = {}
        self.checked: dict[tuple[int, int], Checked] = {}
        """By SSRC and by who sent it."""
        self.control = self.rtcp_sent = self.forged = 0
        self.on_rtcp: Callable[[rtcp.Rtcp], None] | None = None
        self.on_media: Callable[[], None] | None = None
        self.connected = asyncio.Event()
        self.realtime_offset_ns = 0
        self.dtls = Dtls(identity)
        self._wire = wire
        self._remote: sdp.Remote | None = None
        self._keyframe = Keyframe(None)
        self._on_keyframe: Callable[[], None] | None = None
        self._nominated = False
        self._next_check = self._next_flight = 0.0
        self._flight_wait_s = FLIGHT_AGAIN_S
        self._ssrc = secrets.randbits(31) | 1
        wire.add(self)

    def close(self) -> None:
        self._wire.remove(self)
        self.socket.close()

    @property
    def dropped(self) -> int:
        """By our own kernel."""
        return dropped(self.socket)

    # Connecting ------------------------------------------------------------------------------------------------------

    def start(self, remote: sdp.Remote) -> None:
        """Begin, or go on with a later description of the same server."""
        if self._remote is None:
            self._remote = remote
            self.socket.connect(remote.address)
            self._check()

    def tick(self) -> None:
        """Often until ``connected``, then each second: repeat what got no answer, keep consent fresh (RFC 7675)."""
        now = time.monotonic()
        if self._remote is None:
            return
        if now >= self._next_check:
            self._check()
        if self._nominated and not self.dtls.done and now >= self._next_flight:
            self._flight_wait_s *= 2
            self._next_flight = now + self._flight_wait_s
            self._send_all(self.dtls.again())

    def _check(self) -> None:
        assert self._remote is not None
        self._next_check = time.monotonic() + (CONSENT_S if self._nominated else CHECK_AGAIN_S)
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote.ufrag}:{self.local.ufrag}"
        request.attributes["PRIORITY"] = 1_862_270_975
        request.attributes["ICE-CONTROLLING"] = 1 << 40
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote.password.encode())
        self._send_all([bytes(request)])

    def _stun(self, datagram: bytes) -> None:
        message = stun.parse_message(datagram)
        if message.message_class is stun.Class.REQUEST:
            reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = self.socket.getpeername()
            reply.add_message_integrity(self.local.password.encode())
            self._send_all([bytes(reply)])
        elif message.message_class is stun.Class.RESPONSE and not self._nominated:
            self._nominated = True
            self._next_check = time.monotonic() + CONSENT_S
            self._next_flight = time.monotonic() + FLIGHT_AGAIN_S
            self._send_all(self.dtls.step())

    def _handshake(self, datagram: bytes) -> None:
        self._send_all(self.dtls.step(datagram))
        if self.dtls.done:
            self.connected.set()

    def _send_all(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            try:
                self.socket.send(datagram)
            except OSError:  # a full buffer or a server that has gone: both show in the figures
                return

    # Receiving -------------------------------------------------------------------------------------------------------

    def take(self, buffer: bytearray, lengths: list[int]) -> None:
        """The hot path: most packets are only counted."""
        at, streams, look = 0, self.streams, self._on_keyframe is not None
        for length in lengths:
            first, kind, sequence, _, ssrc = _HEADER.unpack_from(buffer, at)
            if 127 < first < 192 and not 191 < kind < 224:
                stream = streams.get(ssrc)
                if stream is None:
                    stream = self._begin(ssrc, sequence, kind & 0x7F)
                stream.add(sequence, length)
                if look and kind & 0x7F == sdp.VIDEO:
                    self._look(bytes(buffer[at : at + length]))
            else:
                self._other(bytes(buffer[at : at + length]))
            at += SLOT_BYTES

    def take_timed(self, datagram: bytes, arrived_ns: int) -> None:
        if len(datagram) < 12 or not 127 < datagram[0] < 192 or 191 < datagram[1] < 224:
            self._other(datagram)
            return
        _, kind, sequence, _, ssrc = _HEADER.unpack_from(datagram)
        stream = self.streams.get(ssrc) or self._begin(ssrc, sequence, kind & 0x7F)
        stream.add(sequence, len(datagram))
        seen = self._look(datagram)
        if seen is not None:
            checked = self.checked.setdefault((ssrc, seen.place.who), Checked())
            delay_ns = arrived_ns - self.realtime_offset_ns - seen.sent_ns
            checked.add(seen.counter, intact=seen.intact, delay_ns=delay_ns)

    def _look(self, datagram: bytes) -> content.Seen | None:
        """Decrypt; None for what is forged, or no content of ours."""
        try:
            plain = self.dtls.receiving.unprotect(datagram)
        except (pylibsrtp.Error, AttributeError):  # without keys yet, nobody may send
            self.forged += 1
            return None
        seen = content.read(plain)
        if seen is not None and self._on_keyframe is not None and self._keyframe.add(seen.place, seen.counter):
            found, self._on_keyframe = self._on_keyframe, None
            found()
        return seen

    def watch(self, who: int | None, found: Callable[[], None]) -> None:
        """Decrypt pictures until a keyframe is complete (of ``who``, None: anybody), and call ``found`` once."""
        self._keyframe, self._on_keyframe = Keyframe(who), found

    def _begin(self, ssrc: int, sequence: int, payload_type: int) -> Counted:
        if not self.streams and self.on_media is not None:
            self.on_media()
        stream = self.streams[ssrc] = Counted(sequence, payload_type)
        return stream

    def _other(self, datagram: bytes) -> None:
        first = datagram[0] if datagram else 255
        if self._remote is None:
            return  # the server is quicker than its own description: it will try again
        if first < 4:
            self._stun(datagram)
        elif 19 < first < 64:
            self._handshake(datagram)
        elif 127 < first < 192:
            self.control += 1
            if self.on_rtcp is not None and self.dtls.done:
                with suppress(pylibsrtp.Error):
                    for packet in rtcp.parse(self.dtls.receiving.unprotect_rtcp(datagram)):
                        self.on_rtcp(packet)

    # Sending ---------------------------------------------------------------------------------------------------------

    def protect(self, packet: bytes) -> bytes:
        datagram: bytes = self.dtls.sending.protect(packet)
        return datagram

    def send_datagram(self, datagram: bytes) -> None:
        self._send_all([datagram])

    def send_rtcp(self, compound: bytes) -> None:
        if self.dtls.done:
            self.rtcp_sent += 1
            self._send_all([self.dtls.sending.protect_rtcp(compound)])

    def report(self) -> None:
        """A receiver report and the bandwidth we see (REMB), as a browser sends them about once a second."""
        if not self.streams:
            return
        blocks = [
            rtcp.ReportBlock(ssrc, stream.fraction_lost(), 0, stream.extended & 0xFFFFFFFF, 0, 0, 0)
            for ssrc, stream in list(self.streams.items())[-31:]
        ]
        compound = rtcp.receiver_report(self._ssrc, blocks)
        self.send_rtcp(compound + rtcp.remb(self._ssrc, REMB_BPS, [block.ssrc for block in blocks]))

    def ask_keyframe(self, ssrc: int) -> None:
        self.send_rtcp(rtcp.receiver_report(self._ssrc, []) + rtcp.pli(self._ssrc, ssrc))

    def nack(self, ssrc: int, sequence: int) -> None:
        self.send_rtcp(rtcp.receiver_report(self._ssrc, []) + rtcp.nack(self._ssrc, ssrc, [sequence]))


def media_packets(peers: list[Peer]) -> int:
    """Packets of the published streams that all of them have received; retransmissions and probes are not counted."""
    return sum(
        stream.packets
        for peer in peers
        for stream in peer.streams.values()
        if stream.payload_type in (sdp.VIDEO, sdp.AUDIO)
    )
