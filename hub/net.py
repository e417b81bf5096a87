"""The machine's own addresses."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr

from hub.config import Config

BUFFER_BYTES = 4 << 20
"""Asked for in each direction: about a second of what a full worker receives."""

_FORCED = {socket.SO_RCVBUF: 33, socket.SO_SNDBUF: 32}
"""SO_RCVBUFFORCE and SO_SNDBUFFORCE (Linux, CAP_NET_ADMIN): beyond net.core.rmem_max and wmem_max."""


def enlarge_buffers(made: socket.socket, wanted: int = BUFFER_BYTES) -> tuple[int, int]:
    """Ask for large buffers, by force where we may. Bytes granted for receiving and for sending."""
    granted = []
    for option, forced in _FORCED.items():
        try:
            made.setsockopt(socket.SOL_SOCKET, forced, wanted)
        except OSError:
            made.setsockopt(socket.SOL_SOCKET, option, wanted)
        # The kernel doubles what it is asked for, to cover its own bookkeeping (socket(7)).
        granted.append(made.getsockopt(socket.SOL_SOCKET, option) // 2)
    return granted[0], granted[1]


def machine_addresses() -> list[str]:
    """IPv4 and global IPv6 addresses of the network interfaces, loopback left out, in the system's order."""
    found: list[str] = []
    for adapter in ifaddr.get_adapters():
        for held in adapter.ips:
            text = held.ip if isinstance(held.ip, str) else held.ip[0]
            address = ipaddress.ip_address(text)
            if not (address.is_loopback or address.is_link_local) and text not in found:
                found.append(text)
    return found


def tls_names(config: Config) -> set[str]:
    """What a self-signed certificate must name: the addresses that people may type."""
    typed = {config.http_host} - {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    return {*machine_addresses(), *config.media_addresses, *typed}


def public_url(config: Config) -> str:
    """The address that people open the hub at, without a slash at its end; the setting, else the likeliest."""
    if config.public_url:
        return config.public_url.rstrip("/")
    host = config.http_host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = next(iter([*config.media_addresses, *machine_addresses()]), "127.0.0.1")
    scheme = "https" if config.https else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.http_port}"


def door_path(direction: str, hearing_id: str, seat_id: str) -> str:
    """Where a device comes in: ``publish`` by WHIP, ``watch`` by WHEP."""
    return f"/{'whip' if direction == 'publish' else 'whep'}/{hearing_id}/{seat_id}"
