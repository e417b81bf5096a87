"""Everything that crosses an interface, told once for each kind: ``python -m tests.support.sniffer INTERFACE FILE``.

A line is ``protocol address port note``; the note says ``stun`` for RFC 8489's cookie, and a DNS question's name.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from pathlib import Path

ETH_P_ALL = 3
IPV4, IPV6 = 0x0800, 0x86DD
STUN_COOKIE = b"\x21\x12\xa4\x42"
PROTOCOLS = {6: "tcp", 17: "udp", 58: "icmp6", 1: "icmp"}


def seen(frame: bytes) -> str | None:
    """Where an Ethernet frame goes, and with what; None for what is neither IPv4 nor IPv6."""
    kind = int.from_bytes(frame[12:14])
    packet = frame[14:]
    if kind == IPV4:
        protocol, target, inner = packet[9], packet[16:20], packet[(packet[0] & 15) * 4 :]
    elif kind == IPV6:
        protocol, target, inner = packet[6], packet[24:40], packet[40:]
    else:
        return None
    port = int.from_bytes(inner[2:4]) if protocol in (6, 17) else 0
    note = ""
    if protocol == 17:
        payload = inner[8:]
        note = "stun" if payload[4:8] == STUN_COOKIE else _question(payload) if port == 53 else ""
    return f"{PROTOCOLS.get(protocol, str(protocol))} {ipaddress.ip_address(target)} {port} {note}".strip()


def _question(payload: bytes) -> str:
    labels, at = [], 12
    while at < len(payload) and payload[at]:
        labels.append(payload[at + 1 : at + 1 + payload[at]].decode("ascii", "replace"))
        at += 1 + payload[at]
    return ".".join(labels)


def main(interface: str, into: Path) -> None:
    told: set[str] = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as ear, into.open("a") as out:
        ear.bind((interface, 0))
        out.write("listening\n")
        out.flush()
        while True:
            frame, address = ear.recvfrom(65_535)
            line = seen(frame)
            # What we send towards the interface's own side is not what is asked about.
            if line is not None and address[2] != socket.PACKET_OUTGOING and line not in told:
                told.add(line)
                out.write(f"{line}\n")
                out.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
