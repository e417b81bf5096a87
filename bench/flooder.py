"""Sends junk to a media port as fast as it is told, in a process of its own: ``python -m bench.flooder --help``.

Every kind is what somebody could send who has no part in the hearing: at most he listens on the wire and has seen a
fragment and an SSRC there.
"""

from __future__ import annotations

import argparse
import random
import secrets
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from aioice import stun

SOCKETS = 64
"""Different source ports; the worker's tables are by address."""
DIFFERENT = 512
"""Datagrams made before the flood begins and sent in turn."""
BURST = 32
_HEAD = struct.Struct("!BBHII")


def _check(ufrag: str, *, signed: bool) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{ufrag}:{secrets.token_hex(2)}"
    message.attributes["PRIORITY"] = 1_862_270_975
    message.attributes["ICE-CONTROLLING"] = secrets.randbits(63)
    message.attributes["USE-CANDIDATE"] = None
    if signed:
        message.add_message_integrity(secrets.token_hex(12).encode())
    return bytes(message)


def _client_hello() -> bytes:
    """A DTLS 1.2 ClientHello in its record (RFC 6347), as long as a browser's."""
    body = b"\xfe\xfd" + secrets.token_bytes(32) + b"\0\0\0\x04\xc0\x2b\xc0\x2f\x01\0\0\x60" + secrets.token_bytes(96)
    handshake = b"\x01" + len(body).to_bytes(3) + bytes(5) + len(body).to_bytes(3) + body
    return b"\x16\xfe\xff" + bytes(8) + len(handshake).to_bytes(2) + handshake


def makers(ufrag: str, ssrc: int) -> dict[str, Callable[[], bytes]]:
    """Kinds of junk, each with what makes one datagram. ``ufrag`` and ``ssrc`` are true ones of the hearing."""
    draw = random.Random(1)

    def rtp(source: int) -> bytes:
        return _HEAD.pack(0x80, 96, draw.getrandbits(16), draw.getrandbits(32), source) + draw.randbytes(200)

    return {
        "rtp": lambda: rtp(draw.getrandbits(32)),
        "rtp-known-ssrc": lambda: rtp(ssrc),
        "rtcp": lambda: b"\x81\xc9\x00\x07" + draw.randbytes(28 + 14),
        "stun-unsigned": lambda: _check(ufrag, signed=False),
        "stun-unknown": lambda: _check(secrets.token_hex(8), signed=True),
        "stun-forged": lambda: _check(ufrag, signed=True),
        "stun-response": lambda: b"\x01\x01" + _check(ufrag, signed=True)[2:],
        "dtls": _client_hello,
        "noise": lambda: draw.randbytes(draw.randrange(1, 400)),
    }


KINDS = (*makers("", 0), "all")


def datagrams(kind: str, ufrag: str, ssrc: int) -> list[bytes]:
    made = makers(ufrag, ssrc)
    chosen = list(made.values()) if kind == "all" else [made[kind]]
    return [chosen[number % len(chosen)]() for number in range(DIFFERENT)]


def flood(target: tuple[str, int], made: list[bytes], per_s: float, seconds: float) -> int:
    """Send evenly in bursts; the number that left."""
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
    for each in sockets:
        each.connect(target)
    sent, began = 0, time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        if sent >= elapsed * per_s:
            time.sleep(BURST / per_s)
            continue
        for _ in range(BURST):
            with suppress(OSError):  # a full buffer, or a worker that has gone: it shows in the figures
                sockets[sent % SOCKETS].send(made[sent % DIFFERENT])
            sent += 1
    return sent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.flooder", description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--kind", choices=KINDS, default="all")
    parser.add_argument("--rate", type=float, default=20_000, help="datagrams a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--ufrag", default="0123456789abcdef")
    parser.add_argument("--ssrc", type=int, default=1)
    given = parser.parse_args()
    made = datagrams(given.kind, given.ufrag, given.ssrc)
    print(flood((given.host, given.port), made, given.rate, given.seconds), flush=True)


if __name__ == "__main__":
    main()
