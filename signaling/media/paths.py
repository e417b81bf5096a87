"""The ways to one peer: which addresses proved to be its own, when, and which of them is sent to. PURE.

Consent (RFC 7675): nothing is sent to an address whose owner has not shown within 30 s that it still wants it. For us,
who are ICE-lite, its checks show that, and so does media that only it can have protected.
"""

from __future__ import annotations

from signaling.media.ice import Address
from signaling.media.wire import Receiver, Wire

Path = tuple[Wire, Address]

CONSENT_NS = 30_000_000_000
MOST_PATHS = 8
MOST_ADOPTED = 2


class Paths:
    """Keeps ``owners`` of every wire in step. Times are monotonic nanoseconds."""

    def __init__(self, owner: Receiver) -> None:
        self.current: Path | None = None
        """Where to send."""
        self._owner = owner
        self._proved_ns: dict[Path, int] = {}
        self._adopted_ns: dict[Path, int] = {}

    def __contains__(self, path: Path) -> bool:
        return path in self._proved_ns

    def __len__(self) -> int:
        return len(self._proved_ns)

    def proved(self, path: Path, now_ns: int, *, chosen: bool) -> None:
        """A check came by it, or was answered by it; ``chosen``: the peer wants to be sent to there."""
        wire, address = path
        wire.owners[address] = self._owner
        self._adopted_ns.pop(path, None)
        self._proved_ns.pop(path, None)
        self._proved_ns[path] = now_ns
        if chosen or self.current is None:
            self.current = path
        if len(self._proved_ns) > MOST_PATHS:
            self._drop(next(old for old in self._proved_ns if old != self.current))

    def adopted(self, path: Path, now_ns: int) -> None:
        """What the peer alone can have sent came by it: take more of it, but send nothing there yet."""
        if path in self._proved_ns:
            return
        wire, address = path
        wire.owners[address] = self._owner
        self._adopted_ns[path] = now_ns
        if len(self._adopted_ns) > MOST_ADOPTED:
            self._disown(next(iter(self._adopted_ns)))

    def choose(self, path: Path) -> None:
        """Send to there from now on; it is one of those that proved themselves."""
        self.current = path

    def lost(self, path: Path) -> None:
        """Nothing can go there any more: the way that proved itself last is taken instead."""
        if path in self._proved_ns:
            self._drop(path)
            self._choose()
        elif path in self._adopted_ns:
            self._disown(path)

    def heard(self, now_ns: int) -> None:
        """Media came that only the peer can have sent; by which path is not known, most likely the current one."""
        if self.current is not None and now_ns > self._proved_ns[self.current]:
            self._proved_ns[self.current] = now_ns

    def expire(self, now_ns: int) -> None:
        """Drop what consent has run out for."""
        for path in [path for path, at_ns in self._proved_ns.items() if now_ns - at_ns > CONSENT_NS]:
            self._drop(path)
        for path in [path for path, at_ns in self._adopted_ns.items() if now_ns - at_ns > CONSENT_NS]:
            self._disown(path)
        self._choose()

    def clear(self) -> None:
        for path in list(self._proved_ns):
            self._drop(path)
        for path in list(self._adopted_ns):
            self._disown(path)
        self.current = None

    def close(self) -> None:
        """For good: let go of the owner too."""
        self.clear()
        del self._owner

    def _choose(self) -> None:
        if self.current not in self._proved_ns:
            self.current = max(self._proved_ns, key=self._proved_ns.__getitem__, default=None)

    def _drop(self, path: Path) -> None:
        del self._proved_ns[path]
        self._release(path)

    def _disown(self, path: Path) -> None:
        del self._adopted_ns[path]
        self._release(path)

    def _release(self, path: Path) -> None:
        wire, address = path
        if wire.owners.get(address) is self._owner:
            del wire.owners[address]
