"""What all transports of one worker share: its port, its ICE fragments, its certificate, its tap and its clock."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import msgspec
import structlog

from hub.net import machine_addresses
from signaling.media.dtls import Certificates
from signaling.media.ice import Address, IceAgent, is_response
from signaling.media.rebinding import Rebinding
from signaling.media.stream import HOLD_NS, Stream
from signaling.media.tap import TapBuffer
from signaling.media.tcp import TcpPort
from signaling.media.transport import Transport
from signaling.media.udp import UdpPort
from signaling.media.wire import Wire

log = structlog.get_logger(__name__)

LOOPBACK_LAST = ("127.0.0.1",)
PORT_TRIES = 10


class Plane:
    """One per worker. ``emit`` tells the web process of an event."""

    def __init__(
        self,
        addresses: Sequence[str],
        tap: TapBuffer,
        emit: Callable[[msgspec.Struct], None],
        *,
        gso: bool = True,
        tcp: bool = True,
    ) -> None:
        self.addresses = tuple(addresses)
        self.port = 0
        self.udp = UdpPort(self._stun, self._drained, gso=gso)
        self.udp.on_stranger = self._stranger
        self.tcp = TcpPort(self._stun, self._drained, self.udp.fault) if tcp else None
        """The same port for TCP; None where the settings want none."""
        self.on_turn: Callable[[int], None] = lambda _now_ns: None
        """Told of the time after each drain: what is due then need not wake the process once more."""
        self.fresh: list[Stream] = []
        """Streams with packets that came in this drain."""
        self.ice: IceAgent[Transport] = IceAgent()
        self.rebinding = Rebinding(self.ice.owners, self.spawn)
        self.certificates = Certificates()
        self.tap = tap
        self.emit = emit
        self._timer: asyncio.TimerHandle | None = None
        self.track_numbers: Iterator[int] = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()

    def open(self, port: int) -> None:
        """Bind the port, 0 for a free one. Raises ``OSError`` when it is taken for UDP."""
        for tries_left in range(PORT_TRIES, -1, -1):
            self.port = self.udp.open(port, self.addresses)
            fault = self._listen()
            if fault is None:
                return
            # A port that is free for UDP may be taken for TCP. Nobody who has UDP should go without for that.
            if port or not tries_left:
                log.error("no media by TCP: the port is taken", port=self.port, error=repr(fault))
                self.tcp = None
                return
            self.udp.close()

    def _listen(self) -> OSError | None:
        if self.tcp is not None:
            try:
                self.tcp.open(self.port, self.addresses)
            except OSError as error:
                return error
        return None

    async def close(self) -> None:
        """Close the port; what transports still had to say has been sent before."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        self.udp.close()
        if self.tcp is not None:
            self.tcp.close()

    def watch(self, now_ns: int) -> None:
        """Called every second."""
        if self.tcp is not None:
            self.tcp.watch(now_ns)

    @property
    def packets_in(self) -> int:
        return self.udp.packets_in + (self.tcp.packets_in if self.tcp is not None else 0)

    @property
    def packets_out(self) -> int:
        return self.udp.packets_out + (self.tcp.packets_out if self.tcp is not None else 0)

    @property
    def dropped(self) -> int:
        """Datagrams that could not leave."""
        return self.udp.dropped + (self.tcp.dropped if self.tcp is not None else 0)

    def _drained(self) -> None:
        now_ns = time.monotonic_ns()
        self.forward(now_ns)
        self.on_turn(now_ns)

    def forward(self, now_ns: int) -> None:
        """The end of a drain: send what came on to everyone who receives it."""
        if not self.fresh:
            return
        fresh = self.fresh.copy()
        self.fresh.clear()
        for stream in fresh:
            if stream.waits(now_ns):
                self.fresh.append(stream)
                continue
            try:
                stream.forward(now_ns / 1e6)
            except Exception:  # one stream must never stop the others
                log.exception("forwarding failed")
        if self.fresh and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HOLD_NS / 1e9, self._held_long_enough)

    def _held_long_enough(self) -> None:
        self._timer = None
        self._drained()

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something that ends by itself, and hold on to it until then."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background work failed", error=repr(error), exc_info=error)

    def _stun(self, datagram: bytes, address: Address, wire: Wire) -> None:
        if is_response(datagram):
            self.rebinding.answered(datagram, address, wire)
            return
        check = self.ice.check(datagram, address)
        if check is not None:
            wire.send(check.reply, address)
            check.owner.checked(check, address, wire)

    def _stranger(self, datagram: bytes, address: Address, wire: Wire) -> None:
        self.rebinding.stranger(datagram, address, wire, time.monotonic_ns())


def own_addresses() -> list[str]:
    """The machine's addresses that a browser could reach, IPv4 first; loopback last, for a browser on this machine."""
    return sorted(machine_addresses(), key=lambda text: ":" in text) + list(LOOPBACK_LAST)
