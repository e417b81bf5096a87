"""ICE-TCP (RFC 6544) for networks that let no UDP out: the worker's media port, listened on for streams as well.

The browser connects (it is active, we are passive) and sends what it would have sent by UDP, framed (RFC 4571). The
first frame must be a STUN check that proves itself; until then a connection is nobody's, costs a few hundred bytes and
is closed at the first thing that is wrong. From then on it is a wire like a UDP socket, with one address.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from signaling.media.framing import Deframer, FramingError
from signaling.media.ice import Address, plain_host
from signaling.media.tcp_queue import SendQueue
from signaling.media.wire import Receiver, Wire

log = structlog.get_logger(__name__)

BACKLOG = 512
ACCEPT_AT_ONCE = 64
READ_BYTES = 16 * 1024
"""At once: the smallest frames have two bytes, and whoever sends thousands of them must not hold up the others."""
WRITE_BYTES = 16 * 1024
"""Handed to the kernel at once: what it holds can no longer be overtaken by sound."""
LARGEST = 2048
LARGEST_CHECK = 600
MOST_UNPROVEN = 1024
MOST_UNPROVEN_PER_HOST = 128
"""A hundred seats behind one office router connect in the same minute, each on a few candidates."""
MOST_CONNECTIONS = 4096
PROVE_WITHIN_NS = 10_000_000_000
IDLE_NS = 30_000_000_000
"""Consent checks come every few seconds (RFC 7675); a connection that is silent for so long is dead."""
ACCEPT_AGAIN_S = 1.0
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class TcpWire:
    """One connection. ``owners`` holds its address once a check has proved whose it is."""

    def __init__(self, connected: socket.socket, address: Address, port: TcpPort) -> None:
        self.owners: dict[Address, Receiver] = {}
        self.address = address
        self.host = counted_as(address)
        self.proven = self.closed = self.congested = False
        self.heard_ns = self.opened_ns = time.monotonic_ns()
        self.queue = SendQueue()
        self._socket, self._port = connected, port
        self._deframer = Deframer(LARGEST_CHECK)
        self._partial = b""
        self._flushing = self._blocked = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connected, self._readable)

    def close(self) -> None:
        """Hang up. Safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self.queue.clear()
        self._partial = b""
        owner = self.owners.pop(self.address, None)
        self._port.closed(self)
        if owner is not None:
            owner.path_lost(self, self.address)

    # Receiving -----------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            piece = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if not piece:
            self.close()
            return
        try:
            for datagram in self._deframer.feed(piece):
                self._received(datagram)
                if self.closed:
                    break
        except FramingError:
            self.close()
        except Exception as error:  # noqa: BLE001 - one datagram must never stop the others
            self._port.fault("handle", error)
        self._port.drained()

    def _received(self, datagram: bytes) -> None:
        first = datagram[0] if datagram else 255
        if first < 4:
            self._port.on_stun(datagram, self.address, self)
        owner = self.owners.get(self.address)
        if owner is None:
            # Not a check, or not one of ours; or its transport has gone, and the connection with it.
            self.close()
            return
        if not self.proven:
            self.proven = True
            self._deframer.largest_bytes = LARGEST
            self._port.proved(self)
        self.heard_ns = time.monotonic_ns()
        self._port.packets_in += 1
        if 127 < first < 192:
            if owner.receive_media(datagram) and owner.address != self.address:
                owner.sends_from(self, self.address)
        elif 19 < first < 64:
            owner.receive_dtls(datagram)

    # Sending -------------------------------------------------------------------------------------------------------

    def send(self, datagram: bytes | memoryview, address: Address) -> None:
        """Queue; it leaves as soon as the loop has nothing more urgent. Never waits for the peer."""
        if not self.closed:
            self.queue.put(datagram, time.monotonic_ns())
            self._flush_soon()

    def send_run(self, run: memoryview, size: int, address: Address) -> None:
        """Queue datagrams of ``size`` bytes that lie one after the other."""
        if not self.closed:
            now_ns = time.monotonic_ns()
            for at in range(0, len(run), size):
                self.queue.put(run[at : at + size], now_ns)
            self._flush_soon()

    def _flush_soon(self) -> None:
        self.congested = self.queue.congested
        if not self._flushing and not self._blocked:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if not self.closed:
            self._write()
            self.congested = self.queue.congested

    def _writable(self) -> None:
        self._write()
        self.congested = self.queue.congested

    def _write(self) -> None:
        try:
            while True:
                now_ns = time.monotonic_ns()
                piece = self._partial or self.queue.take(WRITE_BYTES, now_ns)
                if not piece:
                    break
                self._partial = piece
                self._partial = piece[self._socket.send(piece) :]
        except (BlockingIOError, InterruptedError):
            if not self._blocked:
                self._blocked = True
                self._loop.add_writer(self._socket, self._writable)
            return
        except OSError:
            self.close()
            return
        if self._blocked:
            self._blocked = False
            self._loop.remove_writer(self._socket)

    # Time ----------------------------------------------------------------------------------------------------------

    def watch(self, now_ns: int) -> None:
        """Called every second: hang up on who never proved himself, fell silent, or belongs to nobody any more."""
        self.queue.look(now_ns)
        self.congested = self.queue.congested
        if not self.proven:
            if now_ns - self.opened_ns > PROVE_WITHIN_NS:
                self.close()
        elif not self.owners or now_ns - self.heard_ns > IDLE_NS:
            self.close()


