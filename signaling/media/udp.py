"""The worker's one UDP port: drained in batches, each datagram told apart by its first byte (RFC 7983).

One socket per announced address, because an answer must leave from the address that was asked: on a machine with
several, a socket bound to all of them lets the routing table choose another, and browsers drop what comes from there.
Where an announced address is not this machine's (a router forwards it), one socket is bound to all.
"""

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
PORT_TRIES = 10

# What the network may throw at a socket that talks to many: none of it concerns the others.
_HARMLESS = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EPERM,
        errno.ENOBUFS,
        errno.EMSGSIZE,
        errno.EAGAIN,
    }
)
_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class Receiver(Protocol):
    """Whoever owns an address. Called for every datagram: must not raise."""

    def receive_media(self, datagram: bytes) -> None:
        """SRTP or SRTCP."""

    def receive_dtls(self, datagram: bytes) -> None: ...


class UdpSocket:
    """``owners`` maps an address that passed a STUN check to its transport; anything else is dropped unread."""

    def __init__(self, bound: socket.socket, port: UdpPort) -> None:
        self.owners: dict[Address, Receiver] = {}
        self.outbox: list[tuple[bytes, Address]] = []
        self.packets_in = self.packets_out = 0
        self._socket, self._port = bound, port
        asyncio.get_running_loop().add_reader(bound, self.drain)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self.outbox.clear()

    def drain(self) -> None:
        """Take what is in the socket, hand each datagram to its owner, send what came of it."""
        receive, owners = self._socket.recvfrom, self.owners
        for _ in range(BATCH):
            try:
                datagram, address = receive(LARGEST)
            except BlockingIOError:
                break
            except OSError as error:
                self._port.fault("receive", error)
                continue
            self.packets_in += 1
            try:
                first = datagram[0] if datagram else 255
                if 127 < first < 192:
                    owner = owners.get(address)
                    if owner is not None:
                        owner.receive_media(datagram)
                elif first < 4:
                    self._port.on_stun(datagram, address, self)
                elif 19 < first < 64:
                    owner = owners.get(address)
                    if owner is not None:
                        owner.receive_dtls(datagram)
            except Exception as error:  # noqa: BLE001 - one datagram must never stop the others
                self._port.fault("handle", error)
        self._port.drained()

    def send(self, datagram: bytes, address: Address) -> None:
        """Queue for the next ``flush``; within a drain that is at its end."""
        self.outbox.append((datagram, address))

    def flush(self) -> None:
        if self.outbox:
            self.packets_out += self._transmit(self.outbox)
            self.outbox.clear()

    def _transmit(self, outbox: Sequence[tuple[bytes, Address]]) -> int:
        """Put a batch on the wire; the one place to group equal sizes per peer with UDP_SEGMENT. Returns how many left.

        A full socket buffer drops the rest of the batch, as a full queue in a router would: waiting would delay
        everyone, and what matters is asked for again.
        """
        transmit, left = self._socket.sendto, 0
        for datagram, address in outbox:
            try:
                transmit(datagram, address)
                left += 1
            except BlockingIOError as error:
                self._port.fault("send", error)
                break
            except OSError as error:
                self._port.fault("send", error)
        return left


class UdpPort:
    """The sockets of one port. ``on_stun`` gets each STUN datagram with the socket it came by."""

    def __init__(self, on_stun: Callable[[bytes, Address, UdpSocket], None]) -> None:
        self.on_stun = on_stun
        self.after_drain: Callable[[], None] = lambda: None
        """Called after each batch, before what it queued is sent."""
        self.faults = 0
        self._sockets: list[UdpSocket] = []
        self._log_again_at = 0.0

    @property
    def packets_in(self) -> int:
        return sum(each.packets_in for each in self._sockets)

    @property
    def packets_out(self) -> int:
        return sum(each.packets_out for each in self._sockets)

    def open(self, port: int, addresses: Sequence[str]) -> int:
        """Bind ``port`` (0: a free one), start draining and return it. Raises ``OSError`` when it is taken."""
        for tries_left in range(PORT_TRIES, -1, -1):
            bound: list[socket.socket] = []
            try:
                for address in addresses:
                    bound.append(_bind(address, bound[0].getsockname()[1] if bound else port))
                break
            except OSError as error:
                for each in bound:
                    each.close()
                if error.errno in _NOT_OURS:
                    bound = [_bind_all(port, ipv6=any(":" in address for address in addresses))]
                    break
                # A port that was free on the first address may be taken on another.
                if port or not tries_left:
                    raise
        self._sockets = [UdpSocket(each, self) for each in bound]
        return int(bound[0].getsockname()[1])

    def close(self) -> None:
        for each in self._sockets:
            each.close()

    def drained(self) -> None:
        self.after_drain()
        self.flush()

    def flush(self) -> None:
        for each in self._sockets:
            each.flush()

    def fault(self, doing: str, error: Exception) -> None:
        """Count it, and log at most one a second: an attacker must not fill the disk."""
        self.faults += 1
        harmless = isinstance(error, OSError) and error.errno in _HARMLESS
        now = time.monotonic()
        if not harmless and now >= self._log_again_at:
            self._log_again_at = now + LOG_EVERY_S
            log.warning("datagram failed", doing=doing, error=repr(error), exc_info=not isinstance(error, OSError))


def _bind(address: str, port: int) -> socket.socket:
    bound = _new(socket.AF_INET6 if ":" in address else socket.AF_INET)
    return _at(bound, address, port)


def _bind_all(port: int, *, ipv6: bool) -> socket.socket:
    bound = _new(socket.AF_INET6 if ipv6 else socket.AF_INET)
    if ipv6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return _at(bound, "::" if ipv6 else "0.0.0.0", port)  # noqa: S104 - a router decides which address is asked


def _new(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    return made


def _at(made: socket.socket, address: str, port: int) -> socket.socket:
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made
