"""ICE-lite (RFC 8445 section 2.5): answer checks; the only ones we send are to a peer that turns up elsewhere
(``rebinding``). Only bytes in, bytes and verdicts out.

A check names our fragment first (``ours:theirs``) and is signed with our password; who can do that read our SDP, so
the address it came from belongs to the peer. DTLS and SRTP are accepted from such addresses only.
"""

from __future__ import annotations

import ipaddress
import secrets
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import aioice.stun

from signaling.media import stun

Address = tuple[str, int] | tuple[str, int, int, int]
"""As the socket gives it; the key of every table of peers, so it is never rebuilt."""

Owner = TypeVar("Owner")

LEAST_MEDIA_BYTES = 12 + 8
"""The smallest SRTP or SRTCP packet there is: a header and a tag."""
_PEER_REFLEXIVE_PRIORITY = (110 << 24) + (65_535 << 8) + 255


@dataclass(frozen=True, slots=True)
class Credentials:
    ufrag: str
    password: str

    @classmethod
    def make(cls) -> Credentials:
        """At least 24 and 128 random bits (RFC 8445 section 5.3)."""
        return cls(secrets.token_hex(8), secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Check(Generic[Owner]):
    """A binding request that proved itself."""

    owner: Owner
    ufrag: str
    nominated: bool
    reply: bytes


class IceAgent(Generic[Owner]):
    """All fragments of a worker. After an ICE restart an owner has two until ``forget`` drops the older."""

    def __init__(self) -> None:
        self.judged = 0
        """Checks that named one of our fragments, so that their signature had to be computed."""
        self._owners: dict[str, tuple[Owner, Credentials]] = {}

    def add(self, owner: Owner, credentials: Credentials) -> None:
        self._owners[credentials.ufrag] = (owner, credentials)

    def forget(self, credentials: Credentials) -> None:
        self._owners.pop(credentials.ufrag, None)

    def owners(self) -> Iterable[Owner]:
        """Each once."""
        return {id(owner): owner for owner, _ in self._owners.values()}.values()

    def check(self, datagram: bytes, address: Address) -> Check[Owner] | None:
        """Judge a STUN datagram. None for everything that is not a signed binding request to one of ours."""
        request = stun.parse(datagram)
        found = self._owners.get(request.ufrag) if request is not None else None
        if request is None or found is None:
            return None
        owner, credentials = found
        password = credentials.password.encode()
        self.judged += 1
        if not stun.signed(request, password):
            return None
        reply = stun.success(request.transaction, plain_host(address[0]), address[1], password)
        return Check(owner, request.ufrag, request.nominates, reply)


def is_response(datagram: bytes) -> bool:
    """A success response to a binding request, by its type alone."""
    return datagram[:2] == b"\x01\x01"


def request(our_ufrag: str, their_ufrag: str, their_password: str) -> tuple[bytes, bytes]:
    """A check of ours, as the controlled side: its transaction identifier and its bytes."""
    message = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{their_ufrag}:{our_ufrag}"
    message.attributes["PRIORITY"] = _PEER_REFLEXIVE_PRIORITY
    message.attributes["ICE-CONTROLLED"] = secrets.randbits(64)
    message.add_message_integrity(their_password.encode())
    return message.transaction_id, bytes(message)


def is_answer(datagram: bytes, their_password: str) -> bool:
    """Whether a response is signed by whoever was asked; its transaction is the caller's to compare."""
    try:
        message = aioice.stun.parse_message(datagram)
    except (ValueError, struct.error, IndexError):
        return False
    return (
        message.message_method == aioice.stun.Method.BINDING
        and message.message_class == aioice.stun.Class.RESPONSE
        and message.check_message_integrity(their_password.encode())
    )


def plain_host(host: str) -> str:
    """An IPv4 address seen through a dual-stack socket, as IPv4; other addresses without their zone."""
    if ":" not in host:
        return host
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
