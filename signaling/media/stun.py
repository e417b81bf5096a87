"""Binding requests (RFC 8489) as browsers send them in ICE, read in the order in which nonsense is cheapest to find.

Anybody on the network may send to the port, so what a datagram costs must not depend on its sender's good will: its
frame first, then whose it says it is, and the checksum and the signature only for a fragment that somebody has.
"""

from __future__ import annotations

import hmac
import socket
import zlib
from struct import Struct
from typing import NamedTuple

COOKIE = b"\x21\x12\xa4\x42"
LARGEST_BYTES = 600
"""Of a check; a browser's has about 100 bytes."""
MOST_ATTRIBUTES = 16

_HEADER_BYTES, _INTEGRITY_BYTES, _FINGERPRINT_BYTES = 20, 24, 8
_FINGERPRINT_XOR = 0x5354554E
_USERNAME, _INTEGRITY, _XOR_MAPPED, _USE_CANDIDATE = 0x0006, 0x0008, 0x0020, 0x0025
_INTEGRITY_HEAD, _FINGERPRINT_HEAD = b"\x00\x08\x00\x14", b"\x80\x28\x00\x04"

_U16, _TWO_U16, _U32 = Struct("!H"), Struct("!HH"), Struct("!I")
_RESPONSE = Struct("!HH4s12s")


class Request(NamedTuple):
    """A binding request whose frame is whole; ``signed`` says whether it is true."""

    datagram: bytes
    ufrag: str
    """The receiver's fragment: what stands before the colon."""
    nominates: bool
    integrity_at: int

    @property
    def transaction(self) -> bytes:
        return self.datagram[8:20]


def parse(datagram: bytes) -> Request | None:
    """The request; None for anything else. Never raises, and computes nothing over the whole datagram."""
    size = len(datagram)
    if (
        not _HEADER_BYTES < size <= LARGEST_BYTES
        or datagram[:2] != b"\x00\x01"
        or datagram[4:8] != COOKIE
        or _U16.unpack_from(datagram, 2)[0] != size - _HEADER_BYTES
        or datagram[-8:-4] != _FINGERPRINT_HEAD
    ):
        return None
    at, ufrag, nominates = _HEADER_BYTES, b"", False
    for _ in range(MOST_ATTRIBUTES):
        if at + 4 > size:
            return None
        kind, length = _TWO_U16.unpack_from(datagram, at)
        if kind == _INTEGRITY:
            # Nothing that follows it is signed (RFC 8489 section 14.5), so nothing but the fingerprint may.
            whole = length == 20 and at + _INTEGRITY_BYTES + _FINGERPRINT_BYTES == size
            return Request(datagram, ufrag.decode("latin-1"), nominates, at) if whole and ufrag else None
        end = at + 4 + length
        if end > size:
            return None
        if kind == _USERNAME:
            ufrag = datagram[at + 4 : end].partition(b":")[0]
        elif kind == _USE_CANDIDATE:
            nominates = True
        at = end + (-length & 3)
    return None


def signed(request: Request, password: bytes) -> bool:
    """Whether checksum and signature are right."""
    datagram, at = request.datagram, request.integrity_at
    checksum = zlib.crc32(datagram[:-_FINGERPRINT_BYTES]) ^ _FINGERPRINT_XOR
    if checksum != _U32.unpack_from(datagram, len(datagram) - 4)[0]:
        return False
    covered = datagram[:2] + _U16.pack(at + _INTEGRITY_BYTES - _HEADER_BYTES) + datagram[4:at]
    return hmac.compare_digest(datagram[at + 4 : at + _INTEGRITY_BYTES], hmac.digest(password, covered, "sha1"))


def success(transaction: bytes, host: str, port: int, password: bytes) -> bytes:
    """The answer to a request that came from ``host`` and ``port``: shorter than what asked for it."""
    mapped = _xor_mapped(transaction, host, port)
    body = _RESPONSE.pack(0x0101, len(mapped) + _INTEGRITY_BYTES, COOKIE, transaction) + mapped
    body += _INTEGRITY_HEAD + hmac.digest(password, body, "sha1")
    whole = body[:2] + _U16.pack(len(body) + _FINGERPRINT_BYTES - _HEADER_BYTES) + body[4:]
    return whole + _FINGERPRINT_HEAD + _U32.pack(zlib.crc32(whole) ^ _FINGERPRINT_XOR)


def _xor_mapped(transaction: bytes, host: str, port: int) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    key = (COOKIE + transaction)[: len(packed)]
    hidden = (int.from_bytes(packed) ^ int.from_bytes(key)).to_bytes(len(packed))
    family = 1 if len(packed) == 4 else 2
    return _TWO_U16.pack(_XOR_MAPPED, 4 + len(packed)) + _TWO_U16.pack(family, port ^ 0x2112) + hidden
