"""Asks a TURN server (RFC 8656) for an allocation and has it relay one datagram to an address of this machine."""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aioice import stun
from aioice.turn import TurnTransport, create_turn_endpoint

from hub.turn import Credentials, Server

ANSWER_S = 4.0
RELAY_S = 3.0


class TurnFault(Exception):
    """``str`` says what is wrong, ``remedy`` what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


class _Relayed(asyncio.DatagramProtocol):
    """Our end of the allocation: only told when something could not be sent."""

    def __init__(self) -> None:
        self.failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    def error_received(self, error: Exception) -> None:
        if not self.failed.done():
            self.failed.set_result(error)


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, expected: bytes) -> None:
        self.came: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected = expected

    def datagram_received(self, data: bytes, _address: object) -> None:
        if data == self._expected and not self.came.done():
            self.came.set_result(None)


async def relays(server: Server, credentials: Credentials, targets: Sequence[str]) -> str:
    """The first of our addresses in ``targets`` that it relays to. Raises ``TurnFault``."""
    async with _allocation(server, credentials) as (relay, protocol):
        relayed = relay.get_extra_info("sockname")[0]
        reachable = [target for target in targets if (":" in target) == (":" in relayed)]
        fault = TurnFault(
            f"relays from {relayed}, and this machine announces no address of that kind", "see its config"
        )
        for target in reachable:
            try:
                await _reach(relay, protocol, target)
            except TurnFault as found:
                fault = found
            else:
                return target
        raise fault


@asynccontextmanager
async def _allocation(server: Server, credentials: Credentials) -> AsyncIterator[tuple[TurnTransport, _Relayed]]:
    try:
        async with asyncio.timeout(ANSWER_S):
            relay, protocol = await create_turn_endpoint(
                _Relayed,
                server_addr=(server.host, server.port),
                username=credentials.username,
                password=credentials.password,
                ssl=server.tls,
                transport=server.transport,
            )
    except ssl.SSLError as error:
        raise TurnFault(f"its certificate is not accepted: {error.reason}", "browsers refuse it as well") from error
    except (TimeoutError, OSError, stun.TransactionTimeout) as error:
        what = getattr(error, "strerror", None) or "no answer"
        raise TurnFault(
            f"does not answer: {what}", "is coturn running, and its port open to us and browsers?"
        ) from error
    except stun.TransactionFailed as error:
        code = error.response.error_code
        remedy = "give both the same secret: HUB_TURN_SECRET here, static-auth-secret there" if code == 401 else ""
        raise TurnFault(f"refuses our credentials or request: error {code}", remedy or "see its log") from error
    try:
        yield relay, protocol
    finally:
        relay.close()
        await asyncio.sleep(0.1)  # the allocation is given back in the background


async def _reach(relay: TurnTransport, protocol: _Relayed, target: str) -> None:
    loop, token = asyncio.get_running_loop(), secrets.token_bytes(16)
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    try:
        listening, listener = await loop.create_datagram_endpoint(
            lambda: _Listener(token), local_addr=(target, 0), family=family
        )
    except OSError as error:
        # A router's address: the way back in leads through it, which cannot be tried from here.
        raise TurnFault(f"cannot be tried with {target}: {error.strerror}", "try it from a browser") from error
    try:
        for _ in range(3):
            relay.sendto(token, (target, listening.get_extra_info("sockname")[1]))
            ends: set[asyncio.Future[Any]] = {listener.came, protocol.failed}
            if (await asyncio.wait(ends, timeout=RELAY_S / 3, return_when=asyncio.FIRST_COMPLETED))[0]:
                break
    finally:
        listening.close()
    if listener.came.done():
        return
    if protocol.failed.done():
        failure = protocol.failed.result()
        code = failure.response.error_code if isinstance(failure, stun.TransactionFailed) else failure
        remedy = f"allow it there: allowed-peer-ip={target} (docs/networks.md)"
        raise TurnFault(f"is forbidden to relay to {target}: error {code}", remedy)
    raise TurnFault(f"relays to {target}, but nothing arrives", "open our UDP media ports to it in the firewall")
