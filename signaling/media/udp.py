"""The worker's one UDP port: drained in batches, each datagram told apart by its first byte (RFC 7983).

Equal datagrams for one peer leave in one system call, cut apart by the kernel (UDP_SEGMENT, "GSO"); where the kernel
or the network card refuses, they leave one by one.

One socket per announced address, because an answer must leave from the address that was asked: on a machine with
several, a socket bound to all of them lets the routing table choose another, and browsers drop what comes from there.
Where an announced address is not this machine's (a router forwards it), one socket is bound to all.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import structlog

from hub.net import enlarge_buffers
from signaling.media.ice import Address
from signaling.media.wire import Receiver, Wire

log = structlog.get_logger(__name__)

BATCH = 256
"""Datagrams taken in one go, so that timers and control requests get their turn under load."""
LARGEST = 2048
LOG_EVERY_S = 1
PORT_TRIES = 10
UDP_SEGMENT = 103
"""linux/udp.h; Python's ``socket`` does not name it."""
MOST_REFUSING = 1_000
"""Addresses remembered as taking no segments: their path's MTU is too small."""

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
_NO_ROOM = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})
_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
# The card does no checksums, or the kernel no segments: nobody's runs will ever leave by this socket.
_NO_SEGMENTS = frozenset({errno.EIO, errno.EOPNOTSUPP, errno.ENOPROTOOPT})


class UdpSocket:
    """``owners`` maps an address that passed a STUN check to its transport; anything else is dropped unread."""

    def __init__(self, bound: socket.socket, port: UdpPort) -> None:
        self.owners: dict[Address, Receiver] = {}
        self.congested = False
        self.packets_in = self.packets_out = 0
        self.dropped = 0
        """Datagrams that the kernel had no room for."""
        self.segments = port.gso and _segments_known(bound)
        self._refusing: set[Address] = set()
        self._socket, self._port = bound, port
        asyncio.get_running_loop().add_reader(bound, self.drain)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def drain(self) -> None:
        """Take what is in the socket, hand each datagram to its owner, then forward what came of it."""
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
                        if owner.receive_media(datagram) and owner.address != address:
                            owner.sends_from(self, address)
                    else:
                        self._port.on_stranger(datagram, address, self)
                elif first < 4:
                    self._port.on_stun(datagram, address, self)
                elif 19 < first < 64:
                    owner = owners.get(address)
                    if owner is not None:
                        owner.receive_dtls(datagram)
            except Exception as error:  # noqa: BLE001 - one datagram must never stop the others
                self._port.fault("handle", error)
        self._port.on_drained()

    def send(self, datagram: bytes | memoryview, address: Address) -> None:
        """One datagram, now. A full socket buffer drops it, as a full queue in a router would: waiting would delay
        everyone, and what matters is asked for again."""
        try:
            self._socket.sendto(datagram, address)
            self.packets_out += 1
        except OSError as error:
            self._not_sent(1, error)

    def send_run(self, run: memoryview, size: int, address: Address) -> None:
        """Datagrams of ``size`` bytes that lie one after the other in ``run``, in one call where that is possible."""
        count = len(run) // size
        if count == 1:
            self.send(run, address)
            return
        if self.segments and address not in self._refusing:
            try:
                self._socket.sendmsg([run], _segment_size(size), 0, address)
            except OSError as error:
                if not self._refused(error, address):
                    self._not_sent(count, error)
                    return
            else:
                self.packets_out += count
                return
        for at in range(0, len(run), size):
            self.send(run[at : at + size], address)

    def _not_sent(self, count: int, error: OSError) -> None:
        """Only where there was no room was the machine too slow: who has gone away is no reason to send others less."""
        if error.errno in _NO_ROOM:
            self.dropped += count
        self._port.fault("send", error)

    def _refused(self, error: OSError, address: Address) -> bool:
        """Whether an error means that segments are not taken: by this socket, or on the way to this address."""
        if error.errno in _NO_SEGMENTS:
            self.segments = False
            log.warning("no UDP segments on this machine: one call for each packet", error=repr(error))
            return True
        if error.errno not in (errno.EINVAL, errno.EMSGSIZE):
            return False
        if len(self._refusing) < MOST_REFUSING:
            self._refusing.add(address)
        return True


@lru_cache(2048)
def _segment_size(size: int) -> list[tuple[int, int, bytes]]:
    return [(socket.SOL_UDP, UDP_SEGMENT, struct.pack("@H", size))]


def _segments_known(bound: socket.socket) -> bool:
    try:
        bound.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 0)
    except OSError:
        return False
    return True


class UdpPort:
    """The sockets of one port. ``on_stun`` gets each STUN datagram with the socket it came by; ``on_drained`` is
    called after each batch. ``gso``: send runs in one call where the machine can."""

    def __init__(
        self, on_stun: Callable[[bytes, Address, Wire], None], on_drained: Callable[[], None], *, gso: bool = True
    ) -> None:
        self.on_stun, self.on_drained, self.gso = on_stun, on_drained, gso
        self.on_stranger: Callable[[bytes, Address, Wire], None] = lambda *_: None
        """Called with media from an address that nobody owns."""
        self.faults = 0
        self._sockets: list[UdpSocket] = []
        self._log_again_at = 0.0

    @property
    def packets_in(self) -> int:
        return sum(each.packets_in for each in self._sockets)

    @property
    def packets_out(self) -> int:
        return sum(each.packets_out for each in self._sockets)

    @property
    def dropped(self) -> int:
        return sum(each.dropped for each in self._sockets)

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
    enlarge_buffers(made)
    return made


def _at(made: socket.socket, address: str, port: int) -> socket.socket:
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made
