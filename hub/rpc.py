"""Calls between our processes over a Unix socket: length-prefixed MessagePack, requests and events both ways.

A frame is ``u32 length`` then MessagePack ``[kind, number, body]`` with kind 0 request, 1 reply, 2 error (body is the
text), 3 event. Bodies are tagged msgspec structs; each side is given the union it may receive.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

MAX_FRAME_BYTES = 4 << 20
REDIAL_S = 0.1

log = structlog.get_logger(__name__)

REQUEST, REPLY, ERROR, EVENT = range(4)


class RpcError(Exception):
    """The other side refused or failed; the text is for the log."""


class RpcGone(RpcError):
    """The other side is not connected, or went away before it answered."""


class Peer:
    """One connection, either side. ``handler`` answers requests; ``on_event`` is told of events."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        receives: Any,
        handler: Callable[[Peer, Any], Awaitable[Any]] | None = None,
        on_event: Callable[[Peer, Any], None] | None = None,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._receives = receives
        self._handler, self._on_event = handler, on_event
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
        self._writer.close()

    async def run(self) -> None:
        """Read until the other side goes away."""
        try:
            while True:
                (length,) = struct.unpack("!I", await self._reader.readexactly(4))
                if length > MAX_FRAME_BYTES:
                    log.warning("rpc peer sent nonsense", length=length)
                    return
                self._receive(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # Not its text: that may quote what came.
            log.warning("rpc peer sent nonsense", fault=type(error).__name__)
        finally:
            for task in self._tasks:
                task.cancel()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(RpcGone("connection lost"))
            self._writer.close()

    def _write(self, kind: int, number: int, body: object) -> None:
        if self._writer.is_closing():
            raise RpcGone("connection closed")
        payload = msgspec.msgpack.encode([kind, number, body])
        self._writer.write(struct.pack("!I", len(payload)) + payload)

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
            task = asyncio.create_task(self._answer(number, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _settle(self, number: int, *, body: Any = None, error: Exception | None = None) -> None:
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(body)

    async def _answer(self, number: int, body: Any) -> None:
        try:
            if self._handler is None:
                raise RpcError("no requests are answered here")
            reply = await self._handler(self, body)
        except Exception as error:  # noqa: BLE001 - the fault goes to the caller and to our log
            log.warning("rpc request failed", request=type(body).__name__, error=repr(error))
            with suppress(RpcGone):
                self._write(ERROR, number, f"{type(error).__name__}: {error}")
        else:
            with suppress(RpcGone):
                self._write(REPLY, number, reply)


class RpcServer:
    """Listens on ``path``; ``peers`` are the connections now open. Use as an async context manager."""

    def __init__(
        self,
        path: Path,
        receives: Any,
        handler: Callable[[Peer, Any], Awaitable[Any]],
        on_connect: Callable[[Peer], None] | None = None,
    ) -> None:
        self.path, self.peers = path, set[Peer]()
        self._receives, self._handler, self._on_connect = receives, handler, on_connect
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> RpcServer:
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path=str(self.path))
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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, self._receives, self._handler)
        self.peers.add(peer)
        if self._on_connect:
            self._on_connect(peer)
        try:
            await peer.run()
        finally:
            self.peers.discard(peer)


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
            try:
                reader, writer = await asyncio.open_unix_connection(str(self.path))
            except OSError:
                await asyncio.sleep(REDIAL_S)
                continue
            peer = Peer(reader, writer, self._receives, on_event=lambda _peer, body: self._tell(body))
            self._peer = peer
            try:
                async with asyncio.TaskGroup() as tasks:
                    reading = tasks.create_task(peer.run())
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
