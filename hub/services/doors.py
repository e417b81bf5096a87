"""What the standard doors (WHIP, WHEP) ask of the live side: pages know HTTP, the live side knows media.

``signaling.doors`` implements ``Doors``; ``hub.cli.webapp`` hands it to the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hub.models import DeviceToken


@dataclass(frozen=True, slots=True)
class Entered:
    """A session has begun: ``sdp`` is the answer, ``etag`` names its ICE credentials."""

    session_id: str
    etag: str
    sdp: str


@dataclass(frozen=True, slots=True)
class IceChange:
    """What a PATCH says: the client's ICE credentials, and whether it asks for a restart (``If-Match: "*"``)."""

    ufrag: str
    password: str
    restart: bool


@dataclass(frozen=True, slots=True)
class Restarted:
    """Our new credentials, as an SDP fragment (RFC 8840)."""

    etag: str
    fragment: str


class Doors(Protocol):
    async def enter(self, token: DeviceToken, sdp: str, address: str) -> Entered:
        """Begin a session; one that the token carried before ends. Raises ``BadInput`` for an offer that cannot be
        read, ``Unacceptable`` for one that cannot be served, ``Conflict``, ``NotReady``."""
        ...

    async def change_ice(self, token: DeviceToken, change: IceChange) -> Restarted | None:
        """None when nothing had to change. Raises ``NotFound`` when the session's connection is gone."""
        ...

    async def leave(self, token: DeviceToken, address: str) -> None:
        """End the token's session. Idempotent."""
        ...