class TcpPort:
    """The listening sockets of one port and their connections.

    ``on_stun`` gets each STUN datagram with its wire, ``drained`` is called when a read has been dealt with, ``fault``
    is told of what must not happen.
    """

    def __init__(
        self,
        on_stun: Callable[[bytes, Address, Wire], None],
        drained: Callable[[], None],
        fault: Callable[[str, Exception], None],
    ) -> None:
        self.on_stun, self.drained, self.fault = on_stun, drained, fault
        self.packets_in = 0
        self.refused = 0
        """Connections turned away because there were too many."""
        self.wires: dict[TcpWire, None] = {}
        """All connections, those that have not proved themselves included."""
        self._sent_before = self._dropped_before = 0
        self._unproven: dict[TcpWire, None] = {}
        self._unproven_of: Counter[str] = Counter()
        self._listening: list[socket.socket] = []

    @property
    def packets_out(self) -> int:
        return self._sent_before + sum(wire.queue.sent for wire in self.wires)

    @property
    def dropped(self) -> int:
        """Datagrams that a slow connection had no room for."""
        return self._dropped_before + sum(wire.queue.dropped for wire in self.wires)

    def open(self, port: int, addresses: Sequence[str]) -> None:
        """Listen on ``port`` of every address. Raises ``OSError`` when it is taken, and then listens nowhere."""
        try:
            for address in addresses:
                self._listening.append(_listen(address, port))
        except OSError as error:
            self._stop_listening()
            if error.errno not in _NOT_OURS:
                raise
            # As with UDP: a router forwards the announced address, so listen on all of ours.
            self._listening = [_listen("::" if any(":" in each for each in addresses) else "0.0.0.0", port)]  # noqa: S104
        for listening in self._listening:
            self._accept_from(listening)

    def close(self) -> None:
        self._stop_listening()
        for wire in list(self.wires):
            wire.close()

    def proved(self, wire: TcpWire) -> None:
        """A check came over it that one of our transports knows."""
        if wire in self._unproven:
            del self._unproven[wire]
            self._unproven_of[wire.host] -= 1
            if not self._unproven_of[wire.host]:
                del self._unproven_of[wire.host]

    def closed(self, wire: TcpWire) -> None:
        if wire in self.wires:
            del self.wires[wire]
            self._sent_before += wire.queue.sent
            self._dropped_before += wire.queue.dropped
        self.proved(wire)

    def watch(self, now_ns: int) -> None:
        """Called every second."""
        for wire in list(self.wires):
            wire.watch(now_ns)

    def _stop_listening(self) -> None:
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()

    def _accept_from(self, listening: socket.socket) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                connected, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:
                self.fault("accept", error)
                if error.errno in _OUT_OF_FILES:
                    # The connection stays in the backlog: asking again at once would only turn in circles.
                    loop = asyncio.get_running_loop()
                    loop.remove_reader(listening)
                    loop.call_later(ACCEPT_AGAIN_S, self._accept_from, listening)
                return
            self._take(connected, address)

    def _take(self, connected: socket.socket, address: Address) -> None:
        host = counted_as(address)
        proven = len(self.wires) - len(self._unproven)
        if self._unproven_of[host] >= MOST_UNPROVEN_PER_HOST or proven >= MOST_CONNECTIONS:
            self.refused += 1
            connected.close()
            return
        if len(self._unproven) >= MOST_UNPROVEN:
            # Who means it proves himself within a round trip: the oldest is the likeliest never to.
            self.refused += 1
            next(iter(self._unproven)).close()
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What the kernel holds unsent cannot be reordered or dropped any more, so it holds little (Linux 3.12).
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, WRITE_BYTES)
        wire = TcpWire(connected, address, self)
        self.wires[wire] = self._unproven[wire] = None
        self._unproven_of[host] += 1


def counted_as(address: Address) -> str:
    """Whom a connection counts against: an IPv4 address, or the /64 that one IPv6 host may use at will."""
    host = plain_host(address[0])
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if ":" in host else host


def _listen(address: str, port: int) -> socket.socket:
    ipv6 = ":" in address
    made = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        # Connections of a worker that died must not keep its successor from the port.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ipv6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address == "::" else 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made
