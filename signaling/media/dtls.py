"""The worker's certificate, and the life of one transport's DTLS association."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
from aiortc import RTCCertificate

from signaling.media.aiortc_private import DtlsSession

log = structlog.get_logger(__name__)

RENEW_BEFORE = timedelta(days=2)
"""A certificate is not given to new transports when it ends sooner than this; old ones keep theirs."""


class Certificates:
    """One self-signed certificate for all transports of a worker, renewed for those who come later."""

    def __init__(self) -> None:
        self._current: RTCCertificate | None = None

    def current(self) -> RTCCertificate:
        if self._current is None or self._current.expires - RENEW_BEFORE < datetime.now(UTC):
            self._current = RTCCertificate.generateCertificate()
        return self._current


def fingerprint(certificate: RTCCertificate) -> str:
    """The SHA-256 fingerprint as SDP writes it."""
    return next(print_.value for print_ in certificate.getFingerprints() if print_.algorithm == "sha-256")


class DtlsState(StrEnum):
    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


class Dtls:
    """Owns the handshake task. ``on_state`` is told of CONNECTED, FAILED and CLOSED (by the other side)."""

    def __init__(
        self, certificate: RTCCertificate, send: Callable[[bytes], None], on_state: Callable[[DtlsState], None]
    ) -> None:
        self.certificate = certificate
        self.session = DtlsSession(certificate, send)
        self.state = DtlsState.NEW
        self._on_state = on_state
        self._task: asyncio.Task[None] | None = None

    def start(self, fingerprints: list[tuple[str, str]], *, server: bool) -> None:
        """Begin the handshake once; later calls (a renegotiation) change nothing."""
        if self.state is DtlsState.NEW:
            self.state = DtlsState.CONNECTING
            self._task = asyncio.create_task(self._shake_hands(fingerprints, server=server))

    async def close(self) -> None:
        """Shut down and wait for the handshake task, if one still runs."""
        self.state = DtlsState.CLOSED
        if self._task and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        await self.session.close()
        # Nobody waits for the garbage collector: what has ended must not hold on to who had it.
        self._on_state = lambda _state: None

    async def _shake_hands(self, fingerprints: list[tuple[str, str]], *, server: bool) -> None:
        try:
            connected = await self.session.connect(fingerprints, server=server, on_closed=self._closed)
        except (OSError, AssertionError, ValueError) as error:
            log.info("dtls handshake failed", error=repr(error))
            connected = False
        self._move(DtlsState.CONNECTED if connected else DtlsState.FAILED)

    def _closed(self) -> None:
        if self.state is DtlsState.CONNECTED:
            self._move(DtlsState.CLOSED)

    def _move(self, state: DtlsState) -> None:
        self.state = state
        self._on_state(state)
