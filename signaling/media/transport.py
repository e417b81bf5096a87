"""One browser peer connection as the worker sees it: ICE addresses, DTLS, SRTP, and whether it is still there."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from hub import rtp
from signaling.media import rtcp
from signaling.media.aiortc_private import SrtpError
from signaling.media.dtls import Dtls, DtlsState, fingerprint
from signaling.media.ice import Address, Check, Credentials
from signaling.media.nack import Budget
from signaling.media.paths import Path, Paths
from signaling.media.sdp import Description
from signaling.media.sdp_write import Local
from signaling.media.shape import Shaped
from signaling.media.srtp import Inbound, Offsets, Outbound, arena
from signaling.media.wire import Wire

if TYPE_CHECKING:
    from signaling.media.plane import Plane

log = structlog.get_logger(__name__)

SILENT_NS = 5_000_000_000
MOST_OLDER = 4
INTAKE_BYTES_PER_S = 2_500_000
"""Three layers of a camera and a screen are a quarter of it. Who is let in and sends more wants the worker's time,
which belongs to everybody: what is beyond it is not even decrypted. So much may also come at once."""
LEAST_COUNTED_BYTES = 500
"""For each packet at least: small ones cost the worker's time as well, so there may be 5,000 of them."""
ASKS_PER_S = 5
"""In answer to checks from new addresses: what is answered must not be more than what asked for it."""
OUR_SSRC = 1
"""The sender of our feedback; it never sends media."""


