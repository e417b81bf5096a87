"""ICE-lite (RFC 8445 section 2.5): answer checks, never send any. Only bytes in, bytes and verdicts out.

A check names our fragment first (``ours:theirs``) and is signed with our password; who can do that read our SDP, so
the address it came from belongs to the peer. DTLS and SRTP are accepted from such addresses only.
"""

from __future__ import annotations

import ipaddress
import secrets
import struct
from dataclasses import dataclass
from typing import Generic, TypeVar

from aioice import stun

Address = tuple[str, int] | tuple[str, int, int, int]
"""As the socket gives it; the key of every table of peers, so it is never rebuilt."""

Owner = TypeVar("Owner")


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
        self._owners: dict[str, tuple[Owner, Credentials]] = {}

    def add(self, owner: Owner, credentials: Credentials) -> None:
        self._owners[credentials.ufrag] = (owner, credentials)

    def forget(self, credentials: Credentials) -> None:
        self._owners.pop(credentials.ufrag, None)

    def check(self, datagram: bytes, address: Address) -> Check[Owner] | None:
        """Judge a STUN datagram. None for everything that is not a signed binding request to one of ours."""
        try:
            message = stun.parse_message(datagram)
        except (ValueError, struct.error, IndexError):
            return None
        attributes = message.attributes
        if (
            message.message_method != stun.Method.BINDING
            or message.message_class != stun.Class.REQUEST
            or "FINGERPRINT" not in attributes
        ):
            return None
        ufrag = str(attributes.get("USERNAME", "")).split(":", 1)[0]
        found = self._owners.get(ufrag)
        if found is None or not message.check_message_integrity(found[1].password.encode()):
            return None
        reply = _reply(message.transaction_id, address, found[1].password)
        return Check(found[0], ufrag, "USE-CANDIDATE" in attributes, reply)


def _reply(transaction_id: bytes, address: Address, password: str) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id)
    message.attributes["XOR-MAPPED-ADDRESS"] = (plain_host(address[0]), address[1])
    message.add_message_integrity(password.encode())
    return bytes(message)


def plain_host(host: str) -> str:
    """An IPv4 address seen through a dual-stack socket, as IPv4; other addresses without their zone."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
