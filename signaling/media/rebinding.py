"""A peer whose address has changed under it: a router forgot its table, or another line took over.

Its next check would tell, but browsers check a good line every few seconds only, and until then all it sends would be
dropped and all it gets go astray. What it sends proves itself sooner: a packet from an unknown address that only one
peer can have protected is taken, and answered by a check of ours (RFC 8445 section 7.2). The answer to that is consent
(RFC 7675), and media moves there: about one round trip after the change, without negotiation. Until that answer
nothing is sent there, so a packet caught and sent again from elsewhere moves nothing. A check of the peer's own from a
new address is asked back in the same way once media flows: its signature stays true when somebody repeats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from signaling.media import ice
from signaling.media.ice import Address
from signaling.media.paths import Path
from signaling.media.transport import Transport
from signaling.media.wire import Wire

ASK_AGAIN_S = (0.05, 0.1, 0.2, 0.4, 0.8)
TRIALS_PER_S = 10_000
"""Of packets against peers' keys, 2 µs each: what strangers can cost us at most."""
SEARCH_TRIALS = 20
"""What looking through all peers costs, in such trials."""
QUIET_NS = 60_000_000
"""Whoever was heard by its known address so lately has not moved."""


class Rebinding:
    """``transports`` are all that there are; ``spawn`` runs what ends by itself."""

    def __init__(
        self,
        transports: Callable[[], Iterable[Transport]],
        spawn: Callable[[Coroutine[Any, Any, object]], None],
    ) -> None:
        self.moved = 0
        """Peers that were found again."""
        self.on_moved: Callable[[Transport], None] = lambda _transport: None
        self._transports, self._spawn = transports, spawn
        self._asked: dict[bytes, tuple[Transport, Path, str, bool]] = {}
        self._trials, self._since_ns = float(TRIALS_PER_S), 0

    def stranger(self, datagram: bytes, address: Address, wire: Wire, now_ns: int) -> None:
        """SRTP or SRTCP from an address that is nobody's."""
        if len(datagram) < ice.LEAST_MEDIA_BYTES:
            return
        self._trials = min(TRIALS_PER_S, self._trials + (now_ns - self._since_ns) * 1e-9 * TRIALS_PER_S)
        self._since_ns = now_ns
        if self._trials < SEARCH_TRIALS:
            return
        self._trials -= SEARCH_TRIALS
        for transport in self._candidates(datagram, address, now_ns):
            if self._trials < 1:
                return
            self._trials -= 1
            if transport.receive_from(datagram, (wire, address), now_ns):
                self._ask(transport, (wire, address), ASK_AGAIN_S, chosen=True)
                return

    def _candidates(self, datagram: bytes, address: Address, now_ns: int) -> list[Transport]:
        """Who may have sent it; those that were known by the same host first."""
        found = [
            transport
            for transport in self._transports()
            if now_ns - transport.heard_ns > QUIET_NS and transport.may_have_sent(datagram)
        ]
        host = address[0]
        return sorted(found, key=lambda one: one.address is None or one.address[0] != host)

    def ask_back(self, transport: Transport, path: Path, *, chosen: bool) -> None:
        """A check came by ``path``: is the peer there? Asked once, because its checks come again by themselves.

        ``chosen``: if so, media goes there.
        """
        self._ask(transport, path, ASK_AGAIN_S[-1:], chosen=chosen)

    def _ask(self, transport: Transport, path: Path, pauses_s: Sequence[float], *, chosen: bool) -> None:
        remote = transport.remote
        if remote is None or any(each[:2] == (transport, path) for each in self._asked.values()):
            return
        identifier, request = ice.request(transport.ufrag, remote.ufrag, remote.password)
        self._asked[identifier] = (transport, path, remote.password, chosen)
        self._spawn(self._ask_until_answered(identifier, request, path, pauses_s))

    async def _ask_until_answered(
        self, identifier: bytes, request: bytes, path: Path, pauses_s: Sequence[float]
    ) -> None:
        wire, address = path
        for pause_s in pauses_s:
            if identifier not in self._asked:
                return
            wire.send(request, address)
            await asyncio.sleep(pause_s)
        self._asked.pop(identifier, None)

    def answered(self, datagram: bytes, address: Address, wire: Wire) -> None:
        """A STUN response: to a check of ours, or nonsense."""
        found = self._asked.get(datagram[8:20])
        if found is None:
            return
        transport, path, password, chosen = found
        if path == (wire, address) and ice.is_answer(datagram, password):
            del self._asked[datagram[8:20]]
            self.moved += 1
            transport.proved(path, chosen=chosen)
            self.on_moved(transport)
