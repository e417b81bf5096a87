"""The worker's one UDP socket: drained in batches, each datagram told apart by its first byte (RFC 7983)."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from signaling.media.ice import Address

log = structlog.get_logger(__name__)

BATCH = 256
"""Datagrams taken in one go, so that timers and control requests get their turn under load."""
LARGEST = 2048
BUFFER_BYTES = 4 << 20
LOG_EVERY_S = 1

# What the network may throw at a socket that talks to many: none of it concerns the others.
_HARMLESS = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPERM, errno.ENOBUFS, errno.EMSGSIZE}
)


class Receiver(Protocol):
    """Whoever owns an address. Called for every datagram: must not raise."""

    def receive_media(self, datagram: bytes) -> None:
        """SRTP or SRTCP."""

    def receive_dtls(self, datagram: bytes) -> None: ...


class UdpPort:
    """``owners`` maps an address that passed a STUN check to its transport; anything else is dropped unread."""

    def __init__(self, on_stun: Callable[[bytes, Address], None]) -> None:
        self.owners: dict[Address, Receiver] = {}
        self.outbox: list[tuple[bytes, Address]] = []
        self.packets_in = self.packets_out = self.faults = 0
        self._on_stun = on_stun
        self._socket: socket.socket | None = None
        self._ready: Callable[[], None] | None = None
        self._log_again_at = 0.0

    def open(self, port: int, *, ipv6: bool) -> int:
        """Bind all addresses (both families when ``ipv6``), start draining and return the port. Raises ``OSError``."""
        family = socket.AF_INET6 if ipv6 else socket.AF_INET
        self._socket = bound = socket.socket(family, socket.SOCK_DGRAM)
        bound.setblocking(False)
        if ipv6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            bound.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        bound.bind(("::" if ipv6 else "0.0.0.0", port))  # noqa: S104 - browsers come by every address
        asyncio.get_running_loop().add_reader(bound, self.drain)
        return int(bound.getsockname()[1])

    def close(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def after_drain(self, ready: Callable[[], None]) -> None:
        """Call ``ready`` after each batch, before what it queued is sent."""
        self._ready = ready

    def drain(self) -> None:
        """Take what is in the socket, hand each datagram to its owner, send what came of it."""
        assert self._socket
        receive, owners = self._socket.recvfrom, self.owners
        for _ in range(BATCH):
            try:
                datagram, address = receive(LARGEST)
            except BlockingIOError:
                break
            except OSError as error:
                self._fault("receive", error)
                continue
            self.packets_in += 1
            try:
                first = datagram[0] if datagram else 255
                if 127 < first < 192:
                    owner = owners.get(address)
                    if owner is not None:
                        owner.receive_media(datagram)
                elif first < 4:
                    self._on_stun(datagram, address)
                elif 19 < first < 64:
                    owner = owners.get(address)
                    if owner is not None:
                        owner.receive_dtls(datagram)
            except Exception as error:  # noqa: BLE001 - one datagram must never stop the others
                self._fault("handle", error)
        if self._ready:
            self._ready()
        self.flush()

    def send(self, datagram: bytes, address: Address) -> None:
        """Queue for the next ``flush``; within a drain that is at its end."""
        self.outbox.append((datagram, address))

    def flush(self) -> None:
        outbox = self.outbox
        if outbox and self._socket:
            self.outbox = []
            self.packets_out += self._transmit(outbox)

    def _transmit(self, outbox: Sequence[tuple[bytes, Address]]) -> int:
        """Put a batch on the wire; the one place to group equal sizes per peer with UDP_SEGMENT. Returns how many left.

        A full socket buffer drops the rest of the batch, as a full queue in a router would: waiting would delay
        everyone, and what matters is asked for again.
        """
        assert self._socket
        transmit, left = self._socket.sendto, 0
        for datagram, address in outbox:
            try:
                transmit(datagram, address)
                left += 1
            except BlockingIOError:
                self.faults += 1
                break
            except OSError as error:
                self._fault("send", error)
        return left

    def _fault(self, doing: str, error: Exception) -> None:
        self.faults += 1
        harmless = isinstance(error, OSError) and error.errno in _HARMLESS
        now = time.monotonic()
        if not harmless and now >= self._log_again_at:
            self._log_again_at = now + LOG_EVERY_S
            log.warning("datagram failed", doing=doing, error=repr(error), exc_info=not isinstance(error, OSError))
