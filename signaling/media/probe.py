"""Device checks: a connection that only proves that media can reach this worker. It expires by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from signaling.media import sdp_write
from signaling.media.sdp import SdpError, parse
from signaling.media.transport import Presence, Transport

if TYPE_CHECKING:
    from signaling.media.plane import Plane

EXPIRES_NS = 30_000_000_000
MOST = 200
"""At a time; a check takes seconds, so more is somebody else's loop."""
MOST_OF_ONE = 5
"""Of one account, which may have several PCs; the oldest makes room, so that nobody has all the places."""


class Probes:
    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._open: dict[str, tuple[Transport, str, int]] = {}

    def answer(self, probe_id: str, owner: str, text: str) -> str:
        """Answer an offer with sound, picture or a data channel; nothing that comes is used. Raises ``SdpError``."""
        offer = parse(text)
        if offer.setup == "passive":
            raise SdpError("the offer must let us be the DTLS server")
        self._close(probe_id)
        theirs = [each for each, (_, whose, _) in self._open.items() if whose == owner]
        for each in theirs[: max(0, len(theirs) + 1 - MOST_OF_ONE)]:
            self._close(each)
        if len(self._open) >= MOST:
            raise SdpError("too many checks at once")
        transport = Transport(self._plane, lambda _transport, presence: self._moved(probe_id, presence))
        self._open[probe_id] = (transport, owner, time.monotonic_ns() + EXPIRES_NS)
        transport.accept(offer, server=True)
        mids = [section.mid for section in offer.sections]
        return sdp_write.answer(transport.local(), transport.next_version(), offer.sections, mids, "passive")

    def watch(self, now_ns: int) -> None:
        """Close those whose time is over."""
        for probe_id in [each for each, (_, _, ends_ns) in self._open.items() if now_ns >= ends_ns]:
            self._close(probe_id)

    def _moved(self, probe_id: str, presence: Presence) -> None:
        if presence is Presence.CLOSED:
            self._close(probe_id)

    def _close(self, probe_id: str) -> None:
        found = self._open.pop(probe_id, None)
        if found is not None:
            found[0].close()
