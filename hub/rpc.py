"""Calls between our processes over a Unix socket: length-prefixed MessagePack, requests and events both ways.

A frame is ``u32 length`` then MessagePack ``[kind, number, body]`` with kind 0 request, 1 reply, 2 error (body is the
text), 3 event. Bodies are tagged msgspec structs; each side is given the union it may receive.
"""

from __future__ import annotations

import asyncio
import inspect
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog

MAX_FRAME_BYTES = 4 << 20
REDIAL_S = 0.1

log = structlog.get_logger(__name__)

REQUEST, REPLY, ERROR, EVENT = range(4)
_LENGTH = struct.Struct("!I")


class RpcError(Exception):
    """The other side refused or failed; the text is for the log."""


class RpcGone(RpcError):
    """The other side is not connected, or went away before it answered."""


class _TooLong(Exception):
    """A frame beyond all measure."""


class Peer(asyncio.Protocol):
    """One connection, either side. ``handler`` answers requests, at once or with something to await; ``on_event`` is
    told of events.

    A protocol and not a stream: a request is answered in the very turn of the loop that reads it. In a media worker
    with two hundred receivers a turn takes 50 ms, and a stream needs three for each request.
    """

    def __init__(
        self,
        receives: Any,
        handler: Callable[[Peer, Any], Any] | None = None,
        on_event: Callable[[Peer, Any], None] | None = None,
        on_open: Callable[[Peer], None] | None = None,
        on_gone: Callable[[Peer], None] | None = None,
    ) -> None:
        self._receives = receives
        self._handler, self._on_event, self._on_open, self._on_gone = handler, on_event, on_open, on_gone
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._gone = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, body: msgspec.Struct, *, timeout_s: float = 10) -> Any:
        """Send a request and return the reply's body. Raises ``RpcError``, ``RpcGone`` or ``TimeoutError``."""
        self._number += 1
        number = self._number
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._write(REQUEST, number, body)
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            del self._waiting[number]

    def send_event(self, body: msgspec.Struct) -> None:
        self._write(EVENT, 0, body)

    def close(self) -> None:
        """What was written still leaves."""
        if self._transport is not None:
            self._transport.close()

    async def gone(self) -> None:
        """Wait until the other side has gone away."""
        await self._gone.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not an assert: uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        if self._on_open:
            self._on_open(self)

    def data_received(self, data: bytes) -> None:
        self._came += data
        try:
            while (payload := self._take()) is not None:
                self._receive(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _TooLong) as error:
            # Not its text: that may quote what came.
            log.warning("rpc peer sent nonsense", fault=type(error).__name__)
            self._came.clear()
            self.close()

    def _take(self) -> bytes | None:
        """The next whole frame's payload."""
        if len(self._came) < _LENGTH.size or self._closing:
            return None
        (length,) = _LENGTH.unpack_from(self._came)
        if length > MAX_FRAME_BYTES:
            raise _TooLong
        end = _LENGTH.size + length
        if len(self._came) < end:
            return None
        payload = bytes(self._came[_LENGTH.size : end])
        del self._came[:end]
        return payload

    def connection_lost(self, _error: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(RpcGone("connection lost"))
        self._gone.set()
        if self._on_gone:
            self._on_gone(self)

    @property
    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _write(self, kind: int, number: int, body: object) -> None:
        if self._transport is None or self._closing:
            raise RpcGone("connection closed")
        payload = msgspec.msgpack.encode([kind, number, body])
        self._transport.write(_LENGTH.pack(len(payload)) + payload)

    def _receive(self, payload: bytes) -> None:
        kind, number, raw = msgspec.msgpack.decode(payload, type=tuple[int, int, msgspec.Raw])
        if kind == ERROR:
            self._settle(number, error=RpcError(msgspec.msgpack.decode(raw, type=str)))
            return
        body = msgspec.msgpack.decode(raw, type=self._receives)
        if kind == REPLY:
            self._settle(number, body=body)
        elif kind == EVENT and self._on_event:
            self._on_event(self, body)
        elif kind == REQUEST:
            self._requested(number, body)

    def _settle(self, number: int, *, body: Any = None, error: Exception | None = None) -> None:
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(body)

    def _requested(self, number: int, body: Any) -> None:
        try:
            if self._handler is None:
                raise RpcError("no requests are answered here")
            reply = self._handler(self, body)
        except Exception as error:  # noqa: BLE001 - the fault goes to the caller and to our log
            self._failed(number, body, error)
            return
        if not inspect.isawaitable(reply):
            self._reply(number, reply)
            return
        task = asyncio.create_task(self._answer(number, body, reply))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, number: int, body: Any, reply: Awaitable[Any]) -> None:
        try:
            self._reply(number, await reply)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(number, body, error)

    def _reply(self, number: int, reply: object) -> None:
        with suppress(RpcGone):
            self._write(REPLY, number, reply)

    def _failed(self, number: int, body: Any, error: Exception) -> None:
        log.warning("rpc request failed", request=type(body).__name__, error=repr(error))
        with suppress(RpcGone):
            self._write(ERROR, number, f"{type(error).__name__}: {error}")


