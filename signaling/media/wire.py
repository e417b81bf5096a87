"""What transports send by: a UDP socket, or one TCP connection."""

from __future__ import annotations

from typing import Protocol

from signaling.media.ice import Address


class Wire(Protocol):
    """Sending never waits and never raises: what cannot leave is dropped."""

    owners: dict[Address, Receiver]
    """An address that passed a STUN check, and whose it is; what comes from others is dropped unread."""

    congested: bool
    """More has been given to it than the way takes: leave out whole pictures for now. UDP never says so."""

    def send(self, datagram: bytes | memoryview, address: Address) -> None:
        """One datagram; its memory may be written again when this returns."""

    def send_run(self, run: memoryview, size: int, address: Address) -> None:
        """Datagrams of ``size`` bytes that lie one after the other in ``run``."""


class Receiver(Protocol):
    """Whoever owns an address. Called for every datagram: must not raise."""

    address: Address | None
    """Where it is sent to."""

    def receive_media(self, datagram: bytes) -> bool:
        """SRTP or SRTCP: whether it proved to be this owner's."""

    def sends_from(self, wire: Wire, address: Address) -> None:
        """What proved to be his came by another way than the one that he is sent to."""

    def receive_dtls(self, datagram: bytes) -> None: ...

    def path_lost(self, wire: Wire, address: Address) -> None:
        """Nothing can go there any more: a connection was closed."""
