"""``hub check`` for the network: addresses, ports, socket buffers, and TURN servers that really relay."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

from hub import config as configuration
from hub import net, turn
from hub.cli import turn_check
from hub.cli.findings import Finding, Verdict
from hub.config import Config
from hub.ids import utc_now

SYSCTL = "sysctl -w net.core.rmem_max={0} net.core.wmem_max={0}, and the same in /etc/sysctl.d (docs/networks.md)"


def media_addresses(config: Config) -> Iterator[Finding]:
    what, own = "media addresses", net.machine_addresses()
    announced = list(config.media_addresses) or own
    if announced:
        yield Finding(what, Verdict.OK, f"browsers are told {', '.join(announced)}")
    elif config.http_host in configuration.LOOPBACK:
        yield Finding(what, Verdict.OK, "this machine only: it has no address but loopback")
    else:
        yield Finding(what, Verdict.FAULT, "this machine has no address but loopback", "set HUB_MEDIA_ADDRESSES")


def http_port(config: Config) -> Iterator[Finding]:
    remedy = "choose another with HUB_HTTP_PORT or PORT, or stop what uses it"
    yield _port("web port (TCP)", socket.SOCK_STREAM, config.http_host, config.http_port, remedy)


def media_ports(config: Config) -> Iterator[Finding]:
    kinds = [("UDP", socket.SOCK_DGRAM)]
    if config.media_tcp:
        kinds.append(("TCP", socket.SOCK_STREAM))
    if config.media_port == 0:
        detail = "any free port: fine on one machine, but a firewall cannot be told which"
        verdict = Verdict.OK if config.http_host in configuration.LOOPBACK else Verdict.WARNING
        what = f"media ports ({' and '.join(name for name, _ in kinds)})"
        yield Finding(what, verdict, detail, "" if verdict is Verdict.OK else "set HUB_MEDIA_PORT")
        return
    remedy = "choose others with HUB_MEDIA_PORT, and open them in the firewall"
    for number in range(config.media_workers):
        for name, kind in kinds:
            yield _port(f"media port ({name})", kind, "0.0.0.0", config.media_port + number, remedy)  # noqa: S104


def _port(what: str, kind: socket.SocketKind, host: str, port: int, remedy: str) -> Finding:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return Finding(what, Verdict.FAULT, f"{host} {port}: {error.strerror}", remedy)
    return Finding(what, Verdict.OK, f"{host} {port or 'any free one'}")


def socket_buffers(_config: Config) -> Iterator[Finding]:
    """A small buffer overflows when a keyframe goes to a hundred seats at once, and then pictures break for all."""
    what, wanted = "socket buffers (UDP)", net.BUFFER_BYTES
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        granted = min(net.enlarge_buffers(probe))
    detail = f"{granted / 1e6:.1f} MB of the {wanted / 1e6:.1f} MB that a large hearing wants"
    if granted < wanted:
        yield Finding(what, Verdict.WARNING, detail, SYSCTL.format(wanted))
    else:
        yield Finding(what, Verdict.OK, detail)


def turn_servers(config: Config) -> Iterator[Finding]:
    """Each configured server relays a datagram to us, with credentials made as those of a browser."""
    targets = list(config.media_addresses) or net.machine_addresses() or ["127.0.0.1"]
    for url in config.turn_urls:
        made = turn.credentials(config.turn_secret, "check", utc_now())
        try:
            target = asyncio.run(turn_check.relays(turn.parse(url), made, targets))
        except turn_check.TurnFault as fault:
            # The hub runs without; only those who need a relay cannot take part.
            yield Finding("TURN server", Verdict.WARNING, f"{url}: {fault}", fault.remedy)
        else:
            yield Finding("TURN server", Verdict.OK, f"{url} relays to {target}")
