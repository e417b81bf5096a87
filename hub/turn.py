"""TURN servers (RFC 8656) for browsers whose network lets nothing through to the media port: addresses and credentials.

coturn's "REST" scheme (draft-uberti-behave-turn-rest-00): hub and TURN server share a secret; a browser gets a user
name that says until when it is valid, and its HMAC-SHA1 as password. PURE.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

VALID_FOR = timedelta(hours=24)
"""A seat's page is not open for longer, and a relay that is in use lives on beyond it."""
MIN_SECRET_CHARACTERS = 16
PORT, TLS_PORT = 3478, 5349

# RFC 7065 section 3.1, with an IPv6 address in brackets.
_URL = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)


@dataclass(frozen=True, slots=True)
class Server:
    """One way to a TURN server."""

    url: str
    host: str
    port: int
    transport: str
    """udp or tcp: how the browser reaches it; what it relays is UDP."""
    tls: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class IceServer:
    """As ``RTCPeerConnection`` takes it."""

    urls: tuple[str, ...]
    username: str
    credential: str


def parse(url: str) -> Server:
    """Read ``turn:host:port?transport=udp`` or ``turns:…`` (RFC 7065). Raises ``ValueError``."""
    found = _URL.fullmatch(url)
    tls = bool(found) and url.startswith("turns:")
    port = int(found["port"]) if found and found["port"] else TLS_PORT if tls else PORT
    if found is None or not 0 < port < 65_536 or (tls and found["transport"] == "udp"):
        raise ValueError(f"{url!r} is not turn:host:port?transport=udp or =tcp, or turns:host:port")
    return Server(url, found["host"].strip("[]"), port, "tcp" if tls else found["transport"] or "udp", tls)


def faults(urls: Sequence[str], secret: str) -> list[str]:
    """What is wrong with these settings, one sentence each; never with the secret in it."""
    found = []
    for url in urls:
        try:
            parse(url)
        except ValueError as error:
            found.append(f"turn_urls: {error}")
    if urls and len(secret) < MIN_SECRET_CHARACTERS:
        found.append(f"turn_secret: turn_urls needs one, of at least {MIN_SECRET_CHARACTERS} characters")
    if secret and not urls:
        found.append("turn_urls: turn_secret is given, but no server")
    return found


def credentials(secret: str, name: str, now: datetime, valid_for: timedelta = VALID_FOR) -> Credentials:
    """For ``name``, which the TURN server's log will show: an identifier, never a person's name."""
    username = f"{int((now + valid_for).timestamp())}:{name}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return Credentials(username, base64.b64encode(digest).decode())


def ice_servers(urls: Sequence[str], secret: str, name: str, now: datetime) -> list[IceServer]:
    """What a browser is told: the configured servers, with credentials of its own. None else, ever."""
    if not urls:
        return []
    made = credentials(secret, name, now)
    return [IceServer(tuple(urls), made.username, made.password)]
