"""A relay as a router is one: it forgets its table, and it is asked how long nothing came through."""

from __future__ import annotations

import itertools
import time

from aioice import stun

from tests.support.media_relay import Relay

BINDING_REQUEST = b"\x00\x01"


class NatRelay(Relay):
    """``Relay`` without losses. Times are seconds of the monotonic clock."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(target)
        self.media_down: list[float] = []
        """When media left for a browser."""
        self._names: set[str] = set()
        self._held: frozenset[str] = frozenset()

    def hold_checks(self) -> None:
        """No check goes to the worker any more, as if the browser had not thought of checking yet; those of an ICE
        restart go."""
        self._held = frozenset(self._names)

    def let_checks(self) -> None:
        self._held = frozenset()

    def up(self, datagram: bytes, client: tuple[str, int]) -> None:
        if datagram.startswith(BINDING_REQUEST):
            name = str(stun.parse_message(datagram).attributes.get("USERNAME"))
            self._names.add(name)
            if name in self._held:
                return
        super().up(datagram, client)

    def down(self, datagram: bytes, client: tuple[str, int]) -> None:
        if not self.blocked and len(datagram) > 1 and 127 < datagram[0] < 192 and not 192 <= datagram[1] <= 223:
            self.media_down.append(time.monotonic())
        super().down(datagram, client)

    def longest_gap_s(self, since: float) -> float:
        """Without media for browsers, from ``since`` until now."""
        times = [since, *(at for at in self.media_down if at > since), time.monotonic()]
        return max(after - before for before, after in itertools.pairwise(times))
