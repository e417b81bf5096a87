"""The machine's own addresses."""

from __future__ import annotations

import ipaddress

import ifaddr

from hub.config import Config


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