class RpcServer:
    """Listens on ``path``; ``peers`` are the connections now open. Use as an async context manager."""

    def __init__(
        self,
        path: Path,
        receives: Any,
        handler: Callable[[Peer, Any], Any],
        on_connect: Callable[[Peer], None] | None = None,
    ) -> None:
        self.path, self.peers = path, set[Peer]()
        self._receives, self._handler, self._on_connect = receives, handler, on_connect
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> RpcServer:
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.get_running_loop().create_unix_server(self._peer, path=str(self.path))
        self.path.chmod(0o600)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()
        for peer in list(self.peers):
            peer.close()

    def broadcast(self, body: msgspec.Struct) -> None:
        for peer in list(self.peers):
            with suppress(RpcGone):
                peer.send_event(body)

    def _peer(self) -> Peer:
        return Peer(self._receives, self._handler, on_open=self._came, on_gone=self.peers.discard)

    def _came(self, peer: Peer) -> None:
        self.peers.add(peer)
        if self._on_connect:
            self._on_connect(peer)


class RpcClient:
    """Keeps one connection to ``path`` and dials again when it breaks. ``run`` must be running somewhere."""

    def __init__(
        self,
        path: Path,
        receives: Any,
        on_event: Callable[[Any], None] | None = None,
        on_connect: Callable[[], Awaitable[None]] | None = None,
        on_disconnect: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.path = path
        self._receives = receives
        self._on_event, self._on_connect, self._on_disconnect = on_event, on_connect, on_disconnect
        self._peer: Peer | None = None

    @property
    def connected(self) -> bool:
        return self._peer is not None

    async def call(self, body: msgspec.Struct, *, timeout_s: float = 10) -> Any:
        if self._peer is None:
            raise RpcGone(f"not connected to {self.path.name}")
        return await self._peer.call(body, timeout_s=timeout_s)

    async def run(self) -> None:
        """Dial, serve, dial again, until cancelled. ``on_connect`` runs as soon as calls are possible."""
        while True:
            peer = Peer(self._receives, on_event=lambda _peer, body: self._tell(body))
            try:
                await asyncio.get_running_loop().create_unix_connection(lambda made=peer: made, str(self.path))  # type: ignore[misc]
            except OSError:
                await asyncio.sleep(REDIAL_S)
                continue
            self._peer = peer
            try:
                async with asyncio.TaskGroup() as tasks:
                    reading = tasks.create_task(peer.gone())
                    if self._on_connect:
                        greeting = tasks.create_task(self._greet())
                        reading.add_done_callback(lambda _t, g=greeting: g.cancel())  # type: ignore[misc]
            finally:
                self._peer = None
                peer.close()
            if self._on_disconnect:
                await self._on_disconnect()

    async def _greet(self) -> None:
        assert self._on_connect is not None
        try:
            await self._on_connect()
        except (RpcError, TimeoutError) as error:
            log.warning("rpc greeting failed", path=self.path.name, error=repr(error))

    def _tell(self, body: Any) -> None:
        if self._on_event:
            self._on_event(body)
