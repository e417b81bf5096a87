"""The only file that touches private names of aiortc; ``tests/unit/test_media_aiortc_private.py`` is their contract.

``RTCDtlsTransport`` runs over any object with ``_recv()``, ``_send()`` and ``role``. After its handshake we use its
SRTP sessions directly (``signaling.media.srtp``): its own receive path costs eight times as much per packet.
libsrtp's replay window and its leave to repeat are as aiortc sets them (1,024 packets, allowed: a retransmission
without RTX needs it).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pylibsrtp
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from signaling.media.srtp import Inbound, Outbound

SrtpError = (pylibsrtp.Error, ValueError)
"""What ``protect_rtcp`` raises: a packet too long, or no packet."""

QUEUED_DATAGRAMS = 64
"""DTLS datagrams waiting for the handshake; more than a handshake needs, so the rest is an attack or a duplicate."""


class _Pipe:
    """What aiortc takes for its ICE transport: a bounded queue in, a function out."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.send = send
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED_DATAGRAMS)

    async def _recv(self) -> bytes:
        datagram = await self.queue.get()
        if datagram is None:
            raise ConnectionError
        return datagram

    async def _send(self, datagram: bytes) -> None:
        self.send(datagram)


class DtlsSession:
    """One DTLS association and the SRTP sessions keyed by it. ``send`` puts a datagram on the wire.

    ``inbound``, ``outbound`` and ``protect_rtcp`` exist once ``connect`` has returned True; the last takes and returns
    ``bytes``.
    """

    def __init__(self, certificate: RTCCertificate, send: Callable[[bytes], None]) -> None:
        self._pipe = _Pipe(send)
        self._dtls = RTCDtlsTransport(self._pipe, [certificate])  # type: ignore[arg-type]

    def feed(self, datagram: bytes) -> None:
        """A DTLS record arrived. Dropped when the queue is full: DTLS sends again."""
        if not self._pipe.queue.full():
            self._pipe.queue.put_nowait(datagram)

    async def connect(
        self, fingerprints: list[tuple[str, str]], *, server: bool, on_closed: Callable[[], None]
    ) -> bool:
        """Shake hands with the owner of the certificate that ``fingerprints`` (algorithm, value) name.

        Returns False when the handshake or the identity check fails. ``on_closed`` is called when the other side
        shuts the association down later.
        """

        self._dtls._set_role("server" if server else "client")  # noqa: SLF001
        named = [RTCDtlsFingerprint(algorithm=algorithm, value=value) for algorithm, value in fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=named))
        if self._dtls.state != "connected":
            return False
        incoming, outgoing = self._dtls._rx_srtp, self._dtls._tx_srtp  # noqa: SLF001
        self.inbound, self.outbound = Inbound(incoming), Outbound(outgoing)
        self.protect_rtcp: Callable[[bytes], bytes] = outgoing.protect_rtcp
        self._dtls.on("statechange", lambda: on_closed() if self._dtls.state == "closed" else None)
        return True

    async def close(self) -> None:
        """Tell the other side and stop reading. Safe in any state."""
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        if self._pipe.queue.full():
            self._pipe.queue.get_nowait()
        self._pipe.queue.put_nowait(None)
        self._pipe.send = lambda _datagram: None
