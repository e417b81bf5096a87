"""``/ws/hearings/{hearing_id}``: one WebSocket per browser, from its first message to its goodbye.

Thin: reads, parses, hands to ``LiveHearing``, and writes what it is given, in order, from a bounded queue.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import structlog
from aiohttp import WSMessage, WSMsgType, web

from hub.auth import Actor
from hub.errors import HubError, ProtocolError, TooManyAttempts
from hub.i18n import DEFAULT_LANGUAGE, N_, Text
from signaling import protocol as p
from signaling.codec import MAX_DESCRIPTION_BYTES, Prepared, encode, parse
from signaling.context import code_of
from signaling.live import Live
from signaling.live_hearing import LiveHearing
from signaling.pace import Pace

HEARTBEAT_S = 10.0
"""A browser that does not answer a WebSocket ping within half of this is gone."""
RECHECK_S = 30.0
"""At most so long until it is asked again whether the person is still signed in."""
QUEUE_MESSAGES = 1024
CROWDED_MESSAGES = 64
"""From here on, what the next message would replace anyway is left out."""
MAX_SOCKETS = 16
"""Of one account at a time: more than any person has pages open."""
MAX_FAULTS = 5
"""Faulty messages in a row that close the socket."""
FRAME_BYTES = 2 * MAX_DESCRIPTION_BYTES
"""Larger frames are not even read: close code 1009."""
RATE_PER_S = 20.0
RATE_BURST = 100.0
DESCRIBED_PER_S, DESCRIBED_BURST = 128 * 1024, 1024 * 1024
"""Characters of SDP; beyond that they wait their turn."""
LEAST_DESCRIBED = 32 * 1024
"""What an offer to publish counts as at least: each may begin tracks, and a track is files and rows of its own."""
CLOSE_S = 3.0

log = structlog.get_logger(__name__)

ActorOf = Callable[[web.Request], Awaitable[Actor | None]]
Translate = Callable[[str, Text], str]


class Socket:
    """One browser's connection; implements ``signaling.context.Connection``."""

    def __init__(self, request: web.Request, live: Live, actor: Actor, actor_of: ActorOf, translate: Translate) -> None:
        self.actor = actor
        self.seat_id: str | None = None
        self.client = ""
        self._request, self._live = request, live
        self._actor_of, self._translate = actor_of, translate
        self._metrics = live.context.metrics
        self._ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=FRAME_BYTES, timeout=CLOSE_S, compress=False
        )
        self._outbox: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MESSAGES)
        self._negotiations: asyncio.Queue[p.FromBrowser] = asyncio.Queue(16)
        self._ended = asyncio.Event()
        self._close_code = 1000
        self._signed_out = False
        self._asked = asyncio.Event()
        self._faults = 0
        self._tokens, self._tokens_at = RATE_BURST, time.monotonic()
        self._described = Pace(DESCRIBED_PER_S, DESCRIBED_BURST)

    # Connection -----------------------------------------------------------------------------------------------------

    def send(self, message: p.FromHub | Prepared) -> None:
        if self._ended.is_set():
            return
        said, frame = (message.message, message.frame) if isinstance(message, Prepared) else (message, None)
        if self._outbox.qsize() > CROWDED_MESSAGES and isinstance(said, p.Speaking | p.Pong):
            return
        try:
            self._outbox.put_nowait(frame or encode(said))
        except asyncio.QueueFull:
            self._metrics.slow.inc()
            log.warning("socket too slow", seat_id=self.seat_id)
            self._end(1013)

    def say(self, text: Text | None) -> str:
        return "" if text is None else self._translate(self.actor.language, text)

    def dismiss(self, reason: str) -> None:
        self.send(p.Goodbye(reason=reason))
        with suppress(asyncio.QueueFull):
            self._outbox.put_nowait(None)

    def _end(self, code: int) -> None:
        if not self._ended.is_set():
            self._close_code = code
            self._ended.set()

    # Life -----------------------------------------------------------------------------------------------------------

    async def serve(self, hearing_id: str) -> web.WebSocketResponse:
        await self._ws.prepare(self._request)
        self._request.app[SOCKETS].add(self)
        self._metrics.sockets.inc()
        try:
            async with self._live.using(hearing_id) as hearing:
                await self._serve(hearing)
        except HubError as error:
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._ws.send_frame(
                        encode(p.Error(code=error.code, text=self.say(error.text))), WSMsgType.TEXT
                    )
            self._close_code = 1008
        finally:
            self._metrics.sockets.dec()
            self._request.app[SOCKETS].discard(self)
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._ws.close(code=self._close_code)
        return self._ws

    async def _serve(self, hearing: LiveHearing) -> None:
        work = [
            asyncio.create_task(self._read(hearing), name="socket-read"),
            asyncio.create_task(self._write(), name="socket-write"),
            asyncio.create_task(self._negotiate(hearing), name="socket-negotiate"),
            asyncio.create_task(self._recheck(hearing), name="socket-recheck"),
            asyncio.create_task(self._ended.wait(), name="socket-end"),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                fault = task.exception()
                if fault is not None and not isinstance(fault, ConnectionError):
                    log.error("socket failed", seat_id=self.seat_id, exc_info=fault)
        finally:
            self._ended.set()
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            if not self._live.stopping:
                hearing.gone(self, drop_media=self._signed_out)

    def shut_down(self) -> None:
        """The web process stops; browsers come back to its successor."""
        self._end(1012)

    async def _read(self, hearing: LiveHearing) -> None:
        async for frame in self._ws:
            message = self._parse(frame)
            if message is None:
                if self._faults >= MAX_FAULTS:
                    self._end(1008)
                    return
            elif isinstance(message, p.Publish | p.Subscribe | p.Answer):
                try:
                    self._negotiations.put_nowait(message)
                except asyncio.QueueFull:
                    self._fail(TooManyAttempts(N_("Quá nhiều thông điệp; hãy chậm lại.")), message)
            else:
                await self._handle(hearing, message)

    def _parse(self, frame: WSMessage) -> p.FromBrowser | None:
        """The message; None after a fault, which the browser has been told."""
        try:
            if frame.type is not WSMsgType.TEXT:
                raise ProtocolError(N_("Chỉ nhận thông điệp dạng văn bản."))
            message = parse(frame.data)
            self._take_token()
        except HubError as error:
            self._faults += 1
            self._fail(error, None)
            return None
        self._faults = 0
        self._metrics.messages.labels(type(message).__name__).inc()
        return message

    def _take_token(self) -> None:
        now = time.monotonic()
        self._tokens = min(RATE_BURST, self._tokens + (now - self._tokens_at) * RATE_PER_S)
        self._tokens_at = now
        if self._tokens < 1:
            raise TooManyAttempts(N_("Quá nhiều thông điệp; hãy chậm lại."))
        self._tokens -= 1

    async def _negotiate(self, hearing: LiveHearing) -> None:
        """Apart from the rest, because these may wait for a media worker."""
        while True:
            message = await self._negotiations.get()
            if isinstance(message, p.Publish):
                await self._pace(max(len(message.sdp), LEAST_DESCRIBED))
            elif isinstance(message, p.Answer):
                await self._pace(len(message.sdp))
            await self._handle(hearing, message)

    async def _pace(self, characters: int) -> None:
        """Wait while more has been described than any page has to: each costs the media worker of everybody."""
        await asyncio.sleep(self._described.wait_s(characters, time.monotonic()))

    async def _handle(self, hearing: LiveHearing, message: p.FromBrowser) -> None:
        try:
            await hearing.receive(self, message)
        except HubError as error:
            self._fail(error, message)
        except Exception:  # ours; the browser learns only that it happened
            log.exception("message failed", seat_id=self.seat_id, type=type(message).__name__)
            self._fail(HubError(N_("Lỗi của hệ thống; việc này chưa được thực hiện.")), message)

    def _fail(self, error: HubError, message: p.FromBrowser | None) -> None:
        code = code_of(error)
        self._metrics.refused.labels(code).inc()
        about = None if message is None else str(message.__struct_config__.tag)
        self.send(p.Error(code=code, text=self.say(error.text), about=about))

    async def _write(self) -> None:
        while (frame := await self._outbox.get()) is not None:
            await self._ws.send_frame(frame, WSMsgType.TEXT)

    def recheck(self) -> None:
        """Ask now who the person is and what he may."""
        self._asked.set()

    async def _recheck(self, hearing: LiveHearing) -> None:
        while True:
            with suppress(TimeoutError):
                # Two hundred who came in together shall not ask together for ever.
                spread = random.uniform(0.5, 1)  # noqa: S311 - no secret
                async with asyncio.timeout(spread * self._request.app[RECHECK]):
                    await self._asked.wait()
            self._asked.clear()
            try:
                actor = await self._actor_of(self._request)
            except HubError as error:  # the database is away; it will be asked again
                log.warning("sign-in not checked", seat_id=self.seat_id, fault=str(error))
                continue
            same = actor is not None and actor.account_id == self.actor.account_id
            if actor is not None and same:
                self.actor = actor
            if not same or not hearing.may_stay(self):
                self._signed_out = True
                self.dismiss("signed_out")
                return await self._until_written()

    async def _until_written(self) -> None:
        """Let the goodbye out; ``_write`` ends the socket after it."""
        await asyncio.sleep(CLOSE_S)


SOCKETS: web.AppKey[set[Socket]] = web.AppKey("signaling_sockets")
RECHECK = web.AppKey("signaling_recheck_s", float)


def add_routes(
    app: web.Application, live: Live, *, actor_of: ActorOf, translate: Translate, recheck_s: float = RECHECK_S
) -> None:
    """The signaling socket and the device check's probe.

    ``actor_of`` answers who the request's session belongs to, None for nobody, and is asked again every
    ``recheck_s`` seconds; ``translate`` puts a text into a language.
    """
    sockets = app[SOCKETS] = set[Socket]()
    app[RECHECK] = recheck_s
    behind_proxy = live.context.config.behind_proxy

    async def hearing_socket(request: web.Request) -> web.StreamResponse:
        if not same_origin(request, behind_proxy=behind_proxy):
            raise web.HTTPForbidden
        try:
            actor = await actor_of(request)
        except HubError as error:
            return await turn_away(request, p.Error(code=error.code, text=translate(DEFAULT_LANGUAGE, error.text)))
        if actor is None:
            return await turn_away(request, p.Goodbye(reason="signed_out"))
        if sum(socket.actor.account_id == actor.account_id for socket in sockets) >= MAX_SOCKETS:
            too_many = Text(N_("Tài khoản này đang mở quá nhiều trang. Hãy đóng bớt."))
            return await turn_away(request, p.Error(code="too_many_attempts", text=translate(actor.language, too_many)))
        socket = Socket(request, live, actor, actor_of, translate)
        return await socket.serve(request.match_info["hearing_id"])

    async def close_all(_app: web.Application) -> None:
        live.stopping = True
        for socket in list(sockets):
            socket.shut_down()

    def ask_again(account_id: str) -> None:
        for socket in sockets:
            if socket.actor.account_id == account_id:
                socket.recheck()

    live.rechecks.append(ask_again)
    app.router.add_get("/ws/hearings/{hearing_id}", hearing_socket)
    app.on_shutdown.append(close_all)


async def turn_away(request: web.Request, farewell: p.FromHub) -> web.WebSocketResponse:
    """A page cannot see why an upgrade failed, so it is told over the socket."""
    ws = web.WebSocketResponse(timeout=CLOSE_S)
    await ws.prepare(request)
    with suppress(ConnectionError):
        await ws.send_frame(encode(farewell), WSMsgType.TEXT)
    await ws.close(code=1000 if isinstance(farewell, p.Goodbye) else 1013)
    return ws


def same_origin(request: web.Request, *, behind_proxy: bool) -> bool:
    """Whether no other site's page opened this (RFC 6455 §10.2). Clients that are no browsers send no Origin."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    hosts = {request.headers.get("Host", "").lower()}
    if behind_proxy:
        hosts.add(request.headers.get("X-Forwarded-Host", "").lower())
    try:
        return urlsplit(origin).netloc.lower() in hosts - {""}
    except ValueError:  # "http://[": nothing that a browser sends
        return False