class Presence(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    SILENT = "silent"
    CLOSED = "closed"


class Transport:
    """Base of the publishing, subscribing and probing transports.

    ``on_presence`` is told of each change but those that ``close`` causes: who closes it knows.
    """

    silent_ns = SILENT_NS
    intake_bytes_per_s, least_counted_bytes = INTAKE_BYTES_PER_S, LEAST_COUNTED_BYTES
    answers = True
    """Whether the browser offers and we answer."""

    def __init__(self, plane: Plane, on_presence: Callable[[Transport, Presence], None]) -> None:
        self.plane = plane
        self.wire: Wire | None = None
        self.address: Address | None = None
        """Where to send, and by which socket: both None or neither."""
        self.presence = Presence.CONNECTING
        self.heard_ns = self._checked_ns = time.monotonic_ns()
        """When media, and a check, came last."""
        self.bytes_in = self.bytes_out = self.packets_out = self.rejected = 0
        self.remote: Description | None = None
        self._paths = Paths(self)
        self._asks = Budget(ASKS_PER_S, ASKS_PER_S)
        self._intake = Budget(self.intake_bytes_per_s, self.intake_bytes_per_s)
        self._on_presence = on_presence
        self._session_id = secrets.randbits(62)
        self._version = 0
        self._credentials = Credentials.make()
        self._older: list[Credentials] = []
        plane.ice.add(self, self._credentials)
        self.dtls = Dtls(plane.certificates.current(), self._send_dtls, self._dtls_moved)
        self.connected = self._released = False
        self._server = True
        self.outbound: Outbound
        self._inbound: Inbound

    # Setting up ------------------------------------------------------------------------------------------------

    def local(self) -> Local:
        """Our half of the next description."""
        plane, print_ = self.plane, fingerprint(self.dtls.certificate)
        tcp = plane.tcp is not None
        return Local(self._session_id, self._credentials, print_, plane.addresses, plane.port, tcp)

    def next_version(self) -> int:
        self._version += 1
        return self._version

    def accept(self, remote: Description, *, server: bool) -> None:
        """Take the other side's description; new ICE credentials in an offer restart ICE, ours too."""
        if self.answers and self.remote is not None and self.remote.ufrag != remote.ufrag:
            self.renew_credentials()
        self.remote, self._server = remote, server
        self._shake_hands()

    def _shake_hands(self) -> None:
        """A server waits for the other side; a client begins once it knows where that is, or its timers run out on
        nobody."""
        if self.remote is not None and (self._server or self.address is not None):
            self.dtls.start(self.remote.fingerprints, server=self._server)

    def restart_ice(self, ufrag: str, password: str) -> bool:
        """The other side's new credentials, told without a description; False when they are not new."""
        if self.remote is None or self.remote.ufrag == ufrag:
            return False
        self.renew_credentials()
        self.remote = replace(self.remote, ufrag=ufrag, password=password)
        return True

    def renew_credentials(self) -> None:
        """The older hold until the browser uses the new ones."""
        self._older.append(self._credentials)
        self._credentials = Credentials.make()
        self.plane.ice.add(self, self._credentials)
        while len(self._older) > MOST_OLDER:
            self.plane.ice.forget(self._older.pop(0))

    def same_browser(self, remote: Description) -> bool:
        """Whether a description comes from the peer connection we already talk to."""
        return self.remote is not None and self.remote.fingerprints == remote.fingerprints

    def close(self) -> None:
        """Forget the addresses and say goodbye. Safe to call twice."""
        if self._released:
            return
        self._released = True
        self.presence, self.connected = Presence.CLOSED, False
        for credentials in (self._credentials, *self._older):
            self.plane.ice.forget(credentials)
        self.plane.spawn(self._goodbye())

    async def _goodbye(self) -> None:
        await self.dtls.close()
        self._forget_addresses()
        self._let_go()

    def _let_go(self) -> None:
        """Of all that holds on to us in turn: nobody should have to wait for the garbage collector, which looks rarely.

        A connection is a hundred kilobytes, most of them OpenSSL's and libsrtp's.
        """
        self._paths.close()

    # ICE ---------------------------------------------------------------------------------------------------------

    def checked(self, check: Check[Transport], address: Address, wire: Wire) -> None:
        """A signed check came from ``address``: another one than before is a rebinding or another path."""
        path, now_ns = (wire, address), time.monotonic_ns()
        owner = wire.owners.get(address, self)
        if path not in self._paths and self.remote is not None and (self.connected or owner is not self):
            # It may have been caught and sent again from elsewhere: only who answers a check of ours is believed.
            if owner is self:
                self._paths.adopted(path, now_ns)
            if self._asks.take(1, now_ns / 1e6):
                # In an ICE restart the first way that works is better than one that has ceased to; the peer's own
                # choice follows.
                restarts = bool(self._older) and check.ufrag == self._credentials.ufrag
                self.plane.rebinding.ask_back(self, path, chosen=check.nominated or restarts)
            return
        self._checked_ns = now_ns
        self._paths.proved(path, now_ns, chosen=check.nominated)
        self._send_there()
        self._shake_hands()
        if self._older and check.ufrag == self._credentials.ufrag:
            for credentials in self._older:
                self.plane.ice.forget(credentials)
            self._older.clear()
        self._heard()

    @property
    def ufrag(self) -> str:
        """Ours."""
        return self._credentials.ufrag

    @property
    def last_sign_ns(self) -> int:
        """Of life: media or a check."""
        return max(self.heard_ns, self._checked_ns)

    def proved(self, path: Path, *, chosen: bool) -> None:
        """A check of ours to a new address was answered; ``chosen``: media goes there from now on."""
        if not self._released:
            self._checked_ns = time.monotonic_ns()
            self._paths.proved(path, self._checked_ns, chosen=chosen)
            self._send_there()
            self._heard()

    @property
    def congested(self) -> bool:
        """More waits to be sent than the way takes: leave pictures out."""
        return self.wire is not None and self.wire.congested

    def path_lost(self, wire: Wire, address: Address) -> None:
        self._paths.lost((wire, address))
        self._send_there()

    def _send_there(self) -> None:
        self.wire, self.address = self._paths.current or (None, None)

    def _forget_addresses(self) -> None:
        self._paths.clear()
        self._send_there()

    # Presence ----------------------------------------------------------------------------------------------------

    def _heard(self) -> None:
        if self.presence is Presence.SILENT:
            self._become(Presence.CONNECTED)

    def watch(self, now_ns: int) -> None:
        """Called every second or so: notice silence, and stop sending when consent has run out."""
        quiet_ns = now_ns - self.last_sign_ns
        if self.presence is Presence.CONNECTED and quiet_ns > self.silent_ns:
            self._become(Presence.SILENT)
        self._paths.heard(self.heard_ns)
        self._paths.expire(now_ns)
        self._send_there()

    def _become(self, presence: Presence) -> None:
        if self.presence is not Presence.CLOSED:
            self.presence = presence
            self._on_presence(self, presence)

    # DTLS --------------------------------------------------------------------------------------------------------

    def receive_dtls(self, datagram: bytes) -> None:
        self.dtls.session.feed(datagram)

    def _send_dtls(self, datagram: bytes) -> None:
        if self.wire is not None and self.address is not None:
            self.wire.send(datagram, self.address)

    def _dtls_moved(self, state: DtlsState) -> None:
        if self.presence is Presence.CLOSED:
            return
        if state is DtlsState.CONNECTED:
            session = self.dtls.session
            self.outbound, self._inbound, self.connected = session.outbound, session.inbound, True
            self._become(Presence.CONNECTED)
            self.on_connected()
        else:
            self.connected = False
            self._become(Presence.CLOSED)

    def on_connected(self) -> None:
        """SRTP can flow."""

    # Packets -----------------------------------------------------------------------------------------------------

    def receive_media(self, datagram: bytes) -> bool:
        """SRTP or SRTCP from one of our addresses: undo the protection, then on to what the subclass makes of it."""
        if not self.connected:
            return False
        now_ns = time.monotonic_ns()
        if not self._intake.left(now_ns / 1e6):
            self.rejected += 1
            return False
        control = 192 <= datagram[1] <= 223 if len(datagram) > 1 else False
        plain = self._inbound.open_control(datagram) if control else self._inbound.open(datagram)
        if not plain:
            self.rejected += 1
            return False
        self._opened(plain, len(datagram), now_ns, control=control)
        return True

    def sends_from(self, wire: Wire, address: Address) -> None:
        """The peer has begun to send by another way that it proved: it gave the old one up, and tells us so only with
        its next check, seconds later."""
        if (wire, address) in self._paths:
            self._paths.choose((wire, address))
            self._send_there()

    def may_have_sent(self, datagram: bytes) -> bool:
        """Whether protected media from an unknown address could be this peer's, by its open header alone."""
        return self.connected and 192 <= datagram[1] <= 223

    def receive_from(self, datagram: bytes, path: Path, now_ns: int) -> bool:
        """Media from an address that was nobody's: False if this peer did not protect it."""
        control = 192 <= datagram[1] <= 223
        plain = self._inbound.open_control(datagram) if control else self._inbound.open(datagram)
        if not plain:
            return False
        self._paths.adopted(path, now_ns)
        self._opened(plain, len(datagram), now_ns, control=control)
        return True

    def _opened(self, plain: bytes, size: int, now_ns: int, *, control: bool) -> None:
        self.heard_ns = now_ns
        if self.presence is Presence.SILENT:
            self._become(Presence.CONNECTED)
        # Only now: what somebody else sends from the peer's address must not use up what is the peer's.
        self._intake.spend(max(size, self.least_counted_bytes))
        self.bytes_in += size
        if control:
            for packet in rtcp.parse(plain, arrivals=False):
                self.on_rtcp(packet, now_ns)
        elif rtp.valid(plain):
            self.on_rtp(plain, now_ns)

    def on_rtp(self, packet: bytes, now_ns: int) -> None:
        """A plain RTP packet that passed ``rtp.valid``."""

    def on_rtcp(self, packet: rtcp.Rtcp, now_ns: int) -> None:
        """One packet of a compound."""

    def send_runs(self, runs: Sequence[list[Shaped]], ssrc: int, offsets: Offsets) -> None:
        """Protect and send packets with one consumer's numbers, those of a run in one call."""
        wire, address = self.wire, self.address
        if wire is None or address is None or not self.connected:
            return
        for run in runs:
            size = self.outbound.seal(run, ssrc, offsets)
            if size:
                count = len(run)
                wire.send_run(arena[: size * count], size, address)
                self.bytes_out += size * count
                self.packets_out += count

    def send_rtp(self, packet: bytes | bytearray) -> None:
        """Protect and send one packet that has its numbers already."""
        wire, address = self.wire, self.address
        if wire is None or address is None or not self.connected:
            return
        datagram = self.outbound.seal_one(packet)
        if datagram:
            self.bytes_out += len(datagram)
            self.packets_out += 1
            wire.send(datagram, address)

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send a compound."""
        if self.wire is not None and self.address is not None and self.connected:
            try:
                datagram = self.dtls.session.protect_rtcp(packet)
            except SrtpError:
                self.rejected += 1
                return
            self.wire.send(datagram, self.address)
