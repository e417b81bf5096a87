"""A bad network: a UDP relay that loses and delays packets by seeded draws, in each direction for itself.

Browsers reach a worker through it when the candidates in a description are made to name its port (``bend``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from tests.support.bad_line import BadLine


class Relay:
    """``loss_up`` and ``loss_down`` are fractions of SRTP packets, to and from the worker; ``up`` and ``down`` are the
    lines themselves, which may be changed while they carry."""

    def __init__(
        self,
        target: tuple[str, int],
        *,
        loss_up: float = 0,
        loss_down: float = 0,
        seed: int = 1,
        up: BadLine | None = None,
        down: BadLine | None = None,
    ) -> None:
        self._target = target
        self.line_up = up or BadLine(loss=loss_up, seed=seed)
        self.line_down = down or BadLine(loss=loss_down, seed=seed + 1)
        self.blocked = False
        self.port = 0
        self._front: asyncio.DatagramTransport | None = None
        self._backs: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def lost(self) -> int:
        return self.line_up.lost + self.line_down.lost

    async def __aenter__(self) -> Relay:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: _Front(self), local_addr=("127.0.0.1", 0))
        self.port = self._front.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for transport in (self._front, *self._backs.values()):
            if transport:
                transport.close()

    def bend(self, sdp: str) -> str:
        """A description whose candidates lead through the relay, and none around it."""
        sdp = re.sub(r"a=candidate:\d+ 1 tcp [^\r\n]*\r\n", "", sdp)
        return re.sub(r"(a=candidate:\d+ 1 udp \d+ \S+) \d+ typ host", rf"\1 {self.port} typ host", sdp)

    def rebind(self) -> None:
        """As a router that forgot its table: the worker sees everybody from new ports."""
        for transport in self._backs.values():
            transport.close()
        self._backs.clear()

    def _carry(self, line: BadLine, datagram: bytes, send: Callable[[], None]) -> None:
        if self.blocked or not datagram:
            return
        loop = asyncio.get_running_loop()
        arrives = line.carry(len(datagram), loop.time(), media=127 < datagram[0] < 192)
        if arrives is None:
            return
        if line.plain:
            send()
        else:
            loop.call_at(arrives, send)

    def up(self, datagram: bytes, client: tuple[str, int]) -> None:
        self._carry(self.line_up, datagram, lambda: self._pass_up(datagram, client))

    def _pass_up(self, datagram: bytes, client: tuple[str, int]) -> None:
        back = self._backs.get(client)
        if back is not None:
            back.sendto(datagram)
        else:
            task = asyncio.ensure_future(self._open(datagram, client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, datagram: bytes, client: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        back, _ = await loop.create_datagram_endpoint(lambda: _Back(self, client), remote_addr=self._target)
        if client in self._backs:
            back.close()
        else:
            self._backs[client] = back
        self._backs[client].sendto(datagram)

    def down(self, datagram: bytes, client: tuple[str, int]) -> None:
        self._carry(self.line_down, datagram, lambda: self._pass_down(datagram, client))

    def _pass_down(self, datagram: bytes, client: tuple[str, int]) -> None:
        if self._front and not self._front.is_closing():
            self._front.sendto(datagram, client)


class _Front(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._relay.up(data, addr)


class _Back(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay, client: tuple[str, int]) -> None:
        self._relay, self._client = relay, client

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._relay.down(data, self._client)
